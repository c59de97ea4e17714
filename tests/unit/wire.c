#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "harness/template.h"
#include "harness/wire.h"
#include "tests/corpus/corpus.h"

/* What a test needs: memory, a place to build in, and pages that end in an unreadable one, so that
 * reading past the input is a crash.
 */
struct bench {
	struct arena arena;
	struct buf built;
	uint8_t *pages;
	size_t page_bytes; /* readable ones */
	struct corpus corpus;
};

enum { READABLE_BYTES = 4 * 1024 * 1024, LIMIT = WIRE_REMAINING_LENGTH_MAX };

static void bench_init(struct bench *b)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	arena_init(&b->arena);
	buf_init(&b->built, READABLE_BYTES);
	b->page_bytes = READABLE_BYTES;
	b->pages = mmap(NULL, b->page_bytes + page, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(b->pages, MAP_FAILED);
	assert_int_equal(mprotect(b->pages + b->page_bytes, page, PROT_NONE), 0);
	corpus_init(&b->corpus, &b->arena);
}

static void bench_fini(struct bench *b)
{
	munmap(b->pages, b->page_bytes + (size_t)sysconf(_SC_PAGESIZE));
	buf_fini(&b->built);
	arena_fini(&b->arena);
}

/* A copy of the bytes whose end is the end of readable memory. */
static const uint8_t *guarded(struct bench *b, const void *data, size_t len)
{
	uint8_t *place = b->pages + b->page_bytes - len;

	assert_true(len <= b->page_bytes);
	if (len)
		memcpy(place, data, len);
	return place;
}

static struct wire_result parse(
	struct bench *b, enum mqtt_version version, struct bytes data, struct packet *out)
{
	return wire_parse(
		&b->arena, version, guarded(b, data.data, data.len), data.len, LIMIT, out);
}

static struct bytes spell(struct bench *b, enum mqtt_version version, const char *text)
{
	struct template_values values = {
		.version = version, .client_id = "me", .topic_prefix = "k/"
	};
	struct bytes bytes;
	const char *error;

	if (!template_expand(&b->arena, text, &values, &bytes, &error))
		fail_msg("%s: %s", text, error);
	return bytes;
}

static struct bytes build(struct bench *b, enum mqtt_version version, const struct packet *p)
{
	buf_reset(&b->built);
	assert_true(wire_build(&b->built, version, p, NULL));
	return (struct bytes){ b->built.data, b->built.len };
}

/* ---- round trips --------------------------------------------------------------------------- */

static void assert_same_properties(const struct properties *a, const struct properties *b)
{
	assert_int_equal(a->present, b->present);
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct property *p = &a->list[i], *q = &b->list[i];
		assert_int_equal(p->id, q->id);
		assert_int_equal(p->type, q->type);
		assert_int_equal(p->number, q->number);
		assert_true(bytes_equal(p->value, q->value));
		assert_true(bytes_equal(p->name, q->name));
	}
}

static void assert_same_filters(const struct packet *a, const struct packet *b)
{
	assert_int_equal(a->filter_count, b->filter_count);
	for (size_t i = 0; i < a->filter_count; i++) {
		assert_true(bytes_equal(a->filters[i].text, b->filters[i].text));
		assert_int_equal(a->filters[i].options, b->filters[i].options);
	}
}

static void assert_same_packet(const struct packet *a, const struct packet *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->dup, b->dup);
	assert_int_equal(a->qos, b->qos);
	assert_int_equal(a->retain, b->retain);
	assert_true(bytes_equal(a->topic, b->topic));
	assert_true(bytes_equal(a->payload, b->payload));
	assert_true(bytes_equal(a->protocol_name, b->protocol_name));
	assert_int_equal(a->level, b->level);
	assert_int_equal(a->connect_flags, b->connect_flags);
	assert_int_equal(a->keep_alive, b->keep_alive);
	assert_true(bytes_equal(a->client_id, b->client_id));
	assert_true(bytes_equal(a->will_topic, b->will_topic));
	assert_true(bytes_equal(a->will_payload, b->will_payload));
	assert_true(bytes_equal(a->user_name, b->user_name));
	assert_true(bytes_equal(a->password, b->password));
	assert_int_equal(a->ack_flags, b->ack_flags);
	assert_int_equal(a->code, b->code);
	assert_int_equal(a->has_code, b->has_code);
	assert_true(bytes_equal(a->codes, b->codes));
	assert_same_filters(a, b);
	assert_same_properties(&a->properties, &b->properties);
	assert_same_properties(&a->will_properties, &b->will_properties);
}

