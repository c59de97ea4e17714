#include "tests/corpus/corpus.h"

#include <string.h>

#include "base/arena.h"

static struct packet *add(
	struct corpus *c, enum mqtt_version version, const char *detail, struct packet packet)
{
	bool always = packet.type != PINGREQ && packet.type != PINGRESP && packet.type < DISCONNECT;
	bool ack = packet.type >= PUBACK && packet.type <= PUBCOMP;

	c->list = arena_grow(c->arena, c->list, c->count, &c->capacity, sizeof(*c->list));
	struct legal *l = &c->list[c->count++];
	l->version = version;
	l->packet = packet;
	l->name = arena_printf(c->arena, "%s %s%s%s", spec_packet_name(packet.type),
		spec_version_name(version), *detail ? " " : "", detail);
	if (version == MQTT_50 && always && !ack)
		l->packet.properties.present = true;
	if (version == MQTT_50 && packet.type == CONNECT && packet.connect_flags & CONNECT_WILL)
		l->packet.will_properties.present = true;
	return &l->packet;
}

static struct packet connect_packet(enum mqtt_version version, uint8_t flags)
{
	struct packet p = wire_packet(CONNECT);

	p.protocol_name = BYTES("MQTT");
	p.level = (uint8_t)version;
	p.connect_flags = flags;
	p.keep_alive = 60;
	p.client_id = BYTES("client-1");
	if (flags & CONNECT_WILL) {
		p.will_topic = BYTES("will/topic");
		p.will_payload = BYTES("gone\x00\xff");
	}
	if (flags & CONNECT_USER_NAME)
		p.user_name = BYTES("us\xc3\xa9r");
	if (flags & CONNECT_PASSWORD)
		p.password = BYTES("\x00secret\xff");
	return p;
}

static struct packet publish_packet(unsigned flags)
{
	struct packet p = wire_packet(PUBLISH);

	p.flags = (uint8_t)flags;
	p.dup = flags >> 3 & 1;
	p.qos = flags >> 1 & 3;
	p.retain = flags & 1;
	p.id = p.qos ? 7 : 0;
	p.topic = BYTES("a/b");
	p.payload = BYTES("once");
	return p;
}

static struct packet filters_packet(
	struct corpus *c, enum packet_type type, const struct filter *list, size_t count)
{
	struct packet p = wire_packet(type);

	p.id = 0x1234;
	p.filters = arena_copy(c->arena, list, count * sizeof(*list));
	p.filter_count = count;
	return p;
}

/* The plainest packet of its type, for properties and codes to be hung on. */
static struct packet plain_packet(
	struct corpus *c, enum mqtt_version version, enum packet_type type)
{
	const struct filter filter = { .text = BYTES("a/+"), .options = type == SUBSCRIBE };
	struct packet p = wire_packet(type);

	if (type == CONNECT)
		return connect_packet(version, CONNECT_CLEAN);
	if (type == PUBLISH)
		return publish_packet(0);
	if (type == CONNACK)
		p.has_code = true;
	if (type >= PUBACK && type <= UNSUBACK)
		p.id = 0x1234;
	if (type == SUBSCRIBE || type == UNSUBSCRIBE)
		return filters_packet(c, type, &filter, 1);
	if (type == SUBACK || (type == UNSUBACK && version == MQTT_50))
		p.codes = BYTES("\x00");
	return p;
}

static void add_subscriptions(struct corpus *c, enum mqtt_version version)
{
	const struct filter asked[] = { { BYTES("a/b"), 0 }, { BYTES("#"), 1 },
		{ BYTES("+/\xc3\xa9/+"), 2 } };
	const struct filter options[] = { { BYTES("a"), 0x04 }, { BYTES("b"), 0x08 },
		{ BYTES("c"), 0x10 }, { BYTES("d"), 0x20 }, { BYTES("$share/g/e"), 0x2a } };
	const struct filter left[] = { { BYTES("a/+"), 0 }, { BYTES("#"), 0 } };

	add(c, version, "", plain_packet(c, version, SUBSCRIBE));
	add(c, version, "of three", filters_packet(c, SUBSCRIBE, asked, 3));
	if (version == MQTT_50)
		add(c, version, "with options", filters_packet(c, SUBSCRIBE, options, 5));
	add(c, version, "", plain_packet(c, version, UNSUBSCRIBE));
	add(c, version, "of two", filters_packet(c, UNSUBSCRIBE, left, 2));
	add(c, version, "", plain_packet(c, version, SUBACK));
	add(c, version, "of four", plain_packet(c, version, SUBACK))->codes =
		BYTES("\x00\x01\x02\x80");
	add(c, version, "", plain_packet(c, version, UNSUBACK));
	if (version == MQTT_50)
		add(c, version, "of two", plain_packet(c, version, UNSUBACK))->codes =
			BYTES("\x00\x11");
}

