/* What is found in captures, and above all: whom nothing accuses. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "harness/versions.h"
#include "tests/unit/check_rig.h"

#define S SIDE_SERVER
#define C SIDE_CLIENT

static char *joined_text(struct arena *a, const char *one, const char *two)
{
	return arena_printf(a, "%s%s", one, two);
}

/* ---- the rules of the monitor ---------------------------------------------------------------- */

static bool is_of_check(const struct rig_found *f)
{
	return strstr(f->what, "it goes on after packet");
}

static void print_row(const struct rig *r, const struct exchange *x, const char *text)
{
	fprintf(stderr, "%s", text);
	for (size_t i = 0; i < x->finding_count; i++)
		fprintf(stderr, "  due: %s %s\n", x->findings[i].statement, x->findings[i].what);
	for (size_t i = 0; i < r->found_count; i++)
		fprintf(stderr, "  found: %d %s %s\n", r->found[i].accused, r->found[i].statement,
			r->found[i].what);
}

/* A monitor that knows the version from elsewhere says the same of it. */
static void play_row(enum mqtt_version version, enum side judged, const char *text, size_t chunk)
{
	struct arena a;
	struct rig r;
	size_t due = 0;

	arena_init(&a);
	rig_init(&r, version);
	r.chunk = chunk;
	struct exchange x = exchange_play(&a, version, judged, text);
	rig_play(&r, text);
	rig_over(&r);
	for (size_t i = 0; i < r.found_count; i++) {
		if (r.found[i].accused != judged || is_of_check(&r.found[i]))
			continue;
		bool same = due < x.finding_count &&
			!strcmp(r.found[i].statement, x.findings[due].statement) &&
			!strcmp(r.found[i].what, x.findings[due].what);
		if (!same)
			print_row(&r, &x, text);
		assert_true(same);
		due++;
	}
	if (due != x.finding_count)
		print_row(&r, &x, text);
	assert_int_equal(due, x.finding_count);
	rig_fini(&r);
	arena_fini(&a);
}

/* Before the level byte of CONNECT nobody knows that the version is 5.0. */
static bool begins_with_connect(const char *text)
{
	return !strncmp(text, "> 1", 3) && strncmp(text + 4, " r s'MQTT' @", 12) == 0;
}

static void what_the_monitor_finds_is_found(void **state)
{
	struct arena a;
	size_t played = 0;

	(void)state;
	arena_init(&a);
	for (size_t t = 0; t < breach_table_count; t++)
		for (size_t i = 0; i < breach_tables[t].count; i++) {
			const struct breach_row *row = &breach_tables[t].rows[i];
			const char *bad = joined_text(&a, row->before, row->bad);
			const char *good = joined_text(&a, row->before, row->good);
			for (int v = 0; v < VERSION_COUNT; v++) {
				if ((row->version && row->version != version_at(v)) ||
					!monitor_rule_statement(
						row->rule, version_at(v), row->judged) ||
					!begins_with_connect(bad) || !begins_with_connect(good))
					continue;
				for (size_t chunk = 0; chunk < 2; chunk++) {
					play_row(version_at(v), row->judged, bad, chunk);
					play_row(version_at(v), row->judged, good, chunk);
				}
				played++;
			}
		}
	assert_true(played > 150);
	arena_fini(&a);
}

static void nothing_is_found_in_legal_exchanges(void **state)
{
	(void)state;
	for (size_t i = 0; i < legal_row_count; i++)
		for (int v = 0; v < VERSION_COUNT; v++)
			if ((!legal_rows[i].version || legal_rows[i].version == version_at(v)) &&
				begins_with_connect(legal_rows[i].text))
				play_row(version_at(v), legal_rows[i].judged, legal_rows[i].text,
					i % 3);
}

/* ---- what a capture cannot show -------------------------------------------------------------- */

/* An exchange in which every answer is to something of the first half. */
#define FIRST_HALF                                                                    \
	KEPT WELCOME "> 32 r s'a' m5 p{} b'1'\n> 34 r s'a' m6 p{} b'2'\n" SUBSCRIBED( \
		"b", "02") "< 32 r s'b' m5 p{} b'3'\n< 34 r s'b' m6 p{} b'4'\n"
