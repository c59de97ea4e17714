/* The client's engine: messages of the server, and servers that break the rules. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/engine_rig.h"

static void acknowledges_each_qos(void **state)
{
	struct rig *r = *state;
	const char *p = r->version == MQTT_50 ? "p{}" : "";

	set(r);
	meet(r);
	say(r, text(r, "30 r s\"a\" %s b\"x\"", p));
	expect_event(r, "message a q0 \"x\"");
	expect_silence(r);
	say(r, text(r, "33 r s\"a\" m5 %s b\"y\"", p));
	expect_event(r, "message a q1 retain \"y\"");
	expect(r, "PUBACK id 5");
	say(r, text(r, "3A r s\"a\" m5 %s b\"y\"", p)); /* another message, DUP or not */
	expect_event(r, "message a q1 dup \"y\"");
	expect(r, "PUBACK id 5");
	say(r, text(r, "34 r s\"a\" m5 %s b\"z\"", p));
	expect_event(r, "message a q2 \"z\"");
	expect(r, "PUBREC id 5");
	say(r, text(r, "3C r s\"a\" m5 %s b\"z\"", p)); /* the same message */
	expect(r, "PUBREC id 5");
	expect_no_event(r);
	say(r, "62 r m5");
	expect(r, "PUBCOMP id 5");
	say(r, text(r, "34 r s\"a\" m5 %s b\"new\"", p));
	expect_event(r, "message a q2 \"new\"");
}

static void answers_in_the_order_of_arrival(void **state)
{
	struct rig *r = *state;

	set(r);
	meet(r);
	/* In one piece, and then byte by byte. */
	say(r,
		"32 07 s\"a\" m1 p{} 00 34 07 s\"a\" m2 p{} 00 32 07 s\"a\" m3 p{} 00 34 07 s\"a\" "
		"m4 "
		"p{} 00 62 02 m4 62 02 m2");
	for (unsigned round = 0; round < 2; round++) {
		expect(r, "PUBACK id 1");
		expect(r, "PUBREC id 2");
		expect(r, "PUBACK id 3");
		expect(r, "PUBREC id 4");
		expect(r, "PUBCOMP id 4");
		expect(r, "PUBCOMP id 2");
		expect_silence(r);
		static const uint8_t bytes[] = { 0x32, 7, 0, 1, 'a', 0, 1, 0, 0, 0x34, 7, 0, 1, 'a',
			0, 2, 0, 0, 0x32, 7, 0, 1, 'a', 0, 3, 0, 0, 0x34, 7, 0, 1, 'a', 0, 4, 0, 0,
			0x62, 2, 0, 4, 0x62, 2, 0, 2 };
		for (size_t i = 0; !round && i < sizeof(bytes); i++)
			say_bytes(r, bytes + i, 1);
	}
}

static void the_program_may_refuse(void **state)
{
	struct rig *r = *state;

	set(r);
	meet(r);
	r->reason = MQTT_NOT_AUTHORIZED;
	say(r, "32 r s\"a\" m1 p{}");
	expect(r, "PUBACK id 1 0x87 Not authorized");
	say(r, "34 r s\"a\" m2 p{}");
	expect(r, "PUBREC id 2 0x87 Not authorized");
	event(r), event(r);
	r->reason = 0;
	say(r, "34 r s\"a\" m2 p{}"); /* a new message */
	expect_event(r, "message a q2 \"\"");
	expect(r, "PUBREC id 2");
}

static void refuses_payloads_that_lie(void **state)
{
	struct rig *r = *state;

	r->config.check_payload = true;
	set(r);
	meet(r);
	say(r, "32 r s\"a\" m1 p{01 01} FF");
	expect(r, "PUBACK id 1 0x99 Payload format invalid");
	say(r, "34 r s\"a\" m2 p{01 01} FF");
	expect(r, "PUBREC id 2 0x99 Payload format invalid");
	expect_no_event(r);
	say(r, "30 r s\"a\" p{01 01} FF");
	expect_event(r, "broken 0x99 5.0:U50-PFI-UTF8");
	expect(r, "DISCONNECT 0x99 Payload format invalid");
}

