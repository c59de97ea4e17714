/* The retained store: replaced, removed, expired, and found by any filter, also bit by bit. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/core/memory.h"
#include "broker/core/message.h"
#include "broker/core/retained.h"
#include "mqtt/text.h"

enum { TOPICS = 500 };

struct bench {
	struct memory memory;
	struct timers timers;
	struct retained retained;
};

static int bench_set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (!b)
		return -1;
	memory_init(&b->memory, 1 << 30);
	timers_init(&b->timers, &b->memory);
	assert_true(retained_init(&b->retained, &b->memory, &b->timers, 5));
	*state = b;
	return 0;
}

static int bench_tear_down(void **state)
{
	struct bench *b = *state;

	retained_fini(&b->retained);
	timers_fini(&b->timers);
	assert_int_equal(b->memory.used_bytes, 0);
	memory_fini(&b->memory);
	free(b);
	return 0;
}

static bool keep(struct bench *b, const char *topic, const char *payload, int64_t expires_ms)
{
	struct publication p = { .topic = mqtt_view_of(topic),
		.payload = mqtt_view_of(payload),
		.expires_ms = expires_ms };
	struct message *m = message_new(&b->memory, &p);
	bool kept = retained_put(&b->retained, m);

	message_drop(&b->memory, m);
	return kept;
}

static bool count_visit(void *context, struct message *m)
{
	(void)m;
	++*(unsigned *)context;
	return true;
}

static unsigned found(struct bench *b, const char *filter)
{
	struct retained_walk w;
	unsigned count = 0;
	uint32_t steps = UINT32_MAX;

	retained_walk_begin(&b->retained, &w);
	assert_true(retained_walk_on(
		&b->retained, &w, mqtt_view_of(filter), &steps, count_visit, &count));
	retained_walk_end(&b->retained, &w);
	return count;
}

static void the_last_message_of_a_topic_is_kept(void **state)
{
	struct bench *b = *state;

	assert_true(keep(b, "a/b", "1", INT64_MAX));
	assert_true(keep(b, "a/b", "2", INT64_MAX));
	assert_int_equal(b->retained.count, 1);
	struct message *m = retained_get(&b->retained, MQTT_VIEW("a/b"));
	assert_memory_equal(message_payload(m).data, "2", 1);
	assert_null(retained_get(&b->retained, MQTT_VIEW("a")));
	assert_false(retained_remove(&b->retained, MQTT_VIEW("a")));
	assert_true(retained_remove(&b->retained, MQTT_VIEW("a/b")));
	assert_false(retained_remove(&b->retained, MQTT_VIEW("a/b")));
	assert_int_equal(b->retained.count, 0);
	assert_int_equal(b->retained.tree.node_count, 0);
}

static void a_topic_may_be_deep(void **state)
{
	struct bench *b = *state;
	char topic[UINT16_MAX + 1];
	struct mqtt_view deepest = { (uint8_t *)topic, UINT16_MAX };

	memset(topic, '/', UINT16_MAX);
	topic[UINT16_MAX] = '\0';
	assert_false(keep(b, topic, "one level more than there may be", INT64_MAX));
	topic[0] = 'a';
	assert_true(keep(b, topic, "x", INT64_MAX));
	assert_non_null(retained_get(&b->retained, deepest));
	assert_int_equal(found(b, "a/#"), 1);
	assert_true(retained_remove(&b->retained, deepest));
}

/* It has no place for a timer. */
static void what_cannot_be_kept_replaces_nothing(void **state)
{
	struct bench *b = *state;

	assert_true(keep(b, "a", "old", INT64_MAX));
	struct publication p = {
		.topic = MQTT_VIEW("a"), .payload = MQTT_VIEW("new"), .expires_ms = 1000
	};
	struct message *m = message_new(&b->memory, &p);
	b->memory.limit_bytes = b->memory.used_bytes;
	assert_false(retained_put(&b->retained, m));
	assert_memory_equal(
		message_payload(retained_get(&b->retained, MQTT_VIEW("a"))).data, "old", 3);
	b->memory.limit_bytes = UINT64_MAX;
	assert_true(retained_put(&b->retained, m));
	assert_int_equal(b->retained.count, 1);
	assert_int_equal(timers_next_ms(&b->timers), 1000);
	message_drop(&b->memory, m);
}

