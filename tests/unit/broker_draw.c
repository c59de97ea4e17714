/* Retained messages for a new subscription, at the pace of its reader. They come youngest topic first. */
#include "tests/unit/broker_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOPICS = 200, OUTPUT_MAX = 20000 };

/* 200 messages of 500 bytes: many more than may wait to be written. */
static void retain_all(struct rig *r, struct client *pub, unsigned qos)
{
	for (unsigned i = 0; i < TOPICS; i++)
		say(pub,
			qos ? text(r, "33 r s\"n/%u\" m1 p{} 61*500", i)
			    : text(r, "31 r s\"n/%u\" p{} 61*500", i));
	while (strcmp(hear(pub), "nothing"))
		;
}

static struct client *publisher(struct rig *r, unsigned qos)
{
	r->config.limits.output_bytes = OUTPUT_MAX;
	struct client *pub = join(r, MQTT_50, "pub");

	retain_all(r, pub, qos);
	return pub;
}

/* SUBSCRIBE by one who takes nothing for the time being. */
static struct client *deaf_subscriber(struct rig *r, const char *filter)
{
	struct client *c = join(r, MQTT_50, "c");

	c->deaf = true;
	say(c, text(r, "82 r m1 p{0B v5} s\"%s\" 00", filter));
	return c;
}

static void listen(struct client *c)
{
	c->deaf = false;
	link_mark(c->link);
	carry(c->rig);
}

/* Takes what is there of it, and says how many that were; `*last` is the first line of another kind. */
static unsigned hear_retained(struct client *c, const char **last)
{
	unsigned count = 0;

	for (*last = hear(c); strstr(*last, " retain "); *last = hear(c))
		count++;
	return count;
}

static void the_reader_sets_the_pace(void **state)
{
	struct rig *r = *state;
	struct client *pub = publisher(r, 0), *c = deaf_subscriber(r, "#");
	const char *last;

	wait_ms(r, 1000);
	assert_in_range(link_output_bytes(c->link), OUTPUT_MAX / 2, OUTPUT_MAX / 2 + 600);
	assert_true(link_wants_input(c->link)); /* nor is it shut out from what else there is */
	say(pub, "30 r s\"live\" p{} b\"x\"");
	say(c, "C0 00");
	uint64_t dropped = broker_figures(r->broker)->messages_dropped;
	listen(c);
	expect(c, "SUBACK id 1: 0x00");
	unsigned count = hear_retained(c, &last);
	assert_in_range(count, 1, 40);
	assert_string_equal(last, "PUBLISH \"live\" q0 \"x\", Subscription Identifier 5");
	expect(c, "PINGRESP");
	count += hear_retained(c, &last);
	assert_string_equal(last, "nothing");
	assert_int_equal(count, TOPICS);
	assert_int_equal(broker_figures(r->broker)->messages_dropped, dropped);
}

/* However much there is: what it has to do in one turn is bounded, and it comes back at once. */
static void nobody_waits_for_a_long_walk(void **state)
{
	static const uint8_t subscribe[] = "\x82\x06\0\1\0\1#";
	struct rig *r = *state;
	struct client *pub = join(r, MQTT_311, "pub"), *c = join(r, MQTT_311, "c");

	for (unsigned i = 0; i < 5000; i++)
		say(pub, text(r, "31 r s\"%u\" b\"x\"", i));
	broker_tick(r->broker, r->now_ms);
	link_input(c->link, subscribe, sizeof(subscribe));
	for (unsigned turn = 0; turn < 5; turn++) {
		assert_in_range(
			link_output_bytes(c->link), 5 + turn * 1000 * 9, 5 + (turn + 1) * 1030 * 9);
		assert_int_equal(broker_due(r->broker), turn < 4 ? r->now_ms : INT64_MAX);
		broker_tick(r->broker, r->now_ms);
	}
	const char *last;
	expect(c, "SUBACK id 1: 0x00");
	assert_int_equal(hear_retained(c, &last), 5000);
	/* Also where nothing matches. */
	static const uint8_t nothing[] = "\x82\x0A\0\2\0\5+/+/a";
	link_input(c->link, nothing, sizeof(nothing));
	assert_int_equal(broker_due(r->broker), r->now_ms);
	expect(c, "SUBACK id 2: 0x00");
	expect_silence(c);
}

