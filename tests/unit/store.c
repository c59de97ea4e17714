/* The store in its folder: what is in it after another start, and what becomes of a file that is damaged. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <lmdb.h>

#include "base/buf.h"
#include "broker/store/reading.h"
#include "broker/store/recovery.h"
#include "broker/store/store.h"
#include "broker/store/volume.h"

enum { TEXT = 512, SMALL_JOURNAL = 4 << 20 /* as a ceiling */ };

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

struct place {
	char folder[64];
	char file[80];
	struct log log;
	struct store_settings settings;
	char error[TEXT];
	struct store *store;
	struct buf all; /* pairs, one after the other */
	unsigned count;
};

static struct mqtt_view view_of(const struct buf *b)
{
	return (struct mqtt_view){ b->data, (uint32_t)b->len };
}

static bool note(void *context, struct mqtt_view key, struct mqtt_view value)
{
	struct place *p = context;

	p->count++;
	buf_add_u32(&p->all, key.len);
	buf_add(&p->all, key.data, key.len);
	buf_add_u32(&p->all, value.len);
	return buf_add(&p->all, value.data, value.len);
}

static bool try_open(struct place *p)
{
	buf_reset(&p->all);
	p->count = 0;
	p->store = store_open(&p->settings, &p->log, p->error, TEXT);
	if (p->store && store_load(p->store, note, p, p->error, TEXT))
		return true;
	store_close(p->store);
	p->store = NULL;
	return false;
}

static void open_store(struct place *p)
{
	if (!try_open(p))
		fail_msg("%s", p->error);
}

static void close_store(struct place *p)
{
	store_close(p->store);
	p->store = NULL;
}

/* One of many keys; some are longer than LMDB takes. */
static struct mqtt_view key_of(struct buf *b, unsigned i)
{
	buf_reset(b);
	buf_printf(b, "f%07u/", i * 7919 % 100003);
	for (unsigned n = 0; i % 16 == 5 && n < 100 + i; n++)
		buf_add_text(b, "level/");
	return view_of(b);
}

/* Some are longer than a page. */
static struct mqtt_view value_of(struct buf *b, unsigned i)
{
	buf_reset(b);
	for (unsigned n = 0; n < (i % 32 == 9 ? 9000 : i % 100); n++)
		buf_add_u8(b, (uint8_t)(i * 31 + n * n));
	return view_of(b);
}

static void put(struct place *p, unsigned i)
{
	struct buf key, value;

	buf_init(&key, 1 << 20);
	buf_init(&value, 1 << 20);
	assert_true(store_put(p->store, key_of(&key, i), value_of(&value, i)));
	buf_fini(&key);
	buf_fini(&value);
}

static void drop(struct place *p, unsigned i)
{
	struct buf key;

	buf_init(&key, 1 << 20);
	store_remove(p->store, key_of(&key, i));
	buf_fini(&key);
}

