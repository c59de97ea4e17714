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

/* While broker.staging is set, a publication goes to nobody: it is put into the store for those who get it above
 * QoS 0, and noted here.
 */
struct staged {
	struct session *session;
	struct sending how;
	struct target_id own; /* of a share: what `how.ids` points to */
};

/* As `deliver`, except that nothing is sent yet. DELIVER_FAILED: there is no room for it, and nothing of it is left. */
enum deliver_result deliver_stage(struct broker *b, struct session *s, struct publication *p,
	const struct sending *how, struct share *share);

/* What was staged of a publication is sent, or taken back as if it had never come. */
void deliver_staged(struct broker *b, struct publication *p);
void deliver_unstage(struct broker *b);

/* To a member of a share that can take it, the next in turn; staged, while that is so. */
enum deliver_result deliver_to_share(struct broker *b, struct share *share, struct publication *p);

#endif
