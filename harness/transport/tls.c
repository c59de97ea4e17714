/* mqtts://HOST[:PORT]: MQTT in TLS over TCP. */
#include "harness/transport/tls.h"

#include <string.h>

#include "base/arena.h"
#include "harness/transport/address.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/tcp.h"
#include "harness/transport/tls_pipe.h"

enum { MQTTS_PORT = 8883 };

static const char *mqtts_objection(struct arena *a, const char *rest)
{
	const char *path = strchr(rest, '/');

	if (path && path[1])
		return arena_printf(
			a, "mqtts://%s: MQTT over TLS knows no path: leave out %s", rest, path);
	return address_objection(a, "mqtts", rest, "");
}

static bool mqtts_resolve(
	struct arena *a, const char *rest, struct endpoint *out, const char **error)
{
	struct address at;

	address_split(a, rest, MQTTS_PORT, &at);
	at.path = NULL;
	out->url = address_url(a, "mqtts", &at);
	return address_resolve(a, &at, out, error);
}

struct pipe *tls_dial(
	struct arena *a, const struct endpoint *to, int64_t deadline_us, const char **error)
{
	const char *why;

	if (!to->tls) {
		*error = arena_printf(a, "%s: nobody has said whom to trust", to->url);
		return NULL;
	}
	struct pipe *below = tcp_dial(a, to, deadline_us, error);
	if (!below)
		return NULL;
	struct pipe *pipe = tls_connect(a, below, to->tls, to->host, deadline_us, &why);
	if (!pipe)
		*error = arena_printf(a, "%s: %s", to->url, why);
	return pipe;
}

bool tls_listen(struct arena *a, struct listener *out, const char **error)
{
	if (out->tls)
		return tcp_listen(a, out, error);
	*error = "a listener for TLS needs a certificate";
	return false;
}

struct pipe *tls_accept_next(
	struct arena *a, struct listener *l, int64_t deadline_us, const char **error)
{
	struct pipe *below = tcp_accept(a, l, deadline_us, error);
	const char *why;

	if (!below)
		return NULL;
	struct pipe *pipe = tls_accept(a, below, l->tls, deadline_us, &why);
	if (!pipe)
		*error = arena_printf(a, "the client: %s", why);
	return pipe;
}

const struct transport transport_tls = {
	.name = "tls",
	.below = &transport_tcp,
	.scheme = "mqtts",
	.place = "tls_port",
	.usual_port = MQTTS_PORT,
	.is_ip = true,
	.is_secret = true,
	.objection = mqtts_objection,
	.resolve = mqtts_resolve,
	.dial = tls_dial,
	.listen = tls_listen,
	.accept = tls_accept_next,
	.unlisten = tcp_unlisten,
};
