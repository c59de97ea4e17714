#include "check/way.h"

#include "harness/wire/wire_read.h"

static void pass(struct bytes *in, size_t size)
{
	in->data += size;
	in->len -= size;
}

static void partial_drop(struct way *w)
{
	w->taken = false;
	if (w->partial.cap > WAY_KEPT_ROOM)
		buf_fini(&w->partial);
	else
		w->partial.len = 0;
}

/* Bytes to the end of the packet, from its first one on. */
static uint64_t size_by_header(struct bytes raw)
{
	uint32_t length;
	size_t size;

	if (wire_variable_decode(raw.data + 1, raw.len - 1, &length, &size) != VARIABLE_READ)
		return raw.len;
	return 1 + size + (uint64_t)length;
}

static enum way_got pass_over(struct way *w, struct bytes *in, struct way_packet *out)
{
	uint64_t size = size_by_header(out->raw);

	w->skip = size > out->raw.len ? size - out->raw.len : 0;
	in->data += in->len;
	in->len = 0;
	partial_drop(w);
	return WAY_TOO_LONG;
}

static void keep(struct way *w, struct bytes *in, size_t size)
{
	if (!w->partial.limit_bytes)
		buf_init(&w->partial, WAY_PACKET_MAX + WIRE_HEADER_MAX);
	buf_add(&w->partial, in->data, size);
	pass(in, size);
}

/* From `raw`, of which it returns how much is used. */
static enum way_got read_from(struct arena *a, enum mqtt_version version, struct way_packet *out)
{
	out->result =
		wire_parse(a, version, out->raw.data, out->raw.len, WAY_PACKET_MAX, &out->packet);
	switch (out->result.status) {
	case WIRE_PACKET: out->raw.len = out->result.consumed; return WAY_PACKET;
	case WIRE_NEED_MORE: return WAY_NOTHING;
	case WIRE_MALFORMED: break;
	}
	if (!out->result.consumed)
		return out->result.rule ? WAY_MALFORMED : WAY_TOO_LONG;
	out->raw.len = out->result.consumed;
	return WAY_MALFORMED;
}

static enum way_got next_here(struct way *w, struct arena *a, enum mqtt_version version,
	struct bytes *in, struct way_packet *out)
{
	out->raw = *in;
	enum way_got got = read_from(a, version, out);
	switch (got) {
	case WAY_TOO_LONG: return pass_over(w, in, out);
	case WAY_NOTHING:
		w->missing = out->result.missing;
		keep(w, in, in->len);
		return WAY_NOTHING;
	default: pass(in, out->result.consumed ? out->result.consumed : in->len); return got;
	}
}

static enum way_got next_partial(struct way *w, struct arena *a, enum mqtt_version version,
	struct bytes *in, struct way_packet *out)
{
	while (in->len) {
		size_t size = in->len < w->missing ? in->len : w->missing;
		keep(w, in, size);
		w->missing -= size;
		if (w->missing)
			return WAY_NOTHING;
		out->raw = (struct bytes){ w->partial.data, w->partial.len };
		enum way_got got = read_from(a, version, out);
		if (got == WAY_TOO_LONG) {
			/* Its first bytes are given out with it. */
			uint64_t whole = size_by_header(out->raw) - out->raw.len;
			w->taken = true;
			w->skip = whole > in->len ? whole - in->len : 0;
			pass(in, whole < in->len ? (size_t)whole : in->len);
			return got;
		}
		if (got != WAY_NOTHING) {
			w->taken = true;
			if (!out->result.consumed)
				pass(in, in->len);
			return got;
		}
		w->missing = out->result.missing;
	}
	return WAY_NOTHING;
}

enum way_got way_next(struct way *w, struct arena *a, enum mqtt_version version, struct bytes *in,
	struct way_packet *out)
{
	if (w->taken)
		partial_drop(w);
	if (w->skip) {
		size_t size = w->skip < in->len ? (size_t)w->skip : in->len;
		w->skip -= size;
		pass(in, size);
	}
	if (!in->len)
		return WAY_NOTHING;
	return w->partial.len ? next_partial(w, a, version, in, out)
			      : next_here(w, a, version, in, out);
}

void way_reset(struct way *w)
{
	w->skip = 0;
	partial_drop(w);
}

void way_fini(struct way *w)
{
	buf_fini(&w->partial);
}
