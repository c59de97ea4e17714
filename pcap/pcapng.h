/* Writes what happened on sockets as a pcapng file that Wireshark opens: Ethernet, IPv4 or IPv6 and
 * TCP are made up around the bytes, with correct checksums, sequence numbers, handshakes and
 * acknowledgements. Needs no privileges. (pcapng: draft-ietf-opsawg-pcapng; TCP: RFC 9293; key log:
 * draft-ietf-tls-keylogfile.)
 *
 *   flow_open ──▶ flow_data * ──▶ flow_fin or flow_reset, from either side
 *
 * Calls come in order of time. Times are microseconds since 1970. Nothing is kept but one small
 * struct per flow, and 64 KiB that have not been written yet: whoever may die before pcapng_close has to
 * keep the evidence elsewhere, as the tape of a case run is until then. Errors of the stream stick:
 * pcapng_close reports them.
 */
#ifndef PCAP_PCAPNG_H
#define PCAP_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct pcapng;
struct pcap_flow;

/* Who speaks: the side that opened the connection, or the one that accepted it. */
enum pcap_side { PCAP_OPENER, PCAP_ACCEPTOR };

/* Creates or truncates `path`. `application` and `comment` go into the section header (either may be
 * NULL). NULL on failure, with errno.
 */
struct pcapng *pcapng_create(const char *path, const char *application, const char *comment);

/* Flushes, closes and frees the writer and its flows; false, with errno, if anything was lost. */
bool pcapng_close(struct pcapng *p);

/* The secrets of a TLS session, for the packets that follow: a key log, whose lines each have their newline.
 * With them anybody can read the session. What is longer than 64 KiB makes the error stick.
 */
void pcapng_tls_secrets(struct pcapng *p, const char *key_log);

/* Writes SYN, SYN-ACK and ACK. Both addresses are of one family, AF_INET or AF_INET6; the flow
 * belongs to the writer. `comment` (may be NULL) is attached to the SYN. Without memory, or for any
 * other family, the error sticks and NULL is returned, which the functions below accept and ignore.
 */
struct pcap_flow *flow_open(struct pcapng *p, int64_t at_us, const struct sockaddr *opener,
	const struct sockaddr *acceptor, const char *comment);

/* Data as one write or read had it: split into segments of at most the MSS, PSH on the last, and
 * acknowledged by the other side. `comment` is attached to the first segment.
 */
void flow_data(struct pcap_flow *f, int64_t at_us, enum pcap_side from, const void *data,
	size_t len, const char *comment);

/* From here on `of` reads nothing, or reads again: its window is 0, or not. What it reads all the same opens the window
 * for as long as that takes.
 */
void flow_window(struct pcap_flow *f, int64_t at_us, enum pcap_side of, bool open);

/* `from` will send no more: FIN-ACK, acknowledged unless the flow was reset. */
void flow_fin(struct pcap_flow *f, int64_t at_us, enum pcap_side from, const char *comment);

/* `from` resets the connection: RST-ACK. */
void flow_reset(struct pcap_flow *f, int64_t at_us, enum pcap_side from, const char *comment);

/* A connection attempt that was refused: SYN, RST-ACK. */
void flow_refused(struct pcapng *p, int64_t at_us, const struct sockaddr *opener,
	const struct sockaddr *acceptor, const char *comment);

/* A remark without a packet of its own (a last comment: the verdict): an acknowledgement without
 * data from the opener, carrying the comment.
 */
void flow_remark(struct pcap_flow *f, int64_t at_us, const char *comment);

#endif
