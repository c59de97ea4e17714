/* MQTT over WebSocket: first an HTTP request and its answer, then frames; chapter 6 of both standards.
 *
 *      input ──▶ request ──▶ http_request           until the WebSocket is open
 *            ──▶ frames ──▶ link_input              then; where a frame ends means nothing to MQTT [MQTT-6.0.0-2]
 *      output ◀── out ◀── answer, frames of link_output
 */
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "broker/shell/channel.h"
#include "broker/shell/connection.h"
#include "broker/shell/frames.h"
#include "broker/shell/http_request.h"

enum {
	FRAME_BYTES = 64 * 1024, /* of the link's output in one frame, at most */
	OUT_MAX = 1 << 20,       /* never reached */
	PONGS_MAX = 4096, /* bytes that wait: of several pings, the latest may be answered alone */
	PIECES = 64,
};

struct websocket {
	struct frames frames;
	struct buf bytes; /* of the request; once it is open, what is to be written */
	size_t sent;      /* of those to be written */
	bool open;
	bool closing; /* the last frame is among the bytes: nothing follows it */
};

static struct websocket *state_of(const struct connection *c)
{
	struct connection *own = (struct connection *)(uintptr_t)c;

	return own->entrance->inner ? connection_inner_state(own) : connection_state(own);
}

static void bytes_clear(struct websocket *w)
{
	buf_fini(&w->bytes);
	buf_init(&w->bytes, OUT_MAX);
	w->sent = 0;
}

/* ---- the opening --------------------------------------------------------------------------- */

/* RFC 6455, 4.2.2: what proves that the key was read. */
static void accept_text(struct http_text key, char text[static 32])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char both[24 + sizeof(guid)];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	memcpy(both, key.data, 24);
	memcpy(both + 24, guid, sizeof(guid) - 1);
	EVP_Digest(both, 24 + sizeof(guid) - 1, digest, &len, EVP_sha1(), NULL);
	EVP_EncodeBlock((unsigned char *)text, digest, (int)len);
}

static const char *phrase_of(int status)
{
	switch (status) {
	case 403: return "Forbidden";
	case 405: return "Method Not Allowed";
	case 426: return "Upgrade Required";
	case 431: return "Request Header Fields Too Large";
	case 505: return "HTTP Version Not Supported";
	default: return "Bad Request";
	}
}

/* The answer takes the place of the request, and the connection ends. */
static bool refuse(struct connection *c, int status, const char *why)
{
	struct websocket *w = state_of(c);
	struct connections *all = c->entrance->all;

	bytes_clear(w);
	w->closing = true;
	buf_printf(&w->bytes,
		"HTTP/1.1 %d %s\r\n"
		"Connection: close\r\n"
		"%s%s"
		"Content-Type: text/plain\r\n"
		"Content-Length: %zu\r\n"
		"\r\n"
		"%s\n",
		status, phrase_of(status), status == 405 ? "Allow: GET\r\n" : "",
		status == 426 ? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" : "",
		strlen(why) + 1, why);
	log_line(all->log, LOG_NOTICE, "connection %u: WebSocket refused: %s", c->number, why);
	return false;
}

/* A browser says where its page is from; others say nothing. */
static bool origin_is_welcome(const struct entrance *e, struct http_text origin)
{
	if (!e->origin_count || !origin.data)
		return true;
	for (size_t i = 0; i < e->origin_count; i++)
		if (strlen(e->origins[i]) == origin.len &&
			!memcmp(e->origins[i], origin.data, origin.len))
			return true;
	return false;
}

/* The whole request is there. */
static bool answer(struct connection *c, size_t size)
{
	struct websocket *w = state_of(c);
	struct http_request request;
	const char *why = "";
	char accept[32], protocol[16];

	int status = http_request_read(&request, (const char *)w->bytes.data, size, &why);
	if (status == 101 && !origin_is_welcome(c->entrance, request.origin))
		return refuse(c, 403, "pages from there are not let in");
	if (status != 101)
		return refuse(c, status, why);
	accept_text(request.key, accept);
	snprintf(protocol, sizeof(protocol), "%.*s", (int)request.protocol.len,
		request.protocol.data);
	bytes_clear(w);
	w->open = true;
	return buf_printf(&w->bytes,
		"HTTP/1.1 101 Switching Protocols\r\n"
		"Upgrade: websocket\r\n"
		"Connection: Upgrade\r\n"
		"Sec-WebSocket-Accept: %s\r\n"
		"Sec-WebSocket-Protocol: %s\r\n"
		"\r\n",
		accept, protocol);
}

/* Takes bytes up to the end of the request; `*len`: those that are left. */
static bool opening_read(struct connection *c, const uint8_t **data, size_t *len)
{
	struct websocket *w = state_of(c);
	size_t before = w->bytes.len, room = HTTP_REQUEST_MAX - before;
	size_t taken = *len < room ? *len : room;

	if (!buf_add(&w->bytes, *data, taken))
		return false;
	size_t size = http_request_size((const char *)w->bytes.data, w->bytes.len);
	if (!size && w->bytes.len == HTTP_REQUEST_MAX)
		return refuse(c, 431, "the request is larger than 8192 bytes");
	taken = size ? size - before : taken;
	*data += taken;
	*len -= taken;
	return !size || answer(c, size);
}

