/* The lines between the harness and an agent: commands as they are written, events as they are read. */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/arena.h"

/* case.h and cmocka both have a `fail`; what follows needs that of cmocka alone. */
#undef fail
#include "harness/agent/contract.h"
#include "harness/transport/transport.h"

#undef fail
#define fail() _fail(__FILE__, __LINE__)

static const struct agent_place place_311 = {
	.host = "127.0.0.1", .port = 1883, .version = "3.1.1"
};
static const struct agent_place place_50 = { .host = "127.0.0.1", .port = 1883, .version = "5.0" };

/* ---- commands ------------------------------------------------------------------------------ */

static void connect_has_what_is_always_there(void **state)
{
	struct arena *a = *state;
	const struct connect c = { 0 };

	assert_string_equal(contract_connect(a, 1, &place_311, "k", &c),
		"{\"do\":\"connect\",\"id\":1,\"host\":\"127.0.0.1\",\"port\":1883,"
		"\"version\":\"3.1.1\",\"client_id\":\"k\",\"clean_start\":true,\"keep_alive\":0}");
}

static void connect_says_how_unless_it_is_tcp(void **state)
{
	struct arena *a = *state;
	const struct connect c = { .server_name = "n", .shows_certificate = true };
	struct agent_place place = place_311;

	place.transport = "tcp";
	assert_null(strstr(contract_connect(a, 1, &place, "k", &c), "transport"));
	place.transport = "wss";
	place.path = "/mqtt";
	place.ca = "/ca.pem";
	place.cert = "/c.pem";
	place.key = "/c.key";
	assert_non_null(strstr(contract_connect(a, 1, &place, "k", &c),
		"\"transport\":\"wss\",\"path\":\"/mqtt\",\"ca\":\"/ca.pem\",\"server_name\":\"n\","
		"\"cert\":\"/c.pem\",\"key\":\"/c.key\""));
	assert_null(
		strstr(contract_connect(a, 1, &place, "k", &(const struct connect){ 0 }), "c.pem"));
}

static void connect_has_what_was_asked_for(void **state)
{
	struct arena *a = *state;
	const struct connect c = {
		.kept = true,
		.keep_alive = 30,
		.user_name = "u",
		.password = "p",
		.props = PROPS(P_RECEIVE_MAXIMUM(2), P_USER("a", "1"), P_USER("a", "2")),
		.will = { .topic = "w", .payload = "", .qos = 1, .props = PROPS(P_WILL_DELAY(5)) },
	};

	assert_string_equal(contract_connect(a, 7, &place_50, "", &c),
		"{\"do\":\"connect\",\"id\":7,\"host\":\"127.0.0.1\",\"port\":1883,"
		"\"version\":\"5.0\",\"client_id\":\"\",\"clean_start\":false,\"keep_alive\":30,"
		"\"will\":{\"topic\":\"w\",\"qos\":1,\"retain\":false,\"payload\":\"\","
		"\"properties\":{\"will_delay_interval\":5}},\"user_name\":\"u\",\"password\":"
		"\"p\","
		"\"properties\":{\"receive_maximum\":2,\"user_property\":[[\"a\",\"1\"],[\"a\","
		"\"2\"]],"
		"\"session_expiry_interval\":300}}");
	const char *old = contract_connect(a, 7, &place_311, "k", &c);
	assert_null(strstr(old, "properties")); /* 3.1.1 has none */
	assert_non_null(strstr(old, "\"clean_start\":false"));
}

static void clean_start_of_a_kept_session(void **state)
{
	struct arena *a = *state;
	const struct connect c = { .kept = true, .clean = true, .expiry = SET(9) };
	const char *line = contract_connect(a, 1, &place_50, "k", &c);

	assert_non_null(strstr(line, "\"clean_start\":true"));
	assert_non_null(strstr(line, "\"session_expiry_interval\":9"));
}

static void filters_stand_in_order(void **state)
{
	struct arena *a = *state;
	const struct subscribe more[] = { { .filter = "b", .qos = 2, .no_local = true },
		{ .filter = "c", .retain_handling = 2, .retain_as_published = true }, { 0 } };
	const struct subscribe s = { .filter = "a", .qos = 1, .more = more };

	assert_string_equal(contract_subscribe(a, 2, MQTT_50, &s),
		"{\"do\":\"subscribe\",\"id\":2,\"filters\":[{\"filter\":\"a\",\"qos\":1},"
		"{\"filter\":\"b\",\"qos\":2,\"no_local\":true},{\"filter\":\"c\",\"qos\":0,"
		"\"retain_as_published\":true,\"retain_handling\":2}]}");
	assert_string_equal(contract_unsubscribe(a, 3, MQTT_311, &s),
		"{\"do\":\"unsubscribe\",\"id\":3,\"filters\":[\"a\",\"b\",\"c\"]}");
}