static void resolves_the_server_s_aliases(void **state)
{
	struct rig *r = *state;

	set(r, .properties = "22 n2 11 w10");
	meet(r);
	say(r, "30 r s\"one\" p{23 n1}");
	expect_event(r, "message one q0 \"\"");
	say(r, "30 r s\"two\" p{23 n2}");
	expect_event(r, "message two q0 \"\"");
	say(r, "32 r s\"\" m1 p{23 n1}");
	expect_event(r, "message one q1 \"\"");
	say(r, "30 r s\"three\" p{23 n1}");
	expect_event(r, "message three q0 \"\"");
	say(r, "30 r s\"\" p{23 n1}");
	expect_event(r, "message three q0 \"\"");
	hang_up(r);
	meet_again(r, "");
	say(r, "30 r s\"\" p{23 n1}");
	expect_event(r, "broken 0x82 5.0:U50-ALIAS-UNKNOWN");
}

static void receive_maximum_is_enforced(void **state)
{
	struct rig *r = *state;

	set(r, .properties = "21 n2 11 w100");
	meet(r);
	say(r, "34 r s\"a\" m1 p{}");
	say(r, "34 r s\"a\" m2 p{}");
	say(r, "34 r s\"a\" m2 p{}"); /* again */
	say(r, "62 r m1");
	say(r, "34 r s\"a\" m3 p{}");
	hang_up(r);
	forget_events(r);
	meet_again(r, ""); /* messages of an earlier connection do not count ... */
	say(r, "34 r s\"a\" m4 p{}");
	expect_event(r, "message a q2 \"\"");
	say(r, "3C r s\"a\" m3 p{}"); /* ... until they come again */
	expect_no_event(r);
	say(r, "34 r s\"a\" m5 p{}");
	expect_event(r, "broken 0x93 5.0:U50-RECVMAX-EXCEEDED");
}

static void more_than_receive_maximum(void **state)
{
	struct rig *r = *state;

	set(r, .properties = "21 n2");
	meet(r);
	say(r, "34 r s\"a\" m1 p{}");
	say(r, "34 r s\"a\" m2 p{}");
	event(r), event(r), hear(r), hear(r);
	say(r, "32 r s\"a\" m3 p{}");
	expect_event(r, "broken 0x93 5.0:U50-RECVMAX-EXCEEDED");
	expect(r, "DISCONNECT 0x93 Receive Maximum exceeded");
	expect_closed(r);
}

static void a_refused_message_gives_its_place_back(void **state)
{
	struct rig *r = *state;

	set(r, .properties = "21 n1");
	meet(r);
	r->reason = MQTT_QUOTA_EXCEEDED;
	for (unsigned i = 1; i < 4; i++) {
		say(r, text(r, "34 r s\"a\" m%u p{}", i));
		expect(r, text(r, "PUBREC id %u 0x97 Quota exceeded", i));
	}
}

static void a_client_of_less_qos(void **state)
{
	struct rig *r = *state;
	struct mqtt_filter f = { .text = MQTT_VIEW("a"), .qos = 2 };

	r->config.maximum_qos = 1;
	set(r);
	meet(r);
	assert_int_equal(engine_subscribe(r->engine, properties(r, ""), &f, 1, 0), ENGINE_INVALID);
	say(r, "34 r s\"a\" m1 p{}");
	expect_event(r, "broken 0x9B 5.0:U50-MAXQOS-CLIENT");
	assert_int_equal(strncmp(hear(r), "DISCONNECT 0x", 13), 0);
	expect_closed(r);
}

/* ---- violations ---------------------------------------------------------------------------- */

struct violation {
	enum mqtt_version version;
	bool early; /* before CONNACK */
	uint8_t reason;
	const char *said;
	const char *statement; /* without the version */
};

/* The client has published QoS 1 (id 1) and 2 (id 2), subscribed to two filters (id 3) and unsubscribed
 * from one (id 4); its Topic Alias Maximum is 2, its Maximum Packet Size 100, and it does not want
 * problem information.
 */
