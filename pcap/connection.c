#include "pcap/connection.h"

/* Three packets of one side, each of which begins where the one before ended, and all of them far from where its
 * stream is: that is no accident.
 */
enum { STRAYS = 3 };

static enum flow_from other_of(enum flow_from from)
{
	return from == FLOW_FROM_OPENER ? FLOW_FROM_ACCEPTOR : FLOW_FROM_OPENER;
}

void connection_init(struct connection *c, struct connection_house *house)
{
	reassembly_init(&c->ways[0], &house->held_bytes_all);
	reassembly_init(&c->ways[1], &house->held_bytes_all);
}

void connection_fini(struct connection *c)
{
	reassembly_fini(&c->ways[0]);
	reassembly_fini(&c->ways[1]);
}

static void way_begin(struct reassembly *r, uint32_t next)
{
	if (r->known)
		return;
	r->known = true;
	r->next = next;
}

void connection_syn(struct connection *c, enum flow_from from, const struct tcp_header *tcp)
{
	c->syn[from] = true;
	c->isn[from] = tcp->seq - 1;
	c->flow.whole = true;
	way_begin(&c->ways[from], tcp->seq);
	if (tcp->flags & TCP_ACK)
		way_begin(&c->ways[other_of(from)], tcp->ack);
}

static void give_gap(struct connection *c, const struct connection_house *house,
	enum flow_from from, uint32_t missing, const struct moment *moment)
{
	c->flow.ways[from].missing += missing;
	if (house->listener.gap && !c->flow.ignored)
		house->listener.gap(house->to, &c->flow, from, missing, moment);
}

/* The data of a piece whose turn it is, and what the snap length cut off it. */
static void give_bytes(struct connection *c, const struct connection_house *house,
	enum flow_from from, const struct piece *p)
{
	if (p->size)
		reassembly_remember(&c->ways[from], p->data, p->size);
	reassembly_advance(&c->ways[from], p->seq + p->wire_size);
	if (p->size) {
		c->flow.ways[from].bytes += p->size;
		if (house->listener.bytes && !c->flow.ignored)
			house->listener.bytes(
				house->to, &c->flow, from, p->data, p->size, &p->moment);
	}
	if (p->size < p->wire_size)
		give_gap(c, house, from, p->wire_size - p->size, &p->moment);
}

/* FIN has a number of its own. What comes after it is nothing. */
static void give_fin(struct connection *c, const struct connection_house *house,
	enum flow_from from, const struct moment *moment)
{
	struct reassembly *r = &c->ways[from];

	reassembly_advance(r, r->next + 1);
	r->ended = true;
	r->ahead = false;
	reassembly_fini(r);
	if (house->listener.ended)
		house->listener.ended(house->to, &c->flow, from, FLOW_FIN, moment);
}

/* Its sender had bytes of the other side that have not been given out yet. */
static bool piece_is_early(const struct connection *c, enum flow_from from, const struct piece *p)
{
	const struct reassembly *other = &c->ways[other_of(from)];
	int32_t distance = reassembly_distance(other, p->ack);

	return p->acks && other->ahead && distance > 0 && (int32_t)(other->acked - p->ack) >= 0;
}

static void held_give(
	struct connection *c, const struct connection_house *house, enum flow_from from)
{
	struct reassembly *r = &c->ways[from];
	struct moment moment = r->first->piece.moment;
	bool fin = r->first->piece.fin;

	give_bytes(c, house, from, &r->first->piece);
	reassembly_drop(r);
	if (fin)
		give_fin(c, house, from, &moment);
}

/* Gives out what is due in one way; false if that was nothing. */
static bool way_drain(
	struct connection *c, const struct connection_house *house, enum flow_from from)
{
	struct reassembly *r = &c->ways[from];
	const struct held *h;
	bool any = false;

	while ((h = reassembly_due(r)) != NULL && !piece_is_early(c, from, &h->piece)) {
		held_give(c, house, from);
		any = true;
	}
	return any;
}

