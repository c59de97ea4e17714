/* The catalogue's evidence: which differences contradict which statements; the traits of versions. */
#include "tests/unit/unit.h"

#include <string.h>

#include "spec/spec.h"

static bool shows(const char *name, enum spec_testable end, enum spec_difference difference,
	enum packet_type packet, unsigned property)
{
	const struct spec_statement *s = spec_find(name);

	assert_non_null(s);
	return spec_shows(s, end, difference, packet, property);
}

static void names_are_those_of_the_table(void **state)
{
	(void)state;
	assert_string_equal(spec_difference_name(SPEC_MISSING), "missing");
	assert_string_equal(spec_difference_name(SPEC_IDENTIFIER), "identifier");
	assert_string_equal(spec_difference_name(SPEC_TIME), "time");
	for (enum spec_difference a = 0; a < SPEC_DIFFERENCES; a++)
		for (enum spec_difference b = 0; b < a; b++)
			assert_string_not_equal(spec_difference_name(a), spec_difference_name(b));
}

static void a_statement_is_found_by_its_name_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < spec_statement_count; i++)
		assert_ptr_equal(spec_find(spec_statements[i].name), &spec_statements[i]);
	assert_null(spec_find(""));
	assert_null(spec_find("3.1.1:"));
	assert_null(spec_find("MQTT-4.3.3-10"));
	assert_null(spec_find("5.0:MQTT-4.3.3-1000"));
	assert_null(spec_find("~"));
}

static void evidence_is_of_an_end_and_of_packets(void **state)
{
	(void)state;
	const char *answered = "5.0:MQTT-4.3.2-4"; /* PUBACK for a PUBLISH at QoS 1 */
	assert_true(shows(answered, TESTABLE_SERVER, SPEC_MISSING, PUBACK, 0));
	assert_true(shows(answered, TESTABLE_CLIENT, SPEC_MISSING, PUBACK, 0));
	assert_true(shows(answered, TESTABLE_SERVER, SPEC_MISSING, RESERVED_0, 0)); /* not known */
	assert_false(shows(answered, TESTABLE_SERVER, SPEC_MISSING, PUBLISH, 0));
	assert_false(shows(answered, TESTABLE_SERVER, SPEC_DUP, PUBLISH, 0));
	const char *taken_over = "5.0:MQTT-4.5.0-1"; /* binds servers alone */
	assert_true(shows(taken_over, TESTABLE_SERVER, SPEC_MISSING, PUBLISH, 0));
	assert_false(shows(taken_over, TESTABLE_CLIENT, SPEC_MISSING, PUBLISH, 0));
}

static void evidence_is_of_properties(void **state)
{
	(void)state;
	const char *forwarded = "5.0:MQTT-3.3.2-17"; /* User Properties */
	assert_true(shows(forwarded, TESTABLE_SERVER, SPEC_PROPERTY, PUBLISH, 0x26));
	assert_false(shows(forwarded, TESTABLE_SERVER, SPEC_PROPERTY, PUBLISH, 0x03));
	assert_false(shows(forwarded, TESTABLE_SERVER, SPEC_PROPERTY, SUBACK, 0x26));
	assert_true(shows(forwarded, TESTABLE_SERVER, SPEC_PROPERTY, PUBLISH, 0));
}

/* What the masks say is what the rows say. */
static void masks_sum_the_evidence_up(void **state)
{
	(void)state;
	size_t with_evidence = 0;
	for (size_t i = 0; i < spec_statement_count; i++) {
		const struct spec_statement *s = &spec_statements[i];
		uint32_t server = 0, client = 0;
		for (size_t j = 0; j < s->evidence_count; j++) {
			const struct spec_evidence *e = &s->evidence[j];
			assert_in_range(e->difference, 0, SPEC_DIFFERENCES - 1);
			assert_true(e->end == TESTABLE_SERVER || e->end == TESTABLE_CLIENT);
			*(e->end == TESTABLE_SERVER ? &server : &client) |=
				SPEC_SHOWS(e->difference);
		}
		assert_int_equal(s->shows_server, server);
		assert_int_equal(s->shows_client, client);
		with_evidence += s->evidence_count > 0;
	}
	assert_true(with_evidence > 400);
}

