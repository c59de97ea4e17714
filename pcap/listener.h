/* What is told of the connections in a capture (flows.h), and to whom. */
#ifndef PCAP_LISTENER_H
#define PCAP_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The packet in which something lies. */
struct moment {
	uint64_t packet; /* struct captured's number */
	int64_t at_us;   /* since 1970 */
};

/* Whose bytes: index of struct flow's ends. The opener sent the SYN. Of a connection that began before the
 * capture nobody knows: then the opener is the end with the higher port.
 */
enum flow_from { FLOW_FROM_OPENER, FLOW_FROM_ACCEPTOR };

struct flow_end {
	uint8_t address[16]; /* in network order; IPv4 uses the first four bytes */
	uint16_t port;
};

/* One connection; owned by the table, alive until `over` has returned. */
struct flow {
	uint32_t number; /* from 1, in the order of appearance */
	bool ipv6;
	bool whole; /* its SYN or SYN-ACK was seen: streams begin with their first byte */
	struct flow_end ends[2]; /* by enum flow_from */
	struct moment first;     /* its first packet */
	struct moment last;      /* the packet that is being read, or was read last */
	uint64_t packets;
	struct flow_way {                 /* what one side sent, by enum flow_from */
		uint64_t bytes;           /* given out */
		uint64_t missing;         /* told as gaps */
		uint32_t packets;         /* with data */
		uint32_t retransmissions; /* packets that brought nothing new */
		uint32_t reordered;       /* packets that came before one they follow */
		uint32_t differing;       /* packets with other bytes in a place that had some */
		uint32_t zero_windows;    /* packets that closed the window for the other side */
		uint32_t probes;          /* keep-alive probes of TCP */
	} ways[2];
	void *judge; /* the listener's own */
	bool ignored; /* the listener's: it wants no bytes and no gaps any more, and saves their cost */
};

enum flow_end_how { FLOW_FIN, FLOW_RST };

enum flow_over_why {
	FLOW_ENDED,        /* both sides have sent FIN, or one RST */
	FLOW_REPLACED,     /* a SYN uses its addresses and ports again */
	FLOW_GIVEN_UP,     /* nothing came for too long, or there were too many connections */
	FLOW_CAPTURE_OVER, /* flows_end */
};

/* Who hears what there is. For each flow: `begun` first, `over` last and once; in between, for each of its
 * ways, `bytes` and `gap` as the stream goes, and at most one `ended`.
 *
 * The order is that of cause and effect: no bytes are given out before those of the other side that their
 * sender had acknowledged in the same packet, or the gap that stands for them. So an answer never comes before
 * its question, even where the capture has them so, or has lost the question.
 *
 * A `moment` is the packet that carried the bytes: where they had to wait for others, it is older than
 * flow->last.
 */
struct flow_listener {
	void (*begun)(void *to, struct flow *flow);
	/* `data` is good during the call; at least one byte. */
	void (*bytes)(void *to, struct flow *flow, enum flow_from from, const uint8_t *data,
		size_t size, const struct moment *moment);
	/* Bytes that were sent and are not in the capture; the stream goes on after them. `moment` is
	 * the packet that showed it.
	 */
	void (*gap)(void *to, struct flow *flow, enum flow_from from, uint64_t missing,
		const struct moment *moment);
	/* The side sends no more: after its last byte (FIN), or at once (RST), with which the flow is over. */
	void (*ended)(void *to, struct flow *flow, enum flow_from from, enum flow_end_how how,
		const struct moment *moment);
	void (*over)(void *to, struct flow *flow, enum flow_over_why why);
};

/* "10.0.0.1:1883", "[fe80::1]:1883"; `text` has room for FLOW_END_TEXT. */
enum { FLOW_END_TEXT = 56 };
void flow_end_text(const struct flow *flow, enum flow_from which, char text[static FLOW_END_TEXT]);

#endif
