/* The evidence of one case run: everything that happened on its connections, in order. The
 * transcript and the capture are both made from it.
 *
 *   CONNECTED ─ (PACKET_OUT SENT+ | RECEIVED+ PACKET_IN)* ─ FIN_* or RESET_*      one party
 *
 * For a party that is off the record there are neither bytes nor PUBLISH packets and their
 * acknowledgements. SENT and RECEIVED are bytes as the writes and reads had them; PACKET_* are what
 * they meant. TOLD and SAID are the lines to and from the agent of a client, whose party has no
 * connection.
 */
#ifndef HARNESS_TAPE_H
#define HARNESS_TAPE_H

#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "harness/wire/wire.h"
#include "record/record.h"

struct arena;

enum { TAPE_BYTES_MAX = 64 * 1024 * 1024 }; /* of data kept; what comes after is only counted */

enum tape_kind {
	TAPE_CONNECTED,
	TAPE_REFUSED,
	TAPE_SENT,
	TAPE_RECEIVED,
	TAPE_PACKET_OUT,
	TAPE_PACKET_IN,
	TAPE_FIN_OUT,
	TAPE_FIN_IN,
	TAPE_RESET_OUT,
	TAPE_RESET_IN,
	TAPE_SHUT,   /* our side reads nothing from here on ... */
	TAPE_OPENED, /* ... and reads again: how, as a remark */
	TAPE_TOLD,
	TAPE_SAID,
	TAPE_REMARK,
};

/* One connection of a peer. */
struct tape_party {
	const char *name;
	struct sockaddr_storage local, remote;
	bool accepted; /* the target opened the connection */
	bool is_inner; /* its bytes went in something else, TLS or WebSocket, which is not shown */
	bool off_the_record; /* for now its bytes, its messages and their answers are left out */
};

struct tape_event {
	int64_t at_us; /* since the case run began */
	enum tape_kind kind;
	const struct tape_party *party; /* NULL: a remark of the case run itself */
	struct bytes data;              /* bytes sent, received, or of the packet */
	const char *text;               /* of packets and remarks */
};

struct tape {
	struct arena *arena;
	int64_t start_us; /* monotonic */
	int64_t start_wall_us;
	struct tape_event *events;
	size_t count, capacity;
	size_t bytes; /* of data kept so far */
	FILE *live;   /* prints each line of the transcript as it comes; or NULL */
};

void tape_init(struct tape *tape, struct arena *a, FILE *live);
int64_t tape_now_us(const struct tape *tape);

/* Whether the tape takes a packet of this type from the party; if not, nobody need describe it. */
bool tape_keeps(const struct tape_party *party, enum packet_type type);

/* Copies data and text. */
void tape_add(struct tape *tape, enum tape_kind kind, const struct tape_party *party,
	struct bytes data, const char *text);

/* A key for all that happened so far, as far as another case run may see the same: the connections that were
 * opened and ended, and the kinds of packets, in order.
 */
uint64_t tape_key(const struct tape *tape);

/* The lines of the transcript, in the tape's arena; from some ten thousand on, the middle is left
 * out, with a line that says so.
 */
const struct record_event *tape_transcript(const struct tape *tape, size_t *count);

/* Writes the capture; `title` is its comment, `verdict` the last remark. False, with errno. */
bool tape_write_pcap(
	const struct tape *tape, const char *path, const char *title, const char *verdict);

#endif