#define SECOND_HALF                                                                               \
	"> 40 r m5\n> 50 r m6\n< 62 r m6\n> 70 r m6\n< 40 r m5\n< 50 r m6\n> 62 r m6\n"           \
	"< 70 r m6\n< 32 r s'b' m5 p{} b'5'\n> 40 r m5\n" PINGS "< 30 r s'b' p{} b'6'\n> E0 00\n" \
	">close\n"

static void what_began_before_the_capture_accuses_nobody(void **state)
{
	(void)state;
	for (int v = 0; v < VERSION_COUNT; v++)
		for (int backwards = 0; backwards < 2; backwards++) {
			struct rig r;
			rig_init(&r, version_at(v));
			r.joined = true;
			r.backwards = backwards;
			rig_play(&r, SECOND_HALF);
			rig_over(&r);
			assert_int_equal(r.found_count, 0);
			assert_int_equal(r.last.kind, CONNECTION_MQTT);
			assert_false(r.last.whole);
			rig_fini(&r);
		}
}

static void what_is_lost_accuses_nobody(void **state)
{
	(void)state;
	for (int v = 0; v < VERSION_COUNT; v++)
		for (int side = C; side <= S; side++) {
			struct rig r;
			rig_init(&r, version_at(v));
			rig_play(&r, GREET WELCOME);
			rig_gap(&r, (enum side)side, 100);
			rig_play(&r, SECOND_HALF);
			rig_over(&r);
			assert_int_equal(r.found_count, 0);
			assert_int_equal(r.last.missing[side], 100);
			assert_string_equal(r.client_id, "me");
			rig_fini(&r);
		}
}

/* The gap ends within a packet: nothing is taken for one until packets hold again. */
static void after_a_gap_the_stream_is_taken_up_where_packets_hold(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, HELLO);
	rig_gap(&r, C, 7);
	rig_bytes(&r, C, "ld of a payload\xFF\xFF", 17);
	rig_play(&r, "> C0 00\n> 36 r s'a' m1 b'3'\n");
	rig_over(&r);
	assert_int_equal(r.found_count, 1);
	assert_int_equal(rig_accused(&r, C, "MQTT-3.3.1-4"), 1);
	assert_int_equal(r.last.packets[C], 3);
	rig_fini(&r);
}

static void what_stands_by_itself_is_found_in_the_middle_of_a_connection(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_50);
	r.joined = true;
	/* Reason Codes and properties: no 3.1.1. */
	rig_play(&r, "> 40 r m7 10\n> 40 r m8 10\n> 38 r s'a' p{} b'dup'\n");
	rig_over(&r);
	assert_string_equal(r.version_name, "5.0");
	assert_true(r.last.version_guessed);
	assert_int_equal(rig_accused(&r, C, "MQTT-3.3.1-2"), 1);
	rig_fini(&r);
}

static void an_unknown_version_accuses_nobody(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	r.joined = true;
	rig_play(&r, PINGS PINGS "> C0 00\n> 40 02 00 07\n< D0 00\n");
	rig_over(&r);
	assert_int_equal(r.found_count, 0);
	assert_string_equal(r.version_name, "");
	rig_fini(&r);
}

/* What follows is no packet, and nobody knows whose fault it is. */
static void a_packet_that_cannot_be_read_after_a_gap_accuses_nobody(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, HELLO);
	rig_gap(&r, C, 7);
	rig_play(&r, "> C0 00\n");
	rig_bytes(&r, C, "\x82\x01\x00", 3);
	rig_over(&r);
	assert_int_equal(r.found_count, 0);
	rig_fini(&r);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void a_session_is_known_on_its_next_connection(void **state)
{
	static const char first[] =
		KEPT WELCOME SUBSCRIBED("a", "01") "< 32 r s'a' m1 b'1'\n>close\n";
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, first);
	rig_play(&r, "---\n> 10 r s'MQTT' @ 02 n0 s'you'\n" WELCOME "---\n");
	rig_play(&r, KEPT "< 20 r 01 00\n< 32 r s'a' m1 b'1'\n");
	rig_over(&r);
	assert_int_equal(rig_accused(&r, S, "MQTT-3.3.1-1"), 1);
	rig_fini(&r);
}

