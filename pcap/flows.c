#include "pcap/flows.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "pcap/connection.h"
#include "pcap/flow_queue.h"
#include "pcap/flow_table.h"
#include "pcap/fragments.h"
#include "pcap/ip.h"
#include "pcap/link_layer.h"
#include "pcap/tcp_header.h"

enum {
	PORTS = 65536,
	SECOND_US = 1000 * 1000,
	LINGER_US = 60 *
		SECOND_US, /* late copies come for about as long: RFC 9293 3.4.3 has 2 minutes */
	OVER_SHARE = 8,    /* of the flows at a time, those that are over: one in so many */
	LOOK_US = SECOND_US / 10, /* how often those that wait are looked at */
};

const struct flows_limits flows_limits_usual = {
	.flows = 256 * 1024,
	.held_bytes = 1024 * 1024,
	.held_bytes_all = 64 * 1024 * 1024,
	.wait_ms = 30 * 1000,
	.acknowledged_wait_ms = 1000,
	.half_open_s = 300,
};

struct flows {
	struct connection_house house;
	uint32_t limit;
	struct flow_table table;
	struct flow_queue queues[STAGES];
	int64_t patience_us[STAGES]; /* silence that is one too long; 0: none is */
	struct flow_entry *waiting;  /* the list of those that wait */
	struct flow_entry
		*recent; /* the entry of the last packet: the next one is often of the same */
	int64_t looked_us;
	bool failed; /* no memory for the packet at hand */
	struct fragments fragments;
	struct flows_count count;
	uint32_t ports[PORTS]; /* connections made to each */
};

struct flows *flows_new(
	const struct flows_limits *limits, const struct flow_listener *listener, void *to)
{
	struct flows *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	if (!limits)
		limits = &flows_limits_usual;
	f->house = (struct connection_house){
		.listener = *listener,
		.to = to,
		.held_bytes_limit = limits->held_bytes,
		.held_bytes_all_limit = limits->held_bytes_all,
		.wait_us = (int64_t)limits->wait_ms * 1000,
		.acknowledged_wait_us = (int64_t)limits->acknowledged_wait_ms * 1000,
	};
	f->limit = limits->flows;
	f->patience_us[STAGE_HALF] = (int64_t)limits->half_open_s * SECOND_US;
	f->patience_us[STAGE_OVER] = LINGER_US;
	fragments_init(&f->fragments);
	return f;
}

static void stage_set(struct flows *f, struct flow_entry *e, enum flow_stage stage)
{
	flow_queue_remove(&f->queues[e->stage], e);
	e->stage = stage;
	flow_queue_add(&f->queues[stage], e);
}

static void waits_set(struct flows *f, struct flow_entry *e, bool waits)
{
	if (waits == e->waits)
		return;
	e->waits = waits;
	if (waits) {
		e->waits_before = NULL;
		e->waits_after = f->waiting;
		if (f->waiting)
			f->waiting->waits_before = e;
		f->waiting = e;
		return;
	}
	*(e->waits_before ? &e->waits_before->waits_after : &f->waiting) = e->waits_after;
	if (e->waits_after)
		e->waits_after->waits_before = e->waits_before;
}

/* The listener hears of it no more. */
static void flow_is_over(struct flows *f, struct flow_entry *e, enum flow_over_why why)
{
	struct connection *c = &e->connection;

	if (e->stage == STAGE_OVER)
		return;
	connection_finish(c, &f->house);
	connection_fini(c);
	waits_set(f, e, false);
	if (f->house.listener.over)
		f->house.listener.over(f->house.to, &c->flow, why);
	f->count.flows_now--;
	stage_set(f, e, STAGE_OVER);
}

static void entry_free(struct flows *f, struct flow_entry *e)
{
	flow_queue_remove(&f->queues[e->stage], e);
	flow_table_remove(&f->table, e);
	if (f->recent == e)
		f->recent = NULL;
	free(e);
}

static void entry_end(struct flows *f, struct flow_entry *e, enum flow_over_why why)
{
	flow_is_over(f, e, why);
	entry_free(f, e);
}

/* Those that are over are worth least: a few of them are enough to know what comes late. */
static void make_room(struct flows *f)
{
	while (f->queues[STAGE_OVER].count > f->limit / OVER_SHARE)
		entry_free(f, f->queues[STAGE_OVER].oldest);
	for (int i = 0; f->table.count >= f->limit && i < STAGES; i++) {
		static const enum flow_stage order[] = { STAGE_OVER, STAGE_HALF, STAGE_LIVE };
		struct flow_entry *e =
			flow_queue_silent(&f->queues[order[i]], f->house.now_us, INT64_MIN);
		if (e)
			entry_end(f, e, FLOW_GIVEN_UP);
	}
}

