/* Files of the store that were good once: small stores, made at the beginning, of which the input edits some
 * bytes and pages.
 *
 *      which store | what, page, place (2), value (4) | what, page, ...
 *
 * Whatever comes of it is refused with a sentence, or read; and what is read LMDB can read and write, too, which
 * checks nothing. A single bit changes no pair. What can be saved of it is saved without harm.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/digest.h"
#include "broker/store/layout.h"
#include "broker/store/reading.h"
#include "broker/store/table.h"
#include "tests/fuzz/fuzz.h"

enum { STORES = 4, PAGE = 4096, EDIT = 8, META_BYTES = 152, EDITS_MOST = 64, FILE_MOST = 1 << 20 };

struct base {
	uint8_t *bytes;
	size_t len;
	uint64_t digest; /* of its pairs */
};

struct all {
	struct base bases[STORES];
	char folder[32]; /* where data.mdb is a link to the memory that is read */
	char file[48];
	int fd;
	uint8_t *edited;
};

static struct all all;

/* ---- the stores ---------------------------------------------------------------------------- */

static bool add_pair(void *context, struct mqtt_view key, struct mqtt_view value)
{
	uint64_t *digest = context;

	*digest = digest_add(*digest, key.data, key.len);
	*digest = digest_add(*digest, value.data, value.len);
	return true;
}

static void change(struct batch *b, unsigned i, bool removed)
{
	char key[600], value[6000];
	size_t key_len = (size_t)snprintf(key, sizeof(key), "f%05u/", i * 7919 % 10007);

	if (i % 16 == 5) { /* longer than LMDB takes */
		memset(key + key_len, 'k', sizeof(key) - key_len);
		key_len = sizeof(key);
	}
	uint32_t len = i % 32 == 9 ? sizeof(value) : i % 90;
	memset(value, (int)i, len);
	struct mqtt_view k = { (const uint8_t *)key, (uint32_t)key_len };
	if (removed)
		DEMAND(batch_remove(b, k));
	else
		DEMAND(batch_put(b, k, (struct mqtt_view){ (const uint8_t *)value, len }));
}

/* Several commits, so that some pages are free. */
static void fill(const char *path, unsigned count)
{
	struct table t = { 0 };
	struct batch b;

	batch_init(&b);
	DEMAND(!table_open(&t, path, TABLE_FILE, UINT64_MAX));
	for (unsigned commit = 0; commit < 5; commit++) {
		for (unsigned i = commit; i < count; i += commit < 4 ? 4 : 1)
			if (commit < 4 || i % 3 == 0)
				change(&b, i, commit == 4);
		DEMAND(!table_room(&t, b.volume));
		const struct head head = { .wall_ms = 1000 + commit, .pairs_ms = 1000 + commit };
		DEMAND(!table_commit(&t, &b, &head));
		table_settle(&t, &t.written);
		batch_clear(&b);
	}
	table_close(&t);
	batch_fini(&b);
}

/* The file as it is, but for what LMDB has in stock at its end. */
static void base_take(struct base *base)
{
	struct reading *r = calloc(1, sizeof(*r));
	uint8_t *bytes = malloc(FILE_MOST);

	DEMAND(r && bytes && reading_open(r, all.folder) == READING_OK);
	base->digest = DIGEST_NONE;
	DEMAND(reading_all(r, add_pair, &base->digest));
	uint64_t last = r->pages.last > r->pages.older_last ? r->pages.last : r->pages.older_last;
	base->len = (size_t)(last + 1) * PAGE;
	DEMAND(r->pages.page_bytes == PAGE && base->len <= FILE_MOST);
	reading_close(r);
	free(r);
	DEMAND(pread(all.fd, bytes, base->len, 0) == (ssize_t)base->len);
	base->bytes = bytes;
}

