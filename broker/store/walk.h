/* Reads LMDB's file without LMDB, which trusts every byte of it: a length or a page number that is wrong would take the
 * broker down, or have it take an old page for a new one. Nothing is written.
 *
 *      page 0, 1   the two latest commits: the newer one counts       no checksum
 *      branch      keys and page numbers                              no checksum, but all of this has to hold:
 *      leaf        keys and values, or the pages of a long value      every page is named once, is of its
 *      overflow    a long value                                       kind, is not free, and they are as many as
 *                                                                     the commit says; keys ascend
 *
 * The pairs themselves have checksums (seal.h).
 */
#ifndef BROKER_STORE_WALK_H
#define BROKER_STORE_WALK_H

#include "broker/store/pages.h"

/* A pair as it lies in the file. False: to be stopped. */
typedef bool walk_visit(void *context, struct mqtt_view key, struct mqtt_view value);

/* All pairs, in the order of their keys. False if `visit` returned false, or with a `damage`. */
bool walk_all(struct pages *p, walk_visit *visit, void *context);

/* The same of the commit before, as far as it can be read; `damage` is empty after that. */
void walk_older(struct pages *p, walk_visit *visit, void *context);

/* Whatever can be read, also of what has lost its branch, in the order of the keys, and goes on when `visit` returns false.
 * Returns the number of pages that could not be read.
 */
uint64_t walk_salvage(struct pages *p, walk_visit *visit, void *context);

#endif
