/* What the fuzzer makes, without a target. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "fuzz/allowance.h"
#include "fuzz/complaints.h"
#include "fuzz/corpus.h"
#include "fuzz/exchange.h"
#include "fuzz/grammar.h"
#include "fuzz/minimiser.h"
#include "fuzz/mutation.h"
#include "fuzz/resources.h"
#include "fuzz/situation.h"
#include "harness/versions.h"

enum { ROUNDS = 300, SEED = 20261129 };

static const enum mqtt_version versions[] = { MQTT_311, MQTT_50 };

/* ---- draws --------------------------------------------------------------------------------- */

static void a_seed_repeats_its_numbers(void **state)
{
	struct draw a = draw_begin(SEED, 7), b = draw_begin(SEED, 7), c = draw_begin(SEED, 8);
	unsigned alike = 0;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t n = draw_next(&a);
		assert_int_equal(n, draw_next(&b));
		alike += n == draw_next(&c);
	}
	assert_int_equal(alike, 0);
}

static void draws_keep_their_bounds(void **state)
{
	struct draw d = draw_begin(SEED, 0);
	unsigned seen = 0;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t n = draw_between(&d, 3, 5);
		assert_in_range(n, 3, 5);
		seen |= 1U << n;
	}
	assert_int_equal(seen, 1U << 3 | 1U << 4 | 1U << 5);
	assert_int_equal(draw_below(&d, 0), 0);
}

/* ---- grammar ------------------------------------------------------------------------------- */

/* Bytes that the harness's own parser reads as one packet of this type, and nothing more. */
static struct packet read_whole(struct arena *a, enum mqtt_version version, struct bytes bytes)
{
	struct packet p;
	struct wire_result r =
		wire_parse(a, version, bytes.data, bytes.len, WIRE_REMAINING_LENGTH_MAX, &p);

	if (r.status != WIRE_PACKET)
		fail_msg("a legal packet cannot be read: %s", r.what ? r.what : "cut short");
	assert_int_equal(r.consumed, bytes.len);
	return p;
}

static void draw_packets_of(enum mqtt_version version, enum side sender)
{
	uint32_t seen = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct arena a;
		struct draw d = draw_begin(SEED, (uint64_t)i);
		struct grammar g = { &a, &d, version, sender, 0 };
		arena_init(&a);
		enum packet_type type = i % 8   ? grammar_type(&g)
			: sender == SIDE_CLIENT ? CONNECT
						: CONNACK;
		struct packet made = grammar_packet(&g, type);
		struct packet read = read_whole(&a, version, grammar_bytes(&g, &made));
		assert_int_equal(read.type, type);
		seen |= SPEC_PACKET(type);
		arena_fini(&a);
	}
	const struct grammar g = { .version = version, .sender = sender };
	assert_int_equal(seen & grammar_types(&g), grammar_types(&g));
}

static void a_packet_can_be_read(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		draw_packets_of(versions[i], SIDE_CLIENT);
		draw_packets_of(versions[i], SIDE_SERVER);
	}
}

/* ---- situations ------------------------------------------------------------------------------ */

/* The first packet of each connection, and those fields that stand by themselves: what a monitor that joins
 * later can judge.
 */
static void watch(struct arena *a, const struct exchange *e, enum side sender, const char *name)
{
	unsigned connections = exchange_connections(e);
	struct monitor **monitors = arena_alloc(a, (connections + 1) * sizeof(*monitors));

	for (size_t i = 0; i < e->count; i++) {
		const struct step *s = &e->steps[i];
		const struct finding *findings;
		if (s->kind == STEP_OPEN) {
			monitors[s->connection] = monitor_new(a, s->version, sender, NULL);
			monitor_join(monitors[s->connection]);
		}
		if (s->kind != STEP_SEND || s->damaged)
			continue;
		struct packet p = read_whole(a, exchange_version(e, i), s->bytes);
		if (s->id_at != EXCHANGE_NO_ID)
			p.id = 1;
		if (monitor_packet(monitors[s->connection], sender, &p, &findings))
			fail_msg("%s: step %zu breaks %s: %s", name, i + 1, findings[0].statement,
				findings[0].what);
	}
}

static void a_situation_is_legal(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct arena a;
		enum mqtt_version version = versions[i % 2];
		enum situation s = (enum situation)(i % SITUATION_COUNT);
		struct draw d = draw_begin(SEED, (uint64_t)i);
		arena_init(&a);
		struct exchange e = situation_make(&a, &d, s, version);
		watch(&a, &e, SIDE_CLIENT, situation_name(s));
		e = situation_make_client(&a, &d, s, version);
		watch(&a, &e, SIDE_SERVER, situation_name(s));
		arena_fini(&a);
	}
}

