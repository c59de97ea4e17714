/* mqtt://HOST[:PORT] */
#include "harness/transport/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "harness/transport/address.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/socket.h"
#include "harness/transport/tap.h"

enum {
	MQTT_PORT = 1883,
	/* Room for several of the largest segments, of 64 kB on a loopback: otherwise every one of
	 * them waits for a timer.
	 */
	NARROW_BYTES = 256 * 1024,
};

/* ---- where --------------------------------------------------------------------------------- */

static const char *tcp_objection(struct arena *a, const char *rest)
{
	const char *path = strchr(rest, '/');

	if (path && path[1])
		return arena_printf(
			a, "mqtt://%s: MQTT over TCP knows no path: leave out %s", rest, path);
	return address_objection(a, "mqtt", rest, "");
}

static bool tcp_resolve(struct arena *a, const char *rest, struct endpoint *out, const char **error)
{
	struct address at;

	address_split(a, rest, MQTT_PORT, &at);
	at.path = NULL;
	out->url = address_url(a, "mqtt", &at);
	return address_resolve(a, &at, out, error);
}

/* ---- pipes --------------------------------------------------------------------------------- */

static ssize_t tcp_read(struct pipe *p, void *data, size_t size)
{
	ssize_t n = socket_read(p, data, size);

	/* Some targets leave Nagle's algorithm on: a delayed acknowledgement would cost 40 ms. */
	setsockopt(p->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof(int));
	return n;
}

static void tcp_reset(struct pipe *p)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	tap_ended(p->tapped, TAP_RESET_OUT);
	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	socket_close(p);
}

static void tcp_narrow(struct pipe *p)
{
	setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &(int){ NARROW_BYTES }, sizeof(int));
	tap_shut(p->tapped);
}

static const struct pipe_ops tcp_ops = {
	.read = tcp_read,
	.write = socket_write,
	.close = socket_close,
	.reset = tcp_reset,
	.narrow = tcp_narrow,
};

/* A case's segments must reach the target as they were written. */
static void set_no_delay(int fd)
{
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
}

/* ---- dialling ------------------------------------------------------------------------------ */

/* Where nobody listens, a dial to a port of the ephemeral range can meet itself. */
static bool is_own_reflection(const struct pipe *p)
{
	return !memcmp(&p->local, &p->remote, sizeof(p->local));
}

struct pipe *tcp_dial(
	struct arena *a, const struct endpoint *to, int64_t deadline_us, const char **error)
{
	int fd = socket_new(to->address.ss_family);

	if (fd < 0) {
		*error = arena_printf(a, "no socket: %s", strerror(errno));
		return NULL;
	}
	set_no_delay(fd);
	int e = socket_connect(fd, to, deadline_us);
	if (e) {
		*error = arena_printf(a, "%s: %s", to->url, strerror(e));
		close(fd);
		return NULL;
	}
	struct pipe *p = socket_pipe(a, fd, &tcp_ops);
	if (!is_own_reflection(p)) {
		p->tapped = tap_open(to->tap, &p->local, &p->remote, false);
		return p;
	}
	*error = arena_printf(a, "%s: %s", to->url, strerror(ECONNREFUSED));
	tcp_reset(p);
	return NULL;
}

/* ---- listening ----------------------------------------------------------------------------- */

bool tcp_listen(struct arena *a, struct listener *out, const char **error)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(out->port) };
	socklen_t len = sizeof(at);
	const char *wanted =
		out->port ? arena_printf(a, "port %u", out->port) : "no port to listen on";

	out->fd = socket_new(AF_INET);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (out->fd >= 0 && out->port)
		setsockopt(out->fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (out->fd < 0 || bind(out->fd, (const struct sockaddr *)&at, len) ||
		listen(out->fd, SOMAXCONN) || getsockname(out->fd, (struct sockaddr *)&at, &len)) {
		*error = arena_printf(a, "%s: %s", wanted, strerror(errno));
		if (out->fd >= 0)
			close(out->fd);
		return false;
	}
	out->host = "127.0.0.1";
	out->port = ntohs(at.sin_port);
	out->url = arena_printf(a, "%s://%s:%u", out->transport->scheme, out->host, out->port);
	return true;
}

struct pipe *tcp_accept(
	struct arena *a, struct listener *l, int64_t deadline_us, const char **error)
{
	int fd = socket_accept(l);

	(void)deadline_us, (void)error;
	if (fd < 0)
		return NULL;
	set_no_delay(fd);
	struct pipe *p = socket_pipe(a, fd, &tcp_ops);
	p->tapped = tap_open(l->tap, &p->local, &p->remote, true);
	return p;
}

void tcp_unlisten(struct listener *l)
{
	close(l->fd);
	l->fd = -1;
}

const struct transport transport_tcp = {
	.name = "tcp",
	.scheme = "mqtt",
	.place = "port",
	.usual_port = MQTT_PORT,
	.is_ip = true,
	.objection = tcp_objection,
	.resolve = tcp_resolve,
	.dial = tcp_dial,
	.listen = tcp_listen,
	.accept = tcp_accept,
	.unlisten = tcp_unlisten,
};
