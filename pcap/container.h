/* The files that packets come in, as bytes: pcap (in either byte order, with micro- or nanoseconds) and pcapng
 * (sections, interfaces, packets, TLS secrets; whatever else is in it is passed over).
 * (pcap: draft-ietf-opsawg-pcap; pcapng: draft-ietf-opsawg-pcapng.)
 *
 *   file ──▶ record, record, record ...      container_next: one of them, or how it fails
 *
 * No input or output: whoever has the bytes calls again when there are more.
 */
#ifndef PCAP_CONTAINER_H
#define PCAP_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct captured {
	uint64_t number; /* in the capture, from 1, as Wireshark counts */
	int64_t at_ns;   /* since 1970 */
	const uint8_t
		*data; /* from the link layer's header on; good until the next call of its source */
	uint32_t size; /* as captured */
	uint32_t wire_size; /* as it was: more than `size` if the snap length cut it */
	int link_type;      /* LINKTYPE_... of https://www.tcpdump.org/linktypes.html */
};

/* Who captured: of a pcap file there is one. */
struct container_interface {
	int link_type;
	uint64_t per_second; /* what its time stamps count */
	uint64_t unit_ns;  /* nanoseconds of one of these; 0 if they are no whole number of them */
	int64_t offset_ns; /* to be added */
};

enum container_kind { CONTAINER_UNKNOWN, CONTAINER_PCAP, CONTAINER_PCAPNG };

struct container {
	enum container_kind kind;
	bool big_endian;
	uint32_t packet_head; /* of pcap: bytes before each packet */
	struct container_interface *interfaces;
	uint32_t interface_count;
	uint64_t packets;
	struct buf secrets; /* of TLS: lines of a key log, each with its newline */
	char problem[128];  /* after CONTAINER_DAMAGED: what is wrong, in words */
};

enum container_got {
	CONTAINER_PACKET,
	CONTAINER_OTHER,     /* a head, or a block that is no packet */
	CONTAINER_NEED_MORE, /* the record is not all there */
	CONTAINER_DAMAGED,
};

enum { CONTAINER_RECORD_LIMIT = 16 * 1024 * 1024 }; /* bytes; a longer one is taken for damage */

void container_init(struct container *c);

/* Wipes the secrets. */
void container_fini(struct container *c);

/* Reads the record at the beginning of `data`, and says in *consumed how long it is. `packet` points into it. */
enum container_got container_next(struct container *c, const uint8_t *data, size_t size,
	size_t *consumed, struct captured *packet);

#endif
