#include "broker/core/link.h"

#include <string.h>

#include "broker/core/core.h"
#include "broker/core/record.h"
#include "mqtt/publish.h"

void link_mark(struct link *l)
{
	struct broker *b = l->broker;

	if (l->pending)
		return;
	l->pending = true;
	l->pending_next = NULL;
	if (b->pending_last)
		b->pending_last->pending_next = l;
	else
		b->pending_first = l;
	b->pending_last = l;
}

bool link_is_congested(const struct link *l)
{
	return l->output.bytes >= l->broker->config.limits.output_bytes;
}

struct link_extra *link_extra_make(struct link *l)
{
	if (!l->extra)
		l->extra = memory_take_zeroed(&l->broker->memory, sizeof(*l->extra));
	return l->extra;
}

void link_extra_free(struct link *l)
{
	struct memory *memory = &l->broker->memory;
	struct link_extra *x = l->extra;

	if (!x)
		return;
	aliases_fini(&x->in, memory);
	aliases_fini(&x->out, memory);
	memory_give(memory, x->connect, x->connect_len);
	memory_give(memory, x->user_name, x->user_name_len);
	memory_give(memory, x->method, x->method_len);
	memory_give(memory, x, sizeof(*x));
	l->extra = NULL;
}

struct broker_client link_client(const struct link *l)
{
	struct broker_client client = { .owner = l->owner, .version = l->version };

	if (l->session)
		client.client_id = session_id(l->session);
	if (l->extra)
		client.user_name =
			(struct mqtt_view){ l->extra->user_name, l->extra->user_name_len };
	return client;
}

uint8_t *link_take(struct link *l, uint32_t len)
{
	uint8_t *room = l->broken ? NULL : output_take(&l->output, &l->broker->memory, len);

	l->broken |= !room;
	if (!l->pending)
		link_mark(l);
	return room;
}

bool link_send_packet(struct link *l)
{
	const struct buf *packet = &l->broker->packet;

	if (packet->failed || packet->len > l->packet_max)
		return false;
	uint8_t *room = link_take(l, (uint32_t)packet->len);
	if (room)
		memcpy(room, packet->data, packet->len);
	return true;
}

void link_send_ack(struct link *l, enum packet_type type, uint16_t id, uint8_t reason)
{
	uint8_t ack[5];
	uint32_t len = (uint32_t)mqtt_ack_short(ack, l->version, type, id, reason);

	if (len > l->packet_max) { /* not even that: the client cannot be served */
		l->broken = true;
		link_mark(l);
		return;
	}
	uint8_t *room = link_take(l, len);
	if (room)
		memcpy(room, ack, len);
}

void link_send_refusal(
	struct link *l, enum packet_type type, uint16_t id, uint8_t reason, const char *what)
{
	struct broker *b = l->broker;
	struct mqtt_ack ack = { .id = id, .reason = reason };

	if (l->version == MQTT_50 && l->problem_information) { /* [MQTT-3.1.2-29] */
		buf_reset(&b->added);
		mqtt_property_add_view(&b->added, MQTT_REASON_STRING, mqtt_view_of(what));
		ack.properties.raw = (struct mqtt_view){ b->added.data, (uint32_t)b->added.len };
		buf_reset(&b->packet);
		/* [MQTT-3.4.2-2] [MQTT-3.5.2-2] */
		if (mqtt_ack_write(&b->packet, MQTT_50, MQTT_FROM_SERVER, type, &ack) &&
			link_send_packet(l))
			return;
	}
	link_send_ack(l, type, id, reason);
}

struct link *link_open(struct broker *b, void *owner)
{
	if (b->shutting_down || b->figures.links - b->ending >= b->config.limits.connections)
		return NULL;
	struct link *l = memory_take_zeroed(&b->memory, sizeof(*l));
	if (!l)
		return NULL;
	restore_done(b);
	l->broker = b;
	l->owner = owner;
	l->heard_ms = b->now_ms;
	l->packet_max = UINT32_MAX;
	l->receive_maximum = UINT16_MAX;
	l->timer.kind = TIMER_LINK;
	if (!timer_set(&b->timers, &l->timer, b->now_ms + b->config.limits.connect_wait_ms)) {
		memory_give(&b->memory, l, sizeof(*l));
		return NULL;
	}
	b->figures.links++;
	b->figures.connections_total++;
	return l;
}

struct link *broker_next(struct broker *b)
{
	while (b->pending_first) {
		struct link *l = b->pending_first;
		b->pending_first = l->pending_next;
		if (!b->pending_first)
			b->pending_last = NULL;
		l->pending = false;
		if (l->gone) {
			memory_give(&b->memory, l, sizeof(*l));
			continue;
		}
		return l;
	}
	return NULL;
}

bool link_wants_input(const struct link *l)
{
	return l->state == LINK_ENDS || (!l->stopped && !link_is_congested(l));
}

size_t link_output(const struct link *l, struct broker_piece *pieces, size_t max)
{
	return output_pieces(&l->output, pieces, max);
}

size_t link_output_bytes(const struct link *l)
{
	return l->output.bytes;
}

void link_written(struct link *l, size_t bytes)
{
	struct broker *b = l->broker;
	bool congested = link_is_congested(l);

	b->figures.bytes_sent += bytes;
	output_written(&l->output, &b->memory, bytes);
	if (l->draws && l->session) {
		l->draws = false;
		draws_wake(b, l->session);
	}
	if (!congested)
		return;
	l->heard_ms = b->now_ms; /* nothing was read from it */
	if (link_is_congested(l))
		return;
	link_mark(l); /* it may be read from again */
	if (l->session)
		session_pump_later(b, l->session);
}

void *link_owner(const struct link *l)
{
	return l->owner;
}
