/* What a tap hears of each transport that lies on another, from both sides. */
#include "tests/unit/unit.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "harness/transport/tap.h"
#include "tests/unit/ends.h"

static const char said[] = "said in secret", answered[] = "and answered";

/* A connection with a tap at either end. */
struct wire {
	struct ends ends;
	struct tap dialled, accepted;
};

static ssize_t read_soon(struct pipe *pipe, void *data, size_t size)
{
	ssize_t n;

	do
		n = ends_read(pipe, data, size);
	while (n == PIPE_AGAIN);
	return n;
}

static void wire_listen(
	struct wire *w, const struct transport *transport, const struct trust *trust)
{
	ends_listen(&w->ends, transport, trust->dialling, trust->listening);
	tap_init(&w->dialled, &w->ends.dialling);
	tap_init(&w->accepted, &w->ends.arena);
	w->ends.endpoint.tap = &w->dialled;
	w->ends.listener->tap = &w->accepted;
}

static void assert_carries(struct pipe *from, struct pipe *to, const char *text)
{
	char heard[64];

	assert_int_equal(pipe_write(from, text, strlen(text)), strlen(text));
	assert_int_equal(read_soon(to, heard, sizeof(heard)), strlen(text));
	assert_memory_equal(heard, text, strlen(text));
}

static void wire_talk(struct wire *w)
{
	char heard[8];

	ends_meet(&w->ends);
	assert_non_null(w->ends.dialled);
	assert_non_null(w->ends.accepted);
	assert_carries(w->ends.dialled, w->ends.accepted, said);
	assert_carries(w->ends.accepted, w->ends.dialled, answered);
	pipe_close(w->ends.accepted);
	assert_int_equal(read_soon(w->ends.dialled, heard, sizeof(heard)), PIPE_END);
	while (pipe_read(w->ends.dialled, heard, sizeof(heard)) == PIPE_AGAIN)
		; /* the end of the layer, then that of the socket */
	pipe_close(w->ends.dialled);
}

static struct buf bytes_of_kind(const struct tap *tap, enum tap_kind kind)
{
	struct buf all;

	buf_init(&all, SIZE_MAX);
	for (size_t i = 0; i < tap->count; i++)
		if (tap->events[i].kind == kind)
			buf_add(&all, tap->events[i].data, tap->events[i].size);
	return all;
}

static unsigned count(const struct tap *tap, enum tap_kind kind)
{
	unsigned n = 0;

	for (size_t i = 0; i < tap->count; i++)
		n += tap->events[i].kind == kind;
	return n;
}

static bool has(const struct buf *bytes, const char *text)
{
	return memmem(bytes->data, bytes->len, text, strlen(text)) != NULL;
}

/* What one side sent is what the other one has read, and nothing of it can be read without the secrets. */
static void assert_same_way(
	const struct tap *from, const struct tap *to, const struct transport *transport, bool opens)
{
	struct buf sent = bytes_of_kind(from, TAP_SENT), got = bytes_of_kind(to, TAP_RECEIVED);

	assert_true(got.len > 0 && got.len <= sent.len); /* an end that nobody has read */
	assert_memory_equal(sent.data, got.data, got.len);
	if (transport->is_secret) {
		assert_int_equal(sent.data[0], 22); /* a record of a handshake */
		assert_false(has(&sent, said) || has(&sent, answered) || has(&sent, "HTTP"));
	} else {
		assert_memory_equal(sent.data, opens ? "GET /mqtt" : "HTTP/1.1 101", 9);
		assert_int_equal(has(&sent, answered), !opens); /* a client's frames are masked */
	}
	buf_fini(&sent);
	buf_fini(&got);
}

static void both_sides_have_the_bytes_of_every_layer(void **state)
{
	for (size_t i = 0; transports[i]; i++) {
		struct wire w;
		if (!transports[i]->below)
			continue;
		wire_listen(&w, transports[i], *state);
		wire_talk(&w);
		assert_same_way(&w.dialled, &w.accepted, transports[i], true);
		assert_same_way(&w.accepted, &w.dialled, transports[i], false);
		assert_int_equal(w.dialled.events[0].kind, TAP_OPENED);
		assert_int_equal(count(&w.dialled, TAP_OPENED), 1);
		assert_int_equal(count(&w.accepted, TAP_FIN_OUT), 1);
		/* Its own end, unless what came before that was answered with a reset. */
		assert_int_equal(
			count(&w.dialled, TAP_FIN_OUT) + count(&w.dialled, TAP_RESET_IN), 1);
		assert_false(w.dialled.events[0].of->accepted);
		assert_true(w.accepted.events[0].of->accepted);
		assert_memory_equal(&w.dialled.events[0].of->remote,
			&w.accepted.events[0].of->local, sizeof(struct sockaddr_in));
		ends_fini(&w.ends);
	}
}

