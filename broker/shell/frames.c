#include "broker/shell/frames.h"

#include <malloc.h>
#include <string.h>

#include "base/buf.h"

enum { GATHER_BYTES = 64 * 1024 };

static ssize_t on_read(uint8_t *to, size_t len, int flags, void *context)
{
	struct frames *f = context;
	size_t n = f->in_len < len ? f->in_len : len;

	(void)flags;
	if (!n)
		return -1;
	memcpy(to, f->in, n);
	f->in += n;
	f->in_len -= n;
	f->ahead += n;
	return (ssize_t)n;
}

static bool context_make(struct frames *f)
{
	static const struct wslay_frame_callbacks callbacks = { .recv_callback = on_read };

	return f->context || !wslay_frame_context_init(&f->context, &callbacks, f);
}

/* What it has read, a password perhaps, is wiped: it is one block, in which wslay keeps 4 KiB of input. */
void frames_fini(struct frames *f)
{
	if (!f->context)
		return;
	explicit_bzero(f->context, malloc_usable_size(f->context));
	wslay_frame_context_free(f->context);
	f->context = NULL;
}

/* ---- the rules ----------------------------------------------------------------------------- */

/* That of a client. wslay takes only the shortest way to say a length. */
static uint64_t header_size(uint64_t payload)
{
	return 6 + (payload < 126 ? 0u : payload <= UINT16_MAX ? 2u : 8u);
}

/* 0, or what to close with. */
static uint16_t begin(struct frames *f, const struct wslay_frame_iocb *frame)
{
	bool control = wslay_is_ctrl_frame(frame->opcode);

	if (frame->rsv || !frame->mask) /* RFC 6455, 5.1 and 5.2 */
		return FRAMES_BAD_PROTOCOL;
	if (control && (!frame->fin || frame->payload_length > FRAMES_CONTROL_MAX))
		return FRAMES_BAD_PROTOCOL;
	switch (frame->opcode) {
	case WSLAY_TEXT_FRAME: return FRAMES_BAD_TYPE; /* [MQTT-6.0.0-1] */
	case WSLAY_BINARY_FRAME:
		if (f->in_message)
			return FRAMES_BAD_PROTOCOL;
		break;
	case WSLAY_CONTINUATION_FRAME:
		if (!f->in_message)
			return FRAMES_BAD_PROTOCOL;
		break;
	case WSLAY_CONNECTION_CLOSE:
	case WSLAY_PING:
	case WSLAY_PONG: break;
	default: return FRAMES_BAD_PROTOCOL;
	}
	f->begun = true;
	f->left = frame->payload_length;
	f->size = header_size(frame->payload_length) + frame->payload_length;
	f->opcode = frame->opcode;
	f->fin = frame->fin;
	f->control_len = 0;
	return 0;
}

static bool status_is_valid(uint16_t status)
{
	return (status >= 1000 && status <= 1011 && status != 1004 && status != 1005 &&
		       status != 1006) ||
		(status >= 3000 && status <= 4999);
}

static enum frames_result closed(const struct frames *f, uint16_t *status)
{
	*status = f->control_len >= 2 ? (uint16_t)(f->control[0] << 8 | f->control[1]) : 0;
	if (!f->control_len || (f->control_len >= 2 && status_is_valid(*status)))
		return FRAMES_CLOSED;
	*status = FRAMES_BAD_PROTOCOL;
	return FRAMES_WRONG;
}

/* The whole of the frame has come. */
static enum frames_result end(
	struct frames *f, const struct frames_hearer *hearer, uint16_t *status)
{
	f->begun = false;
	f->ahead -= f->size;
	if (!wslay_is_ctrl_frame(f->opcode))
		f->in_message = !f->fin;
	if (f->opcode == WSLAY_CONNECTION_CLOSE)
		return closed(f, status);
	if (f->opcode == WSLAY_PING)
		hearer->ping(hearer->context, f->control, f->control_len);
	return FRAMES_FINE;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* Payloads, of however many frames, that go on together. */
struct gathered {
	const struct frames_hearer *hearer;
	size_t len;
	size_t most; /* that it ever was: to be wiped, as there may be a password in it */
	uint8_t data[GATHER_BYTES];
};

static bool flush(struct gathered *g)
{
	size_t len = g->len;

	g->most = len > g->most ? len : g->most;
	g->len = 0;
	return !len || g->hearer->data(g->hearer->context, g->data, len);
}

static bool payload_take(struct frames *f, struct gathered *g, const uint8_t *data, size_t len)
{
	if (len > f->left)
		return false;
	f->left -= len;
	if (!len)
		return true;
	if (wslay_is_ctrl_frame(f->opcode)) {
		memcpy(f->control + f->control_len, data, len);
		f->control_len = (uint8_t)(f->control_len + len);
		return true;
	}
	if (g->len + len > sizeof(g->data) && !flush(g))
		return false;
	memcpy(g->data + g->len, data, len); /* wslay gives 4 KiB at a time */
	g->len += len;
	return true;
}

static enum frames_result wrong(uint16_t *status, uint16_t with)
{
	*status = with;
	return FRAMES_WRONG;
}

static enum frames_result read_all(struct frames *f, struct gathered *g, uint16_t *status)
{
	enum frames_result result = FRAMES_FINE;

	while (result == FRAMES_FINE) {
		struct wslay_frame_iocb frame = { 0 };
		ssize_t n = wslay_frame_recv(f->context, &frame);
		if (n == WSLAY_ERR_WANT_READ)
			return FRAMES_FINE;
		if (n < 0)
			return wrong(status, FRAMES_BAD_PROTOCOL);
		uint16_t refusal = f->begun ? 0 : begin(f, &frame);
		if (refusal)
			return wrong(status, refusal);
		if (!payload_take(f, g, frame.data, (size_t)n))
			return FRAMES_STOPPED;
		if (!f->left)
			result = end(f, g->hearer, status);
	}
	return result;
}

enum frames_result frames_read(struct frames *f, const void *data, size_t len,
	const struct frames_hearer *hearer, uint16_t *status)
{
	struct gathered g;

	g.hearer = hearer;
	g.len = g.most = 0;
	f->in = data;
	f->in_len = len;
	if (!context_make(f))
		return wrong(status, FRAMES_TROUBLE);
	enum frames_result result = read_all(f, &g, status);
	if (!flush(&g))
		result = FRAMES_STOPPED;
	explicit_bzero(g.data, g.most);
	f->in = NULL;
	if (!f->ahead || result != FRAMES_FINE)
		frames_fini(f);
	return result;
}

/* ---- writing: a server masks nothing, so that nothing of wslay's is needed for it --------------- */

bool frames_add_header(struct buf *out, enum wslay_opcode opcode, size_t len)
{
	buf_add_u8(out, (uint8_t)(0x80 | opcode));
	if (len < 126)
		return buf_add_u8(out, (uint8_t)len);
	if (len <= UINT16_MAX) {
		buf_add_u8(out, 126);
		return buf_add_u16(out, (uint16_t)len);
	}
	buf_add_u8(out, 127);
	buf_add_u32(out, (uint32_t)((uint64_t)len >> 32));
	return buf_add_u32(out, (uint32_t)len);
}

bool frames_add(struct buf *out, enum wslay_opcode opcode, const void *data, size_t len)
{
	frames_add_header(out, opcode, len);
	return buf_add(out, data, len);
}

bool frames_add_close(struct buf *out, uint16_t status)
{
	uint8_t bytes[] = { (uint8_t)(status >> 8), (uint8_t)status };

	return frames_add(out, WSLAY_CONNECTION_CLOSE, bytes, sizeof(bytes));
}
