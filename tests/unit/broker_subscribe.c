/* Subscriptions: overlapping, shared, retained messages, and what is said in SUBACK. */
#include "tests/unit/broker_rig.h"

#include <stdlib.h>
#include <string.h>

static void overlapping_subscriptions_give_one_copy(void **state)
{
	struct rig *r = *state;
	struct client *c5 = join(r, MQTT_50, "five"), *c3 = join(r, MQTT_311, "three");
	struct client *pub = join(r, MQTT_311, "pub");

	say(c5, "82 r m1 p{0B v7} s\"a/#\" 00");
	expect(c5, "SUBACK id 1: 0x00");
	say(c5, "82 r m2 p{0B v268435455} s\"a/+\" 02");
	expect(c5, "SUBACK id 2: 0x02");
	subscribe_to(c5, "a/b", 1);
	say(c3, "82 r m1 s\"a/#\" 02 s\"a/+\" 01");
	expect(c3, "SUBACK id 1: 0x02, 0x01");
	say(pub, "34 r s\"a/b\" m1 b\"x\"");
	expect(c3, "PUBLISH \"a/b\" q2 id 1 \"x\"");
	expect_silence(c3);
	expect(c5,
		"PUBLISH \"a/b\" q2 id 1 \"x\", Subscription Identifier 7, Subscription Identifier "
		"268435455");
	expect_silence(c5);
	subscribe_to(c5, "a/+", 0); /* replaced: without the identifier [MQTT-3.8.4-3] */
	say(pub, "34 r s\"a/b\" m2 b\"y\"");
	expect(c5, "PUBLISH \"a/b\" q1 id 2 \"y\", Subscription Identifier 7");
	expect_silence(c5);
	say(c5, "A2 r m3 p{} s\"a/+\" s\"a/c\" s\"a/b\" s\"a/#\"");
	expect(c5, "UNSUBACK id 3: 0x00, 0x11 No subscription existed, 0x00, 0x00");
	say(pub, "34 r s\"a/b\" m3 b\"z\"");
	expect_silence(c5);
	say(c3, "A2 r m3 s\"a/+\" s\"none\"");
	expect(c3, "PUBLISH \"a/b\" q2 id 2 \"y\"");
	expect(c3, "PUBLISH \"a/b\" q2 id 3 \"z\"");
	expect(c3, "UNSUBACK id 3");
}

static void many_identifiers_are_all_passed_on(void **state)
{
	struct rig *r = *state;
	struct client *c = join(r, MQTT_50, "c"), *pub = join(r, MQTT_311, "pub");
	char filter[220] = "";

	for (unsigned i = 0; i < 100; i++) {
		say(c, text(r, "82 r m1 p{0B v%u} s\"%s#\" 01", i + 20, filter));
		expect(c, "SUBACK id 1: 0x01");
		strcat(filter, "a/");
	}
	filter[strlen(filter) - 1] = '\0';
	for (unsigned round = 0; round < 2; round++) {
		say(pub, text(r, "32 r s\"%s\" m1 b\"x\"", filter));
		carry(r);
		unsigned count = 0;
		for (size_t at = 0; at < c->heard.len; at++)
			count += c->heard.data[at] == 0x0B;
		assert_memory_equal(hear(c), "PUBLISH", 7);
		expect_silence(c);
		assert_int_equal(count, 100);
	}
}