static void look_around(struct flows *f)
{
	f->looked_us = f->house.now_us;
	for (int i = 0; i < STAGES; i++) {
		struct flow_entry *e;
		while (f->patience_us[i] &&
			(e = flow_queue_silent(&f->queues[i], f->house.now_us, f->patience_us[i])))
			entry_end(f, e, FLOW_GIVEN_UP);
	}
	for (struct flow_entry *e = f->waiting, *after; e; e = after) {
		after = e->waits_after;
		connection_time(&e->connection, &f->house);
		waits_set(f, e, connection_waits(&e->connection));
		if (connection_over(&e->connection))
			flow_is_over(f, e, FLOW_ENDED);
	}
}

void flows_time(struct flows *f, int64_t now_us)
{
	f->house.now_us = now_us;
	look_around(f);
}

static void end_set(
	struct flow_end *end, const struct ip_packet *ip, const uint8_t *address, uint16_t port)
{
	memcpy(end->address, address, ip->ipv6 ? 16 : 4);
	end->port = port;
}

/* Who opened it: whoever sends SYN, or does not answer one; without either, the one with the higher port. */
static bool sender_opened(const struct tcp_header *tcp)
{
	if (tcp->flags & TCP_SYN)
		return !(tcp->flags & TCP_ACK);
	return tcp->from_port >= tcp->to_port;
}

static struct flow_entry *entry_new(struct flows *f, const struct flow_key *key, uint32_t hash,
	bool from_is_lower, const struct ip_packet *ip, const struct tcp_header *tcp,
	const struct moment *moment)
{
	make_room(f);
	struct flow_entry *e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	struct flow *flow = &e->connection.flow;
	bool opened = sender_opened(tcp);
	e->key = *key;
	e->hash = hash;
	e->opener_is_lower = opened == from_is_lower;
	flow->ipv6 = ip->ipv6;
	end_set(&flow->ends[opened ? FLOW_FROM_OPENER : FLOW_FROM_ACCEPTOR], ip, ip->from,
		tcp->from_port);
	end_set(&flow->ends[opened ? FLOW_FROM_ACCEPTOR : FLOW_FROM_OPENER], ip, ip->to,
		tcp->to_port);
	flow->first = flow->last = *moment;
	if (!flow_table_add(&f->table, e)) {
		free(e);
		return NULL;
	}
	flow->number = ++f->count.flows;
	f->ports[flow->ends[FLOW_FROM_ACCEPTOR].port]++;
	if (++f->count.flows_now > f->count.flows_most)
		f->count.flows_most = f->count.flows_now;
	connection_init(&e->connection, &f->house);
	e->stage = tcp->flags & TCP_SYN ? STAGE_HALF : STAGE_LIVE;
	flow_queue_add(&f->queues[e->stage], e);
	if (f->house.listener.begun)
		f->house.listener.begun(f->house.to, flow);
	return e;
}

/* A SYN of a connection that is known is a copy, the other half of the handshake, or the beginning of another
 * connection between the same ports.
 */
static bool syn_is_another(
	const struct flow_entry *e, enum flow_from from, const struct tcp_header *tcp)
{
	const struct connection *c = &e->connection;
	bool answers = tcp->flags & TCP_ACK;

	if (c->syn[from])
		return c->isn[from] != tcp->seq - 1;
	if (e->stage == STAGE_OVER)
		return !answers;
	if (!c->flow.whole)
		return true;
	/* SYN-ACK comes from the acceptor; two SYN may cross (RFC 9293 3.5). */
	return answers ? from != FLOW_FROM_ACCEPTOR : c->ways[from].known;
}

/* The entry that a segment belongs to; NULL if it is to be passed over, or without memory. */
static struct flow_entry *entry_for(struct flows *f, const struct ip_packet *ip,
	const struct tcp_header *tcp, const struct moment *moment, enum flow_from *from)
{
	struct flow_key key;
	bool from_is_lower, syn = tcp->flags & TCP_SYN;
	struct flow_entry *e = f->recent;
	uint32_t hash;

	flow_key_make(ip, tcp, &key, &from_is_lower);
	if (e && flow_key_equal(&e->key, &key)) {
		hash = e->hash;
	} else {
		hash = flow_key_hash(&key);
		e = flow_table_find(&f->table, &key, hash);
	}
	if (e) {
		*from = e->opener_is_lower == from_is_lower ? FLOW_FROM_OPENER : FLOW_FROM_ACCEPTOR;
		if (syn ? syn_is_another(e, *from, tcp)
			: connection_is_another(&e->connection, *from, tcp)) {
			entry_end(f, e, FLOW_REPLACED);
			e = NULL;
		}
	}
	if (!e) {
		/* What has neither SYN nor data says nothing of a connection. */
		if (!(syn && !(tcp->flags & TCP_RST)) && !tcp->wire_size) {
			f->count.stray++;
			return NULL;
		}
		e = entry_new(f, &key, hash, from_is_lower, ip, tcp, moment);
		if (!e) {
			f->failed = true;
			return NULL;
		}
		*from = e->opener_is_lower == from_is_lower ? FLOW_FROM_OPENER : FLOW_FROM_ACCEPTOR;
	}
	f->recent = e;
	return e;
}

