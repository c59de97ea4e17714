#include "fuzz/grammar.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "fuzz/exchange.h"

enum {
	KEEP_ALIVE_S = 600, /* longer than an exchange; there are servers that refuse 0 */
	TEXT_MAX = 12,
	PAYLOAD_MAX = 64,
	FILTERS_MAX = 3,
	IDS = 4, /* an answer is to one of so many, by chance */
	PROPERTY_PERCENT = 15,
	NO_LOCAL = 0x04,
	NO_MATCHING_SUBSCRIBERS = 0x10,
	PACKET_LIMIT = 4 * 1024 * 1024,
};

/* Properties that are legal only after something else was said. */
static const uint8_t conditional[] = {
	0x0B, /* Subscription Identifier: of a PUBLISH, by the subscription */
	0x12, /* Assigned Client Identifier: for an empty ClientId */
	0x15, /* Authentication Method: it begins an exchange */
	0x16, /* Authentication Data */
	0x1A, /* Response Information: if it was asked for */
	0x1C, /* Server Reference: with its codes */
	0x23, /* Topic Alias: below a maximum */
};

struct bytes grammar_topic(unsigned which)
{
	static const char *const topics[GRAMMAR_TOPICS] = {
		EXCHANGE_MARK "/a",
		EXCHANGE_MARK "/a/b",
		EXCHANGE_MARK "/c",
		EXCHANGE_MARK "/c/d/e",
		EXCHANGE_MARK "/\xc3\xa9",
		EXCHANGE_MARK "//",
	};

	return bytes_of(topics[which]);
}

static struct bytes any_topic(struct grammar *g)
{
	return grammar_topic(draw_below(g->draw, GRAMMAR_TOPICS));
}

static struct bytes any_filter(struct grammar *g, bool *shared)
{
	static const char *const filters[] = {
		EXCHANGE_MARK "/#",
		EXCHANGE_MARK "/+",
		EXCHANGE_MARK "/+/b",
		EXCHANGE_MARK "/c/+/#",
	};

	*shared = version_traits(g->version).shared_subscriptions && draw_chance(g->draw, 10);
	if (*shared)
		return BYTES("$share/g/" EXCHANGE_MARK "/#");
	if (draw_chance(g->draw, 50))
		return any_topic(g);
	return bytes_of(filters[draw_below(g->draw, sizeof(filters) / sizeof(*filters))]);
}

struct bytes grammar_client_id(unsigned which)
{
	static const char *const ids[GRAMMAR_CLIENTS] = {
		EXCHANGE_MARK "a",
		EXCHANGE_MARK "b",
		EXCHANGE_MARK "c",
	};

	return bytes_of(ids[which]);
}

/* ---- values -------------------------------------------------------------------------------- */

static struct bytes any_bytes(struct grammar *g, size_t most)
{
	size_t len = draw_below(g->draw, most + 1);
	uint8_t *data = arena_alloc(g->arena, len + 1);

	draw_bytes(g->draw, data, len);
	return (struct bytes){ data, len };
}

static struct bytes any_text(struct grammar *g)
{
	size_t len = draw_below(g->draw, TEXT_MAX + 1);
	uint8_t *data = arena_alloc(g->arena, len + 1);

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)draw_between(g->draw, 'a', 'z');
	return (struct bytes){ data, len };
}

static bool is_switch(uint8_t id)
{
	return id == 0x01 || id == 0x17 || id == 0x19 || id == 0x24 || id == 0x25 || id == 0x28 ||
		id == 0x29 || id == 0x2A;
}

static uint32_t any_number(struct grammar *g, const struct spec_property *of)
{
	uint32_t n = draw_edge(g->draw);

	if (is_switch(of->id))
		return n & 1;
	switch (of->type) {
	case PROPERTY_BYTE: return n & 0xff;
	case PROPERTY_TWO_BYTES: n &= 0xffff; break;
	case PROPERTY_VARIABLE: n &= WIRE_REMAINING_LENGTH_MAX; break;
	default: break;
	}
	if (of->id == 0x27) /* Maximum Packet Size: enough for what comes */
		return n | 0x10000;
	if (of->id == 0x13) /* Server Keep Alive: longer than an exchange */
		return n | 0x100;
	if (of->id == 0x18) /* Will Delay Interval: soon over */
		return n & 1;
	return n ? n : 1;
}

struct property grammar_property(struct grammar *g, const struct spec_property *of)
{
	struct property p = { .id = of->id, .type = of->type };

	switch (of->type) {
	case PROPERTY_BINARY: p.value = any_bytes(g, TEXT_MAX); break;
	case PROPERTY_STRING_PAIR:
		p.name = any_text(g);
		p.value = any_text(g);
		break;
	case PROPERTY_STRING:
		p.value = of->id == 0x08 ? any_topic(g) : any_text(g); /* Response Topic */
		break;
	default: p.number = any_number(g, of); break;
	}
	return p;
}