static struct exchange make_damaged(struct arena *a, uint64_t number, enum side sender)
{
	struct draw d = draw_begin(SEED, number);
	enum situation s = (enum situation)draw_below(&d, SITUATION_COUNT);
	enum mqtt_version version = versions[draw_below(&d, 2)];
	struct exchange e = sender == SIDE_CLIENT ? situation_make(a, &d, s, version)
						  : situation_make_client(a, &d, s, version);

	damage_do(a, &d, sender, &e);
	return e;
}

static void the_same_seed_makes_the_same_bytes(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct exchange first = make_damaged(&a, i, (enum side)(i % 2));
		struct exchange second = make_damaged(&a, i, (enum side)(i % 2));
		assert_true(exchange_equal(&first, &second));
		arena_reset(&a);
	}
	arena_fini(&a);
}

static void damage_leaves_an_exchange_that_can_be_played(void **state)
{
	struct arena a;
	unsigned damaged = 0;

	(void)state;
	arena_init(&a);
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct exchange e = make_damaged(&a, i, (enum side)(i % 2));
		bool any = false;
		for (size_t k = 0; k < e.count; k++) {
			const struct step *s = &e.steps[k];
			any |= s->damaged;
			if (s->kind == STEP_SEND)
				assert_true(s->bytes.len > 0);
			if (s->kind == STEP_SEND && s->id_at != EXCHANGE_NO_ID)
				assert_true(s->id_at + 2U <= s->bytes.len);
		}
		damaged += any;
		arena_reset(&a);
	}
	assert_true(damaged > ROUNDS * 8 / 10);
	arena_fini(&a);
}

/* ---- mutations ------------------------------------------------------------------------------ */

static void each_mutation_is_reached(void **state)
{
	unsigned reached[MUTATION_COUNT] = { 0 };

	(void)state;
	for (uint64_t i = 0; i < ROUNDS * 4; i++) {
		struct arena a;
		struct draw d = draw_begin(SEED, i);
		struct grammar g = { &a, &d, versions[i % 2], (enum side)(i / 2 % 2), 0 };
		struct bytes out;
		arena_init(&a);
		struct packet p = grammar_packet(&g, i % 5 ? grammar_type(&g) : CONNECT);
		struct bytes in = grammar_bytes(&g, &p);
		reached[mutation_any(&g, in, &out)]++;
		assert_false(bytes_equal(in, out));
		arena_fini(&a);
	}
	for (int m = 0; m < MUTATION_COUNT; m++)
		if (!reached[m])
			fail_msg("never: %s", mutation_name((enum mutation)m));
}

/* ---- text ---------------------------------------------------------------------------------- */

static char *text_of(const struct exchange *e)
{
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	assert_true(exchange_write(to, e, "a title"));
	fclose(to);
	return text;
}

static void text_brings_an_exchange_back(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	for (uint64_t i = 0; i < ROUNDS / 3; i++) {
		struct exchange e = make_damaged(&a, i, (enum side)(i % 2)), back;
		const char *error = "";
		char *text = text_of(&e);
		if (!exchange_read(&a, text, &back, &error))
			fail_msg("%s\n%.2000s", error, text);
		assert_true(exchange_equal(&e, &back));
		free(text);
		arena_reset(&a);
	}
	arena_fini(&a);
}

static void a_bad_text_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "", "line 1: there is no step in it" },
		{ "open 1 4.0", "line 1: here goes a version: 3.1.1 or 5.0" },
		{ "# one\nsend 1 10", "line 2: this connection has not been opened" },
		{ "open 1 5.0\nopen 1 5.0", "line 2: this connection has been opened before" },
		{ "open 1 5.0\nsend 1 1", "line 2: \"1\" is no byte of two hexadecimal digits" },
		{ "open 1 5.0\nsend 1 111",
			"line 2: \"111\" is no byte of two hexadecimal digits" },
		{ "open 1 5.0\nanswer 1 2 40 02",
			"line 2: the identifier would lie beyond the end" },
		{ "open 1 5.0\nawait 1 CONNCAK",
			"line 2: here goes the name of a Control Packet: CONNACK" },
		{ "open 0 5.0", "line 1: here goes a connection, from 1 to 4096" },
		{ "open 99999999999 5.0", "line 1: \"99999999999\" is no connection" },
		{ "open 1 5.0 now", "line 1: \"now\" is too much" },
		{ "wait 1",
			"line 1: \"wait\" is no step: open, send, answer, await, close, reset, "
			"tell" },
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct exchange e;
		const char *error = "";
		assert_false(exchange_read(&a, rows[i].text, &e, &error));
		assert_string_equal(error, rows[i].error);
	}
	arena_fini(&a);
}

