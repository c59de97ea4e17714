#include "check/unwrap.h"

#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "base/buf.h"
#include "harness/transport/http.h"
#include "harness/transport/opening.h"

struct unwrap {
	enum side from;
	struct buf head; /* until it is whole */
	bool in_frames;
	bool lost;
	bool text_told;
	struct bytes raw; /* what wslay may read now */
	wslay_frame_context_ptr frames;
};

static ssize_t on_read(uint8_t *to, size_t size, int flags, void *context)
{
	struct unwrap *u = context;
	size_t n = u->raw.len < size ? u->raw.len : size;

	(void)flags;
	if (!n)
		return -1;
	memcpy(to, u->raw.data, n);
	u->raw.data += n;
	u->raw.len -= n;
	return (ssize_t)n;
}

struct unwrap *unwrap_new(enum side from)
{
	static const struct wslay_frame_callbacks callbacks = { .recv_callback = on_read };
	struct unwrap *u = calloc(1, sizeof(*u));

	if (!u || wslay_frame_context_init(&u->frames, &callbacks, u))
		abort();
	u->from = from;
	buf_init(&u->head, HTTP_HEAD_MAX);
	return u;
}

void unwrap_free(struct unwrap *u)
{
	if (!u)
		return;
	wslay_frame_context_free(u->frames);
	buf_fini(&u->head);
	free(u);
}

/* ---- heads --------------------------------------------------------------------------------- */

static enum unwrap_got give_up(
	struct unwrap *u, enum unwrap_got got, struct unwrap_out *out, const char *what)
{
	u->lost = true;
	out->what = what;
	return got;
}

static enum unwrap_got take_request(
	struct unwrap *u, const struct http_head *head, struct unwrap_out *out)
{
	if (!opening_upgrades(head))
		return give_up(u, UNWRAP_NO, out, "HTTP without a WebSocket");
	if (opening_offers(head))
		return UNWRAP_NOTHING;
	out->statement = "MQTT-6.0.0-3";
	out->what = "the request for a WebSocket does not offer the subprotocol mqtt";
	return UNWRAP_FAULT;
}

static enum unwrap_got take_answer(
	struct unwrap *u, const struct http_head *head, struct unwrap_out *out)
{
	const struct http_text *chosen = http_field(head, "Sec-WebSocket-Protocol");

	if (!http_is(head->start[1], "101"))
		return give_up(u, UNWRAP_NO, out, "the server refused the WebSocket");
	/* The standard has the name in small letters. A server that chooses none accepts without one. */
	if (!chosen || (chosen->len == 4 && !memcmp(chosen->at, "mqtt", 4)))
		return UNWRAP_NOTHING;
	out->statement = "MQTT-6.0.0-4";
	out->what = "the server chose another subprotocol than mqtt";
	return UNWRAP_FAULT;
}

static enum unwrap_got take_head(struct unwrap *u, struct bytes *in, struct unwrap_out *out)
{
	struct http_head head;
	size_t before = u->head.len;
	size_t room = u->head.limit_bytes - before;
	size_t size = in->len < room ? in->len : room;

	if (!size || !buf_add(&u->head, in->data, size))
		return give_up(u, UNWRAP_LOST, out, "a head of HTTP that does not end");
	const char *text = (const char *)u->head.data;
	enum http_status status = u->from == SIDE_CLIENT
		? http_read_request(text, u->head.len, &head)
		: http_read_response(text, u->head.len, &head);
	if (status == HTTP_NEED_MORE) {
		in->data += size;
		in->len -= size;
		return UNWRAP_NOTHING;
	}
	if (status == HTTP_MALFORMED || head.size < before)
		return give_up(u, UNWRAP_LOST, out, "a head of HTTP that cannot be read");
	in->data += head.size - before;
	in->len -= head.size - before;
	u->in_frames = true;
	enum unwrap_got got =
		u->from == SIDE_CLIENT ? take_request(u, &head, out) : take_answer(u, &head, out);
	buf_fini(&u->head);
	return got;
}

/* ---- frames -------------------------------------------------------------------------------- */

static enum unwrap_got take_frame(struct unwrap *u, struct unwrap_out *out)
{
	for (;;) {
		struct wslay_frame_iocb frame;
		ssize_t n = wslay_frame_recv(u->frames, &frame);
		if (n == WSLAY_ERR_WANT_READ || (n < 0 && !u->raw.len && n != WSLAY_ERR_PROTO))
			return UNWRAP_NOTHING;
		if (n < 0 || frame.rsv)
			return give_up(u, UNWRAP_LOST, out,
				frame.rsv && n >= 0 ? "WebSocket frames of an extension"
						    : "no frames of a WebSocket");
		if (wslay_is_ctrl_frame(frame.opcode))
			continue;
		if (frame.opcode == WSLAY_TEXT_FRAME && !u->text_told) {
			u->text_told = true;
			out->statement = "MQTT-6.0.0-1";
			out->what = "a WebSocket frame of text";
			out->bytes = (struct bytes){ frame.data, frame.data_length };
			return UNWRAP_FAULT;
		}
		if (!frame.data_length)
			continue;
		out->bytes = (struct bytes){ frame.data, frame.data_length };
		return UNWRAP_BYTES;
	}
}

enum unwrap_got unwrap_next(struct unwrap *u, struct bytes *in, struct unwrap_out *out)
{
	*out = (struct unwrap_out){ 0 };
	if (u->lost) {
		in->len = 0;
		return UNWRAP_NOTHING;
	}
	while (!u->in_frames && in->len) {
		enum unwrap_got got = take_head(u, in, out);
		if (got != UNWRAP_NOTHING)
			return got;
	}
	u->raw = *in;
	enum unwrap_got got = u->in_frames ? take_frame(u, out) : UNWRAP_NOTHING;
	*in = u->raw;
	return got;
}
