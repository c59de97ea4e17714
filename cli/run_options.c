#include "cli/run_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/shell.h"
#include "cli/cli.h"
#include "harness/case.h"
#include "harness/peers/guest.h"
#include "harness/versions.h"

enum {
	JOBS_MAX = 256,
	ANSWER_MS = 5000,
	PATIENCE_S = 40, /* beyond the timers of 30 s that some targets close by */
	PATIENCE_S_MAX = 600,
	TIME_MS_MAX = 600000,
	REPEATS_MAX = 1000000,
	SHARDS_MAX = 10000,
	DEADLINE_S_MAX = 1000000,
	CONNECT_RATE_MAX = 100000,
};

enum long_only {
	CLIENT = 256,
	EXEC,
	USER,
	PASSWORD_FILE,
	CA,
	CERT,
	KEY,
	INSECURE,
	SNI,
	WS_PATH,
	PREFIX,
	CLIENT_ID_PREFIX,
	CONNECT_RATE,
	NOT,
	VERSIONS,
	TRANSPORTS,
	SEGMENT,
	REPEAT,
	UNTIL_FAILURE,
	SHARD,
	SHUFFLE,
	SEED,
	LIST,
	ANYWAY,
	FAIL_FAST,
	DEADLINE,
	TIMEOUT,
	PATIENCE,
	SLACK,
	NO_FORK,
	EXPECT,
	STRICT,
	TRANSCRIPT,
	COLOR,
	OUT,
	PCAP,
	WIRE,
	CAPTURE,
	SERVE,
};

const struct option run_options_table[] = {
	{ "client", required_argument, NULL, CLIENT },
	{ "exec", required_argument, NULL, EXEC },
	{ "user", required_argument, NULL, USER },
	{ "password-file", required_argument, NULL, PASSWORD_FILE },
	{ "ca", required_argument, NULL, CA },
	{ "cert", required_argument, NULL, CERT },
	{ "key", required_argument, NULL, KEY },
	{ "insecure", no_argument, NULL, INSECURE },
	{ "sni", required_argument, NULL, SNI },
	{ "ws-path", required_argument, NULL, WS_PATH },
	{ "prefix", required_argument, NULL, PREFIX },
	{ "client-id-prefix", required_argument, NULL, CLIENT_ID_PREFIX },
	{ "connect-rate", required_argument, NULL, CONNECT_RATE },
	{ "not", required_argument, NULL, NOT },
	{ "versions", required_argument, NULL, VERSIONS },
	{ "transports", required_argument, NULL, TRANSPORTS },
	{ "segment", required_argument, NULL, SEGMENT },
	{ "repeat", required_argument, NULL, REPEAT },
	{ "until-failure", no_argument, NULL, UNTIL_FAILURE },
	{ "shard", required_argument, NULL, SHARD },
	{ "shuffle", no_argument, NULL, SHUFFLE },
	{ "seed", required_argument, NULL, SEED },
	{ "list", no_argument, NULL, LIST },
	{ "anyway", no_argument, NULL, ANYWAY },
	{ "jobs", required_argument, NULL, 'j' },
	{ "fail-fast", no_argument, NULL, FAIL_FAST },
	{ "deadline", required_argument, NULL, DEADLINE },
	{ "timeout", required_argument, NULL, TIMEOUT },
	{ "patience", required_argument, NULL, PATIENCE },
	{ "slack", required_argument, NULL, SLACK },
	{ "no-fork", no_argument, NULL, NO_FORK },
	{ "expect", required_argument, NULL, EXPECT },
	{ "strict", no_argument, NULL, STRICT },
	{ "transcript", no_argument, NULL, TRANSCRIPT },
	{ "verbose", no_argument, NULL, 'v' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "color", required_argument, NULL, COLOR },
	{ "out", required_argument, NULL, OUT },
	{ "pcap", required_argument, NULL, PCAP },
	{ "wire", no_argument, NULL, WIRE },
	{ "capture", required_argument, NULL, CAPTURE },
	{ "serve", no_argument, NULL, SERVE },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* ---- values -------------------------------------------------------------------------------- */

static bool parse_number(const char *text, unsigned long most, unsigned long *out)
{
	char *end;

	*out = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && *out <= most;
}

static bool number(const struct run_options *o, const char *option, unsigned least, unsigned most,
	unsigned *out)
{
	unsigned long n;

	if (!parse_number(optarg, most, &n) || n < least) {
		usage_error(o->command, "%s takes a number from %u to %u, not \"%s\"", option,
			least, most, optarg);
		return false;
	}
	*out = (unsigned)n;
	return true;
}

/* One of several words, their numbers from 0. */
static bool choice(
	const struct run_options *o, const char *option, const char *const *words, int *out)
{
	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], optarg)) {
			*out = i;
			return true;
		}
	}
	usage_error(o->command, "%s takes %s, %s or %s, not \"%s\"", option, words[0], words[1],
		words[2], optarg);
	return false;
}

