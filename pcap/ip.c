#include "pcap/ip.h"

#include <netinet/in.h>

#include "pcap/network_order.h"

enum {
	IPV4_BYTES = 20,
	IPV4_MORE = 0x2000,
	IPV4_OFFSET = 0x1fff,
	IPV6_BYTES = 40,
	FRAGMENT_BYTES = 8,
	FRAGMENT_MORE = 1,
	MOBILITY = 135, /* RFC 6275; others of the same form: RFC 7401, RFC 5533 */
	HOST_IDENTITY = 139,
	SHIM6 = 140,
};

static uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Takes the payload from `at` on; `total` is the length that the header has. A card that splits large packets
 * itself leaves 0 there: then it is as long as what came.
 */
static bool payload_set(const uint8_t *data, uint32_t at, uint32_t total, uint32_t size,
	uint32_t wire_size, struct ip_packet *out)
{
	if (!total)
		total = wire_size;
	if (at > total || at > size)
		return false;
	out->payload = data + at;
	out->size = lesser(size, total) - at;
	out->wire_size = total - at;
	return true;
}

static bool ipv4_read(const uint8_t *data, uint32_t size, uint32_t wire_size, struct ip_packet *out)
{
	if (size < IPV4_BYTES)
		return false;
	uint32_t header = (uint32_t)(data[0] & 15) * 4, total = network_u16(data + 2);
	uint16_t fragment = network_u16(data + 6);
	if (header < IPV4_BYTES)
		return false;
	out->ipv6 = false;
	out->protocol = data[9];
	out->from = data + 12;
	out->to = data + 16;
	out->fragment = fragment & (IPV4_MORE | IPV4_OFFSET);
	out->more = fragment & IPV4_MORE;
	out->offset = (uint32_t)(fragment & IPV4_OFFSET) * 8;
	out->id = network_u16(data + 4);
	return payload_set(data, header, total, size, wire_size, out);
}

/* Whether `protocol` is an extension header in front of another one; *length: its own, where it starts at `at`. */
static bool extension(uint8_t protocol, const uint8_t *at, uint32_t *length)
{
	switch (protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case MOBILITY:
	case HOST_IDENTITY:
	case SHIM6: *length = ((uint32_t)at[1] + 1) * 8; return true;
	case IPPROTO_AH: *length = ((uint32_t)at[1] + 2) * 4; return true;
	case IPPROTO_FRAGMENT: *length = FRAGMENT_BYTES; return true;
	default: return false;
	}
}

static bool ipv6_read(const uint8_t *data, uint32_t size, uint32_t wire_size, struct ip_packet *out)
{
	if (size < IPV6_BYTES)
		return false;
	uint32_t at = IPV6_BYTES, length, total = network_u16(data + 4);
	out->ipv6 = true;
	out->fragment = out->more = false;
	out->from = data + 8;
	out->to = data + 24;
	out->protocol = data[6];
	out->id = out->offset = 0;
	if (total)
		total += IPV6_BYTES;
	while (!out->fragment) {
		if (out->protocol == IPPROTO_TCP)
			break;
		/* Eight bytes of whatever follows tell its length, if it has one. */
		if (size < at + 8)
			break;
		const uint8_t *header = data + at;
		if (!extension(out->protocol, header, &length))
			break;
		if (out->protocol == IPPROTO_FRAGMENT) {
			uint16_t fragment = network_u16(header + 2);
			out->more = fragment & FRAGMENT_MORE;
			out->offset = fragment & ~7u;
			out->fragment = out->more || out->offset; /* else it is whole: RFC 6946 */
			out->id = network_u32(header + 4);
		}
		out->protocol = header[0];
		at += length;
	}
	return payload_set(data, at, total, size, wire_size, out);
}

bool ip_read(const uint8_t *data, uint32_t size, uint32_t wire_size, struct ip_packet *out)
{
	if (!size)
		return false;
	switch (data[0] >> 4) {
	case 4: return ipv4_read(data, size, wire_size, out);
	case 6: return ipv6_read(data, size, wire_size, out);
	default: return false;
	}
}
