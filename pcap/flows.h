/* The TCP connections of a capture: from packets to two streams of bytes for each connection.
 *
 *   flows_packet ──▶ link_layer ──▶ ip (fragments) ──▶ flow ──▶ reassembly ──▶ listener
 *
 * No input or output, no clock but that of the packets. (IPv4: RFC 791; IPv6: RFC 8200; TCP: RFC 9293.)
 *
 * What a capture has lost is told as a gap: when the bytes after it have waited long enough, when the other
 * side's acknowledgement shows that they had arrived, or at the end. Checksums are not looked at, since a
 * capture on the sending machine has them unfinished. Of bytes that were sent twice, the first copy counts.
 */
#ifndef PCAP_FLOWS_H
#define PCAP_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap/source.h"

struct flows;

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

/* Who hears what there is, in the order in which it holds. For each flow: `begun` first, `over` last and once;
 * in between, for each of its ways, `bytes` and `gap` as the stream goes, and at most one `ended`.
 * A `moment` is the packet that carried the bytes: where an earlier one came late it is older than flow->last,
 * the packet that made them complete.
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
	/* The side sends no more: after its last byte (FIN), or at once (RST), for both ways. */
	void (*ended)(void *to, struct flow *flow, enum flow_from from, enum flow_end_how how,
		const struct moment *moment);
	void (*over)(void *to, struct flow *flow, enum flow_over_why why);
};

/* All 0: those of flows_limits_usual. */
struct flows_limits {
	uint32_t flows;      /* at a time; beyond, the one that was silent longest is given up */
	uint32_t held_bytes; /* that wait for others in one way of a flow */
	uint64_t held_bytes_all;       /* in all flows */
	uint32_t wait_ms;              /* for bytes that nobody has acknowledged */
	uint32_t acknowledged_wait_ms; /* for bytes that need no other copy: they had arrived */
	uint32_t half_open_s;          /* for an answer to SYN, or a second FIN */
};

extern const struct flows_limits flows_limits_usual;

/* What there was, for those who find nothing in it. */
struct flows_count {
	uint64_t packets;
	uint64_t not_ip;         /* ARP and the like, and link types that are not known */
	uint64_t not_tcp;        /* IP, other protocols */
	uint64_t damaged;        /* headers that are cut, or contradict themselves */
	uint64_t fragments;      /* pieces of IP packets */
	uint64_t fragments_lost; /* of them, that never made a packet */
	uint64_t cut;            /* TCP packets that the snap length cut */
	uint64_t stray;          /* TCP packets without data of no connection that is known */
	uint32_t flows;          /* in all */
	uint32_t flows_now;
	uint32_t flows_most; /* at a time */
};

/* A port that connections were made to, and how many. */
struct flows_port {
	uint16_t port;
	uint32_t flows;
};

/* `limits` may be NULL. `listener` is copied; NULL functions are not called. NULL without memory. */
struct flows *flows_new(
	const struct flows_limits *limits, const struct flow_listener *listener, void *to);

/* False without memory; what has come is lost, and the table stays good. */
bool flows_packet(struct flows *f, const struct captured *packet);

/* Time passes without packets, as a live capture knows: gives up what has waited too long. */
void flows_time(struct flows *f, int64_t now_us);

/* The capture is over: all that waits is told, and all flows are over. */
void flows_end(struct flows *f);

const struct flows_count *flows_counted(const struct flows *f);

/* The ports that most connections were made to, most first; fills at most `size`, returns how many. */
size_t flows_ports(const struct flows *f, struct flows_port *ports, size_t size);

/* "10.0.0.1:1883", "[fe80::1]:1883"; `text` has room for FLOW_END_TEXT. */
enum { FLOW_END_TEXT = 56 };
void flow_end_text(const struct flow *flow, enum flow_from which, char text[static FLOW_END_TEXT]);

/* Without flows_end, nothing more is told. NULL is accepted. */
void flows_free(struct flows *f);

#endif