static void a_stamp_keeps_lengths(void **state)
{
	struct arena a;
	struct bytes in = BYTES("\x00\x07" EXCHANGE_MARK "a" EXCHANGE_MARK);

	(void)state;
	arena_init(&a);
	struct bytes out = exchange_stamp(&a, in, 0x1a2b);
	assert_true(bytes_equal(out,
		BYTES("\x00\x07"
		      "fz1a2b"
		      "a"
		      "fz1a2b")));
	arena_fini(&a);
}

/* ---- cutting down ---------------------------------------------------------------------------- */

static unsigned tries_left, tries_made;

/* Shows it while a connection sends DE and, later, one sends AD after two other bytes. */
static bool shows_dead(void *user, const struct exchange *e)
{
	bool first = false;

	(void)user;
	tries_made++;
	for (size_t i = 0; i < e->count; i++) {
		struct bytes b = e->steps[i].bytes;
		if (e->steps[i].kind != STEP_SEND)
			continue;
		if (first && b.len >= 3 && b.data[2] == 0xAD)
			return true;
		first |= b.len && memchr(b.data, 0xDE, b.len);
	}
	return false;
}

static bool counts_down(void *user)
{
	(void)user;
	return tries_left && tries_left--;
}

static struct exchange dead_exchange(struct arena *a)
{
	struct exchange e;
	const char *error = "";
	const char *text = "open 1 5.0\nsend 1 C0 00\nopen 2 5.0\nsend 2 30 04 DE 01 02 03\n"
			   "await 2 PUBACK\nopen 3 5.0\nsend 3 01 02 AD 04 05 06\nsend 3 07\n";

	assert_true(exchange_read(a, text, &e, &error));
	return e;
}

static void an_exchange_is_cut_down_to_what_shows_it(void **state)
{
	struct arena a;
	struct minimiser m = { .shows = shows_dead, .goes_on = counts_down };

	(void)state;
	arena_init(&a);
	struct exchange e = dead_exchange(&a);
	tries_left = 1000;
	struct exchange least = minimiser_run(&m, &a, &e);
	assert_true(shows_dead(NULL, &least));
	assert_int_equal(least.count, 4);
	assert_int_equal(least.steps[1].bytes.len, 1);
	assert_int_equal(least.steps[3].bytes.len, 3);
	arena_fini(&a);
}

static void cutting_down_ends_when_it_has_to(void **state)
{
	struct arena a;
	struct minimiser m = { .shows = shows_dead, .goes_on = counts_down };

	(void)state;
	arena_init(&a);
	struct exchange e = dead_exchange(&a);
	for (unsigned tries = 0; tries < 40; tries += 3) {
		tries_left = tries;
		tries_made = 0;
		m.tried = 0;
		struct exchange least = minimiser_run(&m, &a, &e);
		assert_true(tries_made <= tries);
		assert_int_equal(m.tried, tries_made);
		assert_true(shows_dead(NULL, &least));
	}
	arena_fini(&a);
}

/* ---- oracles --------------------------------------------------------------------------------- */

static void complaints_are_told_from_chatter(void **state)
{
	struct complaints c = { 0 };
	char key[COMPLAINT_SIZE], other[COMPLAINT_SIZE];
	static const char chatter[] = "New client connected\nwarning: panic is no option\n";
	static const char report[] =
		"==42==ERROR: AddressSanitizer: heap-use-after-free on 0x60c\nmore\n";

	(void)state;
	complaints_hear(&c, chatter, sizeof(chatter) - 1);
	assert_string_equal(c.grave, "");
	for (size_t i = 0; i < sizeof(report) - 1; i++)
		complaints_hear(&c, report + i, 1);
	assert_non_null(strstr(c.grave, "heap-use-after-free"));
	complaint_key(c.grave, key);
	complaint_key("==7==ERROR: AddressSanitizer: heap-use-after-free on 0x7f0", other);
	assert_string_equal(key, other);
	complaints_forget(&c);
	assert_string_equal(c.grave, "");
	assert_int_equal(complaint_of("java.lang.NullPointerException: null"), COMPLAINT_NOTE);
}