/* However many there are: they would make everyone wait who publishes to the client, or is it. */
static void filters_that_draw_nothing_leave_nothing_behind(void **state)
{
	enum { COUNT = 3000, SIZE = 13 };
	struct rig *r = *state;
	struct client *pub = join(r, MQTT_311, "pub"), *c = join(r, MQTT_311, "c");
	char subscribes[COUNT * SIZE + 1];

	say(pub, "31 r s\"other/a\" b\"x\"");
	for (unsigned i = 0; i < COUNT; i++)
		snprintf(subscribes + (size_t)i * SIZE, SIZE + 1, "\x82\x0B\x01\x01%c\x06%04u/+", 0,
			i); /* its NUL is the options */
	broker_tick(r->broker, r->now_ms);
	link_input(c->link, subscribes, (size_t)COUNT * SIZE);
	assert_int_equal(link_output_bytes(c->link), COUNT * 5);
	assert_int_equal(broker_due(r->broker), INT64_MAX);
}

/* [MQTT-4.6.0-6] of 3.1.1, [MQTT-4.6.0-6] of 5.0: each topic in its order, and each message once. */
static void no_message_overtakes_that_of_its_topic(void **state)
{
	struct rig *r = *state;
	struct client *pub = publisher(r, 0), *c = deaf_subscriber(r, "n/+");
	const char *last;

	say(pub, "30 r s\"n/3\" p{} b\"live\"");
	say(pub, "31 r s\"n/2\" p{} b\"new\"");
	say(pub, "31 r s\"n/2\" p{} b\"newer\"");
	say(pub, "31 r s\"n/1\" p{}");
	say(pub, "31 r s\"n/199\" p{} b\"late\""); /* sent already */
	say(pub, "31 r s\"n/one more\" p{} b\"late\"");
	listen(c);
	expect(c, "SUBACK id 1: 0x00");
	unsigned count = hear_retained(c, &last), live = 0;
	static const char *const lines[] = {
		"PUBLISH \"n/3\" q0 \"live\", Subscription Identifier 5",
		"PUBLISH \"n/2\" q0 \"new\", Subscription Identifier 5",
		"PUBLISH \"n/2\" q0 \"newer\", Subscription Identifier 5",
		"PUBLISH \"n/1\" q0 \"\", Subscription Identifier 5",
		"PUBLISH \"n/199\" q0 \"late\", Subscription Identifier 5",
		"PUBLISH \"n/one more\" q0 \"late\", Subscription Identifier 5"
	};
	while (strcmp(last, "nothing")) {
		assert_true(live < sizeof(lines) / sizeof(*lines));
		assert_string_equal(last, lines[live++]);
		count += hear_retained(c, &last);
	}
	assert_int_equal(live, sizeof(lines) / sizeof(*lines));
	assert_int_equal(count, TOPICS);
}

/* Its own message is none that it gets, and what was retained before is one all the same. */
static void no_local_has_a_turn_of_its_own(void **state)
{
	struct rig *r = *state;
	struct client *c;
	const char *last;
	unsigned count = 0;

	publisher(r, 0);
	c = join(r, MQTT_50, "c");
	c->deaf = true;
	say(c, "82 r m1 p{} s\"n/+\" 04");
	say(c, "31 r s\"n/3\" p{} b\"own\"");
	listen(c);
	expect(c, "SUBACK id 1: 0x00");
	for (last = hear(c); strstr(last, " retain "); last = hear(c)) {
		assert_null(strstr(last, "own"));
		count++;
	}
	assert_string_equal(last, "nothing");
	assert_int_equal(count, TOPICS);
}

static void what_is_gone_before_its_turn_does_not_come(void **state)
{
	struct rig *r = *state;
	struct client *pub = publisher(r, 0);
	const char *last;

	say(pub, "31 r s\"o/brief\" p{02 w5} b\"brief\"");
	say(pub, "31 r s\"m/brief\" p{02 w5} 61*15000"); /* comes first, and is enough */
	struct client *c = deaf_subscriber(r, "#");
	wait_ms(r, 6000);
	listen(c);
	expect(c, "SUBACK id 1: 0x00");
	assert_non_null(strstr(hear(c), "m/brief"));
	assert_int_equal(hear_retained(c, &last), TOPICS);
	assert_string_equal(last, "nothing");
}

