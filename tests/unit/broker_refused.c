/* A CONNECT for which a full store has no room: the session is as if there had been none. */
#include "tests/unit/broker_shelf.h"

#define RESUMED "CONNACK success, session present, Receive Maximum 1000, Topic Alias Maximum 64"
#define BEGUN   "CONNACK success, Receive Maximum 1000, Topic Alias Maximum 64"

static void crash(struct rig *r)
{
	shelf_kill(r);
	shelf_restore(r);
	wait_ms(r, 0);
}

/* What came for the session is still there, and so are its subscription and its expiry. */
static void what_is_queued_outlives_a_refusal(void **state)
{
	static const char *const connects[] = {
		"10 r s\"MQTT\" 05 04 n0 p{11 w100} s\"c\" p{} s\"will\" s\"gone\"",
		"10 r s\"MQTT\" 05 04 n0 p{} s\"c\" p{} s\"will\" s\"gone\"", /* is not to last */
		"10 r s\"MQTT\" 05 00 n0 p{11 w50} s\"c\"",
		"10 r s\"MQTT\" 04 04 n0 s\"c\" s\"will\" s\"gone\"",
	};
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *watcher = join_with(r, "watcher", true, "11 w1000");

	hear(watcher);
	subscribe_to(watcher, "will", 0);
	for (unsigned i = 0; i < 2 * sizeof(connects) / sizeof(*connects); i++) {
		struct client *c = join_with(r, "c", true, "11 w100"),
			      *pub = join(r, MQTT_50, "pub");
		hear(c);
		subscribe_to(c, "t", 2);
		hang_up(c);
		say(pub, "34 r s\"t\" m1 p{} b\"before\"");
		expect(pub, "PUBREC id 1");
		shelf->full = true;
		struct client *refused = dial(r, i % 4 == 3 ? MQTT_311 : MQTT_50);
		say(refused, connects[i % 4]);
		assert_memory_equal(hear(refused), "CONNACK 0x", 10);
		expect_closed(refused);
		shelf->full = false;
		if (i >= 4) {
			crash(r);
			hear(watcher = join_with(r, "watcher", false, "11 w1000"));
			pub = join(r, MQTT_50, "pub");
		}
		wait_ms(r, 60000); /* longer than the refused one asked for */
		say(pub, "32 r s\"t\" m1 p{} b\"after\"");
		expect(pub, "PUBACK id 1");
		c = join_with(r, "c", false, "11 w100");
		expect(c, RESUMED);
		expect(c, "PUBLISH \"t\" q2 id 1 \"before\"");
		expect(c, "PUBLISH \"t\" q1 id 2 \"after\"");
		expect_silence(watcher); /* that Will was never taken */
	}
	assert_int_equal(broker_figures(r->broker)->sessions, 3);
}

/* The Will of the connection before comes when its time has come. */
static void a_delayed_will_outlives_a_refusal(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *watcher = join_with(r, "watcher", true, "11 w1000");

	hear(watcher);
	subscribe_to(watcher, "will/#", 1);
	for (unsigned crashes = 0; crashes < 2; crashes++) {
		struct client *w = dial(r, MQTT_50);
		say(w,
			"10 r s\"MQTT\" 05 0E n0 p{11 w100} s\"w\" p{18 w10} s\"will/1\" "
			"s\"first\"");
		expect(w, BEGUN);
		hang_up(w);
		shelf->full = true;
		struct client *refused = dial(r, MQTT_50);
		say(refused,
			"10 r s\"MQTT\" 05 04 n0 p{11 w100} s\"w\" p{} s\"will/2\" s\"second\"");
		assert_memory_equal(hear(refused), "CONNACK 0x97", 12);
		shelf->full = false;
		if (crashes) {
			crash(r);
			hear(watcher = join_with(r, "watcher", false, "11 w1000"));
		}
		wait_ms(r, 9000);
		expect_silence(watcher);
		wait_ms(r, 3000);
		expect(watcher, "PUBLISH \"will/1\" q1 id 1 \"first\"");
		say(watcher, "40 r m1");
		wait_ms(r, 100000);
		expect_silence(watcher);
	}
	assert_int_equal(broker_figures(r->broker)->sessions, 1);
}

/* It was to begin anew, and has lost its subscriptions: then it is over for good. */
static void what_has_ended_does_not_come_back(void **state)
{
	struct rig *r = *state;
	struct shelf *shelf = shelf_of(r);
	struct client *watcher = join_with(r, "watcher", true, "11 w1000"), *w = dial(r, MQTT_50);

	hear(watcher);
	subscribe_to(watcher, "will", 1);
	say(w, "10 r s\"MQTT\" 05 0E n0 p{11 w200} s\"w\" p{18 w10} s\"will\" s\"gone\"");
	expect(w, BEGUN);
	subscribe_to(w, "own", 1);
	hang_up(w);
	shelf->full = true;
	struct client *refused = join_with(r, "w", true, "11 w200");
	assert_memory_equal(hear(refused), "CONNACK 0x97", 12);
	expect_closed(refused);
	crash(r);
	shelf->full = false;
	w = join_with(r, "w", false, "11 w200");
	expect(w, BEGUN);
	hear(watcher = join_with(r, "watcher", false, "11 w1000"));
	expect(watcher, "PUBLISH \"will\" q1 id 1 \"gone\"");
	wait_ms(r, 20000);
	expect_silence(watcher);
	assert_int_equal(broker_figures(r->broker)->sessions, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, shelf_set_up, shelf_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_queued_outlives_a_refusal),
		TEST(a_delayed_will_outlives_a_refusal),
		TEST(what_has_ended_does_not_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
