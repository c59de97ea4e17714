/* Authentication again on a connection that is up, by a host that takes its time. */
#include "tests/unit/broker_rig.h"

#include <string.h>

static int auth_step(void *context, const struct broker_client *client,
	const struct mqtt_connect *connect, bool again, struct mqtt_view method,
	struct mqtt_view data, struct broker_auth_answer *answer)
{
	(void)client, (void)method, (void)data, (void)answer;
	++*(unsigned *)context;
	assert_int_equal(again, !connect);
	return again ? BROKER_AUTH_LATER : 0;
}

/* A client, subscribed to "t", whose AUTH waits for the host's verdict. `steps`: calls of the host. */
static struct client *join_undecided(struct rig *r, unsigned *steps)
{
	r->config.auth.step = auth_step;
	r->config.auth.context = steps;
	*steps = 0;
	struct client *c = dial(r, MQTT_50);

	say(c, "10 r s\"MQTT\" 05 02 n10 p{15 s\"method\"} s\"c\"");
	assert_memory_equal(hear(c), "CONNACK success", 15);
	subscribe_to(c, "t", 1);
	assert_int_equal(*steps, 1);
	say(c,
		"F0 0F 19 p{15 s\"method\" 16 s\"1\"} F0 0F 18 p{15 s\"method\" 16 s\"2\"} C0 00 "
		"C0");
	assert_int_equal(*steps, 2);
	return c;
}

static void nothing_is_read_until_the_verdict(void **state)
{
	struct rig *r = *state;
	unsigned steps;
	struct client *c = join_undecided(r, &steps);

	assert_false(link_wants_input(c->link));
	say(c, "00 F0 r 18 p{15 s\"method\" 16 s\"3\"}");
	assert_int_equal(steps, 2);
	expect_silence(c);
	/* Messages go on as before. */
	struct client *pub = join(r, MQTT_50, "pub");
	say(pub, "32 r s\"t\" m1 p{} b\"on\"");
	expect(c, "PUBLISH \"t\" q1 id 1 \"on\"");
	/* What was kept is taken, up to the next step. */
	link_decide(c->link, BROKER_AUTH_CONTINUE, NULL);
	expect(c, "AUTH 0x18 Continue authentication, Authentication Method \"method\"");
	expect_silence(c);
	assert_int_equal(steps, 3);
	assert_false(link_wants_input(c->link));
	link_decide(c->link, BROKER_AUTH_CONTINUE, NULL);
	expect(c, "AUTH 0x18 Continue authentication, Authentication Method \"method\"");
	expect(c, "PINGRESP");
	expect(c, "PINGRESP");
	assert_int_equal(steps, 4);
	link_decide(c->link, 0, NULL);
	expect(c, "AUTH success, Authentication Method \"method\"");
	assert_true(link_wants_input(c->link));
	link_decide(c->link, MQTT_NOT_AUTHORIZED, NULL); /* nobody has asked */
	expect_silence(c);
	say(c, "C0 00");
	expect(c, "PINGRESP");
}

static void a_refusal_ends_the_connection(void **state)
{
	struct rig *r = *state;
	unsigned steps;
	struct client *c = join_undecided(r, &steps);

	link_decide(c->link, MQTT_NOT_AUTHORIZED, NULL);
	expect(c, "DISCONNECT 0x87 Not authorized, Reason String \"re-authentication failed\"");
	expect_closed(c);
	assert_int_equal(steps, 2);
	/* It may have ended while the host thought. */
	c = join_undecided(r, &steps);
	broker_kick(r->broker, MQTT_VIEW("c"));
	c->deaf = true;
	carry(r);
	link_decide(c->link, 0, NULL);
	c->deaf = false;
	link_mark(c->link);
	assert_memory_equal(hear(c), "DISCONNECT 0x98", 15);
	expect_closed(c);
}