static bool is_conditional(uint32_t place, const struct spec_property *of)
{
	if (of->id == 0x0B && place == SPEC_PACKET(SUBSCRIBE))
		return false;
	if (of->id == 0x11 && place == SPEC_PACKET(DISCONNECT))
		return true; /* Session Expiry Interval: not if it was 0 */
	return memchr(conditional, of->id, sizeof(conditional));
}

static struct properties any_properties(struct grammar *g, uint32_t place)
{
	struct property *list = NULL;
	size_t count = 0, capacity = 0;

	if (!version_traits(g->version).properties)
		return (struct properties){ 0 };
	for (size_t i = 0; i < spec_property_count; i++) {
		const struct spec_property *of = &spec_properties[i];
		if (!(of->packets & place) || is_conditional(place, of) ||
			!draw_chance(g->draw, PROPERTY_PERCENT))
			continue;
		list = arena_grow(g->arena, list, count, &capacity, sizeof(*list));
		list[count++] = grammar_property(g, of);
	}
	return (struct properties){ list, count, count || draw_chance(g->draw, 50) };
}

static bool may_send_code(const struct grammar *g, const struct spec_reason_code *c, unsigned type)
{
	if (c->code == NO_MATCHING_SUBSCRIBERS) /* [U50-NOMATCH-CODE] */
		return g->sender == SIDE_SERVER;
	if (type == DISCONNECT || type == AUTH)
		return g->sender == SIDE_SERVER ? c->from_server : c->from_client;
	return true;
}

static uint8_t any_code(struct grammar *g, unsigned type)
{
	uint8_t may[256];
	size_t count = 0;

	for (size_t i = 0; i < spec_reason_code_count; i++) {
		const struct spec_reason_code *c = &spec_reason_codes[i];
		if (c->packets & SPEC_PACKET(type) && may_send_code(g, c, type))
			may[count++] = c->code;
	}
	if (!count || (type != SUBACK && draw_chance(g->draw, 60)))
		return 0;
	return may[draw_below(g->draw, count)];
}

static uint16_t fresh_id(struct grammar *g)
{
	return ++g->last_id ? g->last_id : ++g->last_id;
}

/* Of the other side's packets. */
static uint16_t any_id(struct grammar *g)
{
	return (uint16_t)draw_between(g->draw, 1, IDS);
}

/* ---- packets ------------------------------------------------------------------------------- */

struct packet grammar_connect(const struct grammar *g, unsigned client, bool clean)
{
	struct packet p = wire_packet(CONNECT);

	p.protocol_name = BYTES("MQTT");
	p.level = (uint8_t)g->version;
	p.connect_flags = clean ? CONNECT_CLEAN : 0;
	p.keep_alive = KEEP_ALIVE_S;
	p.client_id = grammar_client_id(client);
	p.properties.present = version_traits(g->version).properties;
	return p;
}

static struct packet any_connect(struct grammar *g)
{
	struct packet p =
		grammar_connect(g, draw_below(g->draw, GRAMMAR_CLIENTS), draw_chance(g->draw, 60));

	p.keep_alive = (uint16_t)(draw_chance(g->draw, 20) ? 0 : KEEP_ALIVE_S);
	p.properties = any_properties(g, SPEC_PACKET(CONNECT));
	p.properties.present = version_traits(g->version).properties;
	if (!draw_chance(g->draw, 30))
		return p;
	p.connect_flags |= (uint8_t)(CONNECT_WILL | draw_below(g->draw, 3) << 3);
	p.will_topic = any_topic(g);
	p.will_payload = any_bytes(g, PAYLOAD_MAX);
	p.will_properties = any_properties(g, SPEC_WILL_PROPERTIES);
	/* A payload by chance is not what the Indicator says. */
	for (size_t i = 0; i < p.will_properties.count; i++)
		if (p.will_properties.list[i].id == 0x01)
			p.will_payload = any_text(g);
	return p;
}

struct packet grammar_publish(struct grammar *g, struct bytes topic, unsigned qos)
{
	struct packet p = wire_packet(PUBLISH);

	p.flags = wire_publish_flags(false, qos, false);
	p.qos = (uint8_t)qos;
	p.topic = topic;
	p.id = fresh_id(g);
	p.payload = any_text(g);
	p.properties.present = version_traits(g->version).properties;
	return p;
}

static struct packet any_publish(struct grammar *g)
{
	struct packet p = grammar_publish(g, any_topic(g), draw_below(g->draw, 3));

	p.flags = wire_publish_flags(false, p.qos, draw_chance(g->draw, 10));
	p.properties = any_properties(g, SPEC_PACKET(PUBLISH));
	p.properties.present = version_traits(g->version).properties;
	return p;
}

static uint8_t any_options(struct grammar *g, bool shared)
{
	unsigned options = draw_below(g->draw, 3);

	if (!version_traits(g->version).subscription_options)
		return (uint8_t)options;
	options |= draw_below(g->draw, 4) << 2 | draw_below(g->draw, 3) << 4;
	return (uint8_t)(shared ? options & ~(unsigned)NO_LOCAL : options);
}

struct packet grammar_subscribe(struct grammar *g, struct bytes filter, unsigned qos)
{
	struct packet p = wire_packet(SUBSCRIBE);