/* At another server it is another session. */
static void a_session_elsewhere_accuses_nobody(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, KEPT WELCOME SUBSCRIBED("a", "01") "< 32 r s'a' m1 b'1'\n>close\n---\n");
	r.port = 1884;
	rig_play(&r, KEPT "< 20 r 01 00\n< 32 r s'b' m1 b'1'\n> 40 r m1\n---\n");
	r.port = 1883;
	rig_play(&r, KEPT "< 20 r 01 00\n< 32 r s'b' m1 b'1'\n");
	rig_over(&r);
	assert_int_equal(r.found_count, 0);
	rig_fini(&r);
}

static void a_session_of_which_something_was_lost_accuses_nobody(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, KEPT WELCOME SUBSCRIBED("a", "01"));
	rig_gap(&r, C, 20); /* a SUBSCRIBE, perhaps */
	rig_play(&r, PINGS ">close\n---\n" KEPT "< 20 r 01 00\n< 32 r s'b' m1 b'1'\n");
	rig_over(&r);
	assert_int_equal(r.found_count, 0);
	rig_fini(&r);
}

/* ---- Keep Alive ------------------------------------------------------------------------------ */

#define KEPT_ALIVE "> 10 r s'MQTT' @ 02 n10 p{} s'me'\n" WELCOME

static void silent_for(struct rig *r, double seconds, const char *then)
{
	rig_init(r, MQTT_311);
	rig_play(r, KEPT_ALIVE);
	rig_wait(r, seconds);
	rig_play(r, then);
	rig_over(r);
}

static void keep_alive_accuses_after_its_margins(void **state)
{
	static const struct {
		double seconds;
		const char *then;
		unsigned client, server;
	} rows[] = {
		{ 9, PINGS, 0, 0 }, { 14.9, PINGS, 0, 0 }, { 15.5, PINGS, 1, 0 },
		{ 17.5, PINGS, 1, 1 },       /* the server has read on */
		{ 17.5, "> C0 00\n", 1, 0 }, /* nobody knows */
		{ 16.5, "<close\n", 0, 0 }, { 17.5, "<close\n", 0, 1 },
		{ 17.5, ">close\n<close\n", 0, 0 },   /* the client ended it */
		{ 17.5, "< 30 r s'a' b'x'\n", 0, 1 }, /* to a silent client */
		{ 60, "", 0, 0 },                     /* it may have gone */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rig r;
		silent_for(&r, rows[i].seconds, rows[i].then);
		if (rig_accused(&r, C, "MQTT-3.1.2-23") != rows[i].client ||
			rig_accused(&r, S, "MQTT-3.1.2-24") != rows[i].server)
			fail_msg("%.1f s, then %s", rows[i].seconds, rows[i].then);
		rig_fini(&r);
	}
}

static void silence_across_a_loss_accuses_nobody(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, KEPT_ALIVE);
	rig_wait(&r, 12);
	rig_gap(&r, C, 2); /* a PINGREQ, perhaps */
	rig_wait(&r, 9);
	rig_play(&r, PINGS);
	/* The network was away: whatever was sent came late. */
	rig_wait(&r, 40);
	r.flow.ways[FLOW_FROM_OPENER].retransmissions++;
	rig_play(&r, "> C0 00\n");
	rig_over(&r);
	assert_int_equal(r.found_count, 0);
	rig_fini(&r);
}

static void a_server_that_may_not_have_read_is_not_accused_of_patience(void **state)
{
	(void)state;
	for (int how = 0; how < 3; how++) {
		struct rig r;
		rig_init(&r, MQTT_311);
		rig_play(&r, KEPT_ALIVE);
		if (how == 1)
			rig_play(&r, "> C0 00\n"); /* unanswered */
		if (how == 2)
			r.flow.ways[FLOW_FROM_OPENER].zero_windows++;
		rig_wait(&r, 20);
		rig_play(&r, "<close\n");
		rig_over(&r);
		assert_int_equal(r.found_count, how == 0);
		rig_fini(&r);
	}
}

