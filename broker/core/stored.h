/* What a pair of the store says, read without a broker: the opposite of record.c, for restore.c and for
 * whoever wants to look.
 */
#ifndef BROKER_CORE_STORED_H
#define BROKER_CORE_STORED_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/view.h"

enum { STORED_VERSION = 4 }; /* first byte of every value: pairs of another one are not read */

enum stored_kind {
	STORED_SESSION = 'a',
	STORED_SUBSCRIPTION = 'b',
	STORED_RECEIVED = 'c',
	STORED_MESSAGE = 'd',
	STORED_DELIVERY = 'e',
	STORED_RETAINED = 'f',
};

/* All times are wall clock (ms since 1970); INT64_MAX: never. */
struct stored_message {
	struct mqtt_view topic, properties, payload;
	int64_t expires_ms;
	uint8_t qos;
	bool retain;
};

struct stored_will {
	struct stored_message message;
	uint32_t delay_s;
	uint32_t lifetime_s;
	bool expires;
	int64_t due_ms; /* unless the session was connected */
};

struct stored_session {
	struct mqtt_view id, user_name;
	uint32_t expiry_s;  /* 0: it is there for its Will alone */
	int64_t expires_ms; /* unless it was connected */
	uint8_t version;    /* enum mqtt_version */
	uint8_t realm;
	bool connected;
	bool has_will;
	struct stored_will will;
};

struct stored_subscription {
	struct mqtt_view filter;
	uint32_t id; /* Subscription Identifier; 0: none */
	uint8_t qos;
	bool no_local, retain_as_published;
};

/* Packet Identifiers: a bit for each, see idset_block. */
struct stored_received {
	uint8_t block;
	struct mqtt_view bits;
};

struct stored_delivery {
	uint64_t serial; /* of its message; 0: it is released */
	uint32_t sequence;
	uint16_t id;   /* Packet Identifier; 0: none yet */
	uint8_t state; /* enum delivery_state */
	uint8_t qos;
	bool retain;
	struct mqtt_view ids;   /* Subscription Identifiers, four bytes each */
	struct mqtt_view share; /* the filter of the share that it came through; no bytes: none */
};

/* The views point into the pair. */
struct stored {
	enum stored_kind kind;
	uint64_t number; /* of the session, or the serial of the message; 0: retained */
	union {
		struct stored_session session;
		struct stored_subscription subscription;
		struct stored_received received;
		struct stored_message message; /* also a retained one */
		struct stored_delivery delivery;
	};
};

/* The lowest of the identifiers from `least` on; 0: there is none. */
uint16_t stored_received_next(const struct stored_received *r, uint32_t least);

/* False if this is no such pair: nothing in a store is trusted. */
bool stored_read(struct stored *p, struct mqtt_view key, struct mqtt_view value);

#endif
