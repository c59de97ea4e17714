#include "reports/site/sightings.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

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

static const struct runs *runs_of(const struct site *site, size_t column)
{
	return site->matrix.columns[column].runs;
}

void sightings_by_statement(struct arena *a, const struct site *site, struct sightings *out)
{
	size_t most = 0;

	for (size_t i = 0; i < site->target_count; i++)
		for (size_t n = 0; n < runs_of(site, i)->case_count; n++)
			most += runs_of(site, i)->cases[n].record->statement_count;
	*out = (struct sightings){ .list = arena_alloc(a, most * sizeof(*out->list)) };
	for (size_t i = 0; i < site->target_count; i++)
		for (size_t n = 0; n < runs_of(site, i)->case_count; n++) {
			const struct record_case *record = runs_of(site, i)->cases[n].record;
			for (size_t s = 0; s < record->statement_count; s++)
				out->list[out->count++] =
					(struct sighting){ record->statements[s].name, i, record,
						record->statements[s].verdict };
		}
	if (out->count)
		qsort(out->list, out->count, sizeof(*out->list), compare_by_statement);
}

void sightings_by_case(struct arena *a, const struct site *site, struct sightings *out)
{
	size_t most = 0;

	for (size_t i = 0; i < site->target_count; i++)
		most += runs_of(site, i)->case_count;
	*out = (struct sightings){ .list = arena_alloc(a, most * sizeof(*out->list)) };
	for (size_t i = 0; i < site->target_count; i++)
		for (size_t n = 0; n < runs_of(site, i)->case_count; n++) {
			const struct record_case *record = runs_of(site, i)->cases[n].record;
			out->list[out->count++] =
				(struct sighting){ NULL, i, record, record->verdict };
		}
	if (out->count)
		qsort(out->list, out->count, sizeof(*out->list), compare_by_case);
}

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
	size_t first = lower_bound(all, statement), end = first;

	while (end < all->count && !strcmp(all->list[end].statement, statement))
		end++;
	return (struct sightings){ all->list + first, end - first };
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

bool sighting_needs_evidence(enum verdict verdict)
{
	return !verdict_is_good(verdict) || verdict == VERDICT_NONSTRICT;
}
