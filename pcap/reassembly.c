#include "pcap/reassembly.h"

#include <stdlib.h>
#include <string.h>

void reassembly_init(struct reassembly *r, uint64_t *held_bytes_all)
{
	*r = (struct reassembly){ .held_bytes_all = held_bytes_all };
}

void reassembly_fini(struct reassembly *r)
{
	while (r->first)
		reassembly_drop(r);
}

void reassembly_drop(struct reassembly *r)
{
	struct held *h = r->first;

	r->first = h->after;
	if (!r->first)
		r->last = NULL;
	r->held_pieces--;
	r->held_bytes -= h->piece.size;
	*r->held_bytes_all -= h->piece.size;
	free(h);
}

static uint32_t piece_end(const struct piece *p)
{
	return p->seq + p->wire_size;
}

/* The part of a piece between two numbers; FIN belongs to its last part. */
static struct piece piece_part(const struct piece *p, uint32_t from, uint32_t to)
{
	struct piece part = *p;
	uint32_t skip = from - p->seq;

	part.seq = from;
	part.wire_size = to - from;
	part.size = p->size > skip ? p->size - skip : 0;
	if (part.size > part.wire_size)
		part.size = part.wire_size;
	part.data = p->size > skip ? p->data + skip : NULL;
	part.fin = p->fin && to == piece_end(p);
	return part;
}

/* Holds `p` after `before`, or first if that is NULL. */
static struct held *hold_after(struct reassembly *r, struct held *before, const struct piece *p)
{
	struct held *h = malloc(sizeof(*h) + p->size);

	if (!h)
		return NULL;
	h->piece = *p;
	if (p->size)
		memcpy(h->data, p->data, p->size);
	h->piece.data = h->data;
	struct held **link = before ? &before->after : &r->first;
	h->after = *link;
	*link = h;
	if (!h->after)
		r->last = h;
	r->held_pieces++;
	r->held_bytes += p->size;
	*r->held_bytes_all += p->size;
	return h;
}

static uint32_t sum_of(const uint8_t *data, uint32_t size)
{
	uint64_t sum = size, word;

	for (; size >= sizeof(word); data += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		sum = (sum << 5 | sum >> 59) + word;
	}
	while (size--)
		sum = (sum << 5 | sum >> 59) + *data++;
	return (uint32_t)(sum ^ sum >> 32);
}

void reassembly_remember(struct reassembly *r, const uint8_t *data, uint32_t size)
{
	r->given[r->given_next++ % REASSEMBLY_GIVEN] =
		(struct given){ .seq = r->next, .size = size, .sum = sum_of(data, size) };
}

/* What lies within the piece has been given out with other bytes. */
static bool piece_contradicts(const struct reassembly *r, const struct piece *p)
{
	for (int i = 0; i < REASSEMBLY_GIVEN; i++) {
		const struct given *g = &r->given[i];
		uint32_t skip = g->seq - p->seq;
		if (g->size && g->size <= p->size && skip <= p->size - g->size &&
			sum_of(p->data + skip, g->size) != g->sum)
			return true;
	}
	return false;
}

/* `h` keeps what is before `at`; the rest becomes a piece of its own. */
static bool held_split(struct reassembly *r, struct held *h, uint32_t at)
{
	struct piece rest = piece_part(&h->piece, at, piece_end(&h->piece));

	if (!hold_after(r, h, &rest))
		return false;
	h->piece.wire_size = at - h->piece.seq;
	h->piece.size -= rest.size;
	h->piece.fin = false;
	r->held_bytes -= rest.size;
	*r->held_bytes_all -= rest.size;
	return true;
}

/* Of two copies, the one that acknowledged less was sent first: its bytes, and those before them, depend on no more
 * than that.
 */
static void held_lower(struct reassembly *r, struct held *h, const struct piece *again)
{
	if (!h->piece.acks || !again->acks || (int32_t)(again->ack - h->piece.ack) >= 0)
		return;
	if ((int32_t)(piece_end(&h->piece) - piece_end(again)) > 0 &&
		!held_split(r, h, piece_end(again)))
		return;
	h->piece.ack = again->ack;
}

