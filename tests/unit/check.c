/* What is found in captures, and above all: whom nothing accuses. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "check/summary.h"
#include "harness/versions.h"
#include "tests/unit/check_rig.h"

#define S SIDE_SERVER
#define C SIDE_CLIENT

/* Longer than tests of packets need: nobody is silent by mistake. */
#define PINGS "> C0 00\n< D0 00\n"

static char *joined_text(struct arena *a, const char *one, const char *two)
{
	return arena_printf(a, "%s%s", one, two);
}

/* ---- the rules of the monitor ---------------------------------------------------------------- */

static bool is_of_check(const struct rig_found *f)
{
	return strstr(f->what, "it goes on after packet");
}

static void print_row(const struct rig *r, const struct exchange *x, const char *text)
{
	fprintf(stderr, "%s", text);
	for (size_t i = 0; i < x->finding_count; i++)
		fprintf(stderr, "  due: %s %s\n", x->findings[i].statement, x->findings[i].what);
	for (size_t i = 0; i < r->found_count; i++)
		fprintf(stderr, "  found: %d %s %s\n", r->found[i].accused, r->found[i].statement,
			r->found[i].what);
}

/* A monitor that knows the version from elsewhere says the same of it. */
static void play_row(enum mqtt_version version, enum side judged, const char *text, size_t chunk)
{
	struct arena a;
	struct rig r;
	size_t due = 0;

	arena_init(&a);
	rig_init(&r, version);
	r.chunk = chunk;
	struct exchange x = exchange_play(&a, version, judged, text);
	rig_play(&r, text);
	rig_over(&r);
	for (size_t i = 0; i < r.found_count; i++) {
		if (r.found[i].accused != judged || is_of_check(&r.found[i]))
			continue;
		bool same = due < x.finding_count &&
			!strcmp(r.found[i].statement, x.findings[due].statement) &&
			!strcmp(r.found[i].what, x.findings[due].what);
		if (!same)
			print_row(&r, &x, text);
		assert_true(same);
		due++;
	}
	if (due != x.finding_count)
		print_row(&r, &x, text);
	assert_int_equal(due, x.finding_count);
	rig_fini(&r);
	arena_fini(&a);
}

/* Before the level byte of CONNECT nobody knows that the version is 5.0. */
static bool begins_with_connect(const char *text)
{
	return !strncmp(text, "> 1", 3) && strncmp(text + 4, " r s'MQTT' @", 12) == 0;
}

static void what_the_monitor_finds_is_found(void **state)
{
	struct arena a;
	size_t played = 0;

	(void)state;
	arena_init(&a);
	for (size_t t = 0; t < breach_table_count; t++)
		for (size_t i = 0; i < breach_tables[t].count; i++) {
			const struct breach_row *row = &breach_tables[t].rows[i];
			const char *bad = joined_text(&a, row->before, row->bad);
			const char *good = joined_text(&a, row->before, row->good);
			for (int v = 0; v < VERSION_COUNT; v++) {
				if ((row->version && row->version != version_at(v)) ||
					!monitor_rule_statement(
						row->rule, version_at(v), row->judged) ||
					!begins_with_connect(bad) || !begins_with_connect(good))
					continue;
				for (size_t chunk = 0; chunk < 2; chunk++) {
					play_row(version_at(v), row->judged, bad, chunk);
					play_row(version_at(v), row->judged, good, chunk);
				}
				played++;
			}
		}
	assert_true(played > 150);
	arena_fini(&a);
}

static void nothing_is_found_in_legal_exchanges(void **state)
{
	(void)state;
	for (size_t i = 0; i < legal_row_count; i++)
		for (int v = 0; v < VERSION_COUNT; v++)
			if ((!legal_rows[i].version || legal_rows[i].version == version_at(v)) &&
				begins_with_connect(legal_rows[i].text))
				play_row(version_at(v), legal_rows[i].judged, legal_rows[i].text,
					i % 3);
}

/* ---- what a capture cannot show -------------------------------------------------------------- */

/* An exchange in which every answer is to something of the first half. */
#define FIRST_HALF                                                                    \
	KEPT WELCOME "> 32 r s'a' m5 p{} b'1'\n> 34 r s'a' m6 p{} b'2'\n" SUBSCRIBED( \
		"b", "02") "< 32 r s'b' m5 p{} b'3'\n< 34 r s'b' m6 p{} b'4'\n"