static void what_is_built_is_read_back(void **state)
{
	struct bench *b = *state;
	unsigned seen[2] = { 0 };

	for (size_t i = 0; i < b->corpus.count; i++) {
		const struct legal *l = &b->corpus.list[i];
		struct bytes data = build(b, l->version, &l->packet);
		struct packet p;
		struct wire_result r = parse(b, l->version, data, &p);
		if (r.status != WIRE_PACKET)
			fail_msg("%s: %s", l->name, r.what);
		assert_int_equal(r.consumed, data.len);
		assert_int_equal(p.raw.len, data.len);
		assert_memory_equal(p.raw.data, data.data, data.len);
		assert_same_packet(&l->packet, &p);
		seen[l->version == MQTT_50] |= 1u << p.type;
	}
	assert_int_equal(seen[0], 0x7ffe); /* every type but 0 and 15 */
	assert_int_equal(seen[1], 0xfffe); /* AUTH, too */
}

static const struct legal *corpus_find(
	struct bench *b, enum packet_type type, uint32_t id, bool will, size_t least)
{
	for (size_t i = 0; i < b->corpus.count; i++) {
		const struct legal *l = &b->corpus.list[i];
		const struct properties *p =
			will ? &l->packet.will_properties : &l->packet.properties;
		if (l->packet.type == type && properties_count(p, id) >= least)
			return l;
	}
	return NULL;
}

/* Otherwise the round trip would prove less than it says. */
static void the_corpus_has_every_property_in_every_packet(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < spec_property_count; i++) {
		const struct spec_property *s = &spec_properties[i];
		for (unsigned type = CONNECT; type <= AUTH; type++) {
			size_t least = s->repeats & SPEC_PACKET(type) ? 2 : 1;
			if (s->packets & SPEC_PACKET(type) &&
				!corpus_find(b, type, s->id, false, least))
				fail_msg("no %s with %s", spec_packet_name(type), s->name);
		}
		if (s->packets & SPEC_WILL_PROPERTIES && !corpus_find(b, CONNECT, s->id, true, 1))
			fail_msg("no Will with %s", s->name);
	}
}

static void two_packets_in_a_row_are_read_one_by_one(void **state)
{
	struct bench *b = *state;
	struct bytes data = spell(b, MQTT_311, "C0 00 40 02 00 07 D0");
	const uint8_t *at = guarded(b, data.data, data.len);
	struct packet p;

	struct wire_result r = wire_parse(&b->arena, MQTT_311, at, data.len, LIMIT, &p);
	assert_int_equal(r.consumed, 2);
	assert_int_equal(p.type, PINGREQ);
	r = wire_parse(&b->arena, MQTT_311, at + 2, data.len - 2, LIMIT, &p);
	assert_int_equal(r.consumed, 4);
	assert_int_equal(p.type, PUBACK);
	assert_int_equal(p.id, 7);
	r = wire_parse(&b->arena, MQTT_311, at + 6, 1, LIMIT, &p);
	assert_int_equal(r.status, WIRE_NEED_MORE);
	assert_int_equal(r.consumed, 0);
}

/* ---- incomplete ---------------------------------------------------------------------------- */

