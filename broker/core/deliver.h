/* From a publication to the sessions that want it. */
#ifndef BROKER_CORE_DELIVER_H
#define BROKER_CORE_DELIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/message.h"
#include "broker/core/outgoing.h"

struct broker;
struct session;
struct share;

struct publish_result {
	uint32_t
		matches; /* sessions and shares that it is for, whether they could be given it or not */
	uint32_t reached; /* those that have it, or will */
	bool failed;      /* there was no memory to match, to retain, or to keep it for somebody */
};

/* Retains it if it is to be, and delivers it to all. */
struct publish_result publish(struct broker *b, struct publication *p);

/* To one session, under these conditions. */
enum deliver_result deliver(struct broker *b, struct session *s, struct publication *p,
	const struct sending *how, struct share *share);

/* To a member of a share that can take it, the next in turn. */
enum deliver_result deliver_to_share(struct broker *b, struct share *share, struct publication *p);

/* Gives what other members of a share may have to them, as the session ends. */
void deliver_hand_on(struct broker *b, struct session *s);

#endif