static const struct violation violations[] = {
	/* before CONNACK */
	{ MQTT_50, true, 0x82, "30 r s\"a\" p{}", "MQTT-3.2.0-1" },
	{ MQTT_50, true, 0x82, "D0 00", "MQTT-3.2.0-1" },
	{ MQTT_50, true, 0x82, "40 r m1", "MQTT-3.2.0-1" },
	{ MQTT_311, true, 0x82, "30 r s\"a\"", "MQTT-3.2.0-1" },
	{ MQTT_50, true, 0x82, "E0 r 8B p{}", "MQTT-3.14.0-1" },
	{ MQTT_50, true, 0x82, "20 r 00 00 p{1A s\"x\"}", "MQTT-3.1.2-28" },
	{ MQTT_50, true, 0x81, "20 r 02 00 p{}", "MQTT-3.2.2-1" },
	{ MQTT_50, true, 0x82, "20 r 01 87 p{}", "MQTT-3.2.2-6" },
	{ MQTT_50, true, 0x82, "20 r 00 05 p{}", "MQTT-3.2.2-8" },
	{ MQTT_50, true, 0x82, "20 r 00 00 p{21 n0}", "U50-RECVMAX-ZERO" },
	{ MQTT_50, true, 0x82, "20 r 00 00 p{24 02}", "U50-MAXQOS-RANGE" },
	{ MQTT_50, true, 0x82, "20 r 00 00 p{22 n1 22 n1}", "U50-PROP-ONCE" },
	{ MQTT_50, true, 0x81, "20 r 00 00 p{23 n1}", "U50-PROP-WRONG-PACKET" },
	{ MQTT_50, true, 0x81, "20 r 00 00", "MQTT-2.2.2-1" },
	{ MQTT_311, true, 0x81, "20 r 02 00", "U311-CONNACK-FLAGS" },
	{ MQTT_311, true, 0x82, "20 r 00 06", "U311-CONNACK-CODES" },
	{ MQTT_311, true, 0x81, "20 r 00 00 00", "U311-CONNACK-LEN" },
	{ MQTT_311, true, 0x82, "20 r 01 00", "MQTT-3.2.2-1" },
	{ MQTT_50, true, 0x81, "21 r 00 00 p{}", "MQTT-2.1.3-1" },
	{ MQTT_50, true, 0x81, "00 00", "U50-PKT-TYPE" },
	/* packets that go the other way */
	{ MQTT_50, false, 0x82, "20 r 00 00 p{}", "MQTT-3.2.0-2" },
	{ MQTT_50, false, 0x82, "C0 00", "U50-PKT-TYPE" },
	{ MQTT_50, false, 0x82, "82 r m1 p{} s\"a\" 00", "U50-PKT-TYPE" },
	{ MQTT_50, false, 0x82, "A2 r m1 p{} s\"a\"", "U50-PKT-TYPE" },
	{ MQTT_50, false, 0x82, "10 r s\"MQTT\" 05 02 n0 p{} s\"a\"", "U50-PKT-TYPE" },
	{ MQTT_311, false, 0x82, "C0 00", "U311-PKT-TYPE" },
	{ MQTT_311, false, 0x82, "E0 00", "U311-PKT-TYPE" },
	{ MQTT_311, false, 0x81, "F0 00", "U311-PKT-TYPE" },
	{ MQTT_50, false, 0x82, "F0 00", "U50-AUTH-UNEXPECTED" },
	{ MQTT_50, false, 0x82, "D0 00", "MQTT-3.12.4-1" },
	{ MQTT_50, false, 0x81, "D0 01 00", "U50-PING-LEN" },
	/* PUBLISH */
	{ MQTT_50, false, 0x81, "36 r s\"a\" m1 p{}", "MQTT-3.3.1-4" },
	{ MQTT_311, false, 0x81, "36 r s\"a\" m1", "MQTT-3.3.1-4" },
	{ MQTT_50, false, 0x81, "38 r s\"a\" p{}", "MQTT-3.3.1-2" },
	{ MQTT_50, false, 0x81, "32 r s\"a\" m0 p{}", "MQTT-2.2.1-3" },
	{ MQTT_50, false, 0x81, "30 r s\"a/#\" p{}", "MQTT-3.3.2-2" },
	{ MQTT_311, false, 0x81, "30 r s\"a/+\"", "MQTT-3.3.2-2" },
	{ MQTT_50, false, 0x82, "30 r s\"\" p{}", "U50-TOPIC-EMPTY" },
	{ MQTT_50, false, 0x94, "30 r s\"a\" p{23 n3}", "U50-ALIAS-INVALID" },
	{ MQTT_50, false, 0x94, "30 r s\"a\" p{23 n0}", "MQTT-3.3.2-8" },
	{ MQTT_50, false, 0x82, "30 r s\"\" p{23 n2}", "U50-ALIAS-UNKNOWN" },
	{ MQTT_50, false, 0x82, "30 r s\"a\" p{0B v0}", "U50-SUBID-ZERO" },
	{ MQTT_50, false, 0x81, "30 r s\"\\xFF\" p{}", "MQTT-3.3.2-1" },
	{ MQTT_50, false, 0x95, "30 r s\"a\" p{} b\"0123456789\"*10", "U50-MAXPKT-EXCEEDED" },
	{ MQTT_50, false, 0x95, "30 FF 01", "U50-MAXPKT-EXCEEDED" },
	{ MQTT_50, false, 0x81, "30 80 00", "MQTT-1.5.5-1" },
	{ MQTT_50, false, 0x81, "30 FF FF FF FF", "U50-VBI-MAX" },
	{ MQTT_311, false, 0x81, "30 FF FF FF FF", "U311-REMLEN" },
	/* acknowledgements */
	{ MQTT_50, false, 0x82, "40 r m9", "MQTT-2.2.1-5" },
	{ MQTT_311, false, 0x82, "40 r m9", "MQTT-2.3.1-6" },
	{ MQTT_50, false, 0x82, "40 r m2", "MQTT-2.2.1-5" },
	{ MQTT_50, false, 0x82, "50 r m1", "MQTT-2.2.1-5" },
	{ MQTT_50, false, 0x82, "50 r m3", "MQTT-2.2.1-5" },
	{ MQTT_50, false, 0x82, "70 r m2", "MQTT-2.2.1-5" },
	{ MQTT_50, false, 0x82, "70 r m9", "MQTT-2.2.1-5" },
	{ MQTT_50, false, 0x82, "40 r m3", "MQTT-2.2.1-5" },
	{ MQTT_50, false, 0x82, "40 r m1 01", "MQTT-3.4.2-1" },
	{ MQTT_50, false, 0x82, "50 r m2 92", "MQTT-3.5.2-1" },
	{ MQTT_50, false, 0x82, "62 r m2 80", "MQTT-3.6.2-1" },
	{ MQTT_50, false, 0x81, "60 r m2", "MQTT-3.6.1-1" },
	{ MQTT_50, false, 0x81, "40 r m0", "MQTT-2.2.1-5" },
	{ MQTT_50, false, 0x82, "40 r m1 00 p{1F s\"x\"}", "U50-REQPROB-CLIENT" },
	{ MQTT_50, false, 0x82, "62 r m1 00 p{26 s\"x\" s\"\"}", "U50-REQPROB-CLIENT" },
	{ MQTT_311, false, 0x81, "40 r m1 00", "U311-ACK-LEN" },
	/* SUBACK, UNSUBACK */
	{ MQTT_50, false, 0x82, "90 r m9 p{} 00", "MQTT-3.8.4-2" },
	{ MQTT_50, false, 0x82, "90 r m4 p{} 00", "MQTT-3.8.4-2" },
	{ MQTT_50, false, 0x82, "90 r m1 p{} 00", "MQTT-3.8.4-2" },
	{ MQTT_50, false, 0x82, "90 r m3 p{} 00", "MQTT-3.8.4-6" },
	{ MQTT_50, false, 0x82, "90 r m3 p{} 00 00 00", "MQTT-3.8.4-6" },
	{ MQTT_50, false, 0x82, "90 r m3 p{} 00 03", "MQTT-3.9.3-2" },
	{ MQTT_50, false, 0x82, "90 r m3 p{1F s\"x\"} 00 00", "U50-REQPROB-CLIENT" },
	{ MQTT_311, false, 0x82, "90 r m3 00", "MQTT-3.8.4-5" },
	{ MQTT_311, false, 0x82, "90 r m3 00 03", "MQTT-3.9.3-2" },
	{ MQTT_50, false, 0x82, "B0 r m9 p{} 00", "MQTT-3.10.4-5" },
	{ MQTT_50, false, 0x82, "B0 r m3 p{} 00", "MQTT-3.10.4-5" },
	{ MQTT_50, false, 0x82, "B0 r m4 p{} 00 00", "MQTT-3.11.3-1" },
	{ MQTT_311, false, 0x82, "B0 r m3", "MQTT-3.10.4-4" },
	/* DISCONNECT */
	{ MQTT_50, false, 0x82, "E0 r 04", "MQTT-3.14.2-1" },
	{ MQTT_50, false, 0x82, "E0 r 00 p{11 w5}", "MQTT-3.14.2-2" },
	{ MQTT_50, false, 0x81, "E1 r 00", "MQTT-3.14.1-1" },
};

