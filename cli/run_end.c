/* What a run is worth in the end: its exit code, and what is said when it says too little about its
 * target.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/run.h"
#include "cli/trouble.h"
#include "harness/case.h"
#include "harness/versions.h"

enum { ENOUGH_TO_TELL = 20 /* case runs: of fewer, somebody has chosen what does not apply */ };

/* ---- what could not be judged -------------------------------------------------------------- */

/* The target never offered to be judged by it, or somebody has written down that it cannot be. */
static bool is_foreseen(
	const struct run *run, const struct plan_item *item, const struct record_case *record)
{
	bool needs_agent = run->role == ROLE_CLIENT && !run->client.agent && !item->def->unaided;

	return needs_agent || run->surveys[version_place(item->version)].own_word ||
		(record->foreseen && record->expected);
}

/* "nothing for 5002 ms" is the same reason as "nothing for 5004 ms". */
static bool is_same_reason(const char *a, const char *b)
{
	static const char digits[] = "0123456789";

	for (;; a++, b++) {
		size_t skip_a = strspn(a, digits), skip_b = strspn(b, digits);
		a += skip_a;
		b += skip_b;
		if (!skip_a != !skip_b || *a != *b)
			return false;
		if (!*a)
			return true;
	}
}

static void count_reason(struct unjudged *u, struct arena *a, const char *text)
{
	for (size_t i = 0; i < u->reason_count; i++) {
		if (!is_same_reason(u->reasons[i].text, text))
			continue;
		u->reasons[i].count++;
		return;
	}
	if (u->reason_count < UNJUDGED_REASONS_MAX)
		u->reasons[u->reason_count++] = (struct unjudged_reason){ arena_text(a, text), 1 };
}

void run_count(struct run *run, size_t index, const struct record_case *record)
{
	struct unjudged *u = &run->unjudged;
	bool lost =
		record->verdict == VERDICT_INAPPLICABLE || record->verdict == VERDICT_INCONCLUSIVE;

	if (lost && is_foreseen(run, &run->plan.items[index], record))
		return;
	u->due++;
	u->count += lost;
	if (lost && record->failure && record->failure->actual)
		count_reason(u, &run->arena, record->failure->actual);
	else if (lost && record->note)
		count_reason(u, &run->arena, record->note);
}

const char *run_unjudged(struct run *run)
{
	const struct unjudged *u = &run->unjudged;
	const struct unjudged_reason *most = &u->reasons[0];

	if (u->due < ENOUGH_TO_TELL || 2 * u->count <= u->due)
		return NULL;
	const char *text = arena_printf(
		&run->arena, "%zu of %zu case runs could not be judged", u->count, u->due);
	for (size_t i = 1; i < u->reason_count; i++)
		if (u->reasons[i].count > most->count)
			most = &u->reasons[i];
	return most->count ? arena_printf(&run->arena, "%s, %zu of them for this reason: %s", text,
				     most->count, most->text)
			   : text;
}

/* ---- exit code ----------------------------------------------------------------------------- */

static const char *why_unserved(const struct run *run)
{
	for (int i = 0; i < VERSION_COUNT; i++)
		if (run->surveys[i].unserved)
			return run->surveys[i].unserved;
	return NULL;
}

const char *run_trouble(struct run *run)
{
	const struct runner *r = &run->runner;
	size_t errors = r->counts[VERDICT_ERROR], left = r->added - r->done;
	const char *unserved = why_unserved(run);

	if (r->stopped == RUNNER_INTERRUPTED)
		return NULL; /* which has an exit code of its own, and asks for no more */
	if (r->stopped == RUNNER_TARGET_LOST || r->stopped == RUNNER_BROKEN ||
		(r->stopped == RUNNER_DEADLINE && !run->options.until_failure))
		return arena_printf(&run->arena, "stopped early: %s; %zu of %zu case runs %s",
			r->sentence, left, r->added,
			left == 1 ? "did not have its turn" : "did not have their turn");
	if (r->unrecorded)
		return arena_printf(&run->arena, "%zu %s missing in %s/run.jsonl: %s",
			r->unrecorded, r->unrecorded == 1 ? "line is" : "lines are",
			run->options.out, r->unrecorded_why);
	if (errors)
		return trouble_of_errors(&run->arena, errors);
	if (!r->played && !run->options.serve)
		return unserved ? arena_printf(&run->arena, "nothing was played: %s", unserved)
				: "nothing was played";
	return run_unjudged(run);
}

int run_exit_code(const struct run *run, size_t unseen, const char *trouble)
{
	const struct runner *r = &run->runner;

	if (r->stopped == RUNNER_INTERRUPTED)
		return EXIT_INTERRUPTED;
	if (trouble)
		return EXIT_NOTHING;
	return r->unexpected || r->unexplained || unseen ? EXIT_UNEXPECTED : EXIT_AS_EXPECTED;
}