/* What waits takes too much room. */
static bool room_is_short(const struct connection *c, const struct connection_house *house)
{
	for (int i = 0; i < 2; i++) {
		if (c->ways[i].held_bytes > house->held_bytes_limit ||
			c->ways[i].held_pieces > REASSEMBLY_PIECES)
			return true;
	}
	return house->held_bytes_all > house->held_bytes_all_limit;
}

/* The hole at the front of a way has lasted for long enough, or what waits for its end takes too much room. */
static bool hole_is_old(
	const struct connection *c, const struct connection_house *house, enum flow_from from)
{
	const struct reassembly *r = &c->ways[from];

	if (room_is_short(c, house))
		return true;
	if (r->ahead && house->now_us - r->ahead_us >= house->acknowledged_wait_us)
		return true;
	return r->first && house->now_us - r->first->piece.moment.at_us >= house->wait_us;
}

static bool way_skip(struct connection *c, const struct connection_house *house,
	enum flow_from from, bool whatever)
{
	struct reassembly *r = &c->ways[from];
	uint32_t end;

	if (!reassembly_hole(r, &end) || (!whatever && !hole_is_old(c, house, from)))
		return false;
	uint32_t missing = end - r->next;
	bool shown = r->first && r->first->piece.seq == end;
	struct moment moment = shown ? r->first->piece.moment : c->flow.last;
	reassembly_advance(r, end);
	give_gap(c, house, from, missing, &moment);
	return true;
}

/* Both ways wait for each other: that is so where the capture has lost a piece, and has what was sent again in its
 * place, with a later acknowledgement. The older packet goes first.
 */
static bool knot_cut(struct connection *c, const struct connection_house *house, bool whatever)
{
	const struct held *opener = reassembly_due(&c->ways[FLOW_FROM_OPENER]);
	const struct held *acceptor = reassembly_due(&c->ways[FLOW_FROM_ACCEPTOR]);

	if (!opener || !acceptor)
		return false;
	bool opener_first = opener->piece.moment.packet < acceptor->piece.moment.packet;
	const struct held *newer = opener_first ? acceptor : opener;
	if (!whatever && !room_is_short(c, house) &&
		house->now_us - newer->piece.moment.at_us < house->acknowledged_wait_us)
		return false;
	held_give(c, house, opener_first ? FLOW_FROM_OPENER : FLOW_FROM_ACCEPTOR);
	return true;
}

/* Either way may let the other go on. */
static void connection_settle(
	struct connection *c, const struct connection_house *house, bool whatever)
{
	bool any = true;

	while (any) {
		any = way_drain(c, house, FLOW_FROM_OPENER);
		any |= way_drain(c, house, FLOW_FROM_ACCEPTOR);
		if (!any)
			any = way_skip(c, house, FLOW_FROM_OPENER, whatever) ||
				way_skip(c, house, FLOW_FROM_ACCEPTOR, whatever) ||
				knot_cut(c, house, whatever);
	}
}

void connection_time(struct connection *c, struct connection_house *house)
{
	connection_settle(c, house, false);
}

void connection_finish(struct connection *c, struct connection_house *house)
{
	connection_settle(c, house, true);
}

bool connection_is_another(struct connection *c, enum flow_from from, const struct tcp_header *tcp)
{
	const struct reassembly *r = &c->ways[from];

	if (!tcp->wire_size || !r->known || reassembly_believes(r, tcp->seq)) {
		if (tcp->wire_size && from == c->stray_from)
			c->strays = 0;
		return false;
	}
	bool goes_on = c->strays && from == c->stray_from && tcp->seq == c->stray_next;
	c->strays = goes_on ? c->strays + 1 : 1;
	c->stray_from = from;
	c->stray_next = tcp->seq + tcp->wire_size;
	return c->strays >= STRAYS;
}

