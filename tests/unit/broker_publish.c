/* PUBLISH through the broker: QoS both ways, order, limits, properties. */
#include "tests/unit/broker_rig.h"

#include <string.h>

static void each_message_comes_at_the_lower_qos(void **state)
{
	struct rig *r = *state;

	for (unsigned version = MQTT_311; version <= MQTT_50; version++) {
		for (unsigned published = 0; published < 3; published++) {
			for (unsigned granted = 0; granted < 3; granted++) {
				unsigned qos = published < granted ? published : granted;
				struct client *sub = join(r, version, "sub");
				struct client *pub = join(r, version, "pub");
				subscribe_to(sub, "t", granted);
				say(pub,
					text(r, "%02X r s\"t\" %s p{} b\"x\"",
						0x30 | published << 1, published ? "m5" : ""));
				expect(sub,
					text(r, "PUBLISH \"t\" q%u %s\"x\"", qos,
						qos ? "id 1 " : ""));
				if (published == 1)
					expect(pub, "PUBACK id 5");
				if (published == 2)
					expect(pub, "PUBREC id 5");
				hang_up(sub);
				hang_up(pub);
			}
		}
	}
}

static void qos2_is_delivered_once(void **state)
{
	struct rig *r = *state;

	for (unsigned version = MQTT_311; version <= MQTT_50; version++) {
		struct client *sub = join(r, version, "sub"), *pub = join(r, version, "pub");
		subscribe_to(sub, "t", 2);
		say(pub, "34 r s\"t\" m7 p{} b\"x\"");
		expect(pub, "PUBREC id 7");
		say(pub, "3C r s\"t\" m7 p{} b\"x\""); /* [MQTT-4.3.3-10] */
		expect(pub, "PUBREC id 7");
		expect(sub, "PUBLISH \"t\" q2 id 1 \"x\"");
		expect_silence(sub);
		say(pub, "62 r m7");
		expect(pub, "PUBCOMP id 7");
		say(pub, "62 r m7");
		expect(pub,
			version == MQTT_50 ? "PUBCOMP id 7 0x92 Packet Identifier not found"
					   : "PUBCOMP id 7");
		say(pub, "3C r s\"t\" m7 p{} b\"y\""); /* new after PUBCOMP, DUP or not */
		expect(pub, "PUBREC id 7");
		expect(sub, "PUBLISH \"t\" q2 id 2 \"y\"");
		say(sub, "50 r m2");
		expect(sub, "PUBREL id 2");
		say(sub, "50 r m1");
		expect(sub, "PUBREL id 1");
		say(sub, "70 r m1");
		say(sub, "70 r m2");
		say(sub, "50 r m9");
		expect(sub,
			version == MQTT_50 ? "PUBREL id 9 0x92 Packet Identifier not found"
					   : "PUBREL id 9");
		say(sub, "40 r m9");
		say(sub, "70 r m9");
		expect_silence(sub);
		hang_up(sub);
		hang_up(pub);
	}
}

