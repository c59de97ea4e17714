/* The journal of the store: what is read of it after a loss of power, and of one that is damaged. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "broker/store/block.h"
#include "broker/store/journal.h"

enum { PAGE = SEGMENT_PAGE, SMALL = 8 * PAGE, FILE_MOST = 1 << 20, SMALL_STORE = 4 << 20 };

/* In the place of libc's. */
static bool fsync_fails;
int fault_fsync(int fd) __asm__("fsync");

int fault_fsync(int fd)
{
	if (!fsync_fails)
		return (int)syscall(SYS_fsync, fd);
	errno = EIO;
	return -1;
}

struct place {
	char folder[64];
	int fd;
	struct segment s;
	struct segment_room room;
	struct batch batch;
	uint64_t previous;
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	strcpy(p->folder, "/tmp/journal-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	p->fd = open(p->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(segment_make(&p->s, p->fd, journal_name(0), SMALL), 0);
	batch_init(&p->batch);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	segment_close(&p->s);
	journal_drop(p->fd);
	close(p->fd);
	assert_int_equal(rmdir(p->folder), 0);
	batch_fini(&p->batch);
	free(p->room.bytes);
	free(p);
	return 0;
}

/* A commit of one key with its number as name, and a value of that many bytes. */
static void fill(struct batch *b, uint64_t number, uint32_t size)
{
	uint8_t key[2] = { 'f', (uint8_t)number }, *value = malloc(size + 1);

	memset(value, (int)number, size);
	batch_clear(b);
	assert_true(batch_put(b, (struct mqtt_view){ key, 2 }, (struct mqtt_view){ value, size }));
	assert_true(batch_remove(b, MQTT_VIEW("gone")));
	free(value);
}

static void commit(struct place *p, uint64_t number, uint32_t size)
{
	const struct commit c = { .number = number, .previous = p->previous, .wall_ms = 1000 };

	fill(&p->batch, number, size);
	assert_int_equal(segment_write(&p->s, &c, &p->batch, &p->room, false), 0);
	p->previous = number;
}

/* What is read: the numbers of the commits, and whether their changes are those that were written. */
struct heard {
	uint64_t numbers[64];
	unsigned count;
	bool wrong;
};

static bool hear(void *context, const struct commit *c, struct mqtt_view changes)
{
	struct heard *h = context;
	struct batch b;

	batch_init(&b);
	assert_true(h->count < 64);
	h->numbers[h->count++] = c->number;
	h->wrong |= c->wall_ms != 1000 || !segment_apply(changes, &b) || b.count != 2;
	for (uint32_t i = 0; !h->wrong && i < b.list[0].value_len; i++)
		h->wrong |= batch_value(&b, &b.list[0]).data[i] != (uint8_t)c->number;
	h->wrong |= !b.count || !b.list[1].removed;
	batch_fini(&b);
	return true;
}

static struct heard listen(struct place *p, bool *damaged)
{
	struct heard h = { 0 };
	struct segment_found found;
	struct stat there;

