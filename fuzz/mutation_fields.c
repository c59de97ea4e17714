/* Mutations of fields, and of the lengths that the builder can lie about. */
#include <string.h>

#include "base/arena.h"
#include "fuzz/exchange.h"
#include "fuzz/mutation.h"

enum {
	STRINGS_MAX = 64,     /* of one packet that are taken into account */
	LONG_LIST_MAX = 2000, /* elements */
	LONG_TEXT = 65535,    /* the most that a length can say */
	PAYLOAD_MAX = 128 * 1024,
	WILL_QOS_SHIFT = 3,
};

/* ---- strings ------------------------------------------------------------------------------- */

static struct bytes long_text(struct grammar *g)
{
	size_t len = draw_chance(g->draw, 50) ? LONG_TEXT : draw_between(g->draw, 200, 20000);
	uint8_t *data = arena_alloc(g->arena, len);

	memset(data, draw_chance(g->draw, 50) ? 'x' : '/', len);
	return (struct bytes){ data, len };
}

struct bytes mutation_spoil(struct grammar *g, struct bytes text)
{
	static const struct bytes pieces[] = {
		{ (const uint8_t *)"\0", 1 },               /* U+0000 */
		{ (const uint8_t *)"\xed\xa0\x80", 3 },     /* a surrogate */
		{ (const uint8_t *)"\xc0\x80", 2 },         /* an overlong form */
		{ (const uint8_t *)"\xff", 1 },             /* never in UTF-8 */
		{ (const uint8_t *)"\xf4\x90\x80\x80", 4 }, /* beyond U+10FFFF */
		{ (const uint8_t *)"\xe2\x82", 2 },         /* cut short */
		{ (const uint8_t *)"\xef\xbb\xbf", 3 },     /* U+FEFF */
		{ (const uint8_t *)"\xef\xbf\xbf", 3 },     /* a non-character */
		{ (const uint8_t *)"\x01", 1 },
		{ (const uint8_t *)"#", 1 },
		{ (const uint8_t *)"+", 1 },
		{ (const uint8_t *)"/#/", 3 },
		{ (const uint8_t *)"$share/", 7 },
		{ (const uint8_t *)"$share//", 8 },
		{ (const uint8_t *)"$SYS/", 5 },
		{ (const uint8_t *)"%s%n", 4 },
		{ (const uint8_t *)"'\"<", 3 },
	};

	if (draw_chance(g->draw, 15))
		return (struct bytes){ (const uint8_t *)"", 0 };
	if (draw_chance(g->draw, 15))
		return long_text(g);
	struct bytes piece = pieces[draw_below(g->draw, sizeof(pieces) / sizeof(*pieces))];
	size_t at = draw_chance(g->draw, 40) ? 0 : draw_below(g->draw, text.len + 1);
	uint8_t *data = arena_alloc(g->arena, text.len + piece.len);
	memcpy(data, text.data ? text.data : (const uint8_t *)"", at);
	memcpy(data + at, piece.data, piece.len);
	memcpy(data + at + piece.len, text.data ? text.data + at : (const uint8_t *)"",
		text.len - at);
	return (struct bytes){ data, text.len + piece.len };
}

struct strings {
	struct bytes *list[STRINGS_MAX];
	size_t count;
};

static void strings_add(struct strings *s, struct bytes *text)
{
	if (s->count < STRINGS_MAX)
		s->list[s->count++] = text;
}

/* The list is the parser's, in an arena, and ours to change. */
static void strings_of_properties(struct strings *s, const struct properties *p)
{
	struct property *list = (struct property *)p->list;

	for (size_t i = 0; i < p->count; i++) {
		if (list[i].type == PROPERTY_STRING_PAIR)
			strings_add(s, &list[i].name);
		if (list[i].type >= PROPERTY_BINARY)
			strings_add(s, &list[i].value);
	}
}

static bool spoil_string(struct grammar *g, struct packet *p)
{
	struct strings s = { 0 };

	if (p->type == PUBLISH)
		strings_add(&s, &p->topic);
	if (p->type == CONNECT)
		strings_add(&s, &p->client_id);
	if (p->type == CONNECT && p->connect_flags & CONNECT_WILL)
		strings_add(&s, &p->will_topic);
	if (p->type == CONNECT && p->connect_flags & CONNECT_USER_NAME)
		strings_add(&s, &p->user_name);
	for (size_t i = 0; i < p->filter_count; i++)
		strings_add(&s, &p->filters[i].text);
	strings_of_properties(&s, &p->properties);
	strings_of_properties(&s, &p->will_properties);
	if (!s.count)
		return false;
	struct bytes *text = s.list[draw_below(g->draw, s.count)];
	*text = mutation_spoil(g, *text);
	return true;
}

