#include "cli/random.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cli/duration.h"
#include "harness/transport/transport.h"
#include "harness/versions.h"
#include "random/dice.h"
#include "random/names.h"
#include "random/text.h"

enum {
	SCENARIO_STEPS = 200,
	TIME_S = 60,
	MINIMISE_S = 120,
	FILE_BYTES_MAX = 1 << 20,
	JOBS = 4,
	ARGUMENTS_EXTRA = 4,
};

enum { PROFILE = 256, CLIENTS, LENGTH, STEPS, TIME, MINIMISE, PLAY, FIRST };

static const struct option options[] = {
	{ "seed", required_argument, NULL, 0 },
	{ "profile", required_argument, NULL, PROFILE },
	{ "clients", required_argument, NULL, CLIENTS },
	{ "length", required_argument, NULL, LENGTH },
	{ "versions", required_argument, NULL, 0 },
	{ "transports", required_argument, NULL, 0 },
	{ "play", required_argument, NULL, PLAY },
	{ "steps", required_argument, NULL, STEPS },
	{ "time", required_argument, NULL, TIME },
	{ "first", no_argument, NULL, FIRST },
	{ "minimise", required_argument, NULL, MINIMISE },
	{ "jobs", required_argument, NULL, 'j' },
	{ "timeout", required_argument, NULL, 0 },
	{ "list", no_argument, NULL, 0 },
	{ "out", required_argument, NULL, 0 },
	{ "quiet", no_argument, NULL, 'q' },
	{ "user", required_argument, NULL, 0 },
	{ "password-file", required_argument, NULL, 0 },
	{ "ca", required_argument, NULL, 0 },
	{ "cert", required_argument, NULL, 0 },
	{ "key", required_argument, NULL, 0 },
	{ "insecure", no_argument, NULL, 0 },
	{ "sni", required_argument, NULL, 0 },
	{ "ws-path", required_argument, NULL, 0 },
	{ "prefix", required_argument, NULL, 0 },
	{ "client-id-prefix", required_argument, NULL, 0 },
	{ "connect-rate", required_argument, NULL, 0 },
	{ "anyway", no_argument, NULL, 0 },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* ---- the command line ---------------------------------------------------------------------- */

static bool number(const char *option, unsigned long least, unsigned long most, unsigned long *out)
{
	char *end;

	*out = strtoul(optarg, &end, 10);
	if (*optarg >= '0' && *optarg <= '9' && !*end && *out >= least && *out <= most)
		return true;
	usage_error(&command_random, "%s takes a number from %lu to %lu, not \"%s\"", option, least,
		most, optarg);
	return false;
}

static bool small(const char *option, unsigned long least, unsigned long most, unsigned *out)
{
	unsigned long n;

	if (!number(option, least, most, &n))
		return false;
	*out = (unsigned)n;
	return true;
}

static bool profile(struct random_options *o)
{
	o->profile = profile_find(optarg);
	if (!o->profile)
		usage_error(&command_random,
			"--profile takes all, messages, sessions, retained, wills, shared or "
			"clocks, not "
			"\"%s\"",
			optarg);
	return o->profile;
}

static bool take(int answer, struct random_options *o)
{
	switch (answer) {
	case PROFILE: return profile(o);
	case CLIENTS: return small("--clients", 2, SCENARIO_CLIENTS_MAX, &o->clients);
	case LENGTH: return small("--length", 1, SCENARIO_STEPS_MAX - 100, &o->scenario_steps);
	case STEPS: return number("--steps", 1, SIZE_MAX / 2, &o->steps);
	case TIME:
		o->timed = true;
		return duration_take(&command_random, "--time", optarg, &o->time_s);
	case MINIMISE: return duration_take(&command_random, "--minimise", optarg, &o->minimise_s);
	case PLAY: o->play = optarg; return true;
	default: o->first = true; return true;
	}
}

/* What `run` has as well, it reads. */
static void pass_on(struct arena *a, int answer, int index, char **words, int *count)
{
	if (answer == 'q') {
		words[(*count)++] = arena_text(a, "--quiet");
		return;
	}
	words[(*count)++] = arena_printf(a, "--%s", answer == 'j' ? "jobs" : options[index].name);
	if (optarg)
		words[(*count)++] = optarg;
}

/* False: end with *code. */
static bool read_options(struct arena *a, int argc, char **argv, struct random_options *o,
	char **words, int *count, int *code)
{
	int answer, index = 0;

	*code = EXIT_USAGE;
	opterr = 0;
	while ((answer = getopt_long(argc, argv, ":j:qh", options, &index)) != -1) {
		if (answer == 'h') {
			fputs(random_help, stdout);
			*code = EXIT_AS_EXPECTED;
			return false;
		}
		if (answer == '?' || answer == ':') {
			option_error(&command_random, answer, argv);
			return false;
		}
		if (answer == 0 || answer == 'j' || answer == 'q') {
			o->routed |= answer == 0 && !strcmp(options[index].name, "transports");
			pass_on(a, answer, index, words, count);
		} else if (!take(answer, o))
			return false;
	}
	if (!o->routed) {
		words[(*count)++] = arena_text(a, "--transports");
		words[(*count)++] = arena_text(a, "all");
	}
	while (optind < argc)
		words[(*count)++] = argv[optind++];
	optind = 1; /* for whoever reads the rest */
	return true;
}

/* ---- the campaign --------------------------------------------------------------------------- */

static bool read_scenario(struct run *run, const char *path, struct scenario *out)
{
	FILE *from = fopen(path, "r");
	char *text = arena_alloc(&run->arena, FILE_BYTES_MAX + 1);
	const char *error = NULL;

	if (!from) {
		fprintf(stderr, "mqttspec random: %s: %m\n", path);
		return false;
	}
	text[fread(text, 1, FILE_BYTES_MAX, from)] = '\0';
	fclose(from);
	if (scenario_read(&run->arena, text, out, &error))
		return true;
	fprintf(stderr, "mqttspec random: %s: %s\n", path, error);
	return false;
}

static unsigned served_versions(const struct run *run)
{
	unsigned mask = 0;

	for (int i = 0; i < VERSION_COUNT; i++)
		if (run->surveys[i].asked && !run->surveys[i].unserved)
			mask |= version_bit(version_at(i));
	return mask & run->options.versions;
}

/* What connections may travel over, where there is a choice. */
static unsigned ways(const struct run *run)
{
	unsigned mask = 0;

	for (size_t i = 0; i < run->routes.count && run->routes.count > 1; i++) {
		int way = way_find(run->routes.list[i]->name);
		mask |= way > 0 ? 1U << way : 0;
	}
	return mask;
}

/* Leaves out those that nobody answers at: a target may have been built without them. */
static void keep_answering(struct run *run)
{
	const struct transport **kept = arena_alloc(&run->arena, run->routes.count * sizeof(*kept));
	size_t count = 0;

	for (size_t i = 0; i < run->routes.count; i++) {
		if (!run->round_trips[i].most_us && i) {
			fprintf(stderr, "mqttspec random: nobody answers over %s\n",
				run->routes.list[i]->name);
			continue;
		}
		run->round_trips[count] = run->round_trips[i];
		kept[count++] = run->routes.list[i];
	}
	run->routes = (struct routes){ kept, count };
}

static int exit_code(const struct random_view *v, const struct campaign *c, enum campaign_end end)
{
	if (end == CAMPAIGN_INTERRUPTED)
		return EXIT_INTERRUPTED;
	if (v->told || v->deaths)
		return EXIT_UNEXPECTED;
	if (end == CAMPAIGN_LOST || v->unwritten || !c->progress.scenarios ||
		c->inconclusive >= c->progress.scenarios)
		return EXIT_NOTHING;
	return EXIT_AS_EXPECTED;
}

static void write_end(struct random_view *v, const struct campaign *c, enum campaign_end end)
{
	static const char *const reasons[] = {
		[CAMPAIGN_DONE] = NULL,
		[CAMPAIGN_INTERRUPTED] = "interrupted",
		[CAMPAIGN_LOST] = "the target answers no more",
	};
	struct record_end record = {
		.unexpected = v->told,
		.duration_us = (int64_t)(c->progress.seconds * 1e6),
		.scenarios = c->progress.scenarios,
		.steps = c->progress.steps,
		.stopped = reasons[end],
	};

	if (!v->told && !v->deaths && c->inconclusive >= c->progress.scenarios)
		record.unjudged = "no scenario has told anything";
	record.counts[VERDICT_FAIL] = v->told;
	v->unwritten |= !record_write_end(v->run->out.record, &record);
}

static int list_scenario(struct run *run, const struct random_options *o)
{
	const struct scenario_size size = { o->clients, o->scenario_steps, run->options.versions,
		ways(run) };
	struct scenario s;
	struct buf text;

	if (!o->play)
		random_scenario(
			&run->arena, dice_seed(run->options.seed, 0), o->profile, &size, &s);
	else if (!read_scenario(run, o->play, &s))
		return EXIT_USAGE;
	buf_init(&text, SIZE_MAX);
	scenario_write(&text, &s);
	fputs(buf_text(&text), stdout);
	buf_fini(&text);
	return EXIT_AS_EXPECTED;
}

static int play_campaign(struct run *run, void *user)
{
	const struct random_options *o = user;

	if (run->options.list)
		return list_scenario(run, o);
	keep_answering(run);
	struct random_view view = { .run = run, .options = o };
	struct venue venue = {
		.target = &run->target,
		.surveys = run->surveys,
		.routes = run->routes,
		.round_trips = run->round_trips,
		.stop_fd = run->stop_fd,
	};
	struct scenario only;
	int64_t now_us = clock_now_us();
	struct campaign c;

	if (!venue_init(&venue) || (o->play && !read_scenario(run, o->play, &only)))
		return EXIT_USAGE;
	struct campaign_config config = {
		.venue = &venue,
		.seed = run->options.seed,
		.profile = o->profile,
		.size = { o->clients, o->scenario_steps, served_versions(run), ways(run) },
		.steps = o->steps,
		.deadline_us = o->time_s ? now_us + (int64_t)o->time_s * 1000000 : 0,
		.minimise_us = (int64_t)o->minimise_s * 1000000,
		.jobs = run->options.jobs ? run->options.jobs : JOBS,
		.only = o->play ? &only : NULL,
		.until_find = o->first,
		.folder = run->options.out,
		.user = &view,
		.progress = random_tell_progress,
		.suspected = random_keep_suspicion,
		.found = random_tell_find,
		.died = random_tell_death,
	};
	if (!o->play)
		printf("seed %llu, profile %s\n", (unsigned long long)config.seed,
			o->profile->name);
	enum campaign_end end = random_campaign_run(&c, &config);
	view.left = venue_fini(&venue);
	random_tell_end(&view, &c, end);
	write_end(&view, &c, end);
	int code = exit_code(&view, &c, end);
	random_campaign_fini(&c);
	return code;
}

static int run(int argc, char **argv)
{
	struct random_options o = {
		.profile = profiles,
		.scenario_steps = SCENARIO_STEPS,
		.minimise_s = MINIMISE_S,
	};
	struct arena a;
	int count = 0, code;

	arena_init(&a);
	char **words = arena_alloc(&a, (size_t)(2 * argc + ARGUMENTS_EXTRA) * sizeof(*words));
	words[count++] = argv[0];
	if (read_options(&a, argc, argv, &o, words, &count, &code)) {
		if (!o.steps && !o.timed && !o.play)
			o.time_s = TIME_S;
		code = run_instead(&command_random, count, words, play_campaign, &o);
	}
	arena_fini(&a);
	return code;
}

const struct command command_random = {
	.name = "random",
	.synopsis = "[TARGET] [OPTION...]",
	.summary = "play scenarios from a seed, and hold what comes against a model",
	.run = run,
	.options = options,
	.help = random_help,
};
