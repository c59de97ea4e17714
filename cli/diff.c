#include <getopt.h>

#include "base/arena.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "reports/diff.h"

static const char help[] =
	"Usage: mqttspec diff OLD NEW [OPTION...]\n"
	"\n"
	"Compares the records of two runs, case run by case run: what broke, what was mended,\n"
	"what is new or gone. OLD and NEW are files of records (out/latest/run.jsonl), or\n"
	"the folders that have them; of a run in shards, all of them joined by cat.\n"
	"\n"
	"A case run broke when its verdict was good (pass, nonstrict, info, inapplicable) and is\n"
	"not any more, when it got worse (fail to crash), or when it breaks a statement that it\n"
	"did not break before. Whether a target's file foresees it makes no difference. A new "
	"case\n"
	"run cannot have broken: a baseline that knows it is needed first.\n"
	"\n"
	"Options:\n"
	"  --markdown F     write it as Markdown to F instead (- for standard output)\n"
	"  -h, --help       this\n"
	"\n"
	"Examples:\n"
	"  mqttspec diff baseline.jsonl out/latest/run.jsonl  exit code 1: something broke\n"
	"  mqttspec diff old.jsonl new.jsonl --markdown - >>\"$GITHUB_STEP_SUMMARY\"\n"
	"\n"
	"Exit codes: 0 when nothing broke; 1 when something did; 2 for bad usage, or a record "
	"that\n"
	"cannot be read; 3 when the two have no case run in common, or the result cannot be\n"
	"written.\n";

static int write_diff(const struct diff *diff, const char *markdown)
{
	const char *path = markdown ? markdown : "-";
	FILE *to = output_open(&command_diff, path);

	if (!to)
		return EXIT_NOTHING;
	(markdown ? report_diff_markdown : report_diff)(to, diff);
	if (!output_close(&command_diff, path, to))
		return EXIT_NOTHING;
	if (diff->count == diff->counts[DIFF_NEW] + diff->counts[DIFF_GONE]) {
		fprintf(stderr, "mqttspec diff: the two have no case run in common\n");
		return EXIT_NOTHING;
	}
	return diff->counts[DIFF_BROKE] ? EXIT_UNEXPECTED : EXIT_AS_EXPECTED;
}

static int compare(const char *before, const char *after, const char *markdown)
{
	struct arena a;
	struct runs old_runs, new_runs;
	struct diff diff;
	const char *error;
	int code = EXIT_USAGE;

	arena_init(&a);
	if (runs_gather(&a, &before, 1, &old_runs, &error) &&
		runs_gather(&a, &after, 1, &new_runs, &error)) {
		diff_make(&a, &old_runs, &new_runs, &diff);
		code = write_diff(&diff, markdown);
	} else {
		fprintf(stderr, "mqttspec diff: %s\n", error);
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
	const char *markdown = NULL;
	int answer;

	opterr = 0;
	while ((answer = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (answer) {
		case 'm': markdown = optarg; break;
		case 'h': fputs(help, stdout); return EXIT_AS_EXPECTED;
		default: return option_error(&command_diff, answer, argv);
		}
	}
	if (argc - optind != 2)
		return usage_error(&command_diff, "it takes two records, OLD and NEW");
	return compare(argv[optind], argv[optind + 1], markdown);
}

const struct command command_diff = {
	.name = "diff",
	.synopsis = "OLD NEW [--markdown F]",
	.summary = "what broke, what was mended, what is new or gone between two runs",
	.run = run,
	.options = options,
	.help = help,
};
