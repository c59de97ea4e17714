/* What goes into the durable store, and how it comes back.
 *
 *      key                                   value, after the version
 *      'a' session                           Client Identifier, expiry, end, user name, Will
 *      'b' session | filter                  options, Subscription Identifier
 *      'c' session | block of identifiers    a bit for each: idset_block       QoS 2, received
 *      'd' serial                            message
 *      'e' session | sequence                serial, state, Packet Identifier, ..., share
 *      'f' topic                             message                           retained
 *
 * A session goes by its number. They come back in the order of the keys, so that each pair finds what it refers
 * to: stored.h reads them. Only sessions that outlive their connection are stored, and 'a' for those that do not but
 * have a Will: for others, nothing here does anything, and everything succeeds.
 *
 * Where a client may be told of what has changed, its link is held until that is committed (link_hold, commit.h).
 *
 * What returns a bool may fail, as the store may: then the store is as it was.
 */
#ifndef BROKER_CORE_RECORD_H
#define BROKER_CORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/delivery.h"
#include "broker/core/session.h"
#include "mqtt/view.h"

struct broker;
struct message;
struct subscription;

bool record_session(struct broker *b, const struct session *s);

/* It has ended, but for what follows from that: it says no more than before, for which there is always room, unless its
 * Will is large.
 */
bool record_session_over(struct broker *b, const struct session *s);

/* And all that belongs to it but its deliveries: see session_forget. */
void record_session_gone(struct broker *b, struct session *s);
void record_parts_gone(struct broker *b, const struct session *s); /* it stays */

/* All of its subscriptions. */
void record_subscriptions_gone(struct broker *b, const struct session *s);

bool record_subscription(struct broker *b, const struct session *s, struct mqtt_view filter,
	const struct subscription *options);
void record_subscription_gone(struct broker *b, const struct session *s, struct mqtt_view filter);

/* It is among those of the session, or no longer. */
bool record_received_store(struct broker *b, const struct session *s, uint16_t id);
void record_received_drop(struct broker *b, const struct session *s, uint16_t id);

static inline bool record_received(struct broker *b, const struct session *s, uint16_t id)
{
	return !session_is_durable(s) || record_received_store(b, s, id);
}

static inline void record_received_gone(struct broker *b, const struct session *s, uint16_t id)
{
	if (session_is_durable(s))
		record_received_drop(b, s, id);
}

bool record_delivery_store(struct broker *b, const struct session *s, struct delivery *d);
void record_delivery_drop(struct broker *b, const struct session *s, struct delivery *d);

/* A new delivery; its message is stored while deliveries name it. One that could not be stored stays out
 * of the store, and later changes to it do not fail.
 */
static inline bool record_delivery(struct broker *b, const struct session *s, struct delivery *d)
{
	return !session_is_durable(s) || record_delivery_store(b, s, d);
}

/* Its state has changed, or its Packet Identifier. One that is released no longer names its
 * message.
 */
bool record_delivery_change(struct broker *b, const struct session *s, struct delivery *d);
static inline void record_delivery_gone(
	struct broker *b, const struct session *s, struct delivery *d)
{
	if (d->stored)
		record_delivery_drop(b, s, d);
}

void record_message_orphan(struct broker *b, const struct message *m); /* restored, and not named */
void record_orphan(struct broker *b, struct mqtt_view key);            /* that belongs to nothing */

bool record_retained(struct broker *b, const struct message *m);
void record_retained_gone(struct broker *b, struct mqtt_view topic);

#endif
