/* One message on its way to one session at QoS 1 or 2. */
#ifndef BROKER_CORE_DELIVERY_H
#define BROKER_CORE_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/match.h"

struct memory;
struct message;
struct share;

enum delivery_state {
	DELIVERY_WAITING,  /* never sent: no identifier */
	DELIVERY_SENT,     /* PUBLISH; PUBACK or PUBREC is to come */
	DELIVERY_RELEASED, /* PUBREL; PUBCOMP is to come */
	DELIVERY_DONE,
};

/* What only few deliveries have. */
struct delivery_extra {
	struct share *share; /* through which it came; NULL: none */
	uint32_t count;
	struct target_id ids[]; /* Subscription Identifiers, chained backwards */
};

/* Room for `count` identifiers, and a reference to the share, which may be NULL. NULL without memory. */
struct delivery_extra *delivery_extra_new(
	struct memory *memory, struct share *share, uint32_t count);
void delivery_extra_free(struct memory *memory, struct delivery_extra *extra); /* NULL is fine */

struct delivery {
	struct message *message; /* NULL from DELIVERY_RELEASED on */
	struct delivery_extra *extra;
	uint32_t sequence; /* its name in the store */
	uint16_t id;       /* Packet Identifier; 0: none yet */
	uint8_t state;     /* enum delivery_state */
	uint8_t qos : 2;
	bool retain : 1;
	bool counted : 1;  /* it counts against the client's Receive Maximum */
	bool stored : 1;   /* in the store, where it names its message */
	bool staged : 1;   /* it has an identifier and was never sent */
	bool received : 1; /* PUBREL waits until the store has room for that */
};

#endif
