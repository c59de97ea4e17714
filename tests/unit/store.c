/* The store in its folder: what is in it after another start. */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/store_place.h"

/* The wall clock of this program can be set, by the linker's --wrap=clock_gettime. */
static int64_t set_by_ms;

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = __real_clock_gettime(clock, now);

	if (clock == CLOCK_REALTIME)
		now->tv_sec += set_by_ms / 1000;
	return result;
}

static void what_was_committed_is_there(void **state)
{
	struct place *p = *state;
	struct buf key, value, expected;

	fill(p, 300);
	open_store(p);
	assert_int_equal(p->count, 200);
	buf_init(&key, 1 << 20);
	buf_init(&value, 1 << 20);
	buf_init(&expected, 64 << 20);
	/* Long ones keep their place among the others here, as their beginnings differ. */
	struct buf seen = p->all;
	buf_init(&p->all, 64 << 20);
	for (unsigned n = 0; n < 100003; n++)
		for (unsigned i = 0; i < 300; i++)
			if (i % 3 && i * 7919 % 100003 == n)
				note(p, key_of(&key, i), value_of(&value, i));
	assert_true(same(&seen, &p->all));
	buf_fini(&seen);
	put(p, 1000); /* and never committed */
	close_store(p);
	open_store(p);
	assert_int_equal(p->count, 200);
	buf_fini(&key);
	buf_fini(&value);
	buf_fini(&expected);
}

static void the_latest_word_on_a_key_counts(void **state)
{
	struct place *p = *state;
	struct mqtt_view key = MQTT_VIEW("fkey"), other = MQTT_VIEW("fother");

	open_store(p);
	store_put(p->store, key, MQTT_VIEW("1"));
	store_put(p->store, other, MQTT_VIEW("x"));
	store_put(p->store, key, MQTT_VIEW("2"));
	store_remove(p->store, other);
	assert_true(store_commit(p->store));
	store_remove(p->store, key);
	store_put(p->store, key, MQTT_VIEW("3"));
	assert_true(store_commit(p->store));
	close_store(p);
	open_store(p);
	assert_int_equal(p->count, 1);
	assert_memory_equal(p->all.data, "\0\0\0\4fkey\0\0\0\0013", 13);
}

static bool take_none(void *context, struct mqtt_view key, struct mqtt_view value)
{
	(void)key, (void)value;
	return ++*(unsigned *)context > 1; /* more would be taken, if it were asked again */
}

/* Nothing is damaged, whatever the length of what is refused. */
static void who_has_no_room_for_a_pair_is_not_given_another(void **state)
{
	struct place *p = *state;
	static const uint8_t zeros[5000];

	for (uint32_t len = 4000; len < sizeof(zeros); len += 19) {
		unsigned asked = 0;
		open_store(p);
		store_put(p->store, MQTT_VIEW("fa"), (struct mqtt_view){ zeros, len });
		store_put(p->store, MQTT_VIEW("fb"), MQTT_VIEW("x"));
		assert_true(store_commit(p->store));
		close_store(p);
		p->store = store_open(&p->settings, &p->log, p->error, PLACE_TEXT);
		assert_false(store_load(p->store, take_none, &asked, p->error, PLACE_TEXT));
		assert_non_null(strstr(p->error, "what this broker stores"));
		assert_int_equal(asked, 1);
		close_store(p);
	}
}

/* Nobody is told that anything is stored there. */
static void a_file_that_is_removed_takes_nothing(void **state)
{
	struct place *p = *state;

	open_store(p);
	assert_true(store_put(p->store, MQTT_VIEW("fa"), MQTT_VIEW("x")));
	assert_true(store_commit(p->store));
	assert_int_equal(unlink(p->file), 0);
	store_beat(p->store);
	assert_false(store_put(p->store, MQTT_VIEW("fb"), MQTT_VIEW("x")));
	store_remove(p->store, MQTT_VIEW("fa"));
	assert_false(store_commit(p->store));
}

static void one_broker_at_a_time(void **state)
{
	struct place *p = *state;
	char error[PLACE_TEXT];

	open_store(p);
	assert_null(store_open(&p->settings, &p->log, error, PLACE_TEXT));
	assert_non_null(strstr(error, "another broker"));
	close_store(p);
	open_store(p);
}

