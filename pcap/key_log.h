/* Lines of a key log, which decrypt TLS (draft-ietf-tls-keylogfile), in memory that is wiped after use. */
#ifndef PCAP_KEY_LOG_H
#define PCAP_KEY_LOG_H

#include <stddef.h>

#include "base/buf.h"

void key_log_init(struct buf *log);

/* Wipes it. */
void key_log_fini(struct buf *log);

/* Adds lines, of which the last gets a newline if it has none. Without memory they are left out. */
void key_log_add(struct buf *log, const char *lines, size_t len);

#endif
