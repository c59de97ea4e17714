/* The TLS secrets that a pcapng file brings in Decryption Secrets Blocks, which libpcap passes over.
 * (pcapng: draft-ietf-opsawg-pcapng; key log: draft-ietf-tls-keylogfile.)
 */
#ifndef PCAP_SECRETS_H
#define PCAP_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct secrets {
	bool big_endian;    /* the section that is being read */
	struct buf key_log; /* lines, each with its newline */
};

void secrets_init(struct secrets *s);

/* Wipes them. */
void secrets_fini(struct secrets *s);

/* Whether a file that begins with these bytes is pcapng. */
bool secrets_possible(const uint8_t *start, size_t size);

/* Looks through whole blocks, as they follow each other in the file. What is no block ends it. */
void secrets_look(struct secrets *s, const uint8_t *blocks, size_t size);

#endif
