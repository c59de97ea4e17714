/* The thread that waits for the disk, so that the loop does not.
 *
 *      loop      store_begin ── the next turns, whose changes wait ──▶ store_end, committed
 *                     │                                                  ▲
 *      thread         └──────────────── store_write ─────────────────────┘
 */
#ifndef BROKER_SHELL_COMMITTER_H
#define BROKER_SHELL_COMMITTER_H

#include <stdatomic.h>
#include <stdbool.h>

#include <uv.h>

struct store;

struct committer {
	struct store *store; /* NULL: it has no thread */
	uv_thread_t thread;
	uv_sem_t work, done;
	uv_async_t news;
	bool under_way;
	atomic_bool ends;
	void (*committed)(void *context, bool durable);
	void *context;
};

/* `committed` is called from the loop. False: there is no thread, and the store has to be written by whoever commits. */
bool committer_init(struct committer *c, uv_loop_t *loop, struct store *store,
	void (*committed)(void *context, bool durable), void *context);

/* Waits for what is under way, and tells of it. One without a thread is fine. */
void committer_end(struct committer *c);

#endif
