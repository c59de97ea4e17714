#include "broker/core/link.h"

#include <string.h>

#include "broker/core/core.h"
#include "broker/core/outgoing.h"
#include "broker/core/record.h"
#include "mqtt/control.h"
#include "mqtt/publish.h"

/* What a link that ends may still have to write: no more than a poor network takes in that time. */
enum { END_OUTPUT_BYTES = 1 << 20 };

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

static void extra_free(struct link *l)
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

/* ---- the end ------------------------------------------------------------------------------- */

static void link_cut(struct link *l)
{
	l->must_close = true;
	output_cut(&l->output, &l->broker->memory, 0);
	link_mark(l);
}

/* Of the connections of a session that end, the latest is kept: whoever comes and is thrown out again
 * and again takes up no more than one of them.
 */
static void ending_keep(struct link *l)
{
	struct session *s = l->session;

	if (s->ending) {
		s->ending->left = NULL;
		link_cut(s->ending);
	}
	s->ending = l;
	l->left = s;
}

/* Gives back what a connection has besides its output. */
static void link_leave(struct link *l, bool drop_will)
{
	struct broker *b = l->broker;

	l->state = LINK_ENDS;
	l->stopped = true;
	memory_give(&b->memory, l->tail, l->tail_size);
	l->tail = NULL;
	l->tail_len = l->tail_size = 0;
	if (b->config.auth.end)
		b->config.auth.end(b->config.auth.context, l->owner);
	if (l->session)
		session_detach(b, l->session, drop_will);
	extra_free(l);
}

/* Many messages that wait are not for this connection any more: the client has gone, or has to, or is
 * elsewhere, and those of QoS 1 and 2 are in its session.
 */
static void output_shorten(struct link *l)
{
	output_cut(&l->output, &l->broker->memory, END_OUTPUT_BYTES);
}

static void link_end(struct link *l, bool drop_will)
{
	struct broker *b = l->broker;

	b->ending++;
	link_mark(l);
	if (l->session)
		ending_keep(l);
	link_leave(l, drop_will);
	if (!timer_set(&b->timers, &l->timer, b->now_ms + b->config.limits.end_wait_ms))
		link_cut(l);
}

void link_finish(struct link *l, bool drop_will)
{
	if (l->state == LINK_ENDS)
		return;
	output_shorten(l);
	link_end(l, drop_will);
}

/* DISCONNECT, with a Reason String if that fits. [MQTT-3.14.2-3] */
static void disconnect_send(struct link *l, uint8_t reason, const char *what)
{
	struct broker *b = l->broker;
	struct mqtt_control disconnect = { .reason = reason };

	buf_reset(&b->added);
	mqtt_property_add_view(&b->added, MQTT_REASON_STRING, mqtt_view_of(what));
	disconnect.properties.raw = (struct mqtt_view){ b->added.data, (uint32_t)b->added.len };
	buf_reset(&b->packet);
	if (mqtt_disconnect_write(&b->packet, MQTT_50, MQTT_FROM_SERVER, &disconnect) &&
		link_send_packet(l))
		return;
	disconnect.properties.raw.len = 0;
	buf_reset(&b->packet);
	if (mqtt_disconnect_write(&b->packet, MQTT_50, MQTT_FROM_SERVER, &disconnect))
		link_send_packet(l);
}

void link_dismiss(struct link *l, uint8_t reason, const char *what)
{
	if (l->state == LINK_ENDS)
		return;
	if (reason != MQTT_SERVER_SHUTTING_DOWN)
		output_shorten(l);
	/* Never before CONNACK [MQTT-3.14.0-1], and 3.1.1 does not have it. */
	if (l->state == LINK_UP && l->version == MQTT_50)
		disconnect_send(l, reason, what);
	link_end(l, false);
}

void link_fail(struct link *l, const struct mqtt_error *e)
{
	struct broker *b = l->broker;

	b->figures.refused++;
	if (b->config.trouble)
		b->config.trouble(b->config.trouble_context, l->owner, e);
	if (l->state == LINK_UP)
		link_dismiss(l, e->reason, e->what);
	else
		link_refuse_connect(l, e->reason, e->what);
}

void link_refuse(struct link *l, uint8_t reason, const char *statement, const char *what)
{
	struct mqtt_error e = { reason, statement, what };

	link_fail(l, &e);
}

/* How long there may be no sign of life. That is a packet; but while nothing is read, it is that the
 * client takes what is written: see link_written.
 */
static int64_t silence_max_ms(const struct link *l)
{
	int64_t ms = (int64_t)l->keep_alive_s * 1500;
	int64_t stuck_ms = l->broker->config.limits.stuck_wait_ms;

	return link_is_congested(l) && ms < stuck_ms ? stuck_ms : ms;
}

static void silence_refuse(struct link *l)
{
	if (link_is_congested(l))
		link_refuse(l, MQTT_QUOTA_EXCEEDED, "5.0:U50-ERR-CODES",
			"nothing is taken of what waits to be written");
	else /* [MQTT-3.1.2-24] of 3.1.1, [MQTT-3.1.2-22] of 5.0 */
		link_refuse(l, MQTT_KEEP_ALIVE_TIMEOUT,
			MQTT_BY_VERSION(l->version, "MQTT-3.1.2-24", "MQTT-3.1.2-22"),
			"nothing heard for one and a half times the Keep Alive");
}

/* Keep Alive. A host with a clock that goes on by itself may be late, and the sign of life be there to
 * be read: it gets a turn to look, before the client is blamed.
 */
static void keep_alive_due(struct link *l)
{
	struct broker *b = l->broker;
	uint32_t grain_ms = b->config.clock_grain_ms;

	if (l->stopped)
		l->heard_ms = b->now_ms; /* it is the host's verdict that is waited for */
	int64_t due_ms = l->heard_ms + silence_max_ms(l) + grain_ms;
	bool late = b->now_ms >= due_ms;
	if (late && (l->doubted || !grain_ms)) {
		silence_refuse(l);
		return;
	}
	l->doubted = late;
	if (!timer_set(&b->timers, &l->timer, late ? b->now_ms + grain_ms : due_ms))
		link_finish(l, false);
}

void link_due(struct link *l)
{
	if (l->state == LINK_ENDS)
		link_cut(l);
	else if (l->state == LINK_UP)
		keep_alive_due(l);
	else
		link_finish(l, false);
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

void link_closed(struct link *l)
{
	struct broker *b = l->broker;

	if (l->state == LINK_ENDS)
		b->ending--;
	else
		link_leave(l, false);
	if (l->left)
		l->left->ending = NULL;
	timer_clear(&b->timers, &l->timer);
	output_fini(&l->output, &b->memory);
	b->figures.links--;
	if (l->pending)
		l->gone = true; /* it is in the list, which frees it */
	else
		memory_give(&b->memory, l, sizeof(*l));
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
	if (!congested)
		return;
	l->heard_ms = b->now_ms; /* nothing was read from it */
	if (link_is_congested(l))
		return;
	link_mark(l); /* it may be read from again */
	if (l->session)
		session_pump_later(b, l->session);
}

bool link_ends(const struct link *l)
{
	return l->state == LINK_ENDS;
}

bool link_must_close(const struct link *l)
{
	return l->must_close || (l->broken && l->state != LINK_ENDS);
}

void *link_owner(const struct link *l)
{
	return l->owner;
}