static void receive_maximum_holds_in_both_directions(void **state)
{
	struct rig *r = *state;
	r->config.limits.receive_maximum = 2;
	struct client *sub = join_with(r, "sub", true, "21 n2"), *pub = join(r, MQTT_50, "pub");

	hear(sub);
	subscribe_to(sub, "t", 2);
	for (unsigned i = 1; i <= 5; i++)
		say(pub, text(r, "32 r s\"t\" m%u p{} b\"%u\"", i, i));
	expect(sub, "PUBLISH \"t\" q1 id 1 \"1\"");
	expect(sub, "PUBLISH \"t\" q1 id 2 \"2\"");
	expect_silence(sub);
	say(sub, "C0 00"); /* [MQTT-3.3.4-10] */
	expect(sub, "PINGRESP");
	say(pub, "30 r s\"t\" p{} b\"now\""); /* QoS 0 is not held back */
	expect(sub, "PUBLISH \"t\" q0 \"now\"");
	say(sub, "40 r m2"); /* out of order */
	expect(sub, "PUBLISH \"t\" q1 id 3 \"3\"");
	expect_silence(sub);
	say(sub, "40 r m1 87 p{}");
	say(sub, "40 r m3");
	expect(sub, "PUBLISH \"t\" q1 id 4 \"4\"");
	expect(sub, "PUBLISH \"t\" q1 id 5 \"5\"");
	expect_silence(sub);
	/* the client's own messages */
	say(pub, "34 r s\"x\" m11 p{}");
	say(pub, "34 r s\"x\" m12 p{}");
	say(pub, "3C r s\"x\" m12 p{}");
	say(pub, "62 r m11");
	say(pub, "34 r s\"x\" m13 p{}");
	for (unsigned i = 1; i <= 5; i++)
		expect(pub, text(r, "PUBACK id %u", i));
	expect(pub, "PUBREC id 11 0x10 No matching subscribers");
	expect(pub, "PUBREC id 12 0x10 No matching subscribers");
	expect(pub, "PUBREC id 12");
	expect(pub, "PUBCOMP id 11");
	expect(pub, "PUBREC id 13 0x10 No matching subscribers");
	say(pub, "34 r s\"x\" m14 p{}");
	expect(pub,
		"DISCONNECT 0x93 Receive Maximum exceeded, Reason String \"more than Receive "
		"Maximum\"");
	expect_closed(pub);
}

static void identifiers_go_round(void **state)
{
	struct rig *r = *state;
	struct client *sub = join(r, MQTT_311, "sub"), *pub = join(r, MQTT_311, "pub");

	subscribe_to(sub, "t", 1);
	for (unsigned i = 1; i <= 65535 + 3; i++) {
		unsigned id = (i - 1) % 65535 + 1;
		say_bytes(pub, "\x32\5\0\1t\0\1", 7);
		uint8_t ack[] = { 0x40, 2, (uint8_t)(id >> 8), (uint8_t)id };
		assert_memory_equal(sub->heard.data + 5, ack + 2, 2);
		say_bytes(sub, ack, 4);
		sub->heard.len = pub->heard.len = 0;
	}
	assert_int_equal(broker_figures(r->broker)->messages_dropped, 0);
}

static void properties_pass_through_in_order(void **state)
{
	struct rig *r = *state;
	struct client *sub = join(r, MQTT_50, "sub"), *old = join(r, MQTT_311, "old");
	struct client *pub = join(r, MQTT_50, "pub");

	subscribe_to(sub, "t", 0);
	subscribe_to(old, "t", 0);
	say(pub,
		"30 r s\"t\" p{26 s\"b\" s\"1\" 01 01 26 s\"a\" s\"2\" 03 s\"text\" 08 s\"reply\" "
		"26 "
		"s\"b\" s\"3\" 09 s\"\\x00\\xFF\"} b\"x\"");
	expect(sub,
		"PUBLISH \"t\" q0 \"x\", User Property \"b\"=\"1\", Payload Format Indicator 1, "
		"User "
		"Property \"a\"=\"2\", Content Type \"text\", Response Topic \"reply\", User "
		"Property "
		"\"b\"=\"3\", Correlation Data 00 FF");
	expect(old, "PUBLISH \"t\" q0 \"x\"");
}

static void messages_expire_and_tell_what_is_left(void **state)
{
	struct rig *r = *state;
	struct client *sub = join_with(r, "sub", true, "11 w1000"), *pub = join(r, MQTT_50, "pub");

	hear(sub);
	subscribe_to(sub, "t", 1);
	say(pub, "32 r s\"t\" m1 p{02 w60} b\"at once\"");
	expect(sub, "PUBLISH \"t\" q1 id 1 \"at once\", Message Expiry Interval 60");
	hang_up(sub);
	say(pub, "32 r s\"t\" m1 p{02 w2} b\"short\"");
	say(pub, "32 r s\"t\" m1 p{02 w60 03 s\"c\"} b\"long\"");
	say(pub, "32 r s\"t\" m1 p{} b\"for ever\"");
	wait_ms(r, 3000);
	sub = join_with(r, "sub", false, "11 w1000");
	hear(sub);
	/* sent already, so it does not expire: [MQTT-4.3.3-7] */
	expect(sub, "PUBLISH \"t\" q1 id 1 dup \"at once\", Message Expiry Interval 57");
	expect(sub,
		"PUBLISH \"t\" q1 id 2 \"long\", Message Expiry Interval 57, Content Type \"c\"");
	expect(sub, "PUBLISH \"t\" q1 id 3 \"for ever\"");
	expect_silence(sub);
}

