/* The file that is made of a tap, read back by a reader of its own. */
#include "tests/unit/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "harness/evidence/tap_pcap.h"
#include "harness/transport/tap.h"

enum { ELSEWHERE = 45123, WALL_US = 7000 };

struct bench {
	struct arena arena;
	struct tap tap;
	struct trace trace;
};

static void bench_init(struct bench *b)
{
	*b = (struct bench){ .trace = { .path = "/tmp/tap-test-XXXXXX" } };
	arena_init(&b->arena);
	tap_init(&b->tap, &b->arena);
	close(mkstemp(b->trace.path));
}

/* The target at some port. */
static struct tapped *connection(struct bench *b, bool accepted)
{
	struct sockaddr_storage opener = address("127.0.0.1", OPENER_PORT);
	struct sockaddr_storage acceptor = address("127.0.0.1", ELSEWHERE);

	return tap_open(
		&b->tap, accepted ? &acceptor : &opener, accepted ? &opener : &acceptor, accepted);
}

/* All that was told so far happened at this time. */
static void at(struct bench *b, size_t first, int64_t at_us)
{
	for (size_t i = first; i < b->tap.count; i++)
		b->tap.events[i].at_us = at_us;
}

static void write_file(struct bench *b)
{
	const struct tap_pcap how = { .path = b->trace.path,
		.title = "a case run",
		.last = "verdict: pass",
		.port = ACCEPTOR_PORT,
		.wall_us = WALL_US };

	assert_true(tap_write_pcap(&b->tap, &how));
	trace_load(&b->trace);
	struct block section = block_next(&b->trace);
	option_check(&section, 16, 1, "a case run");
	assert_int_equal(block_next(&b->trace).type, 1);
}

static void bench_end(struct bench *b)
{
	trace_end(&b->trace);
	arena_fini(&b->arena);
}

static void secrets_and_name_come_with_their_connection(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	struct tapped *t = connection(&b, false);
	tap_sent(t, "hello", 5);
	tap_secret(t, "A 1 2");
	tap_secret(t, "B 1 3");
	tap_name(&b.tap, "client");
	tap_ended(t, TAP_FIN_OUT);
	at(&b, 0, T0);
	write_file(&b);
	struct block secrets = block_next(&b.trace);
	assert_int_equal(secrets.type, 10);
	assert_int_equal(get32(secrets.body + 4), 12);
	assert_memory_equal(secrets.body + 8, "A 1 2\nB 1 3\n", 12);
	struct packet syn = check_handshake(&b.trace);
	assert_string_equal(syn.comment, "client");
	assert_int_equal(syn.at_us, T0 + WALL_US);
	assert_int_equal(syn.from_port, OPENER_PORT);
	assert_int_equal(syn.to_port, ACCEPTOR_PORT);
	check_packet(&b.trace, PCAP_OPENER, PSH | ACK, 1, 1, 5, "");
	check_packet(&b.trace, PCAP_ACCEPTOR, ACK, 1, 6, 0, "");
	check_packet(&b.trace, PCAP_OPENER, FIN | ACK, 6, 1, 0, "");
	check_packet(&b.trace, PCAP_ACCEPTOR, ACK, 1, 7, 0, "");
	check_packet(&b.trace, PCAP_OPENER, ACK, 7, 1, 0, "verdict: pass");
	bench_end(&b);
}

static void where_we_listen_the_other_side_opens(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	struct tapped *t = connection(&b, true);
	tap_received(t, "hello", 5);
	tap_sent(t, "you", 3);
	tap_ended(t, TAP_RESET_IN);
	at(&b, 0, T0);
	write_file(&b);
	struct packet syn = check_handshake(&b.trace);
	assert_int_equal(syn.from_port, OPENER_PORT);
	check_packet(&b.trace, PCAP_OPENER, PSH | ACK, 1, 1, 5, "");
	check_packet(&b.trace, PCAP_ACCEPTOR, ACK, 1, 6, 0, "");
	check_packet(&b.trace, PCAP_ACCEPTOR, PSH | ACK, 1, 6, 3, "");
	check_packet(&b.trace, PCAP_OPENER, ACK, 6, 4, 0, "");
	check_packet(&b.trace, PCAP_OPENER, RST | ACK, 6, 4, 0, "");
	check_packet(&b.trace, PCAP_OPENER, ACK, 6, 4, 0, "verdict: pass");
	bench_end(&b);
}

