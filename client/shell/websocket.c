#include "client/shell/websocket.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <wslay/wslay.h>

#include "base/buf.h"
#include "client/shell/opening.h"

enum {
	FRAME_MAX = 64 * 1024, /* of those that are sent */
	REQUEST_MAX = 16 * 1024,
	WHY_SIZE = 256,
	REASON_SHOWN = 100,
	QUEUED_MAX = 1000, /* frames that wait to be sent: pongs for one that does not read */
};

struct websocket {
	char key[OPENING_KEY_SIZE];
	struct buf request;                 /* what the layer below has not taken of it */
	struct buf answer;                  /* what has come of it */
	struct wslay_event_context *frames; /* NULL: the handshake is not done */
	const uint8_t *input;               /* while it is being read */
	size_t input_len;
	uint8_t opcode;    /* of the latest frame that began */
	const char *fault; /* what the server must not do */
	char why[WHY_SIZE];
};

/* ---- frames: what wslay calls -------------------------------------------------------------- */

static ssize_t on_recv(
	wslay_event_context_ptr frames, uint8_t *to, size_t size, int flags, void *of)
{
	struct websocket *w = ((struct layer *)of)->state;
	size_t n = w->input_len < size ? w->input_len : size;

	(void)flags;
	if (!n) {
		wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	memcpy(to, w->input, n);
	w->input += n;
	w->input_len -= n;
	return (ssize_t)n;
}

static ssize_t on_send(
	wslay_event_context_ptr frames, const uint8_t *data, size_t len, int flags, void *of)
{
	size_t taken = layer_put(of, (struct mqtt_view){ data, (uint32_t)len });

	(void)flags;
	if (taken)
		return (ssize_t)taken;
	wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
	return -1;
}

static int on_mask(wslay_event_context_ptr frames, uint8_t *to, size_t len, void *of)
{
	(void)frames, (void)of;
	return getrandom(to, len, 0) == (ssize_t)len ? 0 : -1;
}

/* Data frames are binary. [MQTT-6.0.0-1] */
static void on_frame(wslay_event_context_ptr frames,
	const struct wslay_event_on_frame_recv_start_arg *frame, void *of)
{
	struct websocket *w = ((struct layer *)of)->state;

	w->opcode = frame->opcode ? frame->opcode : WSLAY_BINARY_FRAME;
	if (frame->opcode != WSLAY_TEXT_FRAME)
		return;
	w->fault = "a text frame";
	wslay_event_queue_close(frames, WSLAY_CODE_UNSUPPORTED_DATA, NULL, 0);
	wslay_event_shutdown_read(frames);
}

static void on_chunk(wslay_event_context_ptr frames,
	const struct wslay_event_on_frame_recv_chunk_arg *chunk, void *of)
{
	const struct websocket *w = ((struct layer *)of)->state;

	(void)frames;
	if (w->opcode == WSLAY_BINARY_FRAME && !w->fault && chunk->data_length)
		layer_deliver(of, (void *)(uintptr_t)chunk->data, chunk->data_length);
}

/* Only control frames are whole here. */
static void on_message(
	wslay_event_context_ptr frames, const struct wslay_event_on_msg_recv_arg *message, void *of)
{
	struct websocket *w = ((struct layer *)of)->state;
	char reason[REASON_SHOWN + 1];
	size_t len = message->msg_length > 2 ? message->msg_length - 2 : 0;

	(void)frames;
	if (message->opcode != WSLAY_CONNECTION_CLOSE)
		return;
	len = len < REASON_SHOWN ? len : REASON_SHOWN;
	for (size_t i = 0; i < len; i++)
		reason[i] = message->msg[i + 2] < ' ' ? '?' : (char)message->msg[i + 2];
	reason[len] = 0;
	if (message->status_code && message->status_code != WSLAY_CODE_NORMAL_CLOSURE)
		snprintf(w->why, sizeof(w->why), "WebSocket closed by the server: %u%s%s",
			message->status_code, len ? ", " : "", reason);
	else
		snprintf(w->why, sizeof(w->why), "connection closed by the server");
}

static const struct wslay_event_callbacks callbacks = {
	.recv_callback = on_recv,
	.send_callback = on_send,
	.genmask_callback = on_mask,
	.on_frame_recv_start_callback = on_frame,
	.on_frame_recv_chunk_callback = on_chunk,
	.on_msg_recv_callback = on_message,
};

/* ---- the channel --------------------------------------------------------------------------- */

static void websocket_flush(struct layer *l)
{
	struct websocket *w = l->state;

	if (w->request.len)
		buf_consume(&w->request,
			layer_put(l,
				(struct mqtt_view){ w->request.data, (uint32_t)w->request.len }));
	if (w->frames)
		wslay_event_send(w->frames);
}

static const char *websocket_open(struct layer *l)
{
	struct websocket *w = l->state;

	buf_init(&w->request, REQUEST_MAX);
	buf_init(&w->answer, HTTP_HEAD_MAX);
	if (!opening_key(w->key) || !opening_request(&w->request, l->server, w->key))
		return "no memory for a WebSocket";
	websocket_flush(l);
	return NULL;
}

/* Takes its part of the input. NULL when it is done, or needs more. */
static const char *handshake(struct layer *l)
{
	struct websocket *w = l->state;
	size_t before = w->answer.len;
	size_t room = HTTP_HEAD_MAX - before;
	struct http_response answer;

	if (!buf_add(&w->answer, w->input, w->input_len < room ? w->input_len : room))
		return "no memory for a WebSocket";
	switch (http_read((const char *)w->answer.data, w->answer.len, &answer)) {
	case HTTP_PART: w->input_len = 0; return NULL;
	case HTTP_FOREIGN:
		snprintf(w->why, sizeof(w->why),
			"the server's answer to the WebSocket handshake cannot be read: %s",
			answer.what);
		return w->why;
	case HTTP_WHOLE: break;
	}
	w->input += answer.size - before;
	w->input_len -= answer.size - before;
	if (!opening_check(&answer, w->key, w->why, sizeof(w->why)))
		return w->why;
	buf_fini(&w->answer);
	if (wslay_event_context_client_init(&w->frames, &callbacks, l))
		return "no memory for a WebSocket";
	wslay_event_config_set_no_buffering(w->frames, 1);
	layer_opened(l);
	return NULL;
}

static const char *frames_read(struct layer *l)
{
	struct websocket *w = l->state;
	int result = wslay_event_recv(w->frames);

	websocket_flush(l); /* pongs, and the answer to a close */
	if (wslay_event_get_queued_msg_count(w->frames) > QUEUED_MAX)
		return "the server keeps sending pings and takes no answers";
	if (!result && wslay_event_get_read_enabled(w->frames))
		return NULL;
	if (!*w->why)
		snprintf(w->why, sizeof(w->why), "the server broke the rules of WebSocket%s%s",
			w->fault ? ": " : "", w->fault ? w->fault : "");
	return w->why;
}

static const char *websocket_input(struct layer *l, void *data, size_t len)
{
	struct websocket *w = l->state;
	const char *why = NULL;

	w->input = data;
	w->input_len = len;
	if (!w->frames)
		why = handshake(l);
	return why || !w->frames || !w->input_len ? why : frames_read(l);
}

static bool websocket_pending(const struct layer *l)
{
	const struct websocket *w = l->state;

	return w->request.len || (w->frames && wslay_event_want_write(w->frames));
}

static size_t websocket_write(struct layer *l, struct mqtt_view bytes)
{
	const struct websocket *w = l->state;
	size_t len = bytes.len < FRAME_MAX ? bytes.len : FRAME_MAX;
	struct wslay_event_msg message = { WSLAY_BINARY_FRAME, bytes.data, len };

	if (!w->frames || !len || wslay_event_want_write(w->frames) ||
		wslay_event_queue_msg(w->frames, &message))
		return 0;
	wslay_event_send(w->frames);
	return len;
}

static void websocket_finish(struct layer *l)
{
	struct websocket *w = l->state;

	wslay_event_queue_close(w->frames, WSLAY_CODE_NORMAL_CLOSURE, NULL, 0);
	wslay_event_send(w->frames);
}

static void websocket_close(struct layer *l)
{
	struct websocket *w = l->state;

	buf_fini(&w->request);
	buf_fini(&w->answer);
	if (w->frames)
		wslay_event_context_free(w->frames);
}

const struct channel channel_websocket = {
	.name = "WebSocket",
	.state_bytes = sizeof(struct websocket),
	.open = websocket_open,
	.input = websocket_input,
	.write = websocket_write,
	.written = websocket_flush,
	.pending = websocket_pending,
	.finish = websocket_finish,
	.close = websocket_close,
};
