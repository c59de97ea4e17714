/* What `mqttspec fuzz` was asked for. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/duration.h"
#include "cli/fuzz.h"
#include "cli/live_options.h"
#include "harness/case.h"
#include "harness/versions.h"
#include "spec/spec.h"

enum {
	DEFAULT_TIME_S = 60,
	DEFAULT_JOBS = 16,
	DEFAULT_FINDS = 20,
	DEFAULT_ANSWER_S = 10,
	DEFAULT_LOOK_S = 10,
	DEFAULT_MEMORY_MIB = 512,
};

const char fuzz_help[] =
	"Usage: mqttspec fuzz TARGET [OPTION...]\n"
	"       mqttspec fuzz --client 'COMMAND' [OPTION...]\n"
	"       mqttspec fuzz TARGET --play FILE\n"
	"\n"
	"Sends damaged packets, and watches whether the target bears them. TARGET is a URL, the "
	"path\n"
	"of a target file, or the name of one (docs/TARGETS.md); a target file's program is\n"
	"launched, watched, and launched again when it has died.\n"
	"\n"
	"Legal exchanges are made at random from the tables of the standard, and broken in one to\n"
	"three places: before CONNECT, in the middle of a QoS 2 handshake, when a session is\n"
	"resumed, and so on. What a target may do then is its own choice: close, refuse, or in\n"
	"5.0 put up with it. These are finds:\n"
	"\n"
	"  death        its process ends; at a URL: nobody listens any more\n"
	"  report       a sanitizer, or its runtime, reports an error in it\n"
	"  harm         clients that keep every rule are not served as before\n"
	"  illegal      what it sends breaks a statement, which is named\n"
	"  busy         it works on and on, though nobody asks anything of it\n"
	"  memory       memory, or file ...\n"
	"  descriptors  ... descriptors, that it does not give back\n"
	"\n"
	"Each is cut down to the shortest exchange that shows it, which is then played three more\n"
	"times, and kept with its bytes, transcript, capture, and the command that plays it again\n"
	"(docs/FUZZING.md).\n"
	"\n"
	"Options:\n"
	"  --time T            how long: 90, 90s, 15m, 8h; 0: until it is stopped (60s)\n"
	"  --seed N            the same exchanges again, as long as the corpus is the same\n"
	"  --rate N            at most N packets a second\n"
	"  -j, --jobs N        exchanges at a time (16)\n"
	"  --corpus DIR        where exchanges that got new answers are kept from run to run\n"
	"  --out DIR           where finds are kept (out/fuzz)\n"
	"  --finds N           stop after so many (20)\n"
	"  --not S             statement S is known to be broken: no find (several times)\n"
	"  --versions V        3.1.1, 5.0, or both with a comma (both)\n"
	"  --answer S          seconds that a well-behaved client waits before it counts as\n"
	"                      harmed (10)\n"
	"  --memory MIB        growth that is called a leak (512)\n"
	"  --look S            seconds from one look at memory and descriptors to the next; six\n"
	"                      of them, with more at each, are a suspicion (10)\n"
	"  --play FILE         plays one exchange, shows what comes, and says what it does to the\n"
	"                      target\n"
	"  --client CMD        the other way round: a client is fuzzed, which its agent CMD\n"
	"                      moves (docs/AGENT.md)\n"
	"  -q, --quiet         finds alone\n"
	"\n"
	"Options: how it is reached\n" LIVE_OPTIONS_HELP
	"  --anyway             also a broker elsewhere than on this machine: damage has to be\n"
	"                       meant by whoever runs that broker\n"
	"\n"
	"  -h, --help          this\n"
	"\n"
	"Examples:\n"
	"  mqttspec fuzz mosquitto --time 10m --corpus corpus-mosquitto\n"
	"  mqttspec fuzz mqtt://127.0.0.1:1883 --rate 500\n"
	"  mqttspec fuzz mosquitto --play out/fuzz/finds/01-death/exchange\n"
	"\n"
	"Exit codes: 0 nothing was found; 1 something was; 2 bad usage; 3 the target could not be\n"
	"had, or finds could not be kept; 130 by SIGINT or SIGTERM.\n";

const struct option fuzz_options_table[] = {
	{ "time", required_argument, NULL, 't' },
	{ "seed", required_argument, NULL, 's' },
	{ "rate", required_argument, NULL, 'r' },
	{ "jobs", required_argument, NULL, 'j' },
	{ "corpus", required_argument, NULL, 'c' },
	{ "out", required_argument, NULL, 'o' },
	{ "finds", required_argument, NULL, 'f' },
	{ "not", required_argument, NULL, 'n' },
	{ "versions", required_argument, NULL, 'V' },
	{ "answer", required_argument, NULL, 'a' },
	{ "memory", required_argument, NULL, 'm' },
	{ "look", required_argument, NULL, 'l' },
	{ "play", required_argument, NULL, 'p' },
	{ "client", required_argument, NULL, 'C' },
	{ "quiet", no_argument, NULL, 'q' },
	LIVE_OPTIONS_ROWS,
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* All of these return false after a complaint. */

