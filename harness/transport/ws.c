/* ws://HOST[:PORT][/PATH] and wss://...: MQTT in a WebSocket, over TCP or over TLS. */
#include "harness/transport/ws.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "harness/transport/address.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/opening.h"
#include "harness/transport/tcp.h"
#include "harness/transport/tls.h"
#include "harness/transport/upgrade.h"
#include "harness/transport/websocket.h"

enum { WS_PORT = 80, WSS_PORT = 443 };

static const char usual_path[] = "/mqtt";

/* ---- where --------------------------------------------------------------------------------- */

static const char *objection(
	struct arena *a, const char *scheme, const char *rest, unsigned usual_port)
{
	struct address at;

	if (!address_split(a, rest, usual_port, &at))
		return address_objection(a, scheme, rest, "[/PATH]");
	if (at.path && address_path_objection(at.path))
		return arena_printf(
			a, "%s://%s: %s", scheme, rest, address_path_objection(at.path));
	return NULL;
}

static bool resolve(struct arena *a, const char *scheme, const char *rest, unsigned usual_port,
	struct endpoint *out, const char **error)
{
	struct address at;

	address_split(a, rest, usual_port, &at);
	if (!at.path)
		at.path = usual_path;
	out->url = address_url(a, scheme, &at);
	out->path = at.path;
	return address_resolve(a, &at, out, error);
}

static const char *ws_objection(struct arena *a, const char *rest)
{
	return objection(a, "ws", rest, WS_PORT);
}

static const char *wss_objection(struct arena *a, const char *rest)
{
	return objection(a, "wss", rest, WSS_PORT);
}

static bool ws_resolve(struct arena *a, const char *rest, struct endpoint *out, const char **error)
{
	return resolve(a, "ws", rest, WS_PORT, out, error);
}

static bool wss_resolve(struct arena *a, const char *rest, struct endpoint *out, const char **error)
{
	return resolve(a, "wss", rest, WSS_PORT, out, error);
}

/* ---- dialling ------------------------------------------------------------------------------ */

/* "localhost:8080", as the URL has it: between its slashes. */
static const char *host_field(struct arena *a, const struct endpoint *to)
{
	const char *begin = strstr(to->url, "://") + 3;

	return arena_printf(a, "%.*s", (int)strcspn(begin, "/"), begin);
}

static struct pipe *open_over(struct arena *a, struct pipe *below, const struct endpoint *to,
	int64_t deadline_us, const char **error)
{
	const char *why;

	if (!below)
		return NULL;
	struct pipe *pipe =
		websocket_connect(a, below, host_field(a, to), to->path, deadline_us, &why);
	if (!pipe)
		*error = arena_printf(a, "%s: %s", to->url, why);
	return pipe;
}

static struct pipe *ws_dial(
	struct arena *a, const struct endpoint *to, int64_t deadline_us, const char **error)
{
	return open_over(a, tcp_dial(a, to, deadline_us, error), to, deadline_us, error);
}

static struct pipe *wss_dial(
	struct arena *a, const struct endpoint *to, int64_t deadline_us, const char **error)
{
	return open_over(a, tls_dial(a, to, deadline_us, error), to, deadline_us, error);
}

/* ---- asking otherwise ---------------------------------------------------------------------- */

static void add_field(struct buf *out, const char *name, const char *value)
{
	if (*value)
		buf_printf(out, "%s: %s\r\n", name, value);
}

static const char *or_usual(const char *value, const char *usual)
{
	return value ? value : usual;
}

static const char *field_text(struct arena *a, const struct http_head *head, const char *name)
{
	const struct http_text *text = http_field(head, name);

	return text ? arena_printf(a, "%.*s", (int)text->len, text->at) : NULL;
}

static void read_answer(
	struct arena *a, const struct http_head *head, const char *key, struct ws_answer *out)
{
	char accept[OPENING_ACCEPT_SIZE];
	const char *said = field_text(a, head, "Sec-WebSocket-Accept");

