/* Mutations that know nothing of packets. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "fuzz/mutation.h"

enum { SLICE_MAX = 16, REPEATS_MAX = 200 };

static const uint8_t odd_bytes[] = { 0x00, 0x01, 0x7f, 0x80, 0x81, 0xc0, 0xff };

struct slice {
	size_t at, len;
};

static struct slice any_slice(struct grammar *g, size_t len)
{
	size_t at = draw_below(g->draw, len);
	size_t most = len - at < SLICE_MAX ? len - at : SLICE_MAX;

	return (struct slice){ at, draw_between(g->draw, 1, (uint32_t)most) };
}

static bool change(struct grammar *g, enum mutation m, struct bytes in, struct buf *out)
{
	size_t at = draw_below(g->draw, in.len);

	buf_add(out, in.data, in.len);
	if (out->failed)
		return false;
	switch (m) {
	case MUTATION_BIT: out->data[at] ^= (uint8_t)(1 << draw_below(g->draw, 8)); return true;
	case MUTATION_BYTE:
		out->data[at] = draw_chance(g->draw, 50)
			? odd_bytes[draw_below(g->draw, sizeof(odd_bytes))]
			: (uint8_t)draw_next(g->draw);
		return true;
	default:
		if (at + 2 > in.len)
			return false;
		out->data[at] = (uint8_t)(draw_edge(g->draw) >> 8);
		out->data[at + 1] = (uint8_t)draw_edge(g->draw);
		return true;
	}
}

/* What stands in the place of the slice. */
static void replace(
	struct grammar *g, enum mutation m, struct bytes in, struct slice s, struct buf *out)
{
	uint8_t any[SLICE_MAX];
	unsigned times = 1;

	switch (m) {
	case MUTATION_INSERT:
		draw_bytes(g->draw, any, s.len);
		buf_add(out, any, s.len);
		break;
	case MUTATION_DOUBLE:
		times = draw_chance(g->draw, 80) ? 1 : draw_between(g->draw, 2, REPEATS_MAX);
		while (times--)
			buf_add(out, in.data + s.at, s.len);
		break;
	default: return;
	}
	buf_add(out, in.data + s.at, s.len);
}

bool mutation_of_bytes(struct grammar *g, enum mutation m, struct bytes in, struct buf *out)
{
	if (!in.len)
		return false;
	if (m == MUTATION_CUT)
		return buf_add(out, in.data, draw_below(g->draw, in.len));
	if (m == MUTATION_BIT || m == MUTATION_BYTE || m == MUTATION_WORD)
		return change(g, m, in, out);
	struct slice s = any_slice(g, in.len);
	buf_add(out, in.data, s.at);
	replace(g, m, in, s, out);
	return buf_add(out, in.data + s.at + s.len, in.len - s.at - s.len);
}
