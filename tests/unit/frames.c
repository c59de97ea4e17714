/* What travels: how writes become frames and records, and how whatever frames come become bytes. The other side
 * is played by hand, on plain TCP.
 */
#include "tests/unit/ends.h"
#include "tests/unit/unit.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/frame_log.h"
#include "harness/transport/framing.h"
#include "harness/transport/http.h"
#include "harness/transport/opening.h"
#include "harness/transport/ws_asked.h"

enum { HEAD_ROOM = 4096 };

/* ---- a server by hand ---------------------------------------------------------------------- */

/* We have dialled by WebSocket, and hold the other end as plain TCP, after the handshake. */
struct by_hand {
	struct arena arena, dialling;
	struct listener *listener;
	struct endpoint to;
	struct pipe *socket, *plain;
};

static void *dial(void *by_hand)
{
	struct by_hand *h = by_hand;
	const char *error = "";

	h->socket = endpoint_dial(&h->dialling, &h->to, clock_now_us() + ENDS_LIMIT_US, &error);
	return NULL;
}

static void write_all(struct pipe *pipe, const void *data, size_t len)
{
	assert_int_equal(pipe_write(pipe, data, len), (ssize_t)len);
}

/* Answers the handshake, and says `more` with it. */
static void shake_hands(struct by_hand *h, const char *more, size_t more_len)
{
	char text[HEAD_ROOM], accept[OPENING_ACCEPT_SIZE];
	size_t len = 0;
	struct http_head head;
	struct buf out;

	while (http_read_request(text, len, &head) == HTTP_NEED_MORE) {
		ssize_t n = ends_read(h->plain, text + len, sizeof(text) - len);
		assert_true(n > 0);
		len += (size_t)n;
	}
	assert_int_equal(http_read_request(text, len, &head), HTTP_HEAD);
	assert_null(opening_request_fault(&h->arena, &head));
	assert_true(http_is(head.start[1], "/mqtt"));
	opening_accept(*http_field(&head, "Sec-WebSocket-Key"), accept);
	buf_init(&out, HEAD_ROOM);
	opening_answer(&out, accept, true);
	buf_add(&out, more, more_len);
	write_all(h->plain, out.data, out.len);
	buf_fini(&out);
}

static void begin(struct by_hand *h, const char *more, size_t more_len)
{
	const char *error = "";
	pthread_t thread;
	int64_t deadline_us = clock_now_us() + ENDS_LIMIT_US;

	*h = (struct by_hand){ 0 };
	arena_init(&h->arena);
	arena_init(&h->dialling);
	h->listener = transport_listen(&h->arena, &transport_tcp, NULL, &error);
	assert_non_null(h->listener);
	const char *url = arena_printf(&h->arena, "ws://127.0.0.1:%u/mqtt", h->listener->port);
	assert_true(endpoint_parse(&h->arena, url, &h->to, &error));
	assert_int_equal(pthread_create(&thread, NULL, dial, h), 0);
	while (!h->plain && clock_now_us() < deadline_us)
		h->plain = listener_accept(&h->arena, h->listener, deadline_us, &error);
	assert_non_null(h->plain);
	shake_hands(h, more, more_len);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_non_null(h->socket);
}

static void end(struct by_hand *h)
{
	if (h->socket)
		pipe_close(h->socket);
	pipe_close(h->plain);
	listener_close(h->listener);
	arena_fini(&h->arena);
	arena_fini(&h->dialling);
}

/* The next frame that comes, without its mask: its first byte; payload in `out`. */
static unsigned take_frame(struct by_hand *h, char *out, size_t *len)
{
	uint8_t head[6];

	for (size_t got = 0; got < sizeof(head);) {
		ssize_t n = ends_read(h->plain, head + got, sizeof(head) - got);
		assert_true(n > 0);
		got += (size_t)n;
	}
	assert_true(head[1] & 0x80); /* who dials masks */
	*len = head[1] & 0x7f;
	assert_true(*len < 126);
	for (size_t got = 0; got < *len;) {
		ssize_t n = ends_read(h->plain, out + got, *len - got);
		assert_true(n > 0);
		got += (size_t)n;
	}
	for (size_t i = 0; i < *len; i++)
		out[i] = (char)(out[i] ^ head[2 + i % 4]);
	out[*len] = '\0';
	return head[0];
}

