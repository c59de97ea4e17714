/* The connections: keeps, for each side, the number of the next byte, and lets the other side
 * acknowledge everything at once, so that a reader never finds anything lost, late or doubtful.
 *
 *   opener                             acceptor
 *     │ ───── SYN ─────────────────────▶ │   flow_open
 *     │ ◀──── SYN, ACK ───────────────── │
 *     │ ───── ACK ─────────────────────▶ │
 *     │ ───── data, data, data + PSH ──▶ │   flow_data
 *     │ ◀──── ACK ────────────────────── │
 *     │ ───── FIN, ACK ────────────────▶ │   flow_fin
 *     │ ◀──── ACK ────────────────────── │
 */
#include <errno.h>
#include <stdlib.h>

#include "pcap/pcapng.h"
#include "pcap/segment.h"
#include "pcap/writer.h"

enum {
	SYN_WINDOW = 65535,      /* never scaled, RFC 7323 2.2 */
	WINDOW = 4096,           /* scaled: 1 MiB */
	FLIGHT_BYTES = 64 * 1024 /* a long write is acknowledged this often: far below the window */
};

struct flow_side {
	struct endpoint end;
	uint32_t next;   /* number of the next byte to send */
	uint16_t window; /* advertised, before scaling, unless ... */
	bool shut;       /* ... nothing is read: then it is 0 */
	bool ended;      /* sent its FIN or RST */
};

struct pcap_flow {
	struct pcap_flow *older;
	struct pcapng *to;
	struct flow_side sides[2]; /* by enum pcap_side */
	bool reset;                /* by either side: nothing is acknowledged any more */
};

static enum pcap_side side_other(enum pcap_side side)
{
	return side == PCAP_OPENER ? PCAP_ACCEPTOR : PCAP_OPENER;
}

/* Initial sequence numbers never repeat within a file (the factor is odd), so that a port used again
 * reads as a connection of its own; and they leave two gigabytes before the numbers wrap.
 */
static uint32_t isn(uint32_t number)
{
	return number * 0x9e3779b1u & 0x7fffffff;
}

static bool flow_init(struct pcap_flow *f, struct pcapng *p, const struct sockaddr *opener,
	const struct sockaddr *acceptor)
{
	struct flow_side *sides = f->sides;
	bool known = endpoint_init(&sides[PCAP_OPENER].end, opener, 1) &&
		endpoint_init(&sides[PCAP_ACCEPTOR].end, acceptor, 2) &&
		sides[PCAP_OPENER].end.family == sides[PCAP_ACCEPTOR].end.family;

	if (!known) {
		pcapng_fail(p, EAFNOSUPPORT);
		return false;
	}
	f->to = p;
	p->flow_count++;
	for (int i = PCAP_OPENER; i <= PCAP_ACCEPTOR; i++) {
		sides[i].next = isn(2 * p->flow_count + (uint32_t)i);
		sides[i].window = WINDOW;
	}
	return true;
}

static uint16_t window_for(const struct flow_side *side, uint8_t flags)
{
	if (flags & SEGMENT_RST)
		return 0;
	return flags & SEGMENT_SYN ? SYN_WINDOW : side->shut ? 0 : side->window;
}

static void flow_send(struct pcap_flow *f, int64_t at_us, enum pcap_side from, uint8_t flags,
	const void *data, size_t len, const char *comment)
{
	struct flow_side *sender = &f->sides[from];
	const struct flow_side *receiver = &f->sides[side_other(from)];
	struct segment s = {
		.from = &sender->end,
		.to = &receiver->end,
		.seq = sender->next,
		.ack = flags & SEGMENT_ACK ? receiver->next : 0,
		.flags = flags,
		.window = window_for(sender, flags),
		.data = data,
		.len = len,
	};

	segment_build(&s, &f->to->frame);
	pcapng_packet(f->to, at_us, comment);
	sender->next += (uint32_t)len;
	if (flags & (SEGMENT_SYN | SEGMENT_FIN))
		sender->next++;
}

static void flow_acknowledge(struct pcap_flow *f, int64_t at_us, enum pcap_side from)
{
	if (!f->reset)
		flow_send(f, at_us, from, SEGMENT_ACK, NULL, 0, NULL);
}

/* A comment that has no packet gets an acknowledgement that changes the window a little: the same
 * one again would read as a duplicate, the sign of a loss.
 */