/* ---- properties ---------------------------------------------------------------------------- */

/* Those of the Will now and then. */
static struct properties *any_properties(struct grammar *g, struct packet *p)
{
	bool will = p->type == CONNECT && p->connect_flags & CONNECT_WILL;

	return will && draw_chance(g->draw, 50) ? &p->will_properties : &p->properties;
}

static void properties_add(struct grammar *g, struct properties *p, struct property more)
{
	struct property *list = arena_alloc(g->arena, (p->count + 1) * sizeof(*list));
	size_t at = draw_below(g->draw, p->count + 1);

	memcpy(list, p->list ? p->list : list, at * sizeof(*list));
	list[at] = more;
	if (p->count > at)
		memcpy(list + at + 1, p->list + at, (p->count - at) * sizeof(*list));
	p->list = list;
	p->count++;
	p->present = true;
}

static struct property *any_property(struct grammar *g, const struct properties *p)
{
	return p->count ? (struct property *)&p->list[draw_below(g->draw, p->count)] : NULL;
}

/* Mostly one of the table; a few that nobody knows. */
static struct property foreign_property(struct grammar *g)
{
	const struct spec_property *of = &spec_properties[draw_below(g->draw, spec_property_count)];
	struct property p = grammar_property(g, of);

	if (draw_chance(g->draw, 15))
		p.id = draw_edge(g->draw) & WIRE_REMAINING_LENGTH_MAX;
	if (draw_chance(g->draw, 10))
		p.type = (uint8_t)draw_below(g->draw, PROPERTY_STRING_PAIR + 1);
	return p;
}

static bool mutate_properties(struct grammar *g, enum mutation m, struct packet *p)
{
	struct properties *of = any_properties(g, p);
	struct property *one = any_property(g, of);

	if (!version_traits(g->version).properties || p->type == PINGREQ || p->type == PINGRESP)
		return false;
	if (m == MUTATION_PROPERTY_FOREIGN) {
		properties_add(g, of, foreign_property(g));
		p->has_code = true; /* what has properties has a code before them */
		return true;
	}
	if (!one)
		return false;
	switch (m) {
	case MUTATION_PROPERTY_AGAIN: properties_add(g, of, *one); return true;
	case MUTATION_PROPERTY_VALUE:
		one->number = draw_chance(g->draw, 30) ? 0 : draw_edge(g->draw);
		if (one->type == PROPERTY_VARIABLE)
			one->number &= WIRE_REMAINING_LENGTH_MAX;
		return one->type < PROPERTY_BINARY;
	default:
		*one = of->list[of->count - 1];
		of->count--;
		return true;
	}
}

/* ---- lists --------------------------------------------------------------------------------- */

