#include "cli/bench_options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/workload.h"
#include "cli/cli.h"
#include "cli/duration.h"
#include "cli/live_options.h"
#include "cli/nearest.h"
#include "harness/transport/transport.h"
#include "harness/versions.h"

enum {
	SECONDS = 5,
	SECONDS_COMPARED = 2,
	SECONDS_IDLE = 1,
	ROUNDS = 4,
	MEMORY_MIB = 2048,
	MEMORY_MIB_MAX = 1024 * 1024,
	MESSAGES_MAX = 1000000000,
};

const char bench_help[] =
	"Usage: mqttspec bench TARGET [WORKLOAD...] [OPTION...]\n"
	"       mqttspec bench --compare TARGET TARGET [WORKLOAD...] [OPTION...]\n"
	"\n"
	"Measures a broker under load, and keeps account of every message meanwhile: what was\n"
	"lost, came twice, or came out of order. TARGET is what it is for mqttspec run: a URL, or\n"
	"a target file that says how to launch it. WORKLOADs are those of --list; without one, a\n"
	"short set of them is played, which takes less than a minute.\n"
	"\n"
	"In a closed loop (--window) so many messages are under way at a time: that finds the\n"
	"highest rate. In an open loop (--rate) they are due at their times, whatever the broker\n"
	"does, and the latency counts from then: what a stall holds up is as late as it is.\n"
	"\n"
	"Options: the load\n"
	"  -V, --mqtt-version V\n"
	"                       3.1.1 or 5.0 (default: 3.1.1)\n"
	"  -q, --qos N          QoS of messages and subscriptions: 0, 1 or 2\n"
	"  -P, --publishers N   how many there are\n"
	"  -S, --subscribers N  how many there are; of idle: connections\n"
	"  -F, --filters N      of each subscriber\n"
	"  -l, --payload N      bytes of each message, from 32 (default: 64)\n"
	"  -w, --window N       closed loop: messages, or connections, under way at most\n"
	"  -r, --rate N         open loop: so many are due each second\n"
	"  -t, --time T         for each workload: 10, 10s, 5m, 1h (default: 5s; compared: 2s;\n"
	"                       idle: 1s)\n"
	"  -n, --messages N     end after so many messages, or connections; without --time only "
	"then\n"
	"  --leave              kept sessions and retained messages stay with the broker; else "
	"they\n"
	"                       are removed\n"
	"\n"
	"Options: the target\n"
	"  --compare            two targets, in turns, A B B A and so on: how many times as much "
	"did\n"
	"                       the first take?\n"
	"  --rounds N           so many turns (default: 4)\n" LIVE_OPTIONS_HELP
	"  --pid N              the process of a target that is not launched: its processor time\n"
	"                       and memory are told, too\n"
	"  --memory MIB         give up when the target takes more (default: 2048)\n"
	"  --anyway             also a broker elsewhere than on this machine: a load test has to "
	"be\n"
	"                       meant by whoever runs that broker\n"
	"\n"
	"Options: results\n"
	"  --json FILE          figures, also over time (see BENCH.md); - for standard output,\n"
	"                       instead of the table\n"
	"  --html FILE          a page with plots of throughput and latency over time\n"
	"  --list               only say which workloads there are, and their usual numbers\n"
	"  --quiet              no progress\n"
	"  -h, --help           this\n"
	"\n"
	"Examples:\n"
	"  mqttspec bench mosquitto\n"
	"  mqttspec bench mqtt://127.0.0.1:1883 fan-in --qos 1 --rate 5000 --time 10\n"
	"  mqttspec bench --compare mqttspec-broker mosquitto fan-in fan-out --html bench.html\n"
	"\n"
	"Exit codes: 0 when all was played and no promise broken; 1 when the broker broke a\n"
	"promise of the standard under load; 2 for bad usage; 3 when something could not be\n"
	"played, or messages are missing and nothing proves them lost; 130 by SIGINT, SIGTERM or "
	"SIGHUP.\n";

enum long_only {
	LEAVE = 256,
	COMPARE,
	ROUNDS_OPTION,
	PID,
	MEMORY,
	JSON,
	HTML,
	LIST,
	QUIET,
};

