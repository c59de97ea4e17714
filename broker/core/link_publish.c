#include "broker/core/link_publish.h"

#include <string.h>

#include "broker/core/core.h"
#include "broker/core/link.h"
#include "broker/core/link_end.h"
#include "broker/core/link_out.h"
#include "broker/core/mount.h"
#include "broker/core/publish.h"
#include "broker/core/record.h"
#include "broker/core/session.h"
#include "broker/core/topic.h"
#include "mqtt/publish.h"

/* The topic that an alias stands for, or a new meaning for it. False when that has ended the link.
 */
static bool alias_resolve(struct link *l, struct mqtt_publish *p)
{
	struct broker *b = l->broker;
	uint32_t alias = mqtt_properties_number(&p->properties, MQTT_TOPIC_ALIAS, 0);

	if (!alias)
		return true;
	if (alias > b->config.limits.topic_alias_in) {
		link_refuse(l, MQTT_TOPIC_ALIAS_INVALID, "5.0:MQTT-3.3.2-9",
			"Topic Alias above the maximum");
		return false;
	}
	struct link_extra *x = link_extra_make(l);
	if (x)
		x->in.max = b->config.limits.topic_alias_in;
	if (p->topic.len) {
		if (x && alias_set(&x->in, &b->memory, (uint16_t)alias, p->topic))
			return true;
		link_refuse(l, MQTT_QUOTA_EXCEEDED, "5.0:MQTT-3.3.2-12", "no memory for an alias");
		return false;
	}
	if (x)
		p->topic = alias_get(&x->in, (uint16_t)alias);
	if (!p->topic.len)
		link_refuse(l, MQTT_PROTOCOL_ERROR, "5.0:U50-ALIAS-UNKNOWN", "unknown Topic Alias");
	return p->topic.len != 0;
}

enum {
	QOS_OR_RETAIN = 0x07
}; /* of the flags: without them there is nothing that may not be on offer */

/* What the server has told the client in CONNACK not to do. */
static bool offer_check(struct link *l, const struct mqtt_publish *p)
{
	const struct broker_limits *limits = &l->broker->config.limits;

	if (p->qos > limits->maximum_qos) {
		link_refuse(l, MQTT_QOS_NOT_SUPPORTED, "5.0:MQTT-3.2.2-11", "QoS not supported");
		return false;
	}
	if (p->retain && limits->no_retained) {
		link_refuse(l, MQTT_RETAIN_NOT_SUPPORTED, "5.0:MQTT-3.2.2-14",
			"retained messages not supported");
		return false;
	}
	return true;
}

/* Whether this message goes anywhere: 0, or the code for PUBACK and PUBREC. */
static uint8_t message_check(struct link *l, const struct mqtt_publish *p)
{
	struct broker *b = l->broker;
	const struct broker_access *access = &b->config.access;

	if (!topic_is_taken(&b->config.limits, p->topic))
		return MQTT_TOPIC_NAME_INVALID;
	if (p->properties.seen && !mqtt_publish_payload_valid(p))
		return MQTT_PAYLOAD_FORMAT_INVALID;
	if (!access->publish)
		return MQTT_SUCCESS;
	struct broker_client client = link_client(l);
	return access->publish(access->context, &client, p->topic, p->qos, p->retain);
}

/* All properties but the alias, which is of this connection, and the expiry, which goes on
 * counting down. [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18]
 * [MQTT-3.3.2-20]
 */
static struct mqtt_view properties_forwarded(struct broker *b, const struct mqtt_publish *p)
{
	struct mqtt_property property;
	uint32_t at = 0;

	if (!mqtt_properties_has(&p->properties, MQTT_TOPIC_ALIAS) &&
		!mqtt_properties_has(&p->properties, MQTT_MESSAGE_EXPIRY_INTERVAL))
		return p->properties.raw;
	buf_reset(&b->properties);
	while (mqtt_properties_next(&p->properties, &at, &property))
		if (property.id != MQTT_TOPIC_ALIAS && property.id != MQTT_MESSAGE_EXPIRY_INTERVAL)
			buf_add(&b->properties, property.raw.data, property.raw.len);
	return (struct mqtt_view){ b->properties.data, (uint32_t)b->properties.len };
}

/* As it came: topic and payload are views into it. */
static struct mqtt_view packet_of(const struct mqtt_frame *frame, const struct mqtt_publish *p)
{
	uint32_t size = frame->header_len + frame->body_len;

	return (struct mqtt_view){ p->payload.data + p->payload.len - size, size };
}

/* The packet itself is what others get, unless properties were taken out of it, or its payload is to be
 * pointed at, or its length is written in more bytes than it needs.
 */
static void wire_set(struct publication *to, unsigned version, const struct mqtt_frame *frame,
	const struct mqtt_publish *p)
{
	struct mqtt_view packet = packet_of(frame, p);

	if (to->properties.len != p->properties.raw.len || packet.len >= OUTPUT_SHARE_BYTES ||
		frame->overlong)
		return;
	to->wire = packet;
	to->wire_id = frame->header_len + 2 + p->topic.len;
	to->wire_version = (uint8_t)version;
}