static void no_local_and_retain_as_published(void **state)
{
	struct rig *r = *state;
	struct client *c = join(r, MQTT_50, "c"), *other = join(r, MQTT_50, "other");

	subscribe_to(c, "a", 4 | 1);
	subscribe_to(c, "b", 8);
	subscribe_to(other, "#", 4 | 8);
	say(c, "31 r s\"a\" p{} b\"1\"");
	say(c, "31 r s\"b\" p{} b\"2\"");
	say(c, "30 r s\"b\" p{} b\"3\"");
	say(other, "31 r s\"a\" p{} b\"4\"");
	expect(c, "PUBLISH \"b\" q0 retain \"2\"");
	expect(c, "PUBLISH \"b\" q0 \"3\"");
	expect(c, "PUBLISH \"a\" q0 \"4\"");
	expect(other, "PUBLISH \"a\" q0 retain \"1\"");
	expect(other, "PUBLISH \"b\" q0 retain \"2\"");
	expect(other, "PUBLISH \"b\" q0 \"3\"");
	expect_silence(c);
	/* With and without No Local at once: the latter counts for its publisher. */
	subscribe_to(c, "+", 0x22);
	for (unsigned i = 0; i < 3; i++) {
		say(c, text(r, "34 r s\"a\" m%u p{} b\"x\"", i + 1));
		expect(c, text(r, "PUBLISH \"a\" q2 id %u \"x\"", i + 1));
		expect(c, text(r, "PUBREC id %u", i + 1));
		expect_silence(c);
	}
}

static void retained_messages_follow_retain_handling(void **state)
{
	struct rig *r = *state;
	struct client *pub = join(r, MQTT_50, "pub"), *c = join(r, MQTT_50, "c");

	say(pub, "35 r s\"t/a\" m1 p{03 s\"type\" 26 s\"k\" s\"v\"} b\"A\"");
	say(pub, "31 r s\"t/b\" p{02 w100} b\"B\"");
	say(pub, "31 r s\"t/gone\" p{02 w1} b\"C\"");
	say(pub, "31 r s\"t/removed\" p{} b\"D\"");
	say(pub, "31 r s\"t/removed\" p{}");
	say(pub, "30 r s\"t/a\" p{} b\"not retained\"");
	wait_ms(r, 2000);
	assert_int_equal(broker_figures(r->broker)->retained, 2);
	say(c, "82 r m1 p{0B v9} s\"t/a\" 01");
	expect(c, "SUBACK id 1: 0x01");
	expect(c,
		"PUBLISH \"t/a\" q1 id 1 retain \"A\", Subscription Identifier 9, Content Type "
		"\"type\", "
		"User Property \"k\"=\"v\"");
	expect_silence(c);
	subscribe_to(c, "t/b", 0);
	expect(c, "PUBLISH \"t/b\" q0 retain \"B\", Message Expiry Interval 98");
	subscribe_to(c, "t/b", 0); /* Retain Handling 0: again [MQTT-3.8.4-4] */
	expect(c, "PUBLISH \"t/b\" q0 retain \"B\", Message Expiry Interval 98");
	subscribe_to(c, "t/b", 0x10); /* 1: not new [MQTT-3.3.1-10] */
	expect_silence(c);
	subscribe_to(c, "t/+", 0x10); /* 1: new */
	const char *first = hear(c), *second = hear(c);
	assert_string_not_equal(first, second);
	assert_non_null(strstr(second, "retain"));
	expect_silence(c);
	subscribe_to(c, "#", 0x20); /* 2: never */
	expect_silence(c);
	subscribe_to(c, "$share/g/#", 0); /* never for a share */
	expect_silence(c);
	struct client *old = join(r, MQTT_311, "old");
	say(old, "82 r m1 s\"t/#\" 02 s\"x\" 00");
	expect(old, "SUBACK id 1: 0x02, 0x00");
	assert_non_null(strstr(hear(old), "retain"));
	assert_non_null(strstr(hear(old), "retain"));
	expect_silence(old);
}

static void retained_messages_are_limited(void **state)
{
	struct rig *r = *state;
	r->config.limits.retained_topics = 2;
	struct client *c = join(r, MQTT_311, "c");

	say(c, "31 r s\"a\" b\"1\"");
	say(c, "31 r s\"b\" b\"1\"");
	say(c, "31 r s\"c\" b\"1\"");
	say(c, "31 r s\"b\" b\"2\"");
	subscribe_to(c, "#", 0);
	const char *one = hear(c), *two = hear(c);
	assert_true(strstr(one, "\"2\"") || strstr(two, "\"2\""));
	expect_silence(c);
}