	opening_accept((struct http_text){ key, strlen(key) }, accept);
	out->status = (unsigned)strtoul(
		arena_printf(a, "%.*s", (int)head->start[1].len, head->start[1].at), NULL, 10);
	out->protocol = field_text(a, head, "Sec-WebSocket-Protocol");
	out->versions = field_text(a, head, "Sec-WebSocket-Version");
	out->accepts = said && !strcmp(said, accept);
	out->upgrades = opening_upgrades(head);
	out->extends = http_count(head, "Sec-WebSocket-Extensions");
}

bool ws_try(struct arena *a, const struct endpoint *to, const struct ws_request *request,
	int64_t deadline_us, struct ws_answer *answer, struct pipe **pipe, const char **error)
{
	enum { SWITCHING_PROTOCOLS = 101 };
	struct pipe *below = to->transport->below->dial(a, to, deadline_us, error);
	struct buf asked, got, rest;
	struct http_head head = { 0 };
	char own_key[OPENING_KEY_SIZE];

	*answer = (struct ws_answer){ 0 };
	*pipe = NULL;
	if (!below)
		return false;
	opening_key(own_key);
	const char *key = or_usual(request->key, own_key);
	buf_init(&asked, UPGRADE_SENT_MAX);
	buf_init(&got, UPGRADE_READ_MAX);
	buf_printf(&asked,
		"GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
		to->path, host_field(a, to));
	add_field(&asked, "Sec-WebSocket-Version", or_usual(request->version, "13"));
	add_field(&asked, "Sec-WebSocket-Key", key);
	add_field(&asked, "Sec-WebSocket-Protocol", or_usual(request->protocols, "mqtt"));
	buf_printf(&asked, "\r\n");
	answer->fault = upgrade_exchange(a, below, &asked, deadline_us, &got, &head);
	if (!answer->fault)
		read_answer(a, &head, key, answer);
	if (answer->status == SWITCHING_PROTOCOLS) {
		buf_init(&rest, UPGRADE_READ_MAX);
		buf_add(&rest, got.data + head.size, got.len - head.size);
		*pipe = websocket_begin(a, below, FRAMES_OF_CLIENT, &rest);
		buf_fini(&rest);
	} else {
		pipe_close(below);
	}
	buf_fini(&asked);
	buf_fini(&got);
	return true;
}

/* ---- listening ----------------------------------------------------------------------------- */

static bool ws_listen(struct arena *a, struct listener *out, const char **error)
{
	bool ok = out->transport->is_secret ? tls_listen(a, out, error) : tcp_listen(a, out, error);

	if (ok)
		out->url = arena_printf(a, "%s%s", out->url, usual_path);
	out->path = usual_path;
	return ok;
}

static struct pipe *accept_over(
	struct arena *a, struct pipe *below, int64_t deadline_us, const char **error)
{
	const char *why;

	if (!below)
		return NULL;
	struct pipe *pipe = websocket_accept(a, below, deadline_us, &why);
	if (!pipe)
		*error = arena_printf(a, "the client: %s", why);
	return pipe;
}

static struct pipe *ws_accept(
	struct arena *a, struct listener *l, int64_t deadline_us, const char **error)
{
	return accept_over(a, tcp_accept(a, l, deadline_us, error), deadline_us, error);
}

static struct pipe *wss_accept(
	struct arena *a, struct listener *l, int64_t deadline_us, const char **error)
{
	return accept_over(a, tls_accept_next(a, l, deadline_us, error), deadline_us, error);
}

const struct transport transport_ws = {
	.name = "ws",
	.below = &transport_tcp,
	.scheme = "ws",
	.place = "ws_port",
	.usual_port = WS_PORT,
	.is_ip = true,
	.has_path = true,
	.objection = ws_objection,
	.resolve = ws_resolve,
	.dial = ws_dial,
	.listen = ws_listen,
	.accept = ws_accept,
	.unlisten = tcp_unlisten,
};

const struct transport transport_wss = {
	.name = "wss",
	.below = &transport_tls,
	.scheme = "wss",
	.place = "wss_port",
	.usual_port = WSS_PORT,
	.is_ip = true,
	.is_secret = true,
	.has_path = true,
	.objection = wss_objection,
	.resolve = wss_resolve,
	.dial = wss_dial,
	.listen = ws_listen,
	.accept = wss_accept,
	.unlisten = tcp_unlisten,
};