static void make_ready(struct rig *r)
{
	struct mqtt_filter f[] = { { .text = MQTT_VIEW("a") }, { .text = MQTT_VIEW("b") } };

	meet(r);
	publish(r, .topic = "a", .qos = 1);
	publish(r, .topic = "b", .qos = 2);
	assert_int_equal(engine_subscribe(r->engine, properties(r, ""), f, 2, 0), ENGINE_OK);
	assert_int_equal(
		engine_unsubscribe(r->engine, properties(r, ""), &f->text, 1, 0), ENGINE_OK);
	for (unsigned i = 0; i < 4; i++)
		hear(r);
}

static void a_violation(const struct violation *v)
{
	void *state;

	(v->version == MQTT_50 ? rig_50 : rig_311)(&state);
	struct rig *r = state;
	set(r, .properties = v->version == MQTT_50 ? "22 n2 27 w100 17 00" : NULL);
	if (v->early) {
		dial(r);
		hear(r);
	} else {
		make_ready(r);
	}
	say(r, v->said);
	const char *line = event(r);
	const char *wanted = text(r, "broken 0x%02X %s:%s", v->reason,
		v->version == MQTT_50 ? "5.0" : "3.1.1", v->statement);
	if (strcmp(line, wanted))
		fail_msg("%s: %s, not %s", v->said, line, wanted);
	if (v->version == MQTT_50) {
		wanted = text(r, "DISCONNECT 0x%02X %s", v->reason,
			spec_reason_name(v->reason, DISCONNECT));
		assert_string_equal(hear(r), wanted);
	}
	expect_closed(r);
	rig_tear_down(&state);
}