static bool shard(struct run_options *o)
{
	const char *slash = strchr(optarg, '/');
	unsigned long i = 0, n = 0;
	char first[16];

	if (slash && (size_t)(slash - optarg) < sizeof(first)) {
		snprintf(first, sizeof(first), "%.*s", (int)(slash - optarg), optarg);
		if (parse_number(first, SHARDS_MAX, &i) &&
			parse_number(slash + 1, SHARDS_MAX, &n) && i >= 1 && i <= n) {
			o->shard = (unsigned)i;
			o->shards = (unsigned)n;
			return true;
		}
	}
	usage_error(o->command, "--shard takes I/N, where I is at most N, as in 2/4, not \"%s\"",
		optarg);
	return false;
}

static bool seed(struct run_options *o)
{
	char *end;

	o->seed = strtoull(optarg, &end, 10);
	o->has_seed = *optarg >= '0' && *optarg <= '9' && !*end;
	if (!o->has_seed)
		usage_error(o->command, "--seed takes a number, not \"%s\"", optarg);
	return o->has_seed;
}

static bool segment(struct arena *a, struct run_options *o)
{
	o->segment = optarg;
	if (cuts_parse(a, optarg, &o->cuts))
		return true;
	usage_error(o->command,
		"--segment takes whole, bytes, split, split:N, batch or all, not \"%s\"", optarg);
	return false;
}

static bool transport_names(struct arena *a, struct run_options *o)
{
	o->all_transports = !strcmp(optarg, "all");
	if (o->all_transports || routes_parse(a, optarg, &o->routes))
		return true;
	usage_error(o->command, "--transports takes %s or all, not \"%s\"", routes_text(a), optarg);
	return false;
}

static bool versions(struct run_options *o)
{
	if (versions_parse(optarg, &o->versions))
		return true;
	usage_error(o->command, "--versions takes 3.1.1, 5.0 or both, not \"%s\"", optarg);
	return false;
}

/* A sentence of what is wrong with it; NULL: nothing. */
static bool guest_text(struct run_options *o, const char *option, const char **out,
	const char *(*objection)(const char *text))
{
	const char *sentence = objection(optarg);

	*out = optarg;
	if (sentence)
		usage_error(o->command, "%s: %s", option, sentence);
	return !sentence;
}

/* ---- options ------------------------------------------------------------------------------- */

static bool leave_out(struct arena *a, struct run_options *o)
{
	o->excluded = arena_grow(
		a, o->excluded, o->excluded_count, &o->excluded_capacity, sizeof(*o->excluded));
	o->excluded[o->excluded_count++] = optarg;
	return true;
}

static bool take_selection(struct arena *a, int option, struct run_options *o)
{
	switch (option) {
	case NOT: return leave_out(a, o);
	case VERSIONS: return versions(o);
	case TRANSPORTS: return transport_names(a, o);
	case SEGMENT: return segment(a, o);
	case REPEAT: return number(o, "--repeat", 1, REPEATS_MAX, &o->repeats);
	case UNTIL_FAILURE: o->until_failure = true; return true;
	case SHARD: return shard(o);
	case SHUFFLE: o->shuffle = true; return true;
	case SEED: return seed(o);
	default: o->list = true; return true;
	}
}

