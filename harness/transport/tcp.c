#include "harness/transport/transport.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "harness/transport/endpoint.h"

enum { NARROW_BYTES = 32 * 1024 };

static ssize_t tcp_read(struct transport *t, void *data, size_t size)
{
	ssize_t n = recv(t->fd, data, size, MSG_DONTWAIT);
	/* Some targets leave Nagle's algorithm on: a delayed acknowledgement would cost 40 ms. */
	setsockopt(t->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof(int));
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? TRANSPORT_AGAIN : TRANSPORT_RESET;
}

static ssize_t tcp_write(struct transport *t, const void *data, size_t size)
{
	ssize_t n = send(t->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? TRANSPORT_AGAIN : TRANSPORT_RESET;
}

static void tcp_close(struct transport *t)
{
	close(t->fd);
	t->fd = -1;
}

static void tcp_reset(struct transport *t)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(t->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	tcp_close(t);
}

static void tcp_narrow(struct transport *t)
{
	setsockopt(t->fd, SOL_SOCKET, SO_RCVBUF, &(int){ NARROW_BYTES }, sizeof(int));
}

static const struct transport_ops tcp_ops = {
	.name = "tcp",
	.read = tcp_read,
	.write = tcp_write,
	.close = tcp_close,
	.reset = tcp_reset,
	.narrow = tcp_narrow,
};

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

/* A case's segments must reach the target as they were written. */
static void set_no_delay(int fd)
{
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
}

static struct transport *transport_of(struct arena *a, int fd)
{
	struct transport *t = arena_new(a, struct transport);
	socklen_t len = sizeof(t->local);

	t->ops = &tcp_ops;
	t->fd = fd;
	getsockname(fd, (struct sockaddr *)&t->local, &len);
	len = sizeof(t->remote);
	getpeername(fd, (struct sockaddr *)&t->remote, &len);
	return t;
}

struct transport *transport_dial_tcp(
	struct arena *a, const struct endpoint *to, int64_t deadline_us, const char **error)
{
	int e = 0;
	int fd = socket(to->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		*error = arena_printf(a, "no socket: %s", strerror(errno));
		return NULL;
	}
	set_no_delay(fd);
	if (connect(fd, (const struct sockaddr *)&to->address, to->address_len))
		e = errno == EINPROGRESS ? finish_connect(fd, deadline_us) : errno;
	if (e) {
		*error = arena_printf(a, "%s: %s", to->url, strerror(e));
		close(fd);
		return NULL;
	}
	return transport_of(a, fd);
}

int transport_listen_tcp(uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && !bind(fd, (const struct sockaddr *)&at, len) && !listen(fd, SOMAXCONN) &&
		!getsockname(fd, (struct sockaddr *)&at, &len)) {
		*port = ntohs(at.sin_port);
		return fd;
	}
	int e = errno;
	if (fd >= 0)
		close(fd);
	errno = e;
	return -1;
}

struct transport *transport_accept_tcp(struct arena *a, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return NULL;
	set_no_delay(fd);
	return transport_of(a, fd);
}
