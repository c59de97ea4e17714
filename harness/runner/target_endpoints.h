/* Where a target is reached: the usual place over each transport, and those where users or certificates are asked
 * for. Within harness/runner; others ask target.h.
 */
#ifndef HARNESS_TARGET_ENDPOINTS_H
#define HARNESS_TARGET_ENDPOINTS_H

#include <stdbool.h>

struct arena;
struct endpoint;
struct placeholder;
struct target;
struct transport;

/* Whether it is to be reached over this transport, if it offers it. */
bool target_wants(const struct target *t, const struct transport *transport);

/* Of a launched program: one for each route that its file has a placeholder for, the first of which is the usual
 * one. False, with a sentence.
 */
bool target_find_endpoints(struct target *t, const char **error);

/* Where users and certificates are asked for, by the file, if there is one; `values` for the placeholders there. The
 * same.
 */
bool target_find_special(struct target *t, const struct placeholder *values, const char **error);

/* The first of all these places that takes no connections yet, and why not, in the arena; NULL: there is none. */
const struct endpoint *target_silent_at(const struct target *t, struct arena *a, const char **why);

#endif
