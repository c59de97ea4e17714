/* A run from the command line to its exit code: run_prepare.c says what is to be played against what,
 * run_login.c with which user name, run_look.c what the target breaks at every connection, run.c plays it
 * for people, serve.c for a test driver.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "cli/out_folder.h"
#include "cli/run_options.h"
#include "harness/case.h"
#include "harness/login.h"
#include "harness/play.h"
#include "harness/runner/plan.h"
#include "harness/runner/runner.h"
#include "harness/runner/survey.h"
#include "harness/runner/target.h"
#include "record/record.h"
#include "reports/terminal.h"

struct run {
	struct arena arena;
	struct run_options options;
	const char *command; /* the command line, as somebody would type it again */

	const char
		*target_word; /* as it can be typed: "mosquitto", a path, a URL, "--client=..." */
	const char *command_word; /* of a client that has no file; or NULL */
	struct target_file file;  /* if it has one */
	bool has_file;
	enum role role;       /* what is judged ... */
	struct client client; /* ... if it is a client, or its agent */
	struct login login; /* for every CONNECT, where a broker is judged; user_name NULL: none */
	struct expectations expected;
	const struct case_def *const *cases; /* all that there are of the role */
	size_t case_count;
	struct plan plan;

	struct out_folder out;
	int stop_fd; /* a signal to stop; -1: none */
	struct target target;
	struct survey surveys[SURVEY_VERSIONS];
	struct record_run record;
	struct terminal terminal;
	struct runner runner;
};

/* Finds target, expectations and plan. False: end with *code; a complaint was printed. */
bool run_prepare(struct run *run, int *code);

/* Finds run->login, which needs the target's file to have been read; the same. */
bool run_find_login(struct run *run, int *code);

/* Looks at a plain connection. What is broken there is a finding of the run: its case is in the plan
 * from here on, whatever was selected.
 */
void run_look(struct run *run);

/* Answers requests until there are no more. False when standard output was closed. */
void run_serve(struct run *run, const struct runner_config *config);

#endif
