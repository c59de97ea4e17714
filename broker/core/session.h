/* A client's session: what outlives its connections.
 *
 *      created ──▶ connected ◀──▶ offline ──▶ ended          connected: link is set
 *                                                            offline:   the timer runs
 *
 * Sessions are found by Client Identifier in one hash table. The rarely used parts are allocated when
 * they are needed: a client that only publishes at QoS 0 has none of them.
 */
#ifndef BROKER_CORE_SESSION_H
#define BROKER_CORE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/idset.h"
#include "broker/core/timer.h"
#include "mqtt/view.h"

struct broker;
struct draw;
struct link;
struct outgoing;
struct subscription;
struct will;

enum { SESSION_NEVER_EXPIRES = 0xFFFFFFFF };

struct session {
	struct session *chained; /* next in the same bucket */
	struct link *link;       /* NULL: offline */
	struct link *ending;     /* an earlier one that still has to write; or NULL */
	struct outgoing *outgoing;
	struct idset *received; /* QoS 2, not released; NULL: none */
	struct subscription *subscriptions;
	struct draw *draws; /* retained messages that are still to come */
	struct will *will;  /* NULL: none */
	int64_t expires_ms; /* while offline; INT64_MAX: never */
	uint64_t stamp;     /* see subscriptions.h: the match that reached it last ... */
	uint32_t target;    /* ... and its place there */
	uint32_t subscription_count;
	uint32_t hash;
	uint32_t expiry_s; /* Session Expiry Interval */
	struct timer
		timer; /* expiry, and the Will if that comes first; see also session_pump_later */
	uint16_t id_len;
	uint8_t version; /* enum mqtt_version, of the latest connection */
	bool durable;    /* it is in the store */
	uint8_t id[];
};

struct sessions {
	struct session **buckets;
	uint32_t bucket_count; /* a power of two */
	uint32_t count;
};

bool sessions_init(struct broker *b);
void sessions_fini(struct broker *b); /* frees all sessions, as broker_free says */

struct session *session_find(struct broker *b, struct mqtt_view id);

/* A new one, offline, which nobody has yet. NULL without memory. */
struct session *session_new(struct broker *b, struct mqtt_view id, uint32_t expiry_s);

/* Its connection is over. The Will is published, now or later, unless `drop_will`; the session may be
 * ended by it.
 */
void session_detach(struct broker *b, struct session *s, bool drop_will);

/* Ends it: publishes its Will, leaves all shares, frees it. It must be offline. */
void session_end(struct broker *b, struct session *s);

/* Its link has room again: what has waited for that is sent by the next broker_tick. What is put into
 * the store by it is committed then, before it is written.
 */
void session_pump_later(struct broker *b, struct session *s);

/* Its timer came up. */
void session_due(struct broker *b, struct session *s);

/* Sets the timer of an offline session; ends it if that cannot be. */
void session_wait(struct broker *b, struct session *s);

struct mqtt_view session_id(const struct session *s);

#endif