	p.id = fresh_id(g);
	p.filters = arena_new(g->arena, struct filter);
	p.filter_count = 1;
	p.filters[0] = (struct filter){ filter, (uint8_t)qos };
	p.properties.present = version_traits(g->version).properties;
	return p;
}

static struct packet any_request(struct grammar *g, enum packet_type type)
{
	struct packet p = wire_packet(type);
	bool shared;

	p.id = fresh_id(g);
	p.filter_count = draw_between(g->draw, 1, FILTERS_MAX);
	p.filters = arena_alloc(g->arena, p.filter_count * sizeof(*p.filters));
	for (size_t i = 0; i < p.filter_count; i++) {
		p.filters[i].text = any_filter(g, &shared);
		p.filters[i].options = type == SUBSCRIBE ? any_options(g, shared) : 0;
	}
	p.properties = any_properties(g, SPEC_PACKET(type));
	p.properties.present = version_traits(g->version).properties;
	return p;
}

/* SUBACK and UNSUBACK. */
static struct packet any_request_answer(struct grammar *g, enum packet_type type)
{
	struct packet p = wire_packet(type);
	size_t count = draw_between(g->draw, 1, FILTERS_MAX);
	uint8_t *codes = arena_alloc(g->arena, count);

	p.id = any_id(g);
	p.properties = any_properties(g, SPEC_PACKET(type));
	p.properties.present = version_traits(g->version).properties;
	for (size_t i = 0; i < count; i++)
		codes[i] = version_traits(g->version).reason_codes ? any_code(g, type)
								   : draw_below(g->draw, 3) & 0xff;
	if (type == SUBACK || version_traits(g->version).reason_codes)
		p.codes = (struct bytes){ codes, count };
	return p;
}

/* With a Reason Code, and properties after it, or neither. */
static struct packet any_coded(struct grammar *g, enum packet_type type)
{
	struct packet p = wire_packet(type);

	p.id = any_id(g);
	if (!version_traits(g->version).reason_codes)
		return p;
	p.code = any_code(g, type);
	p.has_code = p.code || draw_chance(g->draw, 50);
	if (p.has_code)
		p.properties = any_properties(g, SPEC_PACKET(type));
	return p;
}

static struct packet any_connack(struct grammar *g)
{
	struct packet p = wire_packet(CONNACK);

	p.has_code = true;
	p.properties = any_properties(g, SPEC_PACKET(CONNACK));
	p.properties.present = version_traits(g->version).properties;
	return p;
}

static struct packet any_auth(struct grammar *g)
{
	struct packet p = wire_packet(AUTH);
	struct property *method = arena_new(g->arena, struct property);

	*method = (struct property){ .id = 0x15, .type = PROPERTY_STRING, .value = BYTES("fz") };
	p.code = g->sender == SIDE_SERVER || draw_chance(g->draw, 50) ? 0x18 : 0x19;
	p.has_code = true;
	p.properties = (struct properties){ method, 1, true };
	return p;
}

struct packet grammar_packet(struct grammar *g, enum packet_type type)
{
	switch (type) {
	case CONNECT: return any_connect(g);
	case CONNACK: return any_connack(g);
	case PUBLISH: return any_publish(g);
	case SUBSCRIBE:
	case UNSUBSCRIBE: return any_request(g, type);
	case SUBACK:
	case UNSUBACK: return any_request_answer(g, type);
	case AUTH: return any_auth(g);
	case PINGREQ:
	case PINGRESP: return wire_packet(type);
	default: return any_coded(g, type);
	}
}

uint32_t grammar_types(const struct grammar *g)
{
	uint32_t types = SPEC_PACKET(PUBLISH) | SPEC_PACKET(PUBACK) | SPEC_PACKET(PUBREC) |
		SPEC_PACKET(PUBREL) | SPEC_PACKET(PUBCOMP);

	if (version_traits(g->version).auth)
		types |= SPEC_PACKET(AUTH);
	if (g->sender == SIDE_CLIENT)
		return types | SPEC_PACKET(SUBSCRIBE) | SPEC_PACKET(UNSUBSCRIBE) |
			SPEC_PACKET(PINGREQ) | SPEC_PACKET(DISCONNECT);
	if (version_traits(g->version).server_disconnect)
		types |= SPEC_PACKET(DISCONNECT);
	return types | SPEC_PACKET(SUBACK) | SPEC_PACKET(UNSUBACK) | SPEC_PACKET(PINGRESP);
}

enum packet_type grammar_type(struct grammar *g)
{
	uint32_t types = grammar_types(g);

	for (;;) {
		unsigned type = draw_between(g->draw, CONNECT, AUTH);
		if (types & SPEC_PACKET(type))
			return (enum packet_type)type;
	}
}

struct bytes grammar_bytes(const struct grammar *g, const struct packet *packet)
{
	struct buf out;

	buf_init(&out, PACKET_LIMIT);
	wire_build(&out, g->version, packet, NULL);
	struct bytes bytes = { arena_copy(g->arena, out.data, out.len), out.len };
	buf_fini(&out);
	return bytes;
}
