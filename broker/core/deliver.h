/* A publication on its way to the sessions that want it. */
#ifndef BROKER_CORE_DELIVER_H
#define BROKER_CORE_DELIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/message.h"
#include "broker/core/outgoing.h"

struct broker;
struct session;
struct share;

/* The QoS of a delivery. */
static inline uint8_t qos_least(uint8_t published, uint8_t granted)
{
	return published < granted ? published
				   : granted; /* [MQTT-3.8.4-6] of 3.1.1, [MQTT-3.8.4-8] */
}

/* To one session, under these conditions. */
enum deliver_result deliver(struct broker *b, struct session *s, struct publication *p,
	const struct sending *how, struct share *share);

/* To a member of a share that can take it, the next in turn. */
enum deliver_result deliver_to_share(struct broker *b, struct share *share, struct publication *p);

/* As the session ends, gives the other members of a share what they may have. */
void deliver_hand_on(struct broker *b, struct session *s);

#endif
