/* What a store with a ceiling has room for, and how what is long lies in it. */
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "broker/store/journal.h"
#include "broker/store/pieces.h"
#include "tests/unit/store_place.h"

enum { LIMIT_S = 60, ZEROS_MOST = 2 << 20 };

/* As often as it is filled to the ceiling and emptied again. */
static void a_ceiling_is_kept_and_room_is_used_again(void **state)
{
	enum { CEILING = 4 << 20, BYTES = 12000 };
	struct place *p = *state;
	uint8_t bytes[BYTES] = { 0 };
	unsigned most = 0;

	p->settings.most_bytes = CEILING;
	open_store(p);
	for (unsigned round = 0; round < 4; round++) {
		unsigned n = 0, refused = 0;
		for (; refused < 5 && n < 10000; n++) {
			uint8_t key[] = { 'f', (uint8_t)(n >> 8), (uint8_t)n };
			refused += !store_put(p->store, (struct mqtt_view){ key, 3 },
				(struct mqtt_view){ bytes, BYTES });
			assert_true(store_commit(p->store));
		}
		assert_int_equal(refused, 5);
		assert_true(n > CEILING / 2 / BYTES / 2);
		assert_true(!most || n > most * 3 / 4);
		most = n > most ? n : most;
		for (unsigned i = 0; i < n; i++) {
			uint8_t key[] = { 'f', (uint8_t)(i >> 8), (uint8_t)i };
			store_remove(p->store, (struct mqtt_view){ key, 3 });
			if (i % 10 == 0 && round % 2) /* or all of it at once */
				assert_true(store_commit(p->store));
		}
		assert_true(store_commit(p->store));
		close_store(p); /* all of it is in the table then */
		assert_true(size_of(p) <= CEILING);
		open_store(p);
		assert_int_equal(p->count, 0);
	}
}

static bool put_zeros(struct place *p, uint8_t kind, unsigned n, uint32_t len)
{
	static const uint8_t zeros[ZEROS_MOST];
	uint8_t key[] = { kind, (uint8_t)(n >> 8), (uint8_t)n };

	return store_put(p->store, (struct mqtt_view){ key, 3 }, (struct mqtt_view){ zeros, len });
}

static void drop_zeros(struct place *p, uint8_t kind, unsigned n)
{
	uint8_t key[] = { kind, (uint8_t)(n >> 8), (uint8_t)n };

	store_remove(p->store, (struct mqtt_view){ key, 3 });
}

/* Until there was no room for some of them; returns how many there was room for. */
static unsigned put_until_refused(struct place *p, uint8_t kind, uint32_t len, unsigned at_a_time)
{
	unsigned kept = 0, refused = 0;

	for (unsigned n = 0; refused < 5 && n < 20000; n++) {
		bool has_room = put_zeros(p, kind, n, len);
		kept += has_room;
		refused += !has_room;
		if (n % at_a_time == 0)
			assert_true(store_commit(p->store));
	}
	assert_int_equal(refused, 5);
	assert_true(store_commit(p->store));
	return kept;
}

/* A store in which every other pair of two pages is gone. */
static void scatter(struct place *p, unsigned at_a_time)
{
	p->settings.sync = false; /* it says nothing of room */
	open_store(p);
	unsigned kept = put_until_refused(p, 'a', 7000, at_a_time);
	assert_true(kept > p->settings.most_bytes / 8192 / 2);
	for (unsigned n = 0; n < kept; n += 2)
		drop_zeros(p, 'a', n);
	assert_true(store_commit(p->store));
	close_store(p);
}

/* Pages that are free two here and two there are room for what needs many of them, and the ceiling is kept. */
static void what_is_free_is_room_however_scattered(void **state)
{
	struct place *p = *state;

	p->settings.most_bytes = 4 << 20;
	scatter(p, 1);
	open_store(p);
	assert_true(put_until_refused(p, 'b', 60000, 1) > 20);
	close_store(p);
	assert_true(size_of(p) <= p->settings.most_bytes);
}

