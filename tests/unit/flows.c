#include "tests/unit/flow_rig.h"

#include <string.h>

enum { SECOND_US = 1000 * 1000 };

static int rig_setup(void **state)
{
	static struct rig r;

	rig_init(&r, NULL);
	*state = &r;
	return 0;
}

static int rig_teardown(void **state)
{
	rig_fini(*state);
	return 0;
}

/* For tests with limits of their own. */
static struct rig *rig_again(void **state, struct flows_limits limits)
{
	rig_fini(*state);
	rig_init(*state, &limits);
	return *state;
}

static void a_connection_gives_two_streams(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, C, "A", 1, 1, "connect");
	rig_send(r, S, "A", 1, 8, "connack");
	rig_send(r, C, "FA", 8, 8, "bye");
	rig_send(r, S, "FA", 8, 12, "");
	rig_told(r, "> connect; < connack; > bye; > fin; < fin; over: ended");
	assert_int_equal(r->last.number, 1);
	assert_true(r->last.whole);
	assert_int_equal(r->last.packets, 7);
	assert_int_equal(r->last.ways[C].bytes, 10);
	assert_int_equal(r->last.ways[C].packets, 2);
	assert_int_equal(r->last.ways[S].bytes, 7);
	assert_int_equal(r->last.first.packet, 1);
	assert_int_equal(r->last.last.packet, 7);

	char text[FLOW_END_TEXT];
	flow_end_text(&r->last, C, text);
	assert_string_equal(text, "10.0.0.9:40000");
	flow_end_text(&r->last, S, text);
	assert_string_equal(text, "10.0.0.1:1883");
}

static void ipv6_is_no_different(void **state)
{
	struct rig *r = *state;
	r->ipv6 = true;
	rig_open(r);
	rig_send(r, S, "A", 1, 1, "x");
	rig_send(r, C, "R", 1, 0, "");
	rig_told(r, "< x; > rst; over: ended");
	char text[FLOW_END_TEXT];
	flow_end_text(&r->last, S, text);
	assert_string_equal(text, "[fd00::1]:1883");
}

static void what_comes_early_waits_for_its_turn(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, C, "A", 4, 1, "def");
	rig_send(r, C, "FA", 10, 1, "");
	rig_send(r, C, "A", 7, 1, "ghi");
	rig_told(r, "");
	rig_send(r, C, "A", 1, 1, "abc");
	rig_told(r, "> abc; > def@4; > ghi@6; > fin@5");
	assert_int_equal(r->flow->ways[C].reordered, 2);
	assert_int_equal(r->flow->ways[C].retransmissions, 0);
	assert_int_equal(r->flow->ways[C].missing, 0);
}

static void what_comes_twice_is_given_once(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, C, "A", 1, 1, "abc");
	rig_send(r, C, "A", 1, 1, "abc");
	rig_send(r, C, "A", 2, 1, "bcdef");
	rig_send(r, C, "A", 10, 1, "j");
	rig_send(r, C, "A", 10, 1, "j");
	rig_send(r, C, "A", 6, 1, "fghijk");
	rig_told(r, "> abc; > def; > ghi; > j@7; > k");
	assert_int_equal(r->flow->ways[C].retransmissions, 2);
	assert_int_equal(r->flow->ways[C].differing, 0);
}

static void of_two_copies_that_differ_the_first_counts(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, C, "A", 3, 1, "cd");
	rig_send(r, C, "A", 1, 1, "abXXef");
	rig_told(r, "> ab; > cd@4; > ef");
	assert_int_equal(r->flow->ways[C].differing, 1);
}

/* They are gone, but not forgotten. */
static void a_copy_of_what_was_given_out_may_differ(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, C, "A", 1, 1, "0123456789");
	rig_send(r, C, "A", 11, 1, "abcdefghij");
	rig_send(r, C, "A", 1, 1, "0123456789abcdefghij");
	rig_send(r, C, "A", 11, 1, "abcdefghij");
	rig_send(r, C, "A", 13, 1, "cdefghij!");
	rig_told(r, "> 0123456789; > abcdefghij; > !");
	assert_int_equal(r->flow->ways[C].differing, 0);
	rig_send(r, C, "A", 11, 1, "abcdefghiX");
	rig_send(r, C, "A", 1, 1, "0123456789abXdefghij!more");
	rig_told(r, "> more");
	assert_int_equal(r->flow->ways[C].differing, 2);
	assert_int_equal(r->flow->ways[C].retransmissions, 2);
}

