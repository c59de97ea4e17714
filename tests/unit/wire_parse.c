#include "tests/unit/wire_bench.h"

#include <string.h>

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
		struct bytes data = bench_build(b, l->version, &l->packet);
		struct packet p;
		struct wire_result r = bench_parse(b, l->version, data, &p);
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
	struct bytes data = bench_spell(b, MQTT_311, "C0 00 40 02 00 07 D0");
	const uint8_t *at = bench_guarded(b, data.data, data.len);
	struct packet p;

	struct wire_result r =
		wire_parse(&b->arena, MQTT_311, at, data.len, WIRE_REMAINING_LENGTH_MAX, &p);
	assert_int_equal(r.consumed, 2);
	assert_int_equal(p.type, PINGREQ);
	r = wire_parse(&b->arena, MQTT_311, at + 2, data.len - 2, WIRE_REMAINING_LENGTH_MAX, &p);
	assert_int_equal(r.consumed, 4);
	assert_int_equal(p.type, PUBACK);
	assert_int_equal(p.id, 7);
	r = wire_parse(&b->arena, MQTT_311, at + 6, 1, WIRE_REMAINING_LENGTH_MAX, &p);
	assert_int_equal(r.status, WIRE_NEED_MORE);
	assert_int_equal(r.consumed, 0);
}

/* ---- incomplete ---------------------------------------------------------------------------- */

static void no_prefix_is_a_packet(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < b->corpus.count; i++) {
		const struct legal *l = &b->corpus.list[i];
		struct bytes data = bench_build(b, l->version, &l->packet);
		for (size_t n = 0; n < data.len; n++) {
			struct packet p;
			struct bytes prefix = { data.data, n };
			struct wire_result r = bench_parse(b, l->version, prefix, &p);
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
		struct bytes data = bench_build(b, l->version, &l->packet);
		struct wire_result r = { .missing = 0 };
		struct packet p;
		size_t have = 0;
		for (int steps = 0; steps < 6; steps++) {
			r = bench_parse(b, l->version, (struct bytes){ data.data, have }, &p);
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
		struct bytes data = bench_spell(b, m->version, m->text);
		struct packet p;
		struct wire_result r = bench_parse(b, m->version, data, &p);
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
		struct bytes data = bench_spell(b, m->version, m->text);
		for (size_t n = 0; n < data.len; n++) {
			struct packet p;
			struct bytes prefix = { data.data, n };
			struct wire_result r = bench_parse(b, m->version, prefix, &p);
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
		struct bytes data = bench_spell(b, o->version, o->text);
		struct packet p;
		struct wire_result r = bench_parse(b, o->version, data, &p);
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

	for (size_t i = 0; i < COUNT(samples); i++) {
		struct bytes data = bench_spell(b, MQTT_311, samples[i].text);
		struct packet p;
		struct wire_result r = bench_parse(b, MQTT_311, data, &p);
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
	const uint8_t *data = bench_guarded(b, "\x30\x80\x01", 3); /* 128 bytes to come */

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
	struct bytes data = bench_build(b, MQTT_311, &p);
	assert_int_equal(data.len, 5 + 2097152);
	assert_memory_equal(data.data, "\x30\x80\x80\x80\x01", 5);
	struct wire_result r = bench_parse(b, MQTT_311, data, &back);
	assert_int_equal(r.consumed, data.len);
	assert_int_equal(back.payload.len, size);
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
	};

	return cmocka_run_group_tests_name("wire_parse", tests, bench_set_up, bench_tear_down);
}