static void no_prefix_is_a_packet(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < b->corpus.count; i++) {
		const struct legal *l = &b->corpus.list[i];
		struct bytes data = build(b, l->version, &l->packet);
		for (size_t n = 0; n < data.len; n++) {
			struct packet p;
			struct bytes prefix = { data.data, n };
			struct wire_result r = parse(b, l->version, prefix, &p);
			if (r.status != WIRE_NEED_MORE || r.missing < 1 ||
				r.missing > data.len - n || r.consumed)
				fail_msg("%s, %zu of %zu bytes: status %d, %zu missing", l->name, n,
					data.len, r.status, r.missing);
		}
	}
}

/* Whoever reads what is missing, and no more, ends at the packet's end in few steps. */
static void what_is_missing_leads_to_the_packet(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < b->corpus.count; i++) {
		const struct legal *l = &b->corpus.list[i];
		struct bytes data = build(b, l->version, &l->packet);
		struct wire_result r = { .missing = 0 };
		struct packet p;
		size_t have = 0;
		for (int steps = 0; steps < 6; steps++) {
			r = parse(b, l->version, (struct bytes){ data.data, have }, &p);
			have += r.missing;
		}
		assert_int_equal(r.status, WIRE_PACKET);
		assert_int_equal(have, data.len);
	}
}

/* ---- malformed ----------------------------------------------------------------------------- */

static void malformed_packets_name_the_fault(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < corpus_malformed_count; i++) {
		const struct malformed *m = &corpus_malformed[i];
		struct bytes data = spell(b, m->version, m->text);
		struct packet p;
		struct wire_result r = parse(b, m->version, data, &p);
		if (r.status != WIRE_MALFORMED || r.offset != m->offset ||
			strcmp(r.rule, m->rule) != 0 || strcmp(r.what, m->what) != 0)
			fail_msg("%s %s: status %d, offset %zu, %s, %s",
				spec_version_name(m->version), m->text, r.status, r.offset, r.rule,
				r.what);
		assert_int_equal(r.consumed, m->lost ? 0 : data.len);
		assert_non_null(spec_find(r.rule));
		assert_int_equal(p.type, data.data[0] >> 4);
	}
}

static void prefixes_of_malformed_packets_are_none_either(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < corpus_malformed_count; i++) {
		const struct malformed *m = &corpus_malformed[i];
		struct bytes data = spell(b, m->version, m->text);
		for (size_t n = 0; n < data.len; n++) {
			struct packet p;
			struct bytes prefix = { data.data, n };
			struct wire_result r = parse(b, m->version, prefix, &p);
			assert_int_not_equal(r.status, WIRE_PACKET);
			if (r.status == WIRE_NEED_MORE && !m->lost)
				assert_true(r.missing <= data.len - n);
		}
	}
}

/* That is the monitor's business. */
static void wrong_values_are_read(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < corpus_odd_count; i++) {
		const struct odd *o = &corpus_odd[i];
		struct bytes data = spell(b, o->version, o->text);
		struct packet p;
		struct wire_result r = parse(b, o->version, data, &p);
		if (r.status != WIRE_PACKET)
			fail_msg("%s: %s", o->text, r.what ? r.what : "need more");
		assert_int_equal(r.consumed, data.len);
		assert_string_equal(wire_describe(&b->arena, o->version, &p), o->line);
	}
}

/* ---- Remaining Length ---------------------------------------------------------------------- */

static void remaining_length_has_four_forms(void **state)
{
	struct bench *b = *state;
	static const struct {
		const char *text; /* the header of a packet */
		uint32_t length;
		size_t header;
	} samples[] = {
		{ "30 00", 0, 2 },
		{ "30 7F", 127, 2 },
		{ "30 80 01", 128, 3 },
		{ "30 FF 7F", 16383, 3 },
		{ "30 80 80 01", 16384, 4 },
		{ "30 FF FF 7F", 2097151, 4 },
		{ "30 80 80 80 01", 2097152, 5 },
		{ "30 FF FF FF 7F", 268435455, 5 },
		{ "30 80 00", 0, 3 }, /* over-long */
		{ "30 87 80 80 00", 7, 5 },
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct bytes data = spell(b, MQTT_311, samples[i].text);
		struct packet p;
		struct wire_result r = parse(b, MQTT_311, data, &p);
		assert_int_equal(p.remaining_length, samples[i].length);
		if (samples[i].length) {
			assert_int_equal(r.status, WIRE_NEED_MORE);
			assert_int_equal(r.missing, samples[i].length);
		} else { /* a PUBLISH needs a topic */
			assert_int_equal(r.status, WIRE_MALFORMED);
			assert_int_equal(r.consumed, samples[i].header);
		}
	}
}