/* The clock of the pairs goes on by what the wall clock says between two starts, whatever that says by then. */
static void the_clock_goes_on_while_there_is_no_broker(void **state)
{
	struct place *p = *state;

	p->store = store_open(&p->settings, &p->log, p->error, PLACE_TEXT);
	assert_int_equal(store_ended_ms(p->store), 0);
	close_store(p);
	open_store(p);
	int64_t now_ms = store_now_ms(p->store);
	assert_in_range(now_ms / 1000, time(NULL) - 60, time(NULL) + 1);
	close_store(p);
	set_by_ms = 3600 * 1000; /* and an hour later it is started again */
	open_store(p);
	assert_in_range(store_now_ms(p->store) - now_ms, 3600 * 1000, 3660 * 1000);
	assert_in_range(store_ended_ms(p->store) - now_ms, 1000, STORE_BEAT_MS + 60000);
	set_by_ms -= 86400 * 1000; /* the clock is put back by a day while it runs */
	assert_in_range(store_now_ms(p->store) - now_ms, 3600 * 1000, 3660 * 1000);
	store_put(p->store, MQTT_VIEW("fx"), MQTT_VIEW("1"));
	assert_true(store_commit(p->store));
	close_store(p);
	set_by_ms += 60 * 1000;
	open_store(p);
	assert_in_range(store_now_ms(p->store) - now_ms, 3660 * 1000, 3720 * 1000);
	close_store(p);
	set_by_ms -= INT64_C(1000) * 86400 * 365 * 50; /* it starts before the clock is set */
	open_store(p);
	assert_in_range(store_now_ms(p->store) - now_ms, 3660 * 1000, 3780 * 1000);
	close_store(p);
	set_by_ms += INT64_C(1000) * 86400 * 365 * 50 + 60000;
	open_store(p);
	assert_in_range(store_now_ms(p->store) - now_ms, 3660 * 1000, INT64_MAX);
	set_by_ms = 0;
}

static void be_handed(void *context)
{
	*(unsigned *)context += 1;
}

static void *write_aside(void *store)
{
	store_write(store);
	return NULL;
}

/* Another thread writes, and this one goes on. */
static void what_changes_during_a_commit_is_for_the_next(void **state)
{
	struct place *p = *state;
	unsigned handed = 0;
	pthread_t thread;

	open_store(p);
	store_hand(p->store, be_handed, &handed);
	for (unsigned round = 0; round < 20; round++) {
		put(p, round);
		assert_true(store_begin(p->store));
		assert_int_equal(handed, round + 1);
		assert_int_equal(pthread_create(&thread, NULL, write_aside, p->store), 0);
		for (unsigned i = 0; i < 50; i++)
			put(p, 100 + round * 50 + i);
		drop(p, round);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_true(store_end(p->store));
	}
	/* What has not begun is lost with the broker, and no more than that. */
	close_store(p);
	open_store(p);
	assert_int_equal(p->count, 19 * 50 + 1);
	close_store(p);
}

/* What there has to be: the first byte of the value, by the number of the key. 0: nothing. */
struct model {
	uint8_t first[100];
	unsigned count;
};

static void change(struct place *p, struct model *m, unsigned number, uint8_t first, uint32_t len)
{
	uint8_t key[2] = { 'f', (uint8_t)number }, *value = calloc(1, len + 1);

	value[0] = first;
	m->count += (first != 0) - (m->first[number] != 0);
	m->first[number] = first;
	if (first)
		assert_true(store_put(
			p->store, (struct mqtt_view){ key, 2 }, (struct mqtt_view){ value, len }));
	else
		store_remove(p->store, (struct mqtt_view){ key, 2 });
	free(value);
}

/* Of each pair: the length of its key, the key, and the same of its value. */
static void check(struct place *p, const struct model *m, struct reading *r)
{
	if (!read_all(p, r))
		fail_msg("%s", r->error);
	assert_int_equal(p->count, m->count);
	unsigned previous = 0;
	for (const uint8_t *at = p->all.data; at < p->all.data + p->all.len;) {
		unsigned number = at[5];
		assert_true(at == p->all.data || number > previous);
		assert_int_equal(at[10], m->first[number]);
		previous = number;
		at += 10 +
			((uint32_t)at[6] << 24 | (uint32_t)at[7] << 16 | (uint32_t)at[8] << 8 |
				at[9]);
	}
}

/* At any time, in the table or in either file of the journal; as another process would find it, were this one killed. */
static void what_was_committed_is_read_wherever_it_is(void **state)
{
	enum { COMMITS = 250, CEILING = 16 << 20, LARGE = 200000 };
	struct place *p = *state;
	struct reading *r = calloc(1, sizeof(*r));
	struct model m = { 0 };
	uint32_t random = 1;

	p->settings.most_bytes = CEILING; /* its journal has small files */
	open_store(p);
	for (unsigned n = 0; n < COMMITS; n++) {
		for (unsigned i = 0; i < 5; i++) {
			random = random * 1664525 + 1013904223;
			unsigned number = (random >> 10) % 100;
			uint8_t first = random >> 30 ? (uint8_t)(1 + (random >> 17) % 255) : 0;
			change(p, &m, number, first, 1 + (random >> 8) % 3000);
		}
		if (n % 50 == 20) /* too large for the journal */
			change(p, &m, n % 100, 7, LARGE);
		assert_true(store_commit(p->store));
		if (n % 7 == 0)
			check(p, &m, r);
		if (n % 100 == 99) {
			close_store(p);
			check(p, &m, r);
			open_store(p);
		}
	}
	check(p, &m, r);
	free(r);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_set_up, place_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_was_committed_is_there),
		TEST(what_changes_during_a_commit_is_for_the_next),
		TEST(what_was_committed_is_read_wherever_it_is),
		TEST(the_latest_word_on_a_key_counts),
		TEST(who_has_no_room_for_a_pair_is_not_given_another),
		TEST(a_file_that_is_removed_takes_nothing),
		TEST(one_broker_at_a_time),
		TEST(the_clock_goes_on_while_there_is_no_broker),
	};
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
