#include "cli/targets.h"

#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "cli/cli.h"
#include "cli/nearest.h"
#include "cli/recipe.h"
#include "cli/target_path.h"
#include "harness/launch/words.h"
#include "harness/runner/target_install.h"

enum { DEADLINE_S = 3600, DEADLINE_S_MAX = 86400 };

static const char help[] =
	"Usage: mqttspec targets [PATTERN...] [--json]\n"
	"       mqttspec targets install NAME... [--deadline SECONDS]\n"
	"\n"
	"Lists the brokers and clients that mqttspec run and agent-check know by name: what is\n"
	"judged, the versions of MQTT, what there is of it on this machine (its version, \"yes\"\n"
	"where it does not say, \"-\" where it is not there), its name in full, and how to get\n"
	"what is not there. A PATTERN has the wildcards of the shell.\n"
	"\n"
	"With install, runs the recipe of each NAME: it fetches a pinned version from the\n"
	"registry of its language (npm, PyPI, Go, Maven), holds it against its sums, and puts it\n"
	"into a folder of its own, ~/.local/share/mqttspec/targets/RECIPE, or\n"
	"$MQTTSPEC_INSTALLED/RECIPE. Nothing is ever installed without being asked for. What is\n"
	"installed already is installed anew; to be rid of it, remove the folder.\n"
	"\n"
	"Options:\n"
	"  --json              one JSON array\n"
	"  --deadline SECONDS  how long a recipe may take (default: 3600)\n"
	"  -h, --help          this\n"
	"\n"
	"Examples:\n"
	"  mqttspec targets                              what is there, and how to get the rest\n"
	"  mqttspec targets 'paho*'\n"
	"  mqttspec targets install aedes && mqttspec run aedes\n"
	"  mqttspec targets --json | jq -r '.[] | select(.there) | .name'\n"
	"\n"
	"Exit codes: 0; 2 for a name that is not known, one that has no recipe, or a target file\n"
	"that cannot be read; 3 when a recipe failed; 130 interrupted.\n";

struct wishes {
	const char *const *names; /* of all targets; NULL after the last */
	char **words;             /* what was typed */
	size_t word_count;
	unsigned deadline_s;
	bool json;
};

static int say_unknown(struct arena *a, const struct wishes *w, const char *word)
{
	struct nearest n;
	char hint[NEAREST_TEXT];

	nearest_init(&n, word);
	for (size_t i = 0; w->names[i]; i++)
		nearest_offer(&n, w->names[i]);
	return usage_error(&command_targets, "there is no target \"%s\"%s%s", word, target_place(a),
		nearest_text(&n, hint));
}

/* ---- listing ------------------------------------------------------------------------------- */

static bool is_wanted(const struct wishes *w, const char *name)
{
	bool wanted = !w->word_count;

	for (size_t i = 0; i < w->word_count; i++)
		wanted |= fnmatch(w->words[i], name, 0) == 0;
	return wanted;
}

static const char *without_match(const struct wishes *w)
{
	for (size_t i = 0; i < w->word_count; i++) {
		size_t k = 0;
		while (w->names[k] && fnmatch(w->words[i], w->names[k], 0) != 0)
			k++;
		if (!w->names[k])
			return w->words[i];
	}
	return NULL;
}

static int list(struct arena *a, const struct wishes *w)
{
	struct known_target *found = NULL;
	size_t count = 0, capacity = 0;
	const char *stranger = without_match(w), *error;
	int code = EXIT_AS_EXPECTED;

	if (!w->names[0])
		return usage_error(&command_targets, "there is no target%s", target_place(a));
	if (stranger)
		return say_unknown(a, w, stranger);
	for (size_t i = 0; w->names[i]; i++) {
		if (!is_wanted(w, w->names[i]))
			continue;
		found = arena_grow(a, found, count, &capacity, sizeof(*found));
		if (known_target_read(a, w->names[i], &found[count], &error)) {
			known_target_look(a, &found[count++]);
		} else {
			fprintf(stderr, "mqttspec targets: %s\n", error);
			code = EXIT_USAGE;
		}
	}
	(w->json ? targets_print_json : targets_print)(found, count);
	return code;
}

/* ---- installing ---------------------------------------------------------------------------- */

