/* A TCP connection as a capture has it: two ways (reassembly.h) whose bytes are given out in the order of cause
 * and effect (listener.h). The table of connections (flows.h) finds it, counts its time and ends it.
 */
#ifndef PCAP_CONNECTION_H
#define PCAP_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "pcap/listener.h"
#include "pcap/reassembly.h"
#include "pcap/tcp_header.h"

/* What all connections share. */
struct connection_house {
	struct flow_listener listener;
	void *to;
	uint32_t held_bytes_limit;     /* in one way */
	uint64_t held_bytes_all_limit; /* in all */
	uint64_t held_bytes_all;
	int64_t wait_us;              /* for bytes that nobody has acknowledged */
	int64_t acknowledged_wait_us; /* for bytes that had arrived */
	int64_t now_us;               /* the time of the packet at hand */
};

struct connection {
	struct flow flow;
	struct reassembly ways[2]; /* by enum flow_from */
	uint32_t isn[2];           /* initial sequence numbers, where their SYN was seen */
	bool syn[2];
	bool reset;
	uint8_t strays;      /* packets one after another whose numbers are out of reach */
	uint32_t stray_next; /* where the next of them begins */
	enum flow_from stray_from;
};

/* A new connection, whose flow has its ends and its first moment. */
void connection_init(struct connection *c, struct connection_house *house);

/* Gives back what is held; tells nothing. */
void connection_fini(struct connection *c);

/* A SYN or SYN-ACK of this connection: where the numbers of its sender, and of the other side, begin. */
void connection_syn(struct connection *c, enum flow_from from, const struct tcp_header *tcp);

/* Whatever else comes. False without memory: the piece is lost, and will be a gap. */
bool connection_segment(struct connection *c, struct connection_house *house, enum flow_from from,
	const struct tcp_header *tcp);

/* The numbers say that this belongs to another connection, whose SYN the capture has not. */
bool connection_is_another(struct connection *c, enum flow_from from, const struct tcp_header *tcp);

/* Something is held, or known to be missing: connection_time is to be called now and then. */
static inline bool connection_waits(const struct connection *c)
{
	return c->ways[0].first || c->ways[1].first || c->ways[0].ahead || c->ways[1].ahead;
}

/* Gives up what has waited too long. */
void connection_time(struct connection *c, struct connection_house *house);

/* Gives up whatever waits: the rest is told. */
void connection_finish(struct connection *c, struct connection_house *house);

/* Both sides have sent FIN, or one has sent RST. */
static inline bool connection_over(const struct connection *c)
{
	return c->reset || (c->ways[0].ended && c->ways[1].ended);
}

#endif
