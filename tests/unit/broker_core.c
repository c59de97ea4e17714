/* What lasts: sessions over connections, and Wills. */
#include "tests/unit/broker_rig.h"

#include <stdlib.h>
#include <string.h>

#define RESUMED "CONNACK success, session present, Receive Maximum 1000, Topic Alias Maximum 64"

static void a_resumed_session_goes_on_where_it_was(void **state)
{
	struct rig *r = *state;

	for (unsigned version = MQTT_311; version <= MQTT_50; version++) {
		bool five = version == MQTT_50;
		struct client *c =
			five ? join_with(r, "c", true, "11 w100") : join_311(r, "c", false);
		struct client *pub = join(r, MQTT_311, "pub");
		hear(c);
		subscribe_to(c, "t", 2);
		say(pub, "34 r s\"t\" m1 b\"received\"");
		say(pub, "34 r s\"t\" m2 b\"released\"");
		say(pub, "32 r s\"t\" m3 b\"acknowledged\"");
		say(pub, "32 r s\"t\" m4 b\"open\"");
		for (unsigned i = 0; i < 4; i++)
			hear(c);
		say(c, "40 r m3");
		say(c, "50 r m2");
		expect(c, "PUBREL id 2");
		say(c, "34 r s\"x\" m77 p{}"); /* not released when the connection breaks */
		hear(c);
		hang_up(c);
		say(pub, "32 r s\"t\" m5 b\"queued\"");
		say(pub, "30 r s\"t\" b\"lost\"");
		c = five ? join_with(r, "c", false, "11 w100") : join_311(r, "c", false);
		expect(c, five ? RESUMED : "CONNACK accepted, session present");
		expect(c, "PUBLISH \"t\" q2 id 1 dup \"received\"");
		expect(c, "PUBREL id 2");
		expect(c, "PUBLISH \"t\" q1 id 4 dup \"open\"");
		expect(c, "PUBLISH \"t\" q1 id 5 \"queued\"");
		expect_silence(c);
		say(c, "3C r s\"x\" m77 p{}"); /* delivered before; answered again */
		expect(c, "PUBREC id 77");
		say(c, "62 r m77");
		expect(c, "PUBCOMP id 77");
		say(c, "50 r m1");
		expect(c, "PUBREL id 1");
		say(c, "70 r m1");
		say(c, "70 r m2");
		say(c, "40 r m5");
		say(c, "40 r m4");
		hang_up(c);
		c = five ? join_with(r, "c", false, "") : join_311(r, "c", true);
		expect(c, five ? RESUMED : "CONNACK accepted");
		expect_silence(c);
		hang_up(c);
		hang_up(pub);
	}
}

static void a_resumed_session_keeps_to_a_smaller_receive_maximum(void **state)
{
	struct rig *r = *state;
	struct client *c = join_with(r, "c", true, "11 w100"), *pub = join(r, MQTT_311, "pub");

	hear(c);
	subscribe_to(c, "t", 2);
	for (unsigned i = 1; i <= 4; i++)
		say(pub, text(r, "3%c r s\"t\" m%u b\"%u\"", i == 1 ? '4' : '2', i, i));
	for (unsigned i = 1; i <= 4; i++)
		hear(c);
	say(c, "50 r m1");
	expect(c, "PUBREL id 1");
	hang_up(c);
	c = join_with(r, "c", false, "11 w100 21 n1");
	expect(c, RESUMED);
	expect(c, "PUBREL id 1");
	expect(c, "PUBLISH \"t\" q1 id 2 dup \"2\"");
	expect_silence(c);
	say(c, "70 r m1");
	expect_silence(c);
	say(c, "40 r m4"); /* had come over the old connection */
	expect_silence(c);
	say(c, "40 r m2");
	expect(c, "PUBLISH \"t\" q1 id 3 dup \"3\"");
	say(c, "40 r m3");
	expect_silence(c);
}

static const char *will_connect(
	struct rig *r, const char *properties, const char *will_properties, const char *flags)
{
	return text(r, "10 r s\"MQTT\" 05 %s n10 p{%s} s\"w\" p{%s} s\"will\" s\"gone\"", flags,
		properties, will_properties);
}

