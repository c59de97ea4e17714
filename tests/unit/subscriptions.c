/* The tree of subscriptions against a matcher that looks at each filter in turn. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "broker/core/match.h"
#include "broker/core/memory.h"
#include "broker/core/routes.h"
#include "broker/core/subscriber.h"
#include "broker/core/subscriptions.h"
#include "mqtt/text.h"

enum { SESSIONS = 30, FILTERS = 400, LEVELS_MAX = 6, STEPS = 6000, SEED = 20260 };

struct bench {
	struct memory memory;
	struct subscriptions subscriptions;
	struct routes routes;
	struct match match;
	struct subscriber subscribers[SESSIONS];
	char filters[FILTERS][40];
	struct { /* what ought to be there */
		bool there, no_local, retain_as_published;
		uint8_t qos;
		uint32_t id;
	} truth[SESSIONS][FILTERS];
	uint32_t random;
};

static const struct subscription_limits many = { 10000, 10000 };

static bool leave(struct bench *b, uint32_t subscriber, struct mqtt_view text)
{
	struct subscription *sub =
		subscriptions_find(&b->subscriptions, &b->subscribers[subscriber], text);

	if (sub)
		subscriptions_remove(&b->subscriptions, sub);
	return sub;
}

static uint32_t any(struct bench *b, uint32_t below)
{
	b->random = b->random * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)b->random * below >> 32);
}

/* Few names, so that filters and topics meet; empty levels and "$" at the front, too. */
static void path_make(struct bench *b, char *out, bool filter)
{
	static const char *const names[] = { "a", "b", "cc", "", "$x", "longer name" };
	uint32_t levels = 1 + any(b, LEVELS_MAX);

	*out = '\0';
	for (uint32_t i = 0; i < levels; i++) {
		if (i)
			strcat(out, "/");
		if (filter && !any(b, 4))
			strcat(out, "+");
		else if (filter && i + 1 == levels && !any(b, 3))
			strcat(out, "#");
		else
			strcat(out, names[any(b, i ? 4 : 6)]);
	}
	if (!*out || strlen(out) >= 39)
		strcpy(out, "a");
}

static int bench_set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (!b)
		return -1;
	b->random = SEED;
	memory_init(&b->memory, 1 << 30);
	assert_true(subscriptions_init(&b->subscriptions, &b->memory, 99));
	routes_init(&b->routes, &b->memory, &b->subscriptions, 99);
	*state = b;
	return 0;
}

static int bench_tear_down(void **state)
{
	struct bench *b = *state;

	for (unsigned i = 0; i < SESSIONS; i++)
		subscriptions_remove_all(&b->subscriptions, &b->subscribers[i]);
	match_fini(&b->match, &b->memory);
	routes_fini(&b->routes);
	subscriptions_fini(&b->subscriptions);
	assert_int_equal(b->memory.used_bytes, 0); /* [MQTT-3.10.4-1]: nothing is left */
	memory_fini(&b->memory);
	free(b);
	return 0;
}

static void subscription_toggle(struct bench *b)
{
	uint32_t s = any(b, SESSIONS), f = any(b, FILTERS);
	struct mqtt_filter filter = { .text = mqtt_view_of(b->filters[f]),
		.no_local = !any(b, 8),
		.retain_as_published = any(b, 2) };
	uint8_t qos = (uint8_t)any(b, 3);
	bool there = b->truth[s][f].there;
	uint32_t id = any(b, 2) ? f + 1 : 0;

	if (any(b, 5) < 3) {
		assert_int_equal(subscriptions_add(&b->subscriptions, &b->subscribers[s], &filter,
					 qos, id, &many),
			there ? SUBSCRIBE_REPLACED : SUBSCRIBE_NEW);
		b->truth[s][f].there = true;
		b->truth[s][f].qos = qos;
		b->truth[s][f].id = id;
		b->truth[s][f].no_local = filter.no_local;
		b->truth[s][f].retain_as_published = filter.retain_as_published;
	} else {
		assert_int_equal(leave(b, s, filter.text), there);
		b->truth[s][f].there = false;
	}
}

