#include "cli/completion.h"

#include <getopt.h>
#include <string.h>

#include "base/arena.h"
#include "base/completion.h"
#include "bench/load/workload.h"
#include "cli/cli.h"
#include "cli/target_path.h"
#include "cli/walk.h"
#include "record/verdict.h"
#include "spec/spec.h"

/* What values there are to choose from; other options take any text, or a number. */
static const struct completion_value values[] = {
	{ "versions", "3.1.1 5.0 3.1.1,5.0" },
	{ "role", "server client agent" },
	{ "transports", "tcp tls ws wss unix all" },
	{ "transport", "tcp tls ws wss unix" },
	{ "qos", "0 1 2" },
	{ "segment", "whole bytes split batch all" },
	{ "color", "auto always never" },
	{ "pcap", "failures all none" },
	{ "profile", "all messages sessions retained wills shared clocks" },
	{ "play", "=files" },
	{ "expect", "none =files" },
	{ "client", "=files" },
	{ "exec", "=files" },
	{ "password-file", "=files" },
	{ "ca", "=files" },
	{ "cert", "=files" },
	{ "key", "=files" },
	{ "keylog", "=files" },
	{ "annotate", "=files" },
	{ "html", "=files" },
	{ "json", "=files" },
	{ "junit", "=files" },
	{ "tap", "=files" },
	{ "markdown", "=files" },
	{ "badge", "=files" },
	{ "out", "=folders" },
	{ "corpus", "=folders" },
	{ "play", "=files" },
};

/* ---- names --------------------------------------------------------------------------------- */

static void offer_target_names(const struct completion *c)
{
	struct arena a;

	arena_init(&a);
	completion_offer_words(c, target_names(&a));
	arena_fini(&a);
}

static void offer_targets(const struct completion *c)
{
	offer_target_names(c);
	if (*c->current)
		completion_offer(c, "=files", NULL);
}

/* Tables with their rows only once somebody asks for a row. */
static void offer_cases(const struct completion *c, bool of_agents)
{
	const struct case_def *def = NULL;
	const struct chapter *chapter = NULL;
	struct walk w = { 0 };
	char id[CASE_ID_SIZE];

	while (walk_next(&w)) {
		if (of_agents != (w.def->role == ROLE_AGENT))
			continue;
		if (w.chapter != chapter)
			completion_offer(c, w.chapter->id, w.chapter->title);
		if (w.def != def && strcmp(w.def->id, w.chapter->id) != 0)
			completion_offer(c, w.def->id, w.def->title);
		if (w.row && strchr(c->current, '/'))
			completion_offer(c, walk_id(&w, id), walk_title(&w));
		chapter = w.chapter;
		def = w.def;
	}
}

/* Once for both versions, unless one is asked for. */
static void offer_statements(const struct completion *c)
{
	bool of_version = strchr(c->current, ':');

	for (size_t i = 0; i < spec_statement_count; i++) {
		const struct spec_statement *s = &spec_statements[i];
		const char *name = of_version ? s->name : s->id;
		bool known = false;
		for (size_t k = 0; k < i && !of_version && !known; k++)
			known = !strcmp(spec_statements[k].id, name);
		if (!known)
			completion_offer(c, name, s->summary);
	}
}

static void offer_patterns(const struct completion *c)
{
	offer_cases(c, false);
	offer_statements(c);
}

/* What people may ask about, and type as it stands. */
static void offer_words_to_explain(const struct completion *c)
{
	for (int v = 0; v < VERDICT_COUNT; v++)
		completion_offer(c, verdict_name(v), NULL);
	for (int l = MUST; l <= MAY; l++)
		completion_offer(c, level_name(l), NULL);
}

static void offer_workloads(const struct completion *c)
{
	for (size_t i = 0; i < workload_count; i++)
		completion_offer(c, workloads[i].name, workloads[i].summary);
}

/* ---- commands ------------------------------------------------------------------------------ */

