/* One message to many: what is shared between their outputs, and what each of them gets. */
#include "tests/unit/broker_rig.h"

#include <stdlib.h>
#include <string.h>

#include "harness/wire/wire.h"

enum { MEMBERS = 20 };

static uint64_t memory(struct rig *r)
{
	return broker_figures(r->broker)->memory_bytes;
}

static void read_again(struct client *c)
{
	c->deaf = false;
	link_mark(c->link);
	carry(c->rig);
}

static void a_fan_out_is_written_once_for_all(void **state)
{
	struct rig *r = *state;
	struct client *subs[MEMBERS], *pub = join(r, MQTT_311, "pub");

	for (unsigned i = 0; i < MEMBERS; i++) {
		subs[i] = join(r, MQTT_311, text(r, "s%u", i));
		subscribe_to(subs[i], "t", i % 3);
		subs[i]->deaf = true;
	}
	uint64_t before = memory(r);
	for (unsigned i = 0; i < 40; i++)
		say(pub, text(r, "30 r s\"t\" b\"%02u\" 61*200", i));
	assert_int_equal(link_output_bytes(subs[0]->link), 40 * 208);
	assert_true(memory(r) - before < 3 * 16384);
	for (unsigned i = 0; i < MEMBERS; i++) {
		read_again(subs[i]);
		for (unsigned n = 0; n < 40; n++)
			assert_non_null(strstr(hear(subs[i]), text(r, "\"t\" q0 \"%02uaaa", n)));
		expect_silence(subs[i]);
	}
	assert_true(memory(r) - before < 16384 + 1024);
}

/* Each message that the slow one waits for is in another sheet, between those of busy others. */
static void a_slow_reader_holds_little_more_than_it_has_to_read(void **state)
{
	struct rig *r = *state;
	struct client *slow = join(r, MQTT_311, "slow"), *pub = join(r, MQTT_311, "pub");

	subscribe_to(slow, "rare", 0);
	for (unsigned i = 0; i < MEMBERS; i++)
		subscribe_to(join(r, MQTT_311, text(r, "s%u", i)), "#", 0);
	slow->deaf = true;
	uint64_t before = memory(r);
	for (unsigned i = 0; i < 300; i++) {
		struct client *keeper = &r->clients[2 + i % MEMBERS];
		keeper->deaf = true; /* nobody begins the sheet anew */
		for (unsigned n = 0; n < 20; n++)
			say(pub, "30 r s\"busy\" 61*900");
		say(pub, text(r, "30 r s\"rare\" b\"%03u\" 61*30", i));
		read_again(keeper);
	}
	assert_int_equal(link_output_bytes(slow->link), 300 * 41);
	assert_true(memory(r) - before < 2 * link_output_bytes(slow->link) + 4 * 16384);
	read_again(slow);
	for (unsigned i = 0; i < 300; i++)
		assert_non_null(strstr(hear(slow), text(r, "\"rare\" q0 \"%03uaaa", i)));
	expect_silence(slow);
}

/* ---- many kinds of them, at random, against what each is to get ----------------------------- */

enum { QUEUE = 4096, STEPS = 4000 };

struct message {
	unsigned number, size;
	uint8_t qos;
	bool retain;
};

struct member {
	struct client *client;
	uint8_t qos;
	bool as_published, other;
	struct message queue[QUEUE];
	unsigned first, end;
};

static unsigned draw(unsigned *seed, unsigned below)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % below;
}

static struct member member_join(struct rig *r, unsigned i)
{
	static const char *const properties[] = { "", "22 n3", "", "27 w2000" };
	struct member m = { .qos = i % 3, .as_published = i % 8 == 5, .other = i % 5 == 4 };
	unsigned options = m.qos | (m.as_published ? 8 : 0);
	const char *id = text(r, "s%u", i);

	if (i % 2) {
		m.client = join_with(r, id, true, properties[i / 2 % 4]);
		assert_memory_equal(hear(m.client), "CONNACK success", 15);
		say(m.client,
			text(r, "82 r m99 p{%s} s\"%s\" %02X", i % 7 == 3 ? "0B v7" : "",
				m.other ? "t/2" : "t/+", options));
		hear(m.client);
	} else {
		m.client = join(r, MQTT_311, id);
		subscribe_to(m.client, m.other ? "t/2" : "t/+", options);
	}
	return m;
}

