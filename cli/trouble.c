#include "cli/trouble.h"

#include "base/arena.h"
#include "record/verdict.h"
#include "reports/runs.h"

const char *trouble_of_errors(struct arena *a, size_t count)
{
	return arena_printf(a, "%zu case %s in an error of the suite itself: please report it",
		count, count == 1 ? "run ended" : "runs ended");
}

const char *trouble_of_records(struct arena *a, const struct runs *runs)
{
	if (runs->gap_count)
		return arena_printf(a, "incomplete: %s", runs->gaps[runs->gap_count - 1]);
	if (runs->counts[VERDICT_ERROR])
		return trouble_of_errors(a, runs->counts[VERDICT_ERROR]);
	return runs->case_count || runs->scenarios ? NULL : "nothing was played";
}
