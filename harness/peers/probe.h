/* What a target is like: whether it answers at all, and what its CONNACK says it offers. */
#ifndef HARNESS_PROBE_H
#define HARNESS_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capabilities.h"
#include "spec/spec.h"

struct arena;
struct endpoint;

enum probe_status {
	PROBE_UNREACHABLE, /* no TCP connection */
	PROBE_SILENT,      /* a connection, but no CONNACK in time */
	PROBE_STRANGE,     /* an answer that is no CONNACK, or a close without one */
	PROBE_REFUSED,     /* a CONNACK that refuses the version, or anything else */
	PROBE_SERVED,
};

/* Connects once as a plain client. Fills `out` with what was said (PROBE_SERVED) or with the
 * standard's defaults and `served` false. *what gets a sentence for all but PROBE_SERVED. Where a
 * Keep Alive of 0 is not accepted, one of 60 s is tried, and `keep_alive` says so.
 */
enum probe_status probe(struct arena *a, const struct endpoint *target, enum mqtt_version version,
	int64_t answer_us, struct capabilities *out, const char **what);

/* Whether a probe was refused for its version: the target does not speak it, and says so. */
bool probe_refused_version(const struct capabilities *c);

/* The protocol of something that answers no CONNECT ("HTTP", "TLS"); NULL: none that is known. Each
 * is tried on a connection of its own, for at most limit_us.
 */
const char *probe_other(struct arena *a, const struct endpoint *target, int64_t limit_us);

#endif
