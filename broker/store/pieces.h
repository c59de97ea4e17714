/* A value that is too long for one page of LMDB's file lies there in pieces, each a pair of its own, so that any page
 * that is free will do for it: in a row, as LMDB would have them, a file that is nearly full hardly has them.
 *
 *      key              the first PIECE_BYTES
 *      key | 0 0 0 1    the next
 *      key | 0 0 0 2    what is left
 *
 * All but the last are full: the last may be, too, and then nothing follows it. That one is missing shows in the checksum
 * (seal.h). No key of the store may be another one with a zero byte and more behind it.
 */
#ifndef BROKER_STORE_PIECES_H
#define BROKER_STORE_PIECES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "broker/store/seal.h"
#include "mqtt/view.h"

enum {
	PIECE_BYTES = 4096 - 16, /* of the smallest page that a machine has, without its head */
	PIECE_NUMBER = 4,
	PIECE_KEY_MAX = SEAL_KEY_MAX + PIECE_NUMBER, /* what LMDB takes */
};

/* The key of a piece after the first, within `room`. */
struct mqtt_view piece_key(
	uint8_t room[static PIECE_KEY_MAX], struct mqtt_view first, uint32_t number);

/* Whether this may be the key of a further piece of a pair of which `other` is the key of a piece. */
bool piece_may_follow(struct mqtt_view key, struct mqtt_view other);

/* Whether this is the key of that piece. */
bool piece_is(struct mqtt_view key, struct mqtt_view first, uint32_t number);

/* ---- reading ------------------------------------------------------------------------------- */

/* Pairs as they lie in the file, in the order of their keys, become whole ones. */
struct assembly {
	struct buf key, value; /* of the one that may go on with the next pair */
	uint32_t pieces;       /* of it; 0: there is none */
	bool goes_on;          /* when `visit` returns false */
	bool no_memory;
};

typedef bool assembly_visit(void *context, struct mqtt_view key, struct mqtt_view value);

void assembly_init(struct assembly *a, bool goes_on);
void assembly_fini(struct assembly *a);

/* Takes the next pair. What is whole by now goes to `visit`. False if that has returned false, or with `no_memory`. */
bool assembly_add(struct assembly *a, struct mqtt_view key, struct mqtt_view value,
	assembly_visit *visit, void *context);

/* There is no next one. */
bool assembly_end(struct assembly *a, assembly_visit *visit, void *context);

#endif
