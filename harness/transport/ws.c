/* ws://HOST[:PORT][/PATH] and wss://...: MQTT in a WebSocket, over TCP or over TLS. */
#include <string.h>

#include "base/arena.h"
#include "harness/transport/address.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/tcp.h"
#include "harness/transport/tls.h"
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

/* ---- listening ----------------------------------------------------------------------------- */

static bool ws_listen(struct arena *a, struct listener *out, const char **error)
{
	bool ok = out->transport->is_secret ? tls_listen(a, out, error) : tcp_listen(a, out, error);

	if (ok)
		out->url = arena_printf(a, "%s%s", out->url, usual_path);
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
	.scheme = "ws",
	.place = "ws_port",
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
	.scheme = "wss",
	.place = "wss_port",
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