static bool take_way(int option, struct run_options *o)
{
	switch (option) {
	case 'j': return number(o, "--jobs", 1, JOBS_MAX, &o->jobs);
	case FAIL_FAST: o->fail_fast = true; return true;
	case DEADLINE: return number(o, "--deadline", 1, DEADLINE_S_MAX, &o->deadline_s);
	case TIMEOUT: return number(o, "--timeout", 1, TIME_MS_MAX, &o->answer_ms);
	case PATIENCE: return number(o, "--patience", 0, PATIENCE_S_MAX, &o->patience_s);
	case SLACK: return number(o, "--slack", 0, TIME_MS_MAX, &o->slack_ms);
	default: o->no_fork = true; return true;
	}
}

static bool take_output(int option, struct run_options *o)
{
	static const char *const colors[] = { "auto", "always", "never", NULL };
	static const char *const pcaps[] = { "failures", "all", "none", NULL };
	int n;

	switch (option) {
	case TRANSCRIPT: o->transcript = true; return true;
	case 'v': o->verbose = true; return true;
	case 'q': o->quiet = true; return true;
	case ANYWAY: o->anyway = true; return true;
	case OUT: o->out = optarg; return true;
	case CAPTURE: o->capture = optarg; return true;
	case WIRE: o->wire = true; return true;
	case SERVE: o->serve = true; return true;
	case COLOR:
		if (!choice(o, "--color", colors, &n))
			return false;
		o->color = (enum color)n;
		return true;
	default:
		if (!choice(o, "--pcap", pcaps, &n))
			return false;
		o->pcap = (enum runner_pcap)n;
		return true;
	}
}

static bool take_guest(int option, struct run_options *o)
{
	switch (option) {
	case PREFIX: return guest_text(o, "--prefix", &o->prefix, guest_topics_objection);
	case CLIENT_ID_PREFIX:
		return guest_text(
			o, "--client-id-prefix", &o->client_id_prefix, guest_client_ids_objection);
	default: return number(o, "--connect-rate", 1, CONNECT_RATE_MAX, &o->connect_rate);
	}
}

static bool take_tls(int option, struct run_options *o)
{
	switch (option) {
	case CA: o->ca = optarg; return true;
	case CERT: o->cert = optarg; return true;
	case KEY: o->key = optarg; return true;
	case SNI: o->sni = optarg; return true;
	case WS_PATH: o->ws_path = optarg; return true;
	default: o->insecure = true; return true;
	}
}

static bool take_expectation(int option, struct run_options *o)
{
	const char *value = option == STRICT ? "none" : optarg;

	if (o->expect && strcmp(o->expect, value) != 0) {
		usage_error(o->command, "expectations come from one place: \"%s\" or \"%s\"?",
			o->expect, value);
		return false;
	}
	o->expect = value;
	return true;
}

static bool take(struct arena *a, int option, struct run_options *o)
{
	switch (option) {
	case CLIENT: o->client = optarg; return true;
	case EXEC: o->exec = optarg; return true;
	case USER: o->user = optarg; return true;
	case PASSWORD_FILE: o->password_file = optarg; return true;
	case CA:
	case CERT:
	case KEY:
	case INSECURE:
	case SNI:
	case WS_PATH: return take_tls(option, o);
	case PREFIX:
	case CLIENT_ID_PREFIX:
	case CONNECT_RATE: return take_guest(option, o);
	case NOT:
	case VERSIONS:
	case TRANSPORTS:
	case SEGMENT:
	case REPEAT:
	case UNTIL_FAILURE:
	case SHARD:
	case SHUFFLE:
	case SEED:
	case LIST: return take_selection(a, option, o);
	case 'j':
	case FAIL_FAST:
	case DEADLINE:
	case TIMEOUT:
	case PATIENCE:
	case SLACK:
	case NO_FORK: return take_way(option, o);
	case EXPECT:
	case STRICT: return take_expectation(option, o);
	default: return take_output(option, o);
	}
}

/* ---- what plays a case run again ------------------------------------------------------------ */

