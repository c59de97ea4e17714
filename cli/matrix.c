#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "reports/matrix.h"

static const char help[] =
	"Usage: mqttspec matrix RUN RUN... [OPTION...]\n"
	"\n"
	"Puts the records of several targets side by side: a column for each RUN (a file of\n"
	"records, or the folder that has it; of a run in shards, all of them joined by cat), a\n"
	"row for each statement that any of them judged. Rows in which they differ come first,\n"
	"then all by chapter. They are tables in Markdown, for the summary of a CI job; pages to\n"
	"read and to link to are made by mqttspec site.\n"
	"\n"
	"A cell has the worst verdict that a case run found of the statement, – when none judged\n"
	"it. It leads to the evidence: report.html in the folder of the record, else the record.\n"
	"\n"
	"Options:\n"
	"  --markdown F     write them there; - is standard output\n"
	"  -h, --help       this\n"
	"\n"
	"Examples:\n"
	"  mqttspec matrix mosquitto.jsonl nanomq.jsonl >>\"$GITHUB_STEP_SUMMARY\"\n"
	"  mqttspec matrix 2.0.11.jsonl 2.0.18.jsonl 2.0.20.jsonl\n"
	"\n"
	"Exit codes: 0 when it is written; 2 for bad usage, or a record that cannot be read; 3 "
	"when\n"
	"it cannot be written.\n";

/* The way from the folder of `output` to a file. */
static const char *way_to(struct arena *a, const char *output, const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *folder = slash ? arena_printf(a, "%.*s", (int)(slash - file) + 1, file) : ".";
	const char *way = output_way(a, output, folder);

	return arena_printf(a, "%s%s%s", way, *way ? "/" : "", slash ? slash + 1 : file);
}

static bool write_matrix(struct arena *a, const struct matrix *matrix, const char *path)
{
	struct matrix_way *ways = arena_alloc(a, matrix->column_count * sizeof(*ways));
	FILE *to = output_open(&command_matrix, path);

	if (!to)
		return false;
	for (size_t i = 0; i < matrix->column_count; i++) {
		const struct run_source *source = matrix->columns[i].runs->sources;
		const char *page = arena_printf(a, "%s/report.html", source->folder);
		ways[i].page = access(page, R_OK) ? NULL : way_to(a, path, page);
		ways[i].record = way_to(a, path, source->path);
	}
	report_matrix_markdown(to, matrix, ways);
	return output_close(&command_matrix, path, to);
}

static int compare(char **paths, size_t count, const char *path)
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
		code = write_matrix(&a, &matrix, path) ? EXIT_AS_EXPECTED : EXIT_NOTHING;
	}
	arena_fini(&a);
	return code;
}

static const struct option options[] = {
	{ "markdown", required_argument, NULL, 'm' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int run(int argc, char **argv)
{
	const char *path = "-";
	int answer;

	opterr = 0;
	while ((answer = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (answer) {
		case 'm': path = optarg; break;
		case 'h': fputs(help, stdout); return EXIT_AS_EXPECTED;
		default: return option_error(&command_matrix, answer, argv);
		}
	}
	if (argc - optind < 2)
		return usage_error(&command_matrix, "it takes two records or more");
	return compare(argv + optind, (size_t)(argc - optind), path);
}

const struct command command_matrix = {
	.name = "matrix",
	.synopsis = "RUN RUN... [--markdown F]",
	.summary = "the records of several targets side by side, statement by statement",
	.run = run,
	.options = options,
	.help = help,
};
