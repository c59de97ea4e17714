#include "reports/site/data.h"

#include <string.h>

#include "base/arena.h"
#include "reports/json.h"
#include "reports/site/way.h"
#include "spec/spec.h"

/* Each member of an object but its last has a comma after it, as json_member writes it. */

static void put_counts(FILE *to, const size_t counts[static VERDICT_COUNT])
{
	const char *between = "";

	fputs("\"counts\":{", to);
	for (int v = 0; v < VERDICT_COUNT; v++) {
		if (!counts[v])
			continue;
		fprintf(to, "%s\"%s\":%zu", between, verdict_name((enum verdict)v), counts[v]);
		between = ",";
	}
	fputc('}', to);
}

static void put_time(FILE *to, const char *name, int64_t us)
{
	char time[RUNS_TIME_SIZE];

	fprintf(to, "\"%s\":\"%sZ\",", name, runs_time(us, 'T', time));
}

/* ---- targets ---- */

static void put_run(FILE *to, const struct runs *runs)
{
	const struct record_run *run = runs->run;

	json_member(to, "tool_version", run->tool_version);
	json_member(to, "catalogue", run->catalogue);
	json_member(to, "target", run->target);
	json_member(to, "target_url", run->target_url);
	json_member(to, "command", run->command);
	put_time(to, "started", runs->started_us);
	fprintf(to, "\"planned\":%zu,\"case_runs\":%zu,\"unexpected\":%zu,\"deaths\":%zu,",
		runs->planned, runs->case_count, runs->unexpected_count, runs->death_count);
	fputs("\"gaps\":[", to);
	for (size_t i = 0; i < runs->gap_count; i++) {
		fputs(i ? "," : "", to);
		json_text(to, runs->gaps[i]);
	}
	fputs("],", to);
	put_counts(to, runs->counts);
}

static void put_version(
	FILE *to, const struct site_version *version, const struct matrix_column *column)
{
	fputc('{', to);
	json_member(to, "version", version->name);
	json_member(to, "way", version->way);
	put_run(to, version->runs);
	fprintf(to, ",\"statements\":{\"judged\":%zu,\"kept\":%zu,\"broken\":%zu}}", column->judged,
		column->kept, column->broken);
}

void data_index(FILE *to, const struct site *site)
{
	fprintf(to, "{\"format\":%d,", SITE_FORMAT);
	json_member(to, "tool_version", site->tool_version);
	json_member(to, "catalogue", spec_digest);
	put_time(to, "until", site->until_us);
	fputs("\"targets\":[", to);
	for (size_t i = 0; i < site->target_count; i++) {
		const struct site_target *target = &site->targets[i];
		fputs(i ? ",\n{" : "\n{", to);
		json_member(to, "name", target->name);
		json_member(to, "role", target->client ? "client" : "server");
		json_member(to, "way", target->way);
		fputs("\"versions\":[", to);
		for (size_t v = 0; v < target->version_count; v++) {
			fputs(v ? ",\n" : "\n", to);
			put_version(to, &target->versions[v], &target->history.columns[v]);
		}
		fputs("]}", to);
	}
	fputs("]}\n", to);
}

/* ---- the matrix ---- */

/* "way of the version":{"verdict":"pass","counts":{...}}; there is a version for each target. */
static void put_cells(FILE *to, const struct site *site, const struct matrix_cell *cells,
	const struct site_version *const *versions)
{
	const char *between = "";

	fputs("\"targets\":{", to);
	for (size_t i = 0; i < site->target_count; i++) {
		if (!cells[i].judged)
			continue;
		fputs(between, to);
		json_text(to, versions[i]->way);
		fprintf(to, ":{\"verdict\":\"%s\",", verdict_name(cells[i].verdict));
		put_counts(to, cells[i].counts);
		fputc('}', to);
		between = ",";
	}
	fputs("}}", to);
}

