#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "reports/html.h"
#include "reports/matrix.h"

static const char help[] =
	"Usage: mqttspec matrix RUN RUN... [OPTION...]\n"
	"\n"
	"Puts the records of several targets side by side: a column for each RUN (a file of\n"
	"records, or the folder that has it; of a run in shards, all of them joined by cat), a\n"
	"row for each statement that any of them judged. Rows in which they differ come first,\n"
	"then all by chapter. Without an option it is written as Markdown to standard output.\n"
	"\n"
	"A cell has the worst verdict that a case run found of the statement, – when none judged\n"
	"it. It leads to the evidence: the page that --pages makes, else report.html in the "
	"folder\n"
	"of the record, else the record.\n"
	"\n"
	"Options; each may be given once, and F may be - for standard output:\n"
	"  --html F         one page that needs nothing else, with search and filter\n"
	"  --markdown F     tables\n"
	"  --pages FOLDER   also an HTML report of each RUN, for the cells to lead to\n"
	"  -h, --help       this\n"
	"\n"
	"Examples:\n"
	"  mqttspec matrix mosquitto.jsonl nanomq.jsonl --html brokers.html --pages brokers\n"
	"  mqttspec matrix 2.0.11.jsonl 2.0.18.jsonl 2.0.20.jsonl\n"
	"\n"
	"Exit codes: 0 when it is written; 2 for bad usage, or a record that cannot be read; 3 "
	"when\n"
	"it cannot be written.\n";

/* What the user wants; NULL: not that. */
struct wishes {
	const char *html, *markdown, *pages;
};

/* ---- pages --------------------------------------------------------------------------------- */

/* "brokers/eclipse-mosquitto-2.0.11.html"; the second of that name gets its number. */
static const char *page_path(
	struct arena *a, const struct matrix *matrix, size_t column, const char *folder)
{
	const struct record_run *run = matrix->columns[column].runs->run;
	char *name = arena_printf(a, "%s%s%s", run->target_name, run->target_version ? "-" : "",
		run->target_version ? run->target_version : "");
	size_t twins = 0;

	for (char *c = name; *c; c++)
		*c = isalnum((unsigned char)*c) || *c == '.' ? (char)tolower(*c) : '-';
	for (size_t i = 0; i < column; i++) {
		const struct record_run *other = matrix->columns[i].runs->run;
		twins += !strcmp(other->target_name, run->target_name) &&
			!strcmp(other->target_version ? other->target_version : "",
				run->target_version ? run->target_version : "");
	}
	return twins ? arena_printf(a, "%s/%s-%zu.html", folder, name, twins + 1)
		     : arena_printf(a, "%s/%s.html", folder, name);
}

static bool write_page(struct arena *a, const char *path, const struct runs *runs)
{
	FILE *to = output_open(&command_matrix, path);
	const char **folders = arena_alloc(a, runs->source_count * sizeof(*folders));

	if (!to)
		return false;
	for (size_t i = 0; i < runs->source_count; i++)
		folders[i] = output_way(a, path, runs->sources[i].folder);
	report_html(to, runs, folders);
	return output_close(&command_matrix, path, to);
}

/* The page of each column, or NULL where there is none. False: one could not be written. */
static bool make_pages(
	struct arena *a, const struct matrix *matrix, const char *folder, const char **pages)
{
	if (folder && !output_make_folder(a, folder)) {
		fprintf(stderr, "mqttspec matrix: %s: %s\n", folder, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < matrix->column_count; i++) {
		const struct runs *runs = matrix->columns[i].runs;
		pages[i] = folder ? page_path(a, matrix, i, folder)
				  : arena_printf(a, "%s/report.html", runs->sources[0].folder);
		if (folder && !write_page(a, pages[i], runs))
			return false;
		if (!folder && access(pages[i], R_OK))
			pages[i] = NULL;
	}
	return true;
}

/* ---- the matrix ---------------------------------------------------------------------------- */

/* The way from the folder of `output` to a file. */
static const char *way_to(struct arena *a, const char *output, const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *folder = slash ? arena_printf(a, "%.*s", (int)(slash - file) + 1, file) : ".";
	const char *way = output_way(a, output, folder);

	return arena_printf(a, "%s%s%s", way, *way ? "/" : "", slash ? slash + 1 : file);
}

typedef void matrix_reporter(FILE *to, const struct matrix *matrix, const struct matrix_way *ways);

static bool write_one(struct arena *a, const char *path, matrix_reporter *report,
	const struct matrix *matrix, const char *const *pages)
{
	struct matrix_way *ways = arena_alloc(a, matrix->column_count * sizeof(*ways));
	FILE *to = output_open(&command_matrix, path);

	if (!to)
		return false;
	for (size_t i = 0; i < matrix->column_count; i++) {
		ways[i].page = pages[i] ? way_to(a, path, pages[i]) : NULL;
		ways[i].record = way_to(a, path, matrix->columns[i].runs->sources[0].path);
	}
	report(to, matrix, ways);
	return output_close(&command_matrix, path, to);
}

static int write_matrix(struct arena *a, const struct matrix *matrix, struct wishes wishes)
{
	const char **pages = arena_alloc(a, matrix->column_count * sizeof(*pages));

	if (!make_pages(a, matrix, wishes.pages, pages))
		return EXIT_NOTHING;
	if (!wishes.html && !wishes.markdown)
		wishes.markdown = "-";
	if (wishes.html && !write_one(a, wishes.html, report_matrix_html, matrix, pages))
		return EXIT_NOTHING;
	if (wishes.markdown &&
		!write_one(a, wishes.markdown, report_matrix_markdown, matrix, pages))
		return EXIT_NOTHING;
	return EXIT_AS_EXPECTED;
}

static int compare(char **paths, size_t count, struct wishes wishes)
{
	struct arena a;
	struct matrix matrix;
	const char *error = NULL;
	int code = EXIT_USAGE;

	arena_init(&a);
	struct runs *runs = arena_alloc(&a, count * sizeof(*runs));
	for (size_t i = 0; i < count && !error; i++)
		if (!runs_gather(&a, (const char *const *)&paths[i], 1, &runs[i], &error))
			fprintf(stderr, "mqttspec matrix: %s\n", error);
	if (!error) {
		matrix_make(&a, runs, count, &matrix);
		code = write_matrix(&a, &matrix, wishes);
	}
	arena_fini(&a);
	return code;
}

static const struct option options[] = {
	{ "html", required_argument, NULL, 'H' },
	{ "markdown", required_argument, NULL, 'm' },
	{ "pages", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int run(int argc, char **argv)
{
	struct wishes wishes = { 0 };
	int answer;

	opterr = 0;
	while ((answer = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (answer) {
		case 'H': wishes.html = optarg; break;
		case 'm': wishes.markdown = optarg; break;
		case 'p': wishes.pages = optarg; break;
		case 'h': fputs(help, stdout); return EXIT_AS_EXPECTED;
		default: return option_error(&command_matrix, answer, argv);
		}
	}
	if (argc - optind < 2)
		return usage_error(&command_matrix, "it takes two records or more");
	return compare(argv + optind, (size_t)(argc - optind), wishes);
}

const struct command command_matrix = {
	.name = "matrix",
	.synopsis = "RUN RUN... [--html F] [--markdown F] [--pages FOLDER]",
	.summary = "the records of several targets side by side, statement by statement",
	.run = run,
	.options = options,
	.help = help,
};