static void the_limit_holds_as_soon_as_it_can_be_seen(void **state)
{
	struct bench *b = *state;
	struct packet p;
	const uint8_t *data = guarded(b, "\x30\x80\x01", 3); /* 128 bytes to come */

	struct wire_result r = wire_parse(&b->arena, MQTT_50, data, 3, 127, &p);
	assert_int_equal(r.status, WIRE_MALFORMED);
	assert_int_equal(r.consumed, 0);
	assert_int_equal(r.offset, 1);
	assert_null(r.rule);
	assert_string_equal(r.what, "longer than the limit of this reader");
	r = wire_parse(&b->arena, MQTT_50, data, 3, 128, &p);
	assert_int_equal(r.status, WIRE_NEED_MORE);
	assert_int_equal(r.missing, 128);
}

static void a_packet_of_two_megabytes_makes_the_trip(void **state)
{
	struct bench *b = *state;
	struct packet p = wire_packet(PUBLISH), back;
	size_t size = 2097152 - 3;

	p.topic = BYTES("t");
	p.payload = (struct bytes){ arena_alloc(&b->arena, size), size };
	struct bytes data = build(b, MQTT_311, &p);
	assert_int_equal(data.len, 5 + 2097152);
	assert_memory_equal(data.data, "\x30\x80\x80\x80\x01", 5);
	struct wire_result r = parse(b, MQTT_311, data, &back);
	assert_int_equal(r.consumed, data.len);
	assert_int_equal(back.payload.len, size);
}

/* ---- memory -------------------------------------------------------------------------------- */

static size_t allocated_bytes; /* counted by the linker's --wrap=calloc, which arenas call */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
	allocated_bytes += count * size;
	return __real_calloc(count, size);
}

static void nothing_is_allocated_for_what_is_not_there(void **state)
{
	struct bench *b = *state;
	struct arena a;
	struct packet p;
	const uint8_t *data = guarded(b, "\x82\xff\xff\xff\x7f\x00\x01\x00\x01#", 10);

	arena_init(&a);
	allocated_bytes = 0;
	struct wire_result r = wire_parse(&a, MQTT_50, data, 10, LIMIT, &p);
	assert_int_equal(r.status, WIRE_NEED_MORE);
	assert_int_equal(r.missing, 268435455 - 5);
	assert_int_equal(allocated_bytes, 0);
	arena_fini(&a);
}

static void lists_are_allocated_in_proportion(void **state)
{
	struct bench *b = *state;
	static const struct {
		enum mqtt_version version;
		const char *text;
		enum wire_status status;
		size_t most; /* bytes allocated per byte of the packet */
	} samples[] = {
		{ MQTT_311, "A2 r m1 0000*50000", WIRE_PACKET, sizeof(struct filter) / 2 },
		{ MQTT_311, "82 r m1 00016100*50000", WIRE_PACKET, sizeof(struct filter) / 4 },
		{ MQTT_311, "82 r m1 00016100*50000 0000", WIRE_MALFORMED, 0 },
		{ MQTT_50, "40 r m1 00 p{2501*50000}", WIRE_PACKET, sizeof(struct property) / 2 },
		{ MQTT_50, "40 r m1 00 p{2501*50000 25}", WIRE_MALFORMED, 0 },
		{ MQTT_311, "90 r m1 00*100000", WIRE_PACKET, 0 },
		{ MQTT_311, "30 r s\"a\" 00*100000", WIRE_PACKET, 0 },
	};
	enum { BLOCK = 17000 }; /* what an arena takes at least */

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct bytes data = spell(b, samples[i].version, samples[i].text);
		const uint8_t *at = guarded(b, data.data, data.len);
		struct arena a;
		struct packet p;
		arena_init(&a);
		allocated_bytes = 0;
		struct wire_result r = wire_parse(&a, samples[i].version, at, data.len, LIMIT, &p);
		assert_int_equal(r.status, samples[i].status);
		assert_true(allocated_bytes <= data.len * samples[i].most + BLOCK);
		arena_fini(&a);
	}
}

