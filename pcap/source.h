/* Where packets come from: a capture file (pcap or pcapng), the standard input, a file that still grows, or
 * an interface (through libpcap).
 *
 *   source_file or source_interface ──▶ source_next * ──▶ source_close
 *
 * A file that is damaged or cut gives what can be read of it, then SOURCE_END with a problem.
 */
#ifndef PCAP_SOURCE_H
#define PCAP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap/container.h"

struct source;

enum source_got {
	SOURCE_PACKET,
	SOURCE_IDLE, /* nothing came within the budget; never from a plain file */
	SOURCE_END,  /* of the file, by damage (source_problem says which), or by source_stop */
};

/* Opens `path`, or the standard input for "-". With `follow`, the end of the file is no end: packets
 * that are appended are given out as they come. NULL on failure, with a sentence in `error` (of `error_size`
 * bytes) that begins with the path. The contents are not looked at before source_next.
 */
struct source *source_file(const char *path, bool follow, char *error, size_t error_size);

/* Listens on an interface ("any" for all of them). `filter` is an expression of pcap-filter(7), or NULL.
 * NULL on failure, as above.
 */
struct source *source_interface(
	const char *interface, const char *filter, char *error, size_t error_size);

/* The next packet. Waits for at most `budget_ms` where there is something to wait for. */
enum source_got source_next(struct source *s, int budget_ms, struct captured *packet);

/* Lets a source_next that waits, and all later ones, return SOURCE_END. May be called by a signal handler. */
void source_stop(struct source *s);

/* After SOURCE_END: a sentence about what ended it too early ("field.pcap: damaged at byte 4,711: ..."), which
 * lives as long as the source; NULL if nothing did.
 */
const char *source_problem(const struct source *s);

/* The key log lines of the TLS sessions that the Decryption Secrets Blocks read so far have brought, each with
 * its newline; "" without any. They are secret, and live until the next call of the source.
 */
const char *source_secrets(const struct source *s, size_t *size);

/* Packets that the interface has dropped for want of room; 0 for a file. */
unsigned long source_dropped(const struct source *s);

void source_close(struct source *s);

#endif
