#include "broker/core/link_subscribe.h"

#include "broker/core/core.h"
#include "broker/core/draw.h"
#include "broker/core/link.h"
#include "broker/core/link_end.h"
#include "broker/core/link_out.h"
#include "broker/core/mount.h"
#include "broker/core/record.h"
#include "broker/core/session.h"
#include "broker/core/topic.h"
#include "mqtt/subscribe.h"
#include "mqtt/text.h"

/* What the server has told the client in the properties of CONNACK not to do ends the connection. */
static bool offer_check(struct link *l, const struct mqtt_subscribe *s)
{
	const struct broker_limits *limits = &l->broker->config.limits;
	struct mqtt_filter f;
	uint32_t at = 0;

	if (!version_traits(l->version).properties)
		return true;
	if (limits->no_subscription_ids &&
		mqtt_properties_has(&s->properties, MQTT_SUBSCRIPTION_IDENTIFIER)) {
		link_refuse(l, MQTT_SUBSCRIPTION_IDS_NOT_SUPPORTED, "5.0:U50-SUBIDAVAIL",
			"Subscription Identifiers not supported");
		return false;
	}
	while (mqtt_subscribe_next(s, &at, &f)) {
		if (limits->no_shared && mqtt_filter_is_shared(f.text)) {
			link_refuse(l, MQTT_SHARED_NOT_SUPPORTED, "5.0:U50-SHAREDAVAIL",
				"shared subscriptions not supported");
			return false;
		}
		if (limits->no_wildcards && mqtt_filter_has_wildcard(f.text)) {
			link_refuse(l, MQTT_WILDCARDS_NOT_SUPPORTED, "5.0:U50-WILDCARDAVAIL",
				"wildcards not supported");
			return false;
		}
	}
	return true;
}

/* 3.1.1 does not know shares, but leaves the meaning of "$" to the server: here it is that of 5.0,
 * and what cannot be a share is refused, as it would never be served. 0, or the code.
 */
static uint8_t filter_check(const struct broker_limits *limits, struct mqtt_view filter)
{
	struct mqtt_view name, path = filter;

	if (mqtt_filter_is_shared(filter)) {
		if (limits->no_shared)
			return MQTT_SHARED_NOT_SUPPORTED;
		if (!mqtt_filter_split_shared(filter, &name, &path))
			return MQTT_TOPIC_FILTER_INVALID;
	}
	return topic_is_shallow(limits, path) ? 0 : MQTT_TOPIC_FILTER_INVALID;
}

/* The QoS to be granted, or a code from 0x80 on. */
static uint8_t grant(struct link *l, const struct mqtt_filter *f)
{
	struct broker *b = l->broker;
	const struct broker_limits *limits = &b->config.limits;
	const struct broker_access *access = &b->config.access;
	uint8_t qos = f->qos < limits->maximum_qos ? f->qos : limits->maximum_qos;

	if (limits->no_wildcards && mqtt_filter_has_wildcard(f->text)) /* [MQTT-3.8.3-2] */
		return MQTT_WILDCARDS_NOT_SUPPORTED;
	uint8_t refusal = filter_check(limits, f->text);
	if (refusal)
		return refusal;
	if (access->subscribe) {
		struct broker_client client = link_client(l);
		qos = access->subscribe(access->context, &client, f->text, qos);
	}
	return qos;
}

/* As mqtt_subscribe_next, with the filters that the broker knows; no bytes: there can be no such one. */
static bool filter_next(
	struct link *l, const struct mqtt_subscribe *s, uint32_t *at, struct mqtt_filter *f)
{
	if (!mqtt_subscribe_next(s, at, f))
		return false;
	if (is_mounted(l))
		f->text = mount_filter(l, f->text);
	return true;
}

/* Returns the code; `*draws`: retained messages are to follow. */
static uint8_t filter_subscribe(
	struct link *l, const struct mqtt_filter *f, uint32_t id, bool *draws)
{
	struct broker *b = l->broker;
	uint8_t code = f->text.len ? grant(l, f) : MQTT_TOPIC_FILTER_INVALID;

	*draws = false;
	if (code >= 0x80)
		return code;
	const struct subscription options = { .qos = code,
		.id = id,
		.no_local = f->no_local,
		.retain_as_published = f->retain_as_published };
	if (!record_subscription(b, l->session, f->text, &options))
		return MQTT_QUOTA_EXCEEDED;
	const struct subscription_limits limits = { b->config.limits.subscriptions,
		b->config.limits.filter_patterns };
	enum subscribe_result result =
		subscriptions_add(&b->subscriptions, &l->session->subscriber, f, code, id, &limits);
	if (result > SUBSCRIBE_REPLACED) /* it is new, then */
		record_subscription_gone(b, l->session, f->text);
	if (result == SUBSCRIBE_TOO_MANY || result == SUBSCRIBE_NO_MEMORY)
		return MQTT_QUOTA_EXCEEDED;
	/* [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]; never for a share: U50-RETAIN-SHARED */
	bool wanted =
		f->retain_handling == 0 || (f->retain_handling == 1 && result == SUBSCRIBE_NEW);
	*draws = wanted && !mqtt_filter_is_shared(f->text) && !b->config.limits.no_retained;
	return code;
}