static void packets_too_large_are_passed_over(void **state)
{
	struct rig *r = *state;
	struct client *sub = join_with(r, "sub", true, "27 w40 21 n1"),
		      *pub = join(r, MQTT_50, "pub");

	hear(sub);
	subscribe_to(sub, "t", 2);
	say(pub, "30 r s\"t\" p{} 61*35"); /* just one byte too many */
	say(pub, "32 r s\"t\" m1 p{} 61*33");
	say(pub, "32 r s\"t\" m2 p{} 61*32");
	expect(pub, "PUBACK id 1");
	const char *line = hear(sub);
	assert_memory_equal(line, "PUBLISH \"t\" q1 id 2 \"aaaa", 25);
	say(sub, "40 r m2");
	say(pub, "30 r s\"t\" p{} 61*34");
	assert_memory_equal(hear(sub), "PUBLISH \"t\" q0 \"aaaa", 20);
	expect_silence(sub);
	assert_int_equal(broker_figures(r->broker)->messages_dropped, 2);
}

static void large_payloads_are_shared_and_whole(void **state)
{
	struct rig *r = *state;
	enum { SIZE = 5 << 20 };
	struct client *subs[3], *pub = join(r, MQTT_50, "pub");
	uint8_t *packet = arena_alloc(&r->arena, SIZE + 20);
	uint8_t head[] = { 0x30, 0x84, 0x80, 0xC0, 0x02, 0, 1, 't', 0 };

	for (unsigned i = 0; i < 3; i++) {
		subs[i] = join(r, i ? MQTT_50 : MQTT_311, text(r, "s%u", i));
		subscribe_to(subs[i], "t", i);
	}
	memcpy(packet, head, sizeof(head));
	for (size_t i = 0; i < SIZE; i++)
		packet[sizeof(head) + i] = (uint8_t)(i * 7 + i / 1000);
	for (unsigned i = 0; i < 3; i++)
		subs[i]->deaf = true;
	uint64_t before = broker_figures(r->broker)->memory_bytes;
	for (size_t at = 0; at < sizeof(head) + SIZE; at += 65536)
		say_bytes(pub, packet + at,
			sizeof(head) + SIZE - at < 65536 ? sizeof(head) + SIZE - at : 65536);
	assert_true(broker_figures(r->broker)->memory_bytes - before < SIZE + SIZE / 10);
	for (unsigned i = 0; i < 3; i++) {
		subs[i]->deaf = false;
		for (struct client *c = subs[i]; link_output_bytes(c->link);) {
			struct broker_piece piece;
			assert_int_equal(link_output(c->link, &piece, 1), 1);
			buf_add(&c->heard, piece.data, piece.len);
			link_written(c->link, piece.len);
		}
		assert_memory_equal(subs[i]->heard.data + subs[i]->heard.len - SIZE,
			packet + sizeof(head), SIZE);
	}
	assert_true(broker_figures(r->broker)->memory_bytes <= before + 1000);
}

