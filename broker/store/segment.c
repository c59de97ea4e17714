#include "broker/store/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/store/block.h"
#include "mqtt/cursor.h"

enum {
	FILE_MODE = 0600,
	BLOCKS_A_PAGE = SEGMENT_PAGE / BLOCK_SIZE,
	CHUNK = 64 * 1024, /* that is read, or made larger, at once */
	COMMIT_HEAD = 4 * 8,
	CHANGE_HEAD = 2 * 4,
	ROOM_KEPT = 1 << 20,
};

#define REMOVED UINT32_C(0x80000000) /* in the place of the length of the value */

/* ---- files --------------------------------------------------------------------------------- */

/* Where only a part is written the disk is full, or worse: to go on would leave half a block. */
static int write_once(int fd, const uint8_t *data, size_t len, uint64_t at)
{
	ssize_t n = pwrite(fd, data, len, (off_t)at);

	return n == (ssize_t)len ? 0 : n < 0 ? errno : EIO;
}

/* Blocks of no commit: what has never been written is not to be told from what is damaged otherwise. */
static int write_blank(int fd, uint64_t from, uint64_t to)
{
	static const struct block blank = { 0 };
	uint8_t *chunk = malloc(CHUNK);
	int e = chunk ? 0 : ENOMEM;

	while (!e && from < to) {
		size_t len = to - from < CHUNK ? (size_t)(to - from) : CHUNK;
		for (size_t at = 0; at < len; at += BLOCK_SIZE)
			block_seal(&blank, chunk + at, from + at);
		e = write_once(fd, chunk, len, from);
		from += len;
	}
	free(chunk);
	return e ? e : fdatasync(fd) ? errno : 0;
}

int segment_make(struct segment *s, int folder, const char *name, uint64_t bytes)
{
	if (unlinkat(folder, name, 0) && errno != ENOENT)
		return errno;
	*s = (struct segment){ .fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
				       FILE_MODE),
		.bytes = bytes };
	if (s->fd < 0)
		return errno;
	int e = write_blank(s->fd, 0, bytes);
	if (e)
		segment_close(s);
	return e;
}

int segment_open(struct segment *s, int folder, const char *name, int flags)
{
	struct stat there;

	*s = (struct segment){ .fd = openat(folder, name, flags | O_CLOEXEC) };
	if (s->fd < 0)
		return errno;
	if (fstat(s->fd, &there)) {
		int e = errno;
		segment_close(s);
		return e;
	}
	s->bytes = (uint64_t)there.st_size;
	return 0;
}

