#include "broker/core/forward.h"

#include <string.h>

#include "broker/core/core.h"
#include "broker/core/link.h"
#include "broker/core/link_out.h"
#include "broker/core/mount.h"
#include "broker/core/sheet.h"
#include "mqtt/publish.h"

enum { DRIFT_MS = 20 };

/* Rounded up, but not for less than clocks differ from one start of the broker to the next: what is left is
 * never more than what came.
 */
static uint32_t seconds_of(int64_t left_ms)
{
	if (left_ms <= 0)
		return 0;
	return left_ms <= DRIFT_MS ? 1 : (uint32_t)((left_ms + 999 - DRIFT_MS) / 1000);
}

/* The properties that the broker adds: what is left of the Message Expiry Interval, a Topic Alias, the
 * Subscription Identifiers. [MQTT-3.3.2-6] [MQTT-3.3.4-3]
 */
static struct mqtt_view added_properties(
	struct broker *b, const struct publication *p, const struct sending *how, uint16_t alias)
{
	buf_reset(&b->added);
	if (p->expires_ms != INT64_MAX) {
		int64_t left_ms = p->expires_ms - b->now_ms;
		mqtt_property_add_number(
			&b->added, MQTT_MESSAGE_EXPIRY_INTERVAL, seconds_of(left_ms));
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

void forms_init(struct forms *f)
{
	memset(f, 0, offsetof(struct forms, room));
}

/* The publisher's own packet is one that this client may get. */
static bool wire_serves(const struct publication *p, unsigned version, const struct sending *how)
{
	return p->wire.len && p->wire_version == version && !p->qos == !how->qos;
}

static struct form form_of_wire(const struct publication *p)
{
	return (struct form){ p->wire.data, p->wire.len, p->wire_id };
}

/* Writes the packet that all clients of this version get. Returns its length; 0: it is too long. */
static uint32_t form_write(struct broker *b, const struct publication *p, unsigned version,
	const struct sending *how, struct form *form, uint8_t room[static FORM_BYTES])
{
	struct sending plain = { .id = how->id, .qos = how->qos };
	struct mqtt_publish_head head = head_of(b, version, p, &plain, 0);
	size_t body_size = mqtt_publish_body_size(version, &head);
	size_t head_size = mqtt_publish_head_size(&head, body_size);

	if (head_size + p->payload.len > FORM_BYTES)
		return 0;
	mqtt_publish_head_write(room, version, &head, body_size);
	if (p->payload.len)
		memcpy(room + head_size, p->payload.data, p->payload.len);
	*form = (struct form){ room, (uint32_t)(head_size + p->payload.len),
		(uint32_t)mqtt_publish_id_offset(&head, body_size) };
	return form->len;
}

/* The publisher's packet lasts for this turn only. Returns its length; 0: it is too long. */
static uint32_t form_copy_wire(
	const struct publication *p, struct form *form, uint8_t room[static FORM_BYTES])
{
	if (p->wire.len > FORM_BYTES)
		return 0;
	memcpy(room, p->wire.data, p->wire.len);
	room[0] = (uint8_t)(PUBLISH << 4 | mqtt_publish_flags(false, 0, false));
	*form = (struct form){ .bytes = room, .len = p->wire.len };
	return form->len;
}

static void form_make_plain(struct broker *b, struct publication *p, unsigned version,
	const struct sending *how, struct form *form)
{
	struct sheet **sheet = &b->sheets[form_shape(version)];
	uint8_t *room =
		p->payload.len < FORM_BYTES ? sheet_room(sheet, &b->memory, FORM_BYTES) : NULL;

	if (!room)
		return;
	sheet_keep(*sheet,
		wire_serves(p, version, how) ? form_copy_wire(p, form, room)
					     : form_write(b, p, version, how, form, room));
}

/* Makes it; not to be inlined, as its frame would be set up for each delivery. */
__attribute__((noinline)) static void form_make(struct broker *b, struct publication *p,
	unsigned version, const struct sending *how, struct form *form)
{
	if (!how->qos)
		form_make_plain(b, p, version, how, form);
	else if (wire_serves(p, version, how))
		*form = form_of_wire(p);
	else
		form_write(b, p, version, how, form, p->forms->room[form_shape(version)]);
}

static enum send_result form_send(
	struct link *l, const struct form *form, const struct sending *how)
{
	if (form->len > l->packet_max)
		return SEND_UNFIT; /* [MQTT-3.1.2-24] */
	uint8_t *out = link_take(l, form->len);
	if (!out)
		return SEND_FAILED;
	memcpy(out, form->bytes, form->len);
	out[0] = (uint8_t)(PUBLISH << 4 | mqtt_publish_flags(how->dup, how->qos, how->retain));
	if (how->qos) {
		out[form->id_offset] = (uint8_t)(how->id >> 8);
		out[form->id_offset + 1] = (uint8_t)how->id;
	}
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
		return SEND_UNFIT; /* [MQTT-3.1.2-24] */
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
	return SEND_OK;
}

/* A packet for this client alone. Not to be inlined: its frame would be set up for every delivery. */
__attribute__((noinline)) static enum send_result packet_send(
	struct broker *b, struct link *l, struct publication *p, const struct sending *how)
{
	struct mqtt_view topic = p->topic;
	bool fresh;

	if (!mount_strip(l, &topic))
		return SEND_UNFIT;
	uint16_t alias = alias_choose(l, topic, &fresh);
	struct mqtt_publish_head head = head_of(b, l->version, p, how, alias);
	head.topic = topic;
	if (alias && !fresh)
		head.topic.len = 0;
	enum send_result result = send_head(b, l, p, &head);
	if (result != SEND_OK || !fresh)
		return result;
	if (alias_set(&l->extra->out, &b->memory, alias, topic))
		l->extra->out.used = alias;
	return SEND_OK;
}

/* One of those that many get; `bytes` stays NULL if there is none. */
static const struct form *form_find(
	struct broker *b, struct publication *p, unsigned version, const struct sending *how)
{
	struct form *forms = how->qos ? p->forms->with_id : p->forms->plain;
	struct form *form = &forms[form_shape(version)];

	if (!form->bytes)
		form_make(b, p, version, how, form);
	return form;
}

static bool form_refer(
	struct broker *b, struct link *l, const struct form *form, const struct sending *how)
{
	if (how->qos || how->retain || form->len > l->packet_max || l->broken)
		return false;
	return link_grow(l, form->bytes, form->len) ||
		link_refer(l, b->sheets[form_shape(l->version)], form->bytes, form->len);
}

enum send_result forward_write(
	struct broker *b, struct link *l, struct publication *p, const struct sending *how)
{
	if ((l->extra && (l->extra->out.max || l->extra->mount.len)) || how->first_id)
		return packet_send(b, l, p, how);
	if (p->forms) {
		const struct form *form = form_find(b, p, l->version, how);
		if (form->bytes && form_refer(b, l, form, how))
			return SEND_OK;
		if (form->bytes)
			return form_send(l, form, how);
	} else if (wire_serves(p, l->version, how)) {
		struct form form = form_of_wire(p);
		return form_send(l, &form, how);
	}
	return packet_send(b, l, p, how);
}
