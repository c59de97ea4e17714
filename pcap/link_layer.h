/* Finds the IP packet in a frame: Ethernet with VLAN tags, Linux cooked, loopback, and raw IP.
 * (Link types: https://www.tcpdump.org/linktypes.html; VLAN tags: IEEE 802.1Q.)
 */
#ifndef PCAP_LINK_LAYER_H
#define PCAP_LINK_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum link_found {
	LINK_IP,      /* *offset says where it begins */
	LINK_OTHER,   /* ARP and the like */
	LINK_CUT,     /* the header is not all there */
	LINK_UNKNOWN, /* a link type that cannot be read */
};

/* `link_type` as in struct captured. */
enum link_found link_layer_read(
	int link_type, const uint8_t *frame, uint32_t size, uint32_t *offset);

/* Whether anything of this type can be read. */
bool link_layer_knows(int link_type);

#endif
