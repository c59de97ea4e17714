/* The header of a TCP segment (RFC 9293 3.1). */
#ifndef PCAP_TCP_HEADER_H
#define PCAP_TCP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap/network_order.h"

enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_ACK = 0x10,
};

struct tcp_header {
	uint16_t from_port;
	uint16_t to_port;
	uint32_t seq; /* of the first byte of data: one more than in the header where SYN is set */
	uint32_t ack;
	uint8_t flags;   /* of enum tcp_flag, and others */
	uint16_t window; /* not scaled */
	const uint8_t *data;
	uint32_t size;      /* of the data, as captured */
	uint32_t wire_size; /* of the data, as it was */
};

enum { TCP_HEADER_BYTES = 20 };

/* False if the header is cut, or its length is impossible. `size` bytes of `wire_size` were captured. */
static inline bool tcp_header_read(
	const uint8_t *segment, uint32_t size, uint32_t wire_size, struct tcp_header *out)
{
	if (size < TCP_HEADER_BYTES)
		return false;
	uint32_t header = (uint32_t)(segment[12] >> 4) * 4;
	if (header < TCP_HEADER_BYTES || header > wire_size)
		return false;
	out->from_port = network_u16(segment);
	out->to_port = network_u16(segment + 2);
	out->flags = segment[13];
	out->seq = network_u32(segment + 4) + (out->flags & TCP_SYN ? 1 : 0);
	out->ack = network_u32(segment + 8);
	out->window = network_u16(segment + 14);
	out->data = segment + (header < size ? header : size);
	out->size = header < size ? size - header : 0;
	out->wire_size = wire_size - header;
	return true;
}

#endif
