#include "reports/site/sightings.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "reports/site/way.h"

/* ---- all of them ---- */

/* How much of a record is to be sighted: its statements, or itself. */
struct gathering {
	struct sightings *out;
	size_t room;
	bool by_statement;
};

static void add_record(struct gathering *g, struct sighting s)
{
	if (!g->by_statement) {
		s.verdict = s.record->verdict;
		g->out->list[g->out->count++] = s;
		return;
	}
	for (size_t i = 0; i < s.record->statement_count; i++) {
		s.statement = s.record->statements[i].name;
		s.verdict = s.record->statements[i].verdict;
		g->out->list[g->out->count++] = s;
	}
}

static void add_runs(struct gathering *g, const struct runs *runs, size_t column,
	const struct site_version *version)
{
	for (size_t i = 0; i < runs->case_count; i++)
		add_record(g,
			(struct sighting){ .column = column,
				.version = version,
				.record = runs->cases[i].record });
}

static void make_room(struct gathering *g, const struct runs *runs)
{
	for (size_t i = 0; i < runs->case_count; i++)
		g->room += g->by_statement ? runs->cases[i].record->statement_count : 1;
}

static size_t column_of(const struct site *site, const struct record_run *run)
{
	size_t column = 0;

	while (strcmp(site->targets[column].name, run->target_name) ||
		site->targets[column].client != !strcmp(run->role, "client"))
		column++;
	return column;
}

static void gather(
	struct arena *a, const struct site *site, bool by_statement, struct sightings *out)
{
	struct gathering g = { .out = out, .by_statement = by_statement };

	for (size_t t = 0; t < site->target_count; t++)
		for (size_t v = 0; v < site->targets[t].version_count; v++)
			make_room(&g, site->targets[t].versions[v].runs);
	for (size_t i = 0; i < site->superseded_count; i++)
		make_room(&g, &site->superseded[i]);
	*out = (struct sightings){ .list = arena_alloc(a, g.room * sizeof(*out->list)) };
	for (size_t t = 0; t < site->target_count; t++)
		for (size_t v = 0; v < site->targets[t].version_count; v++)
			add_runs(&g, site->targets[t].versions[v].runs, t,
				&site->targets[t].versions[v]);
	for (size_t i = 0; i < site->superseded_count; i++)
		add_runs(&g, &site->superseded[i], column_of(site, site->superseded[i].run), NULL);
}

/* ---- those that count ---- */

/* Versions of one target; the newest is the last of them. */
static bool is_newer(const struct site_version *a, const struct site_version *b)
{
	return a && (!b || a > b);
}

/* Keeps of one group what is of the newest version of each target in it; if there is no version at all, all. */
static void keep_newest(struct sightings group, const struct site_version **newest, size_t columns,
	struct sightings *out)
{
	bool any = false;

	memset(newest, 0, columns * sizeof(*newest));
	for (size_t i = 0; i < group.count; i++) {
		const struct sighting *s = &group.list[i];
		any |= s->version != NULL;
		if (is_newer(s->version, newest[s->column]))
			newest[s->column] = s->version;
	}
	for (size_t i = 0; i < group.count; i++)
		if (!any ||
			(group.list[i].version &&
				group.list[i].version == newest[group.list[i].column]))
			out->list[out->count++] = group.list[i];
}

static void keep_newest_of_each(struct arena *a, const struct site *site, struct sightings *all)
{
	const struct site_version **newest = arena_alloc(a, site->target_count * sizeof(*newest));
	struct sightings kept = { .list = all->list };

	for (size_t i = 0; i < all->count;) {
		struct sightings group =
			sightings_group((struct sightings){ all->list + i, all->count - i });
		i += group.count;
		keep_newest(group, newest, site->target_count, &kept);
	}
	*all = kept;
}

/* ---- in order ---- */

static int compare_columns(const struct sighting *x, const struct sighting *y)
{
	return (x->column > y->column) - (x->column < y->column);
}

static int compare_by_statement(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;
	int order = strcmp(x->statement, y->statement);

	order = order ? order : compare_columns(x, y);
	if (!order && x->verdict != y->verdict)
		return matrix_worse(x->verdict, y->verdict) == x->verdict ? -1 : 1;
	return order ? order : case_compare(x->record, y->record);
}

static int compare_by_case(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;
	int order = strcmp(x->record->id, y->record->id);

	order = order ? order : strcmp(x->record->version, y->record->version);
	order = order ? order : compare_columns(x, y);
	return order ? order : case_compare(x->record, y->record);
}

void sightings_by_statement(struct arena *a, const struct site *site, struct sightings *out)
{
	gather(a, site, true, out);
	if (out->count)
		qsort(out->list, out->count, sizeof(*out->list), compare_by_statement);
	keep_newest_of_each(a, site, out);
}

void sightings_by_case(struct arena *a, const struct site *site, struct sightings *out)
{
	gather(a, site, false, out);
	if (out->count)
		qsort(out->list, out->count, sizeof(*out->list), compare_by_case);
	keep_newest_of_each(a, site, out);
}

/* ---- some of them ---- */

/* The first that is not before `statement`. */
static size_t lower_bound(const struct sightings *all, const char *statement)
{
	size_t low = 0, high = all->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(all->list[middle].statement, statement) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct sightings sightings_of(const struct sightings *all, const char *statement)
{
	size_t first = lower_bound(all, statement);
	struct sightings rest = { all->list + first, all->count - first };

	if (!rest.count || strcmp(rest.list->statement, statement))
		return (struct sightings){ 0 };
	return sightings_group(rest);
}

static bool is_same_group(const struct sighting *a, const struct sighting *b)
{
	return a->statement ? !strcmp(a->statement, b->statement)
			    : way_is_same_case(a->record->id, b->record->id);
}

struct sightings sightings_group(struct sightings of)
{
	size_t count = 0;

	while (count < of.count && is_same_group(of.list, &of.list[count]))
		count++;
	return (struct sightings){ of.list, count };
}

struct sightings sightings_row(struct sightings of)
{
	const struct record_case *first = of.list->record;
	size_t count = 1;

	while (count < of.count && !strcmp(of.list[count].record->id, first->id) &&
		!strcmp(of.list[count].record->version, first->version))
		count++;
	return (struct sightings){ of.list, count };
}

bool sightings_tell(struct sightings group)
{
	return group.count && group.list->version;
}

bool sighting_is_old(const struct site *site, const struct sighting *s)
{
	return s->version && s->version != site_newest(&site->targets[s->column]);
}

bool sighting_needs_evidence(enum verdict verdict)
{
	return !verdict_is_good(verdict) || verdict == VERDICT_NONSTRICT;
}
