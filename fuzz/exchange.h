/* What is done to a target: a list of steps over some connections, which can be kept, cut down and done again.
 *
 *	open 1 5.0                       a connection of its own, and the version that is spoken there
 *	send 1 10 10 00 04 4D 51 ...     bytes, in one write
 *	await 1 CONNACK                  until a packet of this type has come, or will not come any more
 *	send 1 damaged 82 00             the same, of what no peer may send
 *	answer 1 3 40 02 00 00           bytes, the two from the third on being the Packet Identifier that came last
 *	close 1                          in order
 *	reset 1                          at once
 *	tell connect                     where a client is judged: its agent gets this command
 *
 * That is also its form as text. A connection that nothing closes is closed at the end.
 *
 * ClientIds and topics begin with EXCHANGE_MARK. Who plays an exchange puts a number of the same length in
 * its place (exchange_stamp), so that exchanges which are played side by side do not meet.
 */
#ifndef FUZZ_EXCHANGE_H
#define FUZZ_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/wire/wire.h"

struct arena;

#define EXCHANGE_MARK "fz0000"

enum {
	EXCHANGE_STEPS_MAX = 65536,
	EXCHANGE_CONNECTIONS_MAX = 4096,
	EXCHANGE_BYTES_MAX = 1024 * 1024, /* of one send */
	EXCHANGE_NO_ID = 0xffff,
};

enum step_kind { STEP_OPEN, STEP_SEND, STEP_AWAIT, STEP_CLOSE, STEP_RESET, STEP_TELL };

struct step {
	enum step_kind kind;
	unsigned connection;       /* from 1 on */
	enum mqtt_version version; /* STEP_OPEN */
	struct bytes bytes;        /* STEP_SEND */
	bool damaged;              /* STEP_SEND: no peer may send this, or not at this place */
	uint16_t
		id_at; /* STEP_SEND: where the identifier that came last goes; EXCHANGE_NO_ID: nowhere */
	uint8_t type;     /* STEP_AWAIT: enum packet_type */
	const char *what; /* STEP_TELL: "connect", "subscribe" */
};

struct exchange {
	struct step *steps;
	size_t count, capacity;
};

/* The new last step; everything that it points to is borrowed. */
void exchange_add(struct arena *a, struct exchange *e, struct step step);
void exchange_insert(struct arena *a, struct exchange *e, size_t at, struct step step);
void exchange_remove(struct exchange *e, size_t at, size_t count);

struct exchange exchange_copy(struct arena *a, const struct exchange *e); /* with all bytes */
unsigned exchange_connections(const struct exchange *e); /* the highest number of one */
unsigned exchange_sends(const struct exchange *e);       /* its steps that send something */
unsigned exchange_versions(const struct exchange *e); /* of its connections: mask of V311 and V50 */
bool exchange_equal(const struct exchange *a, const struct exchange *b);

/* All of `from` after `e`, on connections of its own; those of `e` are closed before. */
void exchange_append(struct arena *a, struct exchange *e, const struct exchange *from);

/* Without this connection. */
void exchange_drop_connection(struct exchange *e, unsigned connection);

/* A copy of the bytes with the number in place of each EXCHANGE_MARK. */
struct bytes exchange_stamp(struct arena *a, struct bytes bytes, unsigned number);

/* The version that the connection speaks before this step; 5.0 if nobody has opened it. */
enum mqtt_version exchange_version(const struct exchange *e, size_t at);

/* That of its first connection; 5.0 without one. */
enum mqtt_version exchange_first_version(const struct exchange *e);

/* ---- as text (exchange_text.c) ---- */

/* False, with errno, when it cannot be written. */
bool exchange_write(FILE *to, const struct exchange *e, const char *title);

/* False, with a sentence in the arena that names the line. */
bool exchange_read(struct arena *a, const char *text, struct exchange *out, const char **error);

/* The same from a file, whose name the sentence begins with. */
bool exchange_load(struct arena *a, const char *path, struct exchange *out, const char **error);

#endif
