/* What goes out over a link: room for it, and packets that are small or rare. */
#ifndef BROKER_CORE_LINK_OUT_H
#define BROKER_CORE_LINK_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/core.h"
#include "broker/core/link.h"
#include "spec/spec.h"

/* Too much waits to be written. */
static inline bool link_is_congested(const struct link *l)
{
	return l->output.bytes >= l->broker->config.limits.output_bytes;
}

/* A message may be sent to the client now. */
static inline bool link_can_send(const struct link *l)
{
	return l->state == LINK_UP && !link_is_congested(l);
}

/* How many deliveries may be without an acknowledgement at a time. [MQTT-4.9.0-1] */
static inline uint32_t link_quota(const struct link *l)
{
	uint16_t most = l->broker->config.limits.inflight;

	return l->receive_maximum < most ? l->receive_maximum : most;
}

/* Room in the output; NULL without memory, and then the link is going to be closed. */
static inline uint8_t *link_take(struct link *l, uint32_t len)
{
	uint8_t *room = l->broken ? NULL : output_take(&l->output, &l->broker->memory, len);

	l->broken |= !room;
	if (!l->pending)
		link_mark(l);
	return room;
}

/* Sends packets of a sheet by reference, as output_grow and output_refer do. False if nothing was sent. */
static inline bool link_grow(struct link *l, const uint8_t *packets, uint32_t len)
{
	if (!output_grow(&l->output, packets, len))
		return false;
	if (!l->pending)
		link_mark(l);
	return true;
}

bool link_refer(struct link *l, struct sheet *sheet, const uint8_t *packets, uint32_t len);

/* Sends what is in broker.packet, unless it is larger than the client allows: then false. */
bool link_send_packet(struct link *l);

/* An acknowledgement without properties. */
void link_send_ack(struct link *l, enum packet_type type, uint16_t id, uint8_t reason);

/* PUBACK or PUBREC that refuses a message: with a Reason String, if the client wants one. */
void link_send_refusal(
	struct link *l, enum packet_type type, uint16_t id, uint8_t reason, const char *what);

#endif
