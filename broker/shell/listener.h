/* A port, or a Unix socket, that the broker listens on. Within broker/shell only. */
#ifndef BROKER_SHELL_LISTENER_H
#define BROKER_SHELL_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "broker/shell/connection.h"

struct listener {
	uv_poll_t poll; /* poll.data: this */
	struct entrance entrance;
	int fd;
	bool only_v6;  /* of "::": set before it is opened */
	uint16_t port; /* 0: it is a Unix socket */
	bool waits;    /* what it has cannot be accepted for the time being */
};

/* Its connections are those of `all`. A Unix socket that nobody listens at any more is replaced. Returns 0, or an error of libuv with nothing left open. */
int listener_open(struct listener *l, uv_loop_t *loop, const struct sockaddr *address,
	struct connections *all, const struct channel *channel);

/* Tries again, if it waits. */
void listener_retry(struct listener *l);

/* A Unix socket is taken out of its folder. The handle is closed when the loop has run once more. */
void listener_close(struct listener *l);

#endif