static void violations_end_the_connection(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(violations) / sizeof(*violations); i++)
		a_violation(&violations[i]);
}

static void a_code_of_disconnect(unsigned code, bool is_legal)
{
	void *state;

	rig_50(&state);
	struct rig *r = state;
	set(r);
	meet(r);
	say(r, text(r, "E0 r %02X", code));
	if (is_legal) {
		expect_event(r, text(r, "disconnected 0x%02X", code));
	} else {
		expect_event(r, "broken 0x82 5.0:MQTT-3.14.2-1");
		expect(r, "DISCONNECT 0x82 Protocol Error");
	}
	expect_closed(r);
	rig_tear_down(&state);
}

/* Table 3-10, and 0x8C, which only Table 2-6 has for DISCONNECT. */
static void every_code_of_disconnect(void **state)
{
	static const uint8_t of_a_server[] = { 0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C,
		0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C,
		0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2 };

	(void)state;
	for (unsigned code = 0; code <= 0xff; code++)
		a_code_of_disconnect(
			code, memchr(of_a_server, (int)code, sizeof(of_a_server)) != NULL);
}

/* ---- properties ---------------------------------------------------------------------------- */

/* Every packet of a server, with a hole for its properties. */
static const struct {
	enum packet_type type;
	const char *head, *tail;
} carriers[] = {
	{ CONNACK, "20 r 00 00", "" },
	{ PUBLISH, "30 r s\"a\"", "" },
	{ PUBACK, "40 r m1 00", "" },
	{ PUBREC, "50 r m2 00", "" },
	{ PUBREL, "62 r m9 00", "" },
	{ PUBCOMP, "70 r m2 00", "" },
	{ SUBACK, "90 r m3", " 00 00" },
	{ UNSUBACK, "B0 r m4", " 00" },
	{ DISCONNECT, "E0 r 00", "" },
	{ AUTH, "F0 r 18", "" },
};

enum { CARRIERS = sizeof(carriers) / sizeof(*carriers) };

/* Fails unless the packet ends the connection with this Reason Code. */
static void carries(size_t carrier, const char *in_braces, unsigned reason)
{
	void *state;

	rig_50(&state);
	struct rig *r = state;
	const char *said =
		text(r, "%s p{%s}%s", carriers[carrier].head, in_braces, carriers[carrier].tail);
	set(r);
	if (carriers[carrier].type == CONNACK) {
		dial(r);
		hear(r);
	} else {
		make_ready(r);
	}
	say(r, said);
	const char *line = event(r), *wanted = text(r, "broken 0x%02X", reason);
	if (strncmp(line, wanted, strlen(wanted)) != 0)
		fail_msg("%s: %s, not %s", said, line, wanted);
	wanted = text(
		r, "DISCONNECT 0x%02X %s", reason, spec_reason_name((uint8_t)reason, DISCONNECT));
	assert_string_equal(hear(r), wanted);
	expect_closed(r);
	rig_tear_down(&state);
}

