/* Actions of deviations that reach from one connection to others: what is kept in the world. The argument of those that
 * need none is 0.
 */
#ifndef DEVIANTS_THEN_WORLD_H
#define DEVIANTS_THEN_WORLD_H

#include "deviants/passing.h"

enum { NOTE_WORLD = NOTES - 1 }; /* among the notes of the world */

void note_world(struct passing *it, long value); /* for is_world_noted */

void stash(struct passing *it, long none);           /* the packet goes no further, and is ... */
void stash_copy(struct passing *it, long none);      /* or goes on, and is ... */
void deliver_stashed(struct passing *it, long none); /* ... sent before this packet ... */
void deliver_aside(struct passing *it,
	long none); /* ... or so with an identifier that nobody has, a PUBLISH of QoS 1 or 2 */
void forget_stashed(struct passing *it, long none);

#endif