static void assert_reads(struct by_hand *h, const char *text)
{
	char got[256];
	size_t len = 0;

	while (len < strlen(text)) {
		ssize_t n = ends_read(h->socket, got + len, sizeof(got) - len);
		assert_true(n > 0 || n == PIPE_AGAIN);
		len += n > 0 ? (size_t)n : 0;
	}
	assert_int_equal(len, strlen(text));
	assert_memory_equal(got, text, len);
}

static ssize_t read_end(struct by_hand *h)
{
	char got[256];
	ssize_t n;

	do
		n = ends_read(h->socket, got, sizeof(got));
	while (n == PIPE_AGAIN);
	return n;
}

#define SAY(h, text) write_all((h)->plain, text, sizeof(text) - 1)

/* ---- frames -------------------------------------------------------------------------------- */

static void every_write_is_a_frame_of_its_own(void **state)
{
	struct by_hand h;
	char payload[128];
	size_t len;

	(void)state;
	begin(&h, "", 0);
	write_all(h.socket, "a", 1);
	write_all(h.socket, "b", 1);
	write_all(h.socket, "several packets", 15);
	for (int i = 0; i < 3; i++) {
		static const char *const written[] = { "a", "b", "several packets" };
		assert_int_equal(take_frame(&h, payload, &len), 0x82);
		assert_string_equal(payload, written[i]);
	}
	end(&h);
}

static void messages_in_fragments_with_pings_between_are_read(void **state)
{
	struct by_hand h;
	char payload[128];
	size_t len;

	(void)state;
	begin(&h, "", 0);
	SAY(&h,
		"\x02\x03one"      /* binary, not the last */
		"\x89\x02hi"       /* ping */
		"\x00\x00"         /* a fragment without anything */
		"\x8a\x01!"        /* pong, which nobody asked for */
		"\x00\x01 "        /* continued */
		"\x80\x03two"      /* the last */
		"\x82\x06 three"); /* another message */
	assert_reads(&h, "one two three");
	assert_int_equal(take_frame(&h, payload, &len), 0x8a);
	assert_string_equal(payload, "hi");
	assert_false(pipe_pending(h.socket));
	end(&h);
}

static void payload_is_handed_on_before_its_frame_is_whole(void **state)
{
	struct by_hand h;

	(void)state;
	begin(&h, "", 0);
	SAY(&h, "\x82\x7e\x01\x00only the beg");
	assert_reads(&h, "only the beg");
	SAY(&h, "inning");
	assert_reads(&h, "inning");
	end(&h);
}

static void what_comes_with_the_handshake_is_not_lost(void **state)
{
	struct by_hand h;

	(void)state;
	begin(&h,
		"\x82\x05"
		"early\x82",
		8);
	assert_true(pipe_pending(h.socket));
	assert_reads(&h, "early");
	SAY(&h, "\x01!");
	assert_reads(&h, "!");
	end(&h);
}

static void a_close_frame_is_answered_and_is_an_end(void **state)
{
	struct by_hand h;
	char payload[128];
	size_t len;

	(void)state;
	begin(&h, "", 0);
	SAY(&h,
		"\x82\x03"
		"bye"
		"\x88\x02\x03\xe8");
	assert_reads(&h, "bye");
	assert_int_equal(read_end(&h), PIPE_END); /* though the socket is open */
	assert_null(h.socket->ended_by);
	assert_int_equal(take_frame(&h, payload, &len), 0x88);
	assert_memory_equal(payload, "\x03\xe8", 2);
	end(&h);
	begin(&h, "", 0);
	SAY(&h, "\x88\x02\x03\xea");
	assert_int_equal(read_end(&h), PIPE_END);
	assert_string_equal(h.socket->ended_by, "WebSocket: a Close frame with code 1002");
	end(&h);
}

