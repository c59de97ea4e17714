/* What `check` tells of what it has found: which findings, with which packets, and nothing secret. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "check/summary.h"
#include "tests/unit/check_rig.h"

#define S SIDE_SERVER
#define C SIDE_CLIENT

/* ---- what is told ---------------------------------------------------------------------------- */

/* User name and password are in CONNECT: it is shown among the packets around a finding. */
static void a_password_is_never_shown(void **state)
{
	static const char *const texts[] = {
		("> 10 r s'MQTT' @ C3 n0 p{} s'me' s'user' s'secret'\n" WELCOME),
		/* It says that there is none. */
		"> 10 r s'MQTT' @ 02 n0 p{} s'me' s'user' s'secret'\n<close\n",
		"> 10 FF FF FF FF 7F s'MQTT' @ C2 s'me' s'secret'\n<close\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct rig r;
		rig_init(&r, MQTT_311);
		rig_play(&r, texts[i]);
		rig_over(&r);
		assert_true(r.found_count > 0);
		for (size_t k = 0; k < r.found_count; k++)
			assert_false(r.found[k].has_secret);
		rig_fini(&r);
	}
}

static void a_finding_comes_with_the_packets_around_it(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, HELLO PINGS "> 38 r s'a' b'dup'\n");
	assert_int_equal(r.found_count, 0); /* the packet after it is due */
	rig_play(&r, PINGS);
	assert_int_equal(r.found_count, 1);
	assert_int_equal(r.found[0].packet, 5);
	assert_int_equal(r.found[0].line_count, 4);
	rig_fini(&r);
}

/* Packets 1 to 8: the third breaks a rule at "a", the fifth at "b/c"; the seventh names nothing. */
#define QUARREL                                                                                \
	HELLO "> 38 r s'a' b'dup'\n> C0 00\n> 38 r s'b/c' b'dup'\n> C0 00\n> 90 03 00 01 00\n" \
	      "> C0 00\n"

static void a_topic_chooses_findings(void **state)
{
	static const struct {
		const char *filter;
		unsigned found, over;
	} rows[] = {
		{ "a", 2, 1 },
		{ "b/#", 2, 1 },
		{ "+/c", 2, 1 },
		{ "#", 3, 1 },
		{ "c", 0, 0 },
		{ "$SYS/#", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rig r;
		rig_init(&r, MQTT_311);
		rig_scope(&r, &(struct scope){ .topics = &rows[i].filter, .topic_count = 1 });
		rig_play(&r, QUARREL);
		rig_over(&r);
		if (rig_accused(&r, C, NULL) != rows[i].found || r.over_count != rows[i].over)
			fail_msg("%s: %u found", rows[i].filter, rig_accused(&r, C, NULL));
		assert_int_equal(r.judge.left_out, !rows[i].over);
		rig_fini(&r);
	}
}

/* What is found before a connection names the topic is told all the same, and what is not told was judged. */
static void findings_wait_for_the_topic(void **state)
{
	const char *filter = "late/#";
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_scope(&r, &(struct scope){ .topics = &filter, .topic_count = 1 });
	rig_play(&r, HELLO "> 90 03 00 01 00\n> C0 00\n< D0 00\n");
	assert_int_equal(r.found_count, 0);
	rig_play(&r, "> 82 r m1 s'+/x' 00\n< 90 r m1 00\n> C0 00\n");
	assert_int_equal(rig_accused(&r, S, "MQTT-4.8.0-1"), 1);
	assert_int_equal(rig_accused(&r, C, NULL), 1);
	rig_fini(&r);
}

static void a_session_that_has_subscribed_has_to_do_with_the_topic(void **state)
{
	const char *filter = "a";
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_scope(&r, &(struct scope){ .topics = &filter, .topic_count = 1 });
	rig_play(&r, KEPT WELCOME SUBSCRIBED("a", "01") ">close\n---\n");
	rig_play(&r, KEPT "< 20 r 01 00\n> 90 03 00 01 00\n> C0 00\n");
	rig_over(&r);
	assert_int_equal(r.over_count, 2);
	assert_int_equal(rig_accused(&r, C, NULL), 1);
	rig_fini(&r);
}

static void a_topic_alias_names_its_topic(void **state)
{
	const char *filter = "wanted";
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_50);
	rig_scope(&r, &(struct scope){ .topics = &filter, .topic_count = 1 });
	rig_play(&r,
		"> 10 r s'MQTT' @ 02 n0 p{} s'me'\n< 20 r 00 00 p{ 22 n5 }\n"
		"> 30 r s'wanted' p{ 23 n1 } b'1'\n> 30 r s'other' p{ 23 n2 } b'1'\n"
		"> 38 r s'' p{ 23 n1 } b'dup'\n> 38 r s'' p{ 23 n2 } b'dup'\n");
	rig_over(&r);
	assert_int_equal(r.found_count, 1);
	assert_int_equal(r.found[0].packet, 5);
	rig_fini(&r);
}

