#include "reports/site/site.h"

#include <getopt.h>
#include <stdio.h>

#include "base/arena.h"
#include "cli/cli.h"
#include "cli/site_capture.h"
#include "cli/site_folder.h"
#include "reports/site/write.h"

static const char help[] =
	"Usage: mqttspec site RUN... --out FOLDER [OPTION...]\n"
	"\n"
	"Makes a static site from the records of many targets: a matrix of targets and "
	"statements,\n"
	"where they differ first; a page for each target with what has changed over its versions;\n"
	"of each version the whole report, with transcripts, captures and texts for bug reports; "
	"a\n"
	"page for each statement and each case; badges; and all of it as JSON. It opens from the\n"
	"folder, without a network, and can be put on any server of files as it is.\n"
	"\n"
	"RUN is a file of records, or the folder that has it (out/2026-11-28-1015-mosquitto); of "
	"a\n"
	"run in shards, all of them joined by cat. A target is known by its name and role, a\n"
	"version of it by what it says of itself. Of two runs of one version the later one "
	"counts.\n"
	"\n"
	"Links stay the same from one making to the next: "
	"public/servers/eclipse-mosquitto/2.0.11/,\n"
	"public/statements/5.0/MQTT-4.3.3-10.html, public/cases/qos2_duplicate_publish.html.\n"
	"\n"
	"Options:\n"
	"  --out FOLDER     where to: a new folder, an empty one, or an earlier site, of which\n"
	"                   nothing is left that is not in the new one\n"
	"  --no-captures    without the captures; those with secrets (--wire) are never copied\n"
	"  -h, --help       this\n"
	"\n"
	"Examples:\n"
	"  mqttspec site out/*/run.jsonl --out public\n"
	"  mqttspec site mosquitto-2.0.11.jsonl mosquitto-2.0.18.jsonl --out public\n"
	"\n"
	"docs/RESULTS.md says how to publish it. Exit codes: 0 when it is written; 2 for bad "
	"usage,\n"
	"or a record that cannot be read or does not belong to a site; 3 when it cannot be "
	"written.\n";

struct wishes {
	const char *out;
	bool no_captures;
};

static bool write_folder(struct arena *a, const struct site *site, const char *path)
{
	struct site_folder folder;
	const struct site_writer writer = { site_folder_put, &folder };
	bool ok = site_folder_open(a, path, &folder) && site_write(site, &writer) &&
		site_capture_copy(a, site, &folder);

	ok &= site_folder_close(&folder);
	if (ok)
		printf("%s/index.html: %zu target%s, %zu files\n", path, site->target_count,
			site->target_count == 1 ? "" : "s", folder.name_count);
	else
		fprintf(stderr, "mqttspec site: %s\n", folder.error);
	return ok;
}

static bool gather(struct arena *a, char **paths, size_t count, bool no_captures, struct runs *runs,
	const char **error)
{
	for (size_t i = 0; i < count; i++) {
		if (!runs_gather(a, (const char *const *)&paths[i], 1, &runs[i], error))
			return false;
		site_capture_choose(a, &runs[i], no_captures);
	}
	return true;
}

static int make(char **paths, size_t count, struct wishes wishes)
{
	struct arena a;
	struct site site;
	const char *error = NULL;
	int code = EXIT_USAGE;

	arena_init(&a);
	struct runs *runs = arena_alloc(&a, count * sizeof(*runs));
	if (gather(&a, paths, count, wishes.no_captures, runs, &error) &&
		site_make(&a, runs, count, &site, &error)) {
		site.tool_version = tool_version;
		for (size_t i = 0; i < site.remark_count; i++)
			fprintf(stderr, "mqttspec site: %s\n", site.remarks[i]);
		code = write_folder(&a, &site, wishes.out) ? EXIT_AS_EXPECTED : EXIT_NOTHING;
	} else {
		fprintf(stderr, "mqttspec site: %s\n", error);
	}
	arena_fini(&a);
	return code;
}

static const struct option options[] = {
	{ "out", required_argument, NULL, 'o' },
	{ "no-captures", no_argument, NULL, 'n' },
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
		case 'o': wishes.out = optarg; break;
		case 'n': wishes.no_captures = true; break;
		case 'h': fputs(help, stdout); return EXIT_AS_EXPECTED;
		default: return option_error(&command_site, answer, argv);
		}
	}
	if (optind == argc)
		return usage_error(&command_site, "which records? (out/latest, for example)");
	if (!wishes.out)
		return usage_error(&command_site, "where to? --out FOLDER");
	return make(argv + optind, (size_t)(argc - optind), wishes);
}

const struct command command_site = {
	.name = "site",
	.synopsis = "RUN... --out FOLDER [--no-captures]",
	.summary = "a static site of the results of many targets, with links that stay",
	.run = run,
	.options = options,
	.help = help,
};