static struct publish_result message_publish(
	struct link *l, const struct mqtt_frame *frame, const struct mqtt_publish *p)
{
	struct broker *b = l->broker;
	struct publication publication = { .topic = p->topic,
		.payload = p->payload,
		.expires_ms = INT64_MAX,
		.qos = p->qos,
		.retain = p->retain,
		.answered = p->qos,
		.publisher = &l->session->subscriber };

	if (p->properties.raw.len) {
		publication.properties = properties_forwarded(b, p);
		if (mqtt_properties_has(&p->properties, MQTT_MESSAGE_EXPIRY_INTERVAL))
			publication.expires_ms = b->now_ms +
				1000 *
					(int64_t)mqtt_properties_number(
						&p->properties, MQTT_MESSAGE_EXPIRY_INTERVAL, 0);
	}
	wire_set(&publication, l->version, frame, p);
	struct publish_result result = publish(b, &publication);
	message_drop(&b->memory, publication.message);
	return result;
}

static uint8_t reason_of(const struct publish_result *result)
{
	if (result->failed)
		return MQTT_QUOTA_EXCEEDED;
	return result->matches ? MQTT_SUCCESS : MQTT_NO_MATCHING_SUBSCRIBERS;
}

static const char *refusal_text(uint8_t reason)
{
	if (reason == MQTT_TOPIC_NAME_INVALID)
		return "this topic is not for clients";
	if (reason == MQTT_QUOTA_EXCEEDED)
		return "no room for it";
	return reason == MQTT_PAYLOAD_FORMAT_INVALID ? "payload is not the UTF-8 that it says"
						     : "not allowed";
}

/* [MQTT-4.3.2-4] [MQTT-4.3.3-8] */
static void publish_answer(
	struct link *l, enum packet_type type, const struct mqtt_publish *p, uint8_t reason)
{
	if (reason >= 0x80)
		link_send_refusal(l, type, p->id, reason, refusal_text(reason));
	else
		link_send_ack(l, type, p->id, reason);
}

static void publish_wait(struct link *l, struct mqtt_view packet)
{
	struct broker *b = l->broker;
	struct link_extra *x = link_extra_make(l);

	b->figures.messages_received--; /* it is counted when it has come through */
	if (!x || !backlog_add(&b->memory, &x->backlog, packet)) {
		link_refuse(l, MQTT_QUOTA_EXCEEDED, "3.1.1:MQTT-4.8.0-2",
			"no room for a message, nor to let it wait");
		return;
	}
	if (!l->stopped && backlog_is_full(&x->backlog)) {
		l->stopped = true;
		link_mark(l);
	}
	link_wait_for_room(l);
}

/* There is no room for it. 3.1.1 cannot say no: it waits, without an answer. Where there is no store, some may
 * have it already, and the client sends it again over its next connection.
 */
static void publish_give_up(struct link *l, enum packet_type type, const struct mqtt_frame *frame,
	const struct mqtt_publish *p)
{
	if (version_traits(l->version).reason_codes)
		publish_answer(l, type, p, MQTT_QUOTA_EXCEEDED);
	else if (l->broker->config.store.put)
		publish_wait(l, packet_of(frame, p));
	else
		link_refuse(l, MQTT_QUOTA_EXCEEDED, "3.1.1:MQTT-4.8.0-2", "no room for a message");
}

static void publish_qos01(
	struct link *l, const struct mqtt_frame *frame, const struct mqtt_publish *p)
{
	uint8_t reason = message_check(l, p);
	struct publish_result result = { 0 };

	if (!reason) {
		result = message_publish(l, frame, p);
		reason = reason_of(&result);
	}
	if (p->qos && result.failed)
		publish_give_up(l, PUBACK, frame, p);
	else if (p->qos)
		publish_answer(l, PUBACK, p, reason);
	else if (reason == MQTT_PAYLOAD_FORMAT_INVALID)
		link_refuse(l, reason, "5.0:U50-PFI-UTF8", refusal_text(reason));
}

/* False without memory or room in the store. */
static bool received_keep(struct link *l, uint16_t id)
{
	struct broker *b = l->broker;
	struct session *s = l->session;

	if (idset_add(&s->received, &b->memory, id) != IDSET_ADDED)
		return false;
	if (!record_received(b, s, id)) {
		idset_remove(&s->received, &b->memory, id);
		return false;
	}
	l->received++;
	return true;
}

static void received_forget(struct link *l, uint16_t id)
{
	idset_remove(&l->session->received, &l->broker->memory, id);
	l->received--;
	record_received_gone(l->broker, l->session, id);
}

