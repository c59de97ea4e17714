#include "deviants/then_client.h"

#include <string.h>

#include "deviants/own.h"
#include "deviants/properties.h"
#include "deviants/then.h"
#include "deviants/then_connect.h"
#include "deviants/then_properties.h"

enum {
	PUBLISH_DUP = 0x08,
	PUBLISH_QOS = 0x06,
	PACKET_LIMIT = 280 * 1024 * 1024,
	FIXED_HEADER_MAX = 5,
	LENGTH_BYTES = 2,
};

#define TEXT(text)                                        \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static const struct bytes texts[] = {
	[TEXT_EMPTY] = TEXT(""),
	[TEXT_HASH_LAST] = TEXT("a/#"),
	[TEXT_HASH_BEHIND] = TEXT("a#"),
	[TEXT_PLUS_BEHIND] = TEXT("a+"),
	[TEXT_NUL] = TEXT("a\0b"),
	[TEXT_ILL_FORMED] = TEXT("a\xC0\xAF"),
	[TEXT_SHARE_NAMELESS] = TEXT("$share//a"),
	[TEXT_SHARE_BARE] = TEXT("$share/a"),
};

/* ---- notes --------------------------------------------------------------------------------- */

void note(struct passing *it, long value)
{
	it->x->lane[TO_SERVER].note[NOTE_CONNECTION] = value;
}

void note_filter_count(struct passing *it, long none)
{
	(void)none;
	note(it, (long)it->packet->filter_count);
}

void note_id(struct passing *it, long none)
{
	(void)none;
	if (it->x->session)
		it->x->session->note[NOTE_ID] = it->packet->id;
}

/* ---- whether and when it comes --------------------------------------------------------------- */

void delay(struct passing *it, long ms)
{
	it->delay_ms = ms;
}

/* The packet with other flags, as bytes. */
static struct bytes with_flags(struct passing *it, uint8_t flags)
{
	uint8_t *copy = arena_copy(it->arena, it->raw.data, it->raw.len);

	copy[0] = (uint8_t)(it->packet->type << 4 | flags);
	return (struct bytes){ copy, it->raw.len };
}

static uint8_t flags_of_repetition(const struct packet *p)
{
	return p->type == PUBLISH ? p->flags | PUBLISH_DUP : p->flags;
}

void repeat_later(struct passing *it, long ms)
{
	exchange_write_later(it->x, it->way, with_flags(it, flags_of_repetition(it->packet)), ms);
}

void repeat_at_qos0(struct passing *it, long none)
{
	struct packet again = *it->packet;

	(void)none;
	again.flags &= (uint8_t) ~(PUBLISH_QOS | PUBLISH_DUP);
	exchange_write(it->x, it->way, it->raw);
	exchange_send(it->x, it->way, &again, NULL);
	it->copies = 0;
}

void keep_packet(struct passing *it, long none)
{
	struct session *s = it->x->session;
	struct bytes b = with_flags(it, flags_of_repetition(it->packet));

	(void)none;
	if (s)
		s->kept = (struct bytes){ arena_copy(&it->x->world->arena, b.data, b.len), b.len };
}

void resend_kept(struct passing *it, long none)
{
	const struct session *s = it->x->session;

	(void)none;
	if (s && s->kept.len)
		exchange_write(it->x, way_back(it->way), s->kept);
}

void answer_as(struct passing *it, long type)
{
	static const uint8_t success[] = { 0 };
	uint16_t id = it->packet->id;
	bool has_codes = type == SUBACK || it->x->version == MQTT_50;

	*it->packet = wire_packet((enum packet_type)type);
	it->packet->id = id;
	if (has_codes)
		it->packet->codes = (struct bytes){ success, sizeof(success) };
	it->changed = true;
}

/* ---- CONNECT ------------------------------------------------------------------------------- */

void remove_field(struct passing *it, long flag)
{
	it->packet->connect_flags &= (uint8_t)~flag;
	it->changed = true;
}

void add_flags(struct passing *it, long flags)
{
	it->packet->connect_flags |= (uint8_t)flags;
	it->changed = true;
}

/* The Connect Flags in a copy of the packet as it came: after its length, the protocol's name and level. */
static uint8_t *own_connect_flags(struct passing *it)
{
	uint8_t *copy = arena_copy(it->arena, it->raw.data, it->raw.len);
	size_t at = 1;

	while (at < FIXED_HEADER_MAX && copy[at] & 0x80)
		at++;
	it->raw.data = copy;
	return copy + at + 1 + LENGTH_BYTES + it->packet->protocol_name.len + 1;
}

void announce(struct passing *it, long flag)
{
	*own_connect_flags(it) |= (uint8_t)flag;
}

void unannounce(struct passing *it, long flag)
{
	*own_connect_flags(it) &= (uint8_t)~flag;
}

static void change(struct passing *it, struct bytes *text)
{
	if (text->len)
		own_bytes(it, text, 0)[0] ^= 1;
}

void change_user_name(struct passing *it, long none)
{
	(void)none;
	change(it, &it->packet->user_name);
}