static void only_growth_that_goes_on_is_a_leak(void **state)
{
	struct resources r = { .memory_limit_kib = 1000, .descriptor_limit = 50 };
	enum leak leak = LEAK_NONE;

	(void)state;
	for (unsigned i = 0; i < 20; i++) /* a cache that fills, and is full */
		assert_int_equal(
			resources_look(&r, (struct usage){ i < 3 ? i * 900 : 2700, 9, 0, 1 }),
			LEAK_NONE);
	resources_forget(&r);
	for (unsigned i = 0; i < 20; i++) /* up and down */
		assert_int_equal(resources_look(&r, (struct usage){ 5000 + i % 2 * 4000, 9, 0, 1 }),
			LEAK_NONE);
	resources_forget(&r);
	for (unsigned i = 0; i < RESOURCES_LOOKS; i++)
		leak = resources_look(&r, (struct usage){ 5000 + i * 300, 9, 0, 1 });
	assert_int_equal(leak, LEAK_MEMORY);
	resources_forget(&r);
	for (unsigned i = 0; i < RESOURCES_LOOKS; i++)
		leak = resources_look(&r, (struct usage){ 5000, 9 + i * 20, 0, 1 });
	assert_int_equal(leak, LEAK_DESCRIPTORS);
}

static void what_this_process_uses_can_be_read(void **state)
{
	struct usage u = usage_of(getpgrp());
	FILE *more = fopen("/dev/null", "re");

	(void)state;
	assert_true(u.processes >= 1);
	assert_true(u.memory_kib > 100);
	assert_true(u.runs); /* who asks is at work */
	assert_non_null(more);
	assert_true(usage_of(getpgrp()).descriptors > 3);
	fclose(more);
	assert_int_equal(usage_of(0).processes, 0);
}

/* ---- allowance and corpus ------------------------------------------------------------------ */

static void a_rate_is_kept_and_a_pause_saves_nothing_up(void **state)
{
	struct allowance a = { .rate = 100 }, unlimited = { 0 };

	(void)state;
	assert_true(allowance_is_there(&a, 1000));
	allowance_spend(&a, 5, 1000);
	assert_false(allowance_is_there(&a, 50999));
	assert_true(allowance_is_there(&a, 51000));
	allowance_spend(&a, 1, 9000000); /* long after */
	allowance_spend(&a, 1, 9000000);
	assert_false(allowance_is_there(&a, 9019999));
	assert_true(allowance_is_there(&a, 9020000));
	allowance_spend(&unlimited, 1000000, 1000);
	assert_true(allowance_is_there(&unlimited, 1000));
}

static struct exchange exchange_of(struct arena *a, const char *text)
{
	struct exchange e;
	const char *error;

	if (!exchange_read(a, text, &e, &error))
		fail_msg("%s", error);
	return e;
}

static void a_corpus_gives_out_what_speaks_the_version(void **state)
{
	struct corpus *c = calloc(1, sizeof(*c));
	struct draw draw = draw_begin(SEED, 0);
	const unsigned mask_311 = version_bit(MQTT_311), mask_50 = version_bit(MQTT_50);
	struct arena a;
	const char *error;

	(void)state;
	arena_init(&a);
	struct exchange in_311 = exchange_of(&a, "open 1 3.1.1\n");
	struct exchange in_both = exchange_of(&a, "open 1 5.0\nopen 2 3.1.1\n");
	assert_true(corpus_init(c, NULL, SIDE_CLIENT, "0", &error));
	assert_null(corpus_draw(c, &draw, mask_311 | mask_50));
	assert_true(corpus_offer(c, 1, &in_311));
	assert_true(corpus_offer(c, 2, &in_both));
	assert_false(corpus_offer(c, 2, &in_311));
	for (int i = 0; i < ROUNDS; i++) {
		assert_ptr_equal(corpus_draw(c, &draw, mask_311), &c->exchanges[0]);
		assert_null(corpus_draw(c, &draw, mask_50));
		assert_non_null(corpus_draw(c, &draw, mask_311 | mask_50));
	}
	corpus_fini(c);
	free(c);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_repeats_its_numbers),
		cmocka_unit_test(draws_keep_their_bounds),
		cmocka_unit_test(a_packet_can_be_read),
		cmocka_unit_test(a_situation_is_legal),
		cmocka_unit_test(the_same_seed_makes_the_same_bytes),
		cmocka_unit_test(damage_leaves_an_exchange_that_can_be_played),
		cmocka_unit_test(each_mutation_is_reached),
		cmocka_unit_test(text_brings_an_exchange_back),
		cmocka_unit_test(a_bad_text_is_told_with_its_line),
		cmocka_unit_test(a_stamp_keeps_lengths),
		cmocka_unit_test(an_exchange_is_cut_down_to_what_shows_it),
		cmocka_unit_test(cutting_down_ends_when_it_has_to),
		cmocka_unit_test(complaints_are_told_from_chatter),
		cmocka_unit_test(only_growth_that_goes_on_is_a_leak),
		cmocka_unit_test(what_this_process_uses_can_be_read),
		cmocka_unit_test(a_rate_is_kept_and_a_pause_saves_nothing_up),
		cmocka_unit_test(a_corpus_gives_out_what_speaks_the_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