static void it_ends_with_the_subscription(void **state)
{
	struct rig *r = *state;
	struct client *pub = publisher(r, 0), *c = deaf_subscriber(r, "n/#");
	const char *last;

	say(c, "A2 r m2 p{} s\"n/#\"");
	listen(c);
	expect(c, "SUBACK id 1: 0x00");
	assert_in_range(hear_retained(c, &last), 1, 40);
	assert_string_equal(last, "UNSUBACK id 2: 0x00");
	expect_silence(c);
	/* And with the session, and the connection; what it held is given back. */
	uint64_t before = broker_figures(r->broker)->memory_bytes;
	hang_up(c);
	c = deaf_subscriber(r, "n/#");
	hang_up(c);
	assert_true(broker_figures(r->broker)->memory_bytes < before);
	assert_int_equal(broker_due(r->broker), INT64_MAX);
	say(pub, "C0 00");
	expect(pub, "PINGRESP");
}

/* [MQTT-3.8.4-3]: again from the beginning, or as it is; nothing is lost. */
static void it_goes_on_when_the_subscription_is_replaced(void **state)
{
	struct rig *r = *state;
	struct client *c;
	const char *last, *line = "";
	unsigned count, first;

	publisher(r, 1);
	c = deaf_subscriber(r, "n/#");
	say(c, "82 r m2 p{0B v6} s\"n/#\" 20"); /* Retain Handling 2: not again */
	listen(c);
	expect(c, "SUBACK id 1: 0x00");
	first = hear_retained(c, &last);
	assert_string_equal(last, "SUBACK id 2: 0x00");
	for (count = first; strstr(last = hear(c), " retain "); count++)
		line = last;
	assert_int_equal(count, TOPICS);
	assert_non_null(strstr(line, "Subscription Identifier 6"));
	assert_string_equal(last, "nothing");
	hang_up(c);
	c = deaf_subscriber(r, "n/#");
	say(c, "82 r m2 p{0B v6} s\"n/#\" 00");
	listen(c);
	expect(c, "SUBACK id 1: 0x00");
	hear_retained(c, &last);
	assert_string_equal(last, "SUBACK id 2: 0x00");
	assert_int_equal(hear_retained(c, &last), TOPICS);
}

/* Takes and acknowledges so many, all of them retained. */
static void acknowledge(struct client *c, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const char *line = hear(c), *id = strstr(line, " id ");
		assert_non_null(id);
		assert_non_null(strstr(line, " retain "));
		say(c, text(c->rig, "40 02 m%ld", strtol(id + 4, NULL, 10)));
	}
}

/* They neither fill the queue nor pass by what is in it, and outlive the connection. */
static void with_acknowledgements_it_waits_for_them(void **state)
{
	struct rig *r = *state;
	r->config.limits.queue_messages = 20;
	struct client *pub = publisher(r, 1), *c = join_with(r, "c", true, "11 w100 21 n3");
	const char *line;

	hear(c);
	subscribe_to(c, "n/#", 1);
	acknowledge(c, 50);
	say(pub, "32 r s\"n/7\" m1 p{} b\"live\""); /* after the retained one, in the queue */
	hang_up(c);
	say(pub, "32 r s\"n/8\" m1 p{} b\"live\"");
	c = join_with(r, "c", false, "11 w100 21 n3");
	assert_non_null(strstr(hear(c), "session present"));
	/* Three were sent, and are sent again. */
	unsigned order[4] = { 0 }, count = 0, at = 0;
	for (line = hear(c); strcmp(line, "nothing"); line = hear(c)) {
		const char *id = strstr(line, " id ");
		assert_non_null(id);
		say(c, text(r, "40 02 m%ld", strtol(id + 4, NULL, 10)));
		at++;
		count += strstr(line, " retain ") != NULL;
		for (unsigned topic = 7; topic <= 8; topic++)
			if (!strncmp(line, text(r, "PUBLISH \"n/%u\"", topic), 13))
				order[(topic - 7) * 2 + !strstr(line, " retain ")] = at;
	}
	assert_int_equal(count, TOPICS - 50);
	assert_int_equal(at, TOPICS - 50 + 2);
	assert_in_range(order[0], 1, order[1] - 1);
	assert_in_range(order[2], 1, order[3] - 1);
	assert_int_equal(broker_figures(r->broker)->messages_dropped, 0);
}