static uint32_t ids_sum(const struct match *m, const struct target *t, uint32_t *count)
{
	uint32_t sum = 0;

	*count = 0;
	for (uint32_t at = t->ids; at; at = m->ids[at - 1].next, ++*count)
		sum += m->ids[at - 1].id;
	return sum;
}

static void match_check(struct bench *b, const char *topic, uint32_t publisher)
{
	const struct subscriber *p = &b->subscribers[publisher];
	const struct match *m = routes_match(&b->routes, mqtt_view_of(topic), p);
	uint32_t expected = 0, got = 0;

	assert_false(m->failed);
	for (uint32_t s = 0; s < SESSIONS; s++) {
		uint32_t qos = 0, sum = 0, ids = 0, subs = 0, found = 0;
		bool rap = false;
		for (uint32_t f = 0; f < FILTERS; f++) {
			if (!b->truth[s][f].there || (s == publisher && b->truth[s][f].no_local) ||
				!mqtt_filter_matches(
					mqtt_view_of(b->filters[f]), mqtt_view_of(topic)))
				continue;
			subs++;
			qos = b->truth[s][f].qos > qos ? b->truth[s][f].qos : qos;
			rap |= b->truth[s][f].retain_as_published;
			sum += b->truth[s][f].id;
			ids += b->truth[s][f].id != 0;
		}
		expected += subs != 0;
		for (uint32_t t = 0; t < m->target_count; t++) {
			const struct target *target = &m->targets[t];
			uint32_t count;
			if (target->subscriber != &b->subscribers[s])
				continue;
			if (target->subscriber == p && target->no_local)
				continue; /* whoever delivers passes it over */
			found++;
			assert_int_equal(target->qos, qos);
			assert_int_equal(target->retain_as_published, rap);
			assert_int_equal(ids_sum(m, target, &count), sum);
			assert_int_equal(count, ids);
		}
		if (found != (subs != 0))
			fail_msg("%s: session %u has %u, found %u (seed %d)", topic, s, subs, found,
				SEED);
		got += found;
	}
	assert_int_equal(got, expected);
}

static void the_tree_finds_what_a_plain_search_finds(void **state)
{
	struct bench *b = *state;
	char topics[20][40];

	for (unsigned f = 0; f < FILTERS; f++) {
		bool again;
		do {
			path_make(b, b->filters[f], true);
			again = false;
			for (unsigned i = 0; i < f; i++)
				again |= !strcmp(b->filters[i], b->filters[f]);
		} while (again || !mqtt_filter_valid(mqtt_view_of(b->filters[f])));
	}
	for (unsigned step = 0; step < STEPS; step++) {
		char topic[40];
		subscription_toggle(b);
		if (step % 10)
			continue;
		/* The same few topics again and again, so that remembered routes are used ... */
		if (!(step % 500))
			for (unsigned i = 0; i < 20; i++)
				path_make(b, topics[i], false);
		for (unsigned i = 0; i < 3; i++)
			match_check(b, topics[any(b, 4)], any(b, SESSIONS));
		path_make(b, topic, false); /* ... and one that is new */
		match_check(b, topic, any(b, SESSIONS));
	}
}