static void a_share_goes_round_its_members(void **state)
{
	struct rig *r = *state;
	struct client *m[3], *pub = join(r, MQTT_50, "pub"), *plain = join(r, MQTT_50, "plain");
	unsigned count[3] = { 0 };

	for (unsigned i = 0; i < 3; i++) {
		m[i] = join(r, MQTT_50, text(r, "m%u", i));
		say(m[i], text(r, "82 r m1 p{0B v%u} s\"$share/g/t/+\" 02", i + 1));
		expect(m[i], "SUBACK id 1: 0x02");
	}
	subscribe_to(plain, "t/a", 0);
	subscribe_to(plain, "$share/other/t/a", 0);
	subscribe_to(m[0], "$share/g/t/#", 0); /* another filter is another share */
	for (unsigned i = 0; i < 30; i++)
		say(pub, "32 r s\"t/a\" m1 p{} b\"x\"");
	for (unsigned i = 0; i < 3; i++) {
		const char *line;
		while (strcmp(line = hear(m[i]), "nothing")) {
			if (!i && !strcmp(line, "PUBLISH \"t/a\" q0 \"x\""))
				continue; /* of the other share */
			assert_non_null(strstr(line, text(r, "Subscription Identifier %u", i + 1)));
			count[i]++;
		}
		assert_int_equal(count[i], 10);
	}
	for (unsigned i = 0; i < 60; i++)
		expect(plain, "PUBLISH \"t/a\" q0 \"x\"");
	expect_silence(plain);
	say(m[0], "A2 r m2 p{} s\"t/+\" s\"$share/g/t/+\" s\"$share/g/t/+\"");
	expect(m[0],
		"UNSUBACK id 2: 0x11 No subscription existed, 0x00, 0x11 No subscription existed");
}

static void a_share_prefers_members_that_can_take_it(void **state)
{
	struct rig *r = *state;
	struct client *away = join_with(r, "away", true, "11 w100");
	struct client *full = join_with(r, "full", true, "21 n1"), *free = join(r, MQTT_50, "free");
	struct client *pub = join(r, MQTT_50, "pub");

	hear(away);
	hear(full);
	subscribe_to(away, "$share/g/t", 1);
	subscribe_to(full, "$share/g/t", 1);
	subscribe_to(free, "$share/g/t", 1);
	hang_up(away);
	for (unsigned i = 0; i < 10; i++)
		say(pub, text(r, "32 r s\"t\" m1 p{} b\"%u\"", i));
	assert_memory_equal(hear(full), "PUBLISH \"t\" q1 id 1", 18);
	expect_silence(full);
	for (unsigned i = 1; i < 10; i++)
		assert_memory_equal(hear(free), "PUBLISH \"t\" q1", 13);
	expect_silence(free);
	hang_up(free);
	hang_up(full); /* its session ends: what it had goes to the one that is left */
	say(pub, "32 r s\"t\" m1 p{} b\"last\"");
	away = join_with(r, "away", false, "11 w100");
	expect(away,
		"CONNACK success, session present, Receive Maximum 1000, Topic Alias Maximum 64");
	unsigned heard = 0;
	const char *line, *latest = "";
	while (strcmp(line = hear(away), "nothing")) {
		heard++;
		latest = line;
	}
	assert_int_equal(heard, 11);
	assert_non_null(strstr(latest, "\"last\""));
}

/* It would drop what another one keeps. */
static void a_share_passes_over_a_member_whose_queue_is_full(void **state)
{
	struct rig *r = *state;

	r->config.limits.queue_messages = 2;
	struct client *away = join_with(r, "away", true, "11 w100");
	struct client *slow = join_with(r, "slow", true, "21 n1"), *pub = join(r, MQTT_50, "pub");
	hear(away);
	hear(slow);
	subscribe_to(away, "$share/g/t", 1);
	subscribe_to(slow, "$share/g/t", 1);
	hang_up(away);
	for (unsigned i = 0; i < 5; i++)
		say(pub, text(r, "32 r s\"t\" m1 p{} b\"%u\"", i));
	away = join_with(r, "away", false, "11 w100");
	hear(away);
	expect(away, "PUBLISH \"t\" q1 id 1 \"3\"");
	expect(away, "PUBLISH \"t\" q1 id 2 \"4\"");
	expect_silence(away);
}