	assert_int_equal(fstat(p->s.fd, &there), 0);
	const struct segment s = { .fd = p->s.fd, .bytes = (uint64_t)there.st_size };
	assert_int_equal(segment_read(&s, s.bytes, hear, &h, &found), 0);
	assert_false(h.wrong);
	*damaged = found.damaged;
	return h;
}

static void is_heard(struct place *p, unsigned count, uint64_t last)
{
	bool damaged;
	struct heard h = listen(p, &damaged);

	assert_false(damaged);
	assert_int_equal(h.count, count);
	if (count)
		assert_int_equal(h.numbers[count - 1], last);
}

static uint8_t *file_of(const struct place *p)
{
	uint8_t *bytes = malloc(FILE_MOST);

	assert_true(pread(p->s.fd, bytes, FILE_MOST, 0) >= 0);
	return bytes;
}

static void put_block(const struct place *p, const uint8_t *file, uint64_t at)
{
	assert_int_equal(pwrite(p->s.fd, file + at, BLOCK_SIZE, (off_t)at), BLOCK_SIZE);
}

/* ---- a loss of power ----------------------------------------------------------------------- */

/* Of the latest commit, any block may be that of an earlier one; those before it are on the disk. */
static void a_commit_that_is_not_whole_is_none(void **state)
{
	struct place *p = *state;

	for (uint64_t n = 1; n <= 7; n++) /* once around, so that there are older ones */
		commit(p, n, 700);
	p->s.end = 0;
	commit(p, 20, 900);
	uint64_t begin = p->s.end;
	uint8_t *before = file_of(p);
	commit(p, 21, 5000);
	uint8_t *after = file_of(p);
	is_heard(p, 2, 21);
	unsigned blocks = (4 * 8 + 2 * 8 + 2 + 4 + 5000) / BLOCK_DATA + 1;
	for (unsigned i = 0; i < blocks; i++) {
		put_block(p, before, begin + i * BLOCK_SIZE);
		is_heard(p, 1, 20);
		put_block(p, after, begin + i * BLOCK_SIZE);
	}
	for (unsigned i = 0; i < blocks; i++) { /* only some are there */
		for (unsigned n = 0; n < blocks; n++)
			put_block(p, n < i ? after : before, begin + n * BLOCK_SIZE);
		is_heard(p, 1, 20);
	}
	free(before);
	free(after);
}

/* It is written again in the same place, shorter, under another number; blocks of both may be left. */
static void of_one_that_failed_and_its_repetition_nothing_is_made_up(void **state)
{
	struct place *p = *state;

	commit(p, 1, 100);
	uint64_t begin = p->s.end;
	commit(p, 2, 5000);
	uint8_t *first = file_of(p);
	p->s.end = begin;
	p->previous = 1;
	commit(p, 3, 2000);
	uint8_t *second = file_of(p);
	is_heard(p, 2, 3);
	for (unsigned mask = 1; mask < 64; mask++) {
		bool damaged;
		for (unsigned i = 0; i < 6; i++)
			put_block(p, mask & 1u << i ? first : second, begin + i * BLOCK_SIZE);
		struct heard h = listen(p, &damaged);
		assert_false(damaged);
		/* The first one as a whole, as nobody was told of it; the second one as a whole; or neither. */
		assert_true(h.count == 1 || (h.count == 2 && h.numbers[1] >= 2));
		if (mask & 31 && (mask & 31) != 31)
			assert_int_equal(h.count, 1);
	}
	free(first);
	free(second);
}

static void a_file_that_was_about_to_grow_is_whole(void **state)
{
	struct place *p = *state;
	uint8_t noise[BLOCK_SIZE] = { 1 };

	commit(p, 1, 100);
	assert_int_equal(pwrite(p->s.fd, noise, sizeof(noise), SMALL + 3 * BLOCK_SIZE), BLOCK_SIZE);
	is_heard(p, 1, 1);
	assert_int_equal(segment_grow(&p->s, 2 * SMALL), 0);
	is_heard(p, 1, 1);
	commit(p, 2, 5 * PAGE);
	commit(p, 3, 3 * PAGE); /* from one part to the other */
	is_heard(p, 3, 3);
}

/* ---- damage -------------------------------------------------------------------------------- */

static void each_flipped_bit_is_noticed(void **state)
{
	struct place *p = *state;

	for (uint64_t n = 1; n <= 5; n++)
		commit(p, n, 1000);
	uint8_t *file = file_of(p);
	for (uint64_t at = 0; at < SMALL; at += at % BLOCK_SIZE < BLOCK_HEAD ? 1 : 37) {
		uint8_t block[BLOCK_SIZE];
		uint64_t begin = at / BLOCK_SIZE * BLOCK_SIZE;
		bool damaged;
		memcpy(block, file + begin, BLOCK_SIZE);
		block[at - begin] ^= (uint8_t)(1u << at % 8);
		assert_int_equal(pwrite(p->s.fd, block, BLOCK_SIZE, (off_t)begin), BLOCK_SIZE);
		struct heard h = listen(p, &damaged);
		assert_true(damaged);
		/* All before it; each has three blocks. */
		uint64_t whole = begin / PAGE + (begin % PAGE >= 3 * BLOCK_SIZE);
		assert_int_equal(h.count, whole < 5 ? whole : 5);
		put_block(p, file, begin);
	}
	is_heard(p, 5, 5);
	free(file);
}

static void a_block_in_the_place_of_another_is_noticed(void **state)
{
	struct place *p = *state;
	bool damaged;

	commit(p, 1, 2 * PAGE);
	uint8_t *file = file_of(p);
	assert_int_equal(
		pwrite(p->s.fd, file + BLOCK_SIZE, BLOCK_SIZE, 2 * BLOCK_SIZE), BLOCK_SIZE);
	assert_int_equal(listen(p, &damaged).count, 0);
	assert_true(damaged);
	free(file);
}

static void a_file_that_was_cut_is_noticed(void **state)
{
	struct place *p = *state;
	bool damaged;

	commit(p, 1, 100);
	commit(p, 2, 5 * PAGE);
	assert_false(segment_fits(&p->s, PAGE));
	assert_int_equal(segment_grow(&p->s, 2 * SMALL), 0);
	commit(p, 3, 3 * PAGE);
	for (off_t size = 2 * SMALL - 1; size > 0; size -= 1000) {
		assert_int_equal(ftruncate(p->s.fd, size), 0);
		listen(p, &damaged);
		assert_true(damaged);
	}
}

/* ---- both files ---------------------------------------------------------------------------- */

static void commit_in(struct journal *j, unsigned segment, uint64_t number)
{
	struct batch b;

	batch_init(&b);
	fill(&b, number, 10);
	j->current = segment;
	j->number = number - 1;
	assert_int_equal(journal_write(j, &b, 1000, 1000, false), 0);
	batch_fini(&b);
}

static int read_after(struct place *p, uint64_t after, unsigned count, struct journal_found *found)
{
	batch_clear(&p->batch);
	int e = journal_read(p->fd, after, &p->batch, found);
	unsigned puts = 0;

	for (uint32_t i = 0; i < p->batch.count; i++)
		puts += !p->batch.list[i].removed && !p->batch.list[i].replaced;
	assert_int_equal(puts, count);
	return e;
}

static void commits_of_both_files_follow_each_other(void **state)
{
	struct place *p = *state;
	struct journal j;
	struct journal_found found;

	assert_int_equal(journal_make(p->fd, UINT64_MAX), 0);
	assert_int_equal(journal_open(&j, p->fd, 4, 4, UINT64_MAX), 0);
	for (uint64_t n = 5; n < 8; n++)
		commit_in(&j, 1, n);
	for (uint64_t n = 8; n < 10; n++)
		commit_in(&j, 0, n);
	assert_int_equal(read_after(p, 4, 5, &found), 0);
	assert_int_equal(found.latest.number, 9);
	assert_int_equal(read_after(p, 6, 3, &found), 0);
	assert_int_equal(read_after(p, 9, 0, &found), 0);
	assert_int_equal(found.latest.number, 0);
	assert_int_equal(found.highest, 9);
	assert_int_equal(read_after(p, 3, 0, &found), JOURNAL_DAMAGED); /* the fourth is missing */
	assert_int_equal(read_after(p, 0, 5, &found), 0);
	j.segments[1].end = 0; /* free again, and half used again */
	commit_in(&j, 1, 10);
	assert_int_equal(read_after(p, 7, 3, &found), 0);
	assert_int_equal(read_after(p, 6, 0, &found), JOURNAL_DAMAGED);
	j.segments[0].end = 0;
	j.previous = 30;
	commit_in(&j, 0, 31); /* as after another start */
	assert_int_equal(read_after(p, 30, 1, &found), 0);
	assert_int_equal(
		read_after(p, 0, 1, &found), 0); /* what came before the gap does not count */
	assert_int_equal(unlinkat(p->fd, journal_name(1), 0), 0);
	assert_int_equal(read_after(p, 30, 1, &found), ENOENT);
	assert_int_equal(found.segment, 1);
	journal_close(&j);
}

/* One file of a journal whose other one was never written to, as the current one; and a commit that is too large for it. */
static uint64_t stretch(struct place *p, struct journal *j)
{
	assert_int_equal(journal_make(p->fd, SMALL_STORE), 0);
	assert_int_equal(journal_open(j, p->fd, 41, 41, SMALL_STORE), 0);
	fill(&p->batch, 42, 50000);
	uint64_t need = segment_need(&p->batch);
	assert_false(segment_fits(&j->segments[0], need));
	assert_int_equal(journal_stretch(j, need, 1000, 1000, true), 0);
	assert_true(segment_fits(&j->segments[0], need));
	return j->segments[0].bytes;
}

static void read_journal(struct place *p, uint64_t after, unsigned pairs)
{
	struct journal_found found;
	struct batch all;

	batch_init(&all);
	assert_int_equal(journal_read(p->fd, after, &all, &found), 0);
	assert_int_equal(all.count, pairs);
	batch_fini(&all);
}

/* Whatever of it has reached the disk. */
static void a_file_that_was_to_become_larger_is_read(void **state)
{
	static const uint8_t zeros[PAGE];
	struct place *p = *state;
	struct journal j;

	uint64_t bytes = stretch(p, &j);
	read_journal(p, 41, 0);
	assert_int_equal(pwrite(j.segments[0].fd, zeros, PAGE, (off_t)bytes - PAGE), PAGE);
	read_journal(p, 41, 0);
	for (uint64_t cut = bytes - 100; cut > 4 * PAGE; cut -= 3000) {
		assert_int_equal(ftruncate(j.segments[0].fd, (off_t)cut), 0);
		read_journal(p, 41, 0);
	}
	journal_close(&j);
}

/* What it was for is committed and read; once it is in the table the file has its old size. */
static void a_file_that_is_too_large_is_made_anew(void **state)
{
	struct place *p = *state;
	struct journal j;
	struct stat there;

	uint64_t bytes = stretch(p, &j), least = j.segments[1].bytes;
	assert_int_equal(journal_write(&j, &p->batch, 1000, 1000, true), 0);
	read_journal(p, 41, 2);
	j.segments[0].end = 0; /* it is in the table */
	journal_shrink(&j, 0);
	journal_shrink(&j, 1);
	assert_int_equal(fstatat(p->fd, journal_name(0), &there, 0), 0);
	assert_true((uint64_t)there.st_size < bytes);
	assert_int_equal(there.st_size, least);
	assert_int_equal(j.segments[0].bytes, least);
	assert_int_equal(j.segments[1].bytes, least);
	read_journal(p, 41, 0);
	fill(&p->batch, 44, 100);
	assert_int_equal(journal_write(&j, &p->batch, 1000, 1000, true), 0);
	journal_close(&j);
	read_journal(p, 43, 2);
}

/* Nothing is committed to a file that the folder may not name: it is what is found by its name that counts. */
static void a_file_made_anew_counts_once_its_folder_is_synced(void **state)
{
	struct place *p = *state;
	struct journal j;

	stretch(p, &j);
	j.segments[0].end = 0;
	fsync_fails = true;
	journal_shrink(&j, 0);
	fill(&p->batch, 43, 100);
	assert_int_equal(journal_write(&j, &p->batch, 1000, 1000, true), EIO);
	read_journal(p, 41, 0);
	fsync_fails = false;
	assert_int_equal(journal_write(&j, &p->batch, 1000, 1000, true), 0);
	journal_close(&j);
	read_journal(p, 42, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_commit_that_is_not_whole_is_none),
		TEST(of_one_that_failed_and_its_repetition_nothing_is_made_up),
		TEST(a_file_that_was_about_to_grow_is_whole),
		TEST(each_flipped_bit_is_noticed),
		TEST(a_block_in_the_place_of_another_is_noticed),
		TEST(a_file_that_was_cut_is_noticed),
		TEST(commits_of_both_files_follow_each_other),
		TEST(a_file_that_was_to_become_larger_is_read),
		TEST(a_file_that_is_too_large_is_made_anew),
		TEST(a_file_made_anew_counts_once_its_folder_is_synced),
	};
	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
