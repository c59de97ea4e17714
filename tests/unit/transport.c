/* Every transport, from both sides; and what a pipe that lies on another may do. */
#include "tests/unit/scripted.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/socket.h"
#include "tests/unit/ends.h"

/* ---- one after the other ------------------------------------------------------------------- */

/* Until there is something: a record, or a frame, may bring nothing. */
static ssize_t read_soon(struct pipe *pipe, void *data, size_t size)
{
	ssize_t n;

	do
		n = ends_read(pipe, data, size);
	while (n == PIPE_AGAIN);
	return n;
}

static void assert_passes(struct pipe *from, struct pipe *to)
{
	char heard[8];

	assert_int_equal(pipe_read(to, heard, sizeof(heard)), PIPE_AGAIN);
	assert_int_equal(pipe_write(from, "one two", 7), 7);
	assert_int_equal(read_soon(to, heard, sizeof(heard)), 7);
	assert_memory_equal(heard, "one two", 7);
	assert_false(pipe_pending(to));
}

static void each_carries_bytes_both_ways_and_an_end(void **state)
{
	for (size_t i = 0; transports[i]; i++) {
		struct ends e;
		char heard[8];
		ends_connect(&e, transports[i], *state);
		assert_passes(e.dialled, e.accepted);
		assert_passes(e.accepted, e.dialled);
		assert_int_equal(pipe_write(e.accepted, "bye", 3), 3);
		pipe_close(e.accepted);
		assert_int_equal(read_soon(e.dialled, heard, sizeof(heard)), 3);
		assert_int_equal(read_soon(e.dialled, heard, sizeof(heard)), PIPE_END);
		pipe_reset(e.dialled);
		ends_fini(&e);
	}
}

/* What has been taken from the socket already is still there for whoever waits. */
static void what_is_read_in_parts_is_not_waited_for(void **state)
{
	for (size_t i = 0; transports[i]; i++) {
		struct ends e;
		char heard[8];
		ends_connect(&e, transports[i], *state);
		assert_int_equal(pipe_write(e.dialled, "one two", 7), 7);
		assert_int_equal(read_soon(e.accepted, heard, 3), 3);
		assert_true(pipe_await(e.accepted, POLLIN, 0));
		assert_int_equal(pipe_read(e.accepted, heard + 3, sizeof(heard) - 3), 4);
		assert_memory_equal(heard, "one two", 7);
		assert_false(pipe_await(e.accepted, POLLIN, 0));
		pipe_close(e.dialled);
		pipe_close(e.accepted);
		ends_fini(&e);
	}
}

static void either_side_may_end(void **state)
{
	for (size_t i = 0; transports[i]; i++) {
		struct ends e;
		char heard[8];
		ends_connect(&e, transports[i], *state);
		pipe_close(e.dialled);
		assert_int_equal(read_soon(e.accepted, heard, sizeof(heard)), PIPE_END);
		pipe_close(e.accepted);
		ends_fini(&e);
		ends_connect(&e, transports[i], *state);
		pipe_reset(e.dialled);
		ssize_t n = read_soon(e.accepted, heard, sizeof(heard));
		assert_int_equal(n, transports[i]->is_ip ? PIPE_RESET : PIPE_END);
		pipe_close(e.accepted);
		ends_fini(&e);
	}
}

static void who_takes_no_bytes_is_waited_for(void **state)
{
	for (size_t i = 0; transports[i]; i++) {
		static const char block[65536];
		struct ends e;
		ssize_t n = 1;
		ends_connect(&e, transports[i], *state);
		pipe_narrow(e.accepted);
		for (size_t sent = 0; n > 0 && sent < (64u << 20); sent += (size_t)n)
			n = pipe_write(e.dialled, block, sizeof(block));
		assert_int_equal(n, PIPE_AGAIN);
		pipe_reset(e.accepted);
		do
			n = pipe_write(e.dialled, block, sizeof(block));
		while (n > 0);
		assert_int_equal(n, PIPE_RESET);
		pipe_close(e.dialled);
		ends_fini(&e);
	}
}

/* Megabytes arrive as they were written, though the reader is slow and every write is cut short. */
static void nothing_is_lost_where_a_write_is_cut_short(void **state)
{
	enum { SIZE = 6 << 20 };
	uint8_t *data = malloc(SIZE), *heard = malloc(SIZE);

	for (size_t i = 0; i < SIZE; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 24);
	for (size_t i = 0; transports[i]; i++) {
		struct ends e;
		size_t sent = 0, got = 0, cut_short = 0;
		ssize_t n;
		ends_connect(&e, transports[i], *state);
		pipe_narrow(e.accepted);
		while (got < SIZE) {
			while (sent < SIZE &&
				(n = pipe_write(e.dialled, data + sent, SIZE - sent)) !=
					PIPE_AGAIN) {
				assert_true(n > 0);
				sent += (size_t)n;
			}
			cut_short += sent < SIZE;
			while (got < SIZE &&
				(n = pipe_read(e.accepted, heard + got, SIZE - got)) !=
					PIPE_AGAIN) {
				assert_true(n > 0);
				got += (size_t)n;
			}
		}
		assert_true(cut_short > 0);
		assert_memory_equal(data, heard, SIZE);
		pipe_close(e.dialled);
		pipe_close(e.accepted);
		ends_fini(&e);
	}
	free(data);
	free(heard);
}