/* The lines of a key log have a name, the client's random value, and the secret. */
static void assert_key_log(const char *log, const char *const *names)
{
	char *copy = strdup(log), *rest = copy, *line;
	char random[65] = "";

	assert_non_null(copy);
	for (size_t i = 0; names[i]; i++) {
		char name[64], client[65], secret[129];
		line = strsep(&rest, "\n");
		assert_non_null(rest); /* each has its newline */
		assert_int_equal(
			sscanf(line, "%63s %64[0-9a-fA-F] %128[0-9a-fA-F]", name, client, secret),
			3);
		assert_string_equal(name, names[i]);
		assert_int_equal(strlen(client), 64);
		assert_true(strlen(secret) == 64 || strlen(secret) == 96);
		assert_true(!i || !strcmp(random, client));
		memcpy(random, client, sizeof(random));
	}
	assert_string_equal(rest, "");
	free(copy);
}

/* Each line once, whatever the order in which OpenSSL comes to know them. */
static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *sorted(struct arena *a, const char *log)
{
	enum { LINES_MAX = 16 };
	const char *lines[LINES_MAX], *all = "";
	size_t n = 0;

	for (const char *at = log; *at && n < LINES_MAX; n++) {
		size_t len = strcspn(at, "\n") + 1;
		lines[n] = arena_printf(a, "%.*s", (int)len, at);
		at += len;
	}
	qsort(lines, n, sizeof(*lines), compare_lines);
	for (size_t i = 0; i < n; i++)
		all = arena_printf(a, "%s%s", all, lines[i]);
	return all;
}

static void assert_secrets(struct trust *trust, const char *const *names)
{
	struct wire w;

	wire_listen(&w, &transport_tls, trust);
	wire_talk(&w);
	const char *dialled = sorted(&w.ends.arena, w.dialled.events[0].of->secrets);
	const char *accepted = sorted(&w.ends.arena, w.accepted.events[0].of->secrets);
	assert_key_log(dialled, names);
	assert_string_equal(dialled, accepted);
	ends_fini(&w.ends);
}

static void both_sides_have_the_secrets_of_tls_1_3(void **state)
{
	assert_secrets(*state,
		(const char *const[]){ "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
			"EXPORTER_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
			"SERVER_TRAFFIC_SECRET_0", NULL });
}

static void both_sides_have_the_secret_of_tls_1_2(void **state)
{
	struct trust *trust = *state;

	SSL_CTX_set_max_proto_version(trust->listening->context, TLS1_2_VERSION);
	assert_secrets(trust, (const char *const[]){ "CLIENT_RANDOM", NULL });
	SSL_CTX_set_max_proto_version(trust->listening->context, 0);
}

static void a_websocket_has_no_secrets(void **state)
{
	struct wire w;

	wire_listen(&w, &transport_ws, *state);
	wire_talk(&w);
	assert_string_equal(w.dialled.events[0].of->secrets, "");
	ends_fini(&w.ends);
}

static void without_a_tap_no_secret_is_written_down(void **state)
{
	struct trust fresh;
	struct ends e;

	(void)state;
	trust_init(&fresh);
	ends_connect(&e, &transport_tls, &fresh);
	assert_null(e.dialled->tapped);
	assert_null(SSL_CTX_get_keylog_callback(fresh.dialling->context));
	assert_null(SSL_CTX_get_keylog_callback(fresh.listening->context));
	pipe_close(e.dialled);
	pipe_close(e.accepted);
	ends_fini(&e);
	trust_fini(&fresh);
}

