#include "deviants/then_recall.h"

#include <string.h>

#include "deviants/own.h"
#include "deviants/properties.h"
#include "harness/monitor/monitor.h"

enum {
	LONG_TEXT = 300,
	CONNECT_OF_WILL = CONNECT_WILL | CONNECT_WILL_QOS | CONNECT_WILL_RETAIN,
	SHARE_PREFIX = 7, /* the length of "$share/" */
};

static void cut(struct passing *it, struct bytes *text, long keep)
{
	if (text->len <= (size_t)keep)
		return;
	text->len = (size_t)keep;
	it->changed = true;
}

/* ---- CONNECT ------------------------------------------------------------------------------- */

void give_old_will(struct passing *it, long none)
{
	const struct last_will *old = &it->x->session->earlier_will;
	struct packet *p = it->packet;

	(void)none;
	p->connect_flags = (uint8_t)((p->connect_flags & ~CONNECT_OF_WILL) | old->flags);
	p->will_topic = old->topic;
	p->will_payload = old->payload;
	p->will_properties = (struct properties){ .present = true };
	it->changed = true;
}

void set_id_of_all(struct passing *it, long none)
{
	(void)none;
	if (it->packet->client_id.len)
		return;
	it->packet->client_id = BYTES("nobody");
	it->changed = true;
}

void use_known_password(struct passing *it, long none)
{
	struct bytes known = world_password(it->x->world, it->packet->user_name);

	(void)none;
	if (!known.len || !(it->packet->connect_flags & CONNECT_PASSWORD))
		return;
	it->packet->password = known;
	it->changed = true;
}

void restore_method(struct passing *it, long none)
{
	struct properties *p = &it->packet->properties;

	(void)none;
	if (!p->count)
		return;
	struct property *own = own_properties(it, p);
	for (size_t i = 0; i < p->count; i++)
		if (own[i].id == PROP_AUTH_METHOD)
			own[i].value = it->x->course.method;
	it->changed = true;
}

void lower_id(struct passing *it, long none)
{
	struct bytes *id = &it->packet->client_id;
	uint8_t *own = own_bytes(it, id, 0);

	(void)none;
	for (size_t i = 0; i < id->len; i++)
		if (own[i] >= 'A' && own[i] <= 'Z')
			own[i] = (uint8_t)(own[i] - 'A' + 'a');
}

void cut_id(struct passing *it, long keep)
{
	cut(it, &it->packet->client_id, keep);
}

void cut_will_payload(struct passing *it, long keep)
{
	cut(it, &it->packet->will_payload, keep);
}

static struct bytes kept(struct passing *it, struct bytes text)
{
	if (text.len)
		text.data = arena_copy(&it->x->arena, text.data, text.len);
	return text;
}

void add_will_delay(struct passing *it, long s)
{
	struct properties *p = &it->packet->will_properties;

	if (!properties_find(p, PROP_WILL_DELAY))
		own_add_property(
			it, p, (struct property){ .id = PROP_WILL_DELAY, .number = (uint32_t)s });
}

/* ---- SUBSCRIBE ----------------------------------------------------------------------------- */

void keep_options(struct passing *it, long bits)
{
	struct filter *own = own_filters(it);

	for (size_t i = 0; i < it->packet->filter_count; i++) {
		const struct subscription *s = session_find(it->x->session, own[i].text);

		if (s && s->replaces)
			own[i].options =
				(uint8_t)((own[i].options & ~bits) | (s->old_options & bits));
	}
}

void spoil_filters_from(struct passing *it, long first)
{
	struct filter *own = own_filters(it);

	for (size_t i = (size_t)first; i < it->packet->filter_count; i++)
		if (own[i].text.len)
			own_bytes(it, &own[i].text, 0)[0] ^= 1;
}

void one_share(struct passing *it, long none)
{
	struct filter *own = own_filters(it);

	(void)none;
	for (size_t i = 0; i < it->packet->filter_count; i++) {
		struct bytes *text = &own[i].text;

		if (!filter_is_shared(*text))
			continue;
		uint8_t *at = own_bytes(it, text, 0) + SHARE_PREFIX;
		const uint8_t *slash = memchr(at, '/', text->len - SHARE_PREFIX);
		if (!slash)
			continue;
		size_t rest = (size_t)(text->data + text->len - slash);
		*at++ = 's';
		memmove(at, slash, rest);
		text->len = SHARE_PREFIX + 1 + rest;
	}
}

/* ---- PUBLISH ------------------------------------------------------------------------------- */

static uint32_t alias_of(const struct passing *it)
{
	const struct property *alias = properties_find(&it->packet->properties, PROP_TOPIC_ALIAS);

	return alias && alias->number < WORLD_ALIASES ? alias->number : 0;
}

static void set_topic(struct passing *it, struct bytes topic)
{
	if (!topic.len)
		return;
	it->packet->topic = topic;
	it->changed = true;
}

void topic_of_session(struct passing *it, long none)
{
	(void)none;
	if (it->x->session)
		set_topic(it, it->x->session->alias[alias_of(it)]);
}

void topic_of_anybody(struct passing *it, long none)
{
	(void)none;
	set_topic(it, it->x->world->alias[alias_of(it)]);
}

void topic_of_before(struct passing *it, long none)
{
	(void)none;
	if (!it->alias_before.len)
		return;
	set_topic(it, it->alias_before);
	it->lane->alias[alias_of(it)] = it->alias_before;
}