static struct client *join_willing(
	struct rig *r, const char *properties, const char *will_properties, const char *flags)
{
	struct client *c = dial(r, MQTT_50);

	say(c, will_connect(r, properties, will_properties, flags));
	assert_memory_equal(hear(c), "CONNACK success", 15);
	return c;
}

static void the_will_comes_after_every_bad_end(void **state)
{
	struct rig *r = *state;
	struct client *watcher = join(r, MQTT_50, "watcher");

	subscribe_to(watcher, "will", 2);
	hang_up(join_willing(r, "", "", "06"));
	expect(watcher, "PUBLISH \"will\" q0 \"gone\"");
	say(join_willing(r, "", "", "0E"), "E0 r 04"); /* Disconnect with Will Message */
	expect(watcher, "PUBLISH \"will\" q1 id 1 \"gone\"");
	say(join_willing(r, "", "", "16"), "E0 r 80");
	expect(watcher, "PUBLISH \"will\" q2 id 2 \"gone\"");
	say(join_willing(r, "", "", "06"), "C1 00");
	expect(watcher, "PUBLISH \"will\" q0 \"gone\"");
	join_willing(r, "", "", "06");
	join(r, MQTT_50, "w"); /* taken over, Clean Start */
	expect(watcher, "PUBLISH \"will\" q0 \"gone\"");
	join_willing(r, "", "", "06");
	wait_ms(r, 15000);
	expect(watcher, "PUBLISH \"will\" q0 \"gone\"");
	say(join_willing(r, "", "", "06"), "E0 00"); /* [MQTT-3.14.4-3] */
	say(join_willing(r, "", "", "06"), "E0 r 00 p{}");
	expect_silence(watcher);
	hang_up(join_willing(
		r, "", "03 s\"t\" 26 s\"b\" s\"1\" 26 s\"a\" s\"2\" 02 w9 01 01", "26"));
	expect(watcher,
		"PUBLISH \"will\" q0 \"gone\", Message Expiry Interval 9, Content Type \"t\", User "
		"Property \"b\"=\"1\", User Property \"a\"=\"2\", Payload Format Indicator 1");
	subscribe_to(watcher, "+", 0);
	assert_memory_equal(hear(watcher), "PUBLISH \"will\" q0 retain \"gone\"", 31);
	/* 3.1.1 */
	struct client *c = dial(r, MQTT_311);
	say(c, "10 r s\"MQTT\" 04 06 n10 s\"w\" s\"will\" s\"\"");
	expect(c, "CONNACK accepted");
	say(c, "E1 00");
	expect(watcher, "PUBLISH \"will\" q0 \"\"");
	expect_silence(watcher);
}

static void a_will_waits_for_its_delay_or_the_end_of_the_session(void **state)
{
	struct rig *r = *state;
	struct client *watcher = join(r, MQTT_50, "watcher"), *c;

	subscribe_to(watcher, "will", 0);
	hang_up(join_willing(r, "11 w100", "18 w3", "06"));
	wait_ms(r, 2999);
	expect_silence(watcher);
	wait_ms(r, 1);
	expect(watcher, "PUBLISH \"will\" q0 \"gone\"");
	hang_up(join_willing(r, "11 w2", "18 w10", "04")); /* the session ends first */
	wait_ms(r, 1999);
	expect_silence(watcher);
	wait_ms(r, 1);
	expect(watcher, "PUBLISH \"will\" q0 \"gone\"");
	hang_up(join_willing(r, "", "18 w10", "06")); /* at once: Session Expiry is 0 */
	expect(watcher, "PUBLISH \"will\" q0 \"gone\"");
	hang_up(join_willing(r, "11 w100", "18 w3", "06"));
	wait_ms(r, 1000);
	c = join_with(r, "w", false, "11 w100"); /* back in time: [MQTT-3.1.3-9] */
	expect(c, RESUMED);
	wait_ms(r, 100000);
	expect_silence(watcher);
	hang_up(c);
	wait_ms(r, 100000);
	expect_silence(watcher);
	hang_up(join_willing(r, "11 w100", "18 w3", "06"));
	join(r, MQTT_50, "w"); /* Clean Start ends the session, and the Will comes */
	expect(watcher, "PUBLISH \"will\" q0 \"gone\"");
	/* Taken over with a delay, and continued: no Will. */
	c = join_willing(r, "11 w100", "18 w3", "06");
	struct client *next = join_with(r, "w", false, "11 w100");
	expect(next, RESUMED);
	wait_ms(r, 5000);
	expect_silence(watcher);
}

