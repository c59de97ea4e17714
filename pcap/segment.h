/* One TCP segment as a frame: what a card would have seen of bytes that only a socket had.
 *
 *   Ethernet 14 | IPv4 20 or IPv6 40 | TCP 20 | options 0 or 8 | data
 *
 * (IPv4: RFC 791; IPv6: RFC 8200; TCP: RFC 9293; window scale: RFC 7323.)
 */
#ifndef PCAP_SEGMENT_H
#define PCAP_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/buf.h"

/* The TCP header's control bits. */
enum segment_flag {
	SEGMENT_FIN = 0x01,
	SEGMENT_SYN = 0x02,
	SEGMENT_RST = 0x04,
	SEGMENT_PSH = 0x08,
	SEGMENT_ACK = 0x10,
};

enum {
	SEGMENT_WINDOW_SHIFT = 8, /* the window scale that every SYN offers */
	SEGMENT_FRAME_LIMIT = 1514,
};

struct endpoint {
	sa_family_t family; /* AF_INET or AF_INET6 */
	uint8_t mac[6];
	uint8_t address[16]; /* in network order; IPv4 uses the first four bytes */
	uint16_t port;
};

struct segment {
	const struct endpoint *from;
	const struct endpoint *to;
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;    /* of enum segment_flag; SYN brings the options MSS and window scale */
	uint16_t window;  /* as in the header, before scaling */
	const void *data; /* at most endpoint_mss */
	size_t len;
};

/* Takes address and port; the MAC is locally administered and ends in `number`. False for a family
 * that is neither IPv4 nor IPv6.
 */
bool endpoint_init(struct endpoint *e, const struct sockaddr *address, uint8_t number);

/* The most data that fits into one frame of an Ethernet. */
size_t endpoint_mss(const struct endpoint *e);

/* Replaces the contents of `frame`; without memory, frame->failed is set. */
void segment_build(const struct segment *s, struct buf *frame);

#endif
