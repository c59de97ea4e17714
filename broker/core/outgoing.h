/* What a session sends at QoS 1 and 2, in order, in one ring.
 *
 *        first              sent                   end
 *          ▼                 ▼                      ▼
 *      ... | 7 | 8 | - | 9 | | 3 | 4 |   |   |   |  ...
 *            sent, to be       not sent on this connection: first what an earlier connection
 *            acknowledged      left (it has its identifier still), then what waits
 *
 * A new connection moves `sent` back to `first`, so that sending again is the same as sending. Acknowledged
 * deliveries stay as DELIVERY_DONE until those before them are, too.
 */
#ifndef BROKER_CORE_OUTGOING_H
#define BROKER_CORE_OUTGOING_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/deliver.h"
#include "spec/spec.h"

struct broker;
struct message;
struct session;
struct share;

enum delivery_state {
	DELIVERY_WAITING,  /* never sent: no identifier */
	DELIVERY_SENT,     /* PUBLISH; PUBACK or PUBREC is to come */
	DELIVERY_RELEASED, /* PUBREL; PUBCOMP is to come */
	DELIVERY_DONE,
};

/* What few deliveries have. */
struct delivery_extra {
	struct share *share; /* through which it came; NULL: none */
	uint32_t count;
	struct target_id ids[]; /* Subscription Identifiers, chained backwards */
};

struct delivery {
	struct message *message; /* NULL from DELIVERY_RELEASED on */
	struct delivery_extra *extra;
	uint32_t sequence; /* its name in the store */
	uint16_t id;       /* Packet Identifier; 0: none yet */
	uint8_t state;     /* enum delivery_state */
	uint8_t qos : 2;
	bool retain : 1;
	bool counted : 1; /* it takes up the client's Receive Maximum */
};

struct outgoing {
	struct delivery *ring;
	uint32_t capacity; /* a power of two */
	uint32_t first, sent,
		end;          /* ever growing; a place in the ring is such a number % capacity */
	uint32_t queue_bytes; /* of what waits */
	uint32_t outstanding; /* deliveries that are `counted` */
	uint32_t sequence;
	uint16_t next_id;
};

/* Sends a message, or keeps it until it can be sent. */
enum deliver_result outgoing_add(struct broker *b, struct session *s, struct publication *p,
	const struct sending *how, struct share *share);

/* Sends what quota and output allow. */
void outgoing_pump(struct broker *b, struct session *s);

/* PUBACK, PUBREC or PUBCOMP. False if no delivery of that identifier is waiting for it. */
bool outgoing_acknowledge(
	struct broker *b, struct session *s, enum packet_type type, uint16_t id, uint8_t reason);

/* Nothing waits and the quota is not used up: what comes is sent at once. */
bool outgoing_is_ready(const struct broker *b, const struct session *s);

void outgoing_resume(struct broker *b, struct session *s); /* there is a new connection */
void outgoing_rest(struct broker *b, struct session *s);   /* the connection is gone */

/* Gives what other members of a share may have to them, as the session ends. */
void outgoing_hand_on(struct broker *b, struct session *s);
void outgoing_free(struct broker *b, struct session *s);

/* A delivery out of the store. */
bool outgoing_restore(struct broker *b, struct session *s, const struct delivery *d);

#endif
