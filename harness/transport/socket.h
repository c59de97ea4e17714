/* What the stream sockets of the system have in common, whatever their addresses. Within harness/transport
 * only.
 */
#ifndef HARNESS_SOCKET_H
#define HARNESS_SOCKET_H

#include "harness/transport/transport.h"

/* Reads, writes and closes a descriptor: operations of a pipe. */
ssize_t socket_read(struct pipe *p, void *data, size_t size);
ssize_t socket_write(struct pipe *p, const void *data, size_t size);
void socket_close(struct pipe *p);

/* A stream socket that does not block and outlives no exec; -1 with errno. */
int socket_new(int family);

/* Connects within the deadline; 0 or an errno. */
int socket_connect(int fd, const struct endpoint *to, int64_t deadline_us);

/* A pipe over a connected socket; both its addresses are looked up. */
struct pipe *socket_pipe(struct arena *a, int fd, const struct pipe_ops *ops);

/* The next connection of a listening socket; -1: none waits. */
int socket_accept(const struct listener *l);

#endif