static void a_loss_that_was_acknowledged_is_a_gap_after_a_second(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, C, "A", 1, 1, "abc");
	rig_send(r, C, "A", 7, 1, "ghi");
	rig_send(r, S, "A", 1, 10, "");
	rig_told(r, "> abc");
	r->now_us += SECOND_US / 2;
	rig_send(r, S, "A", 1, 10, "");
	rig_told(r, "");
	r->now_us += SECOND_US / 2;
	rig_send(r, S, "A", 1, 10, "");
	rig_told(r, "> -3@5; > ghi@5");
	assert_int_equal(r->flow->ways[C].missing, 3);
}

static void a_loss_that_nobody_acknowledged_may_come_again(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, C, "A", 4, 1, "def");
	r->now_us += 29 * SECOND_US;
	rig_send(r, S, "A", 1, 1, "x");
	rig_told(r, "< x");
	rig_send(r, C, "A", 1, 1, "abc");
	rig_told(r, "> abc; > def@4");
	rig_send(r, C, "A", 10, 1, "jkl");
	r->now_us += 30 * SECOND_US;
	flows_time(r->flows, r->now_us);
	rig_told(r, "> -3; > jkl");
}

static void acknowledged_bytes_that_nothing_follows_are_a_gap_too(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, S, "A", 1, 6, "");
	rig_told(r, "");
	r->now_us += SECOND_US;
	flows_time(r->flows, r->now_us);
	rig_told(r, "> -5");
	rig_send(r, C, "A", 6, 1, "fg");
	rig_told(r, "> fg");
}

static void an_answer_waits_for_its_question(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, S, "A", 1, 4, "answer");
	rig_send(r, S, "A", 7, 4, "more");
	rig_told(r, "");
	rig_send(r, C, "A", 1, 1, "ask");
	rig_told(r, "> ask; < answer@4; < more@5");

	/* The question is lost. */
	rig_send(r, S, "A", 11, 7, "again");
	r->now_us += SECOND_US;
	flows_time(r->flows, r->now_us);
	rig_told(r, "> -3; < again");
	assert_int_equal(r->flow->ways[S].reordered, 0);
}

/* The first copy says what the bytes depend on; the end of the stream stays where it is. */
static void a_copy_that_acknowledges_less_waits_for_less(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, C, "FA", 1, 5, "abcdef");
	rig_told(r, "");
	rig_send(r, C, "A", 1, 1, "abc");
	rig_told(r, "> abc@4");
	rig_send(r, S, "A", 1, 4, "1234");
	rig_told(r, "< 1234; > def@4; > fin@4");
}

static void what_was_under_way_does_not_wait(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, C, "A", 4, 1, "def");
	rig_send(r, S, "A", 1, 1, "x");
	rig_told(r, "< x");
}

static void a_connection_that_began_before_the_capture(void **state)
{
	struct rig *r = *state;
	rig_send(r, S, "A", 100, 50, "");
	rig_told(r, "");
	rig_send(r, S, "A", 100, 50, "abc");
	rig_told(r, "begin; < abc");
	assert_false(r->flow->whole);
	assert_int_equal(r->flow->ends[C].port, CLIENT_PORT);
	rig_send(r, C, "A", 50, 103, "xyz");
	rig_send(r, C, "A", 53, 103, "!");
	rig_told(r, "> xyz; > !");
	assert_int_equal(flows_counted(r->flows)->stray, 1);
}

static void a_probe_in_the_middle_is_no_byte(void **state)
{
	struct rig *r = *state;
	rig_send(r, C, "A", 49, 100, "?");
	rig_send(r, S, "A", 100, 50, "");
	rig_send(r, C, "A", 50, 100, "abc");
	rig_told(r, "begin; > abc");
	assert_int_equal(r->flow->ways[C].probes, 1);
	rig_send(r, C, "A", 52, 100, "");
	rig_send(r, C, "A", 52, 100, "c");
	rig_send(r, C, "A", 53, 100, "def");
	rig_told(r, "> def");
	assert_int_equal(r->flow->ways[C].probes, 3);
	assert_int_equal(r->flow->ways[C].retransmissions, 0);
}

static void the_handshake_may_have_lost_its_syn(void **state)
{
	struct rig *r = *state;
	rig_send(r, S, "SA", 0, 1, "");
	rig_send(r, C, "A", 1, 1, "abc");
	rig_send(r, S, "A", 1, 4, "x");
	rig_told(r, "begin; > abc; < x");
	assert_true(r->flow->whole);
	assert_int_equal(r->flow->ends[C].port, CLIENT_PORT);
}

