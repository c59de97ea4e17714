#include <getopt.h>

#include "base/arena.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "reports/matrix.h"

static const char help[] =
	"Usage: mqttspec matrix RUN RUN... [OPTION...]\n"
	"\n"
	"Puts the records of several targets side by side: a column for each RUN (a file of\n"
	"records; of a run in shards, all of them joined by cat), a row for each statement that "
	"any\n"
	"of them judged. Rows in which they differ come first, then all by chapter. Without an\n"
	"option it is written as Markdown to standard output.\n"
	"\n"
	"A cell has the worst verdict that a case run found of the statement, – when none judged\n"
	"it.\n"
	"\n"
	"Options; each may be given once, and F may be - for standard output:\n"
	"  --html F         one page that needs nothing else, with search and filter\n"
	"  --markdown F     tables\n"
	"  -h, --help       this\n"
	"\n"
	"Examples:\n"
	"  mqttspec matrix mosquitto.jsonl nanomq.jsonl --html brokers.html\n"
	"  mqttspec matrix 2.0.11.jsonl 2.0.18.jsonl 2.0.20.jsonl\n"
	"\n"
	"Exit codes: 0 when it is written; 2 for bad usage, or a record that cannot be read; 3 "
	"when\n"
	"it cannot be written.\n";

typedef void matrix_reporter(FILE *to, const struct matrix *matrix);

static bool write_one(const char *path, matrix_reporter *report, const struct matrix *matrix)
{
	FILE *to = output_open(&command_matrix, path);

	if (!to)
		return false;
	report(to, matrix);
	return output_close(&command_matrix, path, to);
}

static int write_matrix(const struct matrix *matrix, const char *html, const char *markdown)
{
	if (!html && !markdown)
		markdown = "-";
	if (html && !write_one(html, report_matrix_html, matrix))
		return EXIT_NOTHING;
	if (markdown && !write_one(markdown, report_matrix_markdown, matrix))
		return EXIT_NOTHING;
	return EXIT_AS_EXPECTED;
}

static int compare(char **paths, size_t count, const char *html, const char *markdown)
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
		code = write_matrix(&matrix, html, markdown);
	}
	arena_fini(&a);
	return code;
}

static const struct option options[] = {
	{ "html", required_argument, NULL, 'H' },
	{ "markdown", required_argument, NULL, 'm' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int run(int argc, char **argv)
{
	const char *html = NULL, *markdown = NULL;
	int answer;

	opterr = 0;
	while ((answer = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (answer) {
		case 'H': html = optarg; break;
		case 'm': markdown = optarg; break;
		case 'h': fputs(help, stdout); return EXIT_AS_EXPECTED;
		default: return option_error(&command_matrix, answer, argv);
		}
	}
	if (argc - optind < 2)
		return usage_error(&command_matrix, "it takes two records or more");
	return compare(argv + optind, (size_t)(argc - optind), html, markdown);
}

const struct command command_matrix = {
	.name = "matrix",
	.synopsis = "RUN RUN... [--html F] [--markdown F]",
	.summary = "the records of several targets side by side, statement by statement",
	.run = run,
	.options = options,
	.help = help,
};
