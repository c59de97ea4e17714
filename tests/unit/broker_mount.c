/* Mount points: what clients of one listener say, and what others hear of it. */
#include "tests/unit/broker_rig.h"

#include <string.h>

/* CONNECT of a clean session at a listener with a mount point; `will` may be "". */
static struct client *join_mounted(struct rig *r, enum mqtt_version version, const char *mount,
	const char *id, bool clean, const char *properties, const char *will)
{
	struct client *c = dial(r, version);
	unsigned flags = (clean ? 2 : 0) | (*will ? 4 : 0);

	assert_true(link_set_mount(c->link, mqtt_view_of(mount)));
	say(c,
		version == MQTT_50
			? text(r, "10 r s\"MQTT\" 05 %02X n0 p{%s} s\"%s\" %s", flags, properties,
				  id, will)
			: text(r, "10 r s\"MQTT\" 04 %02X n0 s\"%s\" %s", flags, id, will));
	return c;
}

static struct client *joined(
	struct rig *r, enum mqtt_version version, const char *mount, const char *id)
{
	struct client *c = join_mounted(r, version, mount, id, true, "", "");

	assert_non_null(strstr(hear(c), "CONNACK"));
	return c;
}

static void topics_get_the_prefix_and_lose_it(void **state)
{
	struct rig *r = *state;
	struct client *in = joined(r, MQTT_50, "m/", "in"), *old = joined(r, MQTT_311, "m/", "old");
	struct client *out = join(r, MQTT_50, "out");

	subscribe_to(in, "t/+", 2);
	subscribe_to(old, "#", 1);
	subscribe_to(out, "#", 2);
	for (unsigned qos = 0; qos < 3; qos++) {
		const char *id = qos ? "m1" : "";
		say(in, text(r, "%02X r s\"t/a\" %s p{} b\"x\"", 0x30 + 2 * qos, id));
		expect(in,
			text(r,
				qos ? "PUBLISH \"t/a\" q%u id %u \"x\""
				    : "PUBLISH \"t/a\" q0 \"x\"",
				qos, qos));
		if (qos)
			expect(in, qos == 1 ? "PUBACK id 1" : "PUBREC id 1");
		expect(out,
			text(r,
				qos ? "PUBLISH \"m/t/a\" q%u id %u \"x\""
				    : "PUBLISH \"m/t/a\" q0 \"x\"",
				qos, qos));
		expect(old,
			text(r, qos ? "PUBLISH \"t/a\" q1 id %u \"x\"" : "PUBLISH \"t/a\" q0 \"x\"",
				qos));
	}
	say(out, "30 r s\"m/t/b\" p{} b\"y\"");
	say(out, "30 r s\"t/b\" p{} b\"elsewhere\"");
	expect(in, "PUBLISH \"t/b\" q0 \"y\"");
	expect(old, "PUBLISH \"t/b\" q0 \"y\"");
	expect_silence(in);
	expect_silence(old);
	say(in, "A2 r m7 p{} s\"t/+\" s\"m/t/+\"");
	expect(in, "UNSUBACK id 7: 0x00, 0x11 No subscription existed");
	say(out, "30 r s\"m/t/b\" p{} b\"z\"");
	expect_silence(in);
	expect(old, "PUBLISH \"t/b\" q0 \"z\"");
}

/* "m" matches m/#, and what begins with "$" matches no filter that begins with a wildcard. */
static void what_has_no_topic_inside_is_not_for_its_clients(void **state)
{
	struct rig *r = *state;
	struct client *in = joined(r, MQTT_50, "m/", "in"), *out = join(r, MQTT_50, "out");

	subscribe_to(in, "#", 1);
	say(out, "33 r s\"m\" m1 p{} b\"root\"");
	say(out, "33 r s\"m/\" m2 p{} b\"nothing\"");
	say(out, "32 r s\"m/$SYS/x\" m3 p{} b\"dollar\"");
	say(out, "32 r s\"m//\" m4 p{} b\"inside\"");
	expect(in, "PUBLISH \"/\" q1 id 4 \"inside\"");
	expect_silence(in);
	assert_int_equal(broker_figures(r->broker)->messages_dropped, 3);
	say(in, "32 r s\"$SYS/x\" m1 p{} b\"x\"");
	expect(in,
		"PUBACK id 1 0x90 Topic Name invalid, Reason String \"this topic is not for "
		"clients\"");
}

static void shares_retained_messages_and_aliases(void **state)
{
	struct rig *r = *state;
	struct client *in = join_mounted(r, MQTT_50, "m/", "in", true, "22 n5", "");
	struct client *out = join(r, MQTT_50, "out");

	hear(in);
	say(in, "31 r s\"kept\" p{23 n1} b\"1\"");
	say(in, "31 r n0 p{23 n1} b\"2\"");
	subscribe_to(out, "m/kept", 0);
	expect(out, "PUBLISH \"m/kept\" q0 retain \"2\"");
	say(in, "82 r m2 p{} s\"$share/g/+\" 00 s\"kept\" 00");
	expect(in, "SUBACK id 2: 0x00, 0x00");
	expect(in, "PUBLISH \"kept\" q0 retain \"2\", Topic Alias 1");
	say(out, "30 r s\"m/once\" p{} b\"s\"");
	expect(in, "PUBLISH \"once\" q0 \"s\", Topic Alias 2");
	say(out, "30 r s\"m/once\" p{} b\"s\"");
	expect(in, "PUBLISH \"\" q0 \"s\", Topic Alias 2");
	/* 3.1.1 calls what cannot be a share a failure. */
	struct client *old = joined(r, MQTT_311, "m/", "old");
	say(old, "82 r m2 s\"$share/g\" 00");
	expect(old, "SUBACK id 2: 0x80");
	/* They share with those outside. */
	subscribe_to(out, "$share/g/m/+", 0);
	say(in, "30 r s\"t\" p{} b\"first\"");
	say(in, "30 r s\"t\" p{} b\"second\"");
	assert_non_null(strstr(hear(out), "PUBLISH \"m/t\" q0"));
	assert_non_null(strstr(hear(in), "PUBLISH \"t\" q0"));
	expect_silence(out);
	expect_silence(in);
}