/* Which case runs there are, in what order and how many at once, and what is shown of them: the rest decides
 * what becomes of one.
 */
static bool matters(int option)
{
	static const int others[] = { CLIENT, EXEC, NOT, VERSIONS, TRANSPORTS, SEGMENT, REPEAT,
		UNTIL_FAILURE, SHARD, SHUFFLE, SEED, LIST, 'j', FAIL_FAST, DEADLINE, NO_FORK,
		TRANSCRIPT, 'v', 'q', COLOR, OUT, PCAP, WIRE, CAPTURE, SERVE };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (others[i] == option)
			return false;
	return true;
}

/* A scenario travels over several transports at once, and a record names but one. */
static bool is_of_scenarios(int option, const struct run_options *o)
{
	return o->command == &command_random && option == TRANSPORTS && !o->all_transports;
}

static void keep(struct arena *a, int option, struct run_options *o)
{
	const struct option *entry = run_options_table;
	struct buf words;

	if (!matters(option) && !is_of_scenarios(option, o))
		return;
	while (entry->val != option)
		entry++;
	buf_init(&words, SIZE_MAX);
	buf_add_text(&words, o->kept);
	buf_printf(&words, " --%s", entry->name);
	if (entry->has_arg)
		shell_add_word(&words, optarg);
	o->kept = arena_text(a, buf_text(&words));
	buf_fini(&words);
}

/* ---- what does not go together -------------------------------------------------------------- */

static bool agree(const struct run_options *o)
{
	const struct {
		bool one, other;
		const char *one_name, *other_name;
	} pairs[] = {
		{ o->client, o->exec, "--client", "--exec" },
		{ o->command == &command_agent_check, o->client || o->exec, "agent-check",
			"--client or --exec" },
		{ o->client || o->exec, o->capture, "--capture", "a client" },
		{ o->client || o->exec, o->user || o->password_file, "--user", "a client" },
		{ o->insecure, o->ca, "--insecure", "--ca" },
		{ o->wire, o->pcap == PCAP_NONE, "--wire", "--pcap none" },
		{ o->quiet, o->verbose, "--quiet", "--verbose" },
		{ o->transcript, o->jobs > 1, "--transcript", "--jobs" },
		{ o->transcript, o->quiet, "--transcript", "--quiet" },
		{ o->no_fork, o->jobs > 1, "--no-fork", "--jobs" },
		{ o->serve, o->no_fork, "--serve", "--no-fork" },
		{ o->serve, o->transcript, "--serve", "--transcript" },
		{ o->serve, o->until_failure, "--serve", "--until-failure" },
		{ o->serve, o->fail_fast, "--serve", "--fail-fast" },
		{ o->serve, o->list, "--serve", "--list" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		if (!pairs[i].one || !pairs[i].other)
			continue;
		usage_error(o->command, "%s and %s do not go together", pairs[i].one_name,
			pairs[i].other_name);
		return false;
	}
	if (o->out && !*o->out) {
		usage_error(o->command, "--out needs the name of a folder");
		return false;
	}
	return true;
}

bool run_options_read(struct arena *a, const struct command *command, int argc, char **argv,
	struct run_options *out, int *code)
{
	int option;

	*out = (struct run_options){
		.command = command,
		.kept = "",
		.versions = BOTH,
		.repeats = 1,
		.answer_ms = ANSWER_MS,
		.patience_s = PATIENCE_S,
		.slack_ms = SLACK_BY_ROLE,
	};
	*code = EXIT_USAGE;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":j:vqh", run_options_table, NULL)) != -1) {
		if (option == 'h') {
			fputs(command == &command_run ? run_help : agent_check_help, stdout);
			*code = EXIT_AS_EXPECTED;
			return false;
		}
		if (option == '?' || option == ':') {
			option_error(out->command, option, argv);
			return false;
		}
		if (!take(a, option, out))
			return false;
		keep(a, option, out);
	}
	out->words = argv + optind;
	out->word_count = (size_t)(argc - optind);
	if (!agree(out))
		return false;
	return true;
}
