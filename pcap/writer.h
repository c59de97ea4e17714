/* What pcapng.c (the file) and flow.c (the connections in it) share; nobody else includes it.
 *
 *   flow_data ──▶ segment_build ──▶ frame ──▶ pcapng_packet ──▶ block ──▶ file
 */
#ifndef PCAP_WRITER_H
#define PCAP_WRITER_H

#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "pcap/pcapng.h"

struct pcapng {
	FILE *file;
	char *buffer;            /* of the file */
	struct buf block;        /* the block in the making */
	struct buf frame;        /* the frame in the making; used by flow.c */
	struct pcap_flow *flows; /* newest first */
	uint32_t flow_count;     /* connections so far, refused ones too */
	int error;               /* errno of the first thing lost, or 0 */
};

/* Remembers the first error. */
void pcapng_fail(struct pcapng *p, int error);

/* Writes p->frame with the time and the comment, which may be NULL. */
void pcapng_packet(struct pcapng *p, int64_t at_us, const char *comment);

/* Frees the flows of a writer. */
void made_flows_free(struct pcapng *p);

#endif
