/* What becomes of a session: it is made, loses its connection, waits for another, ends. */
#ifndef BROKER_CORE_SESSION_LIFE_H
#define BROKER_CORE_SESSION_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/session.h"
#include "mqtt/view.h"

struct broker;

/* A new one, offline; no other may have its identifier. With a number, which is not 0 where there is a store, it can be
 * kept there. NULL without memory.
 */
struct session *session_new(struct broker *b, struct mqtt_view id, uint32_t expiry_s,
	enum session_kept kept, uint64_t number);

/* Its connection is over. The Will is published, now or later, unless `drop_will`; this may end the
 * session.
 */
void session_detach(struct broker *b, struct session *s, bool drop_will);

/* Ends it: leaves all shares, publishes its Will, frees it. It must be offline. False if the store has no room for what
 * follows from that: it is over and gets nothing any more, but stays until there is room.
 */
bool session_end(struct broker *b, struct session *s);

/* Publishes its Will if that has waited for long enough. False if it has to wait until the store has room for it. It
 * must be offline.
 */
bool session_will_due(struct broker *b, struct session *s);

/* Takes it out of the store, with all that belongs to it. */
void session_forget(struct broker *b, struct session *s);

/* Takes all out of the store that belongs to it, and leaves it there for its Will. */
void session_forget_parts(struct broker *b, struct session *s);

/* Frees all of them. They have not ended: they are in the store, if there is one. */
void sessions_free_all(struct broker *b);

/* Its link has room again: what has waited for that is sent by the next broker_tick. What that puts
 * into the store is committed before it is written.
 */
void session_pump_later(struct broker *b, struct session *s);

/* Tells the store what has become of it; if that has no room now, its timer tries again. */
void session_record(struct broker *b, struct session *s);

/* Its timer has fired. */
void session_due(struct broker *b, struct session *s);

/* Sets the timer of an offline session; ends it if that fails. */
void session_wait(struct broker *b, struct session *s);

#endif
