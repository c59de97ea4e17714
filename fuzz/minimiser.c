#include "fuzz/minimiser.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

enum { BYTES_MAX = 4096 /* of a packet, beyond which only halves and quarters are tried */ };

static bool tries(struct minimiser *m, const struct exchange *e)
{
	if (!e->count || !m->goes_on(m->user))
		return false;
	m->tried++;
	return m->shows(m->user, e);
}

/* Takes it in place of the best one, if it shows it. */
static bool takes(struct minimiser *m, struct exchange *best, struct exchange candidate)
{
	if (!tries(m, &candidate))
		return false;
	*best = candidate;
	return true;
}

/* ---- connections ----------------------------------------------------------------------------- */

static bool has_connection(const struct exchange *e, unsigned connection)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->steps[i].connection == connection)
			return true;
	return false;
}

/* Ranges of them, the longest first. */
static void drop_connections(struct minimiser *m, struct arena *a, struct exchange *best)
{
	unsigned most = exchange_connections(best);

	for (unsigned size = most / 2 ? most / 2 : 1; size && most > 1; size /= 2)
		for (unsigned from = 1; from <= most; from += size) {
			struct exchange candidate = exchange_copy(a, best);
			for (unsigned c = from; c < from + size && c <= most; c++)
				if (has_connection(&candidate, c))
					exchange_drop_connection(&candidate, c);
			if (candidate.count < best->count)
				takes(m, best, candidate);
		}
}

/* ---- steps ----------------------------------------------------------------------------------- */

static bool is_needed(const struct exchange *e, size_t from, size_t count)
{
	for (size_t i = from; i < from + count; i++)
		if (e->steps[i].kind == STEP_OPEN)
			return true;
	return false;
}

static void drop_steps(struct minimiser *m, struct arena *a, struct exchange *best)
{
	for (size_t size = best->count / 2; size; size /= 2)
		for (size_t from = best->count; from-- > 0;) {
			if (from + size > best->count || is_needed(best, from, size))
				continue;
			struct exchange candidate = exchange_copy(a, best);
			exchange_remove(&candidate, from, size);
			takes(m, best, candidate);
		}
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* The Remaining Length of a packet that lost `count` of its bytes after the header. */
static bool shorten(struct buf *out, struct bytes bytes, size_t from, size_t count)
{
	uint32_t length = 0;
	size_t head = 1;
	unsigned shift = 0;

	do {
		if (head >= bytes.len || head > 4)
			return false;
		length |= (uint32_t)(bytes.data[head] & 0x7f) << shift;
		shift += 7;
	} while (bytes.data[head++] & 0x80);
	if (from < head || length < count)
		return false;
	buf_add_u8(out, bytes.data[0]);
	wire_add_variable(out, length - (uint32_t)count, 0);
	buf_add(out, bytes.data + head, from - head);
	return buf_add(out, bytes.data + from + count, bytes.len - from - count);
}

static bool cut_out(struct buf *out, struct bytes bytes, size_t from, size_t count)
{
	buf_add(out, bytes.data, from);
	return buf_add(out, bytes.data + from + count, bytes.len - from - count) && out->len;
}

/* Without these bytes: with a Remaining Length that knows it, or one that does not. */
static bool drop_slice(struct minimiser *m, struct arena *a, struct exchange *best, size_t step,
	size_t from, size_t count)
{
	bool taken = false;

	for (int way = 0; way < 2 && !taken; way++) {
		struct exchange candidate = exchange_copy(a, best);
		struct step *s = &candidate.steps[step];
		struct buf out;
		buf_init(&out, EXCHANGE_BYTES_MAX);
		bool ok = way ? cut_out(&out, s->bytes, from, count)
			      : shorten(&out, s->bytes, from, count);
		if (ok) {
			s->bytes = (struct bytes){ arena_copy(a, out.data, out.len), out.len };
			s->damaged = true;
			s->id_at = s->id_at + 2U > out.len ? EXCHANGE_NO_ID : s->id_at;
			taken = takes(m, best, candidate);
		}
		buf_fini(&out);
	}
	return taken;
}

static void drop_bytes(struct minimiser *m, struct arena *a, struct exchange *best, size_t step)
{
	size_t len = best->steps[step].bytes.len;
	size_t least = len > BYTES_MAX ? len / 4 : 1;

	for (size_t size = len / 2; size >= least && size; size /= 2)
		for (size_t from = 0; from + size <= best->steps[step].bytes.len;)
			if (!drop_slice(m, a, best, step, from, size))
				from += size;
}

struct exchange minimiser_run(struct minimiser *m, struct arena *a, const struct exchange *e)
{
	struct exchange best = exchange_copy(a, e);
	size_t before;

	drop_connections(m, a, &best);
	do {
		before = best.count;
		drop_steps(m, a, &best);
	} while (best.count < before);
	for (size_t i = 0; i < best.count; i++)
		if (best.steps[i].kind == STEP_SEND)
			drop_bytes(m, a, &best, i);
	return best;
}