/* A message that is lost breaks the rules of delivery, whatever the case is about. */
static void dropped_messages_accuse_no_other_rule(void **state)
{
	(void)state;
	static const char *const others[] = {
		"5.0:MQTT-3.3.4-9",   /* Receive Maximum */
		"5.0:MQTT-3.3.2-5",   /* expiry */
		"5.0:U50-ACK-SHORT",  /* a PUBACK of two bytes */
		"5.0:MQTT-3.1.2-24",  /* Maximum Packet Size */
		"3.1.1:MQTT-3.3.5-1", /* overlapping subscriptions */
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(shows(others[i], TESTABLE_SERVER, SPEC_MISSING, PUBLISH, 0));
}

static uint8_t receivers_of(const char *name)
{
	const struct spec_statement *s = spec_find(name);

	assert_non_null(s);
	return s->receivers;
}

/* 4.13.1 of 5.0 leaves it to a receiver how closely it looks, but for the few statements that bind it. */
static void a_statement_of_5_0_seldom_binds_the_receiver(void **state)
{
	(void)state;
	assert_int_equal(receivers_of("5.0:MQTT-3.8.1-1"), RECEIVER_SERVER);
	assert_int_equal(receivers_of("5.0:MQTT-3.1.4-1"), RECEIVER_SERVER);
	assert_int_equal(receivers_of("5.0:MQTT-3.2.2-4"), RECEIVER_CLIENT);
	assert_int_equal(receivers_of("5.0:MQTT-3.15.1-1"), RECEIVER_SERVER | RECEIVER_CLIENT);
	assert_int_equal(receivers_of("5.0:MQTT-2.2.1-3"), 0);  /* binds the client that sends */
	assert_int_equal(receivers_of("5.0:U50-PKT-TYPE"), 0);  /* without a number */
	assert_int_equal(receivers_of("5.0:MQTT-4.13.1-1"), 0); /* of what is noticed */
	assert_int_equal(receivers_of("3.1.1:MQTT-2.3.1-1"), RECEIVER_SERVER | RECEIVER_CLIENT);
	assert_int_equal(receivers_of("3.1.1:U311-PKT-TYPE"), RECEIVER_SERVER | RECEIVER_CLIENT);
}

static void only_a_version_has_traits(void **state)
{
	(void)state;
	for (unsigned level = 0; level <= UINT8_MAX; level++) {
		struct version_traits t = version_traits(level);
		bool known = level >= MQTT_31 && level <= MQTT_50;
		assert_int_equal(version_is_known(level), known);
		if (known)
			continue;
		assert_null(t.protocol);
		assert_false(t.session_present || t.suback_failure || t.dup_anywhere ||
			t.length_over_flags || t.client_id_max);
		assert_false(t.properties || t.reason_codes || t.shortest_form || t.auth ||
			t.server_disconnect || t.password_alone || t.assigned_id ||
			t.session_expiry || t.receive_maximum || t.subscription_options ||
			t.subscription_ids || t.shared_subscriptions || t.one_connack ||
			t.resend_when_resuming || t.errors_may_pass);
	}
}

/* What the tables of 5.0 and the catalogue say, the row of the version says, too. */
static void traits_are_those_of_the_catalogue(void **state)
{
	(void)state;
	struct version_traits old = version_traits(MQTT_311), five = version_traits(MQTT_50);
	assert_string_equal(old.name, "3.1.1");
	assert_string_equal(five.name, "5.0");
	for (size_t i = 0; i < spec_statement_count; i++) {
		const struct spec_statement *s = &spec_statements[i];
		struct version_traits t = version_traits(s->version);
		assert_int_equal(t.standard, s->version);
		assert_memory_equal(s->name, t.name, strlen(t.name));
		assert_string_equal(version_statement(s->version, old.name, five.name), t.name);
	}
	assert_int_equal(five.properties, spec_property_count > 0);
	assert_int_equal(five.session_expiry, spec_property(0x11) != NULL);
	assert_int_equal(five.assigned_id, spec_property(0x12) != NULL);
	assert_int_equal(five.receive_maximum, spec_property(0x21) != NULL);
	assert_int_equal(five.subscription_ids, spec_property(0x0b) != NULL);
	assert_int_equal(five.auth, spec_reason_code(0x18, AUTH) != NULL);
	assert_int_equal(five.server_disconnect, spec_reason_code(0x8b, DISCONNECT)->from_server);
	assert_int_equal(five.shared_subscriptions, spec_reason_code(0x9e, SUBACK) != NULL);
	assert_false(old.properties || old.reason_codes || old.auth || old.server_disconnect);
}

static void a_statement_leads_to_its_section(void **state)
{
	(void)state;
	char url[SPEC_URL_SIZE];

	for (size_t i = 0; i < spec_statement_count; i++)
		assert_int_equal(*spec_statements[i].anchor, '_');
	assert_string_equal(spec_url(spec_find("5.0:MQTT-4.3.3-10"), url),
		"https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901237");
	assert_string_equal(spec_url(spec_find("3.1.1:MQTT-3.3.1-9"), url),
		"https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/"
		"mqtt-v3.1.1-os.html#_Toc385349265");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_the_table),
		cmocka_unit_test(a_statement_is_found_by_its_name_alone),
		cmocka_unit_test(a_statement_of_5_0_seldom_binds_the_receiver),
		cmocka_unit_test(evidence_is_of_an_end_and_of_packets),
		cmocka_unit_test(evidence_is_of_properties),
		cmocka_unit_test(masks_sum_the_evidence_up),
		cmocka_unit_test(dropped_messages_accuse_no_other_rule),
		cmocka_unit_test(only_a_version_has_traits),
		cmocka_unit_test(traits_are_those_of_the_catalogue),
		cmocka_unit_test(a_statement_leads_to_its_section),
	};

	return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
