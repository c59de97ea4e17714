/* From a publication to the sessions that want it, and into a PUBLISH packet for each. */
#ifndef BROKER_CORE_DELIVER_H
#define BROKER_CORE_DELIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/message.h"
#include "broker/core/subscriptions.h"

struct broker;
struct link;
struct session;

/* How one client gets it. */
struct sending {
	const struct target_id *ids; /* Subscription Identifiers: a chain as in struct target */
	uint32_t first_id;
	uint16_t id; /* Packet Identifier; 0 at QoS 0 */
	uint8_t qos;
	bool retain;
	bool dup;
};

enum deliver_result {
	DELIVER_OK,      /* sent, or kept to be sent */
	DELIVER_DROPPED, /* it matches, and cannot be had: the queue is full, or offline at QoS 0 */
	DELIVER_NOBODY,  /* no member of the share may have it */
	DELIVER_FAILED,  /* above QoS 0, and dropped for lack of memory */
};

struct publish_result {
	uint32_t
		matches; /* sessions and shares that it is for, whether they could be given it or not */
	uint32_t reached; /* those that have it, or will */
	bool failed;      /* there was no memory to match, to retain, or to keep it for somebody */
};

/* Retains it if it is to be, and delivers it to all. */
struct publish_result publish(struct broker *b, struct publication *p);

/* Whether the host lets this client have a message of this topic. */
bool may_get(struct broker *b, const struct session *s, struct mqtt_view topic);

/* To one session, under these conditions. */
enum deliver_result deliver(struct broker *b, struct session *s, struct publication *p,
	const struct sending *how, struct share *share);

/* To a member of a share that can take it, the next in turn. */
enum deliver_result deliver_to_share(struct broker *b, struct share *share, struct publication *p);

enum send_result { SEND_OK, SEND_TOO_LARGE, SEND_FAILED };

/* Writes the packet to the link's output. */
enum send_result send_publish(
	struct broker *b, struct link *l, struct publication *p, const struct sending *how);

#endif
