/* A capture as a test sees it: written with pcap/pcapng.h, read back with a reader that shares nothing
 * with the writer and demands correct lengths and checksums of every block and packet it meets.
 */
#ifndef TESTS_UNIT_TRACE_H
#define TESTS_UNIT_TRACE_H

#include "tests/unit/unit.h"

#include <stdbool.h>
#include <sys/socket.h>

#include "pcap/pcapng.h"

/* TCP's control bits, and the time and the port that the tests use. */
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { T0 = 1000, OPENER_PORT = 40000, ACCEPTOR_PORT = 1883 };

struct block {
	uint32_t type;
	const uint8_t *body; /* without type and lengths */
	size_t len;
};

struct packet {
	int64_t at_us;
	int family;
	const uint8_t *from; /* address */
	const uint8_t *to;
	uint16_t from_port;
	uint16_t to_port;
	uint32_t seq;
	uint32_t ack;
	unsigned flags;
	unsigned window;
	const uint8_t *options;
	size_t options_len;
	const uint8_t *data;
	size_t len;
	char comment[256];
	size_t comment_len; /* the whole of it, however long */
};

/* A file, and how far it has been read. */
struct trace {
	char path[64];
	struct pcapng *writer;
	uint8_t *bytes;
	size_t len;
	size_t at;
	uint32_t isn[2]; /* by enum pcap_side, as the last handshake had them */
};

uint16_t get16(const uint8_t *p);
uint32_t get32(const uint8_t *p);
struct sockaddr_storage address(const char *text, uint16_t port);

/* Creates the writer on a new file, and a flow in it. */
void trace_new(struct trace *t, const char *application, const char *comment);
struct pcap_flow *trace_flow(struct trace *t, const char *opener, const char *acceptor);

/* Takes the file into memory, as it is now; or closes the writer, and reads up to the first packet. */
void trace_load(struct trace *t);
void trace_read(struct trace *t);

/* Demands that all was read, and removes the file. */
void trace_end(struct trace *t);

struct block block_next(struct trace *t);
struct packet packet_next(struct trace *t);

/* The value of an option among those from `offset` on; NULL without it. */
const uint8_t *option_find(const struct block *b, size_t offset, uint16_t code, size_t *len);
void option_check(const struct block *b, size_t offset, uint16_t code, const char *text);

/* Reads SYN, SYN-ACK and ACK, from which later packets count their numbers; returns the SYN. */
struct packet check_handshake(struct trace *t);

/* The numbers count from the handshake: the first byte is 1. */
#define check_packet(t, from, flags, seq, ack, len, comment) \
	check_packet_at(t, from, flags, seq, ack, len, comment, __LINE__)
void check_packet_at(struct trace *t, enum pcap_side from, unsigned flags, uint32_t seq,
	uint32_t ack, size_t len, const char *comment, int line);

#endif
