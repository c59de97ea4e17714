/* Wrong peers of a pipe that shakes hands, from both sides: each gets one sentence that says what is wrong, in
 * time, and leaves nothing behind.
 */
#include "tests/unit/ends.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/http.h"
#include "harness/transport/opening.h"

enum { SHORT_US = 300000, SLOW_US = 20000 };

static struct trust trust;

static void assert_says(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("\"%s\" does not say \"%s\"", text ? text : "(nothing)", part);
}

/* ---- certificates -------------------------------------------------------------------------- */

static void certificates_are_looked_at(void **state)
{
	static const struct {
		enum pki_pair shown;
		const char *says;
	} samples[] = {
		{ PKI_SERVER_EXPIRED, "its certificate expired on 20" },
		{ PKI_SERVER_EARLY, "its certificate is not valid before 20" },
		{ PKI_SERVER_FOREIGN,
			"issued by \"mqttspec root that nobody trusts\", who is not trusted" },
		{ PKI_SERVER_ELSEWHERE,
			"its certificate is for elsewhere.test, not for 127.0.0.1" },
		{ PKI_SERVER_ALONE, "its certificate is signed by itself" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct ends e;
		struct tls *listening = trust_listening(&trust, samples[i].shown, false);
		ends_listen(&e, &transport_tls, trust.dialling, listening);
		ends_meet(&e);
		assert_null(e.dialled);
		assert_null(e.accepted);
		assert_says(e.dial_error, samples[i].says);
		assert_says(e.dial_error, e.endpoint.url);
		assert_non_null(e.accept_error);
		ends_fini(&e);
		tls_free(listening);
	}
}

static struct tls *dialling_as(const struct tls_files *files)
{
	const char *error = "";
	struct tls *tls = tls_new_dialling(&trust.arena, files, &error);

	if (!tls)
		fail_msg("%s", error);
	return tls;
}

static void another_name_or_none_at_all_will_do(void **state)
{
	const struct tls_files all[] = {
		{ .ca = pki_ca(&trust.arena, trust.folder), .sni = "elsewhere.test" },
		{ .insecure = true },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct ends e;
		struct tls *listening = trust_listening(&trust, PKI_SERVER_ELSEWHERE, false);
		struct tls *dialling = dialling_as(&all[i]);
		ends_listen(&e, &transport_tls, dialling, listening);
		ends_meet(&e);
		assert_non_null(e.dialled);
		pipe_close(e.dialled);
		pipe_close(e.accepted);
		ends_fini(&e);
		tls_free(listening);
		tls_free(dialling);
	}
}

static void clients_show_theirs(void **state)
{
	static const struct {
		enum pki_pair shown;
		const char *theirs, *ours; /* NULL: it is good */
	} samples[] = {
		{ PKI_CLIENT, NULL, NULL },
		{ PKI_CLIENT_CN, NULL, NULL },
		{ PKI_CLIENT_SAN, NULL, NULL },
		{ PKI_PAIRS, "it shows no certificate", "it wants a certificate from us" },
		{ PKI_CLIENT_EXPIRED, "expired on", "our certificate has expired" },
		{ PKI_CLIENT_EARLY, "not valid before", "does not accept our certificate" },
		{ PKI_CLIENT_FOREIGN, "not trusted", "does not trust who issued our certificate" },
		{ PKI_SERVER, "for another purpose", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct ends e;
		char byte;
		struct tls *listening = trust_listening(&trust, PKI_SERVER, true);
		struct tls *dialling = trust_dialling(&trust, samples[i].shown);
		ends_listen(&e, &transport_tls, dialling, listening);
		ends_meet(&e);
		/* In TLS 1.3 the client is done before its certificate is looked at. */
		assert_non_null(e.dialled);
		if (samples[i].theirs) {
			assert_null(e.accepted);
			assert_says(e.accept_error, samples[i].theirs);
			assert_int_equal(ends_read(e.dialled, &byte, 1), PIPE_RESET);
			assert_says(e.dialled->ended_by, samples[i].ours);
		} else {
			assert_non_null(e.accepted);
			pipe_close(e.accepted);
		}
		pipe_close(e.dialled);
		ends_fini(&e);
		tls_free(listening);
		tls_free(dialling);
	}
}

/* ---- bytes of another kind ----------------------------------------------------------------- */

/* What a stranger does on a plain connection: says its lines, one after the other, and ends or waits. */
struct stranger {
	const struct ends *at;
	const char *const *lines; /* NULL after the last */
	size_t len;               /* of the only one, if it has NULs; 0: strings */
	bool listens_first;       /* until something came */
	bool waits;               /* until the other side ends, instead of ending itself */
	bool slow;                /* a byte at a time */
	char heard[4096];
};

static void say(struct pipe *pipe, const struct stranger *s, const char *line, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = pipe_write(pipe, line + at, s->slow ? 1 : len - at);
		if (n == PIPE_RESET)
			return;
		if (n > 0)
			at += (size_t)n;
		if (s->slow)
			usleep(SLOW_US);
	}
}

static void be_strange(struct stranger *s, struct pipe *pipe)
{
	size_t got = 0;
	ssize_t n;

	if (s->listens_first) {
		n = ends_read(pipe, s->heard, sizeof(s->heard) - 1);
		got = n > 0 ? (size_t)n : 0;
	}
	for (const char *const *line = s->lines; *line; line++)
		say(pipe, s, *line, s->len ? s->len : strlen(*line));
	while (s->waits && got < sizeof(s->heard) - 1) {
		n = ends_read(pipe, s->heard + got, sizeof(s->heard) - 1 - got);
		if (n == PIPE_END || n == PIPE_RESET)
			break;
		got += n > 0 ? (size_t)n : 0;
	}
	pipe_close(pipe);
}

/* The stranger listens; we dial by this transport. */
static void *listen_strangely(void *stranger)
{
	struct stranger *s = stranger;
	struct arena a;
	const char *error;
	int64_t deadline_us = clock_now_us() + ENDS_LIMIT_US;

	arena_init(&a);
	struct pipe *pipe = NULL;
	while (!pipe && clock_now_us() < deadline_us)
		pipe = (transport_tcp.accept)(&a, s->at->listener, deadline_us, &error);
	assert_non_null(pipe);
	be_strange(s, pipe);
	arena_fini(&a);
	return NULL;
}

static const char *url_by(struct ends *e, const struct transport *transport)
{
	return arena_printf(&e->arena, "%s://127.0.0.1:%u", transport->scheme, e->listener->port);
}

/* The sentence that comes of dialling it, which is gone with the ends. */
static void assert_dial_says(
	const struct transport *transport, struct stranger s, int64_t limit_us, const char *says)
{
	struct ends e;
	struct endpoint to;
	pthread_t thread;
	const char *error = "";

	ends_listen(&e, &transport_tcp, NULL, NULL);
	assert_true(endpoint_parse(&e.arena, url_by(&e, transport), &to, &error));
	to.tls = trust.dialling;
	s.at = &e;
	assert_int_equal(pthread_create(&thread, NULL, listen_strangely, &s), 0);
	int64_t before_us = clock_now_us();
	struct pipe *pipe = endpoint_dial(&e.dialling, &to, before_us + limit_us, &error);
	assert_null(pipe);
	assert_true(clock_now_us() - before_us < ENDS_LIMIT_US);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_says(error, says);
	assert_says(error, to.url);
	ends_fini(&e);
}

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define SAYS(...)  ((struct stranger){ .lines = LINES(__VA_ARGS__), .listens_first = true })

static void who_speaks_no_tls_is_told_so(void **state)
{
	(void)state;
	assert_dial_says(&transport_tls, SAYS("HTTP/1.1 400 Bad Request\r\n\r\n"), ENDS_LIMIT_US,
		"what it sends is not TLS");
	assert_dial_says(
		&transport_tls, SAYS("SSH-2.0-x\r\n"), ENDS_LIMIT_US, "what it sends is not TLS");
	assert_dial_says(&transport_tls,
		(struct stranger){
			.lines = LINES("\x20\x02\x00\x05"), .len = 4, .listens_first = true },
		ENDS_LIMIT_US, "it closed the connection during the TLS handshake");
	assert_dial_says(&transport_tls,
		(struct stranger){ .lines = LINES(""), .listens_first = true }, ENDS_LIMIT_US,
		"it closed the connection during the TLS handshake");
	/* a fatal alert: protocol_version */
	assert_dial_says(&transport_wss,
		(struct stranger){ .lines = LINES("\x15\x03\x03\x00\x02\x02\x46"),
			.len = 7,
			.listens_first = true },
		ENDS_LIMIT_US, "it does not speak our versions of TLS");
	assert_dial_says(&transport_tls,
		(struct stranger){ .lines = LINES("\x16\x03\x03\x00\x7a\x02"),
			.len = 6,
			.listens_first = true,
			.waits = true },
		SHORT_US, "the TLS handshake did not end in time");
}

#define ANSWER(more)                                                                             \
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" more \
	"\r\n"

static void answers_of_http_are_read_with_care(void **state)
{
	char *long_head = malloc(HTTP_HEAD_MAX + 100);

	(void)state;
	memset(long_head, 'x', HTTP_HEAD_MAX + 99);
	long_head[HTTP_HEAD_MAX + 99] = '\0';
	memcpy(long_head, "HTTP/1.1 101 S\r\nX: ", 19);
	const struct {
		struct stranger stranger;
		int64_t limit_us;
		const char *says;
	} samples[] = {
		{ SAYS("HTTP/1.1 404 Not Found\r\n\r\n"), ENDS_LIMIT_US,
			"it answers the request for a WebSocket with 404 Not Found" },
		{ SAYS("HTTP/1.1 404 \x1b[2J\xff\r\n\r\n"), ENDS_LIMIT_US, "its first line" },
		{ SAYS("HTTP/1.1 101 Switching Protocols\r\n\r\n"), ENDS_LIMIT_US,
			"without \"Upgrade: websocket\"" },
		{ SAYS(ANSWER("")), ENDS_LIMIT_US, "no Sec-WebSocket-Accept" },
		{ SAYS(ANSWER("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")),
			ENDS_LIMIT_US, "is not the answer to our key" },
		{ SAYS("\x20\x02\x00\x05"), ENDS_LIMIT_US, "it is none of HTTP" },
		{ SAYS("HTTP/2 101\r\n\r\n"), ENDS_LIMIT_US, "no status of HTTP/1.1" },
		{ SAYS("HTTP/1.1 101 S\r\nno field\r\n\r\n"), ENDS_LIMIT_US, "no header field" },
		{ SAYS(long_head), ENDS_LIMIT_US, "more than 8192 bytes" },
		{ SAYS("HTTP/1.1 101 S\r\nUpgr"), ENDS_LIMIT_US, "in the middle of its handshake" },
		{ SAYS(""), ENDS_LIMIT_US, "before the WebSocket was open" },
		{ { .lines = LINES(""), .listens_first = true, .waits = true }, SHORT_US,
			"it did not answer in time" },
		{ { .lines = LINES("HTTP/1.1 101 Switching Protocols"),
			  .listens_first = true,
			  .slow = true,
			  .waits = true },
			SHORT_US, "did not end in time" },
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		assert_dial_says(
			&transport_ws, samples[i].stranger, samples[i].limit_us, samples[i].says);
	free(long_head);
}

/* ---- the other way round ------------------------------------------------------------------- */

static void *dial_strangely(void *stranger)
{
	struct stranger *s = stranger;
	struct arena a;
	struct endpoint to;
	const char *error;
	const char *plain;

	arena_init(&a);
	plain = arena_printf(&a, "mqtt://127.0.0.1:%u", s->at->listener->port);
	assert_true(endpoint_parse(&a, plain, &to, &error));
	struct pipe *pipe = endpoint_dial(&a, &to, clock_now_us() + ENDS_LIMIT_US, &error);
	assert_non_null(pipe);
	be_strange(s, pipe);
	arena_fini(&a);
	return NULL;
}

static void assert_accept_says(const struct transport *transport, struct stranger s,
	int64_t limit_us, const char *says, const char *heard)
{
	struct ends e;
	pthread_t thread;
	const char *error = NULL;
	struct pipe *pipe = NULL;

	ends_listen(&e, transport, trust.dialling, trust.listening);
	s.at = &e;
	assert_int_equal(pthread_create(&thread, NULL, dial_strangely, &s), 0);
	int64_t before_us = clock_now_us();
	while (!pipe && !error && clock_now_us() < before_us + ENDS_LIMIT_US)
		pipe = listener_accept(&e.arena, e.listener, clock_now_us() + limit_us, &error);
	assert_null(pipe);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_says(error, says);
	assert_says(error, "the client: ");
	if (heard)
		assert_says(s.heard, heard);
	ends_fini(&e);
}

#define REQUEST(more)                                                                     \
	"GET /mqtt HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: keep-alive, " \
	"Upgrade\r\n" more "\r\n"
#define KEY        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION_13 "Sec-WebSocket-Version: 13\r\n"
#define MQTT       "Sec-WebSocket-Protocol: chat, mqtt\r\n"

static void requests_are_read_with_care(void **state)
{
	static const struct {
		const char *request, *says;
	} samples[] = {
		{ REQUEST(KEY MQTT), "another version of WebSocket than 13" },
		{ REQUEST(KEY MQTT "Sec-WebSocket-Version: 8\r\n"), "than 13" },
		{ REQUEST(VERSION_13 MQTT), "no Sec-WebSocket-Key of 16 bytes" },
		{ REQUEST("Sec-WebSocket-Key: short==\r\n" VERSION_13 MQTT),
			"no Sec-WebSocket-Key" },
		{ REQUEST(KEY KEY VERSION_13 MQTT), "no Sec-WebSocket-Key" },
		{ "POST /mqtt HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: "
		  "Upgrade\r\n\r\n",
			"its request is POST, not GET" },
		{ "GET /mqtt HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
			"no Host" },
		{ "GET /mqtt HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\r\n",
			"without \"Upgrade: websocket\"" },
		{ "GET /mqtt HTTP/1.0\r\n\r\n", "no request of HTTP/1.1" },
		{ "GET /mqtt HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n", "no header field" },
		{ "\x10\x0c", "it is none of HTTP" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		assert_accept_says(&transport_ws,
			(struct stranger){ .lines = LINES(samples[i].request), .waits = true },
			ENDS_LIMIT_US, samples[i].says, "HTTP/1.1 400 Bad Request\r\n");
	assert_accept_says(&transport_ws, (struct stranger){ .lines = LINES("GET /mq") },
		ENDS_LIMIT_US, "in the middle of its handshake", NULL);
	assert_accept_says(&transport_ws,
		(struct stranger){
			.lines = LINES("GET /mqtt HTTP/1.1\r\n"), .slow = true, .waits = true },
		SHORT_US, "did not end in time", NULL);
}

static void plain_bytes_to_tls_are_refused(void **state)
{
	(void)state;
	assert_accept_says(&transport_tls,
		(struct stranger){
			.lines = LINES("\x10\x0c\x00\x04MQTT"), .len = 8, .waits = true },
		ENDS_LIMIT_US, "what it sends is not TLS", NULL);
	assert_accept_says(&transport_wss,
		(struct stranger){ .lines = LINES(REQUEST(KEY)), .waits = true }, ENDS_LIMIT_US,
		"what it sends is not TLS", NULL);
	assert_accept_says(&transport_wss, (struct stranger){ .lines = LINES("") }, ENDS_LIMIT_US,
		"it closed the connection during the TLS handshake", NULL);
	assert_accept_says(&transport_tls, (struct stranger){ .lines = LINES(""), .waits = true },
		SHORT_US, "did not end in time", NULL);
}

/* RFC 6455, section 1.3. */
static void a_key_has_its_answer(void **state)
{
	char accept[OPENING_ACCEPT_SIZE];
	const struct http_text key = { "dGhlIHNhbXBsZSBub25jZQ==", 24 };

	(void)state;
	opening_accept(key, accept);
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

/* ---- files --------------------------------------------------------------------------------- */

static void files_of_no_use_are_named(void **state)
{
	struct arena *a = &trust.arena;
	const char *good = pki_certificate(a, trust.folder, PKI_CLIENT);
	const char *key = pki_key(a, trust.folder, PKI_CLIENT);
	const char *locked = arena_printf(a, "%s/locked.key", trust.folder);
	const char *command =
		arena_printf(a, "openssl pkey -in %s -aes256 -passout pass:x -out %s", key, locked);
	const struct {
		struct tls_files files;
		const char *path, *says;
	} samples[] = {
		{ { .ca = "/nowhere.pem" }, "/nowhere.pem", "No such file" },
		{ { .ca = trust.folder }, trust.folder, "Is a directory" },
		{ { .ca = key }, key, "there is no certificate in PEM form in it" },
		{ { .cert = key, .key = key }, key, "no usable certificate" },
		{ { .cert = good, .key = "/nowhere.key" }, "/nowhere.key", "No such file" },
		{ { .cert = good, .key = good }, good, "no private key" },
		{ { .cert = good, .key = pki_key(a, trust.folder, PKI_SERVER) }, "server.key",
			"is not the key of the certificate in" },
		{ { .cert = good, .key = locked }, "locked.key", "the key is encrypted" },
	};

	(void)state;
	assert_int_equal(system(command), 0);
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		const char *error = "";
		assert_null(tls_new_dialling(a, &samples[i].files, &error));
		assert_says(error, samples[i].path);
		assert_says(error, samples[i].says);
	}
}

static int make_trust(void **state)
{
	(void)state;
	trust_init(&trust);
	return 0;
}

static int drop_trust(void **state)
{
	(void)state;
	trust_fini(&trust);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_are_looked_at),
		cmocka_unit_test(another_name_or_none_at_all_will_do),
		cmocka_unit_test(clients_show_theirs),
		cmocka_unit_test(who_speaks_no_tls_is_told_so),
		cmocka_unit_test(answers_of_http_are_read_with_care),
		cmocka_unit_test(requests_are_read_with_care),
		cmocka_unit_test(plain_bytes_to_tls_are_refused),
		cmocka_unit_test(a_key_has_its_answer),
		cmocka_unit_test(files_of_no_use_are_named),
	};
	return cmocka_run_group_tests_name("strangers", tests, make_trust, drop_trust);
}
