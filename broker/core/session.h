/* A client's session: what outlives its connections. What becomes of it is in session_life.h.
 *
 *      created ──▶ connected ◀──▶ offline ──▶ ended          connected: link is set
 *                                                            offline:   the timer runs
 *
 * The rarely used parts are allocated when they are needed: a client that only publishes at QoS 0 has
 * none of them.
 */
#ifndef BROKER_CORE_SESSION_H
#define BROKER_CORE_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "broker/core/idset.h"
#include "broker/core/subscriber.h"
#include "broker/core/timer.h"
#include "mqtt/view.h"

struct draw;
struct link;
struct outgoing;
struct will;

enum { SESSION_NEVER_EXPIRES = 0xFFFFFFFF };

/* What of it is in the store. */
enum session_kept {
	SESSION_KEPT_NOT,
	SESSION_KEPT_WILL, /* it ends with its connection, but has a Will that must not be lost with the broker */
	SESSION_KEPT_WHOLE,
};

struct session {
	struct subscriber subscriber; /* the first member: see session_of */
	struct session *chained;      /* next in the same bucket */
	struct link *link;            /* NULL: offline */
	struct link *ending;          /* an earlier one that still has to write; or NULL */
	struct outgoing *outgoing;
	struct idset *received; /* QoS 2, not released; NULL: none */
	struct draw *draws;     /* retained messages that are still to come */
	struct will *will;      /* NULL: none */
	uint8_t *user_name; /* of the latest connection; kept only where someone may ask for it */
	int64_t expires_ms; /* while offline; INT64_MAX: never */
	uint32_t hash;
	uint32_t expiry_s; /* Session Expiry Interval */
	struct timer
		timer; /* expiry, and the Will if that comes first; see also session_pump_later */
	uint16_t id_len;
	uint16_t user_name_len;
	uint8_t version; /* enum mqtt_version, of the latest connection */
	uint8_t realm;   /* the host's, of the latest connection: link_set_realm */
	uint8_t kept;    /* enum session_kept; above SESSION_KEPT_NOT it has a number */
	bool numbered : 1;
	bool owed : 1; /* the store does not know what has become of it: it is told later */
	bool late : 1; /* its Will, or its end, waits until the store has room for what follows from it */
	uint8_t id[]; /* and after that its number */
};

/* Whether anything but its Will is in the store. */
static inline bool session_is_durable(const struct session *s)
{
	return s->kept == SESSION_KEPT_WHOLE;
}

/* Its name in the store, which no other session ever has: so nothing that is left of one can become another's. */
static inline uint64_t session_number(const struct session *s)
{
	uint64_t number;

	memcpy(&number, s->id + s->id_len, sizeof(number));
	return number;
}

static inline struct mqtt_view session_id(const struct session *s)
{
	return (struct mqtt_view){ s->id, s->id_len };
}

/* The session that subscribes. */
static inline struct session *session_of(const struct subscriber *subscriber)
{
	return (struct session *)(uintptr_t)subscriber;
}

#endif