static void flow_note(struct pcap_flow *f, int64_t at_us, enum pcap_side from, const char *comment)
{
	if (!comment)
		return;
	f->sides[from].window ^= 1;
	flow_send(f, at_us, from, SEGMENT_ACK, NULL, 0, comment);
}

struct pcap_flow *flow_open(struct pcapng *p, int64_t at_us, const struct sockaddr *opener,
	const struct sockaddr *acceptor, const char *comment)
{
	struct pcap_flow *f = calloc(1, sizeof(*f));

	if (!f) {
		pcapng_fail(p, ENOMEM);
		return NULL;
	}
	if (!flow_init(f, p, opener, acceptor)) {
		free(f);
		return NULL;
	}
	f->older = p->flows;
	p->flows = f;
	flow_send(f, at_us, PCAP_OPENER, SEGMENT_SYN, NULL, 0, comment);
	flow_send(f, at_us, PCAP_ACCEPTOR, SEGMENT_SYN | SEGMENT_ACK, NULL, 0, NULL);
	flow_acknowledge(f, at_us, PCAP_OPENER);
	return f;
}

void flow_refused(struct pcapng *p, int64_t at_us, const struct sockaddr *opener,
	const struct sockaddr *acceptor, const char *comment)
{
	struct pcap_flow f = { 0 };

	if (!flow_init(&f, p, opener, acceptor))
		return;
	f.sides[PCAP_ACCEPTOR].next = 0; /* nobody is there to number bytes, RFC 9293 3.5.2 */
	flow_send(&f, at_us, PCAP_OPENER, SEGMENT_SYN, NULL, 0, comment);
	flow_send(&f, at_us, PCAP_ACCEPTOR, SEGMENT_RST | SEGMENT_ACK, NULL, 0, NULL);
}

void flow_window(struct pcap_flow *f, int64_t at_us, enum pcap_side of, bool open)
{
	if (!f || f->sides[of].shut == !open)
		return;
	f->sides[of].shut = !open;
	flow_acknowledge(f, at_us, of);
}

void flow_data(struct pcap_flow *f, int64_t at_us, enum pcap_side from, const void *data,
	size_t len, const char *comment)
{
	if (!f)
		return;
	if (!len) {
		flow_note(f, at_us, from, comment);
		return;
	}
	size_t mss = endpoint_mss(&f->sides[from].end);
	size_t flight = 0;
	bool shut = f->sides[side_other(from)].shut;
	if (shut) /* it was read after all: nothing is sent to where there is no room */
		flow_window(f, at_us, side_other(from), true);
	for (size_t done = 0, part; done < len; done += part) {
		part = len - done < mss ? len - done : mss;
		bool last = done + part == len;
		flow_send(f, at_us, from, last ? SEGMENT_PSH | SEGMENT_ACK : SEGMENT_ACK,
			(const uint8_t *)data + done, part, done ? NULL : comment);
		flight += part;
		if (last || flight + mss > FLIGHT_BYTES) {
			flow_acknowledge(f, at_us, side_other(from));
			flight = 0;
		}
	}
	if (shut)
		flow_window(f, at_us, side_other(from), false);
}

void flow_fin(struct pcap_flow *f, int64_t at_us, enum pcap_side from, const char *comment)
{
	if (!f)
		return;
	if (f->sides[from].ended) {
		flow_note(f, at_us, from, comment);
		return;
	}
	f->sides[from].ended = true;
	flow_send(f, at_us, from, SEGMENT_FIN | SEGMENT_ACK, NULL, 0, comment);
	flow_acknowledge(f, at_us, side_other(from));
}

void flow_reset(struct pcap_flow *f, int64_t at_us, enum pcap_side from, const char *comment)
{
	if (!f)
		return;
	f->sides[from].ended = true;
	f->reset = true;
	flow_send(f, at_us, from, SEGMENT_RST | SEGMENT_ACK, NULL, 0, comment);
}

void flow_remark(struct pcap_flow *f, int64_t at_us, const char *comment)
{
	if (f)
		flow_note(f, at_us, PCAP_OPENER, comment);
}

void made_flows_free(struct pcapng *p)
{
	while (p->flows) {
		struct pcap_flow *older = p->flows->older;
		free(p->flows);
		p->flows = older;
	}
}