/* By its own name, or by that of its recipe. */
static int find(struct arena *a, const struct wishes *w, const char *word, struct known_target *out)
{
	const char *error;

	for (size_t i = 0; w->names[i]; i++) {
		if (strcmp(w->names[i], word) != 0)
			continue;
		if (known_target_read(a, word, out, &error))
			return EXIT_AS_EXPECTED;
		fprintf(stderr, "mqttspec targets: %s\n", error);
		return EXIT_USAGE;
	}
	for (size_t i = 0; w->names[i]; i++)
		if (known_target_read(a, w->names[i], out, &error) && out->file.install &&
			!strcmp(out->file.install, word))
			return EXIT_AS_EXPECTED;
	return say_unknown(a, w, word);
}

static int install(struct arena *a, const struct known_target *t, unsigned deadline_s)
{
	const char *path = target_install_recipe(a, &t->file), *error = NULL;

	if (!t->file.install)
		return usage_error(&command_targets, "%s has no recipe%s%s", t->name,
			*t->how ? ": " : "", t->how);
	if (access(path, X_OK)) {
		fprintf(stderr, "mqttspec targets: there is no recipe %s\n", path);
		return EXIT_NOTHING;
	}
	printf("%s: %s\n", t->file.install, path);
	fflush(stdout);
	switch (recipe_run(a, path, deadline_s, &error)) {
	case RECIPE_DONE: break;
	case RECIPE_INTERRUPTED: return EXIT_INTERRUPTED;
	case RECIPE_FAILED:
		fprintf(stderr, "mqttspec targets: %s is not installed: %s\n", t->file.install,
			error);
		return EXIT_NOTHING;
	}
	error = target_install_lack(a, &t->file);
	if (error)
		fprintf(stderr, "mqttspec targets: %s\n", error);
	return error ? EXIT_NOTHING : EXIT_AS_EXPECTED;
}

/* All names are looked at before the first recipe is run. */
static int install_all(struct arena *a, const struct wishes *w)
{
	struct known_target *found = arena_alloc(a, w->word_count * sizeof(*found));
	int code = EXIT_AS_EXPECTED;

	if (!w->word_count)
		return usage_error(&command_targets, "install takes the name of a target");
	for (size_t i = 0; i < w->word_count && code == EXIT_AS_EXPECTED; i++)
		code = find(a, w, w->words[i], &found[i]);
	for (size_t i = 0; i < w->word_count && code == EXIT_AS_EXPECTED; i++)
		code = install(a, &found[i], w->deadline_s);
	return code;
}

/* ---- command line -------------------------------------------------------------------------- */

static const struct option options[] = {
	{ "json", no_argument, NULL, 'J' },
	{ "deadline", required_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static bool parse_deadline(const char *text, unsigned *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*out = (unsigned)n;
	return *text >= '0' && *text <= '9' && !*end && n >= 1 && n <= DEADLINE_S_MAX;
}

static int obey(struct wishes *w, char **words, size_t count)
{
	struct arena a;
	bool installs = count && !strcmp(words[0], "install");

	arena_init(&a);
	w->names = words_split(&a, target_names(&a));
	w->words = words + installs;
	w->word_count = count - installs;
	int code = installs ? install_all(&a, w) : list(&a, w);
	arena_fini(&a);
	return code;
}

static int run(int argc, char **argv)
{
	struct wishes w = { .deadline_s = DEADLINE_S };
	int answer;

	opterr = 0;
	while ((answer = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (answer) {
		case 'J': w.json = true; break;
		case 'd':
			if (!parse_deadline(optarg, &w.deadline_s))
				return usage_error(&command_targets,
					"--deadline takes a number of seconds, 1 to %d, not \"%s\"",
					DEADLINE_S_MAX, optarg);
			break;
		case 'h': fputs(help, stdout); return EXIT_AS_EXPECTED;
		default: return option_error(&command_targets, answer, argv);
		}
	}
	return obey(&w, argv + optind, (size_t)(argc - optind));
}

const struct command command_targets = {
	.name = "targets",
	.synopsis = "[PATTERN...] | install NAME...",
	.summary = "the brokers and clients known by name, what of them is there; install others",
	.run = run,
	.options = options,
	.help = help,
};