static void add_connects(struct corpus *c, enum mqtt_version version)
{
	static const uint8_t flags[] = { 0, CONNECT_CLEAN, CONNECT_WILL, CONNECT_WILL | 0x08,
		CONNECT_WILL | 0x10 | CONNECT_WILL_RETAIN, CONNECT_USER_NAME,
		CONNECT_USER_NAME | CONNECT_PASSWORD,
		CONNECT_USER_NAME | CONNECT_PASSWORD | CONNECT_WILL | CONNECT_CLEAN };

	for (size_t i = 0; i < sizeof(flags); i++)
		add(c, version, arena_printf(c->arena, "flags 0x%02X", flags[i]),
			connect_packet(version, flags[i]));
	add(c, version, "without id", connect_packet(version, CONNECT_CLEAN))->client_id =
		BYTES("");
	add(c, version, "keep alive 65535", connect_packet(version, 0))->keep_alive = 65535;
	if (version == MQTT_50) /* [5.0:U50-PASSWORD-ONLY] */
		add(c, version, "password only", connect_packet(version, CONNECT_PASSWORD));
}

/* Payloads on both sides of every step of Remaining Length. */
static void add_publishes(struct corpus *c, enum mqtt_version version)
{
	static const unsigned flags[] = { 0, 1, 2, 3, 4, 5, 0xa, 0xb, 0xc, 0xd };
	static const size_t steps[] = { 127, 128, 16383, 16384 };
	/* topic, and the Property Length of 5.0 */
	size_t around = 2 + 3 + (version == MQTT_50);

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		add(c, version, arena_printf(c->arena, "flags %u", flags[i]),
			publish_packet(flags[i]));
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		char *payload = arena_alloc(c->arena, steps[i]);
		memset(payload, 'x', steps[i]);
		add(c, version, arena_printf(c->arena, "of %zu bytes", steps[i]), publish_packet(0))
			->payload = (struct bytes){ (const uint8_t *)payload, steps[i] - around };
	}
	add(c, version, "empty", publish_packet(1))->payload = BYTES("");
	add(c, version, "binary", publish_packet(2))->payload = BYTES("\x00\x01\xfe\xff");
	add(c, version, "topic of many kinds", publish_packet(0))->topic =
		BYTES("/\xc3\xa9//\xf0\x9f\x8c\x8d/$ \"\\");
	add(c, version, "id 65535", publish_packet(4))->id = 65535;
}

static void add_codes_311(struct corpus *c)
{
	for (uint8_t code = 0; code <= 5; code++)
		add(c, MQTT_311, arena_printf(c->arena, "code %u", code),
			plain_packet(c, MQTT_311, CONNACK))
			->code = code;
}

/* Every Reason Code in every packet that may carry it. */
static void add_codes_50(struct corpus *c, enum packet_type type)
{
	for (size_t i = 0; i < spec_reason_code_count; i++) {
		const struct spec_reason_code *r = &spec_reason_codes[i];
		if (!(r->packets & SPEC_PACKET(type)))
			continue;
		struct packet *p = add(c, MQTT_50, arena_printf(c->arena, "code 0x%02X", r->code),
			plain_packet(c, MQTT_50, type));
		if (type == SUBACK || type == UNSUBACK) {
			p->codes = (struct bytes){ &r->code, 1 };
		} else {
			p->code = r->code;
			p->has_code = true;
		}
	}
}

/* A value that this property may have in any packet; `large` asks for one of many bytes. */
static struct property property_of(const struct spec_property *s, bool large)
{
	struct property p = { .id = s->id, .type = s->type };
	bool textual = false;

	switch (s->type) {
	case PROPERTY_BYTE: p.number = large ? 0 : 1; break;
	case PROPERTY_TWO_BYTES: p.number = large ? 0xfffe : 1; break;
	case PROPERTY_FOUR_BYTES: p.number = large ? 0xfffefdfc : 1; break;
	case PROPERTY_VARIABLE: p.number = large ? WIRE_REMAINING_LENGTH_MAX : 1; break;
	case PROPERTY_STRING_PAIR:
		p.name = large ? BYTES("") : BYTES("na\xc3\xafve");
		textual = true;
		break;
	case PROPERTY_STRING: textual = true; break;
	case PROPERTY_BINARY: p.value = large ? BYTES("\x00\xff\x80") : BYTES(""); break;
	}
	if (textual)
		p.value = large ? BYTES("a rather long text, for the sake of its length, in which "
					"there is nothing to be read that was not said before: "
					"it only has to fill more than a hundred and twenty-seven "
					"bytes")
				: BYTES("va\xc3\xafue");
	return p;
}