/* All that has come to it is what it is to get, in order. */
static void member_look(struct rig *r, struct member *m, bool all)
{
	struct buf *b = &m->client->heard;
	struct packet packet;

	while (b->len) {
		struct wire_result result = wire_parse(
			&r->arena, m->client->version, b->data, b->len, 300 << 20, &packet);
		if (result.status == WIRE_NEED_MORE)
			break;
		assert_int_equal(result.status, WIRE_PACKET);
		assert_int_equal(packet.type, PUBLISH);
		assert_true(m->first < m->end);
		const struct message *want = &m->queue[m->first++ % QUEUE];
		assert_int_equal(packet.payload.len, want->size);
		assert_int_equal(atoi(text(r, "%.6s", packet.payload.data)), want->number);
		for (size_t i = 6; i < packet.payload.len; i++)
			assert_int_equal(packet.payload.data[i], want->number % 251);
		assert_int_equal(packet.flags, want->qos << 1 | want->retain);
		buf_consume(b, result.consumed);
	}
	assert_true(!all || (m->first == m->end && !b->len));
}

static unsigned size_draw(unsigned *seed)
{
	unsigned kind = draw(seed, 20);
	unsigned size = 7 + draw(seed, kind == 0 ? 6000 : kind < 4 ? 1200 : 60);

	/* clear of the Maximum Packet Size of some */
	return size < 1900 || size > 2000 ? size : 1900;
}

static void publish_some(struct rig *r, struct client *pub, struct member *members, unsigned count,
	unsigned number, unsigned *seed)
{
	struct message m = { number, size_draw(seed), (uint8_t)draw(seed, 3), draw(seed, 5) == 0 };
	unsigned topic = draw(seed, 4) == 0 ? 2 : 1;

	say(pub,
		text(r, "%02X r s\"t/%u\" %s p{} b\"%06u\" %02X*%u", 0x30 | m.qos << 1 | m.retain,
			topic, m.qos ? text(r, "m%u", number % 60000 + 1) : "", number,
			number % 251, m.size - 6));
	if (m.qos == 2)
		say(pub, text(r, "62 r m%u", number % 60000 + 1));
	pub->heard.len = 0;
	for (unsigned i = 0; i < count; i++) {
		struct member *to = &members[i];
		bool small = i % 2 == 0 || i / 2 % 4 != 3 || m.size <= 1900;
		if ((to->other && topic != 2) || !small)
			continue;
		struct message *copy = &to->queue[to->end++ % QUEUE];
		*copy = m;
		copy->qos = m.qos < to->qos ? m.qos : to->qos;
		copy->retain = m.retain && to->as_published;
	}
}

static void every_kind_of_subscriber_gets_its_own(void **state)
{
	struct rig *r = *state;
	struct member *members = arena_alloc(&r->arena, 40 * sizeof(*members));
	r->config.limits.inflight = UINT16_MAX;
	struct client *pubs[] = { join(r, MQTT_311, "p311"), join(r, MQTT_50, "p50") };
	unsigned seed = 7;

	for (unsigned i = 0; i < 40; i++)
		members[i] = member_join(r, i);
	for (unsigned n = 0; n < STEPS; n++) {
		struct member *m = &members[draw(&seed, 40)];
		bool deaf = draw(&seed, 3) == 0;
		read_again(m->client);
		m->client->deaf = deaf;
		publish_some(r, pubs[draw(&seed, 2)], members, 40, n, &seed);
		if (!m->client->deaf)
			member_look(r, m, false);
	}
	for (unsigned i = 0; i < 40; i++) {
		read_again(members[i].client);
		member_look(r, &members[i], true);
	}
}

static bool not_to_b(void *context, const struct broker_client *client, struct mqtt_view topic)
{
	(void)context;
	return topic.data[0] != 't' || !mqtt_view_equal(client->client_id, MQTT_VIEW("b"));
}

static struct client *join_all(struct rig *r, const char *id)
{
	struct client *c = join(r, MQTT_50, id);

	subscribe_to(c, "t", 0);
	subscribe_to(c, "u", 0);
	return c;
}