static void we_close_with_a_close_frame_and_reset_without(void **state)
{
	struct by_hand h;
	char payload[128];
	size_t len;

	(void)state;
	begin(&h, "", 0);
	pipe_close(h.socket);
	assert_int_equal(take_frame(&h, payload, &len), 0x88);
	assert_int_equal(len, 2);
	assert_memory_equal(payload, "\x03\xe8", 2);
	assert_int_equal(ends_read(h.plain, payload, sizeof(payload)), PIPE_END);
	h.socket = NULL;
	end(&h);
	begin(&h, "", 0);
	pipe_reset(h.socket);
	assert_int_equal(ends_read(h.plain, payload, sizeof(payload)), PIPE_RESET);
	h.socket = NULL;
	end(&h);
}

static void frames_that_break_the_rules_end_it(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		unsigned code;
		const char *says;
	} samples[] = {
		{ "\x81\x01x", 3, 1003, "a text frame has come" },
		{ "\x82\x81\1\2\3\4x", 7, 1002, "breaks its rules" },  /* masked */
		{ "\xc2\x01x", 3, 1002, "breaks its rules" },          /* a reserved bit */
		{ "\x80\x01x", 3, 1002, "breaks its rules" },          /* nothing to continue */
		{ "\x02\x01x\x82\x01y", 6, 1002, "breaks its rules" }, /* one in the other */
		{ "\x83\x00", 2, 1002, "breaks its rules" },           /* opcode 3 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct by_hand h;
		char payload[128];
		size_t len;
		ssize_t n;
		begin(&h, "", 0);
		write_all(h.plain, samples[i].bytes, samples[i].len);
		do
			n = ends_read(h.socket, payload, sizeof(payload));
		while (n > 0 || n == PIPE_AGAIN);
		assert_int_equal(n, PIPE_RESET);
		assert_non_null(strstr(h.socket->ended_by, samples[i].says));
		assert_int_equal(take_frame(&h, payload, &len), 0x88);
		assert_int_equal((uint8_t)payload[0] << 8 | (uint8_t)payload[1], samples[i].code);
		assert_int_equal(pipe_write(h.socket, "x", 1), PIPE_RESET);
		end(&h);
	}
}

/* A peer that sends for ever gets no more of our memory than a turn of reading takes, and loses nothing. */
static void what_is_not_asked_for_is_left_in_the_socket(void **state)
{
	enum { PERIOD = 251, SIZE = 1 << 20, TURNS = 100 };
	static uint8_t block[SIZE + PERIOD], got[SIZE];
	struct by_hand h;
	size_t sent = 0, read = 0;
	ssize_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)(i % PERIOD);
	begin(&h, "", 0);
	SAY(&h, "\x82\x7f\0\0\0\0\x40\0\0\0"); /* a frame of a gigabyte */
	for (int i = 0; i < TURNS; i++) {
		while ((n = pipe_write(h.plain, block + sent % PERIOD, SIZE)) > 0)
			sent += (size_t)n;
		assert_true((n = ends_read(h.socket, got, i % 2 ? 100 : SIZE)) > 0);
		assert_memory_equal(got, block + read % PERIOD, (size_t)n);
		read += (size_t)n;
	}
	assert_true(sent - read < 32u << 20);
	end(&h);
}

/* ---- records ------------------------------------------------------------------------------- */

/* Looks at the records that pass below TLS. */
static void count_records(int write_p, int version, int content_type, const void *data, size_t len,
	SSL *ssl, void *count)
{
	const uint8_t *header = data;

	(void)version, (void)ssl;
	if (write_p && content_type == SSL3_RT_HEADER && len == 5 &&
		header[0] == SSL3_RT_APPLICATION_DATA)
		++*(size_t *)count;
}

