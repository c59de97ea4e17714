/* We keep the rules that we judge by, and the limits that a target announces. */
#include "tests/unit/scripted.h"

enum { ANSWER_US = 300000 };

#define COMMON \
	.refs = { "3.1.1:MQTT-3.12.4-1", "5.0:MQTT-3.12.4-1" }, .level = MUST, .versions = BOTH

/* ---- limits ---------------------------------------------------------------------------------- */

static void no_qos(struct capabilities *c)
{
	c->maximum_qos = 0;
}

static void no_retain(struct capabilities *c)
{
	c->retain = false;
}

static void small_packets(struct capabilities *c)
{
	c->maximum_packet_size = 30;
}

static void small_window(struct capabilities *c)
{
	c->receive_maximum = 1;
}

static void no_shares(struct capabilities *c)
{
	c->shared = false;
}

static void no_wildcards(struct capabilities *c)
{
	c->wildcards = false;
}

static void no_identifiers(struct capabilities *c)
{
	c->subscription_ids = false;
}

static void one_alias(struct capabilities *c)
{
	c->topic_alias_maximum = 1;
}

CASE(qos, .title = "A message at QoS 1", COMMON)
{
	send_publish(join(t, "client"), .topic = "a", .payload = "beyond", .qos = 1, .id = 1);
}

CASE(will_qos, .title = "A Will at QoS 1", COMMON)
{
	struct peer *client = dial(t, "client");
	send_connect(client, .will = { .topic = "a", .payload = "beyond", .qos = 1 });
}

CASE(retained, .title = "A retained message", COMMON)
{
	send_publish(join(t, "client"), .topic = "a", .payload = "beyond", .retain = true);
}

CASE(retained_will, .title = "A retained Will", COMMON)
{
	struct peer *client = dial(t, "client");
	send_connect(client, .will = { .topic = "a", .payload = "beyond", .retain = true });
}

CASE(large, .title = "A large message", COMMON)
{
	send_publish(
		join(t, "client"), .topic = "a", .payload = "beyond beyond beyond beyond beyond");
}

CASE(burst, .title = "Two messages at once", COMMON)
{
	struct peer *client = join(t, "client");
	send_publish(client, .topic = "a", .payload = "1", .qos = 1, .id = 1);
	send_publish(client, .topic = "a", .payload = "beyond", .qos = 1, .id = 2);
}

CASE(share, .title = "A shared subscription", COMMON)
{
	send_subscribe(join(t, "client"), .filter = "$share/s/beyond", .id = 1);
}

CASE(wildcard, .title = "A wildcard in the second filter", COMMON)
{
	send_subscribe(join(t, "client"), .filter = "a", .id = 1,
		.more = (const struct subscribe[]){ { .filter = "beyond/+" }, { 0 } });
}

CASE(identifier, .title = "A Subscription Identifier", COMMON)
{
	send_subscribe(join(t, "client"), .filter = "beyond", .id = 1,
		.props = PROPS(P_SUBSCRIPTION_ID(1)));
}

CASE(alias, .title = "A second Topic Alias", COMMON)
{
	struct peer *client = join(t, "client");
	send_publish(client, .topic = "a", .payload = "1", .props = PROPS(P_TOPIC_ALIAS(1)));
	send_publish(client, .topic = "b", .payload = "beyond", .props = PROPS(P_TOPIC_ALIAS(2)));
}

CASE(spelt, .title = "A message at QoS 1, byte by byte", COMMON)
{
	send_template(join(t, "client"), "32 r t\"a\" m1 p{} b\"beyond\"");
}

CASE(spelt_amiss, .title = "A retained message at QoS 1 that ends too early", COMMON)
{
	send_template(join(t, "client"), "33 r s\"beyond\"");
}

CASE(spelt_in_part, .title = "A message that is not sent to its end", COMMON)
{
	send_template(join(t, "client"), "30 r40 t\"a\" p{} b\"beyond\"");
}

