/* How connections end: each in time, with little held for a peer that does not read. */
#include "tests/unit/broker_rig.h"

#include <string.h>

#define TAKEN_OVER \
	"DISCONNECT 0x8E Session taken over, Reason String \"another connection has come\""

enum {
	END_MS = 5000,
	LEFT_BYTES = 1200000, /* most that a link that ends holds, if its messages are small */
};

static uint64_t memory_of(struct rig *r)
{
	return broker_figures(r->broker)->memory_bytes;
}

/* A client with Keep Alive 10 that takes nothing, and `count` messages of 1,000 bytes for it. */
static struct client *join_deaf(struct rig *r, const char *id, unsigned count)
{
	struct client *c = dial(r, MQTT_50), *pub = join(r, MQTT_50, "pub");

	say(c, text(r, "10 r s\"MQTT\" 05 00 n10 p{11 w100} s\"%s\"", id));
	assert_memory_equal(hear(c), "CONNACK success", 15);
	subscribe_to(c, "t", 0);
	c->deaf = true;
	for (unsigned i = 0; i < count; i++)
		say(pub, "30 r s\"t\" p{} 61*1000");
	hang_up(pub);
	return c;
}

static void taken_over(struct client *c)
{
	hang_up(join_with(c->rig, "c", false, "11 w100"));
}

static void refused(struct client *c)
{
	say(c, "C1 00");
}

static void gone(struct client *c)
{
	say(c, "E0 00");
}

static void silent(struct client *c)
{
	wait_ms(c->rig, 15000);
}

static void kicked(struct client *c)
{
	broker_kick(c->rig->broker, MQTT_VIEW("c"));
	carry(c->rig);
}

static void (*const ends[])(struct client *c) = { taken_over, refused, gone, silent, kicked };

enum { ENDS = sizeof(ends) / sizeof(*ends) };

static void every_end_has_a_deadline(void **state)
{
	struct rig *r = *state;

	for (unsigned i = 0; i < ENDS; i++) {
		struct client *c = join_deaf(r, "c", 10);
		ends[i](c);
		assert_true(link_ends(c->link));
		assert_true(link_wants_input(c->link)); /* to be thrown away */
		say(c, "C0 00");
		wait_ms(r, END_MS - 1);
		assert_false(link_must_close(c->link));
		wait_ms(r, 1);
		expect_closed(c);
	}
}

static void what_cannot_be_delivered_is_given_back(void **state)
{
	struct rig *r = *state;

	rig_start(r);
	for (unsigned i = 0; i < ENDS; i++) {
		uint64_t before = memory_of(r);
		struct client *c = join_deaf(r, "c", 5000);
		assert_true(memory_of(r) > before + 5000000);
		ends[i](c);
		assert_non_null(c->link);
		assert_true(memory_of(r) < before + LEFT_BYTES);
		c->deaf = false;
		link_mark(c->link);
		unsigned heard = 0;
		const char *line = hear(c);
		for (; !strncmp(line, "PUBLISH", 7); line = hear(c))
			heard++; /* whole packets */
		assert_in_range(heard, 1000, LEFT_BYTES / 1000);
		if (i == 0)
			assert_string_equal(line, TAKEN_OVER);
		if (i != 2) { /* the client who said it is not told */
			assert_memory_equal(line, "DISCONNECT", 10);
			line = hear(c);
		}
		assert_string_equal(line, "closed");
	}
}

/* A message that is pointed at is in two pieces: the packet under way stays whole. */
static void the_packet_under_way_is_written_whole(void **state)
{
	struct rig *r = *state;
	struct broker_piece piece;

	for (unsigned taken = 0; taken < 3; taken++) {
		struct client *c = join_deaf(r, "c", 0), *pub = join(r, MQTT_50, "pub");
		for (unsigned i = 0; i < 3; i++)
			say(pub, "30 r s\"t\" p{} 61*1100000");
		hang_up(pub);
		for (unsigned i = 0; i < taken; i++) { /* the head, and half of the payload */
			assert_int_equal(link_output(c->link, &piece, 1), 1);
			size_t len = i ? piece.len / 2 : piece.len;
			buf_add(&c->heard, piece.data, len);
			link_written(c->link, len);
		}
		taken_over(c);
		c->deaf = false;
		link_mark(c->link);
		assert_memory_equal(hear(c), "PUBLISH \"t\" q0 \"aaaa", 19);
		expect(c, TAKEN_OVER);
		expect_closed(c);
	}
}