/* ---- the builder --------------------------------------------------------------------------- */

static void variables_take_the_bytes_asked_for(void **state)
{
	struct bench *b = *state;
	static const struct {
		uint32_t value;
		unsigned bytes;
		const char *text;
	} samples[] = {
		{ 0, 0, "00" },
		{ 127, 0, "7F" },
		{ 128, 0, "8001" },
		{ 268435455, 0, "FFFFFF7F" },
		{ 268435456, 0, "8080808001" }, /* more than MQTT allows */
		{ UINT32_MAX, 0, "FFFFFFFF0F" },
		{ 0, 2, "8000" },
		{ 5, 5, "8580808000" },
		{ 128, 1, "8001" },
		{ 1, 9, "8180808000" },
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct bytes want = spell(b, MQTT_50, samples[i].text);
		buf_reset(&b->built);
		assert_true(wire_add_variable(&b->built, samples[i].value, samples[i].bytes));
		assert_int_equal(b->built.len, want.len);
		assert_memory_equal(b->built.data, want.data, want.len);
	}
}

static void the_builder_lies_when_told_to(void **state)
{
	struct bench *b = *state;
	static const struct {
		enum packet_type type;
		struct wire_twist twist;
		const char *text;
	} samples[] = {
		{ PINGREQ, { .set_remaining_length = true, .remaining_length = 300 }, "C0 AC02" },
		{ PINGREQ, { .remaining_length_bytes = 3 }, "C0 808000" },
		{ PINGREQ, { .remaining_length_bytes = 5 }, "C0 8080808000" },
		{ CONNACK, { .set_property_length = true, .property_length = 9 }, "20 03 0000 09" },
		{ PUBACK, { .set_property_length = true, .property_length = 0 },
			"40 04 0000 00 00" },
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct packet p = wire_packet(samples[i].type);
		struct bytes want = spell(b, MQTT_50, samples[i].text);
		buf_reset(&b->built);
		assert_true(wire_build(&b->built, MQTT_50, &p, &samples[i].twist));
		assert_int_equal(b->built.len, want.len);
		assert_memory_equal(b->built.data, want.data, want.len);
	}
}

static void the_builder_writes_wrong_packets(void **state)
{
	struct bench *b = *state;
	static const struct property odd[] = {
		{ .id = 0x7f, .type = PROPERTY_BYTE, .number = 1 },
		{ .id = 0x13, .type = PROPERTY_STRING, .value = BYTES("x") },
		{ .id = 300, .type = PROPERTY_VARIABLE, .number = 0 },
	};
	struct packet p = wire_packet(DISCONNECT);
	p.flags = 0xff; /* the builder keeps them out of the type */
	p.properties = (struct properties){ odd, 3, false };
	struct bytes want = spell(b, MQTT_50, "EF r 00 p{7F01 13 s\"x\" AC02 00}");
	struct bytes data = build(b, MQTT_50, &p);
	assert_int_equal(data.len, want.len);
	assert_memory_equal(data.data, want.data, want.len);
	data = build(b, MQTT_311, &p);
	assert_int_equal(data.len, 2);

	p = wire_packet(RESERVED_0);
	assert_memory_equal(build(b, MQTT_50, &p).data, "\0\0", 2);
}

