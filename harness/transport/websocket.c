#include "harness/transport/websocket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <wslay/wslay.h>

#include "base/arena.h"
#include "harness/transport/outbox.h"
#include "harness/transport/transport.h"
#include "harness/transport/upgrade.h"

enum {
	FRAME_MAX = 64 * 1024,
	READ_TURN = 64 * 1024, /* bytes that are taken in at once, before anybody asks for them */
	RAW_MAX = 16 * 1024,
	MASK_ROOM = 512, /* random bytes kept for masks */
};

struct websocket {
	struct pipe pipe; /* first */
	struct pipe *below;
	struct arena *arena;
	wslay_event_context_ptr frames;
	struct buf raw; /* came with the handshake, after it */
	struct buf in;  /* payload */
	size_t in_at;   /* how much of that has been handed out */
	struct outbox out;
	size_t turn;     /* bytes that may still be taken in now */
	ssize_t ended;   /* PIPE_END or PIPE_RESET; PIPE_AGAIN while it goes on */
	bool is_control; /* the frame that is under way */
	bool is_framed;  /* otherwise than it should be: */
	struct framing framing;
	struct websocket_heard heard;
	enum frame_sender ours;
	uint8_t masks[MASK_ROOM];
	size_t masks_left;
};

static struct websocket *of(const struct pipe *p)
{
	return (struct websocket *)p;
}

/* ---- what wslay asks for and tells --------------------------------------------------------- */

static ssize_t take_raw(struct websocket *w, uint8_t *data, size_t size)
{
	size_t n = w->raw.len < size ? w->raw.len : size;

	if (!n)
		return pipe_read(w->below, data, size);
	memcpy(data, w->raw.data, n);
	buf_consume(&w->raw, n);
	return (ssize_t)n;
}

