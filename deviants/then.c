#include "deviants/then.h"

#include <string.h>

#include "base/clock.h"
#include "deviants/properties.h"
#include "harness/monitor/monitor.h"

enum {
	US_PER_MS = 1000,
	PERCENT = 100,
	BYTE_BITS = 8,
	BYTE_MASK = 0xFF,
	WILL_QOS_SHIFT = 3,
	OPTION_QOS = 0x03,
	OWN_ID = 0xFF00, /* Packet Identifiers of a deviant's own packets begin here */
	PUBLISH_DUP = 0x08,
	PUBLISH_RETAIN = 0x01,
};

/* ---- whether and when it comes ------------------------------------------------------------- */

void drop(struct passing *it, long none)
{
	(void)none;
	it->copies = 0;
}

void repeat(struct passing *it, long times)
{
	it->copies = (unsigned)times;
}

void repeat_as_dup(struct passing *it, long none)
{
	struct packet again = *it->packet;

	(void)none;
	exchange_write(it->x, it->way, it->raw);
	again.flags |= PUBLISH_DUP;
	*it->packet = again;
	it->changed = true;
}

void swap_with_next(struct passing *it, long none)
{
	(void)none;
	it->kept = !it->lane->kept.len;
}

void hang(struct passing *it, long none)
{
	(void)none;
	it->copies = 0;
	it->lane->silent = true;
}

/* ---- the connection ------------------------------------------------------------------------ */

void end(struct passing *it, long none)
{
	(void)none;
	it->ends = true;
}

void end_instead(struct passing *it, long none)
{
	(void)none;
	it->copies = 0;
	it->ends = true;
}

void keep_open(struct passing *it, long none)
{
	(void)none;
	it->lane->kept_open = true;
}

void delay_end(struct passing *it, long ms)
{
	it->lane->cut_at_us = clock_now_us() + ms * US_PER_MS;
}

/* ---- fields -------------------------------------------------------------------------------- */

static void set_bit(struct passing *it, uint8_t bit, long value)
{
	it->packet->flags = (uint8_t)(value ? it->packet->flags | bit : it->packet->flags & ~bit);
	it->changed = true;
}

void set_dup(struct passing *it, long value)
{
	set_bit(it, PUBLISH_DUP, value);
}

void set_retain(struct passing *it, long value)
{
	set_bit(it, PUBLISH_RETAIN, value);
}

void set_flags(struct passing *it, long flags)
{
	it->packet->flags = (uint8_t)flags;
	it->changed = true;
}

void shift_id(struct passing *it, long by)
{
	it->packet->id = (uint16_t)(it->packet->id + by);
	it->changed = true;
}

void set_id(struct passing *it, long id)
{
	it->x->changed_id[it->x->changed_ids++ % CHANGED_IDS] = it->packet->id;
	it->packet->id = (uint16_t)id;
	it->changed = true;
}

void set_code(struct passing *it, long code)
{
	it->packet->code = (uint8_t)code;
	it->packet->has_code = true;
	it->changed = true;
}

static uint8_t *own_codes(struct passing *it)
{
	struct bytes *codes = &it->packet->codes;
	uint8_t *own = arena_alloc(it->arena, codes->len + 1);

	if (codes->len)
		memcpy(own, codes->data, codes->len);
	codes->data = own;
	it->changed = true;
	return own;
}

void set_codes(struct passing *it, long code)
{
	uint8_t *own = own_codes(it);

	for (size_t i = 0; i < it->packet->codes.len; i++)
		own[i] = (uint8_t)code;
}

void lower_codes(struct passing *it, long none)
{
	uint8_t *own = own_codes(it);

	(void)none;
	for (size_t i = 0; i < it->packet->codes.len; i++)
		if (own[i] == 1 || own[i] == 2)
			own[i]--;
}

void raise_codes(struct passing *it, long none)
{
	uint8_t *own = own_codes(it);

	(void)none;
	for (size_t i = 0; i < it->packet->codes.len; i++)
		if (own[i] == 1)
			own[i] = 2;
}

void reverse_codes(struct passing *it, long none)
{
	uint8_t *own = own_codes(it);
	size_t len = it->packet->codes.len;

	(void)none;
	for (size_t i = 0; i < len / 2; i++) {
		uint8_t swapped = own[i];

		own[i] = own[len - 1 - i];
		own[len - 1 - i] = swapped;
	}
}

void drop_code(struct passing *it, long none)
{
	(void)none;
	if (it->packet->codes.len)
		it->packet->codes.len--;
	it->changed = true;
}

void add_code(struct passing *it, long code)
{
	uint8_t *own = own_codes(it);

	own[it->packet->codes.len++] = (uint8_t)code;
}