static void shares_are_told_apart_and_end(void **state)
{
	struct bench *b = *state;
	static const char *const filters[] = { "$share/g/a/+", "$share/h/a/+", "$share/g/a/b",
		"a/+" };

	static const struct subscription_limits four = { 4, 4 };

	for (unsigned s = 0; s < 3; s++)
		for (unsigned f = 0; f < 4; f++) {
			struct mqtt_filter filter = { .text = mqtt_view_of(filters[f]) };
			subscriptions_add(
				&b->subscriptions, &b->subscribers[s], &filter, 1, 0, &many);
			assert_int_equal(subscriptions_add(&b->subscriptions, &b->subscribers[s],
						 &filter, 2, 0, &four),
				SUBSCRIBE_REPLACED);
		}
	const struct match *m = &b->match;
	match_topic(&b->match, &b->subscriptions, MQTT_VIEW("a/b"), NULL);
	assert_int_equal(m->target_count, 3);
	assert_int_equal(m->share_count, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(m->shares[i]->list.count, 3);
	struct share *kept = m->shares[0];
	share_hold(kept);
	for (unsigned s = 0; s < 3; s++) {
		struct buf path;
		buf_init(&path, 100);
		subscription_text(b->subscribers[s].chain, &path);
		assert_string_equal(buf_text(&path), "a/+");
		buf_fini(&path);
		subscriptions_remove_all(&b->subscriptions, &b->subscribers[s]);
	}
	assert_null(kept->node);
	share_drop(&b->memory, kept);
	match_topic(&b->match, &b->subscriptions, MQTT_VIEW("a/b"), NULL);
	assert_int_equal(m->target_count + m->share_count, 0);
}

static void many_wildcards_cost_little(void **state)
{
	struct bench *b = *state;
	char filter[40];

	for (unsigned i = 0; i < 10000; i++) {
		snprintf(filter, sizeof(filter), "+/%u/#", i);
		struct mqtt_filter f = { .text = mqtt_view_of(filter) };
		assert_int_equal(subscriptions_add(&b->subscriptions, &b->subscribers[i % SESSIONS],
					 &f, 0, 0, &many),
			SUBSCRIBE_NEW);
	}
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(filter, sizeof(filter), "x/%u/y/z", i);
		const struct match *m = &b->match;
		match_topic(&b->match, &b->subscriptions, mqtt_view_of(filter), NULL);
		assert_int_equal(m->target_count, 1);
		assert_ptr_equal(m->targets[0].subscriber, &b->subscribers[i % SESSIONS]);
	}
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(filter, sizeof(filter), "+/%u/#", i);
		assert_true(leave(b, i % SESSIONS, mqtt_view_of(filter)));
	}
	assert_int_equal(b->subscriptions.tree.node_count, 0);
}

static enum subscribe_result subscribe(struct bench *b, const char *text, uint32_t patterns)
{
	const struct subscription_limits limits = { 100000, patterns };
	struct mqtt_filter f = { .text = mqtt_view_of(text) };

	return subscriptions_add(&b->subscriptions, &b->subscribers[0], &f, 0, 0, &limits);
}

static bool unsubscribe(struct bench *b, const char *text)
{
	return leave(b, 0, mqtt_view_of(text));
}

