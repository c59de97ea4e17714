#include "harness/transport/socket.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/tap.h"

/* After a read or a write that failed. */
static ssize_t why_not(struct pipe *p)
{
	if (errno == EAGAIN || errno == EINTR)
		return PIPE_AGAIN;
	tap_ended(p->tapped, TAP_RESET_IN);
	return PIPE_RESET;
}

ssize_t socket_read(struct pipe *p, void *data, size_t size)
{
	ssize_t n = recv(p->fd, data, size, MSG_DONTWAIT);

	if (n > 0)
		tap_received(p->tapped, data, (size_t)n);
	else if (!n)
		tap_ended(p->tapped, TAP_FIN_IN);
	return n >= 0 ? n : why_not(p);
}

ssize_t socket_write(struct pipe *p, const void *data, size_t size)
{
	ssize_t n = send(p->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0)
		tap_sent(p->tapped, data, (size_t)n);
	return n >= 0 ? n : why_not(p);
}

void socket_close(struct pipe *p)
{
	tap_ended(p->tapped, TAP_FIN_OUT);
	close(p->fd);
	p->fd = -1;
}

int socket_new(int family)
{
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Waits for a connect under way; 0 or an errno. */
static int finish_connect(int fd, int64_t deadline_us)
{
	for (;;) {
		int64_t left_ms = (deadline_us - clock_now_us() + 999) / 1000;
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		int n = poll(&p, 1, left_ms > 0 ? (int)left_ms : 0);
		if (n > 0)
			break;
		if (n == 0)
			return ETIMEDOUT;
		if (errno != EINTR)
			return errno;
	}
	int error = 0;
	socklen_t len = sizeof(error);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

int socket_connect(int fd, const struct endpoint *to, int64_t deadline_us)
{
	if (!connect(fd, (const struct sockaddr *)&to->address, to->address_len))
		return 0;
	return errno == EINPROGRESS ? finish_connect(fd, deadline_us) : errno;
}

struct pipe *socket_pipe(struct arena *a, int fd, const struct pipe_ops *ops)
{
	struct pipe *p = arena_new(a, struct pipe);
	socklen_t len = sizeof(p->local);

	p->ops = ops;
	p->fd = fd;
	getsockname(fd, (struct sockaddr *)&p->local, &len);
	len = sizeof(p->remote);
	getpeername(fd, (struct sockaddr *)&p->remote, &len);
	return p;
}

int socket_accept(const struct listener *l)
{
	return accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}