static void aliases_work_both_ways(void **state)
{
	struct rig *r = *state;
	r->config.limits.topic_alias_in = 3;
	struct client *sub = join_with(r, "sub", true, "22 n2"), *pub = join(r, MQTT_50, "pub");
	struct client *plain = join(r, MQTT_50, "plain");

	hear(sub);
	subscribe_to(sub, "#", 1);
	subscribe_to(plain, "#", 0);
	say(pub, "30 r s\"one\" p{23 n3} b\"a\"");
	say(pub, "30 r s\"\" p{23 n3 02 w9} b\"b\"");
	say(pub, "30 r s\"two\" p{23 n3} b\"c\"");
	say(pub, "32 r s\"\" m1 p{23 n3} b\"d\"");
	say(pub, "30 r s\"three\" p{} b\"e\"");
	expect(sub, "PUBLISH \"one\" q0 \"a\", Topic Alias 1");
	expect(sub, "PUBLISH \"\" q0 \"b\", Message Expiry Interval 9, Topic Alias 1");
	expect(sub, "PUBLISH \"two\" q0 \"c\", Topic Alias 2");
	expect(sub, "PUBLISH \"\" q1 id 1 \"d\", Topic Alias 2");
	expect(sub, "PUBLISH \"three\" q0 \"e\"");
	expect(plain, "PUBLISH \"one\" q0 \"a\"");
	expect(plain, "PUBLISH \"one\" q0 \"b\", Message Expiry Interval 9");
	expect(plain, "PUBLISH \"two\" q0 \"c\"");
	expect(plain, "PUBLISH \"two\" q0 \"d\"");
	expect(plain, "PUBLISH \"three\" q0 \"e\"");
}

static void dollar_topics_are_not_for_clients(void **state)
{
	struct rig *r = *state;
	struct client *c5 = join(r, MQTT_50, "five"), *c3 = join(r, MQTT_311, "three");
	struct client *quiet = join_with(r, "quiet", true, "17 00");

	subscribe_to(c3, "$x/#", 2);
	say(c5, "32 r s\"$x/a\" m1 p{}");
	expect(c5,
		"PUBACK id 1 0x90 Topic Name invalid, Reason String \"this topic is not for "
		"clients\"");
	say(c5, "34 r s\"$x/a\" m2 p{}");
	expect(c5,
		"PUBREC id 2 0x90 Topic Name invalid, Reason String \"this topic is not for "
		"clients\"");
	say(c5, "62 r m2");
	expect(c5, "PUBCOMP id 2 0x92 Packet Identifier not found");
	hear(quiet);
	say(quiet, "32 r s\"$x/a\" m1 p{}");
	expect(quiet, "PUBACK id 1 0x90 Topic Name invalid"); /* [MQTT-3.1.2-29] */
	say(c3, "32 r s\"$x/a\" m1");
	expect(c3, "PUBACK id 1");
	say(c3, "34 r s\"$x/a\" m2");
	expect(c3, "PUBREC id 2");
	say(c3, "62 r m2");
	expect(c3, "PUBCOMP id 2");
	expect_silence(c3);
}

static void a_client_that_does_not_read_holds_nobody_up(void **state)
{
	struct rig *r = *state;
	r->config.limits.output_bytes = 5000;
	r->config.limits.queue_messages = 10;
	struct client *slow = join(r, MQTT_311, "slow"), *pub = join(r, MQTT_311, "pub");
	struct client *quick = join(r, MQTT_311, "quick");

	subscribe_to(slow, "t", 1);
	subscribe_to(quick, "t", 1);
	slow->deaf = true;
	for (unsigned i = 1; i <= 30; i++)
		say(pub, text(r, "32 r s\"t\" m%u 61*500", i));
	assert_false(link_wants_input(slow->link));
	assert_true(link_wants_input(pub->link));
	unsigned heard = 0;
	while (strcmp(hear(quick), "nothing"))
		heard++;
	assert_int_equal(heard, 30);
	slow->deaf = false;
	say(slow, "C0 00");
	heard = 0;
	while (strcmp(hear(slow), "nothing"))
		heard++;
	assert_int_equal(heard, 10 + 1 + 10); /* written, PINGRESP, kept in the queue */
	assert_int_equal(broker_figures(r->broker)->messages_dropped, 10);
	assert_true(link_wants_input(slow->link));
}

