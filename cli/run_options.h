/* What `mqttspec run` was asked for. */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "harness/runner/plan.h"
#include "harness/runner/runner.h"

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct command;

enum { SLACK_BY_ROLE = UINT_MAX };

struct run_options {
	const struct command *command; /* `run` or `agent-check` */
	const char *kept; /* the options that a case run needs to be the same again, for a shell */
	char *const *words; /* TARGET, if the first is one, and PATTERNs */
	size_t word_count;
	const char **excluded; /* PATTERNs of what is left out */
	size_t excluded_count, excluded_capacity;

	const char *client;        /* command line of a client's agent, or NULL */
	const char *exec;          /* of a client without one, or NULL */
	const char *user;          /* of every CONNECT, or NULL */
	const char *password_file; /* with its password, or NULL */
	const char *ca; /* whom to trust, or NULL; see harness/transport/tls_context.h ... */
	const char *cert, *key, *sni; /* ... or NULL */
	bool insecure;
	const char *ws_path;          /* of WebSockets, or NULL */
	const char *prefix;           /* what all topics are below, or NULL */
	const char *client_id_prefix; /* what all ClientIds begin with, or NULL */
	unsigned connect_rate;        /* connections a second, at most; 0: not given */
	unsigned versions;            /* mask of V311 and V50 */
	const char *segment;
	struct cuts cuts;
	struct routes routes; /* none: the usual one, or ... */
	bool all_transports;
	unsigned shard, shards; /* 0 and 0: everything */
	unsigned repeats;
	bool shuffle;
	bool has_seed;
	uint64_t seed;
	bool list;
	bool anyway; /* also where the first look says that nothing can be judged */

	unsigned jobs; /* 0: not given */
	bool no_fork;
	bool transcript;
	bool fail_fast;
	bool until_failure;
	unsigned deadline_s; /* 0: none */
	unsigned answer_ms;
	unsigned patience_s; /* 0: nothing is played again */
	unsigned slack_ms;   /* or SLACK_BY_ROLE */

	const char *expect; /* a file, "none", or NULL: the target's own */
	const char *out;
	enum runner_pcap pcap;
	bool wire;           /* captures of what is below TLS and WebSocket, too */
	const char *capture; /* an interface, or NULL */
	bool serve;
	bool verbose, quiet;
	enum color color;
};

/* Reads the command line of `run` or `agent-check`. True: go on with *out. False: end with the exit code *code; help or
 * a complaint was printed.
 */
bool run_options_read(struct arena *a, const struct command *command, int argc, char **argv,
	struct run_options *out, int *code);

extern const char run_help[], agent_check_help[];
extern const struct option run_options_table[]; /* of getopt_long */

#endif