static void what_a_leaving_member_had_is_handed_on_or_not(void **state)
{
	struct rig *r = *state;
	struct client *a = join(r, MQTT_50, "a"), *b = join(r, MQTT_50, "b");
	struct client *pub = join(r, MQTT_50, "pub");

	subscribe_to(a, "$share/g/t", 2);
	say(pub, "32 r s\"t\" m1 p{} b\"q1\"");
	say(pub, "34 r s\"t\" m2 p{} b\"q2\"");
	say(pub, "32 r s\"t\" m3 p{} b\"refused\"");
	expect(a, "PUBLISH \"t\" q1 id 1 \"q1\"");
	expect(a, "PUBLISH \"t\" q2 id 2 \"q2\"");
	expect(a, "PUBLISH \"t\" q1 id 3 \"refused\"");
	say(a, "40 r m3 80 p{}"); /* [MQTT-4.8.2-6] */
	subscribe_to(b, "$share/g/t", 2);
	hang_up(a);
	expect(b, "PUBLISH \"t\" q1 id 1 \"q1\"");
	expect_silence(b); /* QoS 2 under way stays with the other: [MQTT-4.8.2-5] */
	say(b, "A2 r m2 p{} s\"$share/g/t\"");
	expect(b, "UNSUBACK id 2: 0x00");
	hang_up(b);
	assert_int_equal(broker_figures(r->broker)->subscriptions, 0);
}

static void a_share_is_left_in_the_other_version_too(void **state)
{
	struct rig *r = *state;
	struct client *pub = join(r, MQTT_50, "pub");
	struct client *c = join_with(r, "c", true, "11 w100");

	hear(c);
	subscribe_to(c, "$share/g/t", 1);
	hang_up(c);
	c = join_311(r, "c", false);
	expect(c, "CONNACK accepted, session present");
	say(pub, "32 r s\"t\" m1 p{} b\"1\"");
	expect(c, "PUBLISH \"t\" q1 id 1 \"1\"");
	say(c, "40 r m1");
	say(c, "A2 r m2 s\"$share/g/t\"");
	expect(c, "UNSUBACK id 2");
	say(pub, "32 r s\"t\" m2 p{} b\"2\"");
	expect_silence(c);
	say(c, "82 r m3 s\"$share/g/t\" 01");
	expect(c, "SUBACK id 3: 0x01");
	hang_up(c);
	c = join_with(r, "c", false, "11 w100");
	hear(c);
	say(c, "A2 r m4 p{} s\"$share/g/t\" s\"$share/g/t\"");
	expect(c, "UNSUBACK id 4: 0x00, 0x11 No subscription existed");
	assert_int_equal(broker_figures(r->broker)->subscriptions, 0);
}

/* As mosquitto has it; what can be no share is not granted, either. */
static void a_share_has_members_of_both_versions(void **state)
{
	struct rig *r = *state;
	struct client *old = join(r, MQTT_311, "old"), *new = join(r, MQTT_50, "new");
	struct client *pub = join(r, MQTT_311, "pub");

	say(pub, "31 r s\"t\" b\"retained\"");
	say(old,
		"82 r m1 s\"$share/g/t\" 01 s\"$share/g\" 00 s\"$share//t\" 00 s\"$share/+/t\" 00 "
		"s\"$share\" 00");
	expect(old, "SUBACK id 1: 0x01, 0x80, 0x80, 0x80, 0x00");
	expect_silence(old); /* never for a share */
	subscribe_to(new, "$share/g/t", 0);
	for (unsigned i = 0; i < 4; i++) {
		say(pub, text(r, "30 r s\"t\" b\"%u\"", i));
		expect(i & 1 ? new : old, text(r, "PUBLISH \"t\" q0 \"%u\"", i));
		expect_silence(i & 1 ? old : new);
	}
	say(old, "A2 r m2 s\"$share/g/t\"");
	expect(old, "UNSUBACK id 2");
	say(pub, "30 r s\"t\" b\"x\"");
	expect(new, "PUBLISH \"t\" q0 \"x\"");
	/* Where shares are not offered, they are refused. */
	rig_stop(r);
	r->config.limits.no_shared = true;
	old = join(r, MQTT_311, "old");
	say(old, "82 r m1 s\"$share/g/t\" 01");
	expect(old, "SUBACK id 1: 0x80");
}

