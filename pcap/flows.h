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

#include "pcap/listener.h"
#include "pcap/source.h"

struct flows;

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

/* `limits` may be NULL: flows_limits_usual. `listener` is copied; NULL functions are not called. NULL without memory. */
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

/* Without flows_end, nothing more is told. NULL is accepted. */
void flows_free(struct flows *f);

#endif