CASE(spelt_later, .title = "A message at QoS 1, after a packet that was spelt", COMMON)
{
	struct peer *client = join(t, "client");
	send_template(client, "C0 r0");
	send_publish(client, .topic = "a", .payload = "beyond", .qos = 1, .id = 1);
}

static void what_is_beyond_a_limit_is_not_sent(void **state)
{
	(void)state;
	static const struct {
		const struct case_def *def;
		void (*narrow)(struct capabilities *c);
		const char *says;
	} samples[] = {
		{ &case_qos, no_qos, "Maximum QoS is 0" },
		{ &case_will_qos, no_qos, "Maximum QoS is 0" },
		{ &case_retained, no_retain, "no retained messages" },
		{ &case_retained_will, no_retain, "no retained messages" },
		{ &case_large, small_packets, "Maximum Packet Size is 30" },
		{ &case_burst, small_window, "Receive Maximum of 1" },
		{ &case_share, no_shares, "no shared subscriptions" },
		{ &case_wildcard, no_wildcards, "no wildcard subscriptions" },
		{ &case_identifier, no_identifiers, "no Subscription Identifiers" },
		{ &case_alias, one_alias, "Topic Alias Maximum is 1" },
		{ &case_spelt, no_qos, "Maximum QoS is 0" },
		{ &case_spelt_amiss, no_qos, "Maximum QoS is 0" },
		{ &case_spelt_amiss, no_retain, "no retained messages" },
		{ &case_spelt_in_part, small_packets, "sends 42 bytes" },
		{ &case_spelt_later, no_qos, "Maximum QoS is 0" },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		for (unsigned narrow = 0; narrow < 2; narrow++) {
			struct capabilities offered = offers_all();
			struct played p;
			if (narrow)
				samples[i].narrow(&offered);
			play_with(&p,
				(struct play){ .def = samples[i].def,
					.version = MQTT_50,
					.capabilities = &offered },
				SCRIPTS("a e"));
			assert_string_equal(
				verdict_name(p.record.verdict), narrow ? "inapplicable" : "pass");
			if (narrow)
				assert_contains(p.record.note, samples[i].says);
			assert_int_equal(transcript_count(&p, "beyond") +
					transcript_count(&p, "62 65 79 6F 6E 64"),
				!narrow);
			done(&p);
		}
	}
}

CASE(again, .title = "A message that is sent again", COMMON)
{
	struct peer *client = join(t, "client");
	send_publish(client, .topic = "a", .payload = "1", .qos = 1, .id = 1);
	expect_ack(client, PUBACK, 1);
	send_publish(client, .topic = "a", .payload = "2", .qos = 1, .id = 2);
	expect_ack(client, PUBACK, 2);
}

/* No server has a Maximum QoS of 3. */
CASE(beyond_the_standard, .title = "A message at QoS 3", COMMON)
{
	struct peer *client = join(t, "client");
	send_template(client, "36 r t\"a\" m1 p{} b\"beyond\"");
	expect_closed(client);
}

CASE(beyond_on_purpose, .title = "A message at QoS 1, whatever the target says", COMMON)
{
	struct peer *client = join(t, "client");
	misbehave(client);
	send_publish(client, .topic = "a", .payload = "beyond", .qos = 1, .id = 1);
	expect_closed(client);
}

static void a_limit_binds_only_as_far_as_it_goes(void **state)
{
	(void)state;
	struct capabilities offered = offers_all();
	struct played p;
	small_window(&offered);
	play_with(&p,
		(struct play){ .def = &case_again, .version = MQTT_50, .capabilities = &offered },
		SCRIPTS("a e"));
	assert_verdict(p, PASS);
	done(&p);
	no_qos(&offered);
	const struct case_def *const free[] = { &case_beyond_on_purpose,
		&case_beyond_the_standard };
	for (size_t i = 0; i < 2; i++) {
		play_with(&p,
			(struct play){
				.def = free[i], .version = MQTT_50, .capabilities = &offered },
			SCRIPTS("a r x"));
		assert_verdict(p, PASS);
		assert_int_equal(transcript_count(&p, "beyond"), 1);
		done(&p);
	}
}

