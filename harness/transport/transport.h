/* A byte stream between a peer and the target, whatever carries it and whoever opened it. Never blocks
 * but in dialling.
 */
#ifndef HARNESS_TRANSPORT_H
#define HARNESS_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct arena;
struct endpoint;

/* What read and write return besides a positive count. */
enum {
	TRANSPORT_END = 0,    /* read: the other side will send no more */
	TRANSPORT_AGAIN = -1, /* nothing to read, or no room to write: poll and try again */
	TRANSPORT_RESET = -2, /* the connection is gone */
};

struct transport {
	const struct transport_ops *ops;
	int fd; /* to poll; -1 when closed */
	struct sockaddr_storage local, remote;
};

struct transport_ops {
	const char *name; /* "tcp" */
	ssize_t (*read)(struct transport *t, void *data, size_t size);
	ssize_t (*write)(struct transport *t, const void *data, size_t size);
	void (*close)(struct transport *t);  /* in order: what was written arrives, then the end */
	void (*reset)(struct transport *t);  /* at once, with a reset where the transport has one */
	void (*narrow)(struct transport *t); /* of what is not read it keeps as little as it can */
};

/* Connects within the deadline (monotonic microseconds). NULL on failure, with a sentence in the
 * arena. The struct is in the arena; its socket is closed by ops->close or ops->reset.
 */
struct transport *transport_dial_tcp(
	struct arena *a, const struct endpoint *to, int64_t deadline_us, const char **error);

/* A socket that listens on a free port of 127.0.0.1, which goes into *port; -1 with errno. It does not
 * block, and is closed with close.
 */
int transport_listen_tcp(uint16_t *port);

/* The connection that has waited longest; NULL: none waits. */
struct transport *transport_accept_tcp(struct arena *a, int listener);

#endif
