/* One packet, broken in one place: in a field that the packet layer can tell apart (flags, identifiers, strings,
 * properties, lists, codes), in a length that lies, or in any byte.
 *
 * What comes out need not be illegal: an edge value may be allowed. It is what a legal sender would not have
 * sent here.
 */
#ifndef FUZZ_MUTATION_H
#define FUZZ_MUTATION_H

#include "fuzz/grammar.h"

enum mutation {
	/* of fields: only if the bytes are one whole packet */
	MUTATION_FLAGS,
	MUTATION_TYPE,
	MUTATION_ID,
	MUTATION_QOS,
	MUTATION_STRING,
	MUTATION_PROPERTY_AGAIN,
	MUTATION_PROPERTY_FOREIGN,
	MUTATION_PROPERTY_VALUE,
	MUTATION_PROPERTY_LEFT_OUT,
	MUTATION_LIST_EMPTY,
	MUTATION_LIST_LONG,
	MUTATION_OPTIONS,
	MUTATION_CODE,
	MUTATION_CONNECT_FLAGS,
	MUTATION_PROTOCOL,
	MUTATION_PAYLOAD,
	/* of lengths: the same */
	MUTATION_REMAINING_LENGTH,
	MUTATION_REMAINING_LENGTH_LONG,
	MUTATION_PROPERTY_LENGTH,
	/* of bytes */
	MUTATION_BIT,
	MUTATION_BYTE,
	MUTATION_WORD,
	MUTATION_REMOVE,
	MUTATION_INSERT,
	MUTATION_DOUBLE,
	MUTATION_CUT,
	MUTATION_COUNT,
};

const char *mutation_name(enum mutation m); /* "a property that another packet has" */

/* The bytes after the mutation, in the arena of the grammar. False: it does not apply to them, or changes
 * nothing.
 */
bool mutation_apply(struct grammar *g, enum mutation m, struct bytes in, struct bytes *out);

/* The same with one that applies. */
enum mutation mutation_any(struct grammar *g, struct bytes in, struct bytes *out);

/* ---- mutation_bytes.c: those of bytes ---- */
bool mutation_of_bytes(struct grammar *g, enum mutation m, struct bytes in, struct buf *out);

/* ---- mutation_fields.c: those of fields and of what the builder can lie about ---- */
bool mutation_of_fields(
	struct grammar *g, enum mutation m, struct packet *p, struct wire_twist *twist);

/* A string that no packet may have, or hardly any implementation expects. */
struct bytes mutation_spoil(struct grammar *g, struct bytes text);

#endif
