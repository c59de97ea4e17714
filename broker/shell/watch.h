/* The sockets of all connections, watched by one epoll instance, which is a single handle to libuv:
 *
 *      loop of libuv ──▶ uv_poll_t ──▶ epoll ──▶ socket, socket, socket ...
 *        timers, signals                         items[descriptor] ──▶ whose it is
 *
 * A stream of libuv for each connection would take more memory than all else that an idle connection
 * needs: docs/decisions/0018-sockets-of-the-broker.md. Within broker/shell only.
 */
#ifndef BROKER_SHELL_WATCH_H
#define BROKER_SHELL_WATCH_H

#include <uv.h>

struct watch {
	uv_poll_t poll; /* of `epoll`; poll.data: this */
	int epoll;
	void (*ready)(void *item, unsigned events); /* NULL: it is not in use */
	void **items;
	unsigned capacity; /* of items */
};

enum { WATCH_INPUT = 1, WATCH_OUTPUT = 2, WATCH_LOST = 4, WATCH_END = 8 };

/* `ready` is called with what has become possible: reading, writing or, without reading, that
 * the peer has closed its side (each only if it is asked for), or, whatever is asked for, WATCH_LOST: the
 * connection is gone in both directions. What `ready` removes is
 * not heard of again. Returns 0 or an error of libuv.
 */
int watch_init(struct watch *w, uv_loop_t *loop, void (*ready)(void *item, unsigned events));

/* Nothing may be watched any longer; one that was not initialised is fine, if it is all zero. The handle is closed when the loop has run once more. */
void watch_fini(struct watch *w);

/* Watched for input. Returns 0 or an error of libuv. */
int watch_add(struct watch *w, int fd, void *item);
void watch_change(struct watch *w, int fd, unsigned events);

/* Before it is closed, or with `fd` closed by the same hand right after. */
void watch_remove(struct watch *w, int fd);

/* Of the sockets that are watched, the first one from `*at` on, which becomes the place after it. NULL:
 * none. It may be removed.
 */
void *watch_next(const struct watch *w, unsigned *at);

#endif
