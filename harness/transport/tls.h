/* MQTT in TLS over TCP, and what a WebSocket in TLS shares with it. Within harness/transport only. */
#ifndef HARNESS_TLS_H
#define HARNESS_TLS_H

#include "harness/transport/transport.h"

/* Operations of a transport. */
struct pipe *tls_dial(
	struct arena *a, const struct endpoint *to, int64_t deadline_us, const char **error);
bool tls_listen(struct arena *a, struct listener *out, const char **error);
struct pipe *tls_accept_next(
	struct arena *a, struct listener *l, int64_t deadline_us, const char **error);

#endif
