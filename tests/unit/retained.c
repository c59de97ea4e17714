/* The retained store: replaced, removed, expired, and found by any filter. */
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
	assert_true(retained_init(&b->retained, &b->memory, &b->timers, 5, 10));
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
	unsigned count = 0;

	retained_match(&b->retained, mqtt_view_of(filter), count_visit, &count);
	return count;
}

static bool stop_visit(void *context, struct message *m)
{
	(void)m;
	return ++*(unsigned *)context < 2;
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
	assert_false(keep(b, "1/2/3/4/5/6/7/8/9/10/11", "too deep", INT64_MAX));
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
	unsigned count = 0;
	retained_match(&b->retained, MQTT_VIEW("#"), stop_visit, &count);
	assert_int_equal(count, 2);
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_last_message_of_a_topic_is_kept),
		TEST(filters_find_what_they_match),
		TEST(messages_expire_by_their_timers),
		TEST(memory_that_runs_out_leaves_no_older_message),
	};
	return cmocka_run_group_tests_name("retained", tests, NULL, NULL);
}