/* Several commits, so that there are pages that are free, and older ones of what is there. */
static void fill(struct place *p, unsigned count)
{
	open_store(p);
	for (unsigned i = 0; i < count; i++) {
		put(p, i);
		if (i % 50 == 49)
			assert_true(store_commit(p->store));
	}
	for (unsigned i = 0; i < count; i += 3) {
		drop(p, i);
		if (i % 10 == 0)
			assert_true(store_commit(p->store));
	}
	assert_true(store_commit(p->store));
	close_store(p);
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	strcpy(p->folder, "/tmp/store-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->file, sizeof(p->file), "%s/data.mdb", p->folder);
	p->settings = (struct store_settings){ .folder = p->folder };
	buf_init(&p->all, 64 << 20);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char command[128];

	store_close(p->store);
	buf_fini(&p->all);
	snprintf(command, sizeof(command), "rm -r '%s'", p->folder);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

/* ---- what is in it ------------------------------------------------------------------------- */

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
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

static void one_broker_at_a_time(void **state)
{
	struct place *p = *state;
	char error[TEXT];

	open_store(p);
	assert_null(store_open(&p->settings, &p->log, error, TEXT));
	assert_non_null(strstr(error, "another broker"));
	close_store(p);
	open_store(p);
}

/* The clock of the pairs goes on by what the wall clock says between two starts, whatever that says by then. */
static void the_clock_goes_on_while_there_is_no_broker(void **state)
{
	struct place *p = *state;

	p->store = store_open(&p->settings, &p->log, p->error, TEXT);
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

/* ---- room ---------------------------------------------------------------------------------- */

static uint64_t size_of(const struct place *p)
{
	struct stat there;

	assert_int_equal(stat(p->file, &there), 0);
	return (uint64_t)there.st_size;
}

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
			if (i % 10 == 0)
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
	static const uint8_t zeros[64 * 1024];
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

/* Pages that are free two here and two there are room for what is short, but not for what needs more of them in a row.
 */
static void what_is_free_but_scattered_is_no_room_for_what_is_long(void **state)
{
	struct place *p = *state;

	p->settings.most_bytes = 4 << 20;
	scatter(p, 1);
	open_store(p);
	put_until_refused(p, 'b', 30000, 1);
	assert_true(put_until_refused(p, 'c', 900, 1) > 300);
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
	for (unsigned n = 0; n < kept; n += 3)
		drop_zeros(p, 'b', n);
	assert_true(store_commit(p->store));
	put_until_refused(p, 'c', 60000, 3);
	put_until_refused(p, 'd', 20000, 7);
	assert_true(put_until_refused(p, 'e', 500, 50) > 2000);
	close_store(p);
	assert_true(size_of(p) <= p->settings.most_bytes);
	open_store(p);
}

static void the_sum_of_what_is_long_ends_with_it(void **state)
{
	struct volume none = { 0 }, brief = volume_of(10, 1000), large = volume_of(10, 9000);
	struct volume all = volume_sum(volume_sum(large, brief), volume_of(1, 5000));

	(void)state;
	assert_int_equal(brief.long_changes, 0);
	assert_int_equal(all.changes, 3);
	assert_int_equal(all.bytes, 15021);
	assert_int_equal(all.long_changes, 2);
	assert_int_equal(all.long_bytes, 14011);
	assert_int_equal(all.longest, 9010);
	all = volume_rest(all, volume_sum(large, volume_of(1, 5000)));
	assert_memory_equal(&all, &brief, sizeof(all));
	/* What is taken off before it is added. */
	all = volume_sum(volume_rest(none, large), volume_sum(large, brief));
	assert_int_equal(all.bytes, brief.bytes);
	assert_int_equal(all.long_changes, 0);
}

/* ---- damage -------------------------------------------------------------------------------- */

static bool read_all(struct place *p, struct reading *r)
{
	buf_reset(&p->all);
	p->count = 0;
	if (reading_open(r, p->folder) != READING_OK)
		return false;
	bool ok = reading_all(r, note, p);
	reading_close(r);
	return ok;
}

/* LMDB finds each pair by its key, too: or what is written later would go astray. */
static void look_up_all(const struct place *p)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_cursor *cursor;
	MDB_val key, value, found;
	unsigned count = 0;

	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_mapsize(env, 1 << 30), 0);
	assert_int_equal(mdb_env_open(env, p->file, MDB_RDONLY | MDB_NOLOCK | MDB_NOSUBDIR, 0), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
	assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
	for (; !mdb_cursor_get(cursor, &key, &value, MDB_NEXT); count++) {
		assert_int_equal(mdb_get(txn, dbi, &key, &found), 0);
		assert_ptr_equal(found.mv_data, value.mv_data);
	}
	assert_int_equal(count, p->count + 1); /* the head */
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	mdb_env_close(env);
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
			look_up_all(p);
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
		if (!recovery_run(&result, p->folder, p->error, TEXT))
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_was_committed_is_there),
		TEST(what_changes_during_a_commit_is_for_the_next),
		TEST(what_was_committed_is_read_wherever_it_is),
		TEST(the_latest_word_on_a_key_counts),
		TEST(one_broker_at_a_time),
		TEST(the_clock_goes_on_while_there_is_no_broker),
		TEST(a_ceiling_is_kept_and_room_is_used_again),
		TEST(what_is_free_but_scattered_is_no_room_for_what_is_long),
		TEST(so_it_is_while_it_is_in_the_journal),
		TEST(the_sum_of_what_is_long_ends_with_it),
		TEST(a_flipped_bit_is_refused_or_does_not_matter),
		TEST(no_bit_of_the_first_pages_hides_the_latest_commit),
		TEST(a_page_that_is_free_and_in_use_is_refused),
		TEST(a_file_that_is_cut_is_refused),
		TEST(what_is_not_ours_is_refused_and_left_alone),
		TEST(what_can_be_read_of_a_damaged_file_is_saved),
	};
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