void set_session_present(struct passing *it, long value)
{
	set_ack_flags(it, value ? it->packet->ack_flags | 1 : it->packet->ack_flags & ~1);
}

void set_ack_flags(struct passing *it, long flags)
{
	it->packet->ack_flags = (uint8_t)flags;
	it->changed = true;
}

void cut_payload(struct passing *it, long keep)
{
	if ((size_t)keep < it->packet->payload.len)
		it->packet->payload.len = (size_t)keep;
	it->changed = true;
}

/* A copy that may be written to, with room for so many bytes more. */
static uint8_t *own_bytes(struct passing *it, struct bytes *b, size_t more)
{
	uint8_t *own = arena_alloc(it->arena, b->len + more + 1);

	if (b->len)
		memcpy(own, b->data, b->len);
	b->data = own;
	it->changed = true;
	return own;
}

void change_payload(struct passing *it, long none)
{
	(void)none;
	own_bytes(it, &it->packet->payload, 0)[0] ^= 1;
}

void add_payload(struct passing *it, long bytes)
{
	own_bytes(it, &it->packet->payload, (size_t)bytes);
	it->packet->payload.len += (size_t)bytes;
}

void extend_topic(struct passing *it, long none)
{
	struct bytes *topic = &it->packet->topic;
	uint8_t *own = own_bytes(it, topic, 2);

	(void)none;
	own[topic->len++] = '/';
	own[topic->len++] = 'x';
}

/* What was published to a client of that version lately, and is no retained message for a new subscription. */
void as_published(struct passing *it, long none)
{
	(void)none;
	if (it->packet->retain && it->origin && !it->origin->retain)
		set_retain(it, 0);
}

void lengthen_body(struct passing *it, long bytes)
{
	it->tail = (uint32_t)bytes;
	it->changed = true;
}

void lengthen_header(struct passing *it, long bytes)
{
	it->twist.remaining_length_bytes = (unsigned)bytes;
	it->changed = true;
}

/* ---- properties ---------------------------------------------------------------------------- */

static struct property *own_properties(struct passing *it, struct properties *p)
{
	struct property *own = arena_alloc(it->arena, (p->count + 2) * sizeof(*own));

	if (p->count)
		memcpy(own, p->list, p->count * sizeof(*own));
	p->list = own;
	return own;
}

static void remove_from(struct passing *it, struct properties *p, uint32_t id)
{
	struct property *own = own_properties(it, p);
	size_t kept = 0;

	for (size_t i = 0; i < p->count; i++)
		if (own[i].id != id)
			own[kept++] = own[i];
	it->changed |= kept < p->count;
	p->count = kept;
}

void remove_property(struct passing *it, long id)
{
	remove_from(it, &it->packet->properties, (uint32_t)id);
}

void remove_properties(struct passing *it, long none)
{
	(void)none;
	it->changed |= it->packet->properties.count > 0;
	it->packet->properties.count = 0;
}

void shift_property(struct passing *it, long id)
{
	struct properties *p = &it->packet->properties;
	struct property *own = own_properties(it, p);

	for (size_t i = 0; i < p->count; i++) {
		if (own[i].id != (uint32_t)id)
			continue;
		it->changed = true;
		if (own[i].type < PROPERTY_BINARY)
			own[i].number++;
		else if (own[i].value.len)
			own_bytes(it, &own[i].value, 0)[0] ^= 1;
		return;
	}
}

void double_property(struct passing *it, long id)
{
	struct properties *p = &it->packet->properties;
	struct property *own = own_properties(it, p);
	const struct property *found = properties_find(p, (uint32_t)id);

	if (!found)
		return;
	own[p->count++] = *found;
	it->changed = true;
}

static void reverse(struct passing *it, struct properties *p)
{
	struct property *own = own_properties(it, p);

	for (size_t i = 0; i < p->count / 2; i++) {
		struct property swapped = own[i];

		own[i] = own[p->count - 1 - i];
		own[p->count - 1 - i] = swapped;
	}
	it->changed = true;
}

void reverse_properties(struct passing *it, long none)
{
	(void)none;
	reverse(it, &it->packet->properties);
}

void reverse_will_properties(struct passing *it, long none)
{
	(void)none;
	reverse(it, &it->packet->will_properties);
}

static const struct spec_property *property_kind(uint32_t id)
{
	for (size_t i = 0; i < spec_property_count; i++)
		if (spec_properties[i].id == id)
			return &spec_properties[i];
	return NULL;
}

static void add_property(struct passing *it, struct property new)
{
	struct properties *p = &it->packet->properties;
	const struct spec_property *kind = property_kind(new.id);

	if (!kind || it->x->version != MQTT_50)
		return;
	new.type = kind->type;
	own_properties(it, p)[p->count++] = new;
	p->present = true;
	it->packet->has_code = true; /* what stands before properties in a short form */
	it->changed = true;
}