static void every_write_is_a_record_of_its_own(void **state)
{
	struct trust trust;
	struct ends e;
	size_t records = 0, got = 0;
	char heard[64];

	(void)state;
	trust_init(&trust);
	SSL_CTX_set_msg_callback(trust.dialling->context, count_records);
	SSL_CTX_set_msg_callback_arg(trust.dialling->context, (void *)&records);
	ends_connect(&e, &transport_wss, &trust);
	records = 0;
	for (const char *c = "bytes"; *c; c++)
		write_all(e.dialled, c, 1);
	assert_int_equal(records, 5); /* and a frame in each */
	while (got < 5) {
		ssize_t n = ends_read(e.accepted, heard + got, sizeof(heard) - got);
		assert_true(n > 0 || n == PIPE_AGAIN);
		got += n > 0 ? (size_t)n : 0;
	}
	assert_memory_equal(heard, "bytes", 5);
	pipe_reset(e.dialled);
	pipe_reset(e.accepted);
	ends_fini(&e);
	trust_fini(&trust);
}

static void count_alerts(int write_p, int version, int content_type, const void *data, size_t len,
	SSL *ssl, void *count)
{
	const uint8_t *alert = data;

	(void)version, (void)ssl;
	if (write_p && content_type == SSL3_RT_ALERT && len == 2 && alert[1] == SSL_AD_CLOSE_NOTIFY)
		++*(size_t *)count;
}

static void a_close_is_announced_and_a_reset_is_not(void **state)
{
	struct trust trust;
	size_t announced = 0;

	(void)state;
	trust_init(&trust);
	SSL_CTX_set_msg_callback(trust.dialling->context, count_alerts);
	SSL_CTX_set_msg_callback_arg(trust.dialling->context, (void *)&announced);
	for (size_t i = 0; i < 2; i++) {
		struct ends e;
		ends_connect(&e, &transport_tls, &trust);
		(i ? pipe_reset : pipe_close)(e.dialled);
		assert_int_equal(announced, 1); /* the second time as before */
		pipe_close(e.accepted);
		ends_fini(&e);
	}
	trust_fini(&trust);
}

/* ---- frames to order ----------------------------------------------------------------------- */

static void check_framing(struct framing framing, const char *data, const char *hex)
{
	struct buf out, text;

	framing.unmasked = true;
	buf_init(&out, HEAD_ROOM);
	buf_init(&text, HEAD_ROOM);
	assert_true(framing_encode(&out, &framing, FRAMES_OF_CLIENT, data, strlen(data)));
	for (size_t i = 0; i < out.len; i++)
		buf_printf(&text, "%02X", out.data[i]);
	assert_string_equal(buf_text(&text), hex);
	buf_fini(&text);
	buf_fini(&out);
}

static void frames_are_made_to_order(void **state)
{
	(void)state;
	check_framing((struct framing){ 0 }, "", "8200");
	check_framing((struct framing){ 0 }, "abc", "8203616263");
	check_framing((struct framing){ .kind = FRAME_TEXT, .reserved = FRAME_RSV2 }, "abc",
		"A103616263");
	check_framing((struct framing){ .message_bytes = 2 }, "abc",
		"82026162"
		"820163");
	check_framing((struct framing){ .fragment_bytes = 1, .pings = true }, "abc",
		"020161"
		"8900"
		"000162"
		"8900"
		"800163");
	check_framing((struct framing){ .message_bytes = 2, .fragment_bytes = 1 }, "abc",
		"020161"
		"800162"
		"820163");
}

static void frames_have_lengths_and_masks(void **state)
{
	static const struct framing masked = { 0 };
	static const char zeros[70000];
	struct buf out;

	(void)state;
	buf_init(&out, 2 * sizeof(zeros));
	assert_true(framing_encode(&out, &masked, FRAMES_OF_CLIENT, zeros, 126));
	assert_memory_equal(out.data, "\x82\xFE\0\x7E", 4);
	assert_int_equal(out.len, 4 + 4 + 126);
	for (size_t i = 0; i < 126; i++) /* of zeros the mask is left */
		assert_int_equal(out.data[8 + i], out.data[4 + i % 4]);
	buf_reset(&out);
	assert_true(framing_encode(&out, &masked, FRAMES_OF_CLIENT, zeros, sizeof(zeros)));
	assert_memory_equal(out.data, "\x82\xFF\0\0\0\0\0\x01\x11\x70", 10);
	assert_int_equal(out.len, 10 + 4 + sizeof(zeros));
	buf_fini(&out);
}