static void a_prefix_may_end_within_a_level(void **state)
{
	struct rig *r = *state;
	struct client *in = joined(r, MQTT_50, "m", "in"), *out = join(r, MQTT_50, "out");

	say(in,
		"82 r m2 p{} s\"a/#\" 00 s\"#\" 00 s\"+/a\" 00 s\"$share/g/#\" 00 s\"$share/g/a\" "
		"00");
	expect(in,
		"SUBACK id 2: 0x00, 0x8F Topic Filter invalid, 0x8F Topic Filter invalid, 0x8F "
		"Topic "
		"Filter invalid, 0x00");
	say(out, "30 r s\"ma/b\" p{} b\"x\"");
	expect(in, "PUBLISH \"a/b\" q0 \"x\"");
}

static void a_will_is_published_within_it(void **state)
{
	struct rig *r = *state;
	static const char *const wills[] = { "s\"w\" s\"gone\"", "p{} s\"w\" s\"gone\"" };
	struct client *out = join(r, MQTT_311, "out");

	subscribe_to(out, "#", 0);
	for (unsigned version = MQTT_311; version <= MQTT_50; version++) {
		struct client *in =
			join_mounted(r, version, "m/", "in", true, "", wills[version == MQTT_50]);
		hear(in);
		hang_up(in);
		expect(out, "PUBLISH \"m/w\" q0 \"gone\"");
	}
}

/* 65,535 bytes are what a topic may have. */
static void what_would_be_too_long_is_refused(void **state)
{
	struct rig *r = *state;
	char packet[70000];
	struct client *in = joined(r, MQTT_50, "m/", "in");

	for (unsigned len = 65533; len <= 65534; len++) {
		bool fits = len == 65533;
		/* PUBLISH, QoS 1 */
		uint32_t body = 2 + len + 2 + 1;
		uint8_t head[] = { 0x32, (uint8_t)(body | 0x80), (uint8_t)(body >> 7 | 0x80),
			(uint8_t)(body >> 14), (uint8_t)(len >> 8), (uint8_t)len };
		memset(packet, 'x', sizeof(packet));
		memcpy(packet, head, sizeof(head));
		memcpy(packet + sizeof(head) + len, "\0\1\0", 3);
		say_bytes(in, packet, sizeof(head) + len + 3);
		expect(in,
			fits ? "PUBACK id 1 0x10 No matching subscribers"
			     : "PUBACK id 1 0x90 Topic Name invalid, Reason String \"this topic is "
			       "not "
			       "for clients\"");
		/* SUBSCRIBE */
		body = 3 + 2 + len + 1;
		uint8_t more[] = { 0x82, (uint8_t)(body | 0x80), (uint8_t)(body >> 7 | 0x80),
			(uint8_t)(body >> 14), 0, 9, 0, (uint8_t)(len >> 8), (uint8_t)len };
		memset(packet, 'x', sizeof(packet));
		memcpy(packet, more, sizeof(more));
		packet[sizeof(more) + len] = 0;
		say_bytes(in, packet, sizeof(more) + len + 1);
		expect(in, fits ? "SUBACK id 9: 0x00" : "SUBACK id 9: 0x8F Topic Filter invalid");
	}
}

/* A session that goes on elsewhere gets only what has a name there. */
static void a_session_may_move_to_another_mount(void **state)
{
	struct rig *r = *state;
	struct client *in = join_mounted(r, MQTT_50, "m/", "c", true, "11 w100", "");
	struct client *out = join(r, MQTT_50, "out");

	hear(in);
	subscribe_to(in, "t", 1);
	hang_up(in);
	say(out, "32 r s\"m/t\" m1 p{} b\"1\"");
	in = join_mounted(r, MQTT_50, "n/", "c", false, "11 w100", "");
	assert_non_null(strstr(hear(in), "session present"));
	expect_silence(in);
	hang_up(in);
	say(out, "32 r s\"m/t\" m2 p{} b\"2\"");
	in = join_with(r, "c", false, "");
	assert_non_null(strstr(hear(in), "session present"));
	expect(in, "PUBLISH \"m/t\" q1 id 2 \"2\"");
	expect_silence(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			topics_get_the_prefix_and_lose_it, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
			what_has_no_topic_inside_is_not_for_its_clients, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
			shares_retained_messages_and_aliases, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
			a_prefix_may_end_within_a_level, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
			a_will_is_published_within_it, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
			what_would_be_too_long_is_refused, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
			a_session_may_move_to_another_mount, rig_set_up, rig_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
