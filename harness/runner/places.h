/* Where a launched program is to listen: a free port for each transport that its file asks for by a
 * placeholder, further ones, and the path of a socket.
 */
#ifndef HARNESS_PLACES_H
#define HARNESS_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/launch/words.h"

struct arena;
struct target_file;
struct transport;

enum {
	FURTHER_PORTS = 8,   /* {port_2} and so on */
	TRANSPORT_PORTS = 4, /* {port}, {tls_port} and so on */
	PLACES_NAMES = 1 + TRANSPORT_PORTS + FURTHER_PORTS,
};

/* 0: the file has no placeholder for it; but for the usual port, which everybody has. */
struct places {
	uint16_t ports[TRANSPORT_PORTS]; /* in the order of those of transports[] that have ports */
	uint16_t further[FURTHER_PORTS];
	int claims[TRANSPORT_PORTS +
		FURTHER_PORTS]; /* port_claim; what is chosen beyond them has none */
	size_t claim_count;
};

/* Those of the last time again, as far as they are still free, and others for the rest. */
void places_choose(struct places *p, struct arena *a, const struct target_file *file);

/* Somebody else has one of them by now. */
bool places_lost(const struct places *p);

/* And its claims. */
void places_forget(struct places *p);

/* Where the program is reached over this transport, as a URL in the arena; its private folder has the
 * socket.
 */
const char *places_url(const struct places *p, struct arena *a, const struct transport *transport,
	const char *folder, const char *path);

/* What the placeholders stand for, in the arena. Returns how many there are. */
size_t places_fill(const struct places *p, struct arena *a, const char *folder,
	struct placeholder out[static PLACES_NAMES]);

#endif
