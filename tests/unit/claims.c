/* Which statement a failure accuses, and how gravely. */
#include "tests/unit/scripted.h"

#include <string.h>

enum { ANSWER_US = 300000, MANY = 32 };

/* Every packet below that is awaited is a PINGRESP as far as the refs are concerned. */
#define PING_REFS "3.1.1:MQTT-3.12.4-1", "5.0:MQTT-3.12.4-1"

/* ---- the level ------------------------------------------------------------------------------- */

CASE(advised, .title = "A SHOULD, on the way to which a message is acknowledged",
	.refs = { "3.1.1:U311-DISC-CLOSE", "5.0:U50-DISC-CLOSE" }, .level = SHOULD,
	.versions = BOTH)
{
	struct peer *client = join(t, "client");
	send_publish(client, .topic = "a", .qos = 1, .id = 1);
	expect_ack(client, PUBACK, 1);
	send_disconnect(client);
	expect_closed(client);
}

CASE(advice_missed, .title = "A MUST, at the end of which a DISCONNECT is awaited",
	.refs = { PING_REFS }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	send_pingreq(client);
	expect(client, DISCONNECT);
}

static void a_must_is_one_wherever_its_breach_is_seen(void **state)
{
	(void)state;
	static const struct accusation samples[] = {
		{ &case_advised, "a r", VERDICT_FAIL, NULL, "MQTT-3.3.4-1", "MQTT-3.3.4-1" },
		{ &case_advised, "a a r", VERDICT_NONSTRICT, NULL, "U311-DISC-CLOSE",
			"U50-DISC-CLOSE" },
		/* That a server should say why it closes is no more than advice. */
		{ &case_advice_missed, "a a", VERDICT_NONSTRICT, NULL, NULL, "U50-ERR-SERVER" },
	};
	ASSERT_ACCUSATIONS(samples);
}

static void a_close_in_place_of_an_answer_has_the_level_of_the_case(void **state)
{
	(void)state;
	static const struct accusation samples[] = {
		{ &case_advised, "a r x", VERDICT_NONSTRICT, NULL, "MQTT-3.3.4-1", "MQTT-3.3.4-1" },
	};
	ASSERT_ACCUSATIONS(samples);
}

/* ---- the statement --------------------------------------------------------------------------- */