/* A clock that may be behind makes nothing end too early. */
static void a_coarse_clock_only_makes_things_later(void **state)
{
	struct rig *r = *state;

	r->config.clock_grain_ms = 5;
	struct client *watcher = join(r, MQTT_50, "watcher");
	subscribe_to(watcher, "will", 0);
	hang_up(join_willing(r, "11 w100", "18 w3", "06"));
	wait_ms(r, 3004);
	expect_silence(watcher);
	wait_ms(r, 1);
	expect(watcher, "PUBLISH \"will\" q0 \"gone\"");
}

static void nothing_is_left_when_all_have_gone(void **state)
{
	struct rig *r = *state;
	struct client *c[20];

	rig_start(r);
	uint64_t before = broker_figures(r->broker)->memory_bytes;
	for (unsigned i = 0; i < 20; i++) {
		c[i] = join_with(r, text(r, "c%u", i), true, "22 n5 21 n2");
		hear(c[i]);
		say(c[i],
			text(r, "82 r m1 p{0B v1} s\"a/%u/+\" 02 s\"$share/g/#\" 01 s\"a/#\" 00",
				i));
	}
	for (unsigned i = 0; i < 20; i++)
		for (unsigned k = 0; k < 5; k++)
			say(c[i],
				text(r, "34 r s\"a/%u/%u\" m%u p{23 n1 02 w5} 41*%u", i, k, k + 1,
					k * 2000 + 1));
	assert_true(broker_figures(r->broker)->memory_bytes > before);
	for (unsigned i = 0; i < 20; i++)
		hang_up(c[i]);
	/* Routes that are out of date stay until their place is wanted. */
	assert_int_equal(broker_figures(r->broker)->sessions, 0);
	assert_int_equal(broker_figures(r->broker)->subscriptions, 0);
	assert_true(broker_figures(r->broker)->memory_bytes < before + 40000);
}

/* A storm: twenty megabytes of packets that do not become whole. */
static void a_fall_is_seen_and_told_once(void **state)
{
	struct rig *r = *state;
	struct client *c[20];

	rig_start(r);
	for (unsigned i = 0; i < 20; i++) {
		c[i] = join(r, MQTT_311, text(r, "c%u", i));
		say(c[i], "30 FFFFFF7F 0001 61 00*1048576");
	}
	wait_ms(r, 1000);
	assert_false(broker_has_fallen(r->broker));
	for (unsigned i = 0; i < 20; i++)
		hang_up(c[i]);
	assert_true(broker_has_fallen(r->broker));
	wait_ms(r, 10000);
	assert_true(broker_has_fallen(r->broker));
	broker_trim(r->broker);
	assert_false(broker_has_fallen(r->broker));
	/* A small one is not worth it. */
	c[0] = join(r, MQTT_311, "again");
	say(c[0], "30 FFFFFF7F 0001 61 00*1048576");
	wait_ms(r, 1000);
	hang_up(c[0]);
	assert_false(broker_has_fallen(r->broker));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_resumed_session_goes_on_where_it_was),
		TEST(a_resumed_session_keeps_to_a_smaller_receive_maximum),
		TEST(the_will_comes_after_every_bad_end),
		TEST(a_will_waits_for_its_delay_or_the_end_of_the_session),
		TEST(a_coarse_clock_only_makes_things_later),
		TEST(nothing_is_left_when_all_have_gone),
		TEST(a_fall_is_seen_and_told_once),
	};
	return cmocka_run_group_tests_name("broker_core", tests, NULL, NULL);
}
