/* What goes into the durable store, and how it comes back.
 *
 *      key                                   value
 *      'a' session                           expiry, end, Will
 *      'b' session | filter                  options, Subscription Identifier
 *      'c' session | Packet Identifier       -                                 QoS 2, received
 *      'd' serial                            message
 *      'e' session | sequence                serial, state, Packet Identifier, ...
 *      'f' topic                             message                           retained
 *
 * In the order of the keys, so that each pair finds there what it refers to. Only sessions that
 * outlive their connection are stored. Nothing here can fail: what the store does with it is the
 * host's business.
 */
#ifndef BROKER_CORE_RECORD_H
#define BROKER_CORE_RECORD_H

#include <stdint.h>

#include "mqtt/view.h"

struct broker;
struct delivery;
struct message;
struct session;
struct subscription;

void record_session(struct broker *b, const struct session *s);
/* And all that belongs to it but its deliveries: see session_forget. */
void record_session_gone(struct broker *b, struct session *s);

void record_subscription(struct broker *b, const struct session *s, struct mqtt_view filter,
	const struct subscription *options);
void record_subscription_gone(struct broker *b, const struct session *s, struct mqtt_view filter);

void record_received(struct broker *b, const struct session *s, uint16_t id);
void record_received_gone(struct broker *b, const struct session *s, uint16_t id);

/* A message is stored while deliveries name it. */
void record_message(struct broker *b, const struct session *s, struct message *m);
void record_message_gone(struct broker *b, const struct session *s, struct message *m);
void record_message_orphan(struct broker *b, const struct message *m); /* restored, and not named */
void record_delivery(struct broker *b, const struct session *s, const struct delivery *d);
void record_delivery_gone(struct broker *b, const struct session *s, const struct delivery *d);

void record_retained(struct broker *b, const struct message *m);
void record_retained_gone(struct broker *b, struct mqtt_view topic);

#endif