void data_statements(FILE *to, const struct site *site)
{
	char url[SPEC_URL_SIZE];
	struct arena a;

	arena_init(&a);
	const struct site_version **versions =
		arena_alloc(&a, site->target_count * sizeof(*versions));
	for (size_t i = 0; i < site->target_count; i++)
		versions[i] = site_newest(&site->targets[i]);
	fprintf(to, "{\"format\":%d,\"statements\":[", SITE_FORMAT);
	for (size_t i = 0; i < site->matrix.row_count; i++) {
		const struct matrix_row *row = &site->matrix.rows[i];
		fputs(i ? ",\n{" : "\n{", to);
		json_member(to, "name", row->name);
		json_member(to, "way", way_statement(&a, row->name));
		if (row->statement) {
			json_member(to, "level", row->statement->level);
			json_member(to, "section", row->statement->section);
			json_member(to, "summary", row->statement->summary);
			json_member(to, "standard", spec_url(row->statement, url));
		}
		fprintf(to, "\"differs\":%s,", row->differs ? "true" : "false");
		put_cells(to, site, row->cells, versions);
	}
	fputs("]}\n", to);
	arena_fini(&a);
}

void data_cases(FILE *to, const struct site *site, const struct sightings *by_case)
{
	struct arena a;

	arena_init(&a);
	struct matrix_cell *cells = arena_alloc(&a, site->target_count * sizeof(*cells));
	const struct site_version **versions =
		arena_alloc(&a, site->target_count * sizeof(*versions));
	fprintf(to, "{\"format\":%d,\"cases\":[", SITE_FORMAT);
	for (size_t i = 0; i < by_case->count;) {
		struct sightings row =
			sightings_row((struct sightings){ by_case->list + i, by_case->count - i });
		const struct record_case *record = row.list->record;
		fputs(i ? ",\n{" : "\n{", to);
		json_member(to, "id", record->id);
		json_member(to, "version", record->version);
		json_member(to, "way", way_case(&a, record->id));
		json_member(to, "title", record->title);
		json_member(to, "chapter", record->chapter);
		json_member(to, "level", level_name(record->level));
		memset(cells, 0, site->target_count * sizeof(*cells));
		for (size_t n = 0; sightings_tell(row) && n < row.count; n++) {
			versions[row.list[n].column] = row.list[n].version;
			matrix_judge(&cells[row.list[n].column], row.list[n].verdict);
		}
		i += row.count;
		put_cells(to, site, cells, versions);
	}
	fputs("]}\n", to);
	arena_fini(&a);
}

/* ---- a version ---- */

static void put_failure(FILE *to, const struct record_failure *failure)
{
	fputs("\"failure\":{", to);
	json_member(to, "statement", failure->statement);
	json_member(to, "difference", failure->difference);
	json_member(to, "expected", failure->expected);
	fputs("\"actual\":", to);
	json_text(to, failure->actual);
	fputs("},", to);
}

static void put_case(FILE *to, const struct record_case *record)
{
	fputc('{', to);
	json_member(to, "id", record->id);
	json_member(to, "version", record->version);
	json_member(to, "transport", record->transport);
	json_member(to, "segmentation", record->segmentation);
	json_member(to, "level", level_name(record->level));
	json_member(to, "verdict", verdict_name(record->verdict));
	json_member(to, "note", record->note);
	json_member(to, "pcap", record->pcap);
	if (record->failure)
		put_failure(to, record->failure);
	fprintf(to, "\"repeat\":%d,\"expected\":%s,\"statements\":{", record->repeat,
		record->expected ? "true" : "false");
	for (size_t i = 0; i < record->statement_count; i++) {
		fputs(i ? "," : "", to);
		json_text(to, record->statements[i].name);
		fprintf(to, ":\"%s\"", verdict_name(record->statements[i].verdict));
	}
	fputs("}}", to);
}

void data_result(FILE *to, const struct site_target *target, const struct site_version *version)
{
	fprintf(to, "{\"format\":%d,", SITE_FORMAT);
	json_member(to, "name", target->name);
	json_member(to, "role", target->client ? "client" : "server");
	json_member(to, "version", version->name);
	put_run(to, version->runs);
	fputs(",\n\"cases\":[", to);
	for (size_t i = 0; i < version->runs->case_count; i++) {
		fputs(i ? ",\n" : "\n", to);
		put_case(to, version->runs->cases[i].record);
	}
	fputs("]}\n", to);
}