static void payloads_are_text_or_digits(void **state)
{
	struct arena *a = *state;
	const struct publish text = {
		.topic = "t", .payload = "\xC3\xA9", .qos = 1, .retain = true
	};
	const struct publish binary = { .topic = "t", .bytes = BYTES("\x00\xFF") };
	const struct publish none = { .topic = "t" };

	assert_string_equal(contract_publish(a, 1, MQTT_50, &text),
		"{\"do\":\"publish\",\"id\":1,\"topic\":\"t\",\"payload\":\"\xC3\xA9\",\"qos\":1,"
		"\"retain\":true}");
	assert_non_null(
		strstr(contract_publish(a, 1, MQTT_50, &binary), "\"payload_hex\":\"00ff\""));
	assert_non_null(strstr(contract_publish(a, 1, MQTT_50, &none), "\"payload\":\"\""));
}

static void the_other_commands(void **state)
{
	struct arena *a = *state;
	const struct disconnect d = { .code = SET(4), .props = PROPS(P_REASON_STRING("so")) };
	const struct ack auth = { .code = SET(0x19), .props = PROPS(P_AUTH_DATA("\x01\xFE")) };

	assert_string_equal(contract_disconnect(a, 1, MQTT_50, &d),
		"{\"do\":\"disconnect\",\"id\":1,\"code\":4,\"properties\":{\"reason_string\":"
		"\"so\"}}");
	assert_string_equal(
		contract_disconnect(a, 1, MQTT_311, &d), "{\"do\":\"disconnect\",\"id\":1}");
	assert_string_equal(contract_authenticate(a, 2, &auth),
		"{\"do\":\"authenticate\",\"id\":2,\"code\":25,"
		"\"properties\":{\"authentication_data\":\"01fe\"}}");
	assert_string_equal(contract_sync(a, 3), "{\"do\":\"sync\",\"id\":3}");
}

/* ---- events -------------------------------------------------------------------------------- */

static struct told reads(struct arena *a, const char *line)
{
	struct told told;
	struct hello hello;
	const char *error;

	if (!contract_event(a, line, strlen(line), &told, &hello, &error))
		fail_msg("%s: %s", line, error);
	return told;
}

static void assert_no_event(struct arena *a, const char *line, const char *sentence)
{
	struct told told;
	struct hello hello;
	const char *error;

	if (contract_event(a, line, strlen(line), &told, &hello, &error))
		fail_msg("%s was taken for an event", line);
	if (!strstr(error, sentence))
		fail_msg("%s: \"%s\", not \"%s\"", line, error, sentence);
}

static void answers_are_read(void **state)
{
	struct arena *a = *state;
	struct told told = reads(a,
		"{\"event\":\"acknowledged\",\"id\":3,\"codes\":[1,128],\"field_of_tomorrow\":{}}");

	assert_int_equal(told.kind, TOLD_ACKNOWLEDGED);
	assert_int_equal(told.command, 3);
	assert_int_equal(told.codes.len, 2);
	assert_int_equal(told.codes.data[1], 0x80);
	assert_false(told.code.set);
	told = reads(a, "{\"event\":\"refused\",\"id\":1,\"code\":135}");
	assert_int_equal(told.code.value, 0x87);
	told = reads(a, "{\"event\":\"disconnected\",\"text\":\"gone\"}");
	assert_int_equal(told.command, 0);
	assert_string_equal(told.text, "gone");
}

static void messages_are_read(void **state)
{
	struct arena *a = *state;
	struct told told = reads(a,
		"{\"event\":\"message\",\"topic\":\"t\",\"payload_hex\":\"00Ff\",\"qos\":2,"
		"\"retain\":true,\"dup\":true,\"properties\":{\"subscription_identifier\":[1,2],"
		"\"user_property\":[[\"a\",\"b\"]],\"correlation_data\":\"01\"}}");

	assert_int_equal(told.kind, TOLD_MESSAGE);
	assert_true(bytes_equal(told.topic, BYTES("t")));
	assert_true(bytes_equal(told.payload, BYTES("\x00\xFF")));
	assert_true(told.qos == 2 && told.retain && told.dup);
	assert_int_equal(properties_count(&told.properties, 0x0B), 2);
	assert_true(bytes_equal(properties_find(&told.properties, 0x26)->value, BYTES("b")));
	assert_true(bytes_equal(properties_find(&told.properties, 0x09)->value, BYTES("\x01")));
	told = reads(a,
		"{\"event\":\"message\",\"topic\":\"t\",\"payload\":\"a\\u0000b\",\"qos\":0,"
		"\"retain\":false}");
	assert_true(bytes_equal(told.payload, BYTES("a\0b")));
}

