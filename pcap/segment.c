#include "pcap/segment.h"

#include <netinet/in.h>
#include <string.h>

enum {
	ETHERNET_BYTES = 14,
	ETHERNET_IPV4 = 0x0800,
	ETHERNET_IPV6 = 0x86dd,
	MTU = SEGMENT_FRAME_LIMIT - ETHERNET_BYTES,
	IPV4_BYTES = 20,
	IPV6_BYTES = 40,
	TCP_BYTES = 20,
	HOPS = 64,
};

bool endpoint_init(struct endpoint *e, const struct sockaddr *address, uint8_t number)
{
	*e = (struct endpoint){ .family = address->sa_family, .mac = { 0x02, [5] = number } };
	if (e->family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, address, sizeof(in));
		memcpy(e->address, &in.sin_addr, sizeof(in.sin_addr));
		e->port = ntohs(in.sin_port);
	} else if (e->family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, address, sizeof(in6));
		memcpy(e->address, &in6.sin6_addr, sizeof(in6.sin6_addr));
		e->port = ntohs(in6.sin6_port);
	} else {
		return false;
	}
	return true;
}

static size_t address_bytes(const struct endpoint *e)
{
	return e->family == AF_INET ? 4 : 16;
}

size_t endpoint_mss(const struct endpoint *e)
{
	return MTU - (e->family == AF_INET ? IPV4_BYTES : IPV6_BYTES) - TCP_BYTES;
}

/* The Internet checksum (RFC 1071): `sum` collects 16-bit words, an odd last byte counts as high. */
static uint32_t sum_add(uint32_t sum, const uint8_t *data, size_t len)
{
	uint64_t wide = 0; /* of words of 32 bits, which add up to the same */
	uint32_t word;

	for (; len >= sizeof(word); len -= sizeof(word), data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		wide += ntohl(word);
	}
	for (; len >= 2; len -= 2, data += 2)
		wide += (uint32_t)data[0] << 8 | data[1];
	if (len)
		wide += (uint32_t)data[0] << 8;
	while (wide >> 16)
		wide = (wide & 0xffff) + (wide >> 16);
	return sum + (uint32_t)wide;
}

static void sum_store(uint32_t sum, uint8_t *at)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	at[0] = (uint8_t)(~sum >> 8);
	at[1] = (uint8_t)~sum;
}

/* The identification stays 0: with "don't fragment" it means nothing (RFC 6864). */
static void ipv4_add(const struct segment *s, size_t tcp_len, struct buf *frame)
{
	size_t start = frame->len;

	buf_add_u16(frame, 0x4500);
	buf_add_u16(frame, (uint16_t)(IPV4_BYTES + tcp_len));
	buf_add_u16(frame, 0);
	buf_add_u16(frame, 0x4000);
	buf_add_u8(frame, HOPS);
	buf_add_u8(frame, IPPROTO_TCP);
	buf_add_u16(frame, 0);
	buf_add(frame, s->from->address, 4);
	buf_add(frame, s->to->address, 4);
	if (!frame->failed)
		sum_store(sum_add(0, frame->data + start, IPV4_BYTES), frame->data + start + 10);
}

static void ipv6_add(const struct segment *s, size_t tcp_len, struct buf *frame)
{
	buf_add_u32(frame, 0x60000000);
	buf_add_u16(frame, (uint16_t)tcp_len);
	buf_add_u8(frame, IPPROTO_TCP);
	buf_add_u8(frame, HOPS);
	buf_add(frame, s->from->address, 16);
	buf_add(frame, s->to->address, 16);
}

/* Maximum segment size, a filler, window scale: the options of a SYN. */
static void syn_options_add(const struct segment *s, struct buf *frame)
{
	buf_add_u16(frame, 0x0204);
	buf_add_u16(frame, (uint16_t)endpoint_mss(s->from));
	buf_add_u32(frame, 0x01030300 | SEGMENT_WINDOW_SHIFT);
}

static void tcp_add(const struct segment *s, size_t tcp_len, struct buf *frame)
{
	size_t start = frame->len;
	size_t header_len = tcp_len - s->len;

	buf_add_u16(frame, s->from->port);
	buf_add_u16(frame, s->to->port);
	buf_add_u32(frame, s->seq);
	buf_add_u32(frame, s->ack);
	buf_add_u8(frame, (uint8_t)(header_len / 4 << 4));
	buf_add_u8(frame, s->flags);
	buf_add_u16(frame, s->window);
	buf_add_u32(frame, 0); /* checksum, urgent pointer */
	if (s->flags & SEGMENT_SYN)
		syn_options_add(s, frame);
	buf_add(frame, s->data, s->len);
	if (frame->failed)
		return;

	/* Both pseudo headers hold the addresses, the protocol, the length, and zeros. */
	uint32_t sum = IPPROTO_TCP + (uint32_t)tcp_len;
	sum = sum_add(sum, s->from->address, address_bytes(s->from));
	sum = sum_add(sum, s->to->address, address_bytes(s->to));
	sum_store(sum_add(sum, frame->data + start, tcp_len), frame->data + start + 16);
}

void segment_build(const struct segment *s, struct buf *frame)
{
	size_t tcp_len = TCP_BYTES + (s->flags & SEGMENT_SYN ? 8 : 0) + s->len;
	bool ipv4 = s->from->family == AF_INET;

	buf_reset(frame);
	buf_add(frame, s->to->mac, sizeof(s->to->mac));
	buf_add(frame, s->from->mac, sizeof(s->from->mac));
	buf_add_u16(frame, ipv4 ? ETHERNET_IPV4 : ETHERNET_IPV6);
	if (ipv4)
		ipv4_add(s, tcp_len, frame);
	else
		ipv6_add(s, tcp_len, frame);
	tcp_add(s, tcp_len, frame);
}
