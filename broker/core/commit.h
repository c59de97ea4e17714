/* What has been put and removed on its way onto the disk, and the links that wait for it.
 *
 *      output of a link    | written next |  of the commit under way  |  of the one after that |
 *                          0         clear_bytes                 next_bytes              output.bytes
 *
 *      link_hold ──▶ held ──commit_begin──▶ under way ──commit_done──▶ free, or held again
 *
 * While a commit is under way the broker goes on, and reads from links that wait: what they change goes into the
 * next commit, which begins when this one is done. None of it may be written before its own commit is done.
 */
#ifndef BROKER_CORE_COMMIT_H
#define BROKER_CORE_COMMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "broker/core/core.h"
#include "broker/core/link.h"

enum {
	COMMIT_RETRY_MS = 100,
	/* For the next one, before links that wait are read from no more. */
	COMMIT_BYTES = 8 << 20,
};

/* Some of its output waits for a commit. */
static inline bool link_awaits_commit(const struct link *l)
{
	return l->held || l->under_way;
}

/* Links that wait are not to be read from: the store fails, or falls too far behind. */
static inline bool commit_is_clogged(const struct broker *b)
{
	return b->commit_ms != INT64_MAX || b->commit_bytes > COMMIT_BYTES;
}

/* What it is told depends on what the store has been told in this turn: none of it is written before that is
 * committed.
 */
void link_hold(struct link *l);

/* Begins one if there is news and none is under way. */
void commit_begin(struct broker *b);

/* At the end of the broker: whatever waits no longer does, and there is one last commit, done when this returns. */
void commit_abandon(struct broker *b);
void commit_last(struct broker *b);

/* link_output and link_written of a link that waits: some of it need not. */
size_t commit_pieces(const struct link *l, struct broker_piece *pieces, size_t max);
void commit_written(struct link *l, uint32_t bytes);

#endif