static void filters_find_what_they_match(void **state)
{
	static const char *const filters[] = { "#", "+", "+/+", "+/#", "a/#", "a/+", "a/+/b", "/#",
		"/+", "$SYS/#", "$SYS/+/x", "+/x", "a/b", "a//b", "+/+/+", "a/b/#", "a/b/c/#" };
	static const char *const topics[] = { "a", "a/b", "a/b/c", "a//b", "/", "/a", "$SYS/x",
		"$SYS/y/x", "b/x", "a/", "a/x/b", "b" };
	struct bench *b = *state;

	for (size_t t = 0; t < sizeof(topics) / sizeof(*topics); t++)
		assert_true(keep(b, topics[t], "x", INT64_MAX));
	for (size_t f = 0; f < sizeof(filters) / sizeof(*filters); f++) {
		unsigned expected = 0;
		for (size_t t = 0; t < sizeof(topics) / sizeof(*topics); t++)
			expected += mqtt_filter_matches(
				mqtt_view_of(filters[f]), mqtt_view_of(topics[t]));
		if (found(b, filters[f]) != expected)
			fail_msg("%s: %u, not %u", filters[f], found(b, filters[f]), expected);
	}
}

static void messages_expire_by_their_timers(void **state)
{
	struct bench *b = *state;
	char topic[20];
	struct timer *timer;

	for (unsigned i = 0; i < TOPICS; i++) {
		snprintf(topic, sizeof(topic), "t/%u", i);
		assert_true(keep(b, topic, "x", (int64_t)(i * 7919 % TOPICS) + 1));
	}
	/* one is replaced by a message that does not expire, another is removed */
	assert_true(keep(b, "t/0", "y", INT64_MAX));
	assert_true(retained_remove(&b->retained, MQTT_VIEW("t/1")));
	for (int64_t now = 0; now <= TOPICS; now++) {
		assert_true(timers_next_ms(&b->timers) >= now);
		while ((timer = timers_take_due(&b->timers, now))) {
			struct retained_entry *entry = (struct retained_entry *)((char *)timer -
				offsetof(struct retained_entry, timer));
			assert_int_equal(entry->message->expires_ms, now);
			retained_remove_entry(&b->retained, entry);
		}
	}
	assert_int_equal(found(b, "#"), 1);
	assert_int_equal(timers_next_ms(&b->timers), INT64_MAX);
}

static void memory_that_runs_out_leaves_no_older_message(void **state)
{
	struct bench *b = *state;

	assert_true(keep(b, "a/b", "1", 100));
	b->memory.limit_bytes = b->memory.used_bytes + 64; /* for the message, not for the node */
	assert_false(keep(b, "c/d/e", "2", INT64_MAX));
	b->memory.limit_bytes = 1 << 30;
	assert_int_equal(found(b, "#"), 1);
}

/* ---- walks in parts, while everything changes ---------------------------------------------- */

enum { PLACES = 60, WALKS = 4, STEPS = 60000, SEED = 1848 };

struct truth { /* of one walk */
	struct retained_walk walk;
	const char *filter;
	bool due[PLACES]; /* it was there at the beginning, and still is */
	bool visited[PLACES];
};

struct world {
	struct bench *b;
	char topics[PLACES][24];
	bool there[PLACES];
	struct truth walks[WALKS];
	uint32_t random;
};

static uint32_t any(struct world *w, uint32_t below)
{
	w->random = w->random * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)w->random * below >> 32);
}

struct part {
	struct world *world;
	struct truth *truth;
};

static bool part_visit(void *context, struct message *m)
{
	struct part *part = context;
	unsigned i = (unsigned)strtoul((const char *)message_payload(m).data, NULL, 10);

	if (!any(part->world, 5))
		return false;
	assert_true(part->truth->due[i]);
	assert_false(part->truth->visited[i]);
	part->truth->visited[i] = true;
	return true;
}