/* [MQTT-3.1.2-22] is for what the client does not send, not for what nobody reads. */
static void keep_alive_waits_for_the_verdict(void **state)
{
	struct rig *r = *state;
	unsigned steps;
	struct client *c = join_undecided(r, &steps);

	wait_ms(r, 100000);
	assert_non_null(c->link);
	link_decide(c->link, BROKER_AUTH_CONTINUE, NULL);
	wait_ms(r, 1000);
	link_decide(c->link, 0, NULL);
	say(c, "00 F0 r 19 p{15 s\"method\"}");
	assert_false(link_wants_input(c->link));
	wait_ms(r, 100000);
	link_decide(c->link, 0, NULL);
	wait_ms(r, 14999);
	assert_non_null(c->link);
	wait_ms(r, 1);
	assert_null(c->link);
	expect_trouble(r, "5.0:MQTT-3.1.2-22");
}

/* As much time for an answer as at CONNECT, whatever its Keep Alive; and no more with what it sends besides. */
static void who_does_not_answer_is_thrown_out(void **state)
{
	struct rig *r = *state;
	unsigned steps;
	r->config.limits.connect_wait_ms = 3000;
	r->config.clock_grain_ms = 0;

	for (unsigned alive = 0; alive < 2; alive++) {
		struct client *c = join_undecided(r, &steps);
		say(c, "00"); /* the rest of a PINGREQ that is cut */
		link_decide(c->link, BROKER_AUTH_CONTINUE, NULL);
		link_decide(c->link, BROKER_AUTH_CONTINUE, NULL);
		expect(c, "AUTH 0x18 Continue authentication, Authentication Method \"method\"");
		expect(c, "AUTH 0x18 Continue authentication, Authentication Method \"method\"");
		expect(c, "PINGRESP");
		expect(c, "PINGRESP");
		wait_ms(r, 2999);
		if (alive)
			say(c, "C0 00");
		else
			expect_silence(c);
		if (alive)
			expect(c, "PINGRESP");
		wait_ms(r, 1);
		expect(c,
			"DISCONNECT 0x87 Not authorized, Reason String \"re-authentication was not "
			"gone on with\"");
		expect_closed(c);
		expect_trouble(r, "5.0:MQTT-4.12.1-2");
	}
	/* Who is done has all the time in the world. */
	struct client *c = join_undecided(r, &steps);
	link_decide(c->link, BROKER_AUTH_CONTINUE, NULL);
	link_decide(c->link, 0, NULL);
	say(c, "00");
	wait_ms(r, 14000);
	assert_non_null(c->link);
}

/* The answer may lie there, as too much waits to be written: it is not late before it could be read. */
static void an_answer_that_cannot_be_read_is_not_late(void **state)
{
	struct rig *r = *state;
	unsigned steps;
	r->config.limits.connect_wait_ms = 3000;
	r->config.limits.output_bytes = 1000;
	r->config.unread = client_has_unread;
	struct client *c = join_undecided(r, &steps), *pub = join(r, MQTT_50, "pub");

	say(c, "00");
	link_decide(c->link, BROKER_AUTH_CONTINUE, NULL);
	link_decide(c->link, BROKER_AUTH_CONTINUE, NULL);
	carry(r);
	c->deaf = c->unread = true;
	for (unsigned i = 0; i < 40; i++)
		say(pub, text(r, "30 r s\"t\" p{} b\"%0100u\"", i));
	assert_false(link_wants_input(c->link));
	wait_ms(r, 4000);
	assert_non_null(c->link);
	c->deaf = c->unread = false;
	link_mark(c->link);
	carry(r);
	assert_non_null(c->link);
	say(c, "F0 r 18 p{15 s\"method\"}");
	link_decide(c->link, 0, NULL);
	assert_non_null(c->link);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_read_until_the_verdict),
		TEST(a_refusal_ends_the_connection),
		TEST(keep_alive_waits_for_the_verdict),
		TEST(who_does_not_answer_is_thrown_out),
		TEST(an_answer_that_cannot_be_read_is_not_late),
	};
	return cmocka_run_group_tests_name("broker_reauth", tests, NULL, NULL);
}