void add_number(struct passing *it, long id_and_value)
{
	add_property(it,
		(struct property){ .id = (uint32_t)(id_and_value & BYTE_MASK),
			.number = (uint32_t)(id_and_value >> BYTE_BITS) });
}

void add_text(struct passing *it, long id)
{
	add_property(it,
		(struct property){
			.id = (uint32_t)id, .value = BYTES("deviant"), .name = BYTES("deviant") });
}

void set_property(struct passing *it, long id_and_value)
{
	remove_property(it, id_and_value & BYTE_MASK);
	add_number(it, id_and_value);
}

/* ---- CONNECT ------------------------------------------------------------------------------- */

static void set_connect_flag(struct passing *it, uint8_t flag, long value)
{
	uint8_t *flags = &it->packet->connect_flags;

	*flags = (uint8_t)(value ? *flags | flag : *flags & ~flag);
	it->changed = true;
}

void set_clean(struct passing *it, long value)
{
	set_connect_flag(it, CONNECT_CLEAN, value);
}

void set_keep_alive(struct passing *it, long s)
{
	it->packet->keep_alive = (uint16_t)s;
	it->changed = true;
}

void scale_keep_alive(struct passing *it, long percent)
{
	long s = it->packet->keep_alive * percent / PERCENT;

	set_keep_alive(it, it->packet->keep_alive && !s ? 1 : s);
}

void change_id(struct passing *it, long none)
{
	(void)none;
	if (it->packet->client_id.len)
		own_bytes(it, &it->packet->client_id, 0)[0] ^= 1;
}

void set_level(struct passing *it, long level)
{
	it->packet->level = (uint8_t)level;
	it->changed = true;
}

void set_name(struct passing *it, long none)
{
	(void)none;
	it->packet->protocol_name = BYTES("MQTT");
	it->changed = true;
}

void set_reserved(struct passing *it, long none)
{
	(void)none;
	set_connect_flag(it, CONNECT_RESERVED, 1);
}

void clear_reserved(struct passing *it, long none)
{
	(void)none;
	if (it->packet->connect_flags & CONNECT_RESERVED)
		set_connect_flag(it, CONNECT_RESERVED, 0);
}

void remove_will(struct passing *it, long none)
{
	(void)none;
	set_connect_flag(it, CONNECT_WILL | CONNECT_WILL_QOS | CONNECT_WILL_RETAIN, 0);
}

void set_will_retain(struct passing *it, long value)
{
	if (it->packet->connect_flags & CONNECT_WILL)
		set_connect_flag(it, CONNECT_WILL_RETAIN, value);
}

void set_will_qos(struct passing *it, long qos)
{
	if (!(it->packet->connect_flags & CONNECT_WILL))
		return;
	set_connect_flag(it, CONNECT_WILL_QOS, 0);
	set_connect_flag(it, (uint8_t)(qos << WILL_QOS_SHIFT), 1);
}

void change_will_payload(struct passing *it, long none)
{
	(void)none;
	if (it->packet->will_payload.len)
		own_bytes(it, &it->packet->will_payload, 0)[0] ^= 1;
}

void remove_will_properties(struct passing *it, long none)
{
	(void)none;
	it->changed |= it->packet->will_properties.count > 0;
	it->packet->will_properties.count = 0;
}

void remove_will_property(struct passing *it, long id)
{
	remove_from(it, &it->packet->will_properties, (uint32_t)id);
}

/* ---- SUBSCRIBE and UNSUBSCRIBE ------------------------------------------------------------- */

static struct filter *own_filters(struct passing *it)
{
	struct packet *p = it->packet;

	p->filters = arena_copy(it->arena, p->filters, p->filter_count * sizeof(*p->filters));
	it->changed = true;
	return p->filters;
}

static void set_qos(struct filter *f, long qos)
{
	f->options = (uint8_t)((f->options & ~OPTION_QOS) | qos);
}

void set_filter_qos(struct passing *it, long qos)
{
	struct filter *own = own_filters(it);

	for (size_t i = 0; i < it->packet->filter_count; i++)
		if ((own[i].options & OPTION_QOS) > qos)
			set_qos(&own[i], qos);
}

void raise_filter_qos(struct passing *it, long qos)
{
	struct filter *own = own_filters(it);

	for (size_t i = 0; i < it->packet->filter_count; i++)
		if ((own[i].options & OPTION_QOS) < qos)
			set_qos(&own[i], qos);
}

void set_options(struct passing *it, long bits)
{
	struct filter *own = own_filters(it);

	for (size_t i = 0; i < it->packet->filter_count; i++)
		own[i].options =
			(uint8_t)((own[i].options & ~(bits & BYTE_MASK)) | bits >> BYTE_BITS);
}