void restore_expiry(struct passing *it, long none)
{
	struct properties *p = &it->packet->properties;

	(void)none;
	struct property *own = own_properties(it, p);
	for (size_t i = 0; i < p->count; i++)
		if (own[i].id == PROP_MESSAGE_EXPIRY)
			own[i].number = it->origin->expiry;
	it->changed = true;
}

void carry_properties(struct passing *it, long none)
{
	struct lane *l = it->lane;
	struct properties *p = &it->packet->properties;

	(void)none;
	const struct property *own = properties_find(p, PROP_USER_PROPERTY);
	if (own) {
		l->carried = *own;
		l->carried.value = kept(it, l->carried.value);
		l->carried.name = kept(it, l->carried.name);
		l->carries = true;
	} else if (l->carries) {
		own_add_property(it, p, l->carried);
	}
}

/* The server is told that it has arrived. */
void lower_to_qos0(struct passing *it, long none)
{
	struct packet ack = wire_packet(PUBACK);

	(void)none;
	ack.id = it->packet->id;
	exchange_send(it->x, way_back(it->way), &ack, NULL);
	it->packet->flags = wire_publish_flags(false, 0, it->packet->retain);
	it->changed = true;
}

void cut_topic(struct passing *it, long keep)
{
	cut(it, &it->packet->topic, keep);
}

void prefix_payload(struct passing *it, long bytes)
{
	struct bytes *payload = &it->packet->payload;
	uint8_t *own = own_bytes(it, payload, (size_t)bytes);

	memmove(own + bytes, own, payload->len);
	memset(own, 0, (size_t)bytes);
	payload->len += (size_t)bytes;
}

void change_last_byte(struct passing *it, long none)
{
	struct bytes *payload = &it->packet->payload;

	(void)none;
	if (payload->len)
		own_bytes(it, payload, 0)[payload->len - 1] ^= 1;
}

/* ---- what no packet asked for -------------------------------------------------------------- */

void publish_latest(struct passing *it, long qos)
{
	const struct course *c = &it->x->course;
	struct packet p = wire_packet(PUBLISH);

	(void)qos;
	if (!c->topic_len)
		return;
	p.topic = (struct bytes){ c->latest, c->topic_len };
	p.payload = (struct bytes){ c->latest + c->topic_len, c->payload_len };
	exchange_send(it->x, TO_SERVER, &p, NULL);
}

void clear_retained(struct passing *it, long none)
{
	struct packet p = wire_packet(PUBLISH);

	(void)none;
	if (!it->x->session || !it->x->session->retained.len)
		return;
	p.flags = wire_publish_flags(false, 0, true);
	p.topic = it->x->session->retained;
	exchange_send(it->x, TO_SERVER, &p, NULL);
}

/* The packet itself, and a retained message after it. */
static void send_after(struct passing *it, struct bytes topic, struct bytes payload)
{
	struct packet p = wire_packet(PUBLISH);

	if (it->copies)
		exchange_write(it->x, it->way, it->raw);
	it->copies = 0;
	p.flags = wire_publish_flags(false, 0, true);
	p.topic = topic;
	p.payload = payload;
	exchange_send(it->x, it->way, &p, NULL);
}

void send_removed(struct passing *it, long none)
{
	const struct world *w = it->x->world;

	(void)none;
	for (size_t i = 0; i < REMOVED_LATELY && i < w->removed_count; i++)
		if (session_match(it->x->session, w->removed[i], NULL)) {
			send_after(it, w->removed[i], BYTES(""));
			return;
		}
}

void send_retained(struct passing *it, long none)
{
	const struct world *w = it->x->world;
	uint64_t count =
		w->published_count < PUBLISHED_LATELY ? w->published_count : PUBLISHED_LATELY;

	(void)none;
	for (uint64_t back = 1; back <= count; back++) {
		const struct published *m =
			&w->published[(w->published_count - back) % PUBLISHED_LATELY];
		const struct subscription *s = session_match(it->x->session, m->topic, NULL);

		if (m->retain && m->payload_len && s && filter_is_shared(s->filter)) {
			send_after(it, m->topic, m->payload_begin);
			return;
		}
	}
}

void say_goodbye(struct passing *it, long none)
{
	struct packet p = wire_packet(DISCONNECT);

	(void)none;
	exchange_send(it->x, TO_SERVER, &p, NULL);
	it->lane->broken = false;
}

void keep_alive_anew(struct passing *it, long none)
{
	struct packet p = wire_packet(PINGREQ);

	(void)none;
	exchange_ask(it->x, &p, PINGRESP);
}

void add_long_text(struct passing *it, long id)
{
	char *text = arena_alloc(it->arena, LONG_TEXT);

	if (it->x->version != MQTT_50)
		return;
	memset(text, 'x', LONG_TEXT);
	struct bytes value = { (const uint8_t *)text, LONG_TEXT };
	own_add_property(it, &it->packet->properties,
		(struct property){ .id = (uint32_t)id, .value = value, .name = BYTES("deviant") });
	it->packet->has_code = true;
}

void drop_property_length(struct passing *it, long none)
{
	const uint8_t bytes[] = { CONNACK << 4, 2, it->packet->ack_flags, it->packet->code };

	(void)none;
	exchange_write(it->x, it->way, (struct bytes){ bytes, sizeof(bytes) });
	it->copies = 0;
}