static struct packet with_property(struct corpus *c, enum packet_type type,
	const struct spec_property *s, unsigned times, bool large)
{
	struct packet p = plain_packet(c, MQTT_50, type);
	struct property *list = arena_alloc(c->arena, times * sizeof(*list));

	for (unsigned i = 0; i < times; i++)
		list[i] = property_of(s, large);
	p.properties = (struct properties){ .list = list, .count = times, .present = true };
	p.has_code |= (type >= PUBACK && type <= PUBCOMP) || type >= DISCONNECT;
	return p;
}

static struct properties all_properties(struct corpus *c, uint32_t mask)
{
	struct property *list = arena_alloc(c->arena, spec_property_count * sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; i < spec_property_count; i++)
		if (spec_properties[i].packets & mask)
			list[count++] = property_of(&spec_properties[i], i & 1);
	return (struct properties){ .list = list, .count = count, .present = true };
}

static void add_properties(struct corpus *c, enum packet_type type)
{
	uint32_t mask = SPEC_PACKET(type);

	for (size_t i = 0; i < spec_property_count; i++) {
		const struct spec_property *s = &spec_properties[i];
		if (!(s->packets & mask))
			continue;
		add(c, MQTT_50, s->name, with_property(c, type, s, 1, false));
		add(c, MQTT_50, arena_printf(c->arena, "%s, large", s->name),
			with_property(c, type, s, 1, true));
		if (s->repeats & mask)
			add(c, MQTT_50, arena_printf(c->arena, "%s, repeated", s->name),
				with_property(c, type, s, 3, false));
	}
	struct packet all = plain_packet(c, MQTT_50, type);
	all.properties = all_properties(c, mask);
	all.has_code |= (type >= PUBACK && type <= PUBCOMP) || type >= DISCONNECT;
	if (all.properties.count)
		add(c, MQTT_50, "all properties", all);
}

static void add_will_properties(struct corpus *c)
{
	struct packet p = connect_packet(MQTT_50, CONNECT_WILL);

	for (size_t i = 0; i < spec_property_count; i++) {
		const struct spec_property *s = &spec_properties[i];
		if (!(s->packets & SPEC_WILL_PROPERTIES))
			continue;
		struct property *one = arena_new(c->arena, struct property);
		*one = property_of(s, false);
		p.will_properties = (struct properties){ one, 1, true };
		add(c, MQTT_50, arena_printf(c->arena, "will with %s", s->name), p);
	}
	p.will_properties = all_properties(c, SPEC_WILL_PROPERTIES);
	p.properties = all_properties(c, SPEC_PACKET(CONNECT));
	add(c, MQTT_50, "all properties and will properties", p);
}

/* The three forms of PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT and AUTH in 5.0. */
static void add_short_forms(struct corpus *c, enum packet_type type)
{
	struct packet p = plain_packet(c, MQTT_50, type);

	add(c, MQTT_50, "short", p);
	p.has_code = true;
	if (type != AUTH) /* its code never stands without a Property Length */
		add(c, MQTT_50, "with code", p);
	p.properties.present = true;
	add(c, MQTT_50, "with code and no properties", p);
}

static void add_version(struct corpus *c, enum mqtt_version version)
{
	add_connects(c, version);
	add(c, version, "", plain_packet(c, version, CONNACK));
	add(c, version, "session present", plain_packet(c, version, CONNACK))->ack_flags = 1;
	add_publishes(c, version);
	for (enum packet_type type = PUBACK; type <= PUBCOMP; type++)
		add(c, version, "", plain_packet(c, version, type));
	add_subscriptions(c, version);
	add(c, version, "", wire_packet(PINGREQ));
	add(c, version, "", wire_packet(PINGRESP));
	add(c, version, "", wire_packet(DISCONNECT));
}

void corpus_init(struct corpus *c, struct arena *a)
{
	*c = (struct corpus){ .arena = a };
	add_version(c, MQTT_311);
	add_version(c, MQTT_50);
	add_codes_311(c);
	for (enum packet_type type = CONNECT; type <= AUTH; type++) {
		add_codes_50(c, type);
		add_properties(c, type);
		if ((type >= PUBACK && type <= PUBCOMP) || type >= DISCONNECT)
			add_short_forms(c, type);
	}
	add_will_properties(c);
}
