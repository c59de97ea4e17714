#include "pcap/link_layer.h"

#include "pcap/network_order.h"

enum {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_RAW_LINUX = 12, /* what libpcap calls it when it listens */
	LINK_RAW_OPENBSD = 14,
	LINK_RAW = 101,
	LINK_LOOP = 108,
	LINK_COOKED = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_COOKED2 = 276,

	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_VLAN_SERVICE = 0x88a8,
	TYPE_VLAN_OLD = 0x9100, /* a customer's tag in a provider's, before 802.1ad */
	TYPE_PPPOE = 0x8864,
	PPP_IPV4 = 0x0021,
	PPP_IPV6 = 0x0057,

	VLAN_BYTES = 4,
	PPPOE_BYTES = 8,
	ETHERNET_BYTES = 14,
	COOKED_BYTES = 16,
	COOKED2_BYTES = 20,
	LOOPBACK_BYTES = 4,
};

/* What follows the type field at `type_at`, past as many tags as there are. */
static enum link_found type_read(const uint8_t *frame, uint32_t size, uint32_t type_at,
	uint32_t payload_at, uint32_t *offset)
{
	while (size >= payload_at) {
		switch (network_u16(frame + type_at)) {
		case TYPE_IPV4:
		case TYPE_IPV6: *offset = payload_at; return LINK_IP;
		case TYPE_VLAN:
		case TYPE_VLAN_SERVICE:
		case TYPE_VLAN_OLD:
			type_at = payload_at + 2;
			payload_at += VLAN_BYTES;
			break;
		case TYPE_PPPOE:
			if (size < payload_at + PPPOE_BYTES)
				return LINK_CUT;
			*offset = payload_at + PPPOE_BYTES;
			uint16_t protocol = network_u16(frame + payload_at + 6);
			return protocol == PPP_IPV4 || protocol == PPP_IPV6 ? LINK_IP : LINK_OTHER;
		default: return LINK_OTHER;
		}
	}
	return LINK_CUT;
}

/* The address family in front of the packet is in the byte order of whoever captured it, and IPv6 has another
 * number on each system: the packet's own first byte tells more.
 */
static enum link_found loopback_read(const uint8_t *frame, uint32_t size, uint32_t *offset)
{
	if (size <= LOOPBACK_BYTES)
		return LINK_CUT;
	*offset = LOOPBACK_BYTES;
	uint8_t version = frame[LOOPBACK_BYTES] >> 4;
	bool family_fits = !frame[0] != !frame[3]; /* a small number, whichever way round */
	return family_fits && (version == 4 || version == 6) ? LINK_IP : LINK_OTHER;
}

enum link_found link_layer_read(
	int link_type, const uint8_t *frame, uint32_t size, uint32_t *offset)
{
	switch (link_type) {
	case LINK_ETHERNET: return type_read(frame, size, 12, ETHERNET_BYTES, offset);
	case LINK_COOKED: return type_read(frame, size, 14, COOKED_BYTES, offset);
	case LINK_COOKED2: return type_read(frame, size, 0, COOKED2_BYTES, offset);
	case LINK_NULL:
	case LINK_LOOP: return loopback_read(frame, size, offset);
	case LINK_RAW:
	case LINK_RAW_LINUX:
	case LINK_RAW_OPENBSD:
	case LINK_IPV4:
	case LINK_IPV6: *offset = 0; return size ? LINK_IP : LINK_CUT;
	default: return LINK_UNKNOWN;
	}
}

bool link_layer_knows(int link_type)
{
	uint32_t offset;

	return link_layer_read(link_type, NULL, 0, &offset) != LINK_UNKNOWN;
}