void change_password(struct passing *it, long none)
{
	(void)none;
	change(it, &it->packet->password);
}

void change_will_topic(struct passing *it, long none)
{
	(void)none;
	change(it, &it->packet->will_topic);
}

static void cut(struct passing *it, struct bytes *b, long keep)
{
	if (b->len <= (size_t)keep)
		return;
	b->len = (size_t)keep;
	it->changed = true;
}

void spoil_user_name(struct passing *it, long none)
{
	(void)none;
	it->packet->user_name = texts[TEXT_ILL_FORMED];
	it->changed = true;
}

void spoil_id(struct passing *it, long none)
{
	(void)none;
	it->packet->client_id = texts[TEXT_ILL_FORMED];
	it->changed = true;
}

void swap_login(struct passing *it, long none)
{
	struct bytes user_name = it->packet->user_name;

	(void)none;
	it->packet->user_name = it->packet->password;
	it->packet->password = user_name;
	it->changed = true;
}

void spoil_name(struct passing *it, long none)
{
	(void)none;
	change(it, &it->packet->protocol_name);
}

void spoil_will_topic(struct passing *it, long none)
{
	(void)none;
	it->packet->will_topic = texts[TEXT_HASH_LAST];
	it->changed = true;
}

/* ---- a PUBLISH ------------------------------------------------------------------------------- */

void set_topic(struct passing *it, long text)
{
	it->packet->topic = texts[text];
	it->changed = true;
}

void strip_slash(struct passing *it, long none)
{
	struct bytes *topic = &it->packet->topic;
	uint8_t *text = own_bytes(it, topic, 0);

	(void)none;
	for (size_t i = 0; i < topic->len && topic->len > 1; i++) {
		bool empty = !i || i + 1 == topic->len || text[i - 1] == '/';
		if (text[i] != '/' || !empty)
			continue;
		memmove(text + i, text + i + 1, topic->len - i - 1);
		topic->len--;
		return;
	}
}

void strip_byte_order_mark(struct passing *it, long none)
{
	struct bytes mark = BYTES("\xEF\xBB\xBF"), *topic = &it->packet->topic;

	(void)none;
	if (topic->len <= mark.len || memcmp(topic->data, mark.data, mark.len) != 0)
		return;
	topic->data += mark.len;
	topic->len -= mark.len;
	it->changed = true;
}

void set_qos(struct passing *it, long qos)
{
	it->packet->flags = (uint8_t)((it->packet->flags & ~PUBLISH_QOS) | qos << 1);
	it->changed = true;
}

void cut_payload_at_zero(struct passing *it, long none)
{
	struct bytes *payload = &it->packet->payload;
	const uint8_t *zero = payload->len ? memchr(payload->data, 0, payload->len) : NULL;

	(void)none;
	if (zero)
		cut(it, payload, zero - payload->data);
}

void hold_id(struct passing *it, long none)
{
	(void)none;
	it->x->lane[TO_SERVER].note[NOTE_HELD] = it->packet->id;
}

void release_held(struct passing *it, long none)
{
	(void)none;
	it->x->lane[TO_SERVER].note[NOTE_HELD] = 0;
}

void use_held_id(struct passing *it, long none)
{
	long held = it->x->lane[TO_SERVER].note[NOTE_HELD];

	(void)none;
	if (held)
		set_id(it, held);
}

void take_held_id(struct passing *it, long none)
{
	long held = it->x->lane[TO_SERVER].note[NOTE_HELD];

	(void)none;
	if (!held)
		return;
	it->packet->id = (uint16_t)held;
	it->changed = true;
}

void use_noted_id(struct passing *it, long none)
{
	(void)none;
	if (it->x->session && it->x->session->note[NOTE_ID])
		set_id(it, it->x->session->note[NOTE_ID]);
}

/* ---- properties ---------------------------------------------------------------------------- */

void set_text(struct passing *it, long id)
{
	remove_property(it, id);
	add_text(it, id);
}

void add_wildcard(struct passing *it, long id)
{
	remove_property(it, id);
	add_property(it, (struct property){ .id = (uint32_t)id, .value = texts[TEXT_HASH_LAST] });
}

void add_nul(struct passing *it, long id)
{
	if (id != PROP_USER_PROPERTY)
		remove_property(it, id);
	add_property(it,
		(struct property){
			.id = (uint32_t)id, .name = BYTES("deviant"), .value = texts[TEXT_NUL] });
}

/* ---- SUBSCRIBE and UNSUBSCRIBE --------------------------------------------------------------- */

void set_filters(struct passing *it, long text)
{
	struct filter *own = own_filters(it);

	for (size_t i = 0; i < it->packet->filter_count; i++)
		own[i].text = texts[text];
}

void remove_filters(struct passing *it, long none)
{
	(void)none;
	it->packet->filter_count = 0;
	it->changed = true;
}

void remove_last_filter(struct passing *it, long none)
{
	(void)none;
	if (it->packet->filter_count)
		it->packet->filter_count--;
	it->changed = true;
}
