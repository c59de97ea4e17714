/* Where a target listens, and how it lets clients in. */
#ifndef HARNESS_ENDPOINT_H
#define HARNESS_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct arena;
struct certificates;
struct guest;
struct login;
struct pipe;
struct tap;
struct tls;
struct transport;
struct users;

struct endpoint {
	const struct transport *transport; /* how it is reached */
	struct sockaddr_storage address;   /* in the form that it wants */
	socklen_t address_len;
	const char *url;           /* "mqtt://127.0.0.1:1883", for people */
	const char *host;          /* as the URL has it, for a certificate; NULL: it has none */
	const char *path;          /* of a WebSocket: "/mqtt"; else NULL */
	const struct tls *tls;     /* whom to trust; NULL: nobody, so no TLS. Not from the URL */
	const struct login *login; /* for every CONNECT; NULL: it wants none. Not from the URL */
	const struct users *users; /* whom it knows; NULL: nobody has said. Nor is this */
	const struct certificates
		*certificates;     /* whom it lets in by them; NULL: not said. Nor this */
	const struct guest *guest; /* what we may do there; NULL: anything. Nor is this */
	struct tap *tap;           /* keeps what goes over the sockets to it; NULL: nobody does */
};

/* What is wrong with the URL as it is written, as a sentence in the arena that shows no secret; NULL:
 * nothing.
 */
const char *endpoint_objection(struct arena *a, const char *url);

/* "mqtt://host:port", "host:port", "host", "[::1]:1883" (default port 1883), "unix:///path". Resolves
 * names (the first address that the system offers). False, with a sentence in the arena, on a bad URL, an
 * unknown scheme or an unknown host.
 */
bool endpoint_parse(struct arena *a, const char *url, struct endpoint *out, const char **error);

/* Connects within the deadline (monotonic microseconds), as the endpoint's transport does. NULL on failure,
 * with a sentence in the arena.
 */
struct pipe *endpoint_dial(
	struct arena *a, const struct endpoint *to, int64_t deadline_us, const char **error);

/* The same without what lies on the lowest of its layers: TCP instead of TLS. */
struct pipe *endpoint_dial_bare(
	struct arena *a, const struct endpoint *to, int64_t deadline_us, const char **error);

#endif
