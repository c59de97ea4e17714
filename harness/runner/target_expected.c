#include "harness/runner/target_expected.h"

#include <string.h>

#include "base/arena.h"
#include "harness/case.h"
#include "harness/launch/words.h"
#include "harness/runner/ini_file.h"
#include "harness/runner/plan.h"
#include "harness/versions.h"

static bool fault(struct arena *a, const struct target_expected *x, int line, const char *sentence,
	const char **error)
{
	*error = arena_printf(a, "%s:%d: %s", x->path, line, sentence);
	return false;
}

/* ---- one entry ----------------------------------------------------------------------------- */

/* What no single line of it can say; NULL: nothing is wrong. */
static const char *wrong_with(const struct target_expected *x, const struct expectation *e)
{
	if (!x->has_verdict)
		return "this expectation has no `verdict`";
	if (!e->reason)
		return "this expectation has no `reason`";
	if (e->cause && e->verdict != VERDICT_FAIL && e->verdict != VERDICT_NONSTRICT)
		return "a cause is foreseen as `fail` or as `nonstrict`";
	if (expectation_is_of_any(e) && !e->sometimes)
		return "a cause of any statement needs `sometimes = yes`";
	return NULL;
}

bool target_expected_finish(struct arena *a, struct target_expected *x, const char **error)
{
	const struct expectation *last = x->is_open ? &x->list[x->count - 1] : NULL;
	const char *sentence = last ? wrong_with(x, last) : NULL;

	x->is_open = x->has_verdict = false;
	return !sentence || fault(a, x, last->line, sentence, error);
}

/* "PATTERN [VERSION] [TRANSPORTS]" */
static const char *set_case(struct arena *a, struct expectation *e, const char *text)
{
	const char *const *words = words_split(a, text);
	size_t at = 1;

	if (!words || !words[0])
		return "must be a pattern, and perhaps a version after it";
	e->pattern = words[0];
	if (words[at] && versions_parse(words[at], &e->versions))
		at++;
	else
		e->versions = BOTH;
	if (words[at] && routes_parse(a, words[at], &e->routes))
		at++;
	if (words[at])
		return arena_printf(a,
			"after the pattern there may be `3.1.1` or `5.0`, and then one or more of "
			"%s with commas between",
			routes_text(a));
	return NULL;
}

static const char *begin(struct arena *a, struct target_expected *x, const struct ini_setting *s)
{
	struct expectation e = { .versions = BOTH, .path = x->path, .line = s->line };
	const char *why = NULL;

	if (!strcmp(s->name, "case"))
		why = set_case(a, &e, s->value);
	else
		expectation_parse_cause(a, s->value, &e, &why);
	if (why)
		return why;
	x->list = arena_grow(a, x->list, x->count, &x->capacity, sizeof(*x->list));
	x->list[x->count++] = e;
	x->is_open = true;
	return NULL;
}

static const char *set_text(struct arena *a, const char **field, const char *text)
{
	if (*field)
		return "is given twice";
	if (!*text)
		return "needs a value";
	*field = ini_prose(a, text);
	return NULL;
}

static const char *set_sometimes(struct expectation *e, const char *text)
{
	e->sometimes = !strcmp(text, "yes");
	return e->sometimes ? NULL : "must be `yes`, or not be there";
}

static const char *set_verdict(struct target_expected *x, struct expectation *e, const char *text)
{
	if (x->has_verdict)
		return "is given twice";
	x->has_verdict = verdict_parse(text, &e->verdict);
	return x->has_verdict ? NULL : "is no verdict";
}

static const char *continue_with(
	struct arena *a, struct target_expected *x, const struct ini_setting *s)
{
	struct expectation *e = &x->list[x->count - 1];

	if (!strcmp(s->name, "reason"))
		return set_text(a, &e->reason, s->value);
	if (!strcmp(s->name, "link"))
		return set_text(a, &e->link, s->value);
	if (!strcmp(s->name, "sometimes"))
		return set_sometimes(e, s->value);
	if (!strcmp(s->name, "verdict"))
		return set_verdict(x, e, s->value);
	return "an expectation has `case` or `cause`, `verdict`, `sometimes`, `reason`, `link`; "
	       "an `include` stands before one";
}

/* ---- another file -------------------------------------------------------------------------- */

static bool read_included(
	struct arena *a, struct target_expected *x, const struct ini_file *ini, const char **error)
{
	for (size_t i = 0; i < ini->count; i++) {
		const struct ini_setting *s = &ini->list[i];
		if (strcmp(s->section, "expected") != 0)
			return fault(a, x, s->section_line ? s->section_line : s->line,
				"a file that is included has [expected] alone", error);
		if (!target_expected_read(a, x, s, error))
			return false;
	}
	return target_expected_finish(a, x, error);
}

static bool include(
	struct arena *a, struct target_expected *x, const struct ini_setting *s, const char **error)
{
	struct target_expected other = *x;
	const char *slash = strrchr(x->path, '/');
	struct ini_file ini;

	other.is_included = true;
	other.path = *s->value == '/' || !slash
		? s->value
		: arena_printf(a, "%.*s/%s", (int)(slash - x->path), x->path, s->value);
	if (!ini_file_read(a, other.path, &ini, error)) {
		*error = arena_printf(a, "%s:%d: `include`: %s", x->path, s->line, *error);
		return false;
	}
	if (!read_included(a, &other, &ini, error))
		return false;
	x->list = other.list;
	x->count = other.count;
	x->capacity = other.capacity;
	return true;
}

/* ---- the section --------------------------------------------------------------------------- */

bool target_expected_read(
	struct arena *a, struct target_expected *x, const struct ini_setting *s, const char **error)
{
	bool begins = !strcmp(s->name, "case") || !strcmp(s->name, "cause");
	bool includes = !strcmp(s->name, "include");
	const char *why;

	if ((begins || includes) && !target_expected_finish(a, x, error))
		return false;
	if (includes && !x->is_included)
		return include(a, x, s, error);
	if (includes)
		why = "a file that is included includes no other";
	else if (begins)
		why = begin(a, x, s);
	else if (!x->is_open)
		why = "an expectation begins with `case` or `cause`";
	else
		why = continue_with(a, x, s);
	return !why || fault(a, x, s->line, arena_printf(a, "`%s`: %s", s->name, why), error);
}