static void data_in_a_syn_counts(void **state)
{
	struct rig *r = *state;
	rig_send(r, C, "S", 0, 0, "fast");
	rig_send(r, S, "SA", 0, 5, "");
	rig_send(r, C, "A", 5, 1, "er");
	rig_told(r, "begin; > fast; > er");
}

static void two_syns_may_cross(void **state)
{
	struct rig *r = *state;
	rig_send(r, C, "S", 0, 0, "");
	rig_send(r, S, "S", 0, 0, "");
	rig_send(r, C, "SA", 0, 1, "");
	rig_send(r, S, "SA", 0, 1, "");
	rig_send(r, S, "A", 1, 1, "x");
	rig_told(r, "begin; < x");
}

static void what_waits_at_the_end_is_told(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, C, "A", 4, 1, "def");
	rig_send(r, S, "A", 3, 9, "z");
	flows_end(r->flows);
	rig_told(r, "> -3@4; > def@4; > -2; < -2; < z; over: capture over");
	assert_int_equal(flows_counted(r->flows)->flows_now, 0);
}

static void what_the_snap_length_cut_off_is_a_gap(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	r->cut = 14 + 20 + 20 + 2;
	rig_send(r, C, "A", 1, 1, "abcdef");
	rig_send(r, C, "FA", 9, 1, "ij");
	rig_send(r, C, "A", 7, 1, "gh");
	rig_told(r, "> ab; > -4; > gh; > ij@5; > fin@5");
	r->cut = 14 + 20 + 20;
	rig_send(r, S, "A", 1, 12, "xyz");
	rig_told(r, "< -3");
	r->cut = 14 + 20 + 19;
	rig_send(r, S, "A", 4, 12, "xyz");
	rig_told(r, "");
	assert_int_equal(flows_counted(r->flows)->cut, 2);
	assert_int_equal(flows_counted(r->flows)->damaged, 1);
}

static void windows_and_probes_are_counted(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, C, "A", 1, 1, "abc");
	r->window = 0;
	rig_send(r, S, "A", 1, 4, "");
	r->window = 1000;
	rig_send(r, C, "A", 3, 1, "");
	rig_told(r, "> abc");
	assert_int_equal(r->flow->ways[S].zero_windows, 1);
	assert_int_equal(r->flow->ways[C].probes, 1);
}

static void a_reset_ends_both_ways(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, C, "A", 4, 1, "def");
	rig_send(r, S, "R", 1 + (1 << 27), 0, ""); /* no number of this connection */
	rig_told(r, "");
	rig_send(r, S, "RA", 1, 1, "");
	rig_told(r, "> -3@4; > def@4; < rst; over: ended");
}

static void a_connection_may_be_refused(void **state)
{
	struct rig *r = *state;
	rig_send(r, C, "S", 0, 0, "");
	r->isn[S] = 0;
	rig_send(r, S, "RA", 0, 1, "");
	rig_told(r, "begin; < rst; over: ended");
}

static void a_syn_sent_again_is_the_same(void **state)
{
	struct rig *r = *state;
	rig_send(r, C, "S", 0, 0, "");
	rig_send(r, C, "S", 0, 0, "");
	rig_send(r, S, "SA", 0, 1, "");
	rig_send(r, S, "SA", 0, 1, "");
	rig_told(r, "begin");
}

static void ports_may_be_used_again(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, C, "A", 1, 1, "abc");
	r->isn[C] += 77;
	rig_send(r, C, "S", 0, 0, "");
	r->isn[S] += 99;
	rig_send(r, S, "SA", 0, 1, "");
	rig_send(r, C, "A", 1, 1, "new");
	rig_told(r, "> abc; over: replaced; begin; > new");
	assert_int_equal(r->flow->number, 2);

	/* After an end nothing is replaced. */
	rig_send(r, C, "RA", 4, 1, "");
	r->isn[C] += 77;
	rig_send(r, C, "S", 0, 0, "");
	rig_told(r, "> rst; over: ended; begin");
	assert_int_equal(flows_counted(r->flows)->flows, 3);
	assert_int_equal(flows_counted(r->flows)->flows_most, 1);
}

static void late_copies_begin_nothing(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, C, "FA", 1, 1, "abc");
	rig_send(r, S, "FA", 1, 5, "xyz");
	rig_told(r, "> abc; > fin; < xyz; < fin; over: ended");
	rig_send(r, C, "A", 5, 5, "");
	rig_send(r, S, "FA", 1, 5, "xyz");
	rig_send(r, C, "R", 5, 5, "");
	rig_send(r, C, "A", 1, 1, "abc");
	rig_told(r, "");
	assert_int_equal(flows_counted(r->flows)->flows, 1);
}

