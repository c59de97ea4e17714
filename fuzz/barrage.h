/* Hours of exchanges against a server, several at a time, and what comes of them.
 *
 *   seed, number ──▶ situation, or one of the corpus ──▶ damage ──▶ player ──▶ signature ──▶ corpus
 *                                                                    │
 *   witness, resources, complaints, monitor ──▶ symptom ──▶ hunt ◀───┘ what was played last
 *                                                            └──▶ find
 */
#ifndef FUZZ_BARRAGE_H
#define FUZZ_BARRAGE_H

#include "fuzz/barrage_state.h"

/* The target of the site is up. Plays until the end, and then lets the target end, since some errors are told only
 * then; `c` is for the counts, and is given back by barrage_fini.
 */
enum barrage_end barrage_run(struct barrage *c, const struct barrage_config *config);
void barrage_fini(struct barrage *c);

#endif