/* Many filters of one SUBSCRIBE, or of several: one after the other, and some end before it is their turn. */
static void many_wait_for_their_turn(void **state)
{
	struct rig *r = *state;
	struct client *pub = publisher(r, 0), *c = join(r, MQTT_50, "c");
	const char *filters = "", *last;

	c->deaf = true;
	for (unsigned i = 0; i < TOPICS; i++)
		filters = text(r, "%s s\"n/%u\" 00", filters, i);
	say(c, text(r, "82 r m1 p{} %s", filters));
	say(c, text(r, "82 r m2 p{} s\"n/150\" 00")); /* once more, at the end */
	say(c, "A2 r m3 p{} s\"n/199\" s\"n/160\" s\"n/0\"");
	say(pub, "30 r s\"n/190\" p{} b\"live\"");
	listen(c);
	assert_memory_equal(hear(c), "SUBACK id 1", 11);
	unsigned count = hear_retained(c, &last);
	assert_string_equal(last, "SUBACK id 2: 0x00");
	count += hear_retained(c, &last);
	assert_string_equal(last, "UNSUBACK id 3: 0x00, 0x00, 0x00");
	count += hear_retained(c, &last);
	assert_string_equal(last, "PUBLISH \"n/190\" q0 \"live\"");
	for (last = hear(c); strstr(last, " retain "); last = hear(c)) {
		assert_null(strstr(last, "n/160\""));
		assert_null(strstr(last, "n/199\""));
		count++;
	}
	assert_string_equal(last, "nothing");
	assert_int_equal(count, TOPICS - 2); /* n/0 came at once */
	say(c, text(r, "82 r m1 p{} %s", filters));
	c->deaf = true;
	say(c, text(r, "82 r m1 p{} %s", filters));
	hang_up(c);
	assert_int_equal(broker_due(r->broker), INT64_MAX);
}

static uint64_t memory_left(struct rig *r)
{
	return r->config.limits.memory_bytes - broker_figures(r->broker)->memory_bytes;
}

/* Granted, and not to be had: the filter is longer than there is room for. */
static void without_memory_the_client_is_told(void **state)
{
	struct rig *r = *state;
	r->config.limits.memory_bytes = 1 << 20;
	struct client *pub = join(r, MQTT_50, "pub"), *c = join(r, MQTT_50, "c");
	const char *filter = "n60000 61*60000";
	static const uint8_t half[400000] = { 0x10, 0x80, 0x80, 0x1E }; /* of a CONNECT */

	say(pub, text(r, "31 r %s p{} b\"x\"", filter)); /* which it is to draw, later */
	say(c, text(r, "82 r m1 p{} %s 20", filter));
	expect(c, "SUBACK id 1: 0x00");
	while (memory_left(r) > 55000) {
		uint64_t room = memory_left(r) - 50000;
		say_bytes(dial(r, MQTT_311), half, room < sizeof(half) ? room : sizeof(half));
	}
	say(c, text(r, "82 r m1 p{} %s 00", filter));
	expect(c, "SUBACK id 1: 0x00");
	expect(c, "DISCONNECT 0x97 Quota exceeded, Reason String \"no memory\"");
	expect_closed(c);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_reader_sets_the_pace),
		TEST(nobody_waits_for_a_long_walk),
		TEST(filters_that_draw_nothing_leave_nothing_behind),
		TEST(no_message_overtakes_that_of_its_topic),
		TEST(no_local_has_a_turn_of_its_own),
		TEST(what_is_gone_before_its_turn_does_not_come),
		TEST(it_ends_with_the_subscription),
		TEST(it_goes_on_when_the_subscription_is_replaced),
		TEST(with_acknowledgements_it_waits_for_them),
		TEST(many_wait_for_their_turn),
		TEST(without_memory_the_client_is_told),
	};
	return cmocka_run_group_tests_name("broker_draw", tests, NULL, NULL);
}
