/* A disk that fails: every call by which the store writes, in turn, once or until further notice. LMDB makes these calls
 * from a library of its own, which finds the functions of this program in the place of libc's.
 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "broker/store/store.h"

enum { TEXT = 512, CALLS_MOST = 60, SIZE = 6000 };

/* ---- the calls ----------------------------------------------------------------------------- */

static struct faults {
	unsigned at;   /* the call that fails, counted from 1; 0: none does */
	bool lasts;    /* and all after it */
	bool is_short; /* half of it is written */
	int error;
	_Atomic unsigned calls; /* of several threads */
	off_t disk_end;         /* no file has room beyond it; 0: there is no such end */
} faults;

static bool fails(void)
{
	unsigned call = ++faults.calls;

	if (!faults.at || call < faults.at || (call > faults.at && !faults.lasts))
		return false;
	errno = faults.error;
	return true;
}

/* In the place of libc's, under names of their own here. */
ssize_t fault_pwrite(int fd, const void *data, size_t len, off_t at) __asm__("pwrite");
ssize_t fault_writev(int fd, const struct iovec *list, int count) __asm__("writev");
int fault_fdatasync(int fd) __asm__("fdatasync");
int fault_fallocate(int fd, off_t at, off_t len) __asm__("posix_fallocate");

/* How much of it the disk takes there: as far as the file has room already. -1 with an errno: nothing. */
static ssize_t taken(int fd, off_t at, size_t len)
{
	struct stat there;

	if (!faults.disk_end || at + (off_t)len <= faults.disk_end)
		return (ssize_t)len;
	off_t end = fstat(fd, &there) || there.st_size < faults.disk_end ? faults.disk_end
									 : there.st_size;
	if (at + (off_t)len <= end)
		return (ssize_t)len;
	errno = ENOSPC;
	return at < end ? end - at : -1;
}

ssize_t fault_pwrite(int fd, const void *data, size_t len, off_t at)
{
	if (!fails()) {
		ssize_t most = taken(fd, at, len);
		return most < 0 ? -1 : syscall(SYS_pwrite64, fd, data, (size_t)most, at);
	}
	return faults.is_short ? syscall(SYS_pwrite64, fd, data, len / 2, at) : -1;
}

ssize_t fault_writev(int fd, const struct iovec *list, int count)
{
	size_t len = 0;

	for (int i = 0; i < count; i++)
		len += list[i].iov_len;
	if (!fails()) {
		ssize_t most = taken(fd, lseek(fd, 0, SEEK_CUR), len);
		if (most == (ssize_t)len)
			return syscall(SYS_writev, fd, list, count);
		return most < 0 ? -1 : syscall(SYS_writev, fd, list, 1);
	}
	return faults.is_short ? syscall(SYS_writev, fd, list, 1) : -1;
}

