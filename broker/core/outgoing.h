/* What a session sends at QoS 1 and 2: its ring of deliveries, and their Packet Identifiers.
 *
 * A new connection moves `ring.sent` back to `ring.first`, so that sending again is the same as sending.
 */
#ifndef BROKER_CORE_OUTGOING_H
#define BROKER_CORE_OUTGOING_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/delivery_ring.h"
#include "broker/core/forward.h"
#include "broker/core/idset.h"
#include "spec/spec.h"

struct broker;
struct session;
struct share;

struct outgoing {
	struct delivery_ring ring;
	uint32_t queue_bytes; /* of what waits */
	uint32_t outstanding; /* deliveries that are `counted` */
	uint32_t sequence;
	uint32_t received; /* deliveries that are so, or were */
	uint16_t next_id;

	/* Once the identifiers have come round to one that is still in use: those that are to be passed over.
	 * What is sent after that is added when they come round to `mark` again. Until then empty,
	 * hence NULL.
	 */
	struct idset *open;
	uint16_t mark;
};

enum deliver_result {
	DELIVER_OK,      /* sent, or kept to be sent */
	DELIVER_DROPPED, /* it matches, but has to go: the queue is full, or offline at QoS 0 */
	DELIVER_NOBODY,  /* no member of the share may have it */
	DELIVER_FAILED,  /* above QoS 0, and dropped for lack of memory */
};

/* Sends a message, or keeps it until it can be sent; goes on without the store if that has no room
 * for it. While broker.staging is set, nothing is sent yet (outgoing_pump does that), and a full
 * store is a failure.
 */
enum deliver_result outgoing_add(struct broker *b, struct session *s, struct publication *p,
	const struct sending *how, struct share *share);

/* Takes back what was staged last, as if it had never come. */
void outgoing_unstage(struct broker *b, struct session *s);

/* Whether a message of this size can wait there. */
bool outgoing_has_room(const struct broker *b, const struct session *s, size_t size);

/* Sends what quota and output allow. */
void outgoing_pump(struct broker *b, struct session *s);

/* PUBACK, PUBREC or PUBCOMP. A PUBREC that the store has no room for is answered later. False: no delivery of that identifier
 * is waiting for it.
 */
bool outgoing_acknowledge(
	struct broker *b, struct session *s, enum packet_type type, uint16_t id, uint8_t reason);

/* What waits for that is tried again: there may be room in the store. It is connected. */
void outgoing_try_again(struct broker *b, struct session *s);

/* Nothing waits and the quota is not used up: what comes is sent at once. */
bool outgoing_is_ready(const struct session *s);

void outgoing_resume(struct broker *b, struct session *s); /* there is a new connection */
void outgoing_rest(struct broker *b, struct session *s);   /* the connection is gone */

/* Something waits to be sent; `o` may be NULL. */
bool outgoing_waits(const struct outgoing *o);

/* The deliveries that are not done, one after the other, from `*at` = 0 on; NULL after the last, and
 * at once if `o` is NULL. None may be added meanwhile.
 */
struct delivery *outgoing_next(const struct outgoing *o, uint32_t *at);

/* It is somebody else's now. */
void outgoing_hand_on(struct broker *b, struct session *s, struct delivery *d);

/* Takes all deliveries out of the store, as the session is taken out. */
void outgoing_forget(struct broker *b, struct session *s);

void outgoing_free(struct broker *b, struct session *s);

/* A delivery out of the store. */
bool outgoing_restore(struct broker *b, struct session *s, const struct delivery *d);

#endif