#define SECOND_HALF                                                                               \
	"> 40 r m5\n> 50 r m6\n< 62 r m6\n> 70 r m6\n< 40 r m5\n< 50 r m6\n> 62 r m6\n"           \
	"< 70 r m6\n< 32 r s'b' m5 p{} b'5'\n> 40 r m5\n" PINGS "< 30 r s'b' p{} b'6'\n> E0 00\n" \
	">close\n"

static void what_began_before_the_capture_accuses_nobody(void **state)
{
	(void)state;
	for (int v = 0; v < VERSION_COUNT; v++)
		for (int backwards = 0; backwards < 2; backwards++) {
			struct rig r;
			rig_init(&r, version_at(v));
			r.joined = true;
			r.backwards = backwards;
			rig_play(&r, SECOND_HALF);
			rig_over(&r);
			assert_int_equal(r.found_count, 0);
			assert_int_equal(r.last.kind, CONNECTION_MQTT);
			assert_false(r.last.whole);
			rig_fini(&r);
		}
}

static void what_is_lost_accuses_nobody(void **state)
{
	(void)state;
	for (int v = 0; v < VERSION_COUNT; v++)
		for (int side = C; side <= S; side++) {
			struct rig r;
			rig_init(&r, version_at(v));
			rig_play(&r, GREET WELCOME);
			rig_gap(&r, (enum side)side, 100);
			rig_play(&r, SECOND_HALF);
			rig_over(&r);
			assert_int_equal(r.found_count, 0);
			assert_int_equal(r.last.missing[side], 100);
			assert_string_equal(r.client_id, "me");
			rig_fini(&r);
		}
}

/* The gap ends within a packet: nothing is taken for one until packets hold again. */
static void after_a_gap_the_stream_is_taken_up_where_packets_hold(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, HELLO);
	rig_gap(&r, C, 7);
	rig_bytes(&r, C, "ld of a payload\xFF\xFF", 17);
	rig_play(&r, "> C0 00\n> 36 r s'a' m1 b'3'\n");
	rig_over(&r);
	assert_int_equal(r.found_count, 1);
	assert_int_equal(rig_accused(&r, C, "MQTT-3.3.1-4"), 1);
	assert_int_equal(r.last.packets[C], 3);
	rig_fini(&r);
}

static void what_stands_by_itself_is_found_in_the_middle_of_a_connection(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_50);
	r.joined = true;
	/* Reason Codes and properties: no 3.1.1. */
	rig_play(&r, "> 40 r m7 10\n> 40 r m8 10\n> 38 r s'a' p{} b'dup'\n");
	rig_over(&r);
	assert_string_equal(r.version_name, "5.0");
	assert_true(r.last.version_guessed);
	assert_int_equal(rig_accused(&r, C, "MQTT-3.3.1-2"), 1);
	rig_fini(&r);
}

static void an_unknown_version_accuses_nobody(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	r.joined = true;
	rig_play(&r, PINGS PINGS "> C0 00\n> 40 02 00 07\n< D0 00\n");
	rig_over(&r);
	assert_int_equal(r.found_count, 0);
	assert_string_equal(r.version_name, "");
	rig_fini(&r);
}

/* What follows is no packet, and nobody knows whose fault it is. */
static void a_packet_that_cannot_be_read_after_a_gap_accuses_nobody(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, HELLO);
	rig_gap(&r, C, 7);
	rig_play(&r, "> C0 00\n");
	rig_bytes(&r, C, "\x82\x01\x00", 3);
	rig_over(&r);
	assert_int_equal(r.found_count, 0);
	rig_fini(&r);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void a_session_is_known_on_its_next_connection(void **state)
{
	static const char first[] =
		KEPT WELCOME SUBSCRIBED("a", "01") "< 32 r s'a' m1 b'1'\n>close\n";
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, first);
	rig_play(&r, "---\n> 10 r s'MQTT' @ 02 n0 s'you'\n" WELCOME "---\n");
	rig_play(&r, KEPT "< 20 r 01 00\n< 32 r s'a' m1 b'1'\n");
	rig_over(&r);
	assert_int_equal(rig_accused(&r, S, "MQTT-3.3.1-1"), 1);
	rig_fini(&r);
}

/* At another server it is another session. */
static void a_session_elsewhere_accuses_nobody(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, KEPT WELCOME SUBSCRIBED("a", "01") "< 32 r s'a' m1 b'1'\n>close\n---\n");
	r.port = 1884;
	rig_play(&r, KEPT "< 20 r 01 00\n< 32 r s'b' m1 b'1'\n> 40 r m1\n---\n");
	r.port = 1883;
	rig_play(&r, KEPT "< 20 r 01 00\n< 32 r s'b' m1 b'1'\n");
	rig_over(&r);
	assert_int_equal(r.found_count, 0);
	rig_fini(&r);
}