/* 0x10 means that there is no subscription, not that a subscriber cannot have it now. */
static void a_subscription_that_gets_nothing_is_a_subscription(void **state)
{
	struct rig *r = *state;
	r->config.limits.queue_messages = 1;
	struct client *pub = join(r, MQTT_50, "pub");
	static const char *const filters[] = { "t", "$share/g/t" };

	for (unsigned i = 0; i < 2; i++) {
		struct client *sub = join_with(r, "sub", true, "11 w100");
		hear(sub);
		subscribe_to(sub, filters[i], 0);
		hang_up(sub);
		say(pub, "32 r s\"t\" m1 p{}"); /* offline, at QoS 0 */
		expect(pub, "PUBACK id 1");
		say(pub, "34 r s\"t\" m2 p{}");
		expect(pub, "PUBREC id 2");
		say(pub, "62 r m2");
		expect(pub, "PUBCOMP id 2");
		sub = join_with(r, "sub", true, "11 w100");
		hear(sub);
		subscribe_to(sub, filters[i], 1);
		hang_up(sub);
		for (unsigned k = 0; k < 3; k++) { /* the queue is full from the second on */
			say(pub, "32 r s\"t\" m3 p{}");
			expect(pub, "PUBACK id 3");
		}
		sub = join_with(r, "sub", true, "");
		hear(sub);
		subscribe_to(pub, "t", 4); /* No Local: not for its publisher */
		say(pub, "32 r s\"t\" m4 p{}");
		expect(pub, "PUBACK id 4 0x10 No matching subscribers");
		say(pub, "A2 r m5 p{} s\"t\"");
		expect(pub, "UNSUBACK id 5: 0x00");
	}
}

static void memory_has_a_ceiling(void **state)
{
	struct rig *r = *state;
	r->config.limits.memory_bytes = 4 << 20;
	r->config.limits.inflight = 1; /* output takes memory, too */
	struct client *sub = join_311(r, "sub", false), *pub = join(r, MQTT_311, "pub");

	hear(sub);
	subscribe_to(sub, "t", 1);
	hang_up(sub);
	say(pub, text(r, "31 r s\"r\" b\"%0100000d\"", 0));
	for (unsigned i = 1; i <= 100; i++) {
		uint8_t *packet = arena_alloc(&r->arena, 100009);
		memcpy(packet, "\x32\xA5\x8D\x06\0\1t\0\1", 9);
		say_bytes(pub, packet, 100009);
		assert_true(broker_figures(r->broker)->memory_bytes <= 4 << 20);
		if (!pub->link)
			pub = join(r, MQTT_311, "pub");
	}
	assert_true(broker_figures(r->broker)->messages_dropped > 50);
	say(join(r, MQTT_311, "other"), "31 r s\"r\""); /* some is free again */
	sub = join_311(r, "sub", false);                /* and what was kept is whole */
	expect(sub, "CONNACK accepted, session present");
	assert_memory_equal(hear(sub), "PUBLISH \"t\" q1 id 1 ", 20);
}

enum { LARGE_BYTES = 100009 };

/* A PUBLISH of which memory holds but some, with identifier 1 above QoS 0. */
static void say_large(struct client *c, uint8_t first_byte, char topic)
{
	uint8_t *packet = arena_alloc(&c->rig->arena, LARGE_BYTES);

	memset(packet, 0, LARGE_BYTES); /* no properties */
	memcpy(packet, "\x30\xA5\x8D\x06\0\1t\0\1", 9);
	packet[0] = first_byte;
	packet[6] = (uint8_t)topic;
	say_bytes(c, packet, LARGE_BYTES);
}

