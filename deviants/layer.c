#include "deviants/layer.h"

#include <string.h>

#include "deviants/frame.h"
#include "deviants/passing.h"
#include "harness/transport/transport.h"

enum {
	HEAD_MAX = 16 * 1024,
	FRAME_LIMIT = 300 * 1024 * 1024,
};

enum layer layer_of(const struct transport *transport)
{
	return transport->is_secret   ? LAYER_TLS
		: transport->has_path ? LAYER_WEBSOCKET
				      : LAYER_NONE;
}

static struct passing begin(struct exchange *x, enum way way, struct arena *scratch, size_t len)
{
	struct lane *l = &x->lane[way];

	return (struct passing){ .x = x,
		.way = way,
		.lane = l,
		.arena = scratch,
		.raw = { l->in.data, len },
		.copies = 1 };
}

static void finish(struct passing *it, struct bytes bytes)
{
	passing_write(it, bytes);
	buf_consume(&it->lane->in, it->raw.len);
	if (it->ends)
		exchange_end(it->x);
}

/* ---- a WebSocket ---------------------------------------------------------------------------- */

/* Whether frames follow a head: upon a request nobody knows, but what comes then will be frames if anything. */
static bool opens(const struct passing *it)
{
	static const char accepted[] = "HTTP/1.1 101";

	return it->way == TO_SERVER ||
		(it->raw.len >= strlen(accepted) &&
			!memcmp(it->raw.data, accepted, strlen(accepted)));
}

/* False: it is not whole yet. */
static bool pass_head(
	struct exchange *x, enum way way, const struct deviation *d, struct arena *scratch)
{
	struct lane *l = &x->lane[way];
	const uint8_t *last = memmem(l->in.data, l->in.len, "\r\n\r\n", 4);
	struct buf head;

	if (!last) {
		l->in_pieces = true;
		l->lost = l->in.len > HEAD_MAX;
		return false;
	}
	struct passing it = begin(x, way, scratch, (size_t)(last - l->in.data) + 4);
	buf_init(&head, HEAD_MAX);
	buf_add(&head, it.raw.data, it.raw.len);
	it.head = &head;
	bool frames = opens(&it);
	passing_deviate(&it, d, EVENT_HEAD);
	finish(&it, (struct bytes){ head.data, head.len });
	l->opened = true;
	l->lost = !frames;
	l->with_head = l->in.len;
	buf_fini(&head);
	return true;
}

static bool pass_frame(
	struct exchange *x, enum way way, const struct deviation *d, struct arena *scratch)
{
	struct lane *l = &x->lane[way];
	struct frame f;
	struct buf written;
	size_t len = frame_read(scratch, l->in.data, l->in.len, &f);

	if (!len)
		return false;
	struct passing it = begin(x, way, scratch, len);
	it.frame = &f;
	l->frames++;
	passing_deviate(&it, d, EVENT_FRAME);
	buf_init(&written, FRAME_LIMIT);
	if (it.changed)
		frame_write(&written, &f);
	finish(&it, it.changed ? (struct bytes){ written.data, written.len } : it.raw);
	l->with_head = false;
	l->last_opcode = f.opcode;
	buf_fini(&written);
	return true;
}

static void pass_websocket(struct exchange *x, enum way way, const struct deviation *d)
{
	struct lane *l = &x->lane[way];
	bool more = true;

	while (more && l->in.len && !l->lost && !x->over) {
		struct arena scratch;

		arena_init(&scratch);
		more = (l->opened ? pass_frame : pass_head)(x, way, d, &scratch);
		arena_fini(&scratch);
	}
}

/* ---- TLS ------------------------------------------------------------------------------------ */

/* A record that is not whole, which a ClientHello on this machine always is. */
static bool is_cut(struct bytes b)
{
	enum { HEAD = 5, HANDSHAKE = 0x16, BITS = 8 };

	return b.len && b.data[0] == HANDSHAKE &&
		(b.len < HEAD || b.len - HEAD < (size_t)(b.data[3] << BITS | b.data[4]));
}

static void pass_bytes(struct exchange *x, enum way way, const struct deviation *d)
{
	struct lane *l = &x->lane[way];
	struct arena scratch;

	arena_init(&scratch);
	struct passing it = begin(x, way, &scratch, l->in.len);
	if (way == TO_SERVER)
		world_shakes_hands(x->world, &x->shakes_hands, !l->opened && is_cut(it.raw));
	passing_deviate(&it, d, EVENT_BYTES);
	l->opened = true;
	finish(&it, it.raw);
	arena_fini(&scratch);
}

/* --------------------------------------------------------------------------------------------- */

void layer_pass(struct exchange *x, enum way way, const struct deviation *d)
{
	struct lane *l = &x->lane[way];

	if (x->layer == LAYER_WEBSOCKET && (passing_is_watched(d, way, EVENT_HEAD | EVENT_FRAME)))
		pass_websocket(x, way, d);
	else if (x->layer == LAYER_TLS && l->in.len)
		pass_bytes(x, way, d);
	else
		l->lost = true;
	if (l->lost && l->in.len) {
		exchange_write(x, way, (struct bytes){ l->in.data, l->in.len });
		buf_reset(&l->in);
	}
}