static void lengthen_filters(struct grammar *g, struct packet *p, size_t count)
{
	struct filter *list = arena_alloc(g->arena, count * sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[i] = p->filters[i % p->filter_count];
	p->filters = list;
	p->filter_count = count;
}

static void lengthen_properties(struct grammar *g, struct packet *p, size_t count)
{
	struct property *list = arena_alloc(g->arena, count * sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[i] = (struct property){ .id = 0x26,
			.type = PROPERTY_STRING_PAIR,
			.name = BYTES("n"),
			.value = BYTES("v") };
	p->properties = (struct properties){ list, count, true };
	p->has_code = true;
}

static bool mutate_list(struct grammar *g, enum mutation m, struct packet *p)
{
	size_t count = draw_between(g->draw, 2, LONG_LIST_MAX);

	if (m == MUTATION_LIST_EMPTY) {
		bool had = p->filter_count || p->codes.len;
		p->filter_count = 0;
		p->codes = (struct bytes){ 0 };
		return had;
	}
	if (p->filter_count) {
		lengthen_filters(g, p, count);
	} else if (p->codes.len) {
		uint8_t *codes = arena_alloc(g->arena, count);
		memset(codes, p->codes.data[0], count);
		p->codes = (struct bytes){ codes, count };
	} else if (version_traits(g->version).properties && p->type != PINGREQ &&
		p->type != PINGRESP) {
		lengthen_properties(g, p, count);
	} else {
		return false;
	}
	return true;
}

/* ---- single fields ------------------------------------------------------------------------- */

static bool mutate_qos(struct grammar *g, struct packet *p)
{
	unsigned qos = draw_chance(g->draw, 50) ? 3 : draw_below(g->draw, 4);

	if (p->type == PUBLISH)
		p->flags = (uint8_t)((p->flags & 0x09) | qos << 1);
	else if (p->type == SUBSCRIBE && p->filter_count)
		p->filters[0].options = (uint8_t)((p->filters[0].options & 0xfc) | qos);
	else if (p->type == CONNECT)
		p->connect_flags =
			(uint8_t)((p->connect_flags & ~CONNECT_WILL_QOS) | qos << WILL_QOS_SHIFT);
	else
		return false;
	return true;
}

static bool mutate_code(struct grammar *g, struct packet *p)
{
	uint8_t code = (uint8_t)draw_next(g->draw);

	if (p->codes.len) {
		uint8_t *codes = arena_copy(g->arena, p->codes.data, p->codes.len);
		codes[draw_below(g->draw, p->codes.len)] = code;
		p->codes = (struct bytes){ codes, p->codes.len };
		return true;
	}
	p->code = code;
	p->has_code = true;
	return p->type == CONNACK || version_traits(g->version).reason_codes;
}

static bool mutate_protocol(struct grammar *g, struct packet *p)
{
	static const char *const names[] = { "", "MQIsdp", "mqtt", "MQTTT", "HTTP" };

	if (p->type != CONNECT)
		return false;
	if (draw_chance(g->draw, 50))
		p->level = (uint8_t)draw_edge(g->draw);
	else
		p->protocol_name =
			bytes_of(names[draw_below(g->draw, sizeof(names) / sizeof(*names))]);
	return true;
}

static bool mutate_id(struct grammar *g, struct packet *p)
{
	p->id = draw_chance(g->draw, 50) ? 0 : (uint16_t)draw_edge(g->draw);
	return p->type != CONNECT && p->type != CONNACK && p->type < PINGREQ;
}

static bool lengthen_payload(struct grammar *g, struct packet *p)
{
	size_t len = draw_between(g->draw, 1, draw_chance(g->draw, 90) ? 4096 : PAYLOAD_MAX);
	uint8_t *data = arena_alloc(g->arena, len);

	draw_bytes(g->draw, data, len < 64 ? len : 64);
	if (p->type == PUBLISH)
		p->payload = (struct bytes){ data, len };
	else if (p->type == CONNECT && p->connect_flags & CONNECT_WILL)
		p->will_payload = (struct bytes){ data, len < LONG_TEXT ? len : LONG_TEXT };
	else
		return false;
	return true;
}

/* A little more or less than the truth, or anything. */
static uint32_t lie(struct grammar *g, uint32_t truth)
{
	if (draw_chance(g->draw, 30))
		return draw_edge(g->draw) & WIRE_REMAINING_LENGTH_MAX;
	uint32_t by = draw_between(g->draw, 1, 5);
	return draw_chance(g->draw, 50) && truth >= by ? truth - by : truth + by;
}

static bool mutate_length(
	struct grammar *g, enum mutation m, const struct packet *p, struct wire_twist *twist)
{
	switch (m) {
	case MUTATION_REMAINING_LENGTH:
		twist->set_remaining_length = true;
		twist->remaining_length = lie(g, p->remaining_length);
		return true;
	case MUTATION_REMAINING_LENGTH_LONG:
		twist->remaining_length_bytes = draw_between(g->draw, 2, 5);
		return true;
	default:
		twist->set_property_length = true;
		twist->property_length = lie(g, (uint32_t)p->properties.count * 4);
		return version_traits(g->version).properties && p->properties.present;
	}
}

bool mutation_of_fields(
	struct grammar *g, enum mutation m, struct packet *p, struct wire_twist *twist)
{
	switch (m) {
	case MUTATION_FLAGS: p->flags ^= (uint8_t)draw_between(g->draw, 1, 15); return true;
	case MUTATION_TYPE: p->type = (uint8_t)draw_below(g->draw, 16); return true;
	case MUTATION_ID: return mutate_id(g, p);
	case MUTATION_QOS: return mutate_qos(g, p);
	case MUTATION_STRING: return spoil_string(g, p);
	case MUTATION_PROPERTY_AGAIN:
	case MUTATION_PROPERTY_FOREIGN:
	case MUTATION_PROPERTY_VALUE:
	case MUTATION_PROPERTY_LEFT_OUT: return mutate_properties(g, m, p);
	case MUTATION_LIST_EMPTY:
	case MUTATION_LIST_LONG: return mutate_list(g, m, p);
	case MUTATION_OPTIONS:
		if (!p->filter_count)
			return false;
		p->filters[draw_below(g->draw, p->filter_count)].options =
			(uint8_t)draw_next(g->draw);
		return p->type == SUBSCRIBE;
	case MUTATION_CODE: return mutate_code(g, p);
	case MUTATION_PROTOCOL: return mutate_protocol(g, p);
	case MUTATION_PAYLOAD: return lengthen_payload(g, p);
	case MUTATION_REMAINING_LENGTH:
	case MUTATION_REMAINING_LENGTH_LONG:
	case MUTATION_PROPERTY_LENGTH: return mutate_length(g, m, p, twist);
	default: return false;
	}
}
