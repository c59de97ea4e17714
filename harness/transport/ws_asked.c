#include "harness/transport/ws_asked.h"

#include <poll.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "harness/transport/opening.h"
#include "harness/transport/transport.h"
#include "harness/transport/upgrade.h"
#include "harness/transport/websocket.h"

enum {
	LINE_END = 2, /* bytes */
	PIECE = 16,   /* the same, of an answer that comes apart ... */
	MOMENT_US =
		10000, /* ... with as much time in between, for a client to read each by itself */
};

const char ws_reply_usual[] = "HTTP/1.1 101 Switching Protocols\n"
			      "Upgrade: websocket\n"
			      "Connection: Upgrade\n"
			      "Sec-WebSocket-Accept: {accept}\n"
			      "Sec-WebSocket-Protocol: mqtt\n";

/* ---- the request --------------------------------------------------------------------------- */

static const char *text_of(struct arena *a, struct http_text text)
{
	return arena_printf(a, "%.*s", (int)text.len, text.at);
}

/* All fields of this name in one list. */
static const char *field_list(struct arena *a, const struct http_head *head, const char *name)
{
	const char *list = "";

	for (size_t i = 0; i < head->field_count; i++)
		if (http_is(head->fields[i].name, name))
			list = arena_printf(a, "%s%s%s", list, *list ? ", " : "",
				text_of(a, head->fields[i].value));
	return list;
}

/* Unlike the names of fields, those of subprotocols are told apart by their letters. (RFC 6455, section 4.1) */
static bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; *at;) {
		at += strspn(at, ", \t");
		size_t n = strcspn(at, ", \t");
		if (n == len && !memcmp(at, word, len))
			return true;
		at += n;
	}
	return false;
}

static void read_request(struct arena *a, const struct http_head *head, struct ws_asked *out)
{
	*out = (struct ws_asked){
		.method = text_of(a, head->start[0]),
		.target = text_of(a, head->start[1]),
		.http = text_of(a, head->start[2]),
		.host = field_list(a, head, "Host"),
		.upgrade = field_list(a, head, "Upgrade"),
		.connection = field_list(a, head, "Connection"),
		.version = field_list(a, head, "Sec-WebSocket-Version"),
		.key = field_list(a, head, "Sec-WebSocket-Key"),
		.extensions = field_list(a, head, "Sec-WebSocket-Extensions"),
		.protocols = field_list(a, head, "Sec-WebSocket-Protocol"),
		.upgrades = opening_upgrades(head),
		.has_key = opening_has_key(head),
	};
	out->offers_mqtt = list_has(out->protocols, "mqtt");
}

struct pipe *ws_hear(struct arena *a, struct listener *l, int64_t deadline_us,
	struct ws_asked *asked, const char **error)
{
	struct http_head head = { 0 };
	struct buf in;

	*asked = (struct ws_asked){ 0 };
	*error = NULL;
	struct pipe *below = l->transport->below->accept(a, l, deadline_us, error);
	if (!below)
		return NULL;
	buf_init(&in, UPGRADE_READ_MAX);
	const char *fault = upgrade_hear(a, below, deadline_us, &in, &head);
	if (!fault) {
		read_request(a, &head, asked);
		asked->rest_size = in.len - head.size;
		asked->rest = arena_copy(a, (const char *)in.data + head.size, asked->rest_size);
	}
	asked->fault = fault;
	buf_fini(&in);
	return below;
}

/* ---- the answer ---------------------------------------------------------------------------- */

/* Lines as HTTP has them, and {accept} filled in. */
static void add_head(struct buf *out, const char *head, const char *accept)
{
	static const char mark[] = "{accept}";

	while (*head) {
		if (!strncmp(head, mark, strlen(mark))) {
			buf_add_text(out, accept);
			head += strlen(mark);
			continue;
		}
		buf_add(out, *head == '\n' ? "\r\n" : head, *head == '\n' ? LINE_END : 1);
		head++;
	}
	buf_add_text(out, "\r\n");
}

static bool send_apart(struct pipe *below, const struct buf *all, int64_t deadline_us)
{
	const char *fault = NULL;

	for (size_t at = 0; at < all->len && !fault; at += PIECE) {
		struct buf piece;
		buf_init(&piece, PIECE);
		buf_add(&piece, all->data + at, all->len - at < PIECE ? all->len - at : PIECE);
		fault = upgrade_send(below, &piece, deadline_us);
		buf_fini(&piece);
		pipe_await(below, POLLIN, clock_now_us() + MOMENT_US);
	}
	return !fault;
}

static struct pipe *begin(struct arena *a, struct pipe *below, const struct ws_asked *asked)
{
	struct buf rest;

	buf_init(&rest, UPGRADE_READ_MAX);
	buf_add(&rest, asked->rest, asked->rest_size);
	struct pipe *pipe = websocket_begin(a, below, FRAMES_OF_SERVER, &rest);
	buf_fini(&rest);
	return pipe;
}

struct pipe *ws_reply(struct arena *a, struct pipe *below, const struct ws_asked *asked,
	const struct ws_reply *reply, int64_t deadline_us)
{
	static const struct framing ping = { .kind = FRAME_PING };
	const char *head = reply->head ? reply->head : ws_reply_usual;
	char accept[OPENING_ACCEPT_SIZE];
	struct buf out;

	opening_accept((struct http_text){ asked->key, strlen(asked->key) }, accept);
	buf_init(&out, UPGRADE_SENT_MAX);
	add_head(&out, head, accept);
	if (reply->pings)
		framing_encode(&out, &ping, FRAMES_OF_SERVER, NULL, 0);
	bool sent = reply->apart ? send_apart(below, &out, deadline_us)
				 : !upgrade_send(below, &out, deadline_us);
	buf_fini(&out);
	if (!sent) {
		pipe_close(below);
		return NULL;
	}
	return begin(a, below, asked);
}
