/* What has not come is lost if a later message on the same way has: same publisher, topic and QoS. Where none was
 * sent, one is sent now. Without that it is missing, and nobody is to blame: a clock proves nothing.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "bench/load/engine.h"

enum {
	MARKS_MAX = 200,
	STEP_US = 50000,
	SILENCE_US = 3000000,
};

static bool is_heard(const struct engine *e, unsigned subscriber)
{
	return !e->workload->deaf || subscriber != e->plan->subscribers - 1;
}

static void add_mark(struct engine *e, unsigned publisher, unsigned subscriber, uint64_t number)
{
	if (e->mark_count < MARKS_MAX)
		e->marks[e->mark_count++] =
			(struct proof_mark){ publisher, subscriber, number, false };
}

/* Marks for what is missing of a pair, and has not been passed by anything yet. */
static void consider(struct engine *e, unsigned publisher, unsigned subscriber)
{
	struct result_account *a = &e->out->account;
	const struct ledger *l = engine_ledger(e, publisher, subscriber);
	uint64_t sent = *engine_number(e, publisher, subscriber);

	a->expected += sent;
	if (l->came >= sent)
		return;
	if (workload_keeps_order(e->workload)) {
		if (l->next < sent)
			add_mark(e, publisher, subscriber, l->next);
		return;
	}
	uint64_t at = ledger_missing_from(l, 0, sent);
	while (at < sent && e->mark_count < MARKS_MAX) {
		add_mark(e, publisher, subscriber, at);
		at = ledger_missing_from(l, at + 1, sent);
	}
}

static bool all_came(const struct engine *e)
{
	for (unsigned i = 0; i < e->mark_count; i++)
		if (!e->marks[i].came)
			return false;
	return true;
}

static bool await_room(struct engine *e, const struct client *c)
{
	while (!messages_have_room(c) && clock_now_us() - e->progress_us < SILENCE_US)
		if (!engine_turn(e, STEP_US))
			return false;
	return messages_have_room(c);
}

static void send_marks(struct engine *e)
{
	e->doing = "looking for what is lost";
	engine_progress(e, clock_now_us());
	for (unsigned i = 0; i < e->mark_count && !e->failed; i++)
		if (await_room(e, &e->clients[e->marks[i].publisher]))
			messages_put_mark(e, i);
	while (!all_came(e) && clock_now_us() - e->progress_us < SILENCE_US)
		if (!engine_turn(e, STEP_US))
			return;
}

/* What others of the pair have passed is proven without a mark. Only now, when all that still comes has come. */
static void count_passed(struct engine *e)
{
	for (unsigned p = 0; p < engine_publishers(e); p++)
		for (unsigned s = 0; s < e->plan->subscribers; s++) {
			const struct ledger *l = engine_ledger(e, p, s);
			if (is_heard(e, s) && !l->blind)
				e->out->account.proven += l->next - l->came;
		}
}

static void count_proven(struct engine *e)
{
	struct result_account *a = &e->out->account;

	if (workload_keeps_order(e->workload))
		count_passed(e);
	for (unsigned i = 0; i < e->mark_count; i++) {
		const struct proof_mark *m = &e->marks[i];
		const struct ledger *l = engine_ledger(e, m->publisher, m->subscriber);
		uint64_t sent = *engine_number(e, m->publisher, m->subscriber);
		if (!m->came)
			continue;
		if (!workload_keeps_order(e->workload))
			a->proven += ledger_missing_from(l, m->number, sent) == m->number;
		else if (l->next < sent)
			a->proven += sent - l->next;
	}
}

void proof_seek(struct engine *e)
{
	struct result_account *a = &e->out->account;
	unsigned publishers = engine_publishers(e);

	if (!e->ledgers)
		return;
	e->marks = calloc(MARKS_MAX, sizeof(*e->marks));
	if (!e->marks)
		abort();
	a->ordered = workload_keeps_order(e->workload);
	for (unsigned p = 0; p < publishers; p++)
		for (unsigned s = 0; s < e->plan->subscribers; s++)
			if (is_heard(e, s))
				consider(e, p, s);
	/* a retained message may be sent after one that is not, so no mark says anything of it */
	if (e->workload->retains || e->failed)
		e->mark_count = 0;
	if (e->mark_count)
		send_marks(e);
	count_proven(e);
	uint64_t came = a->delivered + a->unknown;
	a->lost = a->expected > came ? a->expected - came : 0;
	if (a->proven > a->lost)
		a->proven = a->lost;
	if (e->out->refused) /* nobody knows which they are */
		a->proven = 0;
}
