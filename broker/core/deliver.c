#include "broker/core/deliver.h"

#include <string.h>

#include "broker/core/core.h"
#include "broker/core/link.h"
#include "broker/core/outgoing.h"
#include "broker/core/record.h"
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

	if (version == MQTT_50) {
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
	struct form *form = &p->forms[(version == MQTT_50 ? 2 : 0) + (how->qos ? 1 : 0)];

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

enum send_result send_publish(
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

bool may_get(struct broker *b, const struct session *s, struct mqtt_view topic)
{
	if (!b->config.access.deliver)
		return true;
	struct broker_client client = { .client_id = session_id(s), .version = s->version };
	if (s->link)
		client = link_client(s->link);
	return b->config.access.deliver(b->config.access.context, &client, topic);
}

enum deliver_result deliver(struct broker *b, struct session *s, struct publication *p,
	const struct sending *how, struct share *share)
{
	enum deliver_result result = DELIVER_DROPPED;

	if (how->qos)
		result = outgoing_add(b, s, p, how, share);
	else if (s->link && s->link->state == LINK_UP && !link_is_congested(s->link) &&
		send_publish(b, s->link, p, how) == SEND_OK)
		result = DELIVER_OK;
	if (result != DELIVER_OK)
		b->figures.messages_dropped++;
	return result;
}

static uint8_t qos_least(uint8_t a, uint8_t b)
{
	return a < b ? a : b; /* [MQTT-3.8.4-6] of 3.1.1, [MQTT-3.8.4-8] of 5.0 */
}

enum {
	RANK_AT_ONCE,
	RANK_LATER,     /* it is kept until the member can take more */
	RANK_WHEN_BACK, /* it is kept until the member comes back */
	RANK_AWAY,      /* QoS 0 is not kept */
	RANK_NEVER,     /* it is not allowed */
};

/* How gladly a member would take a message. */
static unsigned member_rank(
	struct broker *b, const struct subscription *member, const struct publication *p)
{
	const struct session *s = member->session;
	uint8_t qos = qos_least(p->qos, member->qos);

	if (!may_get(b, s, p->topic))
		return RANK_NEVER;
	if (!s->link)
		return qos ? RANK_WHEN_BACK : RANK_AWAY;
	if (qos)
		return outgoing_is_ready(b, s) ? RANK_AT_ONCE : RANK_LATER;
	return link_is_congested(s->link) ? RANK_LATER : RANK_AT_ONCE;
}

enum deliver_result deliver_to_share(struct broker *b, struct share *share, struct publication *p)
{
	uint32_t count = share->list.count, best = 0;
	unsigned best_rank = RANK_NEVER;

	for (uint32_t i = 0; i < count && best_rank != RANK_AT_ONCE; i++) {
		uint32_t at = (share->turn + i) % count;
		unsigned rank = member_rank(b, share->list.items[at], p);
		if (rank < best_rank) {
			best_rank = rank;
			best = at;
		}
	}
	if (best_rank == RANK_NEVER)
		return DELIVER_NOBODY;
	if (best_rank == RANK_AWAY) {
		b->figures.messages_dropped++;
		return DELIVER_DROPPED;
	}
	share->turn = best + 1;
	const struct subscription *member = share->list.items[best];
	struct target_id id = { member->id, 0 };
	struct sending how = { .ids = &id,
		.first_id = member->id ? 1 : 0,        /* its own only: U50-SUBID-SHARED */
		.qos = qos_least(p->qos, member->qos), /* [MQTT-4.8.2-3] */
		.retain = p->retain && member->retain_as_published };
	return deliver(b, member->session, p, &how, share);
}

/* False without memory. */
static bool retain(struct broker *b, struct publication *p)
{
	struct retained *r = &b->retained;
	bool ok = true;

	if (!p->payload.len) { /* [MQTT-3.3.1-6] [MQTT-3.3.1-7] */
		if (retained_remove(r, p->topic))
			record_retained_gone(b, p->topic);
		return true;
	}
	if (r->count < b->config.limits.retained_topics || retained_get(r, p->topic)) {
		ok = publication_message(&b->memory, p) && retained_put(r, p->message);
		if (ok) {
			record_retained(b, p->message);
			return true;
		}
	}
	if (retained_remove(r, p->topic)) /* never an older one: [MQTT-3.3.1-7] of 3.1.1 */
		record_retained_gone(b, p->topic);
	return ok;
}

static void count(struct publish_result *all, enum deliver_result one)
{
	all->matches += one != DELIVER_NOBODY;
	all->reached += one == DELIVER_OK;
	all->failed |= one == DELIVER_FAILED;
}

struct publish_result publish(struct broker *b, struct publication *p)
{
	struct publish_result all = { 0 };
	struct form forms[4];

	const struct match *m = routes_match(&b->routes, p->topic, p->publisher);
	all.failed = m->failed;
	draws_overtake(b, p, m);
	if (p->retain && !b->config.limits.no_retained)
		all.failed |= !retain(b, p);
	if (m->target_count + m->share_count > 1) {
		for (unsigned i = 0; i < 4; i++)
			forms[i].len = 0;
		p->forms = forms;
	}
	for (uint32_t i = 0; i < m->target_count; i++) {
		const struct target *t = &m->targets[i];
		/* [MQTT-3.8.3-3] */
		if ((t->no_local && t->session == p->publisher) ||
			!may_get(b, t->session, p->topic))
			continue;
		/* [MQTT-3.3.1-12] [MQTT-3.3.1-13], [MQTT-3.3.1-9] of 3.1.1 */
		struct sending how = { .ids = m->ids,
			.first_id = t->ids,
			.qos = qos_least(p->qos, t->qos),
			.retain = p->retain && t->retain_as_published };
		count(&all, deliver(b, t->session, p, &how, NULL));
	}
	for (uint32_t i = 0; i < m->share_count; i++)
		count(&all, deliver_to_share(b, m->shares[i], p));
	p->forms = NULL;
	return all;
}
