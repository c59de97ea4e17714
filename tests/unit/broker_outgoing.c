/* What is under way to a client: Packet Identifiers once round, and what waits for its turn. */
#include "tests/unit/broker_rig.h"

enum { ALL_IDS = 65535 };

/* One QoS 1 message to "t", from a publisher that gets its PUBACK. */
static void publish(struct client *pub)
{
	say_bytes(pub, "\x32\x06\x00\x01t\x00\x01m", 8);
	hear(pub);
}

static void acknowledge(struct client *sub, unsigned id)
{
	const unsigned char puback[] = { 0x40, 2, (unsigned char)(id >> 8), (unsigned char)id };

	say_bytes(sub, puback, sizeof(puback));
}

/* [MQTT-2.3.1-4] of 3.1.1, [MQTT-2.2.1-4] of 5.0 */
static void an_identifier_that_is_open_is_not_used_again(void **state)
{
	struct rig *r = *state;
	struct client *sub = join(r, MQTT_311, "sub");
	struct client *pub = join(r, MQTT_311, "pub");

	subscribe_to(sub, "t", 1);
	publish(pub);
	expect(sub, "PUBLISH \"t\" q1 id 1 \"m\""); /* stays open */
	for (unsigned id = 2; id <= ALL_IDS; id++) {
		publish(pub);
		hear(sub);
		acknowledge(sub, id);
	}
	publish(pub);
	expect(sub, "PUBLISH \"t\" q1 id 2 \"m\""); /* stays open, too */
	for (unsigned id = 3; id <= ALL_IDS; id++) {
		publish(pub);
		hear(sub);
		acknowledge(sub, id);
	}
	acknowledge(sub, 1);
	publish(pub);
	expect(sub, "PUBLISH \"t\" q1 id 1 \"m\"");
	publish(pub);
	expect(sub, "PUBLISH \"t\" q1 id 3 \"m\"");
	acknowledge(sub, 3);
	acknowledge(sub, 2);
	acknowledge(sub, 1);
}

/* All of them are in use: the next one waits for any, and gets that. */
static void all_identifiers_are_open(void **state)
{
	struct rig *r = *state;

	r->config.limits.inflight = ALL_IDS;
	struct client *sub = join(r, MQTT_311, "sub");
	struct client *pub = join(r, MQTT_311, "pub");
	subscribe_to(sub, "t", 1);
	for (unsigned id = 1; id <= ALL_IDS; id++) {
		publish(pub);
		hear(sub);
	}
	publish(pub);
	publish(pub);
	expect_silence(sub);
	acknowledge(sub, 40000);
	expect(sub, "PUBLISH \"t\" q1 id 40000 \"m\"");
	acknowledge(sub, 7);
	expect(sub, "PUBLISH \"t\" q1 id 7 \"m\"");
	expect_silence(sub);
}

/* Its PUBLISH waits for its turn on the new connection, and the PUBREC, to the one of the old connection,
 * makes a PUBREL of it: one. [MQTT-4.3.3-4] [MQTT-4.4.0-1]
 */
static void a_pubrec_ahead_of_its_publish_gets_one_pubrel(void **state)
{
	struct rig *r = *state;
	struct client *sub = join_with(r, "sub", true, "11 w100");
	struct client *pub = join(r, MQTT_311, "pub");

	hear(sub);
	subscribe_to(sub, "t", 2);
	say(pub, "34 r s\"t\" m1 b\"one\"");
	say(pub, "34 r s\"t\" m2 b\"two\"");
	expect(sub, "PUBLISH \"t\" q2 id 1 \"one\"");
	expect(sub, "PUBLISH \"t\" q2 id 2 \"two\"");
	hang_up(sub);
	sub = join_with(r, "sub", false, "11 w100 21 n1");
	hear(sub);
	expect(sub, "PUBLISH \"t\" q2 id 1 dup \"one\"");
	say(sub, "50 r m2");
	expect(sub, "PUBREL id 2");
	expect_silence(sub);
	say(sub, "70 r m2");
	say(sub, "50 r m1");
	expect(sub, "PUBREL id 1");
	expect_silence(sub);
}

/* What a PUBREL was sent for is ended by a PUBCOMP, and nothing else is. [MQTT-4.3.3-3] */
static void a_pubcomp_ends_nothing_before_the_pubrel(void **state)
{
	struct rig *r = *state;
	struct client *sub = join_with(r, "sub", false, "11 w100");
	struct client *pub = join(r, MQTT_50, "pub");

	hear(sub);
	subscribe_to(sub, "t", 2);
	say(pub, "34 r s\"t\" m7 p{} b\"m\"");
	expect(pub, "PUBREC id 7");
	say(pub, "62 r m7");
	expect(pub, "PUBCOMP id 7");
	expect(sub, "PUBLISH \"t\" q2 id 1 \"m\"");
	say(sub, "70 r m1");
	hang_up(sub);
	sub = join_with(r, "sub", false, "11 w100");
	hear(sub);
	expect(sub, "PUBLISH \"t\" q2 id 1 dup \"m\"");
}

/* A string has 65,535 bytes at most (1.5.3 of 3.1.1, 1.5.4 of 5.0), and so many are handed on. */
/* It does not fit any more. The client has its identifier, and would take the next message of that for this one.
 * [MQTT-4.3.3-2]
 */
static void what_has_been_sent_is_given_up_with_its_identifier(void **state)
{
	struct rig *r = *state;
	struct client *sub = join_with(r, "sub", false, "11 w100"), *pub = join(r, MQTT_50, "pub");

	hear(sub);
	say(sub, "82 r m1 p{} s\"t\" 02");
	expect(sub, "SUBACK id 1: 0x02");
	say(pub, "34 r s\"t\" m1 p{} 61*100");
	expect(pub, "PUBREC id 1");
	assert_memory_equal(hear(sub), "PUBLISH \"t\" q2 id 1 ", 20);
	hang_up(sub);
	sub = join_with(r, "sub", false, "11 w100 27 w40");
	assert_memory_equal(hear(sub), "CONNACK success, session present", 32);
	expect(sub, "PUBREL id 1");
	say(pub, "34 r s\"t\" m2 p{} b\"b\"");
	expect(pub, "PUBREC id 2");
	expect(sub, "PUBLISH \"t\" q2 id 2 \"b\"");
	say(sub, "70 02 m1");
	expect_silence(sub);
}

static void the_longest_topic_is_handed_on(void **state)
{
	struct rig *r = *state;
	struct client *c = join(r, MQTT_311, "c");

	subscribe_to(c, "#", 0);
	say(c, "30 r n65535 41*65535 78");
	assert_int_equal(strncmp(hear(c), "PUBLISH \"AAAA", 13), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_identifier_that_is_open_is_not_used_again),
		TEST(all_identifiers_are_open),
		TEST(a_pubrec_ahead_of_its_publish_gets_one_pubrel),
		TEST(a_pubcomp_ends_nothing_before_the_pubrel),
		TEST(what_has_been_sent_is_given_up_with_its_identifier),
		TEST(the_longest_topic_is_handed_on),
	};
	return cmocka_run_group_tests_name("broker_outgoing", tests, NULL, NULL);
}
