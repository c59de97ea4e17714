#include "broker/core/forward.h"

#include <string.h>

#include "broker/core/core.h"
#include "broker/core/link.h"
#include "broker/core/link_out.h"
#include "mqtt/publish.h"

/* The properties that the broker adds: what is left of the Message Expiry Interval, a Topic Alias, the
 * Subscription Identifiers. [MQTT-3.3.2-6] [MQTT-3.3.4-3]
 */
static struct mqtt_view added_properties(
	struct broker *b, const struct publication *p, const struct sending *how, uint16_t alias)
{
	buf_reset(&b->added);
	if (p->expires_ms != INT64_MAX) {
		int64_t left_ms = p->expires_ms - b->now_ms;
		mqtt_property_add_number(&b->added, MQTT_MESSAGE_EXPIRY_INTERVAL,
			left_ms > 0 ? (uint32_t)((left_ms + 999) / 1000) : 0);
	}
	if (alias)
		mqtt_property_add_number(&b->added, MQTT_TOPIC_ALIAS, alias);
	for (uint32_t at = how->first_id; at; at = how->ids[at - 1].next)
		mqtt_property_add_number(
			&b->added, MQTT_SUBSCRIPTION_IDENTIFIER, how->ids[at - 1].id);
	return (struct mqtt_view){ b->added.data, (uint32_t)b->added.len };
}

static struct mqtt_publish_head head_of(struct broker *b, unsigned version,
	const struct publication *p, const struct sending *how, uint16_t alias)
{
	struct mqtt_publish_head head = {
		.flags = mqtt_publish_flags(how->dup, how->qos, how->retain),
		.id = how->id,
		.topic = p->topic,
		.payload_len = p->payload.len,
	};

	if (version_traits(version).properties) {
		head.forwarded = p->properties;
		if (alias || how->first_id || p->expires_ms != INT64_MAX)
			head.added = added_properties(b, p, how, alias);
	}
	return head;
}

/* Makes the packet that all subscribers of this version and QoS get but for flags and identifier.
 * NULL when it is too long for that.
 */
static struct form *form_make(
	struct broker *b, unsigned version, struct publication *p, const struct sending *how)
{
	struct form *form =
		&p->forms[(version_traits(version).properties ? 2 : 0) + (how->qos ? 1 : 0)];

	if (form->len)
		return form;
	struct mqtt_publish_head head = head_of(b, version, p, how, 0);
	size_t body_size = mqtt_publish_body_size(version, &head);
	size_t head_size = mqtt_publish_head_size(&head, body_size);
	if (head_size + p->payload.len > FORM_BYTES)
		return NULL;
	mqtt_publish_head_write(form->bytes, version, &head, body_size);
	if (p->payload.len)
		memcpy(form->bytes + head_size, p->payload.data, p->payload.len);
	form->len = (uint16_t)(head_size + p->payload.len);
	form->id_offset = (uint16_t)mqtt_publish_id_offset(&head, body_size);
	return form;
}

static enum send_result send_form(
	struct broker *b, struct link *l, const struct form *form, const struct sending *how)
{
	if (form->len > l->packet_max)
		return SEND_TOO_LARGE; /* [MQTT-3.1.2-24] */
	uint8_t *out = link_take(l, form->len);
	if (!out)
		return SEND_FAILED;
	memcpy(out, form->bytes, form->len);
	out[0] = (uint8_t)(PUBLISH << 4 | mqtt_publish_flags(how->dup, how->qos, how->retain));
	if (how->qos) {
		out[form->id_offset] = (uint8_t)(how->id >> 8);
		out[form->id_offset + 1] = (uint8_t)how->id;
	}
	b->figures.messages_sent++;
	return SEND_OK;
}

/* An alias for the topic, if the client allows one more: `*fresh` if this packet has to introduce it. */
static uint16_t alias_choose(const struct link *l, struct mqtt_view topic, bool *fresh)
{
	const struct aliases *a = l->extra ? &l->extra->out : NULL;

	*fresh = false;
	if (!a || !a->max)
		return 0;
	uint16_t alias = alias_find(a, topic);
	*fresh = !alias && a->used < a->max;
	return *fresh ? a->used + 1 : alias; /* [MQTT-3.1.2-26] */
}

static enum send_result send_head(struct broker *b, struct link *l, struct publication *p,
	const struct mqtt_publish_head *head)
{
	size_t body_size = mqtt_publish_body_size(l->version, head);
	size_t head_size = mqtt_publish_head_size(head, body_size);

	if (body_size > MQTT_REMAINING_LENGTH_MAX || head_size + p->payload.len > l->packet_max)
		return SEND_TOO_LARGE; /* [MQTT-3.1.2-24] */
	bool shared = p->payload.len >= OUTPUT_SHARE_BYTES;
	if (shared && !publication_message(&b->memory, p))
		return SEND_FAILED;
	uint8_t *out = link_take(l, (uint32_t)(head_size + (shared ? 0 : p->payload.len)));
	if (!out)
		return SEND_FAILED;
	mqtt_publish_head_write(out, l->version, head, body_size);
	if (!shared && p->payload.len)
		memcpy(out + head_size, p->payload.data, p->payload.len);
	if (shared && !output_share(&l->output, &b->memory, p->message)) {
		l->broken = true; /* half a packet is written */
		return SEND_FAILED;
	}
	b->figures.messages_sent++;
	return SEND_OK;
}

enum send_result forward_send(
	struct broker *b, struct link *l, struct publication *p, const struct sending *how)
{
	bool fresh, aliases = l->extra && l->extra->out.max;

	if (p->forms && !aliases && !how->first_id) {
		const struct form *form = form_make(b, l->version, p, how);
		if (form)
			return send_form(b, l, form, how);
	}
	uint16_t alias = alias_choose(l, p->topic, &fresh);
	struct mqtt_publish_head head = head_of(b, l->version, p, how, alias);
	if (alias && !fresh)
		head.topic.len = 0;
	enum send_result result = send_head(b, l, p, &head);
	if (result != SEND_OK || !fresh)
		return result;
	if (alias_set(&l->extra->out, &b->memory, alias, p->topic))
		l->extra->out.used = alias;
	return SEND_OK;
}
