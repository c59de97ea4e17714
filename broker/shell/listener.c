#include "broker/shell/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BACKLOG = 4096,
	ACCEPTS = 64, /* in one turn: those who are there want to be served, too */
};

static void on_poll(uv_poll_t *poll, int status, int events);

/* While it waits it is not polled: the system would not stop telling. */
static void accept_some(struct listener *l)
{
	enum accept_result result = ACCEPT_OK;
	bool waited = l->waits;

	for (unsigned i = 0; i < ACCEPTS && result == ACCEPT_OK; i++)
		result = connection_accept(&l->entrance, l->fd);
	l->waits = result == ACCEPT_LATER;
	if (l->waits == waited)
		return;
	if (!l->waits) {
		uv_poll_start(&l->poll, UV_READABLE, on_poll);
		return;
	}
	uv_poll_stop(&l->poll);
	log_line(l->entrance.all->log, LOG_WARNING, "port %u: no %s for a connection, it waits",
		l->port, errno == ENOMEM ? "memory" : "file descriptor");
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	accept_some(poll->data);
}

void listener_retry(struct listener *l)
{
	if (l->waits)
		accept_some(l);
}

/* Left by a broker that could not tidy up: nobody listens. */
static bool is_stale(const struct sockaddr *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool stale = fd >= 0 && connect(fd, address, sizeof(struct sockaddr_un)) &&
		errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return stale;
}

static int bind_path(int fd, const struct sockaddr *address)
{
	const char *path = ((const struct sockaddr_un *)address)->sun_path;
	struct stat there;

	if (!lstat(path, &there) && S_ISSOCK(there.st_mode) && is_stale(address))
		unlink(path);
	return bind(fd, address, sizeof(struct sockaddr_un));
}

/* Connections inherit that they do not delay what they send. */
static int bind_port(int fd, const struct sockaddr *address, bool only_v6)
{
	bool v6 = address->sa_family == AF_INET6;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (v6) /* "::" is for everyone, as in mosquitto */
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ only_v6 }, sizeof(int));
	return bind(fd, address, v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
}

static int bind_and_listen(int fd, const struct sockaddr *address, bool only_v6)
{
	int e = address->sa_family == AF_UNIX ? bind_path(fd, address)
					      : bind_port(fd, address, only_v6);

	return e || listen(fd, BACKLOG);
}

static uint16_t bound_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &len);
	if (address.ss_family == AF_UNIX)
		return 0;
	return ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
						  : ((struct sockaddr_in6 *)&address)->sin6_port);
}

int listener_open(struct listener *l, uv_loop_t *loop, const struct sockaddr *address,
	struct connections *all, const struct channel *channel)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return uv_translate_sys_error(errno);
	int e = bind_and_listen(fd, address, l->only_v6) ? uv_translate_sys_error(errno)
							 : uv_poll_init(loop, &l->poll, fd);
	if (e) {
		close(fd);
		return e;
	}
	l->poll.data = l;
	l->entrance = (struct entrance){ .all = all, .channel = channel };
	l->fd = fd;
	l->port = bound_port(fd);
	return uv_poll_start(&l->poll, UV_READABLE, on_poll);
}

void listener_close(struct listener *l)
{
	struct sockaddr_un address = { 0 };
	socklen_t len = sizeof(address);

	l->waits = false;
	if (!l->port && !getsockname(l->fd, (struct sockaddr *)&address, &len))
		unlink(address.sun_path);
	uv_close((uv_handle_t *)&l->poll, NULL);
	close(l->fd);
}
