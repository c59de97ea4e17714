/* unix://PATH: a socket of the file system, on this machine alone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/temporary.h"
#include "base/clock.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/socket.h"

enum { FULL_QUEUE_US = 1000 }; /* between two attempts: there is nothing to poll */

static bool set_path(struct endpoint *out, const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (*path != '/' || path[len - 1] == '/' || len >= sizeof(at.sun_path))
		return false;
	strcpy(at.sun_path, path);
	memcpy(&out->address, &at, sizeof(at));
	out->address_len = sizeof(at);
	return true;
}

static const char *unix_objection(struct arena *a, const char *rest)
{
	struct endpoint unused;

	if (set_path(&unused, rest))
		return NULL;
	return arena_printf(a, "unix://%s: not of the form unix:///PATH, or longer than %zu bytes",
		rest, sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
}

static bool unix_resolve(
	struct arena *a, const char *rest, struct endpoint *out, const char **error)
{
	(void)error;
	out->url = arena_printf(a, "unix://%s", rest);
	return set_path(out, rest);
}

/* ---- pipes --------------------------------------------------------------------------------- */

/* The system has no reset for these sockets: the other side reads what was written, then the end. */
static const struct pipe_ops unix_ops = {
	.read = socket_read,
	.write = socket_write,
	.close = socket_close,
	.reset = socket_close,
};

static struct pipe *unix_dial(
	struct arena *a, const struct endpoint *to, int64_t deadline_us, const char **error)
{
	int fd = socket_new(AF_UNIX);

	if (fd < 0) {
		*error = arena_printf(a, "no socket: %s", strerror(errno));
		return NULL;
	}
	int e = socket_connect(fd, to, deadline_us);
	while (e == EAGAIN && clock_now_us() < deadline_us) { /* its queue is full */
		usleep(FULL_QUEUE_US);
		e = socket_connect(fd, to, deadline_us);
	}
	if (!e)
		return socket_pipe(a, fd, &unix_ops);
	*error = arena_printf(a, "%s: %s", to->url, strerror(e));
	close(fd);
	return NULL;
}

/* ---- listening ----------------------------------------------------------------------------- */

/* In a folder of its own, which nobody else may enter. */
static bool unix_listen(struct arena *a, struct listener *out, const char **error)
{
	struct endpoint at = { 0 };
	char *folder = arena_printf(a, "%s/mqttspec-XXXXXX", temporary_folder());

	out->fd = -1;
	if (!mkdtemp(folder)) {
		*error = arena_printf(a, "%s: %s", folder, strerror(errno));
		return false;
	}
	out->host = arena_printf(a, "%s/socket", folder);
	out->url = arena_printf(a, "unix://%s", out->host);
	if (set_path(&at, out->host))
		out->fd = socket_new(AF_UNIX);
	else
		errno = ENAMETOOLONG;
	if (out->fd >= 0 && !bind(out->fd, (struct sockaddr *)&at.address, at.address_len) &&
		!listen(out->fd, SOMAXCONN))
		return true;
	*error = arena_printf(a, "%s: %s", out->host, strerror(errno));
	if (out->fd >= 0)
		close(out->fd);
	unlink(out->host);
	rmdir(folder);
	return false;
}

static struct pipe *unix_accept(
	struct arena *a, struct listener *l, int64_t deadline_us, const char **error)
{
	int fd = socket_accept(l);

	(void)deadline_us, (void)error;
	return fd < 0 ? NULL : socket_pipe(a, fd, &unix_ops);
}

static void unix_unlisten(struct listener *l)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	size_t len = (size_t)(strrchr(l->host, '/') - l->host);

	close(l->fd);
	l->fd = -1;
	unlink(l->host);
	memcpy(folder, l->host, len);
	folder[len] = '\0';
	rmdir(folder);
}

const struct transport transport_unix = {
	.name = "unix",
	.scheme = "unix",
	.place = "socket",
	.objection = unix_objection,
	.resolve = unix_resolve,
	.dial = unix_dial,
	.listen = unix_listen,
	.accept = unix_accept,
	.unlisten = unix_unlisten,
};
