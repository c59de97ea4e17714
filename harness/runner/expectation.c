#include "harness/runner/expectation.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "harness/case.h"
#include "harness/launch/words.h"
#include "harness/pattern.h"
#include "harness/versions.h"
#include "record/difference.h"
#include "record/record.h"

static bool speaks_of(const struct expectation *e, const struct case_def *def,
	const struct vector *row, enum mqtt_version version)
{
	return e->pattern && (e->versions & version_bit(version)) &&
		pattern_matches(e->pattern, def, row, version);
}

static bool is_over(const struct expectation *e, const struct transport *transport)
{
	for (size_t i = 0; i < e->routes.count; i++)
		if (e->routes.list[i] == transport)
			return true;
	return !e->routes.count;
}

static int specificity(
	const struct expectation *e, const struct case_def *def, const struct vector *row)
{
	char whole[256];
	int named = (e->versions != BOTH) + (e->routes.count != 0);

	snprintf(whole, sizeof(whole), row ? "%s/%s" : "%s", def->id, row ? row->id : "");
	if (!strcasecmp(e->pattern, whole))
		return 6 + named;
	if (!strcasecmp(e->pattern, def->id))
		return 3 + named;
	return named;
}

const struct expectation *expectation_find(const struct expectations *all,
	const struct case_def *def, const struct vector *row, enum mqtt_version version,
	const struct transport *transport)
{
	const struct expectation *best = NULL;
	int best_rank = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct expectation *e = &all->list[i];
		if (!speaks_of(e, def, row, version) || !is_over(e, transport))
			continue;
		int rank = specificity(e, def, row);
		if (!best || rank >= best_rank) {
			best = e;
			best_rank = rank;
		}
	}
	return best;
}

/* ---- causes -------------------------------------------------------------------------------- */

bool expectation_is_of_any(const struct expectation *e)
{
	return e->statement && !strcmp(e->statement, "*");
}

static unsigned versions_of(struct arena *a, const char *statement)
{
	if (!strcmp(statement, "*"))
		return BOTH;
	if (strchr(statement, ':'))
		return !spec_find(statement) ? 0 : *statement == '5' ? V50 : V311;
	return (spec_find(arena_printf(a, "3.1.1:%s", statement)) ? V311 : 0) |
		(spec_find(arena_printf(a, "5.0:%s", statement)) ? V50 : 0);
}

bool expectation_parse_cause(
	struct arena *a, const char *text, struct expectation *out, const char **why)
{
	const char *const *words = words_split(a, text);

	if (!words || !words[0] || (words[1] && words[2])) {
		*why = "must be a statement, and perhaps a word for the difference after it";
		return false;
	}
	out->statement = words[0];
	out->difference = words[1];
	out->cause = words[1] ? arena_printf(a, "%s %s", words[0], words[1]) : words[0];
	out->versions = versions_of(a, words[0]);
	if (!out->versions)
		*why = "there is no such statement (mqttspec explain)";
	else if (expectation_is_of_any(out) && !words[1])
		*why = "any statement (*) needs a word for the difference after it";
	else if (words[1] && !difference_meaning(words[1]))
		*why = "there is no such word for a difference (docs/RECORDS.md)";
	else
		return true;
	return false;
}

static bool is_statement(const struct expectation *e, const char *name)
{
	const char *colon = strchr(name, ':');

	if (!e->statement)
		return false;
	return !strcmp(e->statement, name) || (colon && !strcmp(e->statement, colon + 1));
}

static bool is_cause_of(const struct expectation *e, const struct record_case *record)
{
	const struct record_failure *f = record->failure;
	const char *difference = f ? difference_of(f) : NULL;

	if (!f || !f->statement || record->verdict != e->verdict)
		return false;
	if (!expectation_is_of_any(e) && !is_statement(e, f->statement))
		return false;
	return !e->difference || (difference && !strcmp(e->difference, difference));
}

/* No difference is known for the statements besides the one that the failure accuses. */
static bool is_foreseen_beside(
	const struct expectations *all, const char *statement, enum verdict verdict)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].verdict == verdict && is_statement(&all->list[i], statement))
			return true;
	return false;
}

static bool all_is_foreseen(const struct expectations *all, const struct record_case *record)
{
	for (size_t i = 0; i < record->statement_count; i++) {
		const struct record_statement *s = &record->statements[i];
		if (s->verdict == record->verdict && strcmp(s->name, record->failure->statement) &&
			!is_foreseen_beside(all, s->name, s->verdict))
			return false;
	}
	return true;
}

const struct expectation *expectation_find_cause(
	const struct expectations *all, const struct record_case *record)
{
	const struct expectation *best = NULL;
	int best_rank = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct expectation *e = &all->list[i];
		if (!is_cause_of(e, record))
			continue;
		int rank = expectation_is_of_any(e)
			? -1
			: 2 * (e->difference != NULL) + (strchr(e->statement, ':') != NULL);
		if (!best || rank >= best_rank) {
			best = e;
			best_rank = rank;
		}
	}
	return best && all_is_foreseen(all, record) ? best : NULL;
}

bool expectation_is_seen(const struct expectation *e, const struct record_case *record)
{
	if (is_cause_of(e, record))
		return true;
	for (size_t i = 0; i < record->statement_count; i++) {
		const struct record_statement *s = &record->statements[i];
		bool accused = record->failure && record->failure->statement &&
			!strcmp(record->failure->statement, s->name);
		if (!accused && s->verdict == e->verdict && is_statement(e, s->name))
			return true;
	}
	return false;
}

/* ---- entries that meet nothing ------------------------------------------------------------- */

static bool meets_row(
	const struct expectation *e, const struct case_def *def, const struct vector *row)
{
	for (int i = 0; i < VERSION_COUNT; i++)
		if (case_has_version(def, row, version_at(i)) &&
			speaks_of(e, def, row, version_at(i)))
			return true;
	return false;
}

static bool meets_case(const struct expectation *e, const struct case_def *def)
{
	if (!def->row_count)
		return meets_row(e, def, NULL);
	for (size_t i = 0; i < def->row_count; i++)
		if (meets_row(e, def, &def->rows[i]))
			return true;
	return false;
}

const struct expectation *expectation_orphan(
	const struct expectations *all, const struct case_def *const *cases, size_t case_count)
{
	for (size_t i = 0; i < all->count; i++) {
		bool met = !all->list[i].pattern;
		for (size_t c = 0; c < case_count && !met; c++)
			met = meets_case(&all->list[i], cases[c]);
		if (!met)
			return &all->list[i];
	}
	return NULL;
}