static void a_time_chooses_findings_and_connections(void **state)
{
	static const struct {
		int64_t from_ms, to_ms; /* packet n comes at n ms; -1: open */
		unsigned found, over;
	} rows[] = {
		{ -1, -1, 3, 1 },
		{ 3, 3, 1, 1 },
		{ 4, -1, 2, 1 },
		{ -1, 4, 1, 1 },
		{ 4, 4, 0, 1 },
		{ 9, -1, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct scope scope = { 0 };
		struct rig r;
		if (rows[i].from_ms >= 0)
			scope.from =
				(struct scope_time){ SCOPE_SINCE_START, rows[i].from_ms * 1000 };
		if (rows[i].to_ms >= 0)
			scope.to = (struct scope_time){ SCOPE_SINCE_START, rows[i].to_ms * 1000 };
		rig_init(&r, MQTT_311);
		rig_scope(&r, &scope);
		rig_play(&r, QUARREL);
		rig_over(&r);
		if (r.found_count != rows[i].found || r.over_count != rows[i].over)
			fail_msg("row %zu: %zu found, %u over", i, r.found_count, r.over_count);
		rig_fini(&r);
	}
}

/* A session that was used at another address in between is not known any more, whatever is told. */
static void what_is_left_out_is_judged(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_scope(&r, &(struct scope){ .server = "10.0.0.1:1883" });
	rig_play(&r, KEPT WELCOME SUBSCRIBED("a", "01") "< 32 r s'a' m1 b'1'\n>close\n---\n");
	r.port = 1884;
	rig_play(&r, KEPT "< 20 r 01 00\n> 90 03 00 01 00\n---\n");
	r.port = 1883;
	rig_play(&r, KEPT "< 20 r 01 00\n< 32 r s'a' m1 b'1'\n> 40 r m1\n");
	rig_over(&r);
	assert_int_equal(r.found_count, 0);
	assert_int_equal(r.judge.left_out, 1);
	rig_fini(&r);
}

/* What the client breaks is out of time, and that the server goes on is not. */
static void what_is_not_told_has_its_consequences(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_scope(&r, &(struct scope){ .from = { SCOPE_SINCE_START, 4000 } });
	rig_play(&r, HELLO "> 90 03 00 01 00\n> C0 00\n< D0 00\n");
	rig_over(&r);
	assert_int_equal(rig_accused(&r, C, NULL), 0);
	assert_int_equal(rig_accused(&r, S, "MQTT-4.8.0-1"), 1);
	rig_fini(&r);
}

static void clients_and_servers_are_chosen(void **state)
{
	static const struct {
		const char *client, *server;
		unsigned over;
	} rows[] = {
		{ "m*", NULL, 1 },
		{ "y*", NULL, 0 },
		{ NULL, "10.0.0.1", 1 },
		{ NULL, "10.0.0.1:1883", 1 },
		{ NULL, "10.0.0.1:1884", 0 },
		{ NULL, "10.0.0", 0 },
		{ "me", "10.0.0.2", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rig r;
		rig_init(&r, MQTT_311);
		rig_scope(&r,
			&(struct scope){ .client_id = rows[i].client, .server = rows[i].server });
		rig_play(&r, QUARREL);
		rig_over(&r);
		if (r.over_count != rows[i].over || r.found_count != 3 * rows[i].over)
			fail_msg("row %zu: %zu found", i, r.found_count);
		rig_fini(&r);
	}
}

static void filters_meet_where_a_topic_matches_both(void **state)
{
	static const struct {
		const char *one, *other;
		bool meet;
	} rows[] = {
		{ "a", "a", true },
		{ "a", "b", false },
		{ "a/+", "+/b", true },
		{ "a/#", "a", true },
		{ "a", "a/#", true },
		{ "a/+", "a", false },
		{ "a/+/#", "a/b", true },
		{ "a/+/c", "a/b/d", false },
		{ "#", "x/y/z", true },
		{ "#", "$SYS/x", false },
		{ "+/x", "$SYS/x", false },
		{ "$SYS/+", "$SYS/x", true },
		{ "$share/g/a/+", "a/b", true },
		{ "a/b/#", "a/+", true },
		{ "/", "+", false },
		{ "/", "+/+", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bytes one = { (const uint8_t *)rows[i].one, strlen(rows[i].one) };
		struct bytes other = { (const uint8_t *)rows[i].other, strlen(rows[i].other) };
		if (filters_meet(one, other) != rows[i].meet ||
			filters_meet(other, one) != rows[i].meet)
			fail_msg("%s and %s", rows[i].one, rows[i].other);
	}
}

/* Signs of three bytes: 13 fit into the room of a ClientId, 21 into that of a topic. */
static void a_long_name_is_cut_between_its_signs(void **state)
{
	static const char name[] = "\xe6\xb0\xb4";
	char text[3 * 30 + 1] = "";
	struct arena a;

	(void)state;
	for (int i = 0; i < 30; i++)
		strcat(text, name);
	arena_init(&a);
	struct summary *s = summary_new();
	struct packet publish = { .type = PUBLISH };
	struct check_connection connection = { .client_id = text, .number = 1 };
	summary_packet(s, 1, SIDE_CLIENT, &publish,
		(struct bytes){ (const uint8_t *)text, strlen(text) }, 0);
	summary_silence(s, &connection, 1, 1);
	struct record_traffic t = summary_traffic(s, &a, 1);
	assert_int_equal(t.topic_count, 1);
	assert_int_equal(strlen(t.topics[0].name), 63 + 3);
	assert_memory_equal(t.topics[0].name, text, 63);
	assert_string_equal(t.topics[0].name + 63, "...");
	assert_int_equal(strlen(t.silences[0].client_id), 39 + 3);
	assert_memory_equal(t.silences[0].client_id, text, 39);
	summary_free(s);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_is_never_shown),
		cmocka_unit_test(a_finding_comes_with_the_packets_around_it),
		cmocka_unit_test(a_topic_chooses_findings),
		cmocka_unit_test(findings_wait_for_the_topic),
		cmocka_unit_test(a_session_that_has_subscribed_has_to_do_with_the_topic),
		cmocka_unit_test(a_topic_alias_names_its_topic),
		cmocka_unit_test(a_time_chooses_findings_and_connections),
		cmocka_unit_test(what_is_left_out_is_judged),
		cmocka_unit_test(what_is_not_told_has_its_consequences),
		cmocka_unit_test(clients_and_servers_are_chosen),
		cmocka_unit_test(filters_meet_where_a_topic_matches_both),
		cmocka_unit_test(a_long_name_is_cut_between_its_signs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