/* Both have bytes in the same place. */
static bool pieces_differ(const struct piece *a, const struct piece *b)
{
	uint32_t from = (int32_t)(a->seq - b->seq) > 0 ? a->seq : b->seq;
	uint32_t a_end = a->seq + a->size, b_end = b->seq + b->size;
	uint32_t to = (int32_t)(a_end - b_end) < 0 ? a_end : b_end;

	return (int32_t)(to - from) > 0 &&
		memcmp(a->data + (from - a->seq), b->data + (from - b->seq), to - from) != 0;
}

/* The last piece that begins before `seq`. Most come in order, after the last one. */
static struct held *held_before(const struct reassembly *r, uint32_t seq)
{
	struct held *before = NULL;

	if (r->last && (int32_t)(r->last->piece.seq - seq) < 0)
		return r->last;
	for (struct held *h = r->first; h && (int32_t)(h->piece.seq - seq) < 0; h = h->after)
		before = h;
	return before;
}

/* A FIN alone takes no room; it does not count in the middle of a piece. */
static enum reassembly_held hold_fin(
	struct reassembly *r, struct held *before, const struct piece *p)
{
	struct piece fin = piece_part(p, piece_end(p), piece_end(p));
	struct held *after = before ? before->after : r->first;

	if (before && (int32_t)(piece_end(&before->piece) - fin.seq) > 0)
		return REASSEMBLY_OLD;
	if (before && piece_end(&before->piece) == fin.seq) {
		bool had = before->piece.fin;
		before->piece.fin = true;
		return had ? REASSEMBLY_OLD : REASSEMBLY_NEW;
	}
	if (after && after->piece.seq == fin.seq && after->piece.fin && !after->piece.wire_size)
		return REASSEMBLY_OLD;
	return hold_after(r, before, &fin) ? REASSEMBLY_NEW : REASSEMBLY_NO_MEMORY;
}

enum reassembly_held reassembly_hold(struct reassembly *r, const struct piece *p, bool *reordered)
{
	uint32_t at = p->seq, end = piece_end(p);
	bool new = false, differ = piece_contradicts(r, p), finished = false;

	*reordered = false;
	if (reassembly_distance(r, at) < 0)
		at = r->next;
	if ((int32_t)(end - at) < 0 || r->ended)
		return differ ? REASSEMBLY_DIFFERENT : REASSEMBLY_OLD;

	struct held *before = held_before(r, at);
	if (before) { /* it may reach into this one */
		differ |= pieces_differ(&before->piece, p);
		if ((int32_t)(piece_end(&before->piece) - at) > 0) {
			held_lower(r, before, p);
			at = piece_end(&before->piece);
		}
	}
	while ((int32_t)(end - at) > 0) {
		struct held *after = before ? before->after : r->first;
		uint32_t to =
			after && (int32_t)(after->piece.seq - end) < 0 ? after->piece.seq : end;
		if ((int32_t)(to - at) > 0) {
			struct piece part = piece_part(p, at, to);
			before = hold_after(r, before, &part);
			if (!before)
				return REASSEMBLY_NO_MEMORY;
			new = true;
			finished = part.fin;
			*reordered |= after != NULL;
		}
		at = to;
		if (to == end)
			break;
		differ |= pieces_differ(&after->piece, p);
		held_lower(r, after, p);
		before = after;
		at = piece_end(&after->piece);
	}
	if (p->fin && !finished) {
		enum reassembly_held fin = hold_fin(r, held_before(r, end), p);
		if (fin == REASSEMBLY_NO_MEMORY)
			return fin;
		new |= fin == REASSEMBLY_NEW;
	}
	if (differ)
		return REASSEMBLY_DIFFERENT;
	return new ? REASSEMBLY_NEW : REASSEMBLY_OLD;
}

void reassembly_acknowledged(struct reassembly *r, uint32_t ack, int64_t now_us)
{
	int32_t distance = reassembly_distance(r, ack);

	if (distance <= 0 || distance >= REASSEMBLY_REACH)
		return;
	if (!r->ahead) {
		r->ahead = true;
		r->ahead_us = now_us;
		r->acked = ack;
	} else if ((int32_t)(ack - r->acked) > 0) {
		r->acked = ack;
	}
}

bool reassembly_hole(const struct reassembly *r, uint32_t *end)
{
	if (!r->known || reassembly_due(r) || (!r->ahead && !r->first))
		return false;
	*end = r->ahead ? r->acked : r->first->piece.seq;
	if (r->first && (int32_t)(r->first->piece.seq - *end) < 0)
		*end = r->first->piece.seq;
	return true;
}
