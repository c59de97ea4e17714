/* A target for one case run alone: a persistent instance of the program that is judged, which the case
 * run stops and starts again.
 *
 *   runner                        the case run's process              the instance
 *   makes the folder      ──▶     launches it there            ──▶    listens at ports of its own
 *                                 ends, in whatever way        ──▶    is ended by its keeper
 *   removes the folder
 *
 * docs/decisions/0023-restarts.md says why the process of the case run owns it.
 */
#ifndef HARNESS_OWN_TARGET_H
#define HARNESS_OWN_TARGET_H

#include "harness/instance.h"
#include "harness/runner/target.h"

struct own_target {
	struct instance instance;
	struct target target; /* target.endpoint: where it listens, once it is up */
	struct arena arena;   /* of its file */
	const struct transport *route;
	int status; /* as from waitpid, once it has ended */
	bool begun;
};

/* Why there can be none for a case run over this transport: a sentence that says how there could, in the
 * arena. NULL: there can.
 */
const char *own_target_lack(
	struct arena *a, const struct target *usual, const struct transport *transport);

/* The longest time, in microseconds, that this many starts and stops may take. */
int64_t own_target_limit_us(const struct target_file *file, unsigned starts);

/* Prepares one in this folder, which belongs to the caller. `usual` is the target of the run, and lends it
 * certificates and logins.
 */
void own_target_init(struct own_target *o, const struct target *usual,
	const struct transport *transport, const char *folder);

/* Ends it and frees everything. */
void own_target_fini(struct own_target *o);

#endif
