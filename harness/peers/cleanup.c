/* What a case run leaves on the target is cleared after it: sessions that outlive their connection,
 * and retained messages. Off the record and in bounded time. What could not be cleared stays in its
 * list, for the runner.
 */
#include "harness/peers/entrance.h"
#include "harness/peers/scram.h"
#include "harness/transport/tls_context.h"
#include "harness/test.h"

enum { CLEANUP_LIMIT_US = 1000000, ROUND_TRIPS = 4 };

static int64_t limit_us(const struct test *t)
{
	return CLEANUP_LIMIT_US + ROUND_TRIPS * t->play->round_trip.most_us;
}

/* The farewell of the connections that the body left open: no Will should go off after it. */
static void close_peers(struct test *t)
{
	for (size_t i = 0; i < t->peer_count; i++) {
		struct peer *p = t->peers[i];
		if (p->pipe && !p->closed) {
			if (p->accepted && !p->ended && !t->play->client)
				pipe_write(p->pipe, "\xe0\x00", 2);
			pipe_close(p->pipe);
			p->closed = true;
		}
		buf_fini(&p->in);
		buf_fini(&p->building);
		buf_fini(&p->corked);
		buf_fini(&p->shown);
		scram_free(p->scram);
		tls_free(p->tls);
	}
	load_fini(t->load);
}

void test_clean_target(struct test *t)
{
	close_peers(t);
	entrance_close(t);
	if (t->play->client)
		return; /* it has ended, and kept nothing */
	const char *id = arena_printf(t->arena, "%sCleaner", t->play->prefix);
	if (!t->play->instance) /* which is gone with all that it kept */
		leavings_clear(t->leavings, t->arena, t->play->target, id, limit_us(t));
	if (!t->play->leavings)
		leavings_free(t->leavings);
}