/* Also what goes past the layers, and how the connection ends. */
static void bytes_past_the_layers_are_heard_too(void **state)
{
	struct wire w;
	char heard[8];

	wire_listen(&w, &transport_tls, *state);
	ends_meet(&w.ends);
	assert_true(pipe_disturb(w.ends.dialled, said, sizeof(said)));
	pipe_cut(w.ends.dialled);
	assert_int_equal(read_soon(w.ends.accepted, heard, sizeof(heard)), PIPE_RESET);
	pipe_reset(w.ends.accepted);
	pipe_close(w.ends.dialled);
	const struct tap *ours = &w.dialled;
	size_t last = ours->count - 1;
	while (ours->events[last].kind != TAP_SENT)
		last--;
	assert_int_equal(ours->events[last].size, sizeof(said));
	assert_memory_equal(ours->events[last].data, said, sizeof(said));
	assert_int_equal(ours->events[last + 1].kind, TAP_FIN_OUT);
	assert_int_equal(count(ours, TAP_FIN_OUT), 1);
	assert_int_equal(count(&w.accepted, TAP_RESET_OUT), 1);
	assert_int_equal(count(&w.accepted, TAP_FIN_OUT), 0);
	ends_fini(&w.ends);
}

static void a_handshake_that_fails_is_heard(void **state)
{
	struct trust *trust = *state, other;
	struct wire w;

	trust_init(&other);
	ends_listen(&w.ends, &transport_tls, other.dialling, trust->listening);
	tap_init(&w.dialled, &w.ends.dialling);
	w.ends.endpoint.tap = &w.dialled;
	ends_meet(&w.ends);
	assert_null(w.ends.dialled);
	if (w.ends.accepted)
		pipe_close(w.ends.accepted);
	tap_name(&w.dialled, "stranger");
	assert_string_equal(w.dialled.events[0].of->name, "stranger");
	assert_true(count(&w.dialled, TAP_SENT) >= 2); /* its ClientHello, and an alert */
	assert_int_equal(count(&w.dialled, TAP_FIN_OUT), 1);
	ends_fini(&w.ends);
	trust_fini(&other);
}

static void a_connection_that_got_too_long_is_left_alone(void **state)
{
	enum { PIECE = 16 * 1024 * 1024 };
	struct sockaddr_storage at = { .ss_family = AF_INET };
	struct arena a;
	struct tap tap;
	char *piece = calloc(1, PIECE);

	(void)state;
	arena_init(&a);
	tap_init(&tap, &a);
	struct tapped *long_one = tap_open(&tap, &at, &at, false);
	struct tapped *short_one = tap_open(&tap, &at, &at, false);
	for (int i = 0; i < 3; i++)
		tap_received(long_one, piece, PIECE);
	tap_sent(long_one, piece, PIECE);
	tap_received(short_one, "", 0);
	tap_received(long_one, "x", 1);
	tap_ended(long_one, TAP_FIN_IN);
	tap_sent(long_one, "x", 1);
	assert_int_equal(tap.bytes, TAP_BYTES_MAX);
	assert_int_equal(count(&tap, TAP_FULL), 1);
	assert_int_equal(tap.events[tap.count - 1].kind, TAP_FULL);
	tap_ended(short_one, TAP_FIN_IN);
	assert_int_equal(tap.events[tap.count - 1].kind, TAP_FIN_IN);
	tap_ended(short_one, TAP_RESET_IN); /* what was sent after that was not welcome */
	assert_int_equal(tap.events[tap.count - 1].kind, TAP_RESET_IN);
	size_t before = tap.count;
	tap_ended(short_one, TAP_FIN_OUT);
	tap_ended(short_one, TAP_RESET_IN);
	assert_int_equal(tap.count, before);
	arena_fini(&a);
	free(piece);
}

static void nobody_need_listen(void **state)
{
	(void)state;
	assert_null(tap_open(NULL, NULL, NULL, false));
	tap_sent(NULL, "x", 1);
	tap_received(NULL, "x", 1);
	tap_ended(NULL, TAP_FIN_IN);
	tap_secret(NULL, "x");
}

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct trust));
	trust_init(*state);
	return 0;
}

static int tear_down(void **state)
{
	trust_fini(*state);
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_have_the_bytes_of_every_layer),
		cmocka_unit_test(both_sides_have_the_secrets_of_tls_1_3),
		cmocka_unit_test(both_sides_have_the_secret_of_tls_1_2),
		cmocka_unit_test(a_websocket_has_no_secrets),
		cmocka_unit_test(without_a_tap_no_secret_is_written_down),
		cmocka_unit_test(bytes_past_the_layers_are_heard_too),
		cmocka_unit_test(a_handshake_that_fails_is_heard),
		cmocka_unit_test(a_connection_that_got_too_long_is_left_alone),
		cmocka_unit_test(nobody_need_listen),
	};

	return cmocka_run_group_tests_name("tap", tests, set_up, tear_down);
}