/* What is acknowledged comes, and what does not fit is refused: by 0x97, or in 3.1.1 by the end. */
static void what_memory_cannot_hold_is_not_acknowledged(void **state)
{
	struct rig *r = *state;
	r->config.limits.memory_bytes = 4 << 20;
	r->config.limits.queue_bytes = UINT32_MAX;
	r->config.limits.inflight = 1; /* output takes memory, too */

	for (unsigned i = 0; i < 4; i++) {
		enum mqtt_version version = i & 1 ? MQTT_50 : MQTT_311;
		unsigned qos = 1 + i / 2, acknowledged = 0, came = 0;
		const char *yes = qos == 1 ? "PUBACK id 1" : "PUBREC id 1", *line;
		struct client *sub = join_311(r, "sub", false), *pub = join(r, version, "pub");
		hear(sub);
		subscribe_to(sub, "t", 1);
		hang_up(sub);
		say_large(pub, 0x31, 'r'); /* retained; what it takes up is wanted later */
		for (;; acknowledged++) {
			assert_true(acknowledged < 50);
			say_large(pub, (uint8_t)(0x30 | qos << 1), 't');
			if (strcmp(line = hear(pub), yes))
				break;
			if (qos == 2) {
				say(pub, "62 r m1");
				expect(pub, "PUBCOMP id 1");
			}
		}
		if (version == MQTT_50) {
			expect(pub, "nothing");
			assert_string_equal(line,
				text(r, "%s 0x97 Quota exceeded, Reason String \"no room for it\"",
					yes));
			say_large(pub, 0x33, 's'); /* nor can it be retained */
			expect(pub,
				"PUBACK id 1 0x97 Quota exceeded, Reason String \"no room for "
				"it\"");
		} else {
			assert_string_equal(line, "closed");
			expect_trouble(r, "3.1.1:MQTT-4.8.0-2");
			pub = join(r, version, "pub");
		}
		if (qos == 2) { /* its identifier was not kept */
			say(pub, "62 r m1");
			expect(pub,
				version == MQTT_50 ? "PUBCOMP id 1 0x92 Packet Identifier not found"
						   : "PUBCOMP id 1");
		}
		say(pub, "31 r s\"r\" p{}");
		hang_up(pub);
		sub = join_311(r, "sub", false);
		expect(sub, "CONNACK accepted, session present");
		while (strcmp(line = hear(sub), "nothing")) {
			assert_memory_equal(line, "PUBLISH \"t\" q1 id", 17);
			say(sub, text(r, "40 r m%u", ++came));
		}
		assert_int_equal(came, acknowledged);
		hang_up(sub);
		hang_up(join_311(r, "sub", true));
	}
}

static void a_packet_that_is_announced_takes_no_memory_yet(void **state)
{
	struct rig *r = *state;
	struct client *c = join(r, MQTT_311, "c");
	uint64_t before = broker_figures(r->broker)->memory_bytes;

	say_bytes(c, "\x30\xFF\xFF\xFF\x7F\0\1t", 8);
	assert_true(broker_figures(r->broker)->memory_bytes < before + 1000);
	expect_silence(c);
}

static void topics_have_a_greatest_depth(void **state)
{
	struct rig *r = *state;
	struct client *c = join(r, MQTT_50, "c");

	say(c, "32 r 0100 2F*256 m1 p{}");
	assert_memory_equal(hear(c), "PUBACK id 1 0x90", 16);
	say(c, "32 r 00FF 2F*255 m1 p{}");
	expect(c, "PUBACK id 1 0x10 No matching subscribers");
	say(c, "82 r m2 p{} 0100 2F*256 00 00FF 2F*255 00");
	expect(c, "SUBACK id 2: 0x8F Topic Filter invalid, 0x00");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(each_message_comes_at_the_lower_qos),
		TEST(qos2_is_delivered_once),
		TEST(receive_maximum_holds_in_both_directions),
		TEST(identifiers_go_round),
		TEST(properties_pass_through_in_order),
		TEST(messages_expire_and_tell_what_is_left),
		TEST(packets_too_large_are_passed_over),
		TEST(large_payloads_are_shared_and_whole),
		TEST(aliases_work_both_ways),
		TEST(dollar_topics_are_not_for_clients),
		TEST(a_client_that_does_not_read_holds_nobody_up),
		TEST(a_subscription_that_gets_nothing_is_a_subscription),
		TEST(memory_has_a_ceiling),
		TEST(what_memory_cannot_hold_is_not_acknowledged),
		TEST(a_packet_that_is_announced_takes_no_memory_yet),
		TEST(topics_have_a_greatest_depth),
	};
	return cmocka_run_group_tests_name("broker_publish", tests, NULL, NULL);
}