static void what_came_together_is_read_together(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	struct tapped *t = connection(&b, false), *other = connection(&b, false);
	at(&b, 0, T0);
	tap_received(t, "head", 4);
	tap_received(t, "and rest", 8);
	at(&b, 2, T0 + 1);
	tap_received(t, "later", 5);
	at(&b, 4, T0 + 1001);
	tap_received(other, "x", 1);
	at(&b, 5, T0 + 1002);
	tap_received(t, "again", 5);
	tap_sent(t, "ab", 2);
	tap_sent(t, "c", 1); /* each write is one */
	at(&b, 6, T0 + 1003);
	write_file(&b);
	check_handshake(&b.trace);
	uint32_t first[2] = { b.trace.isn[0], b.trace.isn[1] };
	check_handshake(&b.trace);
	uint32_t second[2] = { b.trace.isn[0], b.trace.isn[1] };
	memcpy(b.trace.isn, first, sizeof(first));
	check_packet(&b.trace, PCAP_ACCEPTOR, PSH | ACK, 1, 1, 12, "");
	check_packet(&b.trace, PCAP_OPENER, ACK, 1, 13, 0, "");
	check_packet(&b.trace, PCAP_ACCEPTOR, PSH | ACK, 13, 1, 5, "");
	check_packet(&b.trace, PCAP_OPENER, ACK, 1, 18, 0, "");
	memcpy(b.trace.isn, second, sizeof(second));
	check_packet(&b.trace, PCAP_ACCEPTOR, PSH | ACK, 1, 1, 1, "");
	check_packet(&b.trace, PCAP_OPENER, ACK, 1, 2, 0, "");
	memcpy(b.trace.isn, first, sizeof(first));
	check_packet(&b.trace, PCAP_ACCEPTOR, PSH | ACK, 18, 1, 5, "");
	check_packet(&b.trace, PCAP_OPENER, ACK, 1, 23, 0, "");
	check_packet(&b.trace, PCAP_OPENER, PSH | ACK, 1, 23, 2, "");
	check_packet(&b.trace, PCAP_ACCEPTOR, ACK, 23, 3, 0, "");
	check_packet(&b.trace, PCAP_OPENER, PSH | ACK, 3, 23, 1, "");
	check_packet(&b.trace, PCAP_ACCEPTOR, ACK, 23, 4, 0, "");
	memcpy(b.trace.isn, second, sizeof(second));
	check_packet(&b.trace, PCAP_OPENER, ACK, 1, 2, 0, "verdict: pass");
	bench_end(&b);
}

/* Megabytes in small reads are not gathered without end, and come back as they were. */
static void many_reads_come_back_whole(void **state)
{
	enum { PIECE = 1000, PIECES = 3000 };
	struct bench b;
	uint8_t piece[PIECE];
	size_t got = 0;

	(void)state;
	bench_init(&b);
	struct tapped *t = connection(&b, false);
	for (unsigned i = 0; i < PIECES; i++) {
		memset(piece, (int)(i % 251), sizeof(piece));
		tap_received(t, piece, sizeof(piece));
	}
	at(&b, 0, T0);
	write_file(&b);
	check_handshake(&b.trace);
	while (got < PIECE * PIECES) {
		struct packet p = packet_next(&b.trace);
		for (size_t i = 0; i < p.len; i++, got++)
			assert_int_equal(p.data[i], got / PIECE % 251);
	}
	packet_next(&b.trace); /* its acknowledgement */
	assert_string_equal(packet_next(&b.trace).comment, "verdict: pass");
	bench_end(&b);
}

static void what_is_not_kept_is_said(void **state)
{
	struct bench b;
	static char much[TAP_BYTES_MAX];

	(void)state;
	bench_init(&b);
	struct tapped *t = connection(&b, false);
	tap_received(t, "x", 1);
	tap_received(t, much, sizeof(much));
	at(&b, 0, T0);
	write_file(&b);
	check_handshake(&b.trace);
	check_packet(&b.trace, PCAP_ACCEPTOR, PSH | ACK, 1, 1, 1, "");
	check_packet(&b.trace, PCAP_OPENER, ACK, 1, 2, 0, "");
	assert_non_null(
		strstr(packet_next(&b.trace).comment, "nothing of this connection is kept"));
	assert_string_equal(packet_next(&b.trace).comment, "verdict: pass");
	bench_end(&b);
}

static void no_room_is_reported(void **state)
{
	struct bench b;
	const struct tap_pcap full = { .path = "/dev/full" }, nowhere = { .path = "/nowhere/x" };

	(void)state;
	bench_init(&b);
	connection(&b, false);
	assert_false(tap_write_pcap(&b.tap, &full));
	assert_int_equal(errno, ENOSPC);
	assert_false(tap_write_pcap(&b.tap, &nowhere));
	assert_int_equal(errno, ENOENT);
	unlink(b.trace.path);
	arena_fini(&b.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_and_name_come_with_their_connection),
		cmocka_unit_test(where_we_listen_the_other_side_opens),
		cmocka_unit_test(what_came_together_is_read_together),
		cmocka_unit_test(many_reads_come_back_whole),
		cmocka_unit_test(what_is_not_kept_is_said),
		cmocka_unit_test(no_room_is_reported),
	};

	return cmocka_run_group_tests_name("tap_pcap", tests, NULL, NULL);
}