static void little_output_is_written_whole(void **state)
{
	struct rig *r = *state;
	struct client *c = join(r, MQTT_311, "c");
	struct buf all;

	buf_init(&all, 1 << 20);
	for (unsigned i = 1; i <= 10000; i++)
		buf_add(&all, (uint8_t[]){ 0x32, 5, 0, 1, 't', (uint8_t)(i >> 8), (uint8_t)i }, 7);
	buf_add(&all, "\xE0\0", 2);
	say_bytes(c, all.data, all.len);
	buf_fini(&all);
	for (unsigned i = 1; i <= 10000; i++)
		expect(c, text(r, "PUBACK id %u", i));
	expect_closed(c);
}

static void who_says_goodbye_and_has_all_is_closed_at_once(void **state)
{
	struct rig *r = *state;
	struct client *c = join(r, MQTT_311, "c");

	link_input(c->link, "\xE0\0", 2);
	assert_true(link_must_close(c->link));
	c = join(r, MQTT_311, "d");
	link_input(c->link, "\xC0\0\xE0\0", 4);
	assert_true(link_ends(c->link));
	assert_false(link_must_close(c->link));
}

/* The host may be writing it. */
static void the_first_piece_stays_where_it_is(void **state)
{
	struct rig *r = *state;
	struct client *c = join_deaf(r, "c", 1000);
	struct broker_piece before, after;

	assert_int_equal(link_output(c->link, &before, 1), 1);
	struct client *pub = join(r, MQTT_50, "pub");
	say(pub, "30 r s\"t\" p{} 62*1000");
	taken_over(c);
	assert_int_equal(link_output(c->link, &after, 1), 1);
	assert_ptr_equal(before.data, after.data);
	assert_true(after.len >= before.len);
	taken_over(c);
	hang_up(pub);
	buf_add(&c->heard, before.data, before.len);
	link_written(c->link, before.len);
	assert_memory_equal(hear(c), "PUBLISH \"t\" q0 \"aaaa", 19);
}

static void a_shutdown_takes_nothing_from_those_who_read(void **state)
{
	struct rig *r = *state;
	struct client *c = join_deaf(r, "c", 2000);

	broker_shutdown(r->broker);
	carry(r);
	c->deaf = false;
	link_mark(c->link);
	for (unsigned i = 0; i < 2000; i++)
		assert_memory_equal(hear(c), "PUBLISH", 7);
	expect(c,
		"DISCONNECT 0x8B Server shutting down, Reason String \"the server is shutting "
		"down\"");
	expect_closed(c);
}

static void a_session_has_one_connection_that_ends(void **state)
{
	struct rig *r = *state;
	struct client *c[4], *pub;

	for (unsigned i = 0; i < 4; i++) {
		c[i] = join_with(r, "c", false, "11 w100");
		assert_memory_equal(hear(c[i]), "CONNACK success", 15);
		if (!i)
			subscribe_to(c[i], "t", 1);
		c[i]->deaf = true;
		pub = join(r, MQTT_50, "pub");
		say(pub, "32 r s\"t\" m1 p{} 61*100");
		hang_up(pub);
	}
	assert_null(c[0]->link);
	assert_null(c[1]->link);
	assert_true(link_ends(c[2]->link));
	assert_false(link_ends(c[3]->link));
	say(c[3], "E0 00");
	assert_null(c[2]->link);
	wait_ms(r, END_MS - 1);
	assert_non_null(c[3]->link);
	/* The session goes first: nobody thinks of it then. */
	pub = join_with(r, "c", true, "");
	assert_memory_equal(hear(pub), "CONNACK success, Receive", 24);
	wait_ms(r, 1);
	assert_null(c[3]->link);
	assert_non_null(pub->link);
}

/* Many may come within one turn of the host, before it closes any. */
static void a_session_taken_over_within_a_turn_holds_little(void **state)
{
	struct rig *r = *state;
	struct client *c = join_deaf(r, "c", 0), *pub = join(r, MQTT_50, "pub");

	c->deaf = false;
	subscribe_to(c, "q", 1);
	hang_up(c);
	for (unsigned i = 1; i <= 1000; i++)
		say(pub, text(r, "32 r s\"q\" m%u p{} 61*3300", i));
	uint64_t before = memory_of(r);
	for (unsigned i = 0; i < 100; i++) {
		c = dial(r, MQTT_50);
		c->deaf = true;
		link_input(c->link, "\x10\x13\0\4MQTT\5\0\0\0\5\x11\0\0\0\x64\0\1c", 21);
	}
	assert_true(link_output_bytes(c->link) > 3000000);
	assert_true(memory_of(r) - before < 3300000 + LEFT_BYTES + 100 * 20000);
}

