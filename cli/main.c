/* mqttspec: judges MQTT brokers against every statement of 3.1.1 and 5.0. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/nearest.h"
#include "cli/output.h"
#include "spec/spec.h"

static const struct command *const commands[] = {
	&command_run,
	&command_agent_check,
	&command_check,
	&command_random,
	&command_fuzz,
	&command_bench,
	&command_list,
	&command_explain,
	&command_report,
	&command_diff,
	&command_matrix,
	&command_site,
	&command_targets,
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };

static void print_help(FILE *to)
{
	fprintf(to,
		"mqttspec judges MQTT brokers and clients against the statements of MQTT 3.1.1 "
		"and 5.0.\n\nUsage: mqttspec COMMAND [ARGUMENT...]\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  mqttspec %s %s\n      %s\n", commands[i]->name,
			commands[i]->synopsis, commands[i]->summary);
	fprintf(to,
		"  mqttspec completion bash|zsh\n      the script that completes command lines in "
		"that "
		"shell\n"
		"  mqttspec help [COMMAND]\n      this, or options and examples of a command\n"
		"  mqttspec --version\n      version and digest of the catalogue\n\n"
		"Examples:\n"
		"  mqttspec run mqtt://127.0.0.1:1883 will    judge a broker by one chapter\n"
		"  mqttspec explain MQTT-3.1.2-24             what that statement demands\n\n"
		"Exit codes: 0 all as expected, 1 something unexpected, 2 bad usage, 3 nothing "
		"ran or our\nown fault (mqttspec explain exit codes).\n");
}

static int run_command(int argc, char **argv)
{
	struct nearest n;
	char hint[NEAREST_TEXT];

	nearest_init(&n, argv[0]);
	for (size_t i = 0; i < COMMANDS; i++) {
		if (!strcmp(argv[0], commands[i]->name))
			return commands[i]->run(argc, argv);
		nearest_offer(&n, commands[i]->name);
	}
	nearest_offer(&n, "help");
	nearest_offer(&n, "completion");
	fprintf(stderr, "mqttspec: there is no command \"%s\"%s\nTry: mqttspec --help\n", argv[0],
		nearest_text(&n, hint));
	return EXIT_USAGE;
}

static bool asks_for_help(const char *word)
{
	return !strcmp(word, "help") || !strcmp(word, "--help") || !strcmp(word, "-h");
}

static int dispatch(int argc, char **argv)
{
	char *about[] = { argc > 2 ? argv[2] : NULL, (char[]){ "--help" }, NULL };
	const char *word = argc > 1 ? argv[1] : "";

	if (!strcmp(word, "--version") || !strcmp(word, "-V")) {
		printf("mqttspec %s, catalogue %.12s\n", tool_version, spec_digest);
		return EXIT_AS_EXPECTED;
	}
	if (!strcmp(word, "completion"))
		return completion_main(commands, COMMANDS, argc - 1, argv + 1);
	if (!strcmp(word, "help") && *about && !strcmp(*about, "completion"))
		return completion_main(commands, COMMANDS, 2, about);
	if (!strcmp(word, "help") && *about && !asks_for_help(*about))
		return run_command(2, about);
	if (asks_for_help(word)) {
		print_help(stdout);
		return EXIT_AS_EXPECTED;
	}
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	return run_command(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN); /* a reader who has seen enough is no error */
	int code = dispatch(argc, argv);

	if (!output_is_whole(stdout)) {
		perror("mqttspec: standard output");
		return EXIT_NOTHING;
	}
	return code;
}