void segment_close(struct segment *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

int segment_grow(struct segment *s, uint64_t bytes)
{
	int e = write_blank(s->fd, s->bytes, bytes);

	if (!e)
		s->bytes = bytes;
	return e;
}

/* ---- a commit ------------------------------------------------------------------------------ */

uint64_t segment_need(const struct batch *b)
{
	uint64_t data = COMMIT_HEAD + b->len + (uint64_t)b->count * CHANGE_HEAD;
	uint64_t blocks = (data + BLOCK_DATA - 1) / BLOCK_DATA;

	return (blocks + BLOCKS_A_PAGE - 1) / BLOCKS_A_PAGE * SEGMENT_PAGE;
}

/* The last page is for the one that says how large the file has become. */
bool segment_fits(const struct segment *s, uint64_t need)
{
	return need + SEGMENT_PAGE <= s->bytes - s->end;
}

/* Fills the data of one block after another. */
struct pour {
	uint8_t *at;     /* the block */
	uint32_t filled; /* of its data */
};

static void pour(struct pour *p, const void *data, size_t len)
{
	const uint8_t *from = data;

	while (len) {
		if (p->filled == BLOCK_DATA) {
			p->at += BLOCK_SIZE;
			p->filled = 0;
		}
		size_t n = BLOCK_DATA - p->filled < len ? BLOCK_DATA - p->filled : len;
		memcpy(p->at + BLOCK_HEAD + p->filled, from, n);
		p->filled += (uint32_t)n;
		from += n;
		len -= n;
	}
}

static void pour_number(struct pour *p, uint64_t number, unsigned bytes)
{
	uint8_t text[8];

	for (unsigned i = 0; i < bytes; i++)
		text[i] = (uint8_t)(number >> 8 * (bytes - 1 - i));
	pour(p, text, bytes);
}

static void pour_all(
	struct pour *p, const struct segment *s, const struct commit *c, const struct batch *b)
{
	pour_number(p, c->previous, 8);
	pour_number(p, c->wall_ms, 8);
	pour_number(p, c->pairs_ms, 8);
	pour_number(p, s->bytes, 8);
	for (uint32_t i = 0; i < b->count; i++) {
		const struct change *change = &b->list[i];
		if (change->replaced)
			continue;
		pour_number(p, change->key_len, 4);
		pour_number(p, change->removed ? REMOVED : change->value_len, 4);
		pour(p, batch_key(b, change).data, (size_t)change->key_len + change->value_len);
	}
}

/* All blocks but the last are full; what is left of the last page is of this commit, too. Returns the bytes. */
static size_t seal_all(const struct pour *p, uint8_t *bytes, uint64_t place, uint64_t number)
{
	size_t last = (size_t)(p->at - bytes);
	size_t size = (last / SEGMENT_PAGE + 1) * SEGMENT_PAGE;

	for (size_t at = 0; at < size; at += BLOCK_SIZE) {
		const struct block b = { .commit = number,
			.marks = (at ? 0 : BLOCK_FIRST) | (at == last ? BLOCK_LAST : 0),
			.data = { bytes + at + BLOCK_HEAD,
				at < last            ? BLOCK_DATA
					: at == last ? p->filled
						     : 0 } };
		block_seal(&b, bytes + at, place + at);
	}
	return size;
}

static bool room_grow(struct segment_room *room, uint64_t need)
{
	if (room->size >= need)
		return true;
	uint8_t *bytes = realloc(room->bytes, need);
	if (!bytes)
		return false;
	*room = (struct segment_room){ bytes, need };
	return true;
}

static void room_shrink(struct segment_room *room)
{
	if (room->size <= ROOM_KEPT)
		return;
	free(room->bytes);
	*room = (struct segment_room){ 0 };
}

int segment_write(struct segment *s, const struct commit *c, const struct batch *b,
	struct segment_room *room, bool sync)
{
	if (!room_grow(room, segment_need(b)))
		return ENOMEM;
	struct pour p = { .at = room->bytes };
	pour_all(&p, s, c, b);
	size_t size = seal_all(&p, room->bytes, s->end, c->number);
	int e = write_once(s->fd, room->bytes, size, s->end);
	if (!e && sync && fdatasync(s->fd))
		e = errno;
	room_shrink(room);
	if (!e)
		s->end += size;
	return e;
}

/* ---- what there is ------------------------------------------------------------------------- */

struct scan {
	segment_take *take;
	void *context;
	struct segment_found *found;
	uint64_t said_bytes; /* that the file has, by its commits; 0: none says so */
	uint64_t commit;     /* the latest one, or the one that is being read */
	bool inside;         /* of it */
	bool over;           /* no further commit counts */
	uint8_t *data;
	size_t len, size;
};

static bool data_add(struct scan *n, struct mqtt_view data)
{
	if (n->size - n->len < data.len) {
		size_t size = n->size * 2 + CHUNK;
		uint8_t *bytes = realloc(n->data, size);
		if (!bytes)
			return false;
		n->data = bytes;
		n->size = size;
	}
	memcpy(n->data + n->len, data.data, data.len);
	n->len += data.len;
	return true;
}

static bool number_read(struct mqtt_cursor *c, uint64_t *number)
{
	uint32_t high, low;

	if (!cursor_u32(c, &high) || !cursor_u32(c, &low))
		return false;
	*number = (uint64_t)high << 32 | low;
	return true;
}

static bool head_read(struct mqtt_cursor *c, struct commit *commit, uint64_t *said_bytes)
{
	return number_read(c, &commit->previous) && number_read(c, &commit->wall_ms) &&
		number_read(c, &commit->pairs_ms) && number_read(c, said_bytes);
}

/* False: to be stopped. */
static bool commit_take(struct scan *n)
{
	struct mqtt_cursor c = cursor_of((struct mqtt_view){ n->data, (uint32_t)n->len });
	struct commit commit = { .number = n->commit };
	uint64_t said_bytes;

	if (!head_read(&c, &commit, &said_bytes)) {
		n->found->damaged = true;
		return false;
	}
	if (!n->found->first)
		n->found->first = commit.number;
	n->found->last = commit.number;
	return n->take(n->context, &commit, (struct mqtt_view){ c.at, cursor_left(&c) });
}

/* The file was as large as this before the commit was written. */
static void size_note(struct scan *n, struct mqtt_view data)
{
	struct mqtt_cursor c = cursor_of(data);
	struct commit commit;
	uint64_t said_bytes;

	if (head_read(&c, &commit, &said_bytes) && said_bytes > n->said_bytes)
		n->said_bytes = said_bytes;
}

/* Whether this block is the next one of a commit, which then has come as far as this. */
static bool continues(struct scan *n, const struct block *b)
{
	if (n->inside)
		return b->commit == n->commit && !(b->marks & BLOCK_FIRST);
	if (b->commit <= n->commit || !(b->marks & BLOCK_FIRST))
		return false;
	n->inside = true;
	n->commit = b->commit;
	n->len = 0;
	size_note(n, b->data);
	return true;
}

/* Returns 0 or an errno. */
static int block_take(struct scan *n, const struct block *b, uint64_t place)
{
	if (b->commit > n->found->highest)
		n->found->highest = b->commit;
	/* A commit is followed by what is left of its page. */
	if (n->over || (!n->inside && place % SEGMENT_PAGE))
		return 0;
	if (!continues(n, b)) {
		n->over = true;
		return 0;
	}
	if (!data_add(n, b->data))
		return ENOMEM;
	if (!(b->marks & BLOCK_LAST))
		return 0;
	n->inside = false;
	n->over = !commit_take(n);
	return 0;
}

static int chunk_read(const struct segment *s, uint8_t *to, size_t len, uint64_t at)
{
	for (size_t have = 0; have < len;) {
		ssize_t n = pread(s->fd, to + have, len - have, (off_t)(at + have));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		have += (size_t)n;
	}
	return 0;
}

static int chunk_take(struct scan *n, const uint8_t *chunk, size_t len, uint64_t at)
{
	int e = 0;

	for (size_t i = 0; !e && i < len && !n->found->damaged; i += BLOCK_SIZE) {
		struct block b;
		if (n->said_bytes && at + i >= n->said_bytes)
			break; /* it was about to become larger, and nothing is there yet */
		if (len - i < BLOCK_SIZE || !block_open(&b, chunk + i, at + i))
			n->found->damaged = true;
		else
			e = block_take(n, &b, at + i);
	}
	return e;
}

int segment_read(const struct segment *s, uint64_t bytes, segment_take *take, void *context,
	struct segment_found *found)
{
	struct scan n = { .take = take, .context = context, .found = found };
	uint8_t *chunk = malloc(CHUNK);
	int e = chunk ? 0 : ENOMEM;

	*found = (struct segment_found){ 0 };
	for (uint64_t at = 0; !e && at < bytes && !found->damaged; at += CHUNK) {
		size_t len = bytes - at < CHUNK ? (size_t)(bytes - at) : CHUNK;
		e = chunk_read(s, chunk, len, at);
		if (!e)
			e = chunk_take(&n, chunk, len, at);
	}
	free(chunk);
	free(n.data);
	found->damaged |= n.said_bytes > s->bytes || s->bytes < 2 * SEGMENT_PAGE;
	return e;
}

bool segment_apply(struct mqtt_view changes, struct batch *to)
{
	struct mqtt_cursor c = cursor_of(changes);
	uint32_t key_len, value_len;
	struct mqtt_view key, value;

	while (cursor_left(&c)) {
		if (!cursor_u32(&c, &key_len) || !cursor_u32(&c, &value_len) ||
			!cursor_take(&c, key_len, &key))
			return false;
		if (value_len == REMOVED) {
			if (!batch_remove(to, key))
				return false;
		} else if (!cursor_take(&c, value_len, &value) || !batch_put(to, key, value))
			return false;
	}
	return true;
}
