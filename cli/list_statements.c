/* Coverage: the statements that can be seen in the packets of a server, or of a client, and the cases for
 * each.
 */
#include "cli/list.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "cli/screen.h"
#include "harness/evidence/watch.h"
#include "harness/pattern.h"
#include "harness/versions.h"
#include "reports/text.h"
#include "spec/spec.h"

struct coverage {
	size_t shown, testable, covered;
	size_t watched, permitted; /* of those without a case */
};

/* How a statement is judged. */
struct standing {
	size_t cases;
	bool watched;         /* in every case run */
	bool permits;         /* it allows something, and demands nothing */
	const char *untested; /* why there is no case; or NULL */
};

static enum role role_of(const struct list_options *o)
{
	return o->roles & 1u << ROLE_CLIENT ? ROLE_CLIENT : ROLE_SERVER;
}

static bool refers(const struct list_options *o, const struct walk *w, const char *name)
{
	return w->def->role == role_of(o) && walk_refers(w, name) &&
		!list_leaves_out(o, w, ref_version(name));
}

/* Asked for by its own name, or by way of a case that refers to it. */
static bool is_selected(const struct list_options *o, const struct spec_statement *s)
{
	struct walk w = { 0 };

	if (!(s->testable & (role_of(o) == ROLE_CLIENT ? TESTABLE_CLIENT : TESTABLE_SERVER)) ||
		!(o->versions & version_bit(s->version)))
		return false;
	for (size_t i = 0; i < o->excluded_count; i++)
		if (pattern_matches_statement(o->excluded[i], s->name))
			return false;
	if (!o->pattern_count)
		return true;
	for (size_t i = 0; i < o->pattern_count; i++)
		if (pattern_matches_statement(o->patterns[i], s->name))
			return true;
	while (walk_next(&w))
		if (refers(o, &w, s->name) && list_selects(o, &w) & version_bit(s->version))
			return true;
	return false;
}

static size_t count_cases(const struct list_options *o, const struct spec_statement *s)
{
	struct walk w = { 0 };
	size_t count = 0;

	while (walk_next(&w))
		count += refers(o, &w, s->name);
	return count;
}

static struct standing standing_of(const struct list_options *o, const struct spec_statement *s)
{
	bool client = role_of(o) == ROLE_CLIENT;

	return (struct standing){
		.cases = count_cases(o, s),
		.watched = watch_covers(s, client ? SIDE_CLIENT : SIDE_SERVER),
		.permits = !strcmp(s->level, "MAY"),
		.untested = client ? s->untested_client : s->untested_server,
	};
}

enum { STANDING_SIZE = 64 };

/* "12 cases, watched", "0 cases, permission". */
static const char *standing_text(const struct standing *st, char out[static STANDING_SIZE])
{
	if (st->cases)
		snprintf(out, STANDING_SIZE, "%3zu %s%s", st->cases,
			st->cases == 1 ? "case" : "cases", st->watched ? ", watched" : "");
	else
		snprintf(out, STANDING_SIZE, "  0 cases%s",
			st->watched           ? ", watched"
				: st->permits ? ", permission"
					      : "");
	return out;
}

static void print_statement(
	struct arena *a, const struct spec_statement *s, const struct standing *st)
{
	enum { INDENT = 73 };
	char text[STANDING_SIZE];
	bool explained = !st->cases && !st->watched && !st->permits && st->untested;
	int column = printf("%-33s  %-13s  %-21s  ", s->name, s->level, standing_text(st, text));

	text_wrap(stdout,
		explained ? arena_printf(a, "%s No case: %s", s->summary, st->untested)
			  : s->summary,
		(struct text_block){
			.column = (size_t)column,
			.indent = INDENT,
			.width = screen_width(stdout, 0),
		});
	putchar('\n');
}

static json_t *cases_json(const struct list_options *o, const struct spec_statement *s)
{
	json_t *array = json_array();
	struct walk w = { 0 };
	char id[CASE_ID_SIZE];

	while (walk_next(&w))
		if (refers(o, &w, s->name))
			json_array_append_new(array, json_string(walk_id(&w, id)));
	return array;
}

static json_t *statement_json(
	const struct list_options *o, const struct spec_statement *s, const struct standing *st)
{
	json_t *each = json_object();

	json_object_set_new(each, "name", json_string(s->name));
	json_object_set_new(each, "section", json_string(s->section));
	json_object_set_new(each, "actor", json_string(spec_actor_name(s->actor)));
	json_object_set_new(each, "level", json_string(s->level));
	json_object_set_new(each, "summary", json_string(s->summary));
	json_object_set_new(each, "cases", cases_json(o, s));
	json_object_set_new(each, "watched", json_boolean(st->watched));
	json_object_set_new(each, "permission", json_boolean(st->permits));
	if (st->untested)
		json_object_set_new(each, "untested", json_string(st->untested));
	return each;
}

static void print_coverage(const struct coverage c[static BOTH + 1])
{
	size_t testable = c[V311].testable + c[V50].testable;
	size_t covered = c[V311].covered + c[V50].covered;

	size_t watched = c[V311].watched + c[V50].watched;
	size_t permitted = c[V311].permitted + c[V50].permitted;

	printf("%s%zu of %zu statements have a case (3.1.1: %zu of %zu, 5.0: %zu of %zu); of the "
	       "others %zu are watched, %zu are permissions, and %zu have neither\n",
		c[V311].shown + c[V50].shown ? "\n" : "", covered, testable, c[V311].covered,
		c[V311].testable, c[V50].covered, c[V50].testable, watched, permitted,
		testable - covered - watched - permitted);
}

void list_statements(const struct list_options *o)
{
	struct coverage coverage[BOTH + 1] = { 0 };
	json_t *array = json_array();
	struct arena arena;

	arena_init(&arena);
	for (size_t i = 0; i < spec_statement_count; i++) {
		const struct spec_statement *s = &spec_statements[i];
		struct coverage *c = &coverage[version_bit(s->version)];
		if (!is_selected(o, s))
			continue;
		struct standing st = standing_of(o, s);
		c->testable++;
		c->covered += st.cases > 0;
		c->watched += !st.cases && st.watched;
		c->permitted += !st.cases && !st.watched && st.permits;
		if (o->uncovered && st.cases)
			continue;
		c->shown++;
		if (o->json)
			json_array_append_new(array, statement_json(o, s, &st));
		else
			print_statement(&arena, s, &st);
	}
	if (o->json)
		json_dumpf(array, stdout, JSON_INDENT(1));
	if (o->json)
		putchar('\n');
	else
		print_coverage(coverage);
	json_decref(array);
	arena_fini(&arena);
}