/* What is known of those that are over does not grow with the capture. */
static void what_is_over_is_forgotten_at_last(void **state)
{
	enum { KNOWN = 4096 };
	struct rig *r = *state;
	for (unsigned i = 0; i < KNOWN + 2; i++) {
		r->client_port = (uint16_t)(10000 + i);
		rig_send(r, C, "A", 1, 1, "abc");
		rig_send(r, C, "R", 4, 1, "");
		rig_told(r, "begin; > abc; > rst; over: ended");
	}
	rig_send(r, C, "A", 1, 1, "abc");
	rig_told(r, "");
	r->client_port = 10000;
	rig_send(r, C, "A", 1, 1, "abc");
	rig_told(r, "begin; > abc");
}

static void numbers_far_away_are_another_connection(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	rig_send(r, C, "A", 1, 1, "abc");
	rig_send(r, C, "A", 1u << 30, 1, "lost");
	rig_send(r, C, "A", (1u << 30) + 4, 1, "lost");
	rig_told(r, "> abc");
	rig_send(r, C, "A", 4, 1, "def");
	rig_told(r, "> def");
	rig_send(r, C, "A", 1u << 30, 1, "lost");
	rig_send(r, C, "A", (1u << 30) + 4, 1, "lost");
	rig_send(r, C, "A", (1u << 30) + 8, 1, "new");
	rig_told(r, "over: replaced; begin; > new");
	assert_false(r->flow->whole);
}

static void what_is_half_open_is_given_up(void **state)
{
	struct rig *r = *state;
	rig_send(r, C, "S", 0, 0, "");
	r->now_us += 299 * (int64_t)SECOND_US;
	flows_time(r->flows, r->now_us);
	rig_told(r, "begin");
	r->now_us += SECOND_US;
	flows_time(r->flows, r->now_us);
	rig_told(r, "over: given up");

	/* A connection that is open may be silent for ever. */
	r->client_port++;
	rig_open(r);
	rig_send(r, C, "A", 1, 1, "abc");
	r->now_us += 100000 * (int64_t)SECOND_US;
	flows_time(r->flows, r->now_us);
	rig_told(r, "> abc");
	rig_send(r, C, "FA", 4, 1, "");
	r->now_us += 300 * (int64_t)SECOND_US;
	flows_time(r->flows, r->now_us);
	rig_told(r, "> fin; over: given up");
}

static void at_a_limit_the_silent_one_goes(void **state)
{
	struct flows_limits limits = flows_limits_usual;
	limits.flows = 2;
	struct rig *r = rig_again(state, limits);
	rig_open(r);
	r->client_port++;
	rig_send(r, C, "S", 0, 0, "");
	rig_send(r, S, "SA", 0, 1, "");
	r->client_port--;
	rig_send(r, C, "A", 1, 1, "abc");
	rig_told(r, "begin; > abc");
	r->client_port += 2;
	rig_send(r, C, "S", 0, 0, "");
	rig_told(r, "over: given up; begin");
	assert_int_equal(r->last.number, 2);
	assert_int_equal(flows_counted(r->flows)->flows_most, 2);
}

static void what_waits_is_bounded(void **state)
{
	struct flows_limits limits = flows_limits_usual;
	limits.held_bytes = 6;
	struct rig *r = rig_again(state, limits);
	rig_open(r);
	rig_send(r, C, "A", 4, 1, "def");
	rig_send(r, C, "A", 10, 1, "jkl");
	rig_told(r, "");
	rig_send(r, C, "A", 14, 1, "n");
	rig_told(r, "> -3@4; > def@4");

	limits.held_bytes_all = 6;
	r = rig_again(state, limits);
	rig_open(r);
	rig_send(r, C, "A", 4, 1, "def");
	r->client_port++;
	rig_open(r);
	rig_send(r, C, "A", 4, 1, "def");
	rig_told(r, "");
	rig_send(r, C, "A", 8, 1, "h");
	rig_told(r, "> -3@8; > def@8");
}

static void many_small_pieces_are_bounded(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	for (uint32_t i = 0; i < 4096; i++)
		rig_send(r, C, "A", 3 + 2 * i, 1, "x");
	rig_told(r, "");
	rig_send(r, C, "A", 3 + 2 * 4096, 1, "x");
	rig_told(r, "> -2@4; > x@4");
}

static void nobody_hears_of_what_is_ignored(void **state)
{
	struct rig *r = *state;
	r->ignores = true;
	rig_open(r);
	rig_send(r, C, "A", 1, 1, "abc");
	rig_send(r, C, "A", 10, 1, "jkl");
	rig_send(r, S, "A", 1, 100, "xyz");
	rig_send(r, C, "FA", 13, 1, "");
	rig_send(r, S, "RA", 4, 14, "");
	rig_told(r, "> fin; < rst; over: ended");
}

