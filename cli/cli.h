/* The program is a table of subcommands (main.c), one file each. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

struct option;

enum exit_code {
	EXIT_AS_EXPECTED = 0,  /* every verdict was expected; the question was answered */
	EXIT_UNEXPECTED = 1,   /* something was not */
	EXIT_USAGE = 2,        /* bad usage: an option, a name that is not known */
	EXIT_NOTHING = 3,      /* nothing ran, or too little to tell; no target; or our own fault */
	EXIT_INTERRUPTED = 130 /* by SIGINT or SIGTERM; the record up to then is complete */
};

struct command {
	const char *name;     /* "list" */
	const char *synopsis; /* "[PATTERN...] [--json]": what follows the name */
	const char *summary;  /* a few words, without a full stop */

	/* Gets its own name as argv[0], answers --help, and returns an exit code. */
	int (*run)(int argc, char **argv);

	const struct option *options; /* of getopt_long, and ... */
	const char *help;             /* ... what --help prints: for completion in a shell */
};

extern const struct command command_run, command_agent_check, command_check, command_random,
	command_fuzz, command_bench, command_list, command_explain, command_report, command_diff,
	command_matrix, command_site, command_targets;

extern const char tool_version[]; /* "MAJOR.MINOR.PATCH", of CMakeLists.txt */

/* `completion bash|zsh`, and `completion words WORD...`, by which the scripts of the shells ask. */
int completion_main(const struct command *const *commands, size_t count, int argc, char **argv);

/* "mqttspec list: <the sentence>", then where to find help, on stderr. Returns EXIT_USAGE. */
int usage_error(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same for the option at which getopt_long stopped: '?' or ':', with opterr 0. */
int option_error(const struct command *command, int answer, char **argv);

#endif