static void hello_is_read(void **state)
{
	struct arena *a = *state;
	struct told told;
	struct hello hello;
	const char *error;
	const char *line = "{\"event\":\"hello\",\"contract\":1,\"name\":\"n\",\"version\":\"2\","
			   "\"versions\":[\"3.1\",\"5.0\"]}";

	assert_true(contract_event(a, line, strlen(line), &told, &hello, &error));
	assert_int_equal(told.kind, TOLD_HELLO);
	assert_string_equal(hello.name, "n");
	assert_int_equal(hello.versions, V50);
	assert_int_equal(hello.transports, transport_bit(&transport_tcp));
}

/* Those of later contracts are passed over. */
static void hello_may_name_transports(void **state)
{
	struct arena *a = *state;
	struct told told;
	struct hello hello;
	const char *error;
	const char *line = "{\"event\":\"hello\",\"contract\":1,\"name\":\"n\",\"version\":\"2\","
			   "\"versions\":[\"5.0\"],\"transports\":[\"wss\",\"quic\",\"tls\"]}";

	assert_true(contract_event(a, line, strlen(line), &told, &hello, &error));
	assert_int_equal(
		hello.transports, transport_bit(&transport_tls) | transport_bit(&transport_wss));
	assert_no_event(a,
		"{\"event\":\"hello\",\"contract\":1,\"name\":\"n\",\"version\":\"2\","
		"\"versions\":[\"5.0\"],\"transports\":[]}",
		"`transports`: must name some of");
}

static void what_is_no_event_is_said(void **state)
{
	struct arena *a = *state;

	assert_no_event(a, "", "no JSON");
	assert_no_event(a, "{\"event\":\"synced\"", "no JSON");
	assert_no_event(a, "[]", "no JSON object");
	assert_no_event(a, "{}", "`event` is missing");
	assert_no_event(a, "{\"event\":\"rejoiced\"}", "there is no event \"rejoiced\"");
	assert_no_event(a, "{\"event\":\"synced\",\"id\":\"1\"}", "`id`: must be an integer");
	assert_no_event(a, "{\"event\":\"refused\",\"id\":1}", "`code` is missing");
	assert_no_event(
		a, "{\"event\":\"refused\",\"id\":1,\"code\":256}", "`code`: 256 is out of");
	assert_no_event(a, "{\"event\":\"acknowledged\",\"id\":1,\"codes\":[-1]}", "`codes`: must");
	assert_no_event(
		a, "{\"event\":\"connected\",\"id\":1,\"session_present\":1}", "true or false");
	assert_no_event(a,
		"{\"event\":\"message\",\"topic\":\"t\",\"payload_hex\":\"0g\",\"qos\":0,"
		"\"retain\":false}",
		"hexadecimal digits");
	assert_no_event(a, "{\"event\":\"message\",\"topic\":\"t\",\"qos\":0,\"retain\":false}",
		"`payload` is missing");
	assert_no_event(a, "{\"event\":\"connected\",\"properties\":{\"colour\":1}}",
		"there is no such property");
	assert_no_event(a, "{\"event\":\"connected\",\"properties\":{\"receive_maximum\":\"1\"}}",
		"a property of another type");
	assert_no_event(a,
		"{\"event\":\"hello\",\"contract\":2,\"name\":\"n\",\"version\":\"2\","
		"\"versions\":[\"5.0\"]}",
		"knows contract 1");
	assert_no_event(a,
		"{\"event\":\"hello\",\"contract\":1,\"name\":\"n\",\"version\":\"2\","
		"\"versions\":[\"3.1\"]}",
		"must name 3.1.1, 5.0 or both");
}

/* ---- around it ----------------------------------------------------------------------------- */

static int set_up(void **state)
{
	static struct arena arena;

	arena_init(&arena);
	*state = &arena;
	return 0;
}

static int tear_down(void **state)
{
	arena_fini(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connect_has_what_is_always_there),
		cmocka_unit_test(connect_has_what_was_asked_for),
		cmocka_unit_test(connect_says_how_unless_it_is_tcp),
		cmocka_unit_test(clean_start_of_a_kept_session),
		cmocka_unit_test(filters_stand_in_order),
		cmocka_unit_test(payloads_are_text_or_digits),
		cmocka_unit_test(the_other_commands),
		cmocka_unit_test(answers_are_read),
		cmocka_unit_test(messages_are_read),
		cmocka_unit_test(hello_is_read),
		cmocka_unit_test(hello_may_name_transports),
		cmocka_unit_test(what_is_no_event_is_said),
	};
	return cmocka_run_group_tests_name("contract", tests, set_up, tear_down);
}
