#include <getopt.h>
#include <string.h>

#include "base/arena.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/screen.h"
#include "cli/trouble.h"
#include "reports/badge.h"
#include "reports/html.h"
#include "reports/junit.h"
#include "reports/markdown.h"
#include "reports/runs.h"
#include "reports/tap.h"
#include "reports/terminal.h"

static const char help[] =
	"Usage: mqttspec report RUN... [OPTION...]\n"
	"\n"
	"Makes reports from the records of a run, and from nothing else. RUN is a file of records\n"
	"(out/latest/run.jsonl), or the folder that has it (out/latest). Several are one run: the\n"
	"shards of it, or its repetitions; they must be of the same target. Without an option the\n"
	"run is shown as `mqttspec run` shows it.\n"
	"\n"
	"Options; each may be given more than once, and F may be - for standard output:\n"
	"  --html F         one page that needs nothing else: failures by cause, with transcript,\n"
	"                   packets byte by byte, statements, timing, filter and search\n"
	"  --junit F        JUnit XML for Jenkins, GitLab, GitHub. Expected failures are skipped\n"
	"                   with a reason; unexpected passes are failures\n"
	"  --tap F          TAP 14. Expected failures are TODO\n"
	"  --markdown F     for the summary of a CI job\n"
	"  --badge F        an SVG for a README\n"
	"  --exit-code      exit as `mqttspec run` would have done, for merged shards\n"
	"  -h, --help       this\n"
	"\n"
	"A record that was cut off, of a run that was killed, makes a report all the same, which\n"
	"says what is missing. In JUnit and TAP that is one failed test more.\n"
	"\n"
	"Examples:\n"
	"  mqttspec report out/latest/run.jsonl               on the screen\n"
	"  mqttspec report out/latest/run.jsonl --html report.html --junit junit.xml\n"
	"  mqttspec report shard*/run.jsonl --markdown - --exit-code >>\"$GITHUB_STEP_SUMMARY\"\n"
	"\n"
	"Exit codes: 0 when the reports are written; 2 for bad usage, or a record that cannot be\n"
	"read; 3 when a report cannot be written. With --exit-code also 1 when a verdict was not\n"
	"expected, or a cause that is foreseen was not seen, and 3 when nothing ran, a verdict\n"
	"was `error`, or records are incomplete.\n";

enum format { HTML, JUNIT, TAP, MARKDOWN, BADGE };

struct order {
	enum format format;
	const char *path;
};

static void write_html(FILE *to, const struct runs *runs, const char *path, struct arena *a)
{
	const char **folders = arena_alloc(a, runs->source_count * sizeof(*folders));

	for (size_t i = 0; i < runs->source_count; i++)
		folders[i] = output_way(a, path, runs->sources[i].folder);
	report_html(to, runs, folders, NULL);
}

static bool write_report(const struct order *order, const struct runs *runs, struct arena *a)
{
	FILE *to = output_open(&command_report, order->path);

	if (!to)
		return false;
	switch (order->format) {
	case HTML: write_html(to, runs, order->path, a); break;
	case JUNIT: report_junit(to, runs); break;
	case TAP: report_tap(to, runs); break;
	case MARKDOWN: report_markdown(to, runs); break;
	case BADGE: report_badge(to, runs); break;
	}
	return output_close(&command_report, order->path, to);
}

static void show_deaths(struct terminal *t, const struct runs *runs)
{
	for (size_t s = 0; s < runs->source_count; s++)
		for (size_t i = 0; i < runs->sources[s].file.death_count; i++)
			terminal_death(t, &runs->sources[s].file.deaths[i]);
}

/* As it looked while it ran, but in the order of reports. */
static void show(struct arena *a, const struct runs *runs)
{
	struct terminal t = {
		.to = stdout,
		.color = screen_has_color(stdout),
		.live = true, /* what went well is not worth a line */
		.width = screen_width(stdout, 100),
	};
	struct record_run run = *runs->run;
	struct record_end end = {
		.unexpected = runs->unexpected_count,
		.not_run = runs->not_run,
		.duration_us = runs->duration_us,
		.scenarios = runs->scenarios,
		.steps = runs->steps,
		.unseen = runs->unseen,
		.unseen_count = runs->unseen_count,
	};

	memcpy(end.counts, runs->counts, sizeof(end.counts));
	run.planned = runs->planned;
	terminal_begin(&t, &run);
	for (size_t i = 0; i < runs->case_count; i++) {
		t.folder = runs->cases[i].source->folder;
		terminal_case(&t, runs->cases[i].record);
	}
	show_deaths(&t, runs);
	for (size_t i = 0; i + 1 < runs->gap_count; i++)
		printf("incomplete: %s\n", runs->gaps[i]);
	terminal_end(&t, &end, trouble_of_records(a, runs));
}

static int verdict_of(struct arena *a, const struct runs *runs)
{
	if (trouble_of_records(a, runs))
		return EXIT_NOTHING;
	return runs_are_red(runs) ? EXIT_UNEXPECTED : EXIT_AS_EXPECTED;
}

static int report(const struct runs *runs, const struct order *orders, size_t count, bool judge,
	struct arena *a)
{
	if (!count)
		show(a, runs);
	for (size_t i = 0; i < count; i++)
		if (!write_report(&orders[i], runs, a))
			return EXIT_NOTHING;
	return judge ? verdict_of(a, runs) : EXIT_AS_EXPECTED;
}

static int gather_and_report(
	char **paths, size_t path_count, const struct order *orders, size_t count, bool judge)
{
	struct arena a;
	struct runs runs;
	const char *error;
	int code = EXIT_USAGE;

	arena_init(&a);
	if (runs_gather(&a, (const char *const *)paths, path_count, &runs, &error))
		code = report(&runs, orders, count, judge, &a);
	else
		fprintf(stderr, "mqttspec report: %s\n", error);
	arena_fini(&a);
	return code;
}

static int show_help(void)
{
	fputs(help, stdout);
	return EXIT_AS_EXPECTED;
}

static const struct option options[] = {
	{ "html", required_argument, NULL, HTML },
	{ "junit", required_argument, NULL, JUNIT },
	{ "tap", required_argument, NULL, TAP },
	{ "markdown", required_argument, NULL, MARKDOWN },
	{ "badge", required_argument, NULL, BADGE },
	{ "exit-code", no_argument, NULL, 'e' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int run(int argc, char **argv)
{
	enum { ORDERS_MAX = 32 };
	struct order orders[ORDERS_MAX];
	size_t count = 0;
	bool judge = false;
	int answer;

	opterr = 0;
	while ((answer = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (answer <= BADGE && count == ORDERS_MAX)
			return usage_error(
				&command_report, "more than %d reports at once", ORDERS_MAX);
		if (answer <= BADGE)
			orders[count++] = (struct order){ (enum format)answer, optarg };
		else if (answer == 'e')
			judge = true;
		else if (answer == 'h')
			return show_help();
		else
			return option_error(&command_report, answer, argv);
	}
	if (optind == argc)
		return usage_error(
			&command_report, "which record? (out/latest/run.jsonl, for example)");
	return gather_and_report(argv + optind, (size_t)(argc - optind), orders, count, judge);
}

const struct command command_report = {
	.name = "report",
	.synopsis = "RUN... [--html F] [--junit F] [--tap F] [--markdown F] [--badge F]",
	.summary = "reports from the records of a run",
	.run = run,
	.options = options,
	.help = help,
};