static void nothing_is_left_of_a_listener(void **state)
{
	for (size_t i = 0; transports[i]; i++) {
		struct ends e;
		struct stat at;
		const char *error = NULL;
		ends_connect(&e, transports[i], *state);
		pipe_close(e.dialled);
		pipe_close(e.accepted);
		assert_null(listener_accept(&e.arena, e.listener, 0, &error));
		assert_null(error);
		listener_close(e.listener);
		listener_close(e.listener); /* once is enough */
		assert_null(endpoint_dial(
			&e.arena, &e.endpoint, clock_now_us() + ENDS_LIMIT_US, &error));
		assert_contains(error, e.endpoint.url);
		if (!e.listener->port) {
			char *slash = strrchr(e.listener->host, '/');
			*slash = '\0';
			assert_int_equal(stat(e.listener->host, &at), -1);
		}
		ends_fini(&e);
	}
	listener_close(NULL);
}

static void they_are_found_by_name_and_by_url(void **state)
{
	const char *rest;

	(void)state;
	for (size_t i = 0; transports[i]; i++)
		assert_ptr_equal(transport_find(transports[i]->name), transports[i]);
	assert_null(transport_find("pigeon"));
	assert_ptr_equal(transport_of_url("unix:///run/x", &rest), &transport_unix);
	assert_string_equal(rest, "/run/x");
	assert_ptr_equal(transport_of_url("host:1", &rest), &transport_tcp);
	assert_string_equal(rest, "host:1");
	assert_ptr_equal(transport_of_url("wss://host/mqtt", &rest), &transport_wss);
	assert_string_equal(rest, "host/mqtt");
	assert_ptr_equal(transport_of_url("mqtts://host", &rest), &transport_tls);
	assert_null(transport_of_url("pigeon://loft", &rest));
	assert_null(transport_of_url("mqttx://host", &rest));
}

/* ---- a pipe that keeps bytes --------------------------------------------------------------- */

/* Reads ahead as far as it can, as a layer of records does, and hands out a byte at a time. */
struct hoard {
	struct pipe pipe; /* first */
	struct pipe *below;
	uint8_t kept[4096];
	size_t at, len;
};

static bool hoard_pending(const struct pipe *p)
{
	const struct hoard *h = (const struct hoard *)p;

	return h->at < h->len;
}

static ssize_t hoard_read(struct pipe *p, void *data, size_t size)
{
	struct hoard *h = (struct hoard *)p;

	assert_true(size > 0);
	if (!hoard_pending(p)) {
		ssize_t n = pipe_read(h->below, h->kept, sizeof(h->kept));
		if (n <= 0)
			return n;
		h->at = 0;
		h->len = (size_t)n;
	}
	*(uint8_t *)data = h->kept[h->at++];
	return 1;
}

static ssize_t hoard_write(struct pipe *p, const void *data, size_t size)
{
	return pipe_write(((struct hoard *)p)->below, data, size);
}

static void hoard_close(struct pipe *p)
{
	pipe_close(((struct hoard *)p)->below);
	p->fd = -1;
}

static void hoard_reset(struct pipe *p)
{
	pipe_reset(((struct hoard *)p)->below);
	p->fd = -1;
}

static const struct pipe_ops hoard_ops = {
	.read = hoard_read,
	.write = hoard_write,
	.pending = hoard_pending,
	.close = hoard_close,
	.reset = hoard_reset,
};

static struct pipe *hoard_dial(
	struct arena *a, const struct endpoint *to, int64_t deadline_us, const char **error)
{
	struct hoard *h = arena_new(a, struct hoard);

	h->below = (transport_tcp.dial)(a, to, deadline_us, error);
	if (!h->below)
		return NULL;
	h->pipe = *h->below;
	h->pipe.ops = &hoard_ops;
	return &h->pipe;
}

static const struct transport hoarder = { .name = "hoard", .scheme = "hoard", .dial = hoard_dial };

CASE(talk, .title = "Some answers, and the end", .refs = { "3.1.1:MQTT-3.12.4-1" }, .level = MUST,
	.versions = V311)
{
	struct peer *client = join(t, "client");
	send_pingreq(client);
	expect(client, PINGRESP);
	send_pingreq(client);
	expect(client, PINGRESP);
	expect_closed(client);
}

/* Whoever polled the socket alone would wait for bytes that have come. */
static void bytes_above_the_socket_are_not_waited_for(void **state)
{
	(void)state;
	struct played p;
	play_with(&p,
		(struct play){ .def = &case_talk,
			.version = MQTT_311,
			.transport = &hoarder,
			.answer_us = 1000000 },
		SCRIPTS("a a a x"));
	assert_verdict(p, PASS);
	assert_string_equal(p.record.transport, "hoard");
	assert_int_equal(p.record.waited, false);
	done(&p);
}

static int make_trust(void **state)
{
	static struct trust trust;

	trust_init(&trust);
	*state = &trust;
	return 0;
}

static int drop_trust(void **state)
{
	trust_fini(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_carries_bytes_both_ways_and_an_end),
		cmocka_unit_test(what_is_read_in_parts_is_not_waited_for),
		cmocka_unit_test(either_side_may_end),
		cmocka_unit_test(who_takes_no_bytes_is_waited_for),
		cmocka_unit_test(nothing_is_lost_where_a_write_is_cut_short),
		cmocka_unit_test(nothing_is_left_of_a_listener),
		cmocka_unit_test(they_are_found_by_name_and_by_url),
		cmocka_unit_test(bytes_above_the_socket_are_not_waited_for),
	};
	return cmocka_run_group_tests_name("transport", tests, make_trust, drop_trust);
}
