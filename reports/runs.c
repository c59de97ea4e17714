#include "reports/runs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/arena.h"
#include "reports/failure.h"
#include "reports/text.h"

bool runs_are_red(const struct runs *runs)
{
	return runs->unexpected_count || runs->unseen_count ||
		(runs->scenarios && runs->death_count);
}

int case_compare(const struct record_case *a, const struct record_case *b)
{
	int order = strcmp(a->chapter, b->chapter);

	order = order ? order : strcmp(a->id, b->id);
	order = order ? order : strcmp(a->version, b->version);
	order = order ? order : strcmp(a->transport, b->transport);
	order = order ? order : strcmp(a->segmentation, b->segmentation);
	return order ? order : a->repeat - b->repeat;
}

/* Case runs that are equal keep the order of their files. */
static int compare_cases(const void *a, const void *b)
{
	const struct record_case *x = ((const struct run_case *)a)->record;
	const struct record_case *y = ((const struct run_case *)b)->record;
	int order = case_compare(x, y);

	if (order)
		return order;
	return (x->started_us > y->started_us) - (x->started_us < y->started_us);
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool is_same_target(const struct record_run *a, const struct record_run *b)
{
	return is_same(a->target, b->target) && is_same(a->target_name, b->target_name) &&
		is_same(a->target_version, b->target_version) && is_same(a->role, b->role);
}

/* Where a record's file lies, as a prefix of the paths in it. */
static const char *folder_of(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return slash == path ? "/" : arena_printf(a, "%.*s", (int)(slash - path), path);
}

static const char *describe(struct arena *a, const struct record_run *run)
{
	return arena_printf(a, "%s%s%s (%s)", run->target_name, run->target_version ? " " : "",
		run->target_version ? run->target_version : "", run->role);
}

/* Takes what one file says of whole runs. */
static bool add_source(
	struct arena *a, struct runs *out, const struct run_source *source, const char **error)
{
	const struct record_file *file = &source->file;

	for (size_t i = 0; i < file->run_count; i++) {
		const struct record_run *run = &file->runs[i];
		if (!out->run || run->started_us < out->started_us)
			out->started_us = run->started_us;
		out->run = out->run ? out->run : run;
		out->planned += run->planned;
		if (is_same_target(out->run, run))
			continue;
		*error = arena_printf(a,
			"%s: a record of %s among those of %s; mqttspec matrix puts targets side "
			"by side",
			source->path, describe(a, run), describe(a, out->run));
		return false;
	}
	for (size_t i = 0; i < file->end_count; i++) {
		out->scenarios += file->ends[i].scenarios;
		out->steps += file->ends[i].steps;
	}
	out->case_count += file->case_count;
	out->death_count += file->death_count;
	return true;
}

static void add_case(struct runs *out, struct run_case entry)
{
	const struct record_case *record = entry.record;

	out->cases[out->case_count++] = entry;
	out->counts[record->verdict]++;
	out->unexpected[record->verdict] += !record->expected;
	out->unexpected_count += !record->expected;
	out->expected_failures += case_is_expected_failure(record);
}

static void later(int64_t *end_us, int64_t us)
{
	if (us > *end_us)
		*end_us = us;
}

static void add_cases(struct runs *out)
{
	int64_t end_us = out->started_us;

	out->case_count = 0;
	for (size_t s = 0; s < out->source_count; s++) {
		const struct run_source *source = &out->sources[s];
		const struct record_file *file = &source->file;
		for (size_t i = 0; i < file->case_count; i++) {
			add_case(out, (struct run_case){ &file->cases[i], source });
			later(&end_us, file->cases[i].started_us + file->cases[i].duration_us);
		}
		for (size_t i = 0; file->end_count == file->run_count && i < file->run_count; i++)
			later(&end_us, file->runs[i].started_us + file->ends[i].duration_us);
	}
	out->duration_us = end_us - out->started_us;
	if (out->case_count)
		qsort(out->cases, out->case_count, sizeof(*out->cases), compare_cases);
}

/* ---- what was foreseen and did not come up ---- */

/* Of a cause that a run, or a shard, has met its end says nothing. */
static bool is_unseen_by_all(const struct runs *out, const char *cause)
{
	for (size_t s = 0; s < out->source_count; s++) {
		const struct record_file *file = &out->sources[s].file;
		for (size_t i = 0; i < file->end_count; i++) {
			bool found = false;
			for (size_t u = 0; u < file->ends[i].unseen_count && !found; u++)
				found = !strcmp(file->ends[i].unseen[u].cause, cause);
			if (!found)
				return false;
		}
	}
	return true;
}

/* Nothing, when not everything was played. */
static void find_unseen(struct arena *a, struct runs *out)
{
	const struct record_file *first = &out->sources[0].file;
	const struct record_end *end = first->end_count ? &first->ends[0] : NULL;

	if (!end || out->gap_count)
		return;
	struct record_unseen *list = arena_alloc(a, end->unseen_count * sizeof(*list));
	for (size_t i = 0; i < end->unseen_count; i++)
		if (is_unseen_by_all(out, end->unseen[i].cause))
			list[out->unseen_count++] = end->unseen[i];
	out->unseen = list;
}

/* ---- what is missing ---- */

struct gaps {
	struct arena *arena;
	const char **list;
	size_t count, capacity;
};

static void add_gap(struct gaps *g, const char *sentence)
{
	g->list = arena_grow(g->arena, g->list, g->count, &g->capacity, sizeof(*g->list));
	g->list[g->count++] = sentence;
}

static void find_foreign_lines(struct gaps *g, const struct run_source *source)
{
	const struct record_file *file = &source->file;

	if (file->foreign_count == 1)
		add_gap(g,
			arena_printf(g->arena, "%s:%zu is no record, and was left out",
				source->path, file->foreigns[0]));
	else if (file->foreign_count)
		add_gap(g,
			arena_printf(g->arena,
				"%s:%zu is no record, and was left out, as were %zu more lines",
				source->path, file->foreigns[0], file->foreign_count - 1));
}

static void find_cuts(struct gaps *g, struct runs *out)
{
	bool all_ended = true;
	size_t not_run = 0;

	for (size_t s = 0; s < out->source_count; s++) {
		const struct run_source *source = &out->sources[s];
		const struct record_file *file = &source->file;
		find_foreign_lines(g, source);
		if (file->truncated)
			add_gap(g,
				arena_printf(g->arena,
					"%s was cut off in the middle of its last line, which was "
					"left out",
					source->path));
		if (file->end_count < file->run_count) {
			add_gap(g,
				arena_printf(g->arena,
					"%s has no end: mqttspec was killed, or the run still "
					"goes on",
					source->path));
			all_ended = false;
		}
		for (size_t i = 0; i < file->end_count; i++) {
			not_run += file->ends[i].not_run;
			if (file->ends[i].stopped)
				add_gap(g,
					arena_printf(g->arena, "the run was stopped early: %s",
						file->ends[i].stopped));
			if (file->ends[i].unrecorded)
				add_gap(g,
					arena_printf(g->arena,
						"%s lacks %zu of its lines: they could not be "
						"written",
						source->path, file->ends[i].unrecorded));
			if (file->ends[i].unjudged)
				add_gap(g, file->ends[i].unjudged);
		}
	}
	if (!all_ended)
		not_run = out->planned > out->case_count ? out->planned - out->case_count : 0;
	out->not_run = not_run;
	if (not_run)
		add_gap(g,
			arena_printf(g->arena, "%zu of %zu case runs were not played", not_run,
				out->planned));
}

static bool has_shard(const struct runs *out, const char *shard)
{
	for (size_t s = 0; s < out->source_count; s++)
		for (size_t i = 0; i < out->sources[s].file.run_count; i++)
			if (is_same(out->sources[s].file.runs[i].shard, shard))
				return true;
	return false;
}

/* A report made from three of four shards must not look like one of the whole. */
static void find_missing_shards(struct gaps *g, const struct runs *out)
{
	enum { SHARDS_MAX = 1000 }; /* more than that is no number of shards */
	const char *slash = out->run->shard ? strchr(out->run->shard, '/') : NULL;
	long shards = slash ? strtol(slash + 1, NULL, 10) : 0;

	for (long i = 1; i <= shards && shards <= SHARDS_MAX; i++) {
		const char *shard = arena_printf(g->arena, "%ld/%ld", i, shards);
		if (!has_shard(out, shard))
			add_gap(g,
				arena_printf(g->arena, "shard %s is not among the records", shard));
	}
}

/* Of the folder of a run, its record. */
static const char *record_path(struct arena *a, const char *path)
{
	struct stat s;

	if (stat(path, &s) < 0 || !S_ISDIR(s.st_mode))
		return path;
	return arena_printf(a, "%s/run.jsonl", path);
}

bool runs_gather(struct arena *a, const char *const *paths, size_t count, struct runs *out,
	const char **error)
{
	struct run_source *sources = arena_alloc(a, count * sizeof(*sources));
	struct gaps gaps = { .arena = a };

	*out = (struct runs){ .sources = sources, .source_count = count };
	for (size_t i = 0; i < count; i++) {
		sources[i].path = record_path(a, paths[i]);
		sources[i].folder = folder_of(a, sources[i].path);
		if (!record_load(a, sources[i].path, &sources[i].file, error) ||
			!add_source(a, out, &sources[i], error))
			return false;
	}
	out->cases = arena_alloc(a, out->case_count * sizeof(*out->cases));
	add_cases(out);
	find_cuts(&gaps, out);
	find_missing_shards(&gaps, out);
	out->gaps = gaps.list;
	out->gap_count = gaps.count;
	find_unseen(a, out);
	return true;
}

/* ---- words ---- */

void case_label(FILE *to, const struct record_case *record)
{
	text_put(to, record->id);
	fputc(' ', to);
	text_put(to, record->version);
	if (strcmp(record->transport, "tcp")) {
		fputc(' ', to);
		text_put(to, record->transport);
	}
	if (*record->segmentation && strcmp(record->segmentation, "whole")) {
		fputc(' ', to);
		text_put(to, record->segmentation);
	}
	if (record->repeat)
		fprintf(to, " run %d", record->repeat + 1);
}

const char *case_remark(const struct record_case *record)
{
	if (record->note)
		return record->note;
	return record->failure && *record->failure->actual ? record->failure->actual : NULL;
}

void runs_target(FILE *to, const struct record_run *run)
{
	text_put(to, run->target_name);
	if (run->target_version) {
		fputc(' ', to);
		text_put(to, run->target_version);
	}
}

const char *runs_time(int64_t us, char between, char out[static RUNS_TIME_SIZE])
{
	time_t seconds = (time_t)(us / 1000000);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900)
		snprintf(out, RUNS_TIME_SIZE, "1970-01-01%c00:00:00", between);
	else
		snprintf(out, RUNS_TIME_SIZE, "%04u-%02u-%02u%c%02u:%02u:%02u",
			(unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
			(unsigned)tm.tm_mday % 100, between, (unsigned)tm.tm_hour % 100,
			(unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
	return out;
}