static void every_property_in_every_packet(void **state)
{
	static const char *const values[] = { [PROPERTY_BYTE] = "01",
		[PROPERTY_TWO_BYTES] = "n1",
		[PROPERTY_FOUR_BYTES] = "w1",
		[PROPERTY_VARIABLE] = "v1",
		[PROPERTY_BINARY] = "s\"x\"",
		[PROPERTY_STRING] = "s\"x\"",
		[PROPERTY_STRING_PAIR] = "s\"x\" s\"y\"" };
	char once[64], twice[128];

	(void)state;
	for (size_t c = 0; c < CARRIERS; c++)
		for (size_t i = 0; i < spec_property_count; i++) {
			const struct spec_property *p = &spec_properties[i];
			uint32_t packet = SPEC_PACKET(carriers[c].type);
			snprintf(once, sizeof(once), "%02X %s", p->id, values[p->type]);
			snprintf(twice, sizeof(twice), "%s %s", once, once);
			if (!(p->packets & packet))
				carries(c, once, MQTT_MALFORMED_PACKET);
			else if (!(p->repeats & packet))
				carries(c, twice, MQTT_PROTOCOL_ERROR);
		}
}

static void every_string_is_utf8(void **state)
{
	static const char *const bad[] = { "\\xFF", "\\xC0\\x80", "\\xED\\xA0\\x80", "a\\x00",
		"\\xE2\\x82" };
	char in_braces[64];

	(void)state;
	for (size_t c = 0; c < CARRIERS; c++)
		for (size_t i = 0; i < spec_property_count; i++)
			for (size_t b = 0; b < sizeof(bad) / sizeof(*bad); b++) {
				const struct spec_property *p = &spec_properties[i];
				bool is_pair = p->type == PROPERTY_STRING_PAIR;
				if (!(p->packets & SPEC_PACKET(carriers[c].type)) ||
					!(is_pair || p->type == PROPERTY_STRING))
					continue;
				snprintf(in_braces, sizeof(in_braces), "%02X %s s\"%s\"", p->id,
					is_pair ? "s\"n\"" : "", bad[b]);
				carries(c, in_braces, MQTT_MALFORMED_PACKET);
				if (!is_pair)
					continue;
				snprintf(in_braces, sizeof(in_braces), "%02X s\"%s\" s\"v\"", p->id,
					bad[b]);
				carries(c, in_braces, MQTT_MALFORMED_PACKET);
			}
}

static void nothing_is_taken_behind_a_violation(void **state)
{
	struct rig *r = *state;

	set(r);
	meet(r);
	say(r, "C0 00 30 05 s\"a\" p{} 00 32 06 s\"a\" m1 p{}");
	expect_event(r, "broken 0x82 5.0:U50-PKT-TYPE");
	expect_no_event(r);
	expect(r, "DISCONNECT 0x82 Protocol Error");
	expect_closed(r);
}

static void recovery_is_no_violation(void **state)
{
	struct rig *r = *state;

	set(r);
	meet(r);
	say(r, "62 r m9"); /* a PUBREL that nothing came before */
	expect(r, "PUBCOMP id 9 0x92 Packet Identifier not found");
	say(r, "50 r m9");
	expect(r, "PUBREL id 9 0x92 Packet Identifier not found");
	publish(r, .topic = "a", .qos = 2);
	hear(r);
	say(r, "50 r m1");
	expect(r, "PUBREL id 1");
	say(r, "50 r m1");
	expect(r, "PUBREL id 1");
	expect_no_event(r);
}

static void an_answer_that_does_not_fit_ends_it(void **state)
{
	struct rig *r = *state;

	set(r);
	meet_with(r, "27 w3");
	say(r, "32 r s\"a\" m1 p{}");
	expect_event(r, "message a q1 \"\"");
	expect_event(r, "broken 0x80 -");
	expect(r, "DISCONNECT 0x80 Unspecified error");
	expect_closed(r);
}

#define V50(f)  cmocka_unit_test_setup_teardown(f, rig_50, rig_tear_down)
#define V311(f) cmocka_unit_test_setup_teardown(f, rig_311, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		V50(acknowledges_each_qos),
		V311(acknowledges_each_qos),
		V50(answers_in_the_order_of_arrival),
		V50(the_program_may_refuse),
		V50(refuses_payloads_that_lie),
		V50(resolves_the_server_s_aliases),
		V50(receive_maximum_is_enforced),
		V50(more_than_receive_maximum),
		V50(a_refused_message_gives_its_place_back),
		V50(a_client_of_less_qos),
		cmocka_unit_test(violations_end_the_connection),
		cmocka_unit_test(every_code_of_disconnect),
		cmocka_unit_test(every_property_in_every_packet),
		cmocka_unit_test(every_string_is_utf8),
		V50(nothing_is_taken_behind_a_violation),
		V50(recovery_is_no_violation),
		V50(an_answer_that_does_not_fit_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
