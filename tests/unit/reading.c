/* Peers that do not read, and what is off the record. */
#include "tests/unit/scripted.h"

#include <math.h>

#define CASE_OF_NO_STATEMENT                                                                 \
	.title = "x", .refs = { "3.1.1:MQTT-3.12.4-1", "5.0:MQTT-3.12.4-1" }, .level = MUST, \
	.versions = BOTH

CASE(reads_nothing, CASE_OF_NO_STATEMENT)
{
	struct peer *client = join(t, "client");
	size_t before = bytes_read(client);

	stop_reading(client);
	send_pingreq(client);
	check(t, isnan(wait_packet_ms(client, PINGRESP, 100)), "nothing is read",
		"it is otherwise");
	check_eq(t, bytes_read(client), before);
	check(t, is_open(client), "it is open", "it is otherwise");
	read_some(client, 1);
	expect(client, PINGRESP);
	check_eq(t, bytes_read(client), before + 2);
	send_pingreq(client);
	check(t, isnan(wait_packet_ms(client, PINGRESP, 100)), "and nothing more",
		"it is otherwise");
	read_on(client);
	expect(client, PINGRESP);
}

static void what_is_not_read_stays(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_reads_nothing, MQTT_311, SCRIPTS(CONNACK_311 "r sD000 r sD000"));
	assert_verdict(p, PASS);
	assert_int_equal(transcript_count(&p, "reads nothing from here on"), 1);
	assert_int_equal(transcript_count(&p, "PINGRESP"), 2);
	done(&p);
}

CASE(does_not_see_what_came_before_the_end, CASE_OF_NO_STATEMENT)
{
	struct peer *client = join(t, "client");

	stop_reading(client);
	send_pingreq(client);
	expect_closed(client);
	check(t, !has_packet(client, PINGRESP), "what lay there is old", "it is otherwise");
}

static void the_end_is_seen_without_reading(void **state)
{
	static const char *const ends[] = { CONNACK_311 "r sD000 x", CONNACK_311 "r sD000 X",
		CONNACK_311 "r X" };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct played p;
		play(&p, &case_does_not_see_what_came_before_the_end, MQTT_311, SCRIPTS(ends[i]));
		assert_verdict(p, PASS);
		assert_int_equal(transcript_count(&p, "PINGRESP"), 0);
		done(&p);
	}
}

CASE(writes_until_the_end, CASE_OF_NO_STATEMENT)
{
	struct peer *client = join(t, "client");

	stop_reading(client);
	while (is_open(client))
		send_pingreq(client);
	check(t, !has_packet(client, PINGRESP), "what lay there is old", "it is otherwise");
}

static void nor_does_a_write_that_fails_read_it(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_writes_until_the_end, MQTT_311, SCRIPTS(CONNACK_311 "r sD000 X"));
	assert_verdict(p, PASS);
	done(&p);
}

CASE(reads_for_nobody, CASE_OF_NO_STATEMENT)
{
	struct peer *client = join(t, "client");

	stop_reading(client);
	send_pingreq(client);
	read_to_end(client);
	expect_closed(client);
	check(t, !has_packet(client, PINGRESP), "it is thrown away", "it is otherwise");
}

static void what_is_read_for_the_end_alone_is_thrown_away(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_reads_for_nobody, MQTT_311, SCRIPTS(CONNACK_311 "r sD000 p50 x"));
	assert_verdict(p, PASS);
	assert_int_equal(transcript_count(&p, "PINGRESP"), 0);
	assert_int_equal(transcript_count(&p, "closes the connection"), 1);
	done(&p);
}

CASE(leaves_messages_out, CASE_OF_NO_STATEMENT)
{
	enum { MESSAGES = 3 };
	struct peer *client = join(t, "client");

	subscribe(client, .filter = "a", .qos = 1);
	off_the_record(client);
	send_pingreq(client); /* the messages come after it, so none of them is read too early */
	for (unsigned i = 1; i <= MESSAGES; i++)
		send_ack(client, PUBACK, expect(client, PUBLISH).id);
	fence(client);
}

static void messages_off_the_record_are_expected_all_the_same(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_leaves_messages_out, MQTT_311,
		SCRIPTS("a a r m32:1:a=x m32:2:a=x m32:3:a=x r r r a"));
	assert_verdict(p, PASS);
	assert_int_equal(transcript_count(&p, "left out from here on"), 1);
	assert_int_equal(transcript_count(&p, "PUBLISH"), 0);
	assert_int_equal(transcript_count(&p, "PUBACK"), 0);
	assert_int_equal(transcript_count(&p, "PINGRESP"), 1);
	done(&p);
}

static void and_watched_like_all_others(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_leaves_messages_out, MQTT_311,
		SCRIPTS("a a r m32:1:a=x m32:2:a=x m38:0:a=x r r r a"));
	assert_verdict(p, FAIL);
	done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_read_stays),
		cmocka_unit_test(the_end_is_seen_without_reading),
		cmocka_unit_test(nor_does_a_write_that_fails_read_it),
		cmocka_unit_test(what_is_read_for_the_end_alone_is_thrown_away),
		cmocka_unit_test(messages_off_the_record_are_expected_all_the_same),
		cmocka_unit_test(and_watched_like_all_others),
	};
	return cmocka_run_group_tests_name("reading", tests, NULL, NULL);
}