/* The outputs end with the same packet, made for all, and the next one made for all does not suit them. */
static void whoever_wants_it_otherwise_does_not_get_what_all_get(void **state)
{
	struct rig *r = *state;
	struct client *pub = join(r, MQTT_50, "pub");

	join_all(r, "all");
	struct client *own = join(r, MQTT_50, "own"), *with_id = join(r, MQTT_50, "with_id");
	subscribe_to(own, "u", 0);
	subscribe_to(own, "t", 4); /* No Local */
	subscribe_to(with_id, "u", 0);
	say(with_id, "82 r m1 p{0B v7} s\"t\" 00");
	expect(with_id, "SUBACK id 1: 0x00");
	own->deaf = with_id->deaf = true;
	say(pub, "30 r s\"u\" p{} b\"1\"");
	say(own, "30 r s\"t\" p{} b\"2\"");
	say(pub, "30 r s\"u\" p{} b\"3\"");
	read_again(own);
	expect(own, "PUBLISH \"u\" q0 \"1\"");
	expect(own, "PUBLISH \"u\" q0 \"3\"");
	expect_silence(own);
	read_again(with_id);
	expect(with_id, "PUBLISH \"u\" q0 \"1\"");
	assert_non_null(strstr(hear(with_id), "Subscription Identifier 7"));
	expect(with_id, "PUBLISH \"u\" q0 \"3\"");
	expect_silence(with_id);
}

static void whoever_may_not_have_it_does_not_get_what_all_get(void **state)
{
	struct rig *r = *state;
	r->config.access.deliver = not_to_b;
	struct client *pub = join(r, MQTT_50, "pub");

	join_all(r, "all");
	struct client *barred = join_all(r, "b");
	barred->deaf = true;
	say(pub, "30 r s\"u\" p{} b\"1\"");
	say(pub, "30 r s\"t\" p{} b\"2\"");
	read_again(barred);
	expect(barred, "PUBLISH \"u\" q0 \"1\"");
	expect_silence(barred);
}

static void whoever_has_too_much_to_read_gets_no_more(void **state)
{
	struct rig *r = *state;
	r->config.limits.output_bytes = 5000;
	struct client *pub = join(r, MQTT_50, "pub");

	join_all(r, "all");
	struct client *full = join_all(r, "full");
	full->deaf = true;
	for (unsigned i = 0; i < 100; i++)
		say(pub, "30 r s\"u\" p{} 61*100");
	assert_in_range(link_output_bytes(full->link), 5000, 5105);
}

/* All but what the sheet takes: the first of those that get it needs no copy of its own, either. */
static void a_fan_out_to_two_is_shared_by_both(void **state)
{
	struct rig *r = *state;
	struct client *pub = join(r, MQTT_50, "pub"),
		      *pair[] = { join_all(r, "1"), join_all(r, "2") };

	pair[0]->deaf = pair[1]->deaf = true;
	uint64_t before = memory(r);
	for (unsigned i = 0; i < 100; i++)
		say(pub, "30 r s\"u\" p{} 61*100");
	assert_true(memory(r) - before < 16384 + 1024);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(link_output_bytes(pair[i]->link), 100 * 106);
		read_again(pair[i]);
	}
}

static void a_topic_that_is_known_finds_who_came_since(void **state)
{
	struct rig *r = *state;
	struct client *pub = join(r, MQTT_311, "pub");

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned n = 0; n < 3; n++)
			say(pub, "30 r s\"t\" b\"x\"");
		struct client *sub = join(r, MQTT_311, text(r, "s%u", round));
		subscribe_to(sub, "t", 0);
		for (unsigned n = 0; n < 3; n++) {
			say(pub, "30 r s\"t\" b\"y\"");
			expect(sub, "PUBLISH \"t\" q0 \"y\"");
		}
		say(pub, "30 r s\"t/+\" b\"y\"");
		expect_trouble(r, "3.1.1:MQTT-3.3.2-2");
		expect_closed(pub);
		pub = join(r, MQTT_311, "pub");
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_fan_out_is_written_once_for_all),
		TEST(a_slow_reader_holds_little_more_than_it_has_to_read),
		TEST(every_kind_of_subscriber_gets_its_own),
		TEST(whoever_wants_it_otherwise_does_not_get_what_all_get),
		TEST(whoever_may_not_have_it_does_not_get_what_all_get),
		TEST(whoever_has_too_much_to_read_gets_no_more),
		TEST(a_fan_out_to_two_is_shared_by_both),
		TEST(a_topic_that_is_known_finds_who_came_since),
	};
	return cmocka_run_group_tests_name("broker_fanout", tests, NULL, NULL);
}
