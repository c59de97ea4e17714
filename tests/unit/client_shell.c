/* The parts of the client's shell that need no socket: servers, properties, results, the inbox. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#include "client/shell/channel.h"
#include "client/shell/inbox.h"
#include "client/shell/server.h"
#include "client/shell/shell.h"

static void servers_are_read(void **state)
{
	static const struct {
		const char *text, *host, *port;
	} good[] = {
		{ "localhost", "localhost", "1883" },
		{ "mqtt://host:1884", "host", "1884" },
		{ "10.0.0.1:1", "10.0.0.1", "1" },
		{ "[::1]:65535", "::1", "65535" },
		{ "[::1]", "::1", "1883" },
		{ "fe80::1", "fe80::1", "1883" },
		{ "unix:/run/mqtt.sock", "/run/mqtt.sock", "" },
		{ "mqtts://host", "host", "8883" },
		{ "mqtts://[::1]:1", "::1", "1" },
	};
	struct server s;
	char error[128];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(server_read(&s, good[i].text, error, sizeof(error)));
		assert_string_equal(s.host, good[i].host);
		assert_string_equal(s.port, good[i].port);
	}
}

static void a_scheme_says_what_is_between(void **state)
{
	static const struct {
		const char *text, *port, *path, *layers[SERVER_LAYERS];
	} rows[] = {
		{ "host", "1883", "", { NULL, NULL } },
		{ "mqtts://host", "8883", "", { "TLS", NULL } },
		{ "ws://host", "80", "/mqtt", { "WebSocket", NULL } },
		{ "ws://host:81/", "81", "/", { "WebSocket", NULL } },
		{ "wss://host/a/b?c=d@e:1", "443", "/a/b?c=d@e:1", { "TLS", "WebSocket" } },
	};
	struct server s;
	char error[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_true(server_read(&s, rows[i].text, error, sizeof(error)));
		assert_string_equal(s.host, "host");
		assert_string_equal(s.port, rows[i].port);
		assert_string_equal(s.path, rows[i].path);
		assert_int_equal(
			s.secure, rows[i].layers[0] != NULL && !strcmp(rows[i].layers[0], "TLS"));
		for (size_t k = 0; k < SERVER_LAYERS; k++) {
			assert_int_equal(!s.channels[k], !rows[i].layers[k]);
			if (rows[i].layers[k])
				assert_string_equal(s.channels[k]->name, rows[i].layers[k]);
		}
	}
}

static void nonsense_is_no_server(void **state)
{
	static const char *const bad[] = { "", "host:", "host:0", "host:65536", "host:x", ":1883",
		"[::1", "unix:", "mqtts://", "mqtt://", "mqttss://host", "me:secret@host",
		"host:1 ", "mqtt://host/", "[::1]x", "ws://", "ws://host?x", "ws://host/a b",
		"ws://host/#x", "ws://me@host/" };
	struct server s;
	char error[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		error[0] = 0;
		if (server_read(&s, bad[i], error, sizeof(error)))
			fail_msg("\"%s\" was read", bad[i]);
		assert_true(strlen(error) > 0);
	}
}

/* One of each type there and back. */
static void properties_come_back(void **state)
{
	static const struct mqttspec_property in[] = {
		{ .id = MQTTSPEC_PAYLOAD_FORMAT_INDICATOR, .number = 1 },
		{ .id = MQTTSPEC_RECEIVE_MAXIMUM, .number = 65535 },
		{ .id = MQTTSPEC_SESSION_EXPIRY_INTERVAL, .number = UINT32_MAX },
		{ .id = MQTTSPEC_SUBSCRIPTION_IDENTIFIER, .number = 268435455 },
		{ .id = MQTTSPEC_CONTENT_TYPE, .text = "text/plain" },
		{ .id = MQTTSPEC_CORRELATION_DATA, .text = "a\0b", .len = 3 },
		{ .id = MQTTSPEC_USER_PROPERTY, .name = "name", .text = "" },
	};
	enum { COUNT = sizeof(in) / sizeof(*in) };
	struct mqttspec_property out;
	struct buf raw;
	size_t at = 0;

	(void)state;
	buf_init(&raw, 1000);
	assert_true(properties_encode(&raw, in, COUNT));
	struct mqttspec_properties all = { raw.data, raw.len };
	for (size_t i = 0; i < COUNT; i++) {
		assert_true(mqttspec_properties_next(&all, &at, &out));
		assert_int_equal(out.id, in[i].id);
		assert_int_equal(out.number, in[i].number);
		size_t len = in[i].len ? in[i].len : in[i].text ? strlen(in[i].text) : 0;
		assert_int_equal(out.len, len);
		assert_true(!len || !memcmp(out.text, in[i].text, len));
	}
	assert_int_equal(out.name_len, 4);
	assert_false(mqttspec_properties_next(&all, &at, &out));
	buf_fini(&raw);
}