static bool read_number(const char *name, unsigned most, unsigned *out)
{
	char *end;

	errno = 0;
	unsigned long n = strtoul(optarg, &end, 10);
	if (*optarg >= '0' && *optarg <= '9' && !*end && !errno && n && n <= most) {
		*out = (unsigned)n;
		return true;
	}
	usage_error(
		&command_fuzz, "--%s takes a number from 1 to %u, not \"%s\"", name, most, optarg);
	return false;
}

static bool read_seed(struct fuzz_options *o)
{
	char *end;

	errno = 0;
	o->seed = strtoull(optarg, &end, 10);
	o->has_seed = *optarg >= '0' && *optarg <= '9' && !*end && !errno;
	if (!o->has_seed)
		usage_error(&command_fuzz, "--seed takes a number, not \"%s\"", optarg);
	return o->has_seed;
}

/* By its name, or without the version for both. */
static bool is_statement(const char *text)
{
	for (size_t i = 0; i < spec_statement_count; i++)
		if (!strcmp(spec_statements[i].name, text) || !strcmp(spec_statements[i].id, text))
			return true;
	return false;
}

static bool add_ignored(struct arena *a, struct fuzz_options *o)
{
	if (!is_statement(optarg)) {
		usage_error(&command_fuzz, "--not: there is no statement \"%s\"", optarg);
		return false;
	}
	o->ignored = arena_grow(
		a, o->ignored, o->ignored_count + 1, &o->ignored_capacity, sizeof(*o->ignored));
	o->ignored[o->ignored_count++] = optarg;
	o->ignored[o->ignored_count] = NULL;
	return true;
}

static bool read_versions(struct fuzz_options *o)
{
	if (versions_parse(optarg, &o->versions))
		return true;
	usage_error(&command_fuzz, "--versions takes 3.1.1, 5.0, or both with a comma, not \"%s\"",
		optarg);
	return false;
}

static bool take(struct arena *a, int option, struct fuzz_options *o)
{
	switch (option) {
	case 't': return duration_take(&command_fuzz, "--time", optarg, &o->time_s);
	case 's': return read_seed(o);
	case 'r': return read_number("rate", 1000000, &o->rate);
	case 'j': return read_number("jobs", BARRAGE_SLOTS_MAX, &o->jobs);
	case 'c': o->corpus = optarg; return true;
	case 'o': o->out = optarg; return true;
	case 'f': return read_number("finds", 1000, &o->finds);
	case 'n': return add_ignored(a, o);
	case 'V': return read_versions(o);
	case 'a': return read_number("answer", 600, &o->answer_s);
	case 'm': return read_number("memory", 1024 * 1024, &o->memory_mib);
	case 'l': return read_number("look", 3600, &o->look_s);
	case 'p': o->play = optarg; return true;
	case 'C': o->client = optarg; return true;
	case 'q': o->quiet = true; return true;
	default: return live_options_take(option, &o->live);
	}
}

bool fuzz_options_read(struct arena *a, int argc, char **argv, struct fuzz_options *out, int *code)
{
	int option;

	*out = (struct fuzz_options){
		.live = { .command = &command_fuzz, .purpose = "damage to" },
		.versions = BOTH,
		.time_s = DEFAULT_TIME_S,
		.jobs = DEFAULT_JOBS,
		.finds = DEFAULT_FINDS,
		.answer_s = DEFAULT_ANSWER_S,
		.look_s = DEFAULT_LOOK_S,
		.memory_mib = DEFAULT_MEMORY_MIB,
		.out = "out/fuzz",
	};
	*code = EXIT_USAGE;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":j:qh", fuzz_options_table, NULL)) != -1) {
		if (option == 'h') {
			fputs(fuzz_help, stdout);
			*code = EXIT_AS_EXPECTED;
			return false;
		}
		if (option == '?' || option == ':') {
			option_error(&command_fuzz, option, argv);
			return false;
		}
		if (!take(a, option, out))
			return false;
	}
	if (argc - optind != (out->client ? 0 : 1)) {
		usage_error(&command_fuzz,
			out->client ? "a client is fuzzed by itself, without a TARGET"
				    : "it takes one TARGET, or --client 'COMMAND'");
		return false;
	}
	out->target = argv[optind];
	return live_options_check(&out->live);
}