static void patterns_of_filters_are_limited(void **state)
{
	struct rig *r = *state;
	r->config.limits.filter_patterns = 2;
	struct client *c5 = join(r, MQTT_50, "five"), *c3 = join(r, MQTT_311, "three");

	say(c5, "82 r m1 p{} s\"a/+\" 00 s\"b/+\" 00 s\"#\" 00 s\"+\" 00 s\"a/b\" 00");
	expect(c5, "SUBACK id 1: 0x00, 0x00, 0x00, 0x97 Quota exceeded, 0x00");
	say(c3, "82 r m1 s\"a/+\" 00 s\"b/+\" 00 s\"#\" 00 s\"+\" 00 s\"a/b\" 00");
	expect(c3, "SUBACK id 1: 0x00, 0x00, 0x00, 0x80, 0x00");
	hang_up(c5);
	hang_up(c3);
}

static void subscriptions_are_limited(void **state)
{
	struct rig *r = *state;
	r->config.limits.subscriptions = 2;
	struct client *c5 = join(r, MQTT_50, "five"), *c3 = join(r, MQTT_311, "three");

	say(c5, "82 r m1 p{} s\"a\" 00 s\"b\" 00 s\"c\" 00");
	expect(c5, "SUBACK id 1: 0x00, 0x00, 0x97 Quota exceeded");
	say(c5, "82 r m1 p{} s\"a\" 01"); /* one that it has may change */
	expect(c5, "SUBACK id 1: 0x01");
	say(c3, "82 r m1 s\"a\" 00 s\"b\" 00 s\"c\" 00");
	expect(c3, "SUBACK id 1: 0x00, 0x00, 0x80");
}

static void sys_tells_the_figures(void **state)
{
	struct rig *r = *state;
	r->config.sys_interval_s = 10;
	r->config.version = "mqttspec 1";
	struct client *c = join(r, MQTT_311, "c");
	char *end;

	wait_ms(r, 10);
	subscribe_to(c, "#", 0); /* [MQTT-4.7.2-1] */
	expect_silence(c);
	subscribe_to(c, "$SYS/broker/version", 0);
	expect(c, "PUBLISH \"$SYS/broker/version\" q0 retain \"mqttspec 1\"");
	subscribe_to(c, "$SYS/broker/clients/connected", 0);
	expect(c, "PUBLISH \"$SYS/broker/clients/connected\" q0 retain \"1\"");
	join(r, MQTT_311, "d");
	wait_ms(r, 10000);
	expect(c, "PUBLISH \"$SYS/broker/clients/connected\" q0 \"2\"");
	expect_silence(c);
	subscribe_to(c, "$SYS/broker/bytes/sent", 0);
	const char *line = strstr(hear(c), "retain \"");
	assert_non_null(line);
	assert_true(strtoul(line + 8, &end, 10) > 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(overlapping_subscriptions_give_one_copy),
		TEST(many_identifiers_are_all_passed_on),
		TEST(no_local_and_retain_as_published),
		TEST(retained_messages_follow_retain_handling),
		TEST(retained_messages_are_limited),
		TEST(a_share_goes_round_its_members),
		TEST(a_share_prefers_members_that_can_take_it),
		TEST(a_share_passes_over_a_member_whose_queue_is_full),
		TEST(what_a_leaving_member_had_is_handed_on_or_not),
		TEST(a_share_is_left_in_the_other_version_too),
		TEST(a_share_has_members_of_both_versions),
		TEST(patterns_of_filters_are_limited),
		TEST(subscriptions_are_limited),
		TEST(sys_tells_the_figures),
	};
	return cmocka_run_group_tests_name("broker_subscribe", tests, NULL, NULL);
}