static void connection_reset(
	struct connection *c, struct connection_house *house, enum flow_from from, uint32_t seq)
{
	const struct reassembly *r = &c->ways[from];

	if (r->known && !reassembly_believes(r, seq))
		return;
	connection_finish(c, house);
	c->reset = true;
	if (!r->ended && house->listener.ended)
		house->listener.ended(house->to, &c->flow, from, FLOW_RST, &c->flow.last);
}

/* A probe repeats the last byte before its turn, or has none: it wants an acknowledgement. */
static bool is_probe(const struct reassembly *r, const struct tcp_header *tcp)
{
	return r->known && tcp->seq == r->next - 1 && tcp->wire_size <= 1 &&
		!(tcp->flags & (TCP_SYN | TCP_FIN | TCP_RST));
}

static bool piece_take(struct connection *c, struct connection_house *house, enum flow_from from,
	const struct piece *p)
{
	struct reassembly *r = &c->ways[from];
	struct flow_way *told = &c->flow.ways[from];
	bool reordered, kept = true;

	if (p->seq == r->next && !r->first && !r->ended && !piece_is_early(c, from, p)) {
		give_bytes(c, house, from, p);
		if (p->fin)
			give_fin(c, house, from, &p->moment);
		return true;
	}
	switch (reassembly_hold(r, p, &reordered)) {
	case REASSEMBLY_NEW: told->reordered += reordered; break;
	case REASSEMBLY_OLD: told->retransmissions++; break;
	case REASSEMBLY_DIFFERENT: told->differing++; break;
	case REASSEMBLY_NO_MEMORY: kept = false; break;
	}
	return kept;
}

/* Of what nobody wants only the end counts. */
static void piece_ignore(struct connection *c, const struct connection_house *house,
	enum flow_from from, const struct piece *p)
{
	struct reassembly *r = &c->ways[from];
	uint32_t end = p->seq + p->wire_size;

	reassembly_fini(r);
	r->ahead = false;
	if (reassembly_distance(r, end) > 0)
		reassembly_advance(r, end);
	if (p->fin && !r->ended)
		give_fin(c, house, from, &p->moment);
}

bool connection_segment(struct connection *c, struct connection_house *house, enum flow_from from,
	const struct tcp_header *tcp)
{
	struct reassembly *r = &c->ways[from], *other = &c->ways[other_of(from)];
	struct flow_way *told = &c->flow.ways[from];
	bool acks = tcp->flags & TCP_ACK, fin = tcp->flags & TCP_FIN, kept = true;

	if (acks && !(tcp->flags & TCP_RST)) {
		way_begin(other, tcp->ack);
		if (!other->ended && !c->flow.ignored)
			reassembly_acknowledged(other, tcp->ack, house->now_us);
	}
	if (tcp->flags & TCP_RST) {
		connection_reset(c, house, from, tcp->seq);
		return true;
	}
	if (!tcp->window && !(tcp->flags & TCP_SYN))
		told->zero_windows++;
	/* The first thing seen of a stream may be a probe of an idle connection. */
	if (tcp->wire_size || fin)
		way_begin(r, tcp->wire_size == 1 && !fin ? tcp->seq + 1 : tcp->seq);
	if (is_probe(r, tcp)) {
		told->probes++;
	} else if (tcp->wire_size || fin) {
		struct piece p = {
			.seq = tcp->seq,
			.ack = tcp->ack,
			.acks = acks,
			.fin = fin,
			.data = tcp->data,
			.size = tcp->size,
			.wire_size = tcp->wire_size,
			.moment = c->flow.last,
		};
		told->packets += tcp->wire_size != 0;
		if (!reassembly_believes(r, tcp->seq))
			told->retransmissions++;
		else if (c->flow.ignored)
			piece_ignore(c, house, from, &p);
		else
			kept = piece_take(c, house, from, &p);
	}
	if (connection_waits(c))
		connection_settle(c, house, false);
	return kept;
}