static void a_session_of_which_something_was_lost_accuses_nobody(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, KEPT WELCOME SUBSCRIBED("a", "01"));
	rig_gap(&r, C, 20); /* a SUBSCRIBE, perhaps */
	rig_play(&r, PINGS ">close\n---\n" KEPT "< 20 r 01 00\n< 32 r s'b' m1 b'1'\n");
	rig_over(&r);
	assert_int_equal(r.found_count, 0);
	rig_fini(&r);
}

/* ---- Keep Alive ------------------------------------------------------------------------------ */

#define KEPT_ALIVE "> 10 r s'MQTT' @ 02 n10 p{} s'me'\n" WELCOME

static void silent_for(struct rig *r, double seconds, const char *then)
{
	rig_init(r, MQTT_311);
	rig_play(r, KEPT_ALIVE);
	rig_wait(r, seconds);
	rig_play(r, then);
	rig_over(r);
}

static void keep_alive_accuses_after_its_margins(void **state)
{
	static const struct {
		double seconds;
		const char *then;
		unsigned client, server;
	} rows[] = {
		{ 9, PINGS, 0, 0 }, { 14.9, PINGS, 0, 0 }, { 15.5, PINGS, 1, 0 },
		{ 17.5, PINGS, 1, 1 },       /* the server has read on */
		{ 17.5, "> C0 00\n", 1, 0 }, /* nobody knows */
		{ 16.5, "<close\n", 0, 0 }, { 17.5, "<close\n", 0, 1 },
		{ 17.5, ">close\n<close\n", 0, 0 },   /* the client ended it */
		{ 17.5, "< 30 r s'a' b'x'\n", 0, 1 }, /* to a silent client */
		{ 60, "", 0, 0 },                     /* it may have gone */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rig r;
		silent_for(&r, rows[i].seconds, rows[i].then);
		if (rig_accused(&r, C, "MQTT-3.1.2-23") != rows[i].client ||
			rig_accused(&r, S, "MQTT-3.1.2-24") != rows[i].server)
			fail_msg("%.1f s, then %s", rows[i].seconds, rows[i].then);
		rig_fini(&r);
	}
}

static void silence_across_a_loss_accuses_nobody(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, KEPT_ALIVE);
	rig_wait(&r, 12);
	rig_gap(&r, C, 2); /* a PINGREQ, perhaps */
	rig_wait(&r, 9);
	rig_play(&r, PINGS);
	/* The network was away: whatever was sent came late. */
	rig_wait(&r, 40);
	r.flow.ways[FLOW_FROM_OPENER].retransmissions++;
	rig_play(&r, "> C0 00\n");
	rig_over(&r);
	assert_int_equal(r.found_count, 0);
	rig_fini(&r);
}

static void a_server_that_may_not_have_read_is_not_accused_of_patience(void **state)
{
	(void)state;
	for (int how = 0; how < 3; how++) {
		struct rig r;
		rig_init(&r, MQTT_311);
		rig_play(&r, KEPT_ALIVE);
		if (how == 1)
			rig_play(&r, "> C0 00\n"); /* unanswered */
		if (how == 2)
			r.flow.ways[FLOW_FROM_OPENER].zero_windows++;
		rig_wait(&r, 20);
		rig_play(&r, "<close\n");
		rig_over(&r);
		assert_int_equal(r.found_count, how == 0);
		rig_fini(&r);
	}
}

/* ---- tolerance ------------------------------------------------------------------------------- */

