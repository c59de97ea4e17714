/* An IP packet: whose it is, and what it carries. (IPv4: RFC 791; IPv6 and its extension headers: RFC 8200.) */
#ifndef PCAP_IP_H
#define PCAP_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ip_packet {
	bool ipv6;
	bool fragment;       /* one of several; the transport's header is in the first */
	bool more;           /* other fragments follow this one */
	uint8_t protocol;    /* IPPROTO_TCP and others */
	const uint8_t *from; /* 4 or 16 bytes */
	const uint8_t *to;
	uint32_t id;     /* of the packet that this is a fragment of */
	uint32_t offset; /* of the fragment's payload in that of the packet */
	const uint8_t *payload;
	uint32_t size;      /* of the payload, as captured */
	uint32_t wire_size; /* of the payload, as it was */
};

/* False if the header is cut or contradicts itself. `size` bytes of `wire_size` were captured; what comes after
 * the length that the header has is padding. The packet points into `data`.
 */
bool ip_read(const uint8_t *data, uint32_t size, uint32_t wire_size, struct ip_packet *out);

#endif
