/* What whoever hosts a target asks for: topics and ClientIds, a pace of connections; what is left there. */
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "harness/peers/guest.h"
#include "harness/peers/leavings.h"
#include "harness/transport/pace.h"
#include "harness/wire/template.h"

static struct arena arena;

static const struct guest acme = { .topics = "acme/x", .client_ids = "acme-" };

/* ---- topics and ClientIds ------------------------------------------------------------------ */

static void what_can_be_put_before(void **state)
{
	static const char *const good[] = { "a", "acme/x", "/acme", "acme/", "a b", "\xC3\xA9/x",
		"0123456789012345678901234567890123456789012345678901234567890123" };
	static const char *const bad[] = { "", "/", "a/+", "#", "a+", "$SYS", "\xFF",
		"\xED\xA0\x80",
		"01234567890123456789012345678901234567890123456789012345678901234" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (guest_topics_objection(good[i]))
			fail_msg("%s: %s", good[i], guest_topics_objection(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!guest_topics_objection(bad[i]))
			fail_msg("%s is fine", bad[i]);
	assert_null(guest_client_ids_objection("$+#/"));
	assert_non_null(guest_client_ids_objection(""));
	assert_non_null(guest_client_ids_objection("\xC3"));
	assert_non_null(guest_client_ids_objection(bad[8]));
}

static void what_is_put_before(void **state)
{
	(void)state;
	assert_string_equal(guest_topics(&arena, "acme/x/"), "acme/x");
	assert_string_equal(guest_topics(&arena, "acme/x"), "acme/x");
	assert_string_equal(guest_topic(&arena, &acme, "k/a"), "acme/x/k/a");
	assert_string_equal(guest_topic(&arena, &(struct guest){ 0 }, "k/a"), "k/a");
	assert_string_equal(guest_topic(&arena, NULL, "k/a"), "k/a");
	assert_string_equal(guest_client_id(&arena, &acme, "k"), "acme-k");
	assert_string_equal(guest_client_id(&arena, NULL, "k"), "k");
}

static void what_stays_below(void **state)
{
	static const struct {
		const char *topic;
		bool below;
	} samples[] = {
		{ "acme/x/a", true },
		{ "acme/x/#", true },
		{ "acme/x/", true },
		{ "acme/x", false },
		{ "acme/xy/a", false },
		{ "acme/#", false },
		{ "#", false },
		{ "+/x/a", false },
		{ "/acme/x/a", false },
		{ "$SYS/#", false },
		{ "$share/g/acme/x/a", true },
		{ "$share/g/a", false },
		{ "$share/g/#", false },
		{ "", true }, /* these name nothing */
		{ "$share/g", true },
		{ "$share/g/", true },
		{ "$share//a", true },
		{ "$share/+/a", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct bytes topic = bytes_of(samples[i].topic);
		if (guest_may_name(&acme, topic) != samples[i].below)
			fail_msg("%s", samples[i].topic);
		assert_true(guest_may_name(NULL, topic));
		assert_true(guest_may_name(&(struct guest){ .client_ids = "x" }, topic));
	}
	assert_true(guest_may_name(&acme, (struct bytes){ (const uint8_t *)"\0", 1 }));
	assert_true(guest_may_be(&acme, BYTES("acme-")));
	assert_true(guest_may_be(&acme, BYTES("acme-k")));
	assert_false(guest_may_be(&acme, BYTES("acme")));
	assert_true(guest_may_be(NULL, BYTES("acme")));
}

/* ---- the pace of connections --------------------------------------------------------------- */

static void turns_are_evenly_spaced(void **state)
{
	struct pace pace;
	int64_t before_us = clock_now_us();

	(void)state;
	assert_true(pace_init(&pace, 10));
	int64_t first_us = pace_take(&pace);
	assert_true(first_us >= before_us);
	for (int i = 1; i < 100; i++)
		assert_int_equal(pace_take(&pace), first_us + i * INT64_C(100000));
	assert_int_equal(pace_next_us(&pace), first_us + INT64_C(10000000));
	assert_int_equal(pace_next_us(NULL), 0);
	assert_int_equal(pace_wait(NULL) / 1000000, 0);
	pace_fini(&pace);
}

static void processes_share_the_turns(void **state)
{
	enum { CHILDREN = 4, TURNS = 50 };
	struct pace pace;
	int status;

	(void)state;
	assert_true(pace_init(&pace, 10));
	int64_t first_us = pace_take(&pace);
	pace_open(&pace, 7);
	for (int i = 0; i < CHILDREN; i++) {
		if (fork())
			continue;
		pace_charge(&pace, 7);
		for (int k = 0; k < TURNS; k++)
			pace_take(&pace);
		_exit(0);
	}
	for (int i = 0; i < CHILDREN; i++)
		assert_int_equal(wait(&status) < 0 || status, 0);
	assert_int_equal(pace_next_us(&pace), first_us + (1 + CHILDREN * TURNS) * INT64_C(100000));
	/* 200 of them, of which the last waits for 20 s, and one after the other a tenth less. */
	assert_true(pace_charged_us(&pace, 7) > INT64_C(1900) * 1000000);
	assert_int_equal(pace_charged_us(&pace, 8), 0);
	pace_open(&pace, 7 + PACE_ACCOUNTS);
	assert_int_equal(pace_charged_us(&pace, 7), 0);
	pace_fini(&pace);
}

/* ---- what is left -------------------------------------------------------------------------- */

/* What comes of a packet in this version, as "session id" and "retained topic". */
static const char *left_by(enum mqtt_version version, const char *const *templates)
{
	struct template_values values = {
		.version = version, .client_id = "me", .topic_prefix = ""
	};
	struct leavings *l = leavings_new();
	struct leaving one;
	const char *text = "", *error;

	for (; *templates; templates++) {
		struct bytes bytes;
		struct packet packet;
		if (!template_expand(&arena, *templates, &values, &bytes, &error))
			fail_msg("%s: %s", *templates, error);
		wire_parse(&arena, version, bytes.data, bytes.len, 1000, &packet);
		leavings_sent(l, version, &packet, BYTES("me"));
		leavings_came(l, version, &packet, BYTES("me"), true);
	}
	for (size_t at = 0; leavings_next(l, &at, &one);) {
		assert_int_equal(one.version, version);
		text = arena_printf(&arena, "%s%s%s %.*s", text, *text ? ", " : "",
			one.kind == LEFT_SESSION ? "session" : "retained", (int)one.name.len,
			(const char *)one.name.data);
	}
	leavings_free(l);
	return text;
}

#define LEFT(version, ...) left_by(version, (const char *const[]){ __VA_ARGS__, NULL })
#define HEAD               "10 r s\"MQTT\" l "

static void what_may_be_left_is_noted(void **state)
{
	(void)state;
	assert_string_equal(LEFT(MQTT_311, HEAD "02 n0 c"), "");
	assert_string_equal(LEFT(MQTT_311, HEAD "00 n0 c"), "session me");
	assert_string_equal(LEFT(MQTT_50, HEAD "00 n0 p{} c"), "");
	assert_string_equal(LEFT(MQTT_50, HEAD "02 n0 p{11 w9} c"), "session me");
	assert_string_equal(LEFT(MQTT_50, HEAD "02 n0 p{11 w0} c"), "");
	/* The Will may go off when the session ends, so that is seen to before. */
	assert_string_equal(
		LEFT(MQTT_311, HEAD "26 n0 c s\"w/t\" s\"gone\""), "session me, retained w/t");
	assert_string_equal(LEFT(MQTT_311, HEAD "06 n0 c s\"w/t\" s\"gone\""), "");
	assert_string_equal(
		LEFT(MQTT_50, "31 r s\"t\" p{} b\"x\"", "31 r s\"t\" p{} b\"y\""), "retained t");
	assert_string_equal(LEFT(MQTT_50, "31 r s\"t\" p{}"), "");
	assert_string_equal(LEFT(MQTT_50, "30 r s\"t\" p{} b\"x\""), "");
	/* An alias may bring the topic into a retained message that does not name it. */
	assert_string_equal(
		LEFT(MQTT_50, "30 r s\"t\" p{23 n1} b\"x\"", "31 r s\"\" p{23 n1} b\"x\""),
		"retained t");
	assert_string_equal(LEFT(MQTT_50, "E0 r 00 p{11 w9}"), "session me");
	assert_string_equal(LEFT(MQTT_50, "20 r 00 00 p{12 s\"given\"}"), "session given");
	assert_string_equal(LEFT(MQTT_50, "20 r 00 00 p{11 w9}"), "session me");
	assert_string_equal(LEFT(MQTT_50, "20 r 00 87 p{12 s\"given\"}"), "");
}

static void a_child_notes_it_for_its_parent(void **state)
{
	struct leavings *l = leavings_new(), *all = leavings_new();
	const struct leaving session = { LEFT_SESSION, MQTT_311, BYTES("me"), false };
	const struct leaving topic = { LEFT_RETAINED, MQTT_50, BYTES("t"), false };
	int status;

	(void)state;
	if (!fork()) {
		leavings_note(l, &session);
		leavings_note(l, &topic);
		leavings_note(l, &topic);
		_exit(0);
	}
	assert_int_equal(wait(&status) < 0 || status, 0);
	assert_int_equal(leavings_count(l, LEFT_SESSION), 1);
	assert_int_equal(leavings_count(l, LEFT_RETAINED), 1);
	leavings_take_over(all, l);
	leavings_take_over(all, l);
	assert_int_equal(leavings_count(all, LEFT_SESSION), 1);
	assert_int_equal(leavings_lost(all), 0);
	leavings_free(l);
	leavings_free(all);
}

static void what_there_is_no_room_for_is_counted(void **state)
{
	struct leavings *l = leavings_new();
	char name[1000];
	size_t noted = 0;

	(void)state;
	memset(name, 'a', sizeof(name));
	for (int i = 0; i < 100; i++) {
		memcpy(name, &i, sizeof(i));
		leavings_note(l,
			&(struct leaving){ LEFT_RETAINED, MQTT_50,
				{ (const uint8_t *)name, sizeof(name) }, false });
	}
	noted = leavings_count(l, LEFT_RETAINED);
	assert_true(noted > 20 && noted < 100);
	assert_int_equal(leavings_lost(l), 100 - noted);
	leavings_free(l);
}

static int begin(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_can_be_put_before),
		TEST(what_is_put_before),
		TEST(what_stays_below),
		TEST(turns_are_evenly_spaced),
		TEST(processes_share_the_turns),
		TEST(what_may_be_left_is_noted),
		TEST(a_child_notes_it_for_its_parent),
		TEST(what_there_is_no_room_for_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
