/* A client that takes what is written slowly, or not at all: what the broker does not read meanwhile is
 * not held against it.
 */
#include "tests/unit/broker_rig.h"

enum { STUCK_MS = 20000 };

/* Keep Alive 10, and 9,000 bytes wait where 5,000 are the limit. */
static struct client *join_congested(struct rig *r)
{
	r->config.limits.output_bytes = 5000;
	struct client *c = dial(r, MQTT_50), *pub = join(r, MQTT_50, "pub");

	say(c, "10 r s\"MQTT\" 05 00 n10 p{11 w100} s\"c\"");
	assert_memory_equal(hear(c), "CONNACK success", 15);
	subscribe_to(c, "t", 0);
	c->deaf = true;
	say(pub, "30 r s\"t\" p{} 61*4000");
	say(pub, "30 r s\"t\" p{} 61*5000");
	hang_up(pub);
	assert_false(link_wants_input(c->link));
	assert_true(link_output_bytes(c->link) > 9000);
	return c;
}

static void what_is_not_read_is_not_held_against_the_client(void **state)
{
	struct rig *r = *state;
	struct client *c = join_congested(r);

	for (unsigned i = 0; i < 4; i++) { /* slow, but living */
		wait_ms(r, STUCK_MS - 1);
		assert_false(link_ends(c->link));
		assert_false(link_wants_input(c->link));
		link_written(c->link, 1000);
	}
	wait_ms(r, STUCK_MS - 1);
	link_written(c->link, 1000);
	assert_true(link_wants_input(c->link)); /* now Keep Alive holds */
	wait_ms(r, 14000);
	say(c, "C0 00");
	wait_ms(r, 14999);
	assert_false(link_ends(c->link));
	wait_ms(r, 1);
	assert_true(link_ends(c->link));
	expect_trouble(r, "5.0:MQTT-3.1.2-22");
}

static bool is_over(const struct client *c)
{
	return !c->link || link_ends(c->link);
}

/* It may take what it likes: no packet was there to be read. */
static void who_sends_nothing_is_silent_though_not_read(void **state)
{
	static const char *const statements[] = { "5.0:MQTT-3.1.2-22", "5.0:U50-ERR-CODES" };
	struct rig *r = *state;

	r->config.unread = client_has_unread;
	for (unsigned unread = 0; unread < 2; unread++) {
		struct client *c = join_congested(r);
		wait_ms(r, 14000);
		link_written(c->link, 100);
		assert_false(link_wants_input(c->link));
		c->unread = unread;
		wait_ms(r, 999);
		assert_false(is_over(c));
		wait_ms(r, 1);
		assert_int_equal(is_over(c), !unread);
		wait_ms(r, STUCK_MS - 1000);
		assert_true(is_over(c));
		expect_trouble(r, statements[unread]);
		rig_stop(r);
	}
}

/* As soon as it is read from, its Keep Alive holds, from when it last sent something. */
static void keep_alive_holds_again_when_there_is_room(void **state)
{
	struct rig *r = *state;

	r->config.unread = client_has_unread;
	for (unsigned unread = 0; unread < 2; unread++) {
		struct client *c = join_congested(r);
		c->unread = true; /* so that its timer is set to more than the Keep Alive */
		wait_ms(r, 15000);
		link_written(c->link, 100);
		wait_ms(r, 10000);
		c->unread = unread;
		link_written(c->link, link_output_bytes(c->link));
		assert_true(link_wants_input(c->link));
		wait_ms(r, 0);
		assert_int_equal(is_over(c), !unread);
		wait_ms(r, 14999);
		assert_int_equal(is_over(c), !unread);
		wait_ms(r, 1);
		assert_true(is_over(c));
		expect_trouble(r, "5.0:MQTT-3.1.2-22");
		rig_stop(r);
	}
}

static void who_takes_nothing_is_dead_at_last(void **state)
{
	struct rig *r = *state;
	struct client *c = join_congested(r);

	wait_ms(r, 9000);
	link_written(c->link, 100);
	wait_ms(r, STUCK_MS - 1);
	assert_false(link_ends(c->link));
	wait_ms(r, 1);
	assert_true(link_ends(c->link));
	expect_trouble(r, "5.0:U50-ERR-CODES");
	/* A long Keep Alive is longer still. */
	r->config.limits.stuck_wait_ms = 100;
	rig_stop(r);
	c = join_congested(r);
	wait_ms(r, 9000);
	link_written(c->link, 100);
	wait_ms(r, 14999);
	assert_false(link_ends(c->link));
	wait_ms(r, 1);
	assert_true(link_ends(c->link));
}