/* What a server sends is masked only where that is the fault. */
static void a_server_masks_nothing_unless_it_is_told_to(void **state)
{
	static const struct framing masked = { .masked = true };
	struct buf out;

	(void)state;
	buf_init(&out, HEAD_ROOM);
	assert_true(framing_encode(
		&out, &(const struct framing){ 0 }, FRAMES_OF_SERVER, "abc", strlen("abc")));
	assert_memory_equal(out.data,
		"\x82\x03"
		"abc",
		5);
	assert_int_equal(out.len, 5);
	assert_true(framing_encode(&out, &masked, FRAMES_OF_SERVER, "abc", strlen("abc")));
	assert_memory_equal(out.data + 5, "\x82\x83", 2);
	assert_int_equal(out.len, 5 + 2 + 4 + 3);
	buf_fini(&out);
}

/* ---- frames that came ---------------------------------------------------------------------- */

/* The same however it is cut. */
static void frames_are_told_by_their_heads(void **state)
{
	static const uint8_t frames[] = "\x82\x83"
					"abcd"
					"xyz" /* binary */
					"\x01\x81"
					"abcd"
					"x" /* text, with the same mask */
					"\x80\x82"
					"abce"
					"xy" /* goes on */
					"\x89\x01"
					"p" /* Ping, without one */
					"\x83\x80"
					"abcf"; /* reserved */
	const size_t size = sizeof(frames) - 1;

	(void)state;
	for (size_t cut = 1; cut <= size; cut++) {
		struct frame_log log = { 0 };
		for (size_t at = 0; at < size; at += cut)
			frame_log_take(&log, frames + at, size - at < cut ? size - at : cut);
		assert_int_equal(log.frames, 5);
		assert_int_equal(log.data, 3);
		assert_int_equal(log.not_binary, 2);
		assert_int_equal(log.unmasked, 1);
		assert_int_equal(log.same_masks, 1);
		assert_int_equal(log.payload_left, 0);
	}
}

static void long_frames_are_passed_over(void **state)
{
	static const uint8_t head_16[] = { 0x82, 0xFE, 0x01, 0x00, 1, 2, 3, 4 };
	static const uint8_t head_64[] = { 0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 5, 6, 7, 8 };
	static const uint8_t zeros[0x10000];
	struct frame_log log = { 0 };

	(void)state;
	frame_log_take(&log, head_16, sizeof(head_16));
	assert_int_equal(log.payload_left, 0x100);
	frame_log_take(&log, zeros, 0x100);
	frame_log_take(&log, head_64, sizeof(head_64));
	assert_int_equal(log.payload_left, sizeof(zeros));
	frame_log_take(&log, zeros, sizeof(zeros));
	assert_int_equal(log.frames, 2);
	assert_int_equal(log.unmasked + log.same_masks + log.not_binary, 0);
}

/* ---- a client by hand ---------------------------------------------------------------------- */

static struct pipe *hear(struct listener *l, struct arena *a, struct ws_asked *asked)
{
	int64_t deadline_us = clock_now_us() + ENDS_LIMIT_US;
	struct pipe *below = NULL;
	const char *error = NULL;

	while (!below && clock_now_us() < deadline_us)
		below = ws_hear(a, l, deadline_us, asked, &error);
	assert_null(error);
	assert_non_null(below);
	return below;
}

/* It asks in `request`, over plain TCP. */
static void ask(struct by_hand *h, const char *request)
{
	const char *error = "";

	*h = (struct by_hand){ 0 };
	arena_init(&h->arena);
	h->listener = transport_listen(&h->arena, &transport_ws, NULL, &error);
	assert_non_null(h->listener);
	assert_string_equal(h->listener->path, "/mqtt");
	const char *url = arena_printf(&h->arena, "mqtt://127.0.0.1:%u", h->listener->port);
	assert_true(endpoint_parse(&h->arena, url, &h->to, &error));
	h->socket = endpoint_dial(&h->arena, &h->to, clock_now_us() + ENDS_LIMIT_US, &error);
	assert_non_null(h->socket);
	write_all(h->socket, request, strlen(request));
}

static void stop(struct by_hand *h)
{
	pipe_close(h->socket);
	listener_close(h->listener);
	arena_fini(&h->arena);
}