static void tidy(void)
{
	char lock[64];

	snprintf(lock, sizeof(lock), "%s-lock", all.file);
	unlink(lock);
	unlink(all.file);
	rmdir(all.folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const unsigned counts[STORES] = { 0, 4, 60, 500 };
	char link[40];

	(void)argc, (void)argv;
	snprintf(all.folder, sizeof(all.folder), "/tmp/fuzz-store-XXXXXX");
	DEMAND(mkdtemp(all.folder));
	snprintf(all.file, sizeof(all.file), "%s/data.mdb", all.folder);
	all.fd = memfd_create("store", MFD_CLOEXEC);
	snprintf(link, sizeof(link), "/proc/%d/fd/%d", getpid(), all.fd);
	DEMAND(all.fd >= 0 && !symlink(link, all.file));
	for (unsigned i = 0; i < STORES; i++) {
		DEMAND(!ftruncate(all.fd, 0));
		fill(all.file, counts[i]);
		base_take(&all.bases[i]);
	}
	all.edited = malloc(FILE_MOST);
	DEMAND(all.edited && !atexit(tidy));
	return 0;
}

/* ---- what is done to them ------------------------------------------------------------------ */

enum { FLIP, BYTE, SHORT, WORD, NUMBER, COPY, ZERO, CUT, EDIT_KINDS };

static void overwrite(size_t len, size_t at, const void *value, size_t size)
{
	if (at < len)
		memcpy(all.edited + at, value, size < len - at ? size : len - at);
}

/* Anywhere in the page; in what LMDB says of it, also of the first two pages; in a node. */
static size_t place_of(size_t len, size_t page, const uint8_t e[static EDIT])
{
	size_t at = page * PAGE, pointer = at + PAGE_HEAD + 2 * (e[2] % 16u);
	uint16_t node;

	switch (e[0] >> 6) {
	case 1: return at + e[2] % META_BYTES;
	case 2: return page % 2 * PAGE + e[2] % META_BYTES;
	case 3:
		if (pointer + sizeof(node) > len)
			return len;
		memcpy(&node, all.edited + pointer, sizeof(node));
		return at + node % PAGE + e[3] % 32;
	default: return at + (e[2] | (e[3] & 15u) << 8);
	}
}

/* Returns how long the file is after it. */
static size_t edit(size_t len, const uint8_t e[static EDIT])
{
	size_t pages = len / PAGE, page = pages ? e[1] % pages : 0;
	size_t at = place_of(len, page, e);
	uint64_t number = e[4] | e[5] << 8 | e[6] << 16 | (uint64_t)e[7] << 24;

	switch (e[0] % EDIT_KINDS) {
	case FLIP:
		if (at < len)
			all.edited[at] ^= (uint8_t)(1u << e[4] % 8);
		break;
	case BYTE: overwrite(len, at, e + 4, 1); break;
	case SHORT: overwrite(len, at, e + 4, 2); break;
	case WORD: overwrite(len, at, e + 4, 4); break;
	case NUMBER: overwrite(len, at, &number, 8); break;
	case COPY:
		if (pages)
			memmove(all.edited + page * PAGE, all.edited + e[4] % pages * PAGE, PAGE);
		break;
	case ZERO:
		if (pages)
			memset(all.edited + page * PAGE, 0, PAGE);
		break;
	case CUT: return at < len ? at : len;
	}
	return len;
}

/* ---- what becomes of it -------------------------------------------------------------------- */

/* As a broker would that had read it. */
static void write_on(void)
{
	const struct head head = { .wall_ms = 2000, .pairs_ms = 2000 };
	struct table t = { 0 };
	struct batch b;

	batch_init(&b);
	if (!table_open(&t, all.file, TABLE_FILE, UINT64_MAX)) {
		for (unsigned i = 0; i < 40; i++)
			change(&b, 3 * i, i % 4 == 1);
		if (!table_room(&t, b.volume))
			(void)table_commit(&t, &b, &head);
		table_close(&t);
	}
	batch_fini(&b);
}

static bool read_all(uint64_t *digest)
{
	struct reading *r = calloc(1, sizeof(*r));
	enum reading_state state = reading_open(r, all.folder);
	bool ok = state == READING_OK && reading_all(r, add_pair, digest);

	DEMAND(ok || !strncmp(r->error, all.file, strlen(all.file)));
	if (state == READING_OK)
		reading_close(r);
	free(r);
	return ok;
}

static void salvage(void)
{
	struct reading *r = calloc(1, sizeof(*r));
	uint64_t digest = DIGEST_NONE;

	if (!reading_salvage(r, all.folder, add_pair, &digest))
		DEMAND(!strncmp(r->error, all.file, strlen(all.file)));
	free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t digest = DIGEST_NONE;

	if (!size)
		return 0;
	const struct base *base = &all.bases[data[0] % STORES];
	size_t len = base->len, edits = (size - 1) / EDIT;
	memcpy(all.edited, base->bytes, len);
	for (size_t i = 0; i < edits && i < EDITS_MOST; i++)
		len = edit(len, data + 1 + i * EDIT);
	DEMAND(!ftruncate(all.fd, 0) && pwrite(all.fd, all.edited, len, 0) == (ssize_t)len);
	bool read = read_all(&digest);
	salvage();
	if (read && (!edits || (edits == 1 && data[1] % EDIT_KINDS == FLIP)))
		DEMAND(digest == base->digest);
	DEMAND(read || edits);
	if (read)
		write_on();
	return 0;
}