CASE(own_check, .title = "A check of the case's own",
	.refs = { PING_REFS, "3.1.1:MQTT-3.2.2-2", "5.0:MQTT-3.2.2-3" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *client = join(t, "client");
	check(t, client_id(client)[0] == '\0', "something that the engine knows nothing of",
		"it is otherwise");
}

CASE(own_check_judged, .title = "A check of the case's own, of what it names",
	.refs = { PING_REFS, "3.1.1:MQTT-3.2.2-2", "5.0:MQTT-3.2.2-3" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *client = join(t, "client");
	judging(t, "3.1.1:MQTT-3.2.2-2");
	judging(t, "5.0:MQTT-3.2.2-3");
	check(t, client_id(client)[0] == '\0', "something that the engine knows nothing of",
		"it is otherwise");
}

CASE(check_of_field, .title = "A check of a field",
	.refs = { PING_REFS, "3.1.1:MQTT-3.2.2-2", "5.0:MQTT-3.2.2-3" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *client = join(t, "client");
	check_eq(t, connack(client).ack_flags & 1, 1);
}

CASE(check_of_strange_field, .title = "A check of a field that no statement of the case is on",
	.refs = { PING_REFS, "3.1.1:MQTT-3.3.4-1", "5.0:MQTT-3.3.4-1" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *client = join(t, "client");
	check_eq(t, connack(client).ack_flags & 1, 1);
}

static void a_check_accuses_the_statement_on_trial_or_that_of_its_field(void **state)
{
	(void)state;
	static const struct accusation samples[] = {
		{ &case_own_check, "a", VERDICT_FAIL, NULL, "MQTT-3.12.4-1", "MQTT-3.12.4-1" },
		{ &case_own_check_judged, "a", VERDICT_FAIL, NULL, "MQTT-3.2.2-2", "MQTT-3.2.2-3" },
		{ &case_check_of_field, "a", VERDICT_FAIL, NULL, "MQTT-3.2.2-2", "MQTT-3.2.2-3" },
		{ &case_check_of_strange_field, "a", VERDICT_FAIL, NULL, "MQTT-3.2.2-2",
			"MQTT-3.2.2-3" },
	};
	ASSERT_ACCUSATIONS(samples);
}

/* Of a message that must not come there are several statements. */
#define NO_WILL "3.1.1:MQTT-3.1.2-10", "5.0:MQTT-3.1.2-10"

CASE(nothing, .title = "Nothing comes", .refs = { PING_REFS }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a");
	expect_no(client, PUBLISH);
}

CASE(nothing_named, .title = "Nothing comes, by a statement among the refs",
	.refs = { PING_REFS, NO_WILL }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a");
	expect_no(client, PUBLISH);
}

CASE(no_copy_named, .title = "No second copy comes, by a statement among the refs",
	.refs = { PING_REFS, "3.1.1:UALL-QOS0-AT-MOST-ONCE", "5.0:UALL-QOS0-AT-MOST-ONCE" },
	.level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a");
	expect_no(client, PUBLISH);
}

CASE(nothing_judged, .title = "Nothing comes, by the statement on trial",
	.refs = { NO_WILL, "3.1.1:MQTT-3.14.4-3", "5.0:MQTT-3.14.4-3" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a");
	judging(t, "3.1.1:MQTT-3.14.4-3");
	judging(t, "5.0:MQTT-3.14.4-3");
	expect_no(client, PUBLISH);
}

CASE(nothing_judged_amiss, .title = "Nothing comes, while another matter is on trial",
	.refs = { PING_REFS, NO_WILL }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a");
	judging(t, "3.1.1:MQTT-3.12.4-1");
	judging(t, "5.0:MQTT-3.12.4-1");
	expect_no(client, PUBLISH);
}

static void the_difference_names_the_statement(void **state)
{
	(void)state;
	static const struct accusation samples[] = {
		{ &case_nothing, "a a m30:a=x e", VERDICT_FAIL, NULL, "MQTT-3.3.2-3",
			"MQTT-3.3.2-3" },
		{ &case_nothing_named, "a a m30:a=x e", VERDICT_FAIL, NULL, "MQTT-3.1.2-10",
			"MQTT-3.1.2-10" },
		{ &case_no_copy_named, "a a m30:a=x e", VERDICT_FAIL, NULL,
			"UALL-QOS0-AT-MOST-ONCE", "UALL-QOS0-AT-MOST-ONCE" },
		{ &case_nothing_judged, "a a m30:a=x e", VERDICT_FAIL, NULL, "MQTT-3.14.4-3",
			"MQTT-3.14.4-3" },
		{ &case_nothing_judged_amiss, "a a m30:a=x e", VERDICT_FAIL, NULL, "MQTT-3.1.2-10",
			"MQTT-3.1.2-10" },
		/* The fence itself. */
		{ &case_nothing_judged, "a a r", VERDICT_FAIL, NULL, "MQTT-3.12.4-1",
			"MQTT-3.12.4-1" },
	};
	ASSERT_ACCUSATIONS(samples);
}

/* ---- the others ------------------------------------------------------------------------------ */

static void what_was_passed_stays_so_and_what_was_not_reached_is_open(void **state)
{
	(void)state;
	struct played p;
	play_with(&p,
		(struct play){ .def = &case_nothing_judged_amiss,
			.version = MQTT_50,
			.answer_us = ANSWER_US },
		SCRIPTS("a a m30:a=x e"));
	assert_int_equal(p.record.statement_count, 2);
	assert_string_equal(p.record.statements[0].name, "5.0:MQTT-3.12.4-1");
	assert_int_equal(p.record.statements[0].verdict, VERDICT_INCONCLUSIVE);
	assert_int_equal(p.record.statements[1].verdict, VERDICT_FAIL);
	assert_string_equal(p.record.failure->difference, "extra");
	done(&p);
}

static void a_set_up_accuses_nobody(void **state)
{
	(void)state;
	struct played p;
	play_with(&p,
		(struct play){ .def = &case_nothing, .version = MQTT_50, .answer_us = ANSWER_US },
		SCRIPTS("a r x"));
	assert_verdict(p, INCONCLUSIVE);
	assert_null(p.record.failure->statement);
	done(&p);
}

CASE(too_many, .title = "More statements than a case run keeps", .refs = { PING_REFS },
	.level = MUST, .versions = V50)
{
	size_t put_on_trial = 0;

	for (size_t i = 0; put_on_trial <= MANY; i++) {
		const char *name = spec_statements[i].name;
		if (strncmp(name, "5.0:", 4))
			continue;
		judging(t, name);
		put_on_trial++;
	}
}

static void one_statement_too_many_is_an_error(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_too_many, MQTT_50, SCRIPTS(""));
	assert_verdict(p, ERROR);
	assert_contains(p.record.note, "more than 32 statements");
	done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_must_is_one_wherever_its_breach_is_seen),
		cmocka_unit_test(a_close_in_place_of_an_answer_has_the_level_of_the_case),
		cmocka_unit_test(a_check_accuses_the_statement_on_trial_or_that_of_its_field),
		cmocka_unit_test(the_difference_names_the_statement),
		cmocka_unit_test(what_was_passed_stays_so_and_what_was_not_reached_is_open),
		cmocka_unit_test(a_set_up_accuses_nobody),
		cmocka_unit_test(one_statement_too_many_is_an_error),
	};
	return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
