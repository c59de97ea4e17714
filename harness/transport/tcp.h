/* MQTT over TCP, and what everything that lies on TCP shares with it. Within harness/transport only. */
#ifndef HARNESS_TCP_H
#define HARNESS_TCP_H

#include "harness/transport/transport.h"

/* Operations of a transport. The URL of a listener has the scheme of its transport, and no path. */
struct pipe *tcp_dial(
	struct arena *a, const struct endpoint *to, int64_t deadline_us, const char **error);
bool tcp_listen(struct arena *a, struct listener *out, const char **error);
struct pipe *tcp_accept(
	struct arena *a, struct listener *l, int64_t deadline_us, const char **error);
void tcp_unlisten(struct listener *l);

#endif