/* ---- rules ----------------------------------------------------------------------------------- */

CASE(before_connect, .title = "A PINGREQ before CONNECT", COMMON)
{
	struct peer *client = dial(t, "client");
	send_pingreq(client);
	expect_closed(client);
}

CASE(before_connect_declared, .title = "A PINGREQ before CONNECT, on purpose", COMMON)
{
	struct peer *client = dial(t, "client");
	misbehave(client);
	send_pingreq(client);
	expect_closed(client);
}

CASE(before_connect_in_bytes, .title = "A PINGREQ before CONNECT, byte by byte", COMMON)
{
	struct peer *client = dial(t, "client");
	send_template(client, "C0 r0");
	expect_closed(client);
}

CASE(twice, .title = "A second CONNECT", COMMON)
{
	struct peer *client = join(t, "client");
	send_connect(client, .keep_alive = 0);
	nonstrict(t, "a lesser finding");
	expect_closed(client);
}

static void what_a_case_breaks_it_declares(void **state)
{
	(void)state;
	static const struct {
		const struct case_def *def;
		const char *script;
		const char *verdict;
	} samples[] = {
		{ &case_before_connect, "r x", "error" },
		{ &case_before_connect_declared, "r x", "pass" },
		{ &case_before_connect_in_bytes, "r x", "pass" },
		/* Nothing that comes of it accuses the target. */
		{ &case_before_connect, "r", "error" },
		{ &case_before_connect_declared, "r", "fail" },
		{ &case_twice, "r s2003000000 r x", "error" },
		/* A breach of its own that the monitor sees does. */
		{ &case_twice, "r s2003020000 r x", "fail" },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_with(&p,
			(struct play){
				.def = samples[i].def, .version = MQTT_50, .answer_us = ANSWER_US },
			SCRIPTS(samples[i].script));
		assert_string_equal(verdict_name(p.record.verdict), samples[i].verdict);
		if (p.record.verdict == VERDICT_ERROR)
			assert_contains(p.record.note, "undeclared: client: ");
		done(&p);
	}
}

/* ---- Server Keep Alive ----------------------------------------------------------------------- */

enum { LONGER_THAN_HALF_MS = 700 };

CASE(idle, .title = "A client that says nothing", COMMON)
{
	struct peer *client = join(t, "client");
	let_pass(t, LONGER_THAN_HALF_MS);
	send_pingreq(client);
	expect(client, PINGRESP);
	check_eq(t, packets_waiting(client, PINGRESP), 0);
}

CASE(idle_by_itself, .title = "A client that says nothing, with a Keep Alive of the same length",
	COMMON)
{
	struct peer *client = join(t, "client", .keep_alive = 1);
	let_pass(t, LONGER_THAN_HALF_MS);
	send_pingreq(client);
	expect(client, PINGRESP);
}

CASE(silent, .title = "A client that says nothing any more", COMMON)
{
	struct peer *client = join(t, "client");
	hang(client);
	let_pass(t, LONGER_THAN_HALF_MS);
}

static void a_server_keep_alive_is_kept_and_the_case_sees_nothing_of_it(void **state)
{
	(void)state;
	static const struct {
		const struct case_def *def;
		const char *script;
		size_t pingreqs;
	} samples[] = {
		{ &case_idle, "r s2006000003130001 e", 2 },
		{ &case_idle, "r s2006000003130002 e", 1 },
		{ &case_idle_by_itself, "r s2006000003130001 e", 1 },
		{ &case_silent, "r s2006000003130001 e", 0 },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play(&p, samples[i].def, MQTT_50, SCRIPTS(samples[i].script));
		assert_verdict(p, PASS);
		assert_int_equal(transcript_count(&p, "PINGREQ"), samples[i].pingreqs);
		done(&p);
	}
}