int fault_fdatasync(int fd)
{
	return fails() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fault_fallocate(int fd, off_t at, off_t len)
{
	if (fails())
		return faults.error;
	if (faults.disk_end && at + len > faults.disk_end)
		return ENOSPC;
	return syscall(SYS_fallocate, fd, 0, at, len) ? errno : 0;
}

/* ---- a store ------------------------------------------------------------------------------- */

struct place {
	char folder[64];
	struct log log;
	char *told; /* by the log */
	size_t told_len;
	struct store *store;
	uint64_t most_bytes;
	char error[TEXT];
	unsigned count; /* of pairs */
	bool wrong;     /* one of them is none that was put */
};

static bool note(void *context, struct mqtt_view key, struct mqtt_view value)
{
	struct place *p = context;

	p->count++;
	p->wrong |= key.len != 2 || value.len != SIZE;
	for (uint32_t i = 0; i < value.len; i++)
		p->wrong |= value.data[i] != (uint8_t)(key.data[1] + i);
	return true;
}

static bool try_open(struct place *p)
{
	const struct store_settings settings = {
		.folder = p->folder, .sync = true, .most_bytes = p->most_bytes
	};

	p->count = 0;
	p->wrong = false;
	p->store = store_open(&settings, &p->log, p->error, TEXT);
	if (p->store && store_load(p->store, note, p, p->error, TEXT))
		return true;
	store_close(p->store);
	p->store = NULL;
	return false;
}

static void close_store(struct place *p)
{
	store_close(p->store);
	p->store = NULL;
}

static bool put(struct place *p, uint8_t name)
{
	uint8_t key[2] = { 'f', name }, value[SIZE];

	for (unsigned i = 0; i < SIZE; i++)
		value[i] = (uint8_t)(name + i);
	return store_put(p->store, (struct mqtt_view){ key, 2 }, (struct mqtt_view){ value, SIZE });
}

static void fail_from(unsigned call, int error, bool lasts)
{
	faults = (struct faults){ .at = call, .error = error, .lasts = lasts };
}

static void fail_no_more(void)
{
	faults = (struct faults){ 0 };
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	strcpy(p->folder, "/tmp/store-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	p->log = (struct log){ open_memstream(&p->told, &p->told_len), LOG_NOTICE };
	*state = p;
	return 0;
}

static void empty(const struct place *p)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -f '%s'/*", p->folder);
	assert_int_equal(system(command), 0);
}

static unsigned times_told(struct place *p, const char *text)
{
	unsigned count = 0;

	fflush(p->log.to);
	for (const char *at = p->told; (at = strstr(at, text)); at++)
		count++;
	return count;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	assert_int_equal(times_told(p, "MDB_"), 0); /* but what the matter is */
	fail_no_more();
	close_store(p);
	empty(p);
	rmdir(p->folder);
	fclose(p->log.to);
	free(p->told);
	free(p);
	return 0;
}

static const struct {
	int error;
	bool is_short;
} kinds[] = { { EIO, false }, { ENOSPC, false }, { EROFS, false }, { EIO, true } };

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

/* ---- what becomes of it -------------------------------------------------------------------- */

/* The commit is asked for again, and then it has all: also what was removed while it failed. */
static void no_failure_loses_anything(void **state)
{
	struct place *p = *state;
	unsigned failed = 0;

	for (unsigned call = 1; call < CALLS_MOST; call++) {
		empty(p);
		assert_true(try_open(p));
		assert_true(put(p, 1) && put(p, 2));
		assert_true(store_commit(p->store));
		fail_from(call, kinds[call % KINDS].error, false);
		faults.is_short = kinds[call % KINDS].is_short;
		bool stored = put(p, 3);
		bool done = store_commit(p->store);
		bool over = faults.calls < call;
		bool removed = !done;
		failed += !done;
		if (removed) {
			assert_false(put(p, 4)); /* nothing is promised meanwhile */
			store_remove(p->store, (struct mqtt_view){ (const uint8_t *)"f\2", 2 });
		}
		fail_no_more();
		assert_true(done || store_commit(p->store));
		close_store(p);
		assert_true(try_open(p));
		assert_false(p->wrong);
		assert_int_equal(p->count, 1u + stored + !removed);
		close_store(p);
		if (over)
			break;
	}
	assert_true(failed >= 2);
}

/* And is not asked for again, as the broker is killed: what was there is there. */
static void no_failure_damages_anything(void **state)
{
	struct place *p = *state;

	for (unsigned i = 2; i < 2 * CALLS_MOST; i++) {
		unsigned call = i / 2; /* it fails once, or from there on */
		empty(p);
		assert_true(try_open(p));
		assert_true(put(p, 1) && put(p, 2));
		assert_true(store_commit(p->store));
		fail_from(call, kinds[call % KINDS].error, i % 2);
		faults.is_short = kinds[call % KINDS].is_short;
		put(p, 3);
		bool done = store_commit(p->store);
		bool over = faults.calls < call;
		close_store(p);
		fail_no_more();
		if (!try_open(p))
			fail_msg("call %u: %s", call, p->error);
		assert_false(p->wrong);
		assert_true(p->count == 2 || p->count == 3);
		assert_true(p->count == 3 || !done);
		close_store(p);
		if (over)
			return;
	}
}

static void succeed_at_once(struct place *p)
{
	fail_no_more();
	assert_true(store_commit(p->store));
}

/* The files of the journal are so small that each commit takes the other one, and a thread brings the one before into the
 * table: its calls fail, too.
 */
static void no_failure_on_the_way_to_the_table_loses_anything(void **state)
{
	enum { COMMITS = 8, SMALL = 4000000 };
	struct place *p = *state;

	p->most_bytes = SMALL;
	for (unsigned i = 2; i < 2 * 3 * CALLS_MOST; i++) {
		unsigned call = i / 2, failed = 0;
		empty(p);
		assert_true(try_open(p));
		fail_from(call, kinds[call % KINDS].error, i % 2);
		faults.is_short = kinds[call % KINDS].is_short;
		for (unsigned n = 0; n < COMMITS; n++) {
			uint8_t gone[2] = { 'f', (uint8_t)n };
			for (unsigned tries = 0; !put(p, (uint8_t)n); tries++) {
				assert_in_range(tries, 0, 20);
				if (failed++ > 2)
					succeed_at_once(p);
				else
					store_commit(p->store);
			}
			if (n % 3 == 1)
				store_remove(p->store, (struct mqtt_view){ gone, 2 });
			for (unsigned tries = 0; !store_commit(p->store); tries++) {
				assert_in_range(tries, 0, 20);
				if (failed++ > 2)
					succeed_at_once(p);
			}
		}
		bool over = faults.calls < call;
		if (i % 3) /* or the end brings all into the table */
			fail_no_more();
		close_store(p);
		fail_no_more();
		if (!try_open(p))
			fail_msg("call %u: %s", call, p->error);
		assert_false(p->wrong);
		assert_int_equal(p->count, COMMITS - (COMMITS + 1) / 3);
		close_store(p);
		if (over)
			return;
	}
	fail_msg("%s", "there is always one more call");
}

static unsigned files_in(const char *folder)
{
	DIR *dir = opendir(folder);
	unsigned count = 0;

	for (const struct dirent *e; (e = readdir(dir));)
		count += e->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void what_fails_at_the_start_leaves_nothing_behind(void **state)
{
	struct place *p = *state;
	unsigned failed = 0;

	for (unsigned call = 1; call < CALLS_MOST; call++) {
		fail_from(call, ENOSPC, true);
		bool open = try_open(p);
		fail_no_more();
		if (open)
			break;
		failed++;
		assert_non_null(strstr(p->error, "it cannot be written: No space left on device"));
		assert_int_equal(files_in(p->folder), 0);
	}
	assert_true(failed >= 3);
	assert_non_null(p->store);
}

static bool change(struct place *p, unsigned n, uint32_t key_len, const uint8_t *value)
{
	uint8_t key[400] = { 'f', (uint8_t)(n >> 8), (uint8_t)n };
	const struct mqtt_view k = { key, key_len };

	if (value)
		return store_put(p->store, k, (struct mqtt_view){ value, SIZE });
	store_remove(p->store, k);
	return true;
}

/* Without a ceiling, until it is full; then much of it is removed, in one turn or in several: that takes room, too, of which
 * there is none.
 */
static void fill_the_disk(struct place *p, uint32_t key_len, unsigned at_a_time)
{
	enum { DISK = 8 << 20 };
	static const uint8_t value[SIZE];
	unsigned n = 0;

	fail_no_more();
	empty(p);
	faults.disk_end = DISK;
	assert_true(try_open(p));
	for (; change(p, n, key_len, value); n++)
		assert_true(store_commit(p->store));
	assert_true(n > DISK / SIZE / 2);
	for (unsigned i = 0; i < n; i++) {
		if (i % 4)
			change(p, i, key_len, NULL);
		if (i % at_a_time == 0)
			assert_true(store_commit(p->store));
	}
	assert_true(store_commit(p->store));
	assert_int_equal(times_told(p, "it cannot be written"), 0);
	close_store(p);
	if (!try_open(p))
		fail_msg("%s", p->error);
	assert_int_equal(p->count, (n + 3) / 4);
	assert_true(change(p, 60000, key_len, value) && store_commit(p->store));
	close_store(p);
}

static void a_full_disk_takes_removals_and_starts(void **state)
{
	for (unsigned at_a_time = 1; at_a_time <= 10000; at_a_time *= 10) {
		fill_the_disk(*state, 10, at_a_time);
		fill_the_disk(*state, 400, at_a_time);
	}
}

static void it_is_told_once_and_once_when_it_is_over(void **state)
{
	struct place *p = *state;

	assert_true(try_open(p));
	assert_true(put(p, 1));
	fail_from(1, EIO, true);
	for (unsigned i = 0; i < 5; i++) {
		assert_false(store_commit(p->store));
		assert_false(put(p, 2));
	}
	assert_int_equal(times_told(p, "it cannot be written: Input/output error"), 1);
	fail_no_more();
	assert_true(store_commit(p->store));
	assert_true(put(p, 2) && store_commit(p->store));
	assert_int_equal(times_told(p, "it can be written again"), 1);
}

/* Only the beat has found it out: there is nothing that the core would ask for again. */
static void a_beat_that_fails_is_made_good_by_another(void **state)
{
	struct place *p = *state;

	assert_true(try_open(p));
	fail_from(1, EIO, true);
	assert_true(store_commit(p->store)); /* of nothing */
	assert_true(put(p, 1));
	assert_false(store_commit(p->store));
	fail_no_more();
	store_beat(p->store);
	assert_true(put(p, 2));
}

/* A batch that the map has no room for is applied again with a larger one, as often as it takes. */
static void the_map_grows_by_itself(void **state)
{
	enum { LARGE = 1 << 20 };
	struct place *p = *state;
	const struct store_settings settings = { .folder = p->folder };
	uint8_t *value = calloc(1, LARGE);

	p->store = store_open(&settings, &p->log, p->error, TEXT);
	assert_true(store_load(p->store, note, p, p->error, TEXT));
	for (uint8_t i = 0; i < 40; i++) {
		uint8_t key[2] = { 'f', i };
		assert_true(store_put(p->store, (struct mqtt_view){ key, 2 },
			(struct mqtt_view){ value, LARGE }));
	}
	assert_true(store_commit(p->store));
	close_store(p);
	free(value);
	try_open(p);
	assert_int_equal(p->count, 40);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(no_failure_loses_anything),
		TEST(no_failure_damages_anything),
		TEST(no_failure_on_the_way_to_the_table_loses_anything),
		TEST(what_fails_at_the_start_leaves_nothing_behind),
		TEST(a_full_disk_takes_removals_and_starts),
		TEST(it_is_told_once_and_once_when_it_is_over),
		TEST(a_beat_that_fails_is_made_good_by_another),
		TEST(the_map_grows_by_itself),
	};
	return cmocka_run_group_tests_name("store_faults", tests, NULL, NULL);
}