/* Here much of it is in the journal before the table sees any of it. */
static void so_it_is_while_it_is_in_the_journal(void **state)
{
	struct place *p = *state;

	p->settings.most_bytes = 48 << 20;
	scatter(p, 20);
	open_store(p);
	unsigned kept = put_until_refused(p, 'b', 9000, 10);
	assert_true(kept > 1500);
	for (unsigned n = 0; n < kept; n += 3)
		drop_zeros(p, 'b', n);
	assert_true(store_commit(p->store));
	put_until_refused(p, 'c', 60000, 3);
	put_until_refused(p, 'd', 20000, 7);
	put_until_refused(p, 'e', 500, 50);
	close_store(p);
	assert_true(size_of(p) <= p->settings.most_bytes);
	open_store(p); /* by now all of it is in the table */
	assert_true(put_until_refused(p, 'f', 60000, 3) > 60);
	close_store(p);
	assert_true(size_of(p) <= p->settings.most_bytes);
	open_store(p);
}

static unsigned fill_all(struct place *p, uint32_t len)
{
	p->settings.sync = false;
	p->settings.most_bytes = 4 << 20;
	open_store(p);
	return put_until_refused(p, 'a', len, 1);
}

/* LMDB uses a page again two commits after it was freed; nobody has to write something else meanwhile. */
static void what_is_given_back_is_room_before_long(void **state)
{
	struct place *p = *state;
	time_t end = time(NULL) + LIMIT_S;

	unsigned kept = fill_all(p, 400000);
	for (unsigned n = 0; n < kept; n++)
		drop_zeros(p, 'a', n);
	assert_true(store_commit(p->store));
	while (!put_zeros(p, 'b', 0, ZEROS_MOST)) {
		assert_true(store_commit(p->store));
		assert_true(time(NULL) < end);
	}
	assert_true(store_commit(p->store));
}

/* In a process of its own, which is killed: a store that is full, and in whose journal much has been removed and rewritten
 * since.
 */
static void fill_and_die(struct place *p, unsigned at_a_time)
{
	static const uint8_t changed[600] = { 1 };
	bool ok = try_open(p);
	unsigned n = 0;

	for (; ok && put_zeros(p, 'a', n, sizeof(changed)); n++)
		ok = store_commit(p->store);
	for (unsigned i = 0; ok && i < n; i++) {
		uint8_t key[] = { 'a', (uint8_t)(i >> 8), (uint8_t)i };
		if (i % 3)
			drop_zeros(p, 'a', i);
		else
			store_amend(p->store, (struct mqtt_view){ key, 3 },
				(struct mqtt_view){ changed, sizeof(changed) });
		if (i % at_a_time == 0)
			ok = store_commit(p->store);
	}
	if (ok && n > 3000 && store_commit(p->store))
		raise(SIGKILL);
	_exit(1);
}

static uint64_t size_of_all(const struct place *p)
{
	uint64_t sum = size_of(p);

	for (unsigned i = 0; i < JOURNAL_SEGMENTS; i++) {
		char path[100];
		struct stat there;
		snprintf(path, sizeof(path), "%s/%s", p->folder, journal_name(i));
		assert_int_equal(stat(path, &there), 0);
		sum += (uint64_t)there.st_size;
	}
	return sum;
}

static void start_after_death(struct place *p, unsigned at_a_time)
{
	int status;

	p->settings.sync = false;
	p->settings.most_bytes = 4 << 20;
	pid_t child = fork();
	if (!child)
		fill_and_die(p, at_a_time);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	open_store(p);
	assert_true(p->count > 1000);
	assert_true(size_of_all(p) <= p->settings.most_bytes);
	close_store(p);
	assert_true(size_of_all(p) <= p->settings.most_bytes);
}

static void a_full_store_starts(void **state)
{
	start_after_death(*state, 100);
}

static void a_full_store_starts_after_a_great_change(void **state)
{
	start_after_death(*state, 10000);
}

/* ---- what is long -------------------------------------------------------------------------- */

static void look_at_size(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
	(void)txn, (void)dbi, (void)key;
	assert_true(value->mv_size <= PIECE_BYTES);
}

static unsigned count_pieces(const struct place *p)
{
	return lmdb_pairs(p, look_at_size) - 1; /* the head */
}

