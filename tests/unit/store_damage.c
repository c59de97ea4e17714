/* What becomes of a store whose file is damaged: it is refused, or read, and never taken for what it is not. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/store/recovery.h"
#include "tests/unit/store_place.h"

/* LMDB finds each pair by its key, too: or what is written later would go astray. */
static void look_up(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
	MDB_val found;

	assert_int_equal(mdb_get(txn, dbi, key, &found), 0);
	assert_ptr_equal(found.mv_data, value->mv_data);
}

/* Bytes of a branch that are in use: they have no checksum. */
static bool is_branch(int fd, uint64_t at)
{
	uint16_t head[3]; /* flags, and where the gap begins and ends */

	assert_int_equal(pread(fd, head, 6, (off_t)(at / 4096 * 4096 + 10)), 6);
	return head[0] == 1 && (at % 4096 < head[1] || at % 4096 >= head[2]);
}

/* Whatever bit it is: what is read is what was written, or nothing is. */
static void a_flipped_bit_is_refused_or_does_not_matter(void **state)
{
	struct place *p = *state;
	struct reading *r = calloc(1, sizeof(*r));
	unsigned refused = 0, read = 0;

	p->settings.most_bytes = SMALL_JOURNAL;
	fill(p, 120);
	assert_true(read_all(p, r));
	struct buf whole = p->all;
	buf_init(&p->all, 64 << 20);
	int fd = open(p->file, O_RDWR | O_CLOEXEC);
	uint64_t end = (r->pages.last + 1) * r->pages.page_bytes;
	for (uint64_t at = 0; at < end; at += at < 8192 || is_branch(fd, at) ? 1 : 29) {
		uint8_t byte, other;
		if (at % 4096 > 160 && at < 8192)
			continue; /* nothing is there */
		assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
		other = byte ^ (uint8_t)(1u << (at % 8));
		assert_int_equal(pwrite(fd, &other, 1, (off_t)at), 1);
		if (read_all(p, r)) {
			read++;
			if (!same(&p->all, &whole))
				fail_msg("byte %" PRIu64 ": other pairs", at);
			assert_true(lmdb_pairs(p, look_up) > p->count); /* the head, and pieces */
		} else {
			refused++;
			assert_non_null(strstr(r->error, p->file));
		}
		assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
	}
	assert_true(read_all(p, r) && same(&p->all, &whole));
	assert_true(refused > 500 && read > 100);
	close(fd);
	buf_fini(&whole);
	free(r);
}

/* The latest commit is found by what the first two pages say, which have no checksum: with none of their bits may an
 * older one be taken for it, whichever of the two it is on.
 */
static void no_bit_of_the_first_pages_hides_the_latest_commit(void **state)
{
	enum { COMMITS = 6, META_BYTES = 16 + 136 };
	struct place *p = *state;
	struct reading *r = calloc(1, sizeof(*r));
	unsigned refused = 0;

	p->settings.most_bytes = SMALL_JOURNAL;
	for (unsigned commit = 1; commit <= COMMITS; commit++) {
		open_store(p);
		put(p, commit);
		assert_true(store_commit(p->store));
		close_store(p);
		int fd = open(p->file, O_RDWR | O_CLOEXEC);
		for (unsigned i = 0; i < 2 * META_BYTES * 8; i++) {
			off_t at = i / 8 < META_BYTES ? i / 8 : 4096 + i / 8 - META_BYTES;
			uint8_t byte, other;
			assert_int_equal(pread(fd, &byte, 1, at), 1);
			other = byte ^ (uint8_t)(1u << i % 8);
			assert_int_equal(pwrite(fd, &other, 1, at), 1);
			if (!read_all(p, r))
				refused++;
			else if (p->count != commit)
				fail_msg("commit %u, bit %u of byte %" PRId64 ": %u pairs", commit,
					i % 8, (int64_t)at, p->count);
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		}
		close(fd);
	}
	assert_true(refused > COMMITS * META_BYTES);
	free(r);
}

/* It would be overwritten by the next commit. */
static void a_page_that_is_free_and_in_use_is_refused(void **state)
{
	struct place *p = *state;
	struct reading *r = calloc(1, sizeof(*r));
	uint16_t node;
	uint64_t free_page, used;

	fill(p, 120);
	assert_true(read_all(p, r));
	int fd = open(p->file, O_RDWR | O_CLOEXEC);
	off_t page = (off_t)(r->pages.free.root * 4096);
	assert_int_equal(r->pages.free.depth, 1);
	assert_int_equal(pread(fd, &node, 2, page + 16), 2);
	off_t first = page + node + 8 + 8 + 8; /* after its head, its key, and their number */
	assert_int_equal(pread(fd, &free_page, 8, first), 8);
	assert_in_range(free_page, 2, r->pages.last);
	used = r->pages.main.root;
	assert_int_equal(pwrite(fd, &used, 8, first), 8);
	close(fd);
	assert_false(read_all(p, r));
	assert_non_null(strstr(r->error, "used twice"));
	free(r);
}