static void ports_are_counted(void **state)
{
	struct rig *r = *state;
	struct flows_port ports[3];
	rig_send(r, C, "S", 0, 0, "");
	r->client_port++;
	rig_send(r, C, "S", 0, 0, "");
	rig_send(r, S, "S", 0, 0, "");
	r->client_port = 9;
	rig_send(r, S, "S", 7, 0, "");
	assert_int_equal(flows_ports(r->flows, ports, 3), 2);
	assert_int_equal(ports[0].port, SERVER_PORT);
	assert_int_equal(ports[0].flows, 2);
	assert_int_equal(ports[1].port, 9);
	assert_int_equal(flows_ports(r->flows, ports, 1), 1);
	assert_int_equal(ports[0].port, SERVER_PORT);
}

static void a_thousand_connections_are_kept_apart(void **state)
{
	struct rig *r = *state;
	for (uint16_t i = 0; i < 1000; i++) {
		r->client_port = (uint16_t)(10000 + i);
		rig_open(r);
	}
	for (uint16_t i = 0; i < 1000; i++) {
		r->client_port = 10000 + i * 7 % 1000;
		rig_send(r, C, "A", 1, 1, "abc");
		rig_told(r, "> abc");
		rig_send(r, C, "R", 4, 1, "");
		rig_told(r, "> rst; over: ended");
		assert_int_equal(r->last.ends[C].port, r->client_port);
		assert_int_equal(r->last.number, 1 + r->client_port - 10000);
	}
	assert_int_equal(flows_counted(r->flows)->flows_now, 0);
}

static void those_that_stay_are_found(void **state)
{
	struct flows_limits limits = flows_limits_usual;
	limits.flows = 1000;
	struct rig *r = rig_again(state, limits);
	for (uint16_t i = 0; i < 5000; i++) {
		r->client_port = (uint16_t)(10000 + i);
		rig_send(r, C, "S", 0, 0, "");
		rig_send(r, S, "SA", 0, 1, "");
		buf_reset(&r->told);
	}
	assert_int_equal(flows_counted(r->flows)->flows_most, 1000);
	for (uint16_t i = 4200; i < 5000; i++) {
		r->client_port = (uint16_t)(10000 + i);
		rig_send(r, C, "A", 1, 1, "abc");
		rig_told(r, "> abc");
	}
}

int main(void)
{
#define flows_test(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		flows_test(a_connection_gives_two_streams),
		flows_test(ipv6_is_no_different),
		flows_test(what_comes_early_waits_for_its_turn),
		flows_test(what_comes_twice_is_given_once),
		flows_test(of_two_copies_that_differ_the_first_counts),
		flows_test(a_copy_of_what_was_given_out_may_differ),
		flows_test(a_loss_that_was_acknowledged_is_a_gap_after_a_second),
		flows_test(a_loss_that_nobody_acknowledged_may_come_again),
		flows_test(acknowledged_bytes_that_nothing_follows_are_a_gap_too),
		flows_test(an_answer_waits_for_its_question),
		flows_test(a_copy_that_acknowledges_less_waits_for_less),
		flows_test(what_was_under_way_does_not_wait),
		flows_test(a_connection_that_began_before_the_capture),
		flows_test(a_probe_in_the_middle_is_no_byte),
		flows_test(the_handshake_may_have_lost_its_syn),
		flows_test(data_in_a_syn_counts),
		flows_test(two_syns_may_cross),
		flows_test(what_waits_at_the_end_is_told),
		flows_test(what_the_snap_length_cut_off_is_a_gap),
		flows_test(windows_and_probes_are_counted),
		flows_test(a_reset_ends_both_ways),
		flows_test(a_connection_may_be_refused),
		flows_test(a_syn_sent_again_is_the_same),
		flows_test(ports_may_be_used_again),
		flows_test(late_copies_begin_nothing),
		flows_test(what_is_over_is_forgotten_at_last),
		flows_test(numbers_far_away_are_another_connection),
		flows_test(what_is_half_open_is_given_up),
		flows_test(at_a_limit_the_silent_one_goes),
		flows_test(what_waits_is_bounded),
		flows_test(many_small_pieces_are_bounded),
		flows_test(nobody_hears_of_what_is_ignored),
		flows_test(ports_are_counted),
		flows_test(a_thousand_connections_are_kept_apart),
		flows_test(those_that_stay_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