static void a_server_that_reads_on_is_accused_once_it_has_shown_so(void **state)
{
	static const struct {
		enum mqtt_version version;
		const char *text;
		unsigned server;
		const char *statement;
	} rows[] = {
		{ MQTT_311, HELLO "> 90 03 00 01 00\n> C0 00\n< D0 00\n", 1, "MQTT-4.8.0-1" },
		/* The answer is to what came before. */
		{ MQTT_311, HELLO "> C0 00\n> 90 03 00 01 00\n< D0 00\n", 0, NULL },
		{ MQTT_311, HELLO "> C0 00\n> 90 03 00 01 00\n< D0 00\n> C0 00\n< D0 00\n", 1,
			"MQTT-4.8.0-1" },
		{ MQTT_311, HELLO "> 32 r s'a' m1\n> 90 03 00 01 00\n< 40 r m1\n", 0, NULL },
		{ MQTT_311, HELLO "> 90 03 00 01 00\n> 32 r s'a' m1\n< 40 r m1\n", 1,
			"MQTT-4.8.0-1" },
		{ MQTT_311, HELLO "> 90 03 00 01 00\n<close\n", 0, NULL },
		/* The answer to the very packet. */
		{ MQTT_311, HELLO "> C0 02 61 62\n< D0 00\n", 1, "MQTT-4.8.0-1" },
		{ MQTT_311, HELLO "> C1 00\n< D0 00\n", 1, "MQTT-2.2.2-2" },
		{ MQTT_311, HELLO "> C0 00\n> C0 02 61 62\n< D0 00\n", 0, NULL },
		{ MQTT_311, HELLO "> C1 00\n> C0 00\n< D0 00\n< D0 00\n", 1, "MQTT-2.2.2-2" },
		/* A receiver of 5.0 need not notice everything ... */
		{ MQTT_50, HELLO "> 90 04 00 01 00 00\n> C0 00\n< D0 00\n", 0, NULL },
		/* ... but this. */
		{ MQTT_50, HELLO "> 80 r m1 p{} s'a' 00\n> C0 00\n< D0 00\n", 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rig r;
		rig_init(&r, rows[i].version);
		rig_play(&r, rows[i].text);
		rig_over(&r);
		if (rig_accused(&r, S, rows[i].statement) != rows[i].server)
			fail_msg("%s", rows[i].text);
		assert_true(rig_accused(&r, C, NULL) > 0);
		rig_fini(&r);
	}
}

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

/* User name and password are in CONNECT: it is shown among the packets around a finding. */
static void a_password_is_never_shown(void **state)
{
	static const char *const texts[] = {
		("> 10 r s'MQTT' @ C3 n0 p{} s'me' s'user' s'secret'\n" WELCOME),
		/* It says that there is none. */
		"> 10 r s'MQTT' @ 02 n0 p{} s'me' s'user' s'secret'\n<close\n",
		"> 10 FF FF FF FF 7F s'MQTT' @ C2 s'me' s'secret'\n<close\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct rig r;
		rig_init(&r, MQTT_311);
		rig_play(&r, texts[i]);
		rig_over(&r);
		assert_true(r.found_count > 0);
		for (size_t k = 0; k < r.found_count; k++)
			assert_false(r.found[k].has_secret);
		rig_fini(&r);
	}
}

static void a_finding_comes_with_the_packets_around_it(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, HELLO PINGS "> 38 r s'a' b'dup'\n");
	assert_int_equal(r.found_count, 0); /* the packet after it is due */
	rig_play(&r, PINGS);
	assert_int_equal(r.found_count, 1);
	assert_int_equal(r.found[0].packet, 5);
	assert_int_equal(r.found[0].line_count, 4);
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

/* ---- memory ---------------------------------------------------------------------------------- */

static void a_long_connection_takes_no_more_memory_than_a_short_one(void **state)
{
	struct rig r;
	uint8_t publish[] = { 0x32, 0x07, 0, 1, 'a', 0, 0, 'x', 'y' };
	uint8_t puback[] = { 0x40, 2, 0, 0 };
	size_t early = 0;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_play(&r, HELLO);
	for (unsigned i = 1; i <= 200000; i++) {
		unsigned id = 1 + i % 65535;
		publish[5] = puback[2] = (uint8_t)(id >> 8);
		publish[6] = puback[3] = (uint8_t)id;
		rig_bytes(&r, C, publish, sizeof(publish));
		rig_bytes(&r, S, puback, sizeof(puback));
		if (i == 1000)
			early = connection_memory(r.connection);
	}
	assert_int_equal(r.found_count, 0);
	assert_true(early > 0);
	assert_true(connection_memory(r.connection) <= 2 * early);
	rig_fini(&r);
}

/* ---- the QoS that a message was published with ------------------------------------------------ */

#define SUBSCRIBER(filter, qos) \
	"> 10 r s'MQTT' @ 02 n0 p{} s'sub'\n" WELCOME SUBSCRIBED(filter, qos)
#define ONCE " b'a reading of its own'\n"

/* The subscriber is connected all the time; the publisher comes and goes on connections of its own. */
struct pair {
	struct rig publisher, subscriber;
};

static void pair_init(struct pair *p, enum mqtt_version version, const char *greeting)
{
	rig_init(&p->publisher, version);
	rig_init(&p->subscriber, version);
	postings_free(p->publisher.judge.postings);
	p->publisher.judge.postings = p->subscriber.judge.postings;
	rig_play(&p->subscriber, greeting);
	rig_play(&p->publisher, HELLO);
}

static unsigned pair_fini(struct pair *p)
{
	rig_over(&p->publisher);
	rig_over(&p->subscriber);
	unsigned accused = rig_accused(&p->subscriber, S,
		p->subscriber.version == MQTT_50 ? "MQTT-3.8.4-8" : "MQTT-3.8.4-6");
	p->publisher.judge.postings = postings_new();
	rig_fini(&p->publisher);
	rig_fini(&p->subscriber);
	return accused;
}

static void a_message_comes_with_the_lower_of_both_qos(void **state)
{
	static const struct {
		const char *greeting, *published, *delivered;
		unsigned accused;
	} rows[] = {
		{ SUBSCRIBER("a", "02"), "> 30 r s'a' p{}" ONCE, "< 32 r s'a' m1 p{}" ONCE, 1 },
		{ SUBSCRIBER("a", "02"), "> 30 r s'a' p{}" ONCE, "< 30 r s'a' p{}" ONCE, 0 },
		{ SUBSCRIBER("a", "02"), "> 34 r s'a' m1 p{}" ONCE, "< 32 r s'a' m1 p{}" ONCE, 1 },
		{ SUBSCRIBER("a", "01"), "> 34 r s'a' m1 p{}" ONCE, "< 32 r s'a' m1 p{}" ONCE, 0 },
		{ SUBSCRIBER("a", "01"), "> 34 r s'a' m1 p{}" ONCE, "< 30 r s'a' p{}" ONCE, 1 },
		/* One copy may be for each of them. */
		{ SUBSCRIBER("a", "02") SUBSCRIBED("#", "00"), "> 34 r s'a' m1 p{}" ONCE,
			"< 30 r s'a' p{}" ONCE "< 34 r s'a' m1 p{}" ONCE, 0 },
		/* It was granted less for a time. */
		{ SUBSCRIBER("a", "02") SUBSCRIBED("a", "00"), "> 34 r s'a' m1 p{}" ONCE,
			"< 30 r s'a' p{}" ONCE, 0 },
		{ SUBSCRIBER("a", "00") SUBSCRIBED("a", "02"), "> 34 r s'a' m1 p{}" ONCE,
			"< 30 r s'a' p{}" ONCE, 0 },
		/* From the store, or sent again. */
		{ SUBSCRIBER("a", "02"), "> 30 r s'a' p{}" ONCE, "< 33 r s'a' m1 p{}" ONCE, 0 },
		{ SUBSCRIBER("a", "02"), "> 30 r s'a' p{}" ONCE, "< 3A r s'a' m1 p{}" ONCE, 0 },
		/* Which of both is it? */
		{ SUBSCRIBER("a", "02"), "> 34 r s'a' m1 p{}" ONCE "> 30 r s'a' p{}" ONCE,
			"< 34 r s'a' m1 p{}" ONCE, 0 },
		{ SUBSCRIBER("a", "02"), "> 30 r s'a' p{}" ONCE,
			"< 30 r s'a' p{}" ONCE "< 32 r s'a' m1 p{}" ONCE, 0 },
		{ SUBSCRIBER("a", "02"), "> 30 r s'a' p{} b'on'\n", "< 32 r s'a' m1 p{} b'on'\n",
			0 },
		{ SUBSCRIBER("a", "02"), "> 30 r s'b' p{}" ONCE, "< 32 r s'a' m1 p{}" ONCE, 0 },
		/* What cannot be read may have been one. */
		{ SUBSCRIBER("a", "02"), "> 30 r s'a' p{}" ONCE "> 82 01 00\n",
			"< 32 r s'a' m1 p{}" ONCE, 0 },
		/* A Will. */
		{ SUBSCRIBER("a", "02"),
			"> 30 r s'a' p{}" ONCE "---\n> 10 r s'MQTT' @ 0E n0 p{} s'me' p{} s'a' "
			"s'a reading of its own'\n",
			"< 32 r s'a' m1 p{}" ONCE, 0 },
		/* A session of before the capture. */
		{ "> 10 r s'MQTT' @ 00 n0 p{} s'sub'\n< 20 r 01 00 p{}\n" SUBSCRIBED("a", "02"),
			"> 30 r s'a' p{}" ONCE, "< 32 r s'a' m1 p{}" ONCE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int v = 0; v < VERSION_COUNT; v++) {
			struct pair p;
			pair_init(&p, version_at(v), rows[i].greeting);
			rig_play(&p.publisher, rows[i].published);
			rig_play(&p.subscriber, rows[i].delivered);
			unsigned accused = pair_fini(&p);
			if (accused != rows[i].accused)
				fail_msg("row %zu of %d: %u accused", i, v, accused);
		}
}

/* Who carries messages from one server to another may do that with another QoS. */
static void what_was_published_at_another_server_accuses_nobody(void **state)
{
	(void)state;
	for (int both = 0; both < 2; both++) {
		struct pair p;
		pair_init(&p, MQTT_311, SUBSCRIBER("a", "02"));
		if (both)
			rig_play(&p.publisher, "> 30 r s'a'" ONCE);
		rig_over(&p.publisher);
		p.publisher.host = 3;
		rig_play(&p.publisher, HELLO "> 30 r s'a'" ONCE);
		rig_play(&p.subscriber, "< 32 r s'a' m1" ONCE);
		assert_int_equal(pair_fini(&p), 0);
	}
}

static void what_may_have_been_published_unseen_accuses_nobody(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		struct pair p;
		pair_init(&p, MQTT_311, SUBSCRIBER("a", "02"));
		if (how == 1)
			rig_gap(&p.publisher, C, 20);
		if (how == 2)
			rig_wait(&p.subscriber, 11);
		if (how == 3) {
			struct rig hidden;
			rig_init(&hidden, MQTT_311);
			postings_free(hidden.judge.postings);
			hidden.judge.postings = p.subscriber.judge.postings;
			rig_bytes(&hidden, C, "\x16\x03\x01\x00\x10", 5);
			rig_over(&hidden);
			hidden.judge.postings = postings_new();
			rig_fini(&hidden);
		}
		rig_play(&p.publisher, "> 30 r s'a'" ONCE);
		rig_play(&p.subscriber, "< 32 r s'a' m1" ONCE);
		assert_int_equal(pair_fini(&p), how == 0);
	}
}

/* ---- what is told ---------------------------------------------------------------------------- */

/* Packets 1 to 8: the third breaks a rule at "a", the fifth at "b/c"; the seventh names nothing. */
#define QUARREL                                                                                \
	HELLO "> 38 r s'a' b'dup'\n> C0 00\n> 38 r s'b/c' b'dup'\n> C0 00\n> 90 03 00 01 00\n" \
	      "> C0 00\n"

static void a_topic_chooses_findings(void **state)
{
	static const struct {
		const char *filter;
		unsigned found, over;
	} rows[] = {
		{ "a", 2, 1 },
		{ "b/#", 2, 1 },
		{ "+/c", 2, 1 },
		{ "#", 3, 1 },
		{ "c", 0, 0 },
		{ "$SYS/#", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rig r;
		rig_init(&r, MQTT_311);
		rig_scope(&r, &(struct scope){ .topics = &rows[i].filter, .topic_count = 1 });
		rig_play(&r, QUARREL);
		rig_over(&r);
		if (rig_accused(&r, C, NULL) != rows[i].found || r.over_count != rows[i].over)
			fail_msg("%s: %u found", rows[i].filter, rig_accused(&r, C, NULL));
		assert_int_equal(r.judge.left_out, !rows[i].over);
		rig_fini(&r);
	}
}

/* What is found before a connection names the topic is told all the same, and what is not told was judged. */
static void findings_wait_for_the_topic(void **state)
{
	const char *filter = "late/#";
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_scope(&r, &(struct scope){ .topics = &filter, .topic_count = 1 });
	rig_play(&r, HELLO "> 90 03 00 01 00\n> C0 00\n< D0 00\n");
	assert_int_equal(r.found_count, 0);
	rig_play(&r, "> 82 r m1 s'+/x' 00\n< 90 r m1 00\n> C0 00\n");
	assert_int_equal(rig_accused(&r, S, "MQTT-4.8.0-1"), 1);
	assert_int_equal(rig_accused(&r, C, NULL), 1);
	rig_fini(&r);
}

static void a_session_that_has_subscribed_has_to_do_with_the_topic(void **state)
{
	const char *filter = "a";
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_scope(&r, &(struct scope){ .topics = &filter, .topic_count = 1 });
	rig_play(&r, KEPT WELCOME SUBSCRIBED("a", "01") ">close\n---\n");
	rig_play(&r, KEPT "< 20 r 01 00\n> 90 03 00 01 00\n> C0 00\n");
	rig_over(&r);
	assert_int_equal(r.over_count, 2);
	assert_int_equal(rig_accused(&r, C, NULL), 1);
	rig_fini(&r);
}

static void a_topic_alias_names_its_topic(void **state)
{
	const char *filter = "wanted";
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_50);
	rig_scope(&r, &(struct scope){ .topics = &filter, .topic_count = 1 });
	rig_play(&r,
		"> 10 r s'MQTT' @ 02 n0 p{} s'me'\n< 20 r 00 00 p{ 22 n5 }\n"
		"> 30 r s'wanted' p{ 23 n1 } b'1'\n> 30 r s'other' p{ 23 n2 } b'1'\n"
		"> 38 r s'' p{ 23 n1 } b'dup'\n> 38 r s'' p{ 23 n2 } b'dup'\n");
	rig_over(&r);
	assert_int_equal(r.found_count, 1);
	assert_int_equal(r.found[0].packet, 5);
	rig_fini(&r);
}

static void a_time_chooses_findings_and_connections(void **state)
{
	static const struct {
		int64_t from_ms, to_ms; /* packet n comes at n ms; -1: open */
		unsigned found, over;
	} rows[] = {
		{ -1, -1, 3, 1 },
		{ 3, 3, 1, 1 },
		{ 4, -1, 2, 1 },
		{ -1, 4, 1, 1 },
		{ 4, 4, 0, 1 },
		{ 9, -1, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct scope scope = { 0 };
		struct rig r;
		if (rows[i].from_ms >= 0)
			scope.from =
				(struct scope_time){ SCOPE_SINCE_START, rows[i].from_ms * 1000 };
		if (rows[i].to_ms >= 0)
			scope.to = (struct scope_time){ SCOPE_SINCE_START, rows[i].to_ms * 1000 };
		rig_init(&r, MQTT_311);
		rig_scope(&r, &scope);
		rig_play(&r, QUARREL);
		rig_over(&r);
		if (r.found_count != rows[i].found || r.over_count != rows[i].over)
			fail_msg("row %zu: %zu found, %u over", i, r.found_count, r.over_count);
		rig_fini(&r);
	}
}

/* A session that was used at another address in between is not known any more, whatever is told. */
static void what_is_left_out_is_judged(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_scope(&r, &(struct scope){ .server = "10.0.0.1:1883" });
	rig_play(&r, KEPT WELCOME SUBSCRIBED("a", "01") "< 32 r s'a' m1 b'1'\n>close\n---\n");
	r.port = 1884;
	rig_play(&r, KEPT "< 20 r 01 00\n> 90 03 00 01 00\n---\n");
	r.port = 1883;
	rig_play(&r, KEPT "< 20 r 01 00\n< 32 r s'a' m1 b'1'\n> 40 r m1\n");
	rig_over(&r);
	assert_int_equal(r.found_count, 0);
	assert_int_equal(r.judge.left_out, 1);
	rig_fini(&r);
}

/* What the client breaks is out of time, and that the server goes on is not. */
static void what_is_not_told_has_its_consequences(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MQTT_311);
	rig_scope(&r, &(struct scope){ .from = { SCOPE_SINCE_START, 4000 } });
	rig_play(&r, HELLO "> 90 03 00 01 00\n> C0 00\n< D0 00\n");
	rig_over(&r);
	assert_int_equal(rig_accused(&r, C, NULL), 0);
	assert_int_equal(rig_accused(&r, S, "MQTT-4.8.0-1"), 1);
	rig_fini(&r);
}

static void clients_and_servers_are_chosen(void **state)
{
	static const struct {
		const char *client, *server;
		unsigned over;
	} rows[] = {
		{ "m*", NULL, 1 },
		{ "y*", NULL, 0 },
		{ NULL, "10.0.0.1", 1 },
		{ NULL, "10.0.0.1:1883", 1 },
		{ NULL, "10.0.0.1:1884", 0 },
		{ NULL, "10.0.0", 0 },
		{ "me", "10.0.0.2", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rig r;
		rig_init(&r, MQTT_311);
		rig_scope(&r,
			&(struct scope){ .client_id = rows[i].client, .server = rows[i].server });
		rig_play(&r, QUARREL);
		rig_over(&r);
		if (r.over_count != rows[i].over || r.found_count != 3 * rows[i].over)
			fail_msg("row %zu: %zu found", i, r.found_count);
		rig_fini(&r);
	}
}

static void filters_meet_where_a_topic_matches_both(void **state)
{
	static const struct {
		const char *one, *other;
		bool meet;
	} rows[] = {
		{ "a", "a", true },
		{ "a", "b", false },
		{ "a/+", "+/b", true },
		{ "a/#", "a", true },
		{ "a", "a/#", true },
		{ "a/+", "a", false },
		{ "a/+/#", "a/b", true },
		{ "a/+/c", "a/b/d", false },
		{ "#", "x/y/z", true },
		{ "#", "$SYS/x", false },
		{ "+/x", "$SYS/x", false },
		{ "$SYS/+", "$SYS/x", true },
		{ "$share/g/a/+", "a/b", true },
		{ "a/b/#", "a/+", true },
		{ "/", "+", false },
		{ "/", "+/+", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bytes one = { (const uint8_t *)rows[i].one, strlen(rows[i].one) };
		struct bytes other = { (const uint8_t *)rows[i].other, strlen(rows[i].other) };
		if (filters_meet(one, other) != rows[i].meet ||
			filters_meet(other, one) != rows[i].meet)
			fail_msg("%s and %s", rows[i].one, rows[i].other);
	}
}

/* Signs of three bytes: 13 fit into the room of a ClientId, 21 into that of a topic. */
static void a_long_name_is_cut_between_its_signs(void **state)
{
	static const char name[] = "\xe6\xb0\xb4";
	char text[3 * 30 + 1] = "";
	struct arena a;

	(void)state;
	for (int i = 0; i < 30; i++)
		strcat(text, name);
	arena_init(&a);
	struct summary *s = summary_new();
	struct packet publish = { .type = PUBLISH };
	struct check_connection connection = { .client_id = text, .number = 1 };
	summary_packet(s, 1, SIDE_CLIENT, &publish,
		(struct bytes){ (const uint8_t *)text, strlen(text) }, 0);
	summary_silence(s, &connection, 1, 1);
	struct record_traffic t = summary_traffic(s, &a, 1);
	assert_int_equal(t.topic_count, 1);
	assert_int_equal(strlen(t.topics[0].name), 63 + 3);
	assert_memory_equal(t.topics[0].name, text, 63);
	assert_string_equal(t.topics[0].name + 63, "...");
	assert_int_equal(strlen(t.silences[0].client_id), 39 + 3);
	assert_memory_equal(t.silences[0].client_id, text, 39);
	summary_free(s);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_monitor_finds_is_found),
		cmocka_unit_test(nothing_is_found_in_legal_exchanges),
		cmocka_unit_test(what_began_before_the_capture_accuses_nobody),
		cmocka_unit_test(what_is_lost_accuses_nobody),
		cmocka_unit_test(after_a_gap_the_stream_is_taken_up_where_packets_hold),
		cmocka_unit_test(what_stands_by_itself_is_found_in_the_middle_of_a_connection),
		cmocka_unit_test(an_unknown_version_accuses_nobody),
		cmocka_unit_test(a_packet_that_cannot_be_read_after_a_gap_accuses_nobody),
		cmocka_unit_test(a_session_is_known_on_its_next_connection),
		cmocka_unit_test(a_session_elsewhere_accuses_nobody),
		cmocka_unit_test(a_session_of_which_something_was_lost_accuses_nobody),
		cmocka_unit_test(keep_alive_accuses_after_its_margins),
		cmocka_unit_test(silence_across_a_loss_accuses_nobody),
		cmocka_unit_test(a_server_that_may_not_have_read_is_not_accused_of_patience),
		cmocka_unit_test(a_server_that_reads_on_is_accused_once_it_has_shown_so),
		cmocka_unit_test(mqtt_is_found_on_any_port),
		cmocka_unit_test(what_is_no_mqtt_is_left_alone),
		cmocka_unit_test(mqtt_3_1_is_named_and_not_judged),
		cmocka_unit_test(a_password_is_never_shown),
		cmocka_unit_test(a_finding_comes_with_the_packets_around_it),
		cmocka_unit_test(websockets_are_unwrapped),
		cmocka_unit_test(frames_of_text_and_other_subprotocols_are_found),
		cmocka_unit_test(a_message_comes_with_the_lower_of_both_qos),
		cmocka_unit_test(what_was_published_at_another_server_accuses_nobody),
		cmocka_unit_test(what_may_have_been_published_unseen_accuses_nobody),
		cmocka_unit_test(a_topic_chooses_findings),
		cmocka_unit_test(findings_wait_for_the_topic),
		cmocka_unit_test(a_session_that_has_subscribed_has_to_do_with_the_topic),
		cmocka_unit_test(a_topic_alias_names_its_topic),
		cmocka_unit_test(a_time_chooses_findings_and_connections),
		cmocka_unit_test(what_is_left_out_is_judged),
		cmocka_unit_test(what_is_not_told_has_its_consequences),
		cmocka_unit_test(clients_and_servers_are_chosen),
		cmocka_unit_test(filters_meet_where_a_topic_matches_both),
		cmocka_unit_test(a_long_name_is_cut_between_its_signs),
		cmocka_unit_test(a_long_connection_takes_no_more_memory_than_a_short_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