static void a_file_that_is_cut_is_refused(void **state)
{
	struct place *p = *state;
	struct reading *r = calloc(1, sizeof(*r));

	fill(p, 120);
	assert_true(read_all(p, r));
	for (uint64_t last = r->pages.last; last; last--) {
		assert_int_equal(truncate(p->file, (off_t)(last * 4096 - 1)), 0);
		assert_false(read_all(p, r));
		assert_false(try_open(p));
		assert_non_null(strstr(p->error, p->file));
		assert_int_equal(size_of(p), last * 4096 - 1);
	}
	free(r);
}

static void write_file(const struct place *p, const char *text)
{
	int fd = open(p->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void what_is_not_ours_is_refused_and_left_alone(void **state)
{
	struct place *p = *state;

	write_file(p, "a list of things to do");
	assert_false(try_open(p));
	assert_non_null(strstr(p->error, "data.mdb: this is no store of mqttspec-broker"));
	assert_int_equal(size_of(p), 22);
	write_file(p, "");
	assert_false(try_open(p));
	assert_non_null(strstr(p->error, "data.mdb: it is damaged (it is empty)"));
	char lock[96];
	snprintf(lock, sizeof(lock), "%s/lock.mdb", p->folder);
	assert_int_not_equal(access(lock, F_OK), 0);
}

/* What is found of a damaged file is never what was not in it. */
static void what_can_be_read_of_a_damaged_file_is_saved(void **state)
{
	struct place *p = *state;
	struct reading *r = calloc(1, sizeof(*r));
	struct recovery result;
	unsigned best = 0;

	fill(p, 450);
	assert_true(read_all(p, r));
	unsigned all = p->count;
	uint8_t *bytes = malloc(size_of(p)), zeros[4096] = { 0 };
	int fd = open(p->file, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, bytes, size_of(p));
	close(fd);
	for (uint64_t page = 2; page <= r->pages.last; page++) {
		fd = open(p->file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		assert_int_equal(write(fd, bytes, (size_t)size), size);
		assert_int_equal(pwrite(fd, zeros, 4096, (off_t)(page * 4096)), 4096);
		close(fd);
		bool whole = read_all(p, r);
		if (!recovery_run(&result, p->folder, p->error, PLACE_TEXT))
			fail_msg("page %" PRIu64 ": %s", page, p->error);
		open_store(p);
		assert_int_equal(p->count, result.saved);
		if (whole) /* it was free */
			assert_int_equal(p->count, all);
		assert_true(p->count > all / 2 && p->count <= all);
		best = p->count > best && !whole ? p->count : best;
		close_store(p);
		assert_int_equal(access(result.kept, F_OK), 0);
		assert_int_equal(unlink(result.kept), 0);
	}
	assert_int_equal(best, all); /* a branch was lost, and its leaves were not */
	free(bytes);
	free(r);
}

enum { LONG = 400000, LONG_COUNT = 64 };

static void put_long(struct place *p, unsigned i)
{
	uint8_t key[] = { 'f', (uint8_t)(i * 37), 0 }, *value = malloc(LONG);

	memset(value, (int)i + 1, LONG);
	assert_true(store_put(
		p->store, (struct mqtt_view){ key, 3 }, (struct mqtt_view){ value, LONG }));
	free(value);
}

/* What is long is put together again from leaves that nothing names any more, wherever they lie. */
static void what_is_long_is_saved_without_its_branch(void **state)
{
	static const uint8_t zeros[4096];
	struct place *p = *state;
	struct reading *r = calloc(1, sizeof(*r));
	struct recovery result;

	p->settings.sync = false;
	open_store(p);
	for (unsigned i = 0; i < LONG_COUNT; i++) {
		put_long(p, i);
		assert_true(store_commit(p->store));
	}
	close_store(p);
	assert_true(read_all(p, r));
	assert_true(r->pages.main.depth > 1);
	int fd = open(p->file, O_RDWR | O_CLOEXEC);
	assert_int_equal(pwrite(fd, zeros, 4096, (off_t)(r->pages.main.root * 4096)), 4096);
	close(fd);
	assert_false(read_all(p, r));
	assert_true(recovery_run(&result, p->folder, p->error, PLACE_TEXT));
	assert_int_equal(result.saved, LONG_COUNT);
	assert_int_equal(result.lost, 1);
	open_store(p);
	assert_int_equal(p->count, LONG_COUNT);
	free(r);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_set_up, place_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_flipped_bit_is_refused_or_does_not_matter),
		TEST(no_bit_of_the_first_pages_hides_the_latest_commit),
		TEST(a_page_that_is_free_and_in_use_is_refused),
		TEST(a_file_that_is_cut_is_refused),
		TEST(what_is_not_ours_is_refused_and_left_alone),
		TEST(what_can_be_read_of_a_damaged_file_is_saved),
		TEST(what_is_long_is_saved_without_its_branch),
	};
	return cmocka_run_group_tests_name("store_damage", tests, NULL, NULL);
}