static void a_request_is_heard_as_it_is(void **state)
{
	struct by_hand h;
	struct ws_asked asked;

	(void)state;
	ask(&h,
		"POST /a HTTP/1.1\r\nhost: b\r\nUpgrade: websocket\r\nConnection: keep-alive, "
		"upgrade\r\n"
		"Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: c\r\nSec-WebSocket-Protocol: "
		"MQTT\r\n"
		"Sec-WebSocket-Protocol: chat\r\n\r\n");
	struct pipe *below = hear(h.listener, &h.arena, &asked);
	assert_null(asked.fault);
	assert_string_equal(asked.method, "POST");
	assert_string_equal(asked.target, "/a");
	assert_string_equal(asked.host, "b");
	assert_string_equal(asked.version, "8");
	assert_string_equal(asked.protocols, "MQTT, chat");
	assert_string_equal(asked.extensions, "");
	assert_true(asked.upgrades);
	assert_false(asked.has_key);
	assert_false(asked.offers_mqtt); /* in small letters */
	pipe_close(below);
	stop(&h);
}

static void assert_answer(struct by_hand *h, const char *text, size_t size)
{
	char got[HEAD_ROOM];
	size_t len = 0;

	while (len < size) {
		ssize_t n = ends_read(h->socket, got + len, sizeof(got) - len);
		assert_true(n > 0);
		len += (size_t)n;
	}
	assert_int_equal(len, size);
	assert_memory_equal(got, text, len);
}

/* The key and its answer are those of RFC 6455, section 1.3. */
static void an_answer_is_made_to_order(void **state)
{
	static const char request[] =
		"GET /mqtt HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		"Sec-WebSocket-Protocol: chat,mqtt\r\n\r\n";
	const struct ws_reply replies[] = {
		{ .head = "HTTP/1.1 101 a\nSec-WebSocket-Accept: {accept}\n", .pings = true },
		{ .head = "HTTP/1.1 404 Not Found\n", .apart = true },
	};
	const char *const answers[] = {
		"HTTP/1.1 101 a\r\nSec-WebSocket-Accept: "
		"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x89\0",
		"HTTP/1.1 404 Not Found\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct by_hand h;
		struct ws_asked asked;
		ask(&h, request);
		struct pipe *below = hear(h.listener, &h.arena, &asked);
		assert_true(asked.offers_mqtt && asked.has_key);
		struct pipe *pipe = ws_reply(
			&h.arena, below, &asked, &replies[i], clock_now_us() + ENDS_LIMIT_US);
		assert_non_null(pipe);
		assert_ptr_not_equal(pipe, below); /* a WebSocket, also after a refusal */
		assert_answer(
			&h, answers[i], strlen(answers[i]) + !i); /* a Ping frame ends with a 0 */
		pipe_close(pipe);
		stop(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_write_is_a_frame_of_its_own),
		cmocka_unit_test(messages_in_fragments_with_pings_between_are_read),
		cmocka_unit_test(payload_is_handed_on_before_its_frame_is_whole),
		cmocka_unit_test(what_comes_with_the_handshake_is_not_lost),
		cmocka_unit_test(a_close_frame_is_answered_and_is_an_end),
		cmocka_unit_test(we_close_with_a_close_frame_and_reset_without),
		cmocka_unit_test(frames_that_break_the_rules_end_it),
		cmocka_unit_test(what_is_not_asked_for_is_left_in_the_socket),
		cmocka_unit_test(frames_are_made_to_order),
		cmocka_unit_test(frames_have_lengths_and_masks),
		cmocka_unit_test(a_server_masks_nothing_unless_it_is_told_to),
		cmocka_unit_test(frames_are_told_by_their_heads),
		cmocka_unit_test(long_frames_are_passed_over),
		cmocka_unit_test(a_request_is_heard_as_it_is),
		cmocka_unit_test(an_answer_is_made_to_order),
		cmocka_unit_test(every_write_is_a_record_of_its_own),
		cmocka_unit_test(a_close_is_announced_and_a_reset_is_not),
	};
	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