/* By the target's file, for 3.1.1 has no property for it. */
static void a_keep_alive_of_the_targets_file_is_kept(void **state)
{
	(void)state;
	struct capabilities offered = offers_all();
	struct played p;
	offered.server_keep_alive = 1;
	play_with(&p,
		(struct play){ .def = &case_idle, .version = MQTT_311, .capabilities = &offered },
		SCRIPTS("a e"));
	assert_verdict(p, PASS);
	assert_int_equal(transcript_count(&p, "PINGREQ"), 2);
	done(&p);
}

/* ---- answers to what came -------------------------------------------------------------------- */

CASE(answers_at_qos_1, .title = "A message at QoS 1 to its publisher", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a", .qos = 2);
	send_publish(client, .topic = "a", .payload = "x", .qos = 1, .id = 9);
	expect_ack(client, PUBACK, 9);
	send_ack(client, PUBACK, expect(client, PUBLISH).id);
	fence(client);
}

CASE(answers_at_qos_2, .title = "A message at QoS 2 to its publisher", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a", .qos = 2);
	send_publish(client, .topic = "a", .payload = "x", .qos = 2, .id = 9);
	expect_ack(client, PUBREC, 9);
	send_ack(client, PUBREC, expect(client, PUBLISH).id);
	fence(client);
}

/* The wrong answer would be ours, but for the target. */
static void a_message_at_another_qos_is_no_fault_of_ours(void **state)
{
	(void)state;
	static const struct accusation samples[] = {
		{ &case_answers_at_qos_1, "a a a m34:1:a=x e", VERDICT_FAIL, "qos", "MQTT-3.8.4-6",
			"MQTT-3.8.4-8" },
	};
	ASSERT_ACCUSATIONS(samples);
	static const struct {
		const struct case_def *def;
		const char *script;
		enum verdict verdict;
	} others[] = {
		{ &case_answers_at_qos_1, "a a a m30:a=x e", VERDICT_INCONCLUSIVE },
		{ &case_answers_at_qos_2, "a a a m32:1:a=x e", VERDICT_INCONCLUSIVE },
		{ &case_answers_at_qos_1, "a a a m32:1:a=x e", VERDICT_PASS },
		{ &case_answers_at_qos_2, "a a a m34:1:a=x e", VERDICT_PASS },
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct played p;
		play(&p, others[i].def, MQTT_50, SCRIPTS(others[i].script));
		assert_string_equal(
			verdict_name(p.record.verdict), verdict_name(others[i].verdict));
		done(&p);
	}
}

static void the_answer_of_another_qos_accuses_the_target(void **state)
{
	(void)state;
	static const struct accusation samples[] = {
		{ &case_answers_at_qos_2, "a a r s40020009 e", VERDICT_FAIL, NULL, "MQTT-3.3.4-1",
			"MQTT-3.3.4-1" },
		{ &case_answers_at_qos_1, "a a r s50020009 e", VERDICT_FAIL, NULL, "MQTT-3.3.4-1",
			"MQTT-3.3.4-1" },
	};
	ASSERT_ACCUSATIONS(samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_beyond_a_limit_is_not_sent),
		cmocka_unit_test(a_limit_binds_only_as_far_as_it_goes),
		cmocka_unit_test(what_a_case_breaks_it_declares),
		cmocka_unit_test(a_server_keep_alive_is_kept_and_the_case_sees_nothing_of_it),
		cmocka_unit_test(a_keep_alive_of_the_targets_file_is_kept),
		cmocka_unit_test(a_message_at_another_qos_is_no_fault_of_ours),
		cmocka_unit_test(the_answer_of_another_qos_accuses_the_target),
	};
	return cmocka_run_group_tests_name("conduct", tests, NULL, NULL);
}
