/* A table of connections under test: packets are made up for it, and what it tells is written down as one line.
 *
 *   begin                 a connection begins
 *   > abc                 bytes of the opener; < for the acceptor. "> abc@3" if they lie in another packet than
 *                         the one that made them complete
 *   > -3                  a gap of three bytes
 *   > fin, > rst          the end of a way
 *   over: ended           and "replaced", "given up", "capture over"
 *
 * Items are separated by "; ". Numbers of bytes count from the SYN: the first byte is 1.
 */
#ifndef TESTS_UNIT_FLOW_RIG_H
#define TESTS_UNIT_FLOW_RIG_H

#include "tests/unit/unit.h"

#include "base/buf.h"
#include "pcap/flows.h"

enum { LINK_TYPE_ETHERNET = 1, CLIENT_PORT = 40000, SERVER_PORT = 1883 };

/* The client, which opens, and the server. */
#define C FLOW_FROM_OPENER
#define S FLOW_FROM_ACCEPTOR

struct rig {
	struct flows *flows;
	struct flow *flow; /* the one that began last; gone when it is over */
	struct flow last;  /* a copy of it, as it was when it was over */
	struct buf told;
	struct buf frame;
	uint64_t packets;
	int64_t now_us;
	uint32_t isn[2];
	bool ipv6;
	uint16_t client_port;
	uint16_t window;
	uint32_t cut; /* bytes that the snap length leaves of each frame; 0: all */
	bool ignores; /* the listener wants nothing of flows that begin */
};

struct made {
	enum flow_from from;
	const char *flags; /* S F R A */
	uint32_t seq;
	uint32_t ack;
	const void *data;
	size_t len;
};

void rig_init(struct rig *r, const struct flows_limits *limits);
void rig_fini(struct rig *r);

/* An IP packet with a TCP segment; replaces what is in `to`. */
void ip_make(const struct rig *r, const struct made *made, struct buf *to);

/* A frame as captured, 1 ms after the one before. */
void rig_frame(struct rig *r, int link_type, const void *frame, size_t size);

/* A segment as an Ethernet frame. */
void rig_make(struct rig *r, const struct made *made);
void rig_send(struct rig *r, enum flow_from from, const char *flags, uint32_t seq, uint32_t ack,
	const char *text);

/* SYN, SYN-ACK, ACK; tells "begin". */
void rig_open(struct rig *r);

/* What has been told since the last time is this. */
#define rig_told(r, text) rig_told_at(r, text, __FILE__, __LINE__)
void rig_told_at(struct rig *r, const char *text, const char *file, int line);

#endif