/* 3.1.1 knows but one failure. [MQTT-3.9.3-2] */
static uint8_t code_of(unsigned version, uint8_t code)
{
	return !version_traits(version).reason_codes && code >= 0x80 ? 0x80 : code;
}

static bool suback_send(struct link *l, enum packet_type type, uint16_t id)
{
	struct broker *b = l->broker;
	struct mqtt_suback suback = { .id = id };

	if (type == SUBACK || version_traits(l->version).reason_codes)
		suback.codes = (struct mqtt_view){ b->codes.data, (uint32_t)b->codes.len };
	buf_reset(&b->packet);
	if (!b->codes.failed && mqtt_suback_write(&b->packet, l->version, type, &suback) &&
		link_send_packet(l))
		return true;
	link_refuse(l, MQTT_PACKET_TOO_LARGE, "5.0:MQTT-3.1.2-24",
		"the answer is larger than the client allows");
	return false;
}

/* After the SUBACK come the retained messages of those filters that draw them. False without memory. */
static bool retained_draw(struct link *l, const struct mqtt_subscribe *s)
{
	struct broker *b = l->broker;
	struct mqtt_filter f;
	uint32_t at = 0;
	bool ok = true;

	for (uint32_t i = 0; ok && i < b->drawn.len && filter_next(l, s, &at, &f); i++)
		if (b->drawn.data[i])
			ok = draw_begin(b, l->session,
				subscriptions_find(
					&b->subscriptions, &l->session->subscriber, f.text),
				f.text);
	return ok;
}

void link_subscribe(struct link *l, struct mqtt_view body)
{
	struct broker *b = l->broker;
	struct mqtt_subscribe s;
	struct mqtt_filter f;
	struct mqtt_error e;
	uint32_t at = 0;

	if (!mqtt_subscribe_read(l->version, body, &s, &e)) {
		link_fail(l, &e);
		return;
	}
	if (!offer_check(l, &s))
		return;
	uint32_t id = mqtt_properties_number(&s.properties, MQTT_SUBSCRIPTION_IDENTIFIER, 0);
	buf_reset(&b->codes);
	buf_reset(&b->drawn);
	while (filter_next(l, &s, &at, &f)) { /* [MQTT-3.8.4-5] */
		bool draws;
		uint8_t code = filter_subscribe(l, &f, id, &draws);
		if (code >= 0x80 && !version_traits(l->version).suback_failure) {
			link_refuse(l, code, "3.1.1:MQTT-3.9.3-2",
				"3.1 has no word for a subscription that is refused");
			return;
		}
		buf_add_u8(&b->codes, code_of(l->version, code));
		buf_add_u8(&b->drawn, draws);
	}
	if (suback_send(l, SUBACK, s.id) && !retained_draw(l, &s))
		link_refuse(l, MQTT_QUOTA_EXCEEDED, "5.0:U50-ERR-CODES", "no memory");
}

void link_unsubscribe(struct link *l, struct mqtt_view body)
{
	struct broker *b = l->broker;
	struct mqtt_subscribe s;
	struct mqtt_view filter;
	struct mqtt_error e;
	uint32_t at = 0;

	if (!mqtt_unsubscribe_read(l->version, body, &s, &e)) {
		link_fail(l, &e);
		return;
	}
	buf_reset(&b->codes);
	while (mqtt_unsubscribe_next(&s, &at, &filter)) { /* [MQTT-3.10.4-6] */
		if (is_mounted(l))
			filter = mount_filter(l, filter);
		struct subscription *sub = filter.len
			? subscriptions_find(&b->subscriptions, &l->session->subscriber, filter)
			: NULL;
		if (sub) {
			draw_end(b, sub);
			subscriptions_remove(&b->subscriptions, sub);
			record_subscription_gone(b, l->session, filter);
		}
		buf_add_u8(&b->codes, sub ? MQTT_SUCCESS : MQTT_NO_SUBSCRIPTION_EXISTED);
	}
	suback_send(l, UNSUBACK, s.id); /* [MQTT-3.10.4-4] [MQTT-3.10.4-5] */
}