/* Without a Keep Alive, or with a long one, and pings: whoever takes nothing of what waits, though little,
 * is not waited for without end.
 */
static void output_does_not_wait_for_ever(void **state)
{
	static const char *const keep_alives[] = { "n0", "n60000" };
	struct rig *r = *state;
	r->config.limits.output_wait_ms = 100000;

	for (size_t i = 0; i < 2; i++) {
		struct client *c = dial(r, MQTT_50), *pub = join(r, MQTT_50, "pub");
		say(c, text(r, "10 r s\"MQTT\" 05 00 %s p{11 w100} s\"c\"", keep_alives[i]));
		hear(c);
		subscribe_to(c, "t", 0);
		c->deaf = true;
		say(pub, "30 r s\"t\" p{} 61*50");
		link_written(c->link, 0);
		for (unsigned k = 0; k < 3; k++) {
			wait_ms(r, 99999);
			say(c, "C0 00");
			assert_false(link_ends(c->link));
			link_written(c->link, k + 1);
			link_written(c->link, 0); /* is no sign of life */
		}
		/* What is taken to its end has no clock any more. */
		link_written(c->link, link_output_bytes(c->link));
		wait_ms(r, 1000000);
		assert_false(link_ends(c->link));
		say(pub, "30 r s\"t\" p{} 61*50");
		link_written(c->link, 10);
		wait_ms(r, 50000);
		link_written(c->link, 0);
		wait_ms(r, 49999);
		assert_false(link_ends(c->link));
		wait_ms(r, 1);
		assert_true(link_ends(c->link));
		expect_trouble(r, "5.0:U50-ERR-CODES");
		wait_ms(r, 10000);
		assert_null(c->link);
		hang_up(pub);
	}
	rig_stop(r);
	r->config.limits.output_wait_ms = 0;
	struct client *c = join(r, MQTT_50, "c");
	c->deaf = true;
	say(c, "C0 00");
	link_written(c->link, 0);
	assert_int_equal(broker_due(r->broker), INT64_MAX);
}

/* A store could not have committed it. */
static void what_there_is_room_for_waits_for_the_next_turn(void **state)
{
	struct rig *r = *state;
	r->config.limits.output_bytes = 5000;
	struct client *c = join(r, MQTT_311, "c"), *pub = join(r, MQTT_311, "pub");

	subscribe_to(c, "t", 1);
	c->deaf = true;
	for (unsigned i = 1; i <= 8; i++)
		say(pub, text(r, "32 r s\"t\" m%u 61*1000", i));
	link_written(c->link, link_output_bytes(c->link));
	assert_int_equal(link_output_bytes(c->link), 0);
	assert_int_equal(broker_due(r->broker), r->now_ms);
	assert_int_equal(broker_tick(r->broker, r->now_ms), INT64_MAX);
	assert_in_range(link_output_bytes(c->link), 3000, 3100);
	link_written(c->link, link_output_bytes(c->link));
	assert_int_equal(broker_due(r->broker), INT64_MAX);
	/* It may go before. */
	for (unsigned i = 1; i <= 8; i++)
		say(pub, text(r, "32 r s\"t\" m%u 61*1000", i));
	link_written(c->link, link_output_bytes(c->link));
	hang_up(c);
	assert_int_equal(broker_due(r->broker), INT64_MAX);
}

/* The loop was busy while the PINGREQ came. */
static void a_host_that_is_late_looks_once_more(void **state)
{
	struct rig *r = *state;
	r->config.clock_grain_ms = 1;
	struct client *c = dial(r, MQTT_311);

	say(c, "10 r s\"MQTT\" 04 02 n10 s\"c\"");
	expect(c, "CONNACK accepted");
	for (unsigned i = 0; i < 3; i++) {
		r->now_ms += 20000;
		broker_tick(r->broker, r->now_ms);
		say(c, "C0 00");
		expect(c, "PINGRESP");
		wait_ms(r, 1);
		assert_false(link_ends(c->link));
	}
	r->now_ms += 20000;
	assert_int_equal(broker_tick(r->broker, r->now_ms), r->now_ms + 1);
	expect_silence(c);
	wait_ms(r, 1);
	expect_closed(c);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_read_is_not_held_against_the_client),
		TEST(who_sends_nothing_is_silent_though_not_read),
		TEST(keep_alive_holds_again_when_there_is_room),
		TEST(who_takes_nothing_is_dead_at_last),
		TEST(output_does_not_wait_for_ever),
		TEST(what_there_is_room_for_waits_for_the_next_turn),
		TEST(a_host_that_is_late_looks_once_more),
	};
	return cmocka_run_group_tests_name("broker_slow", tests, NULL, NULL);
}
