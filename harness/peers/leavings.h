/* What a case run may leave on its target: sessions that outlive their connection, and retained
 * messages. It is written down before the packet goes out, in memory that outlives the process, so
 * that it can be cleared whatever becomes of that.
 *
 *	leavings_new ──▶ leavings_note ... ──▶ leavings_clear ──▶ leavings_count: what could not be
 */
#ifndef HARNESS_LEAVINGS_H
#define HARNESS_LEAVINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/wire/wire.h"

struct arena;
struct endpoint;
struct leavings;

enum leaving_kind {
	LEFT_SESSION,  /* of this ClientId */
	LEFT_RETAINED, /* on this topic */
};

struct leaving {
	enum leaving_kind kind;
	enum mqtt_version version;
	struct bytes name;
	bool cleared;
};

/* Shared with the processes that are forked later; NULL with errno. */
struct leavings *leavings_new(void);
void leavings_free(struct leavings *l); /* NULL is fine */

/* The same thing is noted once. What there is no room for is counted as lost. */
void leavings_note(struct leavings *l, const struct leaving *leaving);

/* What a packet of ours may leave, of a client with this ClientId; and what its CONNACK makes of
 * that, `keeps` if it had asked for a session that outlives the connection.
 */
void leavings_sent(struct leavings *l, enum mqtt_version version, const struct packet *packet,
	struct bytes client_id);
void leavings_came(struct leavings *l, enum mqtt_version version, const struct packet *packet,
	struct bytes client_id, bool keeps);

/* Connects as each client of a session, with a clean start, and then, as `client_id`, publishes nothing
 * on each topic; off the record, for limit_us at most for each connection. Stops when there is no
 * connection.
 */
void leavings_clear(struct leavings *l, struct arena *a, const struct endpoint *target,
	const char *client_id, int64_t limit_us);

/* How many of this kind have not been cleared. */
size_t leavings_count(const struct leavings *l, enum leaving_kind kind);
size_t leavings_lost(const struct leavings *l);

/* Those of another that have not been cleared. */
void leavings_take_over(struct leavings *l, const struct leavings *from);

/* The next one at or after *at, which moves on; false: there is no more. */
bool leavings_next(const struct leavings *l, size_t *at, struct leaving *out);

#endif