/* Answers a message of QoS 2 that was let in. */
static void publish_received(
	struct link *l, const struct mqtt_frame *frame, const struct mqtt_publish *p)
{
	struct publish_result result = message_publish(l, frame, p);
	/* What some have got may come again as a new message, as the refusal makes it one in 5.0, but
	 * not as the same: [MQTT-4.3.3-2] of 3.1.1.
	 */
	bool forget = result.failed && (version_traits(l->version).reason_codes || !result.reached);

	if (!forget) {
		publish_answer(l, PUBREC, p, reason_of(&result));
		return;
	}
	received_forget(l, p->id);
	publish_give_up(l, PUBREC, frame, p);
}

/* Delivered when it first comes; its identifier is kept until PUBREL. */
static void publish_qos2(
	struct link *l, const struct mqtt_frame *frame, const struct mqtt_publish *p)
{
	struct broker *b = l->broker;
	struct session *s = l->session;

	if (idset_has(s->received, p->id)) { /* [MQTT-4.3.3-10] */
		link_send_ack(l, PUBREC, p->id, MQTT_SUCCESS);
		return;
	}
	/* [MQTT-3.3.4-7] */
	if (version_traits(l->version).receive_maximum &&
		l->received >= b->config.limits.receive_maximum) {
		link_refuse(l, MQTT_RECEIVE_MAXIMUM_EXCEEDED, "5.0:U50-RECVMAX-EXCEEDED",
			"more than Receive Maximum");
		return;
	}
	uint8_t reason = message_check(l, p);
	/* In 3.1.1 a refused message is acknowledged like any other. [MQTT-3.3.5-2] */
	bool keep = !reason || !version_traits(l->version).reason_codes;
	if (keep && !received_keep(l, p->id))
		publish_give_up(l, PUBREC, frame, p);
	else if (reason)
		publish_answer(l, PUBREC, p, reason);
	else
		publish_received(l, frame, p);
}

/* From here on it has the topic that the broker knows, and its packet is as little what others get as one
 * with an overlong length. Not inlined: most links have no mount.
 */
__attribute__((noinline)) static const struct mqtt_frame *message_mount(struct link *l,
	const struct mqtt_frame *frame, struct mqtt_frame *own, struct mqtt_publish *p)
{
	if (p->topic.data[0] != '$' || l->broker->config.limits.allow_dollar_publish)
		p->topic = mount_topic(l, p->topic);
	if (!p->topic.len)
		p->topic = MQTT_VIEW("$SYS"); /* which is refused */
	*own = *frame;
	own->overlong = true;
	return own;
}

void link_publish(struct link *l, const struct mqtt_frame *frame, struct mqtt_view body)
{
	struct mqtt_frame own;
	struct mqtt_publish p;
	struct mqtt_error e;

	/* Most publishers send many messages to one topic, which needs checking only once. */
	if (!mqtt_publish_fields_read(l->version, MQTT_FROM_CLIENT, frame->flags, body, &p, &e) ||
		!(routes_know(&l->broker->routes, &p.topic) ||
			mqtt_publish_topic_check(l->version, &p, &e))) {
		link_fail(l, &e);
		return;
	}
	l->broker->figures.messages_received++;
	if (p.properties.seen && !alias_resolve(l, &p))
		return;
	if (frame->flags & QOS_OR_RETAIN && !offer_check(l, &p))
		return;
	if (l->extra) {                             /* asked once, as few have any */
		if (link_has_backlog(l) && p.qos) { /* after those that wait [MQTT-4.6.0-5] */
			publish_wait(l, packet_of(frame, &p));
			return;
		}
		if (is_mounted(l))
			frame = message_mount(l, frame, &own, &p);
	}
	if (p.qos == 2)
		publish_qos2(l, frame, &p);
	else
		publish_qos01(l, frame, &p);
}

/* Tries those in `b`, which is no longer the link's. Returns the bytes of those that have left it. */
static uint32_t waiting_take(struct link *l, const struct backlog *b)
{
	uint32_t at = 0;

	while (at < b->len) {
		const uint8_t *packet = b->packets + at;
		struct mqtt_frame frame;
		struct mqtt_error e;
		if (mqtt_frame_read(packet, b->len - at, l->version, &frame, &e) != MQTT_READ_OK)
			break; /* it was read when it came */
		link_publish(
			l, &frame, (struct mqtt_view){ packet + frame.header_len, frame.body_len });
		if (l->state != LINK_UP || l->extra->backlog.failed)
			break;
		at += frame.header_len + frame.body_len;
	}
	return at;
}

void link_publish_waiting(struct link *l)
{
	struct backlog all = l->extra->backlog;

	l->extra->backlog = (struct backlog){ .trying = true };
	uint32_t taken = waiting_take(l, &all);
	if (l->state != LINK_UP || taken == all.len) {
		backlog_free(&l->broker->memory, &all);
		if (l->state == LINK_UP)
			l->extra->backlog = all;
		return;
	}
	if (taken)
		memmove(all.packets, all.packets + taken, all.len - taken);
	all.len -= taken;
	l->extra->backlog = all;
	link_wait_for_room(l);
}