const struct option bench_options_table[] = {
	{ "mqtt-version", required_argument, NULL, 'V' },
	{ "qos", required_argument, NULL, 'q' },
	{ "publishers", required_argument, NULL, 'P' },
	{ "subscribers", required_argument, NULL, 'S' },
	{ "filters", required_argument, NULL, 'F' },
	{ "payload", required_argument, NULL, 'l' },
	{ "window", required_argument, NULL, 'w' },
	{ "rate", required_argument, NULL, 'r' },
	{ "time", required_argument, NULL, 't' },
	{ "messages", required_argument, NULL, 'n' },
	{ "leave", no_argument, NULL, LEAVE },
	{ "compare", no_argument, NULL, COMPARE },
	{ "rounds", required_argument, NULL, ROUNDS_OPTION },
	LIVE_OPTIONS_ROWS,
	{ "pid", required_argument, NULL, PID },
	{ "memory", required_argument, NULL, MEMORY },
	{ "json", required_argument, NULL, JSON },
	{ "html", required_argument, NULL, HTML },
	{ "list", no_argument, NULL, LIST },
	{ "quiet", no_argument, NULL, QUIET },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* Numbers that replace the usual ones of each workload; -1: not given. */
struct numbers {
	long qos, publishers, subscribers, filters, payload, window, rate, seconds, messages;
	enum mqtt_version version;
	bool leave, compare;
};

/* ---- values --------------------------------------------------------------------------------- */

static bool number(const char *option, long least, long most, long *out)
{
	char *end;

	*out = strtol(optarg, &end, 10);
	if (*optarg >= '0' && *optarg <= '9' && !*end && *out >= least && *out <= most)
		return true;
	usage_error(&command_bench, "%s takes a number from %ld to %ld, not \"%s\"", option, least,
		most, optarg);
	return false;
}

static bool unsigned_number(const char *option, unsigned most, unsigned *out)
{
	long value;

	if (!number(option, 1, most, &value))
		return false;
	*out = (unsigned)value;
	return true;
}

static bool take_version(struct numbers *n)
{
	unsigned mask;

	if (versions_parse(optarg, &mask))
		for (int i = 0; i < VERSION_COUNT; i++)
			if (mask == version_bit(n->version = version_at(i)))
				return true;
	usage_error(&command_bench, "--mqtt-version takes 3.1.1 or 5.0, not \"%s\"", optarg);
	return false;
}

static bool take_number(int option, struct numbers *n)
{
	unsigned seconds;

	switch (option) {
	case 'V': return take_version(n);
	case 'q': return number("--qos", 0, 2, &n->qos);
	case 'P': return number("--publishers", 1, LOAD_CONNECTIONS_MAX, &n->publishers);
	case 'S': return number("--subscribers", 1, LOAD_CONNECTIONS_MAX, &n->subscribers);
	case 'F': return number("--filters", 1, LOAD_FILTERS_MAX, &n->filters);
	case 'l': return number("--payload", LOAD_PAYLOAD_MIN, LOAD_PAYLOAD_MAX, &n->payload);
	case 'w': return number("--window", 1, LOAD_WINDOW_MAX, &n->window);
	case 'r': return number("--rate", 1, LOAD_RATE_MAX, &n->rate);
	case 't':
		if (!duration_take(&command_bench, "--time", optarg, &seconds))
			return false;
		n->seconds = seconds;
		return true;
	default: return number("--messages", 0, MESSAGES_MAX, &n->messages);
	}
}

static bool take_flag(int option, struct bench_options *o, struct numbers *n)
{
	switch (option) {
	case LEAVE: n->leave = true; break;
	case COMPARE: n->compare = true; break;
	case LIST: o->list = true; break;
	default: o->quiet = true; break;
	}
	return true;
}

static bool take_option(int option, struct bench_options *o, struct numbers *n)
{
	long pid;

	switch (option) {
	case ROUNDS_OPTION: return unsigned_number("--rounds", RATIO_ROUNDS_MAX, &o->rounds);
	case MEMORY: return unsigned_number("--memory", MEMORY_MIB_MAX, &o->memory_mib);
	case PID:
		if (!number("--pid", 1, INT_MAX, &pid))
			return false;
		o->live.pid = (int)pid;
		return true;
	case LEAVE:
	case COMPARE:
	case LIST:
	case QUIET: return take_flag(option, o, n);
	case JSON: o->json = optarg; return true;
	case HTML: o->html = optarg; return true;
	default:
		return option < LEAVE ? take_number(option, n)
				      : live_options_take(option, &o->live);
	}
}

/* ---- workloads ------------------------------------------------------------------------------ */

static void replace(unsigned *out, long number)
{
	if (number >= 0)
		*out = (unsigned)number;
}

static struct load_plan plan_of(const struct workload *w, const struct numbers *n)
{
	bool idle = w->measure == MEASURE_CONNECTIONS && !w->churn;
	unsigned usual = idle ? SECONDS_IDLE : n->compare ? SECONDS_COMPARED : SECONDS;
	struct load_plan p = load_plan_usual(w, n->seconds >= 0 ? (unsigned)n->seconds : usual);

	p.version = n->version;
	replace(&p.qos, n->qos);
	if (w->publishers)
		replace(&p.publishers, n->publishers);
	if (w->subscribers)
		replace(&p.subscribers, n->subscribers);
	if (w->filters)
		replace(&p.filters, n->filters);
	replace(&p.payload, n->payload);
	replace(&p.window, n->window);
	if (n->rate > 0)
		p.rate = (double)n->rate;
	if (n->messages >= 0) {
		p.messages = (uint64_t)n->messages;
		p.time_us = n->seconds >= 0 ? p.time_us : 0;
	}
	p.leave = n->leave;
	return p;
}

static bool add_plan(
	struct arena *a, struct bench_options *o, const struct workload *w, const struct numbers *n)
{
	struct load_plan *p = &o->plans[o->plan_count++];

	*p = plan_of(w, n);
	const char *objection = load_plan_objection(a, p);
	if (objection)
		usage_error(&command_bench, "%s", objection);
	return !objection;
}

static bool add_named(
	struct arena *a, struct bench_options *o, const char *name, const struct numbers *n)
{
	const struct workload *w = workload_find(name);
	struct nearest near;
	char hint[NEAREST_TEXT];

	if (w)
		return add_plan(a, o, w, n);
	nearest_init(&near, name);
	for (size_t i = 0; i < workload_count; i++)
		nearest_offer(&near, workloads[i].name);
	usage_error(
		&command_bench, "there is no workload \"%s\"%s", name, nearest_text(&near, hint));
	return false;
}

/* One that the wishes fit; what does not apply to it leaves a usual one out. */
static bool add_usual(struct arena *a, struct bench_options *o, const struct numbers *n)
{
	for (size_t i = 0; i < workload_count; i++) {
		struct load_plan p = plan_of(&workloads[i], n);
		if (workloads[i].usual && !load_plan_objection(a, &p))
			o->plans[o->plan_count++] = p;
	}
	if (!o->plan_count)
		usage_error(
			&command_bench, "none of the usual workloads can be played so: name one");
	return o->plan_count;
}

/* ---- the command line ----------------------------------------------------------------------- */

static bool read_words(
	struct arena *a, char **words, int count, struct bench_options *o, const struct numbers *n)
{
	unsigned targets = n->compare ? 2 : 1;

	if ((unsigned)count < targets) {
		usage_error(&command_bench,
			n->compare ? "--compare needs two targets" : "the target is missing");
		return false;
	}
	for (; o->target_count < targets; count--)
		o->targets[o->target_count++] = *words++;
	o->plans = arena_alloc(a, ((size_t)count + workload_count) * sizeof(*o->plans));
	if (!count)
		return add_usual(a, o, n);
	for (int i = 0; i < count; i++)
		if (!add_named(a, o, words[i], n))
			return false;
	return true;
}

static bool is_dash(const char *path)
{
	return path && !strcmp(path, "-");
}

static bool fits(const struct bench_options *o, const struct numbers *n)
{
	const char *fault = n->rate > 0 && n->window > 0
		? "--rate is an open loop, and --window a closed one: which is it?"
		: is_dash(o->json) && is_dash(o->html)
		? "--json - and --html -: standard output has room for one of them"
		: o->rounds && !n->compare  ? "--rounds is for --compare"
		: o->live.pid && n->compare ? "--pid is for one target, which is not launched"
					    : NULL;

	if (fault)
		usage_error(&command_bench, "%s", fault);
	return !fault && live_options_check(&o->live);
}

bool bench_options_read(
	struct arena *a, int argc, char **argv, struct bench_options *out, int *code)
{
	struct numbers n = { -1, -1, -1, -1, -1, -1, -1, -1, -1, MQTT_311, false, false };
	int answer;

	*out = (struct bench_options){
		.live = { .command = &command_bench, .purpose = "a load test of" },
		.memory_mib = MEMORY_MIB,
	};
	*code = EXIT_USAGE;
	opterr = 0;
	while ((answer = getopt_long(
			argc, argv, ":hV:q:P:S:F:l:w:r:t:n:", bench_options_table, NULL)) != -1) {
		if (answer == 'h') {
			fputs(bench_help, stdout);
			*code = EXIT_AS_EXPECTED;
			return false;
		}
		if (answer == '?' || answer == ':') {
			option_error(&command_bench, answer, argv);
			return false;
		}
		if (!take_option(answer, out, &n))
			return false;
	}
	if (out->list)
		return true;
	if (!fits(out, &n) || !read_words(a, argv + optind, argc - optind, out, &n))
		return false;
	if (!out->rounds)
		out->rounds = n.compare ? ROUNDS : 1;
	return true;
}