static void impossible_properties_are_refused(void **state)
{
	static const struct mqttspec_property bad[] = {
		{ .id = 0x00 },
		{ .id = 0x7f },
		{ .id = MQTTSPEC_MAXIMUM_QOS, .number = 256 },
		{ .id = MQTTSPEC_TOPIC_ALIAS, .number = 65536 },
		{ .id = MQTTSPEC_SUBSCRIPTION_IDENTIFIER, .number = 268435456 },
		{ .id = MQTTSPEC_CONTENT_TYPE, .text = "x", .len = 65536 },
	};
	struct buf raw;

	(void)state;
	buf_init(&raw, 1000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(properties_encode(&raw, &bad[i], 1));
	buf_fini(&raw);
}

static void results_have_a_text(void **state)
{
	(void)state;
	assert_string_equal(mqttspec_result_text(MQTTSPEC_OK), "success");
	assert_string_equal(mqttspec_result_text(0x87), "Not authorized");
	assert_string_equal(mqttspec_result_text(0x8e), "Session taken over");
	assert_string_equal(mqttspec_result_text(MQTTSPEC_FULL), "the queue is full");
	assert_string_equal(mqttspec_result_text(MQTTSPEC_BROKEN), "the server broke the rules");
	assert_string_equal(mqttspec_result_text(0xff), "unknown");
	assert_string_equal(mqttspec_result_text(-1), "unknown");
	assert_string_equal(mqttspec_result_text(MQTTSPEC_UNTRUSTED + 1), "unknown");
	for (int result = 1; result <= 5; result++)
		assert_string_not_equal(mqttspec_result_text(result), "unknown");
}

static void the_inbox_keeps_order(void **state)
{
	struct inbox b = { 0 };
	const struct mqttspec_message *m;
	char payload[8];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		snprintf(payload, sizeof(payload), "%u", i);
		struct mqtt_publish p = { .topic = MQTT_VIEW("a/b"),
			.qos = 1,
			.id = 7,
			.payload = mqtt_view_of(payload),
			.properties.raw = MQTT_VIEW("\x01\x01") };
		assert_true(inbox_add(&b, &p));
	}
	for (unsigned i = 0; i < 2; i++) {
		m = inbox_take(&b);
		assert_string_equal(m->topic, "a/b");
		assert_int_equal(m->payload_len, 1);
		assert_int_equal(*(const char *)m->payload, '0' + (int)i);
		assert_int_equal(m->received.len, 2);
		assert_int_equal(b.count, 2 - i);
	}
	inbox_fini(&b);
	assert_null(inbox_take(&b));
}

/* No loop runs here: what can be known before must be told at once. */
static void wrong_options_are_named(void **state)
{
	static const char *const server[] = { "localhost" };
	struct mqttspec_property bad = { .id = MQTTSPEC_TOPIC_ALIAS, .number = 1 };
	struct mqttspec_options o;
	char error[256];

	(void)state;
	mqttspec_options_default(&o);
	assert_null(mqttspec_client_new(&o, NULL, error, sizeof(error)));
	assert_string_equal(error, "no server to connect to");
	o.servers = server;
	o.server_count = 1;
	o.version = 3;
	assert_null(mqttspec_client_new(&o, NULL, error, sizeof(error)));
	o.version = 5;
	o.properties = &bad;
	o.property_count = 1;
	assert_null(mqttspec_client_new(&o, NULL, error, sizeof(error)));
	assert_string_equal(error, "no legal CONNECT can be made of these options");
	o.property_count = 0;
	o.bind_address = "localhost";
	assert_null(mqttspec_client_new(&o, NULL, error, sizeof(error)));
	assert_string_equal(error, "localhost: not an IP address");
}