/* ---- frames -------------------------------------------------------------------------------- */

static bool on_data(void *context, uint8_t *data, size_t len)
{
	struct connection *c = context;

	link_input(c->link, data, len);
	return true;
}

static void on_ping(void *context, const uint8_t *data, size_t len)
{
	struct websocket *w = state_of(context);

	if (!w->closing && w->bytes.len - w->sent < PONGS_MAX)
		frames_add(&w->bytes, WSLAY_PONG, data, len);
}

static void farewell(struct websocket *w, uint16_t status)
{
	if (!w->open && !w->closing)
		bytes_clear(w); /* half a request */
	else if (!w->closing)
		frames_add_close(&w->bytes, status);
	w->closing = true;
}

static bool frames_take(struct connection *c, const uint8_t *data, size_t len)
{
	struct websocket *w = state_of(c);
	const struct frames_hearer hearer = { c, on_data, on_ping };
	uint16_t status = 0;

	switch (frames_read(&w->frames, data, len, &hearer, &status)) {
	case FRAMES_FINE: return true;
	case FRAMES_CLOSED: farewell(w, status ? status : FRAMES_NORMAL); return false;
	case FRAMES_WRONG:
		log_line(c->entrance->all->log, LOG_NOTICE, "connection %u: WebSocket: %s (%u)",
			c->number,
			status == FRAMES_BAD_TYPE ? "a frame is not binary"
						  : "a frame breaks the rules",
			status);
		farewell(w, status);
		return false;
	default: return false;
	}
}

/* ---- the channel --------------------------------------------------------------------------- */

static bool websocket_open(struct connection *c)
{
	bytes_clear(state_of(c));
	return true;
}

static bool websocket_input(struct connection *c, void *data, size_t len)
{
	struct websocket *w = state_of(c);
	const uint8_t *at = data;
	bool ok = true;

	if (!w->open)
		ok = opening_read(c, &at, &len);
	if (ok && w->open && len)
		ok = frames_take(c, at, len);
	if (w->open || !ok)
		link_mark(c->link);
	return ok;
}

static bool may_write(const struct websocket *w)
{
	return w->open || w->closing;
}

/* The link's output, as far as it goes, becomes a frame. */
static void frame_take(struct connection *c)
{
	struct websocket *w = state_of(c);
	struct broker_piece pieces[PIECES];
	size_t n = link_output(c->link, pieces, PIECES), len = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		len += pieces[i].len;
	if (len > FRAME_BYTES)
		len = FRAME_BYTES;
	if (!len || !frames_add_header(&w->bytes, WSLAY_BINARY_FRAME, len))
		return;
	for (size_t i = 0; i < n && at < len; i++) {
		size_t part = pieces[i].len < len - at ? pieces[i].len : len - at;
		buf_add(&w->bytes, pieces[i].data, part);
		at += part;
	}
	link_written(c->link, len);
}

static size_t websocket_output(struct connection *c, struct broker_piece *pieces, size_t most)
{
	struct websocket *w = state_of(c);

	(void)most;
	if (!may_write(w))
		return 0;
	if (w->bytes.len == w->sent && w->open && !w->closing)
		frame_take(c);
	c->broken |= w->bytes.failed;
	if (w->bytes.len == w->sent)
		return 0;
	*pieces = (struct broker_piece){ w->bytes.data + w->sent, w->bytes.len - w->sent };
	return 1;
}

/* An idle connection has no memory for output. */
static void websocket_written(struct connection *c, size_t bytes)
{
	struct websocket *w = state_of(c);

	w->sent += bytes;
	if (w->sent == w->bytes.len)
		bytes_clear(w);
	if (!bytes && link_output_bytes(c->link)) /* which has to wait for that */
		link_written(c->link, 0);
}

static bool websocket_pending(const struct connection *c)
{
	const struct websocket *w = state_of(c);

	if (!may_write(w))
		return false;
	return w->bytes.len > w->sent || (!w->closing && link_output_bytes(c->link) > 0);
}

static void websocket_finish(struct connection *c)
{
	farewell(state_of(c), FRAMES_NORMAL);
}

static void websocket_close(struct connection *c)
{
	struct websocket *w = state_of(c);

	frames_fini(&w->frames);
	buf_fini(&w->bytes);
}

const struct channel channel_websocket = {
	.name = "websocket",
	.state_bytes = sizeof(struct websocket),
	.open = websocket_open,
	.input = websocket_input,
	.output = websocket_output,
	.written = websocket_written,
	.pending = websocket_pending,
	.finish = websocket_finish,
	.close = websocket_close,
};