/* The last character before a wildcard, or the last one of all, is another one. */
static void spoil(struct passing *it, struct filter *f)
{
	uint8_t *own = own_bytes(it, &f->text, 0);
	size_t at = f->text.len;

	while (at && (own[at - 1] == '#' || own[at - 1] == '+' || own[at - 1] == '/'))
		at--;
	if (at)
		own[at - 1] ^= 1;
}

void spoil_filters(struct passing *it, long none)
{
	struct filter *own = own_filters(it);

	(void)none;
	for (size_t i = 0; i < it->packet->filter_count; i++)
		spoil(it, &own[i]);
}

void spoil_last_filter(struct passing *it, long none)
{
	(void)none;
	if (it->packet->filter_count)
		spoil(it, &own_filters(it)[it->packet->filter_count - 1]);
}

void spoil_wildcards(struct passing *it, long none)
{
	struct filter *own = own_filters(it);

	(void)none;
	for (size_t i = 0; i < it->packet->filter_count; i++)
		if (filter_has_wildcard(own[i].text))
			spoil(it, &own[i]);
}

void spoil_shares(struct passing *it, long none)
{
	struct filter *own = own_filters(it);

	(void)none;
	for (size_t i = 0; i < it->packet->filter_count; i++) {
		struct bytes *text = &own[i].text;

		for (int slashes = 0; filter_is_shared(own[i].text) && text->len && slashes < 2;
			text->data++, text->len--)
			slashes += *text->data == '/';
	}
}

void hash_to_plus(struct passing *it, long none)
{
	struct filter *own = own_filters(it);

	(void)none;
	for (size_t i = 0; i < it->packet->filter_count; i++) {
		struct bytes *text = &own[i].text;

		if (text->len > 1 && text->data[text->len - 1] == '#')
			own_bytes(it, text, 0)[text->len - 1] = '+';
	}
}

static void lower(struct passing *it, struct bytes *text)
{
	uint8_t *own = own_bytes(it, text, 0);

	for (size_t i = 0; i < text->len; i++)
		if (own[i] >= 'A' && own[i] <= 'Z')
			own[i] = (uint8_t)(own[i] - 'A' + 'a');
}

void lower_topic(struct passing *it, long none)
{
	(void)none;
	lower(it, &it->packet->topic);
}

void lower_filters(struct passing *it, long none)
{
	struct filter *own = own_filters(it);

	(void)none;
	for (size_t i = 0; i < it->packet->filter_count; i++)
		lower(it, &own[i].text);
}

void repair_flags(struct passing *it, long none)
{
	(void)none;
	set_flags(it, wire_packet(it->packet->type).flags);
}

/* ---- what no packet asked for -------------------------------------------------------------- */

static void forget_from(struct passing *it, const struct subscription *first, bool all)
{
	for (const struct subscription *s = first; s; s = all ? s->next : NULL) {
		struct packet p = wire_packet(UNSUBSCRIBE);
		struct filter f = { .text = s->filter };

		p.id = (uint16_t)(OWN_ID + it->lane->note[0]++ % BYTE_MASK);
		p.filters = &f;
		p.filter_count = 1;
		exchange_ask(it->x, &p, UNSUBACK);
	}
}

void forget_subscriptions(struct passing *it, long none)
{
	(void)none;
	forget_from(it, it->x->session ? it->x->session->subscriptions : NULL, true);
}

void forget_one_subscription(struct passing *it, long none)
{
	(void)none;
	forget_from(it, it->x->session ? it->x->session->subscriptions : NULL, false);
}

static void send(struct passing *it, enum way way, long type)
{
	struct packet p = wire_packet((enum packet_type)type);

	p.id = it->packet->id;
	exchange_send(it->x, way, &p, NULL);
}

void send_to_client(struct passing *it, long type)
{
	send(it, way_back(it->way), type);
}

void follow_by(struct passing *it, long type)
{
	exchange_write(it->x, it->way, it->raw);
	it->copies = 0;
	send(it, it->way, type);
}

void precede_by(struct passing *it, long type)
{
	send(it, it->way, type);
}

void send_system_message(struct passing *it, long none)
{
	struct packet p = wire_packet(PUBLISH);

	(void)none;
	p.topic = BYTES("$SYS/deviant");
	p.payload = BYTES("1");
	exchange_send(it->x, way_back(it->way), &p, NULL);
}

void restore_id(struct passing *it, long none)
{
	(void)none;
	if (it->x->changed_ids_done < it->x->changed_ids)
		shift_id(it,
			it->x->changed_id[it->x->changed_ids_done++ % CHANGED_IDS] -
				it->packet->id);
}