/* ---- tolerance ------------------------------------------------------------------------------- */

static void a_server_that_reads_on_is_accused_once_it_has_shown_so(void **state)
{
	static const struct {
		enum mqtt_version version;
		const char *text;
		unsigned server;
		const char *statement;
	} rows[] = {
		{ MQTT_311, HELLO "> 90 03 00 01 00\n> C0 00\n< D0 00\n", 1, "MQTT-4.8.0-1" },
		/* The answer is to what came before. */
		{ MQTT_311, HELLO "> C0 00\n> 90 03 00 01 00\n< D0 00\n", 0, NULL },
		{ MQTT_311, HELLO "> C0 00\n> 90 03 00 01 00\n< D0 00\n> C0 00\n< D0 00\n", 1,
			"MQTT-4.8.0-1" },
		{ MQTT_311, HELLO "> 32 r s'a' m1\n> 90 03 00 01 00\n< 40 r m1\n", 0, NULL },
		{ MQTT_311, HELLO "> 90 03 00 01 00\n> 32 r s'a' m1\n< 40 r m1\n", 1,
			"MQTT-4.8.0-1" },
		{ MQTT_311, HELLO "> 90 03 00 01 00\n<close\n", 0, NULL },
		/* The answer to the very packet. */
		{ MQTT_311, HELLO "> C0 02 61 62\n< D0 00\n", 1, "MQTT-4.8.0-1" },
		{ MQTT_311, HELLO "> C1 00\n< D0 00\n", 1, "MQTT-2.2.2-2" },
		{ MQTT_311, HELLO "> C0 00\n> C0 02 61 62\n< D0 00\n", 0, NULL },
		{ MQTT_311, HELLO "> C1 00\n> C0 00\n< D0 00\n< D0 00\n", 1, "MQTT-2.2.2-2" },
		/* A receiver of 5.0 need not notice everything ... */
		{ MQTT_50, HELLO "> 90 04 00 01 00 00\n> C0 00\n< D0 00\n", 0, NULL },
		/* ... but this. */
		{ MQTT_50, HELLO "> 80 r m1 p{} s'a' 00\n> C0 00\n< D0 00\n", 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rig r;
		rig_init(&r, rows[i].version);
		rig_play(&r, rows[i].text);
		rig_over(&r);
		if (rig_accused(&r, S, rows[i].statement) != rows[i].server)
			fail_msg("%s", rows[i].text);
		assert_true(rig_accused(&r, C, NULL) > 0);
		rig_fini(&r);
	}
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void a_long_connection_takes_no_more_memory_than_a_short_one(void **state)
{
	struct rig r;
	uint8_t publish[] = { 0x32, 0x07, 0, 1, 'a', 0, 0, 'x', 'y' };
	uint8_t puback[] = { 0x40, 2, 0, 0 };
	size_t early = 0;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, HELLO);
	for (unsigned i = 1; i <= 200000; i++) {
		unsigned id = 1 + i % 65535;
		publish[5] = puback[2] = (uint8_t)(id >> 8);
		publish[6] = puback[3] = (uint8_t)id;
		rig_bytes(&r, C, publish, sizeof(publish));
		rig_bytes(&r, S, puback, sizeof(puback));
		if (i == 1000)
			early = connection_memory(r.connection);
	}
	assert_int_equal(r.found_count, 0);
	assert_true(early > 0);
	assert_true(connection_memory(r.connection) <= 2 * early);
	rig_fini(&r);
}

/* ---- the QoS that a message was published with ------------------------------------------------ */

#define SUBSCRIBER(filter, qos) \
	"> 10 r s'MQTT' @ 02 n0 p{} s'sub'\n" WELCOME SUBSCRIBED(filter, qos)
#define ONCE " b'a reading of its own'\n"

/* The subscriber is connected all the time; the publisher comes and goes on connections of its own. */
struct pair {
	struct rig publisher, subscriber;
};

static void pair_init(struct pair *p, enum mqtt_version version, const char *greeting)
{
	rig_init(&p->publisher, version);
	rig_init(&p->subscriber, version);
	postings_free(p->publisher.judge.postings);
	p->publisher.judge.postings = p->subscriber.judge.postings;
	rig_play(&p->subscriber, greeting);
	rig_play(&p->publisher, HELLO);
}

static unsigned pair_fini(struct pair *p)
{
	rig_over(&p->publisher);
	rig_over(&p->subscriber);
	unsigned accused = rig_accused(&p->subscriber, S,
		p->subscriber.version == MQTT_50 ? "MQTT-3.8.4-8" : "MQTT-3.8.4-6");
	p->publisher.judge.postings = postings_new();
	rig_fini(&p->publisher);
	rig_fini(&p->subscriber);
	return accused;
}

static void a_message_comes_with_the_lower_of_both_qos(void **state)
{
	static const struct {
		const char *greeting, *published, *delivered;
		unsigned accused;
	} rows[] = {
		{ SUBSCRIBER("a", "02"), "> 30 r s'a' p{}" ONCE, "< 32 r s'a' m1 p{}" ONCE, 1 },
		{ SUBSCRIBER("a", "02"), "> 30 r s'a' p{}" ONCE, "< 30 r s'a' p{}" ONCE, 0 },
		{ SUBSCRIBER("a", "02"), "> 34 r s'a' m1 p{}" ONCE, "< 32 r s'a' m1 p{}" ONCE, 1 },
		{ SUBSCRIBER("a", "01"), "> 34 r s'a' m1 p{}" ONCE, "< 32 r s'a' m1 p{}" ONCE, 0 },
		{ SUBSCRIBER("a", "01"), "> 34 r s'a' m1 p{}" ONCE, "< 30 r s'a' p{}" ONCE, 1 },
		/* One copy may be for each of them. */
		{ SUBSCRIBER("a", "02") SUBSCRIBED("#", "00"), "> 34 r s'a' m1 p{}" ONCE,
			"< 30 r s'a' p{}" ONCE "< 34 r s'a' m1 p{}" ONCE, 0 },
		/* It was granted less for a time. */
		{ SUBSCRIBER("a", "02") SUBSCRIBED("a", "00"), "> 34 r s'a' m1 p{}" ONCE,
			"< 30 r s'a' p{}" ONCE, 0 },
		{ SUBSCRIBER("a", "00") SUBSCRIBED("a", "02"), "> 34 r s'a' m1 p{}" ONCE,
			"< 30 r s'a' p{}" ONCE, 0 },
		/* From the store, or sent again. */
		{ SUBSCRIBER("a", "02"), "> 30 r s'a' p{}" ONCE, "< 33 r s'a' m1 p{}" ONCE, 0 },
		{ SUBSCRIBER("a", "02"), "> 30 r s'a' p{}" ONCE, "< 3A r s'a' m1 p{}" ONCE, 0 },
		/* Which of both is it? */
		{ SUBSCRIBER("a", "02"), "> 34 r s'a' m1 p{}" ONCE "> 30 r s'a' p{}" ONCE,
			"< 34 r s'a' m1 p{}" ONCE, 0 },
		{ SUBSCRIBER("a", "02"), "> 30 r s'a' p{}" ONCE,
			"< 30 r s'a' p{}" ONCE "< 32 r s'a' m1 p{}" ONCE, 0 },
		{ SUBSCRIBER("a", "02"), "> 30 r s'a' p{} b'on'\n", "< 32 r s'a' m1 p{} b'on'\n",
			0 },
		{ SUBSCRIBER("a", "02"), "> 30 r s'b' p{}" ONCE, "< 32 r s'a' m1 p{}" ONCE, 0 },
		/* What cannot be read may have been one. */
		{ SUBSCRIBER("a", "02"), "> 30 r s'a' p{}" ONCE "> 82 01 00\n",
			"< 32 r s'a' m1 p{}" ONCE, 0 },
		/* A Will. */
		{ SUBSCRIBER("a", "02"),
			"> 30 r s'a' p{}" ONCE "---\n> 10 r s'MQTT' @ 0E n0 p{} s'me' p{} s'a' "
			"s'a reading of its own'\n",
			"< 32 r s'a' m1 p{}" ONCE, 0 },
		/* A session of before the capture. */
		{ "> 10 r s'MQTT' @ 00 n0 p{} s'sub'\n< 20 r 01 00 p{}\n" SUBSCRIBED("a", "02"),
			"> 30 r s'a' p{}" ONCE, "< 32 r s'a' m1 p{}" ONCE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int v = 0; v < VERSION_COUNT; v++) {
			struct pair p;
			pair_init(&p, version_at(v), rows[i].greeting);
			rig_play(&p.publisher, rows[i].published);
			rig_play(&p.subscriber, rows[i].delivered);
			unsigned accused = pair_fini(&p);
			if (accused != rows[i].accused)
				fail_msg("row %zu of %d: %u accused", i, v, accused);
		}
}

/* Who carries messages from one server to another may do that with another QoS. */
static void what_was_published_at_another_server_accuses_nobody(void **state)
{
	(void)state;
	for (int both = 0; both < 2; both++) {
		struct pair p;
		pair_init(&p, MQTT_311, SUBSCRIBER("a", "02"));
		if (both)
			rig_play(&p.publisher, "> 30 r s'a'" ONCE);
		rig_over(&p.publisher);
		p.publisher.host = 3;
		rig_play(&p.publisher, HELLO "> 30 r s'a'" ONCE);
		rig_play(&p.subscriber, "< 32 r s'a' m1" ONCE);
		assert_int_equal(pair_fini(&p), 0);
	}
}

static void what_may_have_been_published_unseen_accuses_nobody(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		struct pair p;
		pair_init(&p, MQTT_311, SUBSCRIBER("a", "02"));
		if (how == 1)
			rig_gap(&p.publisher, C, 20);
		if (how == 2)
			rig_wait(&p.subscriber, 11);
		if (how == 3) {
			struct rig hidden;
			rig_init(&hidden, MQTT_311);
			postings_free(hidden.judge.postings);
			hidden.judge.postings = p.subscriber.judge.postings;
			rig_bytes(&hidden, C, "\x16\x03\x01\x00\x10", 5);
			rig_over(&hidden);
			hidden.judge.postings = postings_new();
			rig_fini(&hidden);
		}
		rig_play(&p.publisher, "> 30 r s'a'" ONCE);
		rig_play(&p.subscriber, "< 32 r s'a' m1" ONCE);
		assert_int_equal(pair_fini(&p), how == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_monitor_finds_is_found),
		cmocka_unit_test(nothing_is_found_in_legal_exchanges),
		cmocka_unit_test(what_began_before_the_capture_accuses_nobody),
		cmocka_unit_test(what_is_lost_accuses_nobody),
		cmocka_unit_test(after_a_gap_the_stream_is_taken_up_where_packets_hold),
		cmocka_unit_test(what_stands_by_itself_is_found_in_the_middle_of_a_connection),
		cmocka_unit_test(an_unknown_version_accuses_nobody),
		cmocka_unit_test(a_packet_that_cannot_be_read_after_a_gap_accuses_nobody),
		cmocka_unit_test(a_session_is_known_on_its_next_connection),
		cmocka_unit_test(a_session_elsewhere_accuses_nobody),
		cmocka_unit_test(a_session_of_which_something_was_lost_accuses_nobody),
		cmocka_unit_test(keep_alive_accuses_after_its_margins),
		cmocka_unit_test(silence_across_a_loss_accuses_nobody),
		cmocka_unit_test(a_server_that_may_not_have_read_is_not_accused_of_patience),
		cmocka_unit_test(a_server_that_reads_on_is_accused_once_it_has_shown_so),
		cmocka_unit_test(a_message_comes_with_the_lower_of_both_qos),
		cmocka_unit_test(what_was_published_at_another_server_accuses_nobody),
		cmocka_unit_test(what_may_have_been_published_unseen_accuses_nobody),
		cmocka_unit_test(a_long_connection_takes_no_more_memory_than_a_short_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
