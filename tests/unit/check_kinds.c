/* What a connection of a capture is taken for: MQTT on any port, MQTT in a WebSocket, or something else. */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/check_rig.h"

#define S SIDE_SERVER
#define C SIDE_CLIENT

/* ---- who it is ------------------------------------------------------------------------------- */

static void mqtt_is_found_on_any_port(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_50);
	r.unknown = true;
	r.port = 12345;
	r.chunk = 1;
	rig_play(&r, HELLO "> 38 r s'a' p{} b'dup'\n");
	rig_over(&r);
	assert_int_equal(r.last.kind, CONNECTION_MQTT);
	assert_int_equal(rig_accused(&r, C, "MQTT-3.3.1-2"), 1);
	rig_fini(&r);
}

static void what_is_no_mqtt_is_left_alone(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		enum connection_kind kind;
	} rows[] = {
		{ "SSH-2.0-x\r\n", 11, CONNECTION_OTHER },
		{ "\x16\x03\x01\x00\x10", 5, CONNECTION_TLS },
		{ "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27, CONNECTION_OTHER },
		{ "\x10\x0C\x00\x04MQXX\x04\x02", 10, CONNECTION_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rig r;
		rig_init(&r, MQTT_311);
		r.unknown = true;
		rig_bytes(&r, C, rows[i].bytes, rows[i].size);
		rig_over(&r);
		assert_int_equal(r.last.kind, rows[i].kind);
		assert_int_equal(r.found_count, 0);
		rig_fini(&r);
	}
}

static void mqtt_3_1_is_named_and_not_judged(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, "> 10 r s'MQIsdp' 03 02 n0 s'me'\n" WELCOME "> 90 03 00 01 00\n" PINGS);
	rig_over(&r);
	assert_int_equal(r.last.kind, CONNECTION_OLD);
	assert_string_equal(r.version_name, "3.1");
	assert_string_equal(r.client_id, "me");
	assert_int_equal(r.found_count, 0);
	rig_fini(&r);
}

/* ---- WebSocket ------------------------------------------------------------------------------- */

static void request_websocket(struct rig *r, const char *protocol)
{
	char head[512];

	snprintf(head, sizeof(head),
		"GET /mqtt HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		"Sec-WebSocket-Protocol: %s\r\n\r\n",
		protocol);
	rig_bytes(r, C, head, strlen(head));
	snprintf(head, sizeof(head),
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
		"Sec-WebSocket-Protocol: %s\r\n\r\n",
		protocol);
	rig_bytes(r, S, head, strlen(head));
}

/* Masked with 0, so that it can be read here. */
static void frame(struct rig *r, enum side from, uint8_t opcode, const void *data, size_t size)
{
	uint8_t bytes[256] = { opcode, (uint8_t)(size | (from == C ? 0x80 : 0)) };
	size_t head = from == C ? 6 : 2;

	memcpy(bytes + head, data, size);
	rig_bytes(r, from, bytes, head + size);
}

static const uint8_t connect_311[] = { 0x10, 0x0E, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 2, 'm',
	'e' };

static void websockets_are_unwrapped(void **state)
{
	(void)state;
	for (size_t chunk = 0; chunk < 8; chunk++) {
		struct rig r;
		rig_init(&r, MQTT_311);
		r.unknown = true;
		r.chunk = chunk;
		request_websocket(&r, "mqtt");
		/* Packets are not aligned with frames. */
		frame(&r, C, 0x02, connect_311, 5);
		frame(&r, C, 0x89, "ping", 4);
		frame(&r, C, 0x80, connect_311 + 5, sizeof(connect_311) - 5);
		frame(&r, S, 0x82, "\x20\x02\x00", 3);
		frame(&r, S, 0x82, "\x00", 1);
		frame(&r, C, 0x82,
			"\x36\x05\x00\x01"
			"a\x00\x01",
			7);
		rig_over(&r);
		assert_int_equal(r.last.kind, CONNECTION_MQTT);
		assert_string_equal(r.last.transport, "ws");
		assert_string_equal(r.client_id, "me");
		assert_int_equal(r.found_count, 1);
		assert_int_equal(rig_accused(&r, C, "MQTT-3.3.1-4"), 1);
		rig_fini(&r);
	}
}

static void frames_of_text_and_other_subprotocols_are_found(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	request_websocket(&r, "mqttv3.1");
	frame(&r, C, 0x82, connect_311, sizeof(connect_311));
	frame(&r, S, 0x81, "\x20\x02\x00\x00", 4);
	rig_over(&r);
	assert_int_equal(rig_accused(&r, C, "MQTT-6.0.0-3"), 1);
	assert_int_equal(rig_accused(&r, S, "MQTT-6.0.0-1"), 1);
	rig_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mqtt_is_found_on_any_port),
		cmocka_unit_test(what_is_no_mqtt_is_left_alone),
		cmocka_unit_test(mqtt_3_1_is_named_and_not_judged),
		cmocka_unit_test(websockets_are_unwrapped),
		cmocka_unit_test(frames_of_text_and_other_subprotocols_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