enum { NAMES = 40, KEY_MOST = 600, VALUE_MOST = 5 * PIECE_BYTES };

/* The lengths of some are about those at which a key, or a value, lies otherwise. */
static struct mqtt_view name_of(uint8_t room[static KEY_MOST], unsigned number)
{
	static const uint32_t lengths[] = { 2, 30, 506, 507, 508, 511, 512, 600 };
	uint32_t len = lengths[number / 5];

	memset(room, 'k', len);
	room[0] = 'f';
	room[len / 2] =
		(uint8_t)('a' + number % 5); /* so that not all differ in their beginnings */
	return (struct mqtt_view){ room, len };
}

static uint32_t length_of(uint32_t random)
{
	uint32_t pieces = random >> 8 & 3, near = random >> 16 & 31;

	return pieces * PIECE_BYTES + (random >> 24 & 1 ? near * 30 : near + PIECE_BYTES - 24);
}

/* Each byte of a value says which one it is. */
static void value_fill(uint8_t *value, uint32_t len, unsigned n)
{
	for (uint32_t i = 0; i < len; i++)
		value[i] = (uint8_t)(n + i + i / PIECE_BYTES * 17);
}

struct kept {
	uint32_t len; /* 0: none */
	unsigned n;
};

static void names_check(struct place *p, const struct kept kept[static NAMES])
{
	struct reading *r = calloc(1, sizeof(*r));
	uint8_t key[KEY_MOST], *value = malloc(VALUE_MOST);
	unsigned count = 0, found = 0;

	if (!read_all(p, r))
		fail_msg("%s", r->error);
	struct buf there = p->all;
	buf_init(&p->all, 1 << 20);
	for (unsigned i = 0; i < NAMES; i++) {
		if (!kept[i].len)
			continue;
		buf_reset(&p->all);
		value_fill(value, kept[i].len, kept[i].n);
		note(p, name_of(key, i), (struct mqtt_view){ value, kept[i].len });
		found += memmem(there.data, there.len, p->all.data, p->all.len) != NULL;
		count++;
	}
	assert_int_equal(found, count);
	assert_true(read_all(p, r));
	assert_int_equal(p->count, count);
	buf_fini(&there);
	free(value);
	free(r);
}

/* It becomes longer, shorter, and goes, and nothing of it is left. */
static void what_is_long_comes_and_goes_in_pieces(void **state)
{
	enum { ROUNDS = 60 };
	struct place *p = *state;
	struct kept kept[NAMES] = { 0 };
	uint8_t key[KEY_MOST], *value = malloc(VALUE_MOST);
	uint32_t random = 7;

	p->settings.sync = false;
	for (unsigned round = 0; round < ROUNDS; round++) {
		open_store(p);
		for (unsigned i = 0; i < 12; i++) {
			random = random * 1664525 + 1013904223;
			unsigned number = (random >> 9) % NAMES;
			struct kept next = { random >> 27 ? length_of(random) : 0, round };
			value_fill(value, next.len, round);
			if (next.len)
				assert_true(store_put(p->store, name_of(key, number),
					(struct mqtt_view){ value, next.len }));
			else
				store_remove(p->store, name_of(key, number));
			kept[number] = next;
			if (i % 5 == 0)
				assert_true(store_commit(p->store));
		}
		assert_true(store_commit(p->store));
		names_check(p, kept);
		close_store(p);
		names_check(p, kept);
	}
	assert_true(count_pieces(p) > NAMES);
	open_store(p);
	for (unsigned i = 0; i < NAMES; i++)
		store_remove(p->store, name_of(key, i));
	assert_true(store_commit(p->store));
	close_store(p);
	assert_int_equal(count_pieces(p), 0);
	free(value);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_set_up, place_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_ceiling_is_kept_and_room_is_used_again),
		TEST(what_is_free_is_room_however_scattered),
		TEST(so_it_is_while_it_is_in_the_journal),
		TEST(what_is_given_back_is_room_before_long),
		TEST(a_full_store_starts),
		TEST(a_full_store_starts_after_a_great_change),
		TEST(what_is_long_comes_and_goes_in_pieces),
	};
	return cmocka_run_group_tests_name("store_room", tests, NULL, NULL);
}