static ssize_t want_bytes(
	wslay_event_context_ptr frames, uint8_t *data, size_t size, int flags, void *user)
{
	struct websocket *w = user;
	size_t most = size < w->turn ? size : w->turn;
	ssize_t n = most ? take_raw(w, data, most) : PIPE_AGAIN;

	(void)flags;
	if (n > 0) {
		w->turn -= (size_t)n;
		frame_log_take(&w->heard.frames, data, (size_t)n);
		return n;
	}
	if (n != PIPE_AGAIN) {
		w->ended = n;
		w->pipe.ended_by = w->below->ended_by;
	}
	wslay_event_set_error(
		frames, n == PIPE_AGAIN ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static ssize_t take_bytes(
	wslay_event_context_ptr frames, const uint8_t *data, size_t len, int flags, void *user)
{
	(void)flags;
	if (buf_add(&((struct websocket *)user)->out.coded, data, len))
		return (ssize_t)len;
	wslay_event_set_error(frames, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static int want_mask(wslay_event_context_ptr frames, uint8_t *out, size_t len, void *user)
{
	struct websocket *w = user;

	(void)frames;
	if (w->masks_left < len) {
		if (getrandom(w->masks, sizeof(w->masks), 0) != sizeof(w->masks))
			abort();
		w->masks_left = sizeof(w->masks);
	}
	w->masks_left -= len;
	memcpy(out, w->masks + w->masks_left, len);
	return 0;
}

/* The first reason is the one that counts. */
static void break_off(struct websocket *w, uint16_t code, const char *why)
{
	if (w->ended != PIPE_AGAIN)
		return;
	wslay_event_shutdown_read(w->frames);
	wslay_event_queue_close(w->frames, code, (const uint8_t *)why, strlen(why));
	w->ended = PIPE_RESET;
	w->pipe.ended_by = arena_printf(w->arena, "WebSocket: %s", why);
}

static void see_frame(wslay_event_context_ptr frames,
	const struct wslay_event_on_frame_recv_start_arg *frame, void *user)
{
	struct websocket *w = user;

	(void)frames;
	w->is_control = wslay_is_ctrl_frame(frame->opcode);
	if (frame->opcode == WSLAY_TEXT_FRAME)
		break_off(w, WSLAY_CODE_UNSUPPORTED_DATA,
			"a text frame has come, and MQTT goes into binary ones");
}

static void see_payload(wslay_event_context_ptr frames,
	const struct wslay_event_on_frame_recv_chunk_arg *chunk, void *user)
{
	struct websocket *w = user;

	(void)frames;
	if (!w->is_control && w->ended == PIPE_AGAIN)
		buf_add(&w->in, chunk->data, chunk->data_length);
}

static void hear_pong(struct websocket_heard *h, const struct wslay_event_on_msg_recv_arg *pong)
{
	h->pongs++;
	h->pong_size = (uint8_t)pong->msg_length; /* wslay takes no more than 125 */
	if (h->pong_size)
		memcpy(h->pong, pong->msg, h->pong_size);
}

/* Nothing comes after a Close frame. */
static void see_message(wslay_event_context_ptr frames,
	const struct wslay_event_on_msg_recv_arg *message, void *user)
{
	struct websocket *w = user;

	(void)frames;
	if (message->opcode == WSLAY_PONG)
		hear_pong(&w->heard, message);
	if (message->opcode != WSLAY_CONNECTION_CLOSE)
		return;
	w->heard.close = true;
	w->heard.code = message->status_code;
	if (w->ended != PIPE_AGAIN)
		return;
	w->ended = PIPE_END;
	if (message->status_code && message->status_code != WSLAY_CODE_NORMAL_CLOSURE)
		w->pipe.ended_by = arena_printf(
			w->arena, "WebSocket: a Close frame with code %u", message->status_code);
}

static const struct wslay_event_callbacks callbacks = {
	.recv_callback = want_bytes,
	.send_callback = take_bytes,
	.genmask_callback = want_mask,
	.on_frame_recv_start_callback = see_frame,
	.on_frame_recv_chunk_callback = see_payload,
	.on_msg_recv_callback = see_message,
};

/* ---- bytes --------------------------------------------------------------------------------- */

static void take_in(struct websocket *w)
{
	buf_reset(&w->in);
	w->in_at = 0;
	w->turn = READ_TURN;
	wslay_event_recv(w->frames);
	if (w->ended == PIPE_AGAIN && !wslay_event_get_read_enabled(w->frames))
		break_off(w, WSLAY_CODE_PROTOCOL_ERROR, "a frame has come that breaks its rules");
	wslay_event_send(w->frames); /* answers to pings, and to a Close frame */
	outbox_flush(&w->out, w->below);
}

static ssize_t websocket_read(struct pipe *p, void *data, size_t size)
{
	struct websocket *w = of(p);

	if (w->in_at == w->in.len && w->ended == PIPE_AGAIN)
		take_in(w);
	size_t left = w->in.len - w->in_at;
	size_t n = left < size ? left : size;
	if (!n)
		return w->ended;
	memcpy(data, w->in.data + w->in_at, n);
	w->in_at += n;
	return (ssize_t)n;
}

static bool frame(void *user, const void *data, size_t size)
{
	struct websocket *w = user;
	const struct wslay_event_msg message = { WSLAY_BINARY_FRAME, data, size };

	if (w->is_framed)
		return framing_encode(&w->out.coded, &w->framing, w->ours, data, size);
	return !wslay_event_queue_msg(w->frames, &message) && !wslay_event_send(w->frames);
}

static ssize_t websocket_write(struct pipe *p, const void *data, size_t size)
{
	struct websocket *w = of(p);

	return outbox_write(&w->out, w->below, data, size, FRAME_MAX, frame, w);
}

static bool websocket_pending(const struct pipe *p)
{
	const struct websocket *w = of(p);

	return w->in_at < w->in.len || w->raw.len || w->ended != PIPE_AGAIN ||
		pipe_pending(w->below);
}

/* ---- the end ------------------------------------------------------------------------------- */

static void let_go(struct websocket *w)
{
	wslay_event_context_free(w->frames);
	buf_fini(&w->raw);
	buf_fini(&w->in);
	outbox_fini(&w->out);
	w->pipe.fd = -1;
}

static void websocket_close(struct pipe *p)
{
	struct websocket *w = of(p);

	wslay_event_queue_close(w->frames, WSLAY_CODE_NORMAL_CLOSURE, NULL, 0);
	wslay_event_send(w->frames);
	outbox_flush(&w->out, w->below);
	pipe_close(w->below);
	let_go(w);
}

static void websocket_reset(struct pipe *p)
{
	pipe_reset(of(p)->below);
	let_go(of(p));
}

static void websocket_narrow(struct pipe *p)
{
	pipe_narrow(of(p)->below);
}

static const struct pipe_ops websocket_ops = {
	.read = websocket_read,
	.write = websocket_write,
	.pending = websocket_pending,
	.close = websocket_close,
	.reset = websocket_reset,
	.narrow = websocket_narrow,
};

/* ---- the beginning ------------------------------------------------------------------------- */

static struct websocket *new_websocket(struct arena *a, struct pipe *below, enum frame_sender ours)
{
	struct websocket *w = arena_new(a, struct websocket);

	w->pipe = *below;
	w->pipe.ops = &websocket_ops;
	w->below = below;
	w->arena = a;
	w->ended = PIPE_AGAIN;
	w->ours = ours;
	buf_init(&w->raw, RAW_MAX);
	buf_init(&w->in, 2 * READ_TURN);
	outbox_init(&w->out);
	return w;
}

/* Payload is handed on as it comes, however long its message will be. */
static struct pipe *begin(struct websocket *w)
{
	bool client = w->ours == FRAMES_OF_CLIENT;

	if (client ? wslay_event_context_client_init(&w->frames, &callbacks, w)
		   : wslay_event_context_server_init(&w->frames, &callbacks, w))
		abort();
	wslay_event_config_set_no_buffering(w->frames, 1);
	wslay_event_config_set_max_recv_msg_length(w->frames, INT64_MAX);
	return &w->pipe;
}

static struct pipe *fail(struct websocket *w, const char *fault, const char **error)
{
	*error = fault;
	pipe_close(w->below);
	let_go(w);
	return NULL;
}

struct pipe *websocket_begin(
	struct arena *a, struct pipe *below, enum frame_sender ours, const struct buf *raw)
{
	struct websocket *w = new_websocket(a, below, ours);

	buf_add(&w->raw, raw->data, raw->len);
	return begin(w);
}

struct pipe *websocket_connect(struct arena *a, struct pipe *below, const char *host,
	const char *path, int64_t deadline_us, const char **error)
{
	struct websocket *w = new_websocket(a, below, FRAMES_OF_CLIENT);
	const char *fault = upgrade_ask(a, below, host, path, deadline_us, &w->raw);

	if (fault)
		return fail(w, fault, error);
	return begin(w);
}

struct pipe *websocket_accept(
	struct arena *a, struct pipe *below, int64_t deadline_us, const char **error)
{
	struct websocket *w = new_websocket(a, below, FRAMES_OF_SERVER);
	const char *fault = upgrade_answer(a, below, deadline_us, &w->raw);

	if (fault)
		return fail(w, fault, error);
	return begin(w);
}

/* ---- for those who look at the frames ------------------------------------------------------ */

void websocket_frame_as(struct pipe *p, const struct framing *framing)
{
	of(p)->is_framed = true;
	of(p)->framing = *framing;
}

bool websocket_ping(struct pipe *p, const char *text)
{
	struct websocket *w = of(p);
	const struct framing ping = { .kind = FRAME_PING };

	return framing_encode(&w->out.coded, &ping, w->ours, text, strlen(text)) &&
		outbox_flush(&w->out, w->below) != PIPE_RESET;
}

bool websocket_end(struct pipe *p, unsigned code)
{
	struct websocket *w = of(p);

	return !wslay_event_queue_close(w->frames, (uint16_t)code, NULL, 0) &&
		!wslay_event_send(w->frames) && outbox_flush(&w->out, w->below) != PIPE_RESET;
}

const struct websocket_heard *websocket_heard(const struct pipe *p)
{
	return &of(p)->heard;
}