/* Half open, until both sides have sent SYN or anything at all, and again after the first FIN. */
static enum flow_stage stage_of(const struct connection *c)
{
	bool open = c->ways[0].known && c->ways[1].known && !(c->ways[0].ended || c->ways[1].ended);

	return open || !c->flow.whole ? STAGE_LIVE : STAGE_HALF;
}

static void segment_take(struct flows *f, const struct ip_packet *ip, const struct tcp_header *tcp,
	const struct moment *moment)
{
	enum flow_from from;
	struct flow_entry *e = entry_for(f, ip, tcp, moment, &from);

	/* What comes late keeps nothing alive. */
	if (!e || e->stage == STAGE_OVER)
		return;
	struct connection *c = &e->connection;
	c->flow.last = *moment;
	c->flow.packets++;
	if (tcp->flags & TCP_SYN)
		connection_syn(c, from, tcp);
	if (!connection_segment(c, &f->house, from, tcp))
		f->failed = true;
	if (connection_over(c)) {
		flow_is_over(f, e, FLOW_ENDED);
		return;
	}
	waits_set(f, e, connection_waits(c));
	if (stage_of(c) != e->stage)
		stage_set(f, e, stage_of(c));
}

static void ip_take(struct flows *f, const uint8_t *data, uint32_t size, uint32_t wire_size,
	const struct moment *moment)
{
	struct ip_packet ip;
	struct tcp_header tcp;

	if (!ip_read(data, size, wire_size, &ip)) {
		f->count.damaged++;
		return;
	}
	if (ip.protocol != IPPROTO_TCP) {
		f->count.not_tcp++;
		return;
	}
	if (ip.fragment) {
		f->count.fragments++;
		bool whole = fragments_take(&f->fragments, &ip, f->house.now_us);
		f->count.fragments_lost = f->fragments.lost;
		if (!whole)
			return;
	}
	if (!tcp_header_read(ip.payload, ip.size, ip.wire_size, &tcp)) {
		f->count.damaged++;
		return;
	}
	f->count.cut += tcp.size < tcp.wire_size;
	segment_take(f, &ip, &tcp, moment);
}

bool flows_packet(struct flows *f, const struct captured *packet)
{
	struct moment moment = { .packet = packet->number, .at_us = packet->at_ns / 1000 };
	uint32_t wire_size = packet->wire_size > packet->size ? packet->wire_size : packet->size;
	uint32_t offset;

	f->failed = false;
	f->count.packets++;
	f->house.now_us = moment.at_us;
	if (moment.at_us - f->looked_us >= LOOK_US || moment.at_us < f->looked_us)
		look_around(f);
	switch (link_layer_read(packet->link_type, packet->data, packet->size, &offset)) {
	case LINK_IP:
		ip_take(f, packet->data + offset, packet->size - offset, wire_size - offset,
			&moment);
		break;
	case LINK_CUT: f->count.damaged++; break;
	case LINK_OTHER:
	case LINK_UNKNOWN: f->count.not_ip++; break;
	}
	return !f->failed;
}

void flows_end(struct flows *f)
{
	static const enum flow_stage order[] = { STAGE_HALF, STAGE_LIVE, STAGE_OVER };
	struct flow_entry *e;

	for (int i = 0; i < STAGES; i++) {
		while ((e = f->queues[order[i]].oldest) != NULL)
			entry_end(f, e, FLOW_CAPTURE_OVER);
	}
	fragments_end(&f->fragments);
	f->count.fragments_lost = f->fragments.lost;
}

const struct flows_count *flows_counted(const struct flows *f)
{
	return &f->count;
}

size_t flows_ports(const struct flows *f, struct flows_port *ports, size_t size)
{
	size_t count = 0;

	for (uint32_t port = 0; port < PORTS; port++) {
		struct flows_port seen = { (uint16_t)port, f->ports[port] };
		size_t at = count;
		if (!seen.flows)
			continue;
		while (at && ports[at - 1].flows < seen.flows)
			at--;
		if (at == size)
			continue;
		count += count < size;
		memmove(ports + at + 1, ports + at, (count - at - 1) * sizeof(*ports));
		ports[at] = seen;
	}
	return count;
}

void flows_free(struct flows *f)
{
	if (!f)
		return;
	for (int i = 0; i < STAGES; i++) {
		for (struct flow_entry *e = f->queues[i].oldest, *newer; e; e = newer) {
			newer = e->newer;
			connection_fini(&e->connection);
			free(e);
		}
	}
	flow_table_fini(&f->table);
	fragments_fini(&f->fragments);
	free(f);
}