static void requests_wait_for_a_start(void **state)
{
	static const char *const server[] = { "localhost" };
	struct mqttspec_subscription good = { .filter = "a/#", .qos = 1 },
				     bad = { .filter = "#/a" };
	struct mqttspec_message message = { .topic = "t", .qos = 1 };
	const struct mqttspec_message *received;
	struct mqttspec_options o;
	char error[256];

	(void)state;
	mqttspec_options_default(&o);
	o.servers = server;
	o.server_count = 1;
	o.client_id = "me";
	o.queue_messages = 1;
	struct mqttspec_client *c = mqttspec_client_new(&o, NULL, error, sizeof(error));
	assert_non_null(c);
	assert_string_equal(mqttspec_client_id(c), "me");
	assert_int_equal(mqttspec_subscribe(c, &good, 1, NULL, 0, 1), MQTTSPEC_OK);
	assert_int_equal(mqttspec_subscribe(c, &bad, 1, NULL, 0, 2), MQTTSPEC_INVALID);
	assert_int_equal(mqttspec_subscribe(c, &good, 0, NULL, 0, 2), MQTTSPEC_INVALID);
	assert_int_equal(mqttspec_unsubscribe(c, &bad.filter, 1, NULL, 0, 3), MQTTSPEC_INVALID);
	assert_int_equal(mqttspec_publish(c, &message, 4), MQTTSPEC_OK);
	assert_int_equal(mqttspec_publish(c, &message, 5), MQTTSPEC_FULL);
	assert_int_equal(mqttspec_pending(c), 1);
	assert_int_equal(mqttspec_authenticate(c), MQTTSPEC_NOT_CONNECTED);
	assert_int_equal(mqttspec_receive(c, &received, 1000), MQTTSPEC_NOT_CONNECTED);
	assert_false(mqttspec_is_connected(c));
	mqttspec_client_free(c);
}

/* Refused, and nothing changed; or taken, with the session gone if it is not to be kept. */
static void what_to_connect_with_may_change(void **state)
{
	static const char *const server[] = { "localhost" }, *const bad[] = { "host:x" };
	struct mqttspec_options o;
	char error[256];

	(void)state;
	mqttspec_options_default(&o);
	o.servers = server;
	o.server_count = 1;
	o.client_id = "me";
	struct mqttspec_client *c = mqttspec_client_new(&o, NULL, error, sizeof(error));
	o.client_id = "you";
	o.servers = bad;
	assert_false(mqttspec_set_connect(c, &o, error, sizeof(error)));
	o.servers = server;
	o.version = 4;
	assert_false(mqttspec_set_connect(c, &o, error, sizeof(error)));
	assert_string_equal(error, "a session cannot change its version");
	o.version = 5;
	o.client_id = "\xff";
	assert_false(mqttspec_set_connect(c, &o, error, sizeof(error)));
	assert_string_equal(error, "no legal CONNECT can be made of these options");
	assert_string_equal(mqttspec_client_id(c), "me");
	o.client_id = "you";
	assert_true(mqttspec_set_connect(c, &o, error, sizeof(error)));
	assert_string_equal(mqttspec_client_id(c), "you");
	mqttspec_start(c);
	assert_false(mqttspec_set_connect(c, &o, error, sizeof(error)));
	assert_string_equal(error, "the client has not stopped");
	mqttspec_client_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_read),
		cmocka_unit_test(a_scheme_says_what_is_between),
		cmocka_unit_test(nonsense_is_no_server),
		cmocka_unit_test(properties_come_back),
		cmocka_unit_test(impossible_properties_are_refused),
		cmocka_unit_test(results_have_a_text),
		cmocka_unit_test(the_inbox_keeps_order),
		cmocka_unit_test(wrong_options_are_named),
		cmocka_unit_test(requests_wait_for_a_start),
		cmocka_unit_test(what_to_connect_with_may_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
