/* What goes over the sockets that TLS and WebSocket lie on, with its times, and the secrets of the TLS
 * sessions: evidence for whoever wants to see these layers themselves.
 *
 *   endpoint or listener ── tap ──▶ tapped, one for each connection ──▶ events, in order
 *
 * Whoever touches such a socket says so; the pipes above it pass their `tapped` on. All functions accept a
 * `tapped` of NULL, and do nothing: nobody wants to know. Not for cases.
 */
#ifndef HARNESS_TAP_H
#define HARNESS_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct arena;

enum { TAP_BYTES_MAX = 64 * 1024 * 1024 }; /* of data kept, over all connections */

enum tap_kind {
	TAP_OPENED,
	TAP_SENT,
	TAP_RECEIVED,
	TAP_FIN_OUT,
	TAP_FIN_IN,
	TAP_RESET_OUT,
	TAP_RESET_IN,
	TAP_SHUT, /* our side reads little from here on, if anything */
	TAP_FULL, /* nothing of this connection is kept any more: it would not fit together */
};

struct tapped {
	struct tap *tap;
	const char *name; /* whose it is; NULL: nobody has said */
	struct sockaddr_storage local, remote;
	bool accepted;                   /* the other side opened it */
	const char *secrets;             /* a key log: lines, each with its newline; "": none */
	bool ended_out, ended_in, reset; /* each is told once */
	bool full;
};

struct tap_event {
	int64_t at_us; /* monotonic */
	enum tap_kind kind;
	struct tapped *of;
	const void *data; /* SENT, RECEIVED */
	size_t size;
};

struct tap {
	struct arena *arena; /* for all of it */
	struct tap_event *events;
	size_t count, capacity;
	size_t named; /* of the events: connections opened before it have a name */
	size_t bytes; /* of data kept so far */
};

void tap_init(struct tap *tap, struct arena *a);

/* The connections that have no name yet are this one's, which is borrowed. */
void tap_name(struct tap *tap, const char *name);

/* A connection has been made or `accepted`. NULL: `tap` is NULL. */
struct tapped *tap_open(struct tap *tap, const struct sockaddr_storage *local,
	const struct sockaddr_storage *remote, bool accepted);

void tap_sent(struct tapped *t, const void *data, size_t size);
void tap_received(struct tapped *t, const void *data, size_t size);
void tap_ended(struct tapped *t, enum tap_kind how); /* one of FIN_* and RESET_* */

void tap_shut(struct tapped *t);

/* A line of the key log, as OpenSSL has it: without a newline. */
void tap_secret(struct tapped *t, const char *line);

#endif