static void offer_arguments(const struct completion *c, const struct command *command, size_t words)
{
	if (command == &command_random) {
		if (words == 1)
			offer_targets(c);
	} else if (command == &command_run || command == &command_agent_check) {
		if (words == 1)
			offer_targets(c);
		if (command == &command_run)
			offer_patterns(c);
		else if (words > 1)
			offer_cases(c, true);
	} else if (command == &command_targets) {
		if (words == 1)
			completion_offer(c, "install", "run the recipes of these targets");
		offer_target_names(c);
	} else if (command == &command_bench) {
		if (words <= 2)
			offer_targets(c);
		offer_workloads(c);
	} else if (command == &command_fuzz) {
		offer_targets(c);
	} else if (command == &command_list) {
		offer_cases(c, true);
		offer_patterns(c);
	} else if (command == &command_explain) {
		offer_cases(c, true);
		offer_patterns(c);
		offer_words_to_explain(c);
	} else {
		completion_offer(c, "=files", NULL);
	}
}

static void offer_value(
	const struct completion *c, const struct command *command, const struct option *o)
{
	if (!strcmp(o->name, "not") && command == &command_fuzz)
		offer_statements(c);
	else if (!strcmp(o->name, "not"))
		offer_patterns(c);
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (!strcmp(values[i].option, o->name))
			completion_offer_words(c, values[i].words);
}

static void offer_commands(
	const struct completion *c, const struct command *const *commands, size_t count)
{
	for (size_t i = 0; i < count; i++)
		completion_offer(c, commands[i]->name, commands[i]->summary);
}

/* `words` are those after the program's name. */
static void offer(
	const struct command *const *commands, size_t command_count, char **words, size_t count)
{
	struct completion c = { .to = stdout, .current = words[count - 1], .prefix = "" };
	size_t i = 0;

	if (count == 1) {
		offer_commands(&c, commands, command_count);
		completion_offer(
			&c, "completion", "the script that completes command lines in a shell");
		completion_offer(&c, "help", "this, or options and examples of a command");
		completion_offer_words(&c, "--help --version");
		return;
	}
	if (!strcmp(words[0], "help"))
		offer_commands(&c, commands, command_count);
	if (!strcmp(words[0], "completion") && count == 2)
		completion_offer_words(&c, "bash zsh");
	while (i < command_count && strcmp(words[0], commands[i]->name) != 0)
		i++;
	if (i == command_count)
		return;
	const struct option *o = completion_option(&c, commands[i]->options, words[count - 2]);
	if (o)
		offer_value(&c, commands[i], o);
	else if (*c.current == '-')
		completion_offer_options(&c, commands[i]->options, commands[i]->help);
	else
		offer_arguments(&c, commands[i], count - 1);
}

static const char help[] =
	"Usage: mqttspec completion bash|zsh\n"
	"\n"
	"Prints the script by which that shell completes the command lines of mqttspec,\n"
	"mqttspec-broker and mqttspec-client. It is installed with the programs; this takes it in\n"
	"where it is not, or where the shell does not look there:\n"
	"\n"
	"  source <(mqttspec completion bash)\n"
	"\n"
	"Exit codes: 0; 2 for another shell.\n";

int completion_main(const struct command *const *commands, size_t count, int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "words") && argc > 2) {
		offer(commands, count, argv + 2, (size_t)argc - 2);
		return EXIT_AS_EXPECTED;
	}
	if (!strcmp(what, "bash") || !strcmp(what, "zsh")) {
		fputs(!strcmp(what, "bash") ? completion_bash : completion_zsh, stdout);
		return EXIT_AS_EXPECTED;
	}
	if (!strcmp(what, "--help") || !strcmp(what, "-h")) {
		fputs(help, stdout);
		return EXIT_AS_EXPECTED;
	}
	fprintf(stderr,
		"mqttspec completion: it takes bash or zsh\nTry: mqttspec completion --help\n");
	return EXIT_USAGE;
}
