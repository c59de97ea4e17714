/* IP packets that came in fragments (RFC 791 3.2, RFC 8200 4.5), made whole again. Of what two fragments have in
 * the same place the first copy counts. At most FRAGMENTS_PACKETS are in the making; the oldest makes room.
 */
#ifndef PCAP_FRAGMENTS_H
#define PCAP_FRAGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "pcap/ip.h"

enum { FRAGMENTS_PACKETS = 64 };

struct fragmented;

struct fragments {
	struct fragmented *packets; /* FRAGMENTS_PACKETS of them, made for the first fragment */
	uint64_t lost;              /* fragments that never made a packet */
};

void fragments_init(struct fragments *f);
void fragments_fini(struct fragments *f);

/* True when this was the last one that was missing: `p` is the whole packet then, whose payload is good until the
 * next call. Without memory, the fragment is lost.
 */
bool fragments_take(struct fragments *f, struct ip_packet *p, int64_t now_us);

/* Those that are in the making count as lost. */
void fragments_end(struct fragments *f);

#endif