static void what_does_not_fit_is_refused_whole(void **state)
{
	(void)state;
	struct buf small;
	struct packet p = wire_packet(PUBLISH);
	static const uint8_t long_text[65536];

	buf_init(&small, 8);
	p.topic = BYTES("abc");
	assert_true(wire_build(&small, MQTT_311, &p, NULL));
	assert_false(wire_build(&small, MQTT_311, &p, NULL));
	assert_int_equal(small.len, 7); /* the first one, and nothing of the second */
	assert_true(small.failed);
	buf_fini(&small);

	buf_init(&small, 100000);
	p.topic = (struct bytes){ long_text, 65535 };
	assert_true(wire_build(&small, MQTT_311, &p, NULL));
	buf_reset(&small);
	p.topic.len = 65536; /* no two-byte length says so */
	assert_false(wire_build(&small, MQTT_311, &p, NULL));
	assert_int_equal(small.len, 0);
	buf_fini(&small);
}

/* ---- descriptions -------------------------------------------------------------------------- */

static void packets_read_well(void **state)
{
	struct bench *b = *state;
	static const struct {
		enum mqtt_version version;
		const char *text;
		const char *line;
	} samples[] = {
		{ MQTT_311, "10 r s\"MQTT\" 04 02 n60 c",
			"CONNECT \"me\" v3.1.1 clean keep alive 60" },
		{ MQTT_50,
			"10 r s\"MQTT\" 05 EE n0 p{11 w60 21 n10} s\"\" p{18 w3} s\"w/t\" "
			"s\"gone\" s\"user\" s\"secret\"",
			"CONNECT \"\" v5.0 clean keep alive 0, will \"w/t\" q1 retain \"gone\" "
			"(Will Delay Interval 3), user \"user\", password (6 bytes), "
			"Session Expiry Interval 60, Receive Maximum 10" },
		{ MQTT_311, "10 r s\"MQIsdp\" 03 39 n5 s\"x\"",
			"CONNECT \"x\" protocol \"MQIsdp\" level 3 keep alive 5, "
			"will q3 without will, will retain without will, reserved flag" },
		{ MQTT_311, "20 r 01 00", "CONNACK accepted, session present" },
		{ MQTT_311, "20 r 00 05", "CONNACK 0x05 not authorized" },
		{ MQTT_50, "20 r 80 87 p{1F s\"no\"}",
			"CONNACK 0x87 Not authorized, acknowledge flags 0x80, "
			"Reason String \"no\"" },
		{ MQTT_50, "20 r 00 00 p{13 n30}", "CONNACK success, Server Keep Alive 30" },
		{ MQTT_50, "3D r s\"q2/t\" m7 p{26 s\"k\" s\"v\" 09 0001FF} b\"once\"",
			"PUBLISH \"q2/t\" q2 id 7 dup retain \"once\", User Property \"k\"=\"v\", "
			"Correlation Data FF" },
		{ MQTT_311, "30 r s\"t\" 00FF", "PUBLISH \"t\" q0 00 FF" },
		{ MQTT_311, "30 r s\"t\" b\"\\\"\\\\\\x0A\\xC3\\xA9\\x7F\"",
			"PUBLISH \"t\" q0 \"\\\"\\\\\\x0A\\xC3\\xA9\\x7F\"" },
		{ MQTT_311, "30 r s\"t\" b\"x\"*40",
			"PUBLISH \"t\" q0 \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"" },
		{ MQTT_311, "30 r s\"t\" b\"x\"*41",
			"PUBLISH \"t\" q0 \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" (41 bytes)" },
		{ MQTT_311, "30 r s\"t\" 01*41",
			"PUBLISH \"t\" q0 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 "
			"01 01 01 01 01 01 01 01 01 01 01 01 01 ... (41 bytes)" },
		{ MQTT_50, "40 r m7", "PUBACK id 7" },
		{ MQTT_50, "40 r m7 10", "PUBACK id 7 0x10 No matching subscribers" },
		{ MQTT_50, "62 r m7 92 p{}", "PUBREL id 7 0x92 Packet Identifier not found" },
		{ MQTT_311, "50 r m8", "PUBREC id 8" },
		{ MQTT_311, "70 r m65535", "PUBCOMP id 65535" },
		{ MQTT_311, "82 r m1 s\"a/b\" 01 s\"#\" 00",
			"SUBSCRIBE id 1 \"a/b\" q1, \"#\" q0" },
		{ MQTT_50, "82 r m1 p{0B v321} s\"a\" EE",
			"SUBSCRIBE id 1 \"a\" q2 no local retain as published retain handling 2 "
			"options 0xEE, Subscription Identifier 321" },
		{ MQTT_311, "A2 r m2 s\"a\" s\"b\"", "UNSUBSCRIBE id 2 \"a\", \"b\"" },
		{ MQTT_311, "A2 r m2 s\"a\"*9",
			"UNSUBSCRIBE id 2 \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", "
			"... (9 filters)" },
		{ MQTT_311, "90 r m1 02", "SUBACK id 1: 0x02" },
		{ MQTT_311, "90 r m1 00*9",
			"SUBACK id 1: 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, "
			"... (9 codes)" },
		{ MQTT_50, "90 r m1 p{} 01 8F", "SUBACK id 1: 0x01, 0x8F Topic Filter invalid" },
		{ MQTT_311, "B0 r m1", "UNSUBACK id 1" },
		{ MQTT_50, "B0 r m1 p{} 11", "UNSUBACK id 1: 0x11 No subscription existed" },
		{ MQTT_311, "C0 r", "PINGREQ" },
		{ MQTT_50, "D0 r", "PINGRESP" },
		{ MQTT_50, "E0 r", "DISCONNECT" },
		{ MQTT_50, "E0 r 00", "DISCONNECT normal disconnection" },
		{ MQTT_50, "E0 r 8E p{1F s\"b\\x1B[31mye\"}",
			"DISCONNECT 0x8E Session taken over, Reason String \"b\\x1B[31mye\"" },
		{ MQTT_50, "F0 r 18 p{15 s\"SCRAM\"}",
			"AUTH 0x18 Continue authentication, Authentication Method \"SCRAM\"" },
		{ MQTT_50, "E0 r 00 p{2501*9}",
			"DISCONNECT normal disconnection, Retain Available 1, Retain Available 1, "
			"Retain Available 1, Retain Available 1, Retain Available 1, "
			"Retain Available 1, Retain Available 1, Retain Available 1, "
			"... (9 properties)" },
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct bytes data = spell(b, samples[i].version, samples[i].text);
		struct packet p;
		struct wire_result r = parse(b, samples[i].version, data, &p);
		if (r.status != WIRE_PACKET)
			fail_msg("%s: %s", samples[i].text, r.what ? r.what : "need more");
		assert_string_equal(
			wire_describe(&b->arena, samples[i].version, &p), samples[i].line);
	}
}

static void no_description_is_unbounded(void **state)
{
	struct bench *b = *state;
	static uint8_t bytes[65535]; /* of zeros, each of which is shown as four characters */
	struct bytes text = { bytes, sizeof(bytes) };
	struct property list[100];
	struct filter filters[100];

	for (size_t i = 0; i < 100; i++) {
		list[i] = (struct property){ .id = 0x26, PROPERTY_STRING_PAIR, 0, text, text };
		filters[i] = (struct filter){ text, 0xff };
	}
	struct packet p = { .connect_flags = 0xff,
		.protocol_name = text,
		.client_id = text,
		.topic = text,
		.payload = text,
		.will_topic = text,
		.will_payload = text,
		.user_name = text,
		.codes = text,
		.filters = filters,
		.filter_count = 100,
		.has_code = true,
		.flags = 0xf,
		.properties = { list, 100, true },
		.will_properties = { list, 100, true } };
	for (p.type = RESERVED_0; p.type <= AUTH; p.type++) {
		size_t length = strlen(wire_describe(&b->arena, MQTT_50, &p));
		assert_in_range(length, strlen("AUTH"), 8000);
	}
}

/* ---- small things -------------------------------------------------------------------------- */

static void bytes_compare_by_content(void **state)
{
	(void)state;
	assert_int_equal(BYTES("a\0b").len, 3);
	assert_int_equal(BYTES("").len, 0);
	assert_int_equal(bytes_of(NULL).len, 0);
	assert_int_equal(bytes_of("abc").len, 3);
	assert_true(bytes_equal(bytes_of("abc"), BYTES("abc")));
	assert_true(bytes_equal(bytes_of(NULL), BYTES("")));
	assert_false(bytes_equal(BYTES("abc"), BYTES("abd")));
	assert_false(bytes_equal(BYTES("ab"), BYTES("abc")));
}

static void properties_are_found_by_id(void **state)
{
	(void)state;
	static const struct property list[] = { { .id = 0x0b, .number = 1 }, { .id = 0x26 },
		{ .id = 0x0b, .number = 2 } };
	struct properties p = { list, 3, true };

	assert_ptr_equal(properties_find(&p, 0x0b), &list[0]);
	assert_ptr_equal(properties_find(&p, 0x26), &list[1]);
	assert_null(properties_find(&p, 0x01));
	assert_int_equal(properties_count(&p, 0x0b), 2);
	assert_int_equal(properties_count(&p, 0x01), 0);
}

static void fresh_packets_have_their_flags(void **state)
{
	(void)state;
	for (unsigned type = RESERVED_0; type <= AUTH; type++) {
		bool two = type == PUBREL || type == SUBSCRIBE || type == UNSUBSCRIBE;
		assert_int_equal(wire_packet(type).type, type);
		assert_int_equal(wire_packet(type).flags, two ? 2 : 0);
	}
	assert_int_equal(wire_publish_flags(false, 0, false), 0);
	assert_int_equal(wire_publish_flags(true, 1, false), 0xa);
	assert_int_equal(wire_publish_flags(false, 2, true), 0x5);
	assert_int_equal(wire_publish_flags(true, 3, true), 0xf);
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	bench_init(b);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	bench_fini(*state);
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_built_is_read_back),
		cmocka_unit_test(the_corpus_has_every_property_in_every_packet),
		cmocka_unit_test(two_packets_in_a_row_are_read_one_by_one),
		cmocka_unit_test(no_prefix_is_a_packet),
		cmocka_unit_test(what_is_missing_leads_to_the_packet),
		cmocka_unit_test(malformed_packets_name_the_fault),
		cmocka_unit_test(prefixes_of_malformed_packets_are_none_either),
		cmocka_unit_test(wrong_values_are_read),
		cmocka_unit_test(remaining_length_has_four_forms),
		cmocka_unit_test(the_limit_holds_as_soon_as_it_can_be_seen),
		cmocka_unit_test(a_packet_of_two_megabytes_makes_the_trip),
		cmocka_unit_test(nothing_is_allocated_for_what_is_not_there),
		cmocka_unit_test(lists_are_allocated_in_proportion),
		cmocka_unit_test(variables_take_the_bytes_asked_for),
		cmocka_unit_test(the_builder_lies_when_told_to),
		cmocka_unit_test(the_builder_writes_wrong_packets),
		cmocka_unit_test(what_does_not_fit_is_refused_whole),
		cmocka_unit_test(packets_read_well),
		cmocka_unit_test(no_description_is_unbounded),
		cmocka_unit_test(bytes_compare_by_content),
		cmocka_unit_test(properties_are_found_by_id),
		cmocka_unit_test(fresh_packets_have_their_flags),
	};

	return cmocka_run_group_tests_name("wire", tests, set_up, tear_down);
}
