/* A run from the command line to its exit code: run_prepare.c says what is to be played against what,
 * run_login.c with which user name, run_tls.c with which certificates, run_guest.c within which bounds of its
 * host, run_look.c what the target breaks at every connection, run.c plays it for people, serve.c for a test
 * driver, run_end.c says what it was worth.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "cli/cli.h"
#include "cli/out_folder.h"
#include "cli/run_options.h"
#include "harness/agent/client.h"
#include "harness/agent/preload.h"
#include "harness/case.h"
#include "harness/peers/demands.h"
#include "harness/peers/guest.h"
#include "harness/runner/plan.h"
#include "harness/runner/runner.h"
#include "harness/runner/survey.h"
#include "harness/runner/target.h"
#include "harness/transport/pace.h"
#include "record/record.h"
#include "reports/terminal.h"

enum { UNJUDGED_REASONS_MAX = 64 };

struct unjudged_reason {
	const char *text;
	size_t count;
};

/* Case runs that said nothing about the target: not applicable or inconclusive, and unforeseen. */
struct unjudged {
	size_t count;
	size_t due; /* all that somebody could have hoped to learn something from */
	struct unjudged_reason reasons[UNJUDGED_REASONS_MAX];
	size_t reason_count;
};

struct run {
	struct arena arena;
	struct run_options options;
	const char *command; /* the command line, as somebody would type it again */

	const char
		*target_word; /* as it can be typed: "mosquitto", a path, a URL, "--client=..." */
	const char *command_word; /* of a client that has no file; or NULL */
	struct target_file file;  /* if it has one */
	bool has_file;
	enum role role;         /* what is judged ... */
	struct preload preload; /* of the client's agent, if it can be */
	struct client client;   /* ... if it is a client, or its agent */
	struct login login; /* for every CONNECT, where a broker is judged; user_name NULL: none */
	struct guest guest; /* what its host asks of us, where a broker is judged */
	struct pace pace;   /* guest.pace, if there is one */
	struct expectations expected;
	const struct case_def *const *cases; /* all that there are of the role */
	size_t case_count;
	struct routes routes; /* what it is reached over: at least one */
	struct plan plan;

	struct out_folder out;
	int stop_fd; /* a signal to stop; -1: none */
	struct target target;
	struct survey surveys[VERSION_COUNT];
	struct round_trip *round_trips; /* to the server over each route; all zero for a client */
	struct record_run record;
	struct terminal terminal;
	struct runner runner;
	struct unjudged unjudged;

	/* Plays something else than cases against the target, once it has been reached, or lists it, if options.list
	 * says so; returns an exit code. NULL: cases are played.
	 */
	int (*instead)(struct run *run, void *user);
	void *instead_user;
};

/* A command with the options of `run` that plays something else. */
int run_instead(const struct command *command, int argc, char **argv,
	int (*instead)(struct run *run, void *user), void *user);

/* Finds target, expectations and plan. False: end with *code; a complaint was printed. */
bool run_prepare(struct run *run, int *code);

/* Prints the sentence, and returns false. */
bool run_complain(const struct run *run, int *code, enum exit_code why, const char *sentence);

/* Finds run->routes, by what the target offers; the same. An agent may be launched, to say so. */
bool run_find_routes(struct run *run, int *code);

/* Why a client cannot be launched, with the package that it may lack. */
const char *run_not_launched(struct run *run, const char *why);

/* Finds run->login, which needs the target's file to have been read; the same. */
bool run_find_login(struct run *run, int *code);

/* Sees that what was said about TLS and WebSocket fits the routes, and that its files are of use; the same. */
bool run_find_tls(struct run *run, int *code);
struct tls_files run_tls_files(const struct run_options *o);
bool run_any_secret(const struct run *run);

/* Finds run->guest; the same. */
bool run_find_guest(struct run *run, int *code);

/* Looks at a plain connection. What is broken there becomes a finding of the run: its case is in
 * the plan from here on, whatever was selected.
 */
void run_look(struct run *run);

/* Allowed beyond the end of a timing window, the distance aside. */
int64_t run_slack_us(const struct run *run);

/* Whatever comes of a case run of the plan is reported here. */
void run_count(struct run *run, size_t index, const struct record_case *record);

/* A sentence when most of what was due could not be judged; else NULL. */
const char *run_unjudged(struct run *run);

/* When it is over: why the run says too little about its target, or nothing, as one sentence; NULL:
 * it says enough. An exit code of 3 always has one.
 */
const char *run_trouble(struct run *run);
int run_exit_code(const struct run *run, size_t unseen, const char *trouble);

/* Answers requests until there are no more. False when standard output was closed. */
void run_serve(struct run *run, const struct runner_config *config);

#endif