/* Each match of a topic is by a pattern of its own, so that this is what publishing costs at most. */
static void patterns_are_limited_and_not_filters(void **state)
{
	static const char *const fit[] = { "a/+", "b/+", "$share/g/a", "$share/g/b", "+/a", "+/b",
		"a/b", "a/b/c/d" };
	static const char *const other[] = { "+", "+/+", "a/#", "#", "a/+/b", "a/b/+", "$share/h/a",
		"$share/g/+", "$share/g/a/b", "$share/h/a/+" };
	struct bench *b = *state;
	char text[40];

	for (unsigned i = 0; i < 3000; i++) { /* three patterns, and some of none */
		static const char *const before[] = { "", "+/", "$share/g/", "" };
		static const char *const after[] = { "/+", "", "", "/x/y" };
		snprintf(text, sizeof(text), "%s%u%s", before[i % 4], i, after[i % 4]);
		assert_int_equal(subscribe(b, text, 3), SUBSCRIBE_NEW);
	}
	for (size_t i = 0; i < sizeof(fit) / sizeof(*fit); i++)
		assert_int_equal(subscribe(b, fit[i], 3), SUBSCRIBE_NEW);
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		assert_int_equal(subscribe(b, other[i], 3), SUBSCRIBE_TOO_MANY);
	assert_int_equal(subscribe(b, "0/+", 3), SUBSCRIBE_REPLACED);
	/* Where the last of a pattern goes, there is room for another one. */
	for (unsigned i = 1; i < 3000; i += 4) {
		snprintf(text, sizeof(text), "+/%u", i);
		assert_true(unsubscribe(b, text));
	}
	assert_true(unsubscribe(b, "+/a"));
	assert_int_equal(subscribe(b, "#", 3), SUBSCRIBE_TOO_MANY);
	assert_true(unsubscribe(b, "+/b"));
	assert_int_equal(subscribe(b, "#", 3), SUBSCRIBE_NEW);
	assert_int_equal(subscribe(b, "+/a", 3), SUBSCRIBE_TOO_MANY);
	/* Another limit holds from the next one on. */
	assert_int_equal(subscribe(b, "+/a", 4), SUBSCRIBE_NEW);
	assert_int_equal(subscribe(b, "+/a/b", 2), SUBSCRIBE_TOO_MANY);
	assert_int_equal(subscribe(b, "new/+", 2), SUBSCRIBE_NEW);
}

/* Whatever cannot be had, nothing stays of it. */
static void without_memory_all_is_as_it_was(void **state)
{
	struct bench *b = *state;
	enum subscribe_result result = SUBSCRIBE_NO_MEMORY;

	assert_int_equal(subscribe(b, "a/+", 9), SUBSCRIBE_NEW);
	assert_int_equal(subscribe(b, "$share/g/a", 9), SUBSCRIBE_NEW);
	uint64_t before = b->memory.used_bytes;
	for (uint64_t room = 0; result == SUBSCRIBE_NO_MEMORY; room += 32) {
		b->memory.limit_bytes = before + room;
		result = subscribe(b, "$share/h/b/+/c", 2);
	}
	assert_int_equal(result, SUBSCRIBE_TOO_MANY); /* it is known that they are two already */
	assert_true(unsubscribe(b, "a/+"));
	before = b->memory.used_bytes;
	for (uint64_t room = 0; result != SUBSCRIBE_NEW; room += 32) {
		b->memory.limit_bytes = before + room;
		result = subscribe(b, "$share/h/b/+/c", 1);
		assert_int_not_equal(result, SUBSCRIBE_REPLACED);
		if (result == SUBSCRIBE_TOO_MANY) { /* not for lack of memory */
			b->memory.limit_bytes = 1 << 30;
			assert_true(unsubscribe(b, "$share/g/a"));
			before = b->memory.used_bytes;
			room = 0;
		}
	}
	assert_int_equal(b->subscriptions.count, 1);
}

/* All combinations of "+" and a name: what one topic matches is what the limit says. */
static void no_topic_matches_more_than_there_are_patterns(void **state)
{
	struct bench *b = *state;
	unsigned granted = 0;

	for (unsigned i = 0; i < 1u << 10; i++) {
		char text[40] = "";
		for (unsigned k = 0; k < 10; k++)
			strcat(text, i >> k & 1 ? "a/" : "+/");
		granted += subscribe(b, text, 100) == SUBSCRIBE_NEW;
	}
	assert_int_equal(granted, 100 + 1); /* one has no wildcard */
	subscriptions_remove_all(&b->subscriptions, &b->subscribers[0]);
	assert_null(b->subscribers[0].patterns);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_tree_finds_what_a_plain_search_finds),
		TEST(shares_are_told_apart_and_end),
		TEST(many_wildcards_cost_little),
		TEST(patterns_are_limited_and_not_filters),
		TEST(without_memory_all_is_as_it_was),
		TEST(no_topic_matches_more_than_there_are_patterns),
	};
	return cmocka_run_group_tests_name("subscriptions", tests, NULL, NULL);
}