static void walk_begin(struct world *w, struct truth *t)
{
	static const char *const filters[] = { "#", "+", "+/+", "a/#", "+/b/#", "a/+/c", "a/b",
		"+/+/+/+", "$x/#", "nothing/#", "/#", "+/" };

	t->filter = filters[any(w, sizeof(filters) / sizeof(*filters))];
	retained_walk_begin(&w->b->retained, &t->walk);
	memcpy(t->due, w->there, sizeof(t->due));
	memset(t->visited, 0, sizeof(t->visited));
}

static bool is_ahead(const struct world *w, const struct truth *t, unsigned i)
{
	return t->due[i] && !t->visited[i] &&
		mqtt_filter_matches(mqtt_view_of(t->filter), mqtt_view_of(w->topics[i]));
}

static void walk_part(struct world *w, struct truth *t)
{
	uint32_t steps = any(w, 6);
	struct part part = { w, t };

	if (!retained_walk_on(
		    &w->b->retained, &t->walk, mqtt_view_of(t->filter), &steps, part_visit, &part))
		return;
	for (unsigned i = 0; i < PLACES; i++)
		assert_false(is_ahead(w, t, i));
	retained_walk_end(&w->b->retained, &t->walk);
	walk_begin(w, t);
}

static void topic_change(struct world *w)
{
	unsigned i = any(w, PLACES), kind = any(w, 3);
	char payload[8];

	snprintf(payload, sizeof(payload), "%u ", i);
	if (!kind)
		assert_int_equal(
			retained_remove(&w->b->retained, mqtt_view_of(w->topics[i])), w->there[i]);
	else if (kind == 1)
		assert_true(keep(w->b, w->topics[i], payload, INT64_MAX));
	else if (w->there[i])
		retained_pass(&w->b->retained,
			retained_find(&w->b->retained, mqtt_view_of(w->topics[i])));
	if (kind < 2)
		w->there[i] = kind;
	for (unsigned t = 0; t < WALKS; t++)
		w->walks[t].due[i] = false;
}

/* Topics with few different levels, so that one is above another. */
static void topics_make(struct world *w)
{
	static const char *const levels[] = { "a", "b", "c", "", "$x" };

	for (unsigned i = 0; i < PLACES;) {
		char *topic = w->topics[i];
		bool known = false;
		*topic = '\0';
		for (unsigned depth = 1 + any(w, 4); depth; depth--) {
			strcat(topic, levels[any(w, *topic ? 4 : 5)]);
			strcat(topic, depth > 1 ? "/" : "");
		}
		for (unsigned k = 0; k < i; k++)
			known |= !strcmp(w->topics[k], topic);
		i += *topic && !known;
	}
}

/* Each message that stays is visited once, by each walk, and no other one. */
static void walks_visit_what_was_there_and_stays(void **state)
{
	struct world w = { .b = *state, .random = SEED };

	topics_make(&w);
	for (unsigned t = 0; t < WALKS; t++)
		walk_begin(&w, &w.walks[t]);
	for (unsigned step = 0; step < STEPS; step++) {
		if (any(&w, 3))
			walk_part(&w, &w.walks[any(&w, WALKS)]);
		else if (step / 1000 % 2) /* there are quiet times, too */
			topic_change(&w);
		const struct truth *t = &w.walks[any(&w, WALKS)];
		unsigned i = any(&w, PLACES);
		struct retained_entry *entry =
			retained_find(&w.b->retained, mqtt_view_of(w.topics[i]));
		if (mqtt_filter_matches(mqtt_view_of(t->filter), mqtt_view_of(w.topics[i])))
			assert_int_equal(entry && retained_walk_is_ahead(&t->walk, entry),
				is_ahead(&w, t, i));
	}
	for (unsigned t = 0; t < WALKS; t++)
		retained_walk_end(&w.b->retained, &w.walks[t].walk);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_last_message_of_a_topic_is_kept),
		TEST(a_topic_may_be_deep),
		TEST(what_cannot_be_kept_replaces_nothing),
		TEST(filters_find_what_they_match),
		TEST(messages_expire_by_their_timers),
		TEST(memory_that_runs_out_leaves_no_older_message),
		TEST(walks_visit_what_was_there_and_stays),
	};
	return cmocka_run_group_tests_name("retained", tests, NULL, NULL);
}
