/* A layer between the client's socket and its engine: it greets, turns some bits of each byte, and says
 * goodbye.
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/shell/channel.h"
#include "client/shell/connection.h"

enum { MASK = 0x5a, HELD_BYTES = 256 * 1024, MANY_BYTES = 8 << 20 };

/* ---- the layer ----------------------------------------------------------------------------- */

struct mask {
	uint8_t *held; /* masked, and not yet taken by the stream */
	size_t len;
	bool greeted;
};

static unsigned masks; /* that are not freed */

static void mask_flush(struct layer *l)
{
	struct mask *m = l->state;
	size_t taken = layer_put(l, (struct mqtt_view){ m->held, (uint32_t)m->len });

	m->len -= taken;
	memmove(m->held, m->held + taken, m->len);
}

static const char *mask_open(struct layer *l)
{
	struct mask *m = l->state;

	m->held = malloc(HELD_BYTES);
	masks++;
	return layer_put(l, (struct mqtt_view){ (const uint8_t *)"hello", 5 }) == 5 ? NULL
										    : "hello";
}

static const char *mask_input(struct layer *l, void *data, size_t len)
{
	struct mask *m = l->state;
	uint8_t *bytes = data;

	if (*bytes == '!')
		return "the server cannot stand us";
	if (!m->greeted) {
		m->greeted = true;
		layer_opened(l);
		bytes++, len--;
	}
	for (size_t i = 0; i < len; i++)
		bytes[i] ^= MASK;
	if (len)
		layer_deliver(l, bytes, len);
	return NULL;
}

static size_t mask_write(struct layer *l, struct mqtt_view bytes)
{
	struct mask *m = l->state;
	size_t n = HELD_BYTES - m->len < bytes.len ? HELD_BYTES - m->len : bytes.len;

	for (size_t i = 0; i < n; i++)
		m->held[m->len++] = bytes.data[i] ^ MASK;
	mask_flush(l);
	return n;
}

static bool mask_pending(const struct layer *l)
{
	const struct mask *m = l->state;

	return m->len > 0;
}

static void mask_finish(struct layer *l)
{
	mask_write(l, (struct mqtt_view){ (const uint8_t *)"bye", 3 });
}

static void mask_close(struct layer *l)
{
	struct mask *m = l->state;

	masks -= m->held != NULL;
	free(m->held);
}

static const struct channel mask = {
	.name = "mask",
	.state_bytes = sizeof(struct mask),
	.open = mask_open,
	.input = mask_input,
	.write = mask_write,
	.written = mask_flush,
	.pending = mask_pending,
	.finish = mask_finish,
	.close = mask_close,
};

/* ---- both ends ----------------------------------------------------------------------------- */

struct ends {
	uv_loop_t loop;
	struct connection *connection;
	int listener, fd; /* the server's */
	bool opened, ended;
	char why[64];
	uint8_t heard[64];
	size_t heard_len;
};

static void on_opened(void *owner)
{
	struct ends *e = owner;

	e->opened = true;
}

static void on_bytes(void *owner, const void *data, size_t len)
{
	struct ends *e = owner;

	assert_true(e->heard_len + len <= sizeof(e->heard));
	memcpy(e->heard + e->heard_len, data, len);
	e->heard_len += len;
}

static void on_written(void *owner)
{
	(void)owner;
}

static void on_ended(void *owner, const char *why)
{
	struct ends *e = owner;

	e->ended = true;
	snprintf(e->why, sizeof(e->why), "%s", why);
}

static const struct connection_hooks hooks = { on_opened, on_bytes, on_written, on_ended };

/* Reads what the client has sent: `len` bytes at most. */
static size_t hear(struct ends *e, uint8_t *heard, size_t len)
{
	size_t at = 0;

	while (at < len) {
		uv_run(&e->loop, UV_RUN_NOWAIT);
		ssize_t n = recv(e->fd, heard + at, len - at, MSG_DONTWAIT);
		if (!n)
			break;
		at += n > 0 ? (size_t)n : 0;
	}
	return at;
}

static int set_up(void **state)
{
	struct ends *e = calloc(1, sizeof(*e));
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	struct server server = { .host = "127.0.0.1", .channels = { &mask } };
	uint8_t heard[5];

	*state = e;
	e->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(e->listener, (struct sockaddr *)&at, len) || listen(e->listener, 1) ||
		getsockname(e->listener, (struct sockaddr *)&at, &len))
		return -1;
	uv_loop_init(&e->loop);
	snprintf(server.port, sizeof(server.port), "%u", ntohs(at.sin_port));
	e->connection = connection_open(&e->loop, &server, NULL, &hooks, e);
	uv_run(&e->loop, UV_RUN_ONCE);
	e->fd = accept4(e->listener, NULL, NULL, SOCK_CLOEXEC);
	return hear(e, heard, 5) == 5 && !memcmp(heard, "hello", 5) && !e->opened ? 0 : -1;
}

static int tear_down(void **state)
{
	struct ends *e = *state;

	if (!e->ended)
		connection_close(e->connection);
	uv_run(&e->loop, UV_RUN_DEFAULT);
	int left = uv_loop_close(&e->loop);
	close(e->fd);
	close(e->listener);
	free(e);
	return left || masks ? -1 : 0;
}

static void a_layer_greets_wraps_and_says_goodbye(void **state)
{
	struct ends *e = *state;
	uint8_t *sent = malloc(MANY_BYTES), *heard = malloc(MANY_BYTES);
	size_t taken = 0, arrived = 0;

	assert_int_equal(send(e->fd, "+", 1, MSG_NOSIGNAL), 1);
	while (!e->opened)
		uv_run(&e->loop, UV_RUN_ONCE);
	assert_int_equal(send(e->fd, "\x32\x33", 2, MSG_NOSIGNAL), 2);
	while (e->heard_len < 2)
		uv_run(&e->loop, UV_RUN_ONCE);
	assert_memory_equal(e->heard, "hi", 2);

	for (size_t i = 0; i < MANY_BYTES; i++)
		sent[i] = (uint8_t)(i * 2654435761u >> 24);
	while (arrived < MANY_BYTES) {
		struct mqtt_view rest = { sent + taken, (uint32_t)(MANY_BYTES - taken) };
		taken += connection_write(e->connection, rest);
		uv_run(&e->loop, UV_RUN_NOWAIT);
		ssize_t n = recv(e->fd, heard + arrived, MANY_BYTES - arrived, MSG_DONTWAIT);
		arrived += n > 0 ? (size_t)n : 0;
	}
	for (size_t i = 0; i < MANY_BYTES; i++)
		heard[i] ^= MASK;
	assert_memory_equal(heard, sent, MANY_BYTES);
	assert_false(connection_is_writing(e->connection));

	connection_finish(e->connection);
	connection_finish(e->connection); /* once is enough */
	connection_close(e->connection);
	e->ended = true;
	assert_int_equal(hear(e, heard, 10), 3);
	assert_memory_equal(heard, "\x38\x23\x3f", 3); /* "bye" */
	free(sent);
	free(heard);
}

static void a_layer_that_cannot_go_on_says_why(void **state)
{
	struct ends *e = *state;

	assert_int_equal(send(e->fd, "!", 1, MSG_NOSIGNAL), 1);
	while (!e->ended)
		uv_run(&e->loop, UV_RUN_ONCE);
	assert_string_equal(e->why, "the server cannot stand us");
	assert_false(e->opened);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_layer_greets_wraps_and_says_goodbye, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_layer_that_cannot_go_on_says_why, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("client_channel", tests, NULL, NULL);
}
