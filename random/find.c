#include "random/find.h"

#include <string.h>

#include "base/arena.h"

bool find_is_in(const struct record_case *r)
{
	return r->verdict == VERDICT_FAIL || r->verdict == VERDICT_CRASH;
}

/* Where the target has ended, all else that differed has come of that. */
static const struct record_failure *failure_of(const struct record_case *r)
{
	return r->verdict == VERDICT_CRASH ? NULL : r->failure;
}

static const char *statement_of(const struct record_case *r)
{
	const struct record_failure *f = failure_of(r);

	return f && f->statement ? f->statement : "";
}

static const char *difference_of(const struct record_case *r)
{
	const struct record_failure *f = failure_of(r);

	return f && f->difference ? f->difference : verdict_name(r->verdict);
}

/* What was due when a server closed a connection for no reason is a matter of chance. */
static bool is_closing(const char *difference)
{
	return !strcmp(difference, spec_difference_name(SPEC_CLOSED));
}

bool find_shows(const struct find *f, const struct record_case *r)
{
	return find_is_in(r) && !strcmp(f->difference, difference_of(r)) &&
		(is_closing(f->difference) || !strcmp(f->statement, statement_of(r)));
}

void find_tell(struct arena *a, struct find *f, const struct record_case *r)
{
	const struct record_failure *failure = failure_of(r);
	const char *expected = failure ? failure->expected : "a target that outlives its clients";
	const char *actual = failure ? failure->actual : r->note;

	f->statement = arena_text(a, statement_of(r));
	f->expected = arena_text(a, expected ? expected : "");
	f->actual = arena_text(a, actual ? actual : "");
}

struct find find_of(struct arena *a, const struct record_case *r)
{
	struct find f = {
		.difference = arena_text(a, difference_of(r)),
	};

	find_tell(a, &f, r);
	return f;
}