static void those_that_end_keep_no_newcomer_out(void **state)
{
	struct rig *r = *state;
	r->config.limits.connections = 2;
	struct client *c = join_deaf(r, "c", 10), *d = join_with(r, "d", true, "");

	assert_null(link_open(r->broker, NULL));
	say(c, "E0 00");
	assert_non_null(c->link);
	hear(d);
	join(r, MQTT_50, "e");
	assert_null(link_open(r->broker, NULL));
	wait_ms(r, END_MS);
	expect_closed(c);
	assert_null(link_open(r->broker, NULL));
	hang_up(d);
	join(r, MQTT_50, "f");
}

static void without_memory_for_its_output_a_link_is_lost(void **state)
{
	struct rig *r = *state;
	r->config.limits.memory_bytes = 4 << 20;
	struct client *c = join_deaf(r, "c", 0), *pub = join(r, MQTT_50, "pub");
	uint64_t before = memory_of(r);

	for (unsigned i = 0; i < 5000 && c->link; i++)
		say(pub, "30 r s\"t\" p{} 61*1000");
	expect_closed(c);
	assert_non_null(pub->link);
	assert_true(memory_of(r) < before + 1000);
}

enum { CEILING = 4 << 20, FILLERS = 14 };

/* There is hardly any left when it returns: none for a larger heap of timers, which grows from 64 of them on. */
static void fill_memory(struct rig *r)
{
	enum { CHUNK = 400000, SPARE = 1000 };
	uint8_t *half = arena_alloc(&r->arena, CHUNK);
	struct client *fillers[FILLERS];

	memcpy(half, "\x10\x80\x80\x1E", 4); /* the beginning of a CONNECT */
	for (unsigned i = 0; i < FILLERS; i++)
		fillers[i] = dial(r, MQTT_311);
	for (unsigned i = 0; CEILING - memory_of(r) > 2 * SPARE; i++) {
		uint64_t room = CEILING - memory_of(r) - SPARE;
		assert_true(i < FILLERS);
		say_bytes(fillers[i], half, room < CHUNK ? room : CHUNK);
	}
}

static void without_memory_the_end_has_its_deadline(void **state)
{
	struct rig *r = *state;

	r->config.limits.memory_bytes = CEILING;
	struct client *c = join(r, MQTT_311, "c");
	c->deaf = true;
	say(c, "C0 00");
	fill_memory(r);
	say(c, "E0 00");
	wait_ms(r, END_MS - 1);
	assert_false(link_must_close(c->link));
	wait_ms(r, 1);
	expect_closed(c);
}

/* Where the time of each begins while its connection, which ends, has its own. */
static void without_memory_sessions_last(void **state)
{
	enum { SESSIONS = 64 - FILLERS };
	struct rig *r = *state;
	struct client *list[SESSIONS];

	r->config.limits.memory_bytes = CEILING;
	for (unsigned i = 0; i < SESSIONS; i++) {
		list[i] = join_with(r, text(r, "c%u", i), false, "11 w100");
		assert_memory_equal(hear(list[i]), "CONNACK success", 15);
	}
	fill_memory(r);
	for (unsigned i = 0; i < SESSIONS; i++) {
		list[i]->deaf = true;
		broker_kick(r->broker, mqtt_view_of(text(r, "c%u", i)));
	}
	carry(r);
	assert_int_equal(broker_figures(r->broker)->sessions, SESSIONS);
	wait_ms(r, 99000);
	assert_int_equal(broker_figures(r->broker)->sessions, SESSIONS);
	wait_ms(r, 1001);
	assert_int_equal(broker_figures(r->broker)->sessions, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(every_end_has_a_deadline),
		TEST(what_cannot_be_delivered_is_given_back),
		TEST(the_packet_under_way_is_written_whole),
		TEST(little_output_is_written_whole),
		TEST(who_says_goodbye_and_has_all_is_closed_at_once),
		TEST(the_first_piece_stays_where_it_is),
		TEST(a_shutdown_takes_nothing_from_those_who_read),
		TEST(a_session_has_one_connection_that_ends),
		TEST(a_session_taken_over_within_a_turn_holds_little),
		TEST(those_that_end_keep_no_newcomer_out),
		TEST(without_memory_for_its_output_a_link_is_lost),
		TEST(without_memory_the_end_has_its_deadline),
		TEST(without_memory_sessions_last),
	};
	return cmocka_run_group_tests_name("broker_ends", tests, NULL, NULL);
}
