#include "harness/transport/transport.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "harness/transport/tap.h"

const struct transport *const transports[] = { &transport_tcp, &transport_tls, &transport_ws,
	&transport_wss, &transport_unix, NULL };

const struct transport *transport_find(const char *name)
{
	for (size_t i = 0; transports[i]; i++)
		if (!strcmp(transports[i]->name, name))
			return transports[i];
	return NULL;
}

unsigned transport_bit(const struct transport *transport)
{
	unsigned bit = 1;

	for (size_t i = 0; transports[i] && transports[i] != transport; i++)
		bit <<= 1;
	return bit;
}

const struct transport *transport_of_url(const char *url, const char **rest)
{
	const char *mark = strstr(url, "://");

	*rest = mark ? mark + 3 : url;
	if (!mark)
		return transports[0];
	for (size_t i = 0; transports[i]; i++) {
		size_t len = strlen(transports[i]->scheme);
		if (len == (size_t)(mark - url) && !memcmp(transports[i]->scheme, url, len))
			return transports[i];
	}
	return NULL;
}

/* ---- listeners ----------------------------------------------------------------------------- */

struct listener *transport_listen_at(struct arena *a, const struct transport *transport,
	uint16_t port, const struct tls *tls, const char **error)
{
	struct listener *l = arena_new(a, struct listener);

	l->tls = tls;
	l->transport = transport;
	l->port = port;
	return transport->listen(a, l, error) ? l : NULL;
}

struct listener *transport_listen(struct arena *a, const struct transport *transport,
	const struct tls *tls, const char **error)
{
	return transport_listen_at(a, transport, 0, tls, error);
}

struct pipe *listener_accept(
	struct arena *a, struct listener *l, int64_t deadline_us, const char **error)
{
	*error = NULL;
	return l->transport->accept(a, l, deadline_us, error);
}

void listener_close(struct listener *l)
{
	if (l && l->fd >= 0)
		l->transport->unlisten(l);
}

/* ---- pipes --------------------------------------------------------------------------------- */

ssize_t pipe_read(struct pipe *p, void *data, size_t size)
{
	return p->ops->read(p, data, size);
}

ssize_t pipe_write(struct pipe *p, const void *data, size_t size)
{
	return p->ops->write(p, data, size);
}

bool pipe_pending(const struct pipe *p)
{
	return p->ops->pending && p->ops->pending(p);
}

void pipe_close(struct pipe *p)
{
	p->ops->close(p);
}

void pipe_reset(struct pipe *p)
{
	p->ops->reset(p);
}

int pipe_was_notified(const struct pipe *p)
{
	return p->ops->notified ? p->ops->notified(p) : -1;
}

void pipe_narrow(struct pipe *p)
{
	if (p->ops->narrow)
		p->ops->narrow(p);
}

bool pipe_disturb(struct pipe *p, const void *data, size_t size)
{
	ssize_t n = send(p->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0)
		tap_sent(p->tapped, data, (size_t)n);
	return n == (ssize_t)size;
}

void pipe_cut(struct pipe *p)
{
	tap_ended(p->tapped, TAP_FIN_OUT);
	shutdown(p->fd, SHUT_WR);
}

bool pipe_await(const struct pipe *p, short events, int64_t deadline_us)
{
	if (events & POLLIN && pipe_pending(p))
		return true;
	for (;;) {
		int64_t left_ms = (deadline_us - clock_now_us() + 999) / 1000;
		struct pollfd fd = { .fd = p->fd, .events = events };
		int n = poll(&fd, 1, left_ms > 0 ? (int)left_ms : 0);
		if (n > 0)
			return true;
		if (n == 0 || errno != EINTR)
			return false;
	}
}
