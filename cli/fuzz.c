#include "cli/fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/shell.h"
#include "cli/cli.h"
#include "cli/interruption.h"
#include "cli/output.h"
#include "cli/screen.h"
#include "cli/target_path.h"
#include "fuzz/agency.h"
#include "fuzz/evidence.h"
#include "fuzz/trial.h"
#include "harness/launch/words.h"
#include "harness/runner/survey.h"
#include "harness/runner/target.h"
#include "harness/transport/transport.h"

enum { ANSWER_US = 2000000, HUNT_S = 60 };

/* A fuzzing from the command line to its exit code. */
struct fuzzing {
	struct arena arena;
	struct fuzz_options options;
	struct target_file file;
	bool has_file;
	struct target target;
	struct site site;
	FILE *log;
	int stop_fd;
};

/* Prints the sentence, and returns the code. */
static int complain(enum exit_code code, const char *sentence)
{
	fprintf(stderr, "mqttspec fuzz: %s\n", sentence);
	return code;
}

/* All of these return an exit code, EXIT_AS_EXPECTED to go on. */

static int find_target(struct fuzzing *f)
{
	const char *found, *error;

	switch (target_word(&f->arena, f->options.target, &found)) {
	case WORD_URL:
		error = endpoint_objection(&f->arena, f->options.target);
		return error ? complain(EXIT_USAGE, error) : EXIT_AS_EXPECTED;
	case WORD_FILE: break;
	case WORD_NO_TARGET:
		return complain(EXIT_USAGE,
			arena_printf(&f->arena,
				"\"%s\" is no target (a URL, HOST:PORT, a file, or one of: %s)",
				f->options.target, target_names(&f->arena)));
	}
	f->has_file = true;
	if (!target_file_read(&f->arena, found, &f->file, &error))
		return complain(EXIT_USAGE, error);
	struct client client;
	if (target_file_client(&f->arena, &f->file, &client))
		return complain(EXIT_USAGE,
			arena_printf(&f->arena,
				"%s is a client: --client fuzzes one by its agent's "
				"command line",
				found));
	return EXIT_AS_EXPECTED;
}

static int prepare_out(struct fuzzing *f)
{
	const char *out = f->options.out;
	const char *log = arena_printf(&f->arena, "%s/target.log", out);

	if (!output_make_folder(&f->arena, out))
		return complain(
			EXIT_USAGE, arena_printf(&f->arena, "%s: %s", out, strerror(errno)));
	f->log = fopen(log, "ae"); /* what it said of earlier finds stays */
	if (!f->log)
		return complain(
			EXIT_USAGE, arena_printf(&f->arena, "%s: %s", log, strerror(errno)));
	return EXIT_AS_EXPECTED;
}

static void bound_site(struct fuzzing *f)
{
	f->site.allowance.rate = f->options.rate;
	f->site.stop_fd = f->stop_fd;
}

static int reach_target(struct fuzzing *f)
{
	struct survey surveys[VERSION_COUNT] = { 0 };
	unsigned versions = 0;
	const char *error = NULL;

	f->target.log = f->log;
	f->target.stop_fd = f->stop_fd;
	if (target_is_launched(&f->target)) {
		enum target_status status = target_launch(&f->target, &error);
		if (status == TARGET_CANCELLED)
			return EXIT_INTERRUPTED;
		if (status == TARGET_FAILED)
			return complain(EXIT_NOTHING, error);
	} else if (!target_use_url(
			   &f->target, f->has_file ? f->file.url : f->options.target, &error)) {
		return complain(EXIT_NOTHING, error);
	}
	if (!survey_take(&f->arena, &f->target, f->options.versions, ANSWER_US, surveys, &error))
		return complain(EXIT_NOTHING, error);
	for (int i = 0; i < VERSION_COUNT; i++)
		if (surveys[i].status == PROBE_SERVED)
			versions |= version_at(i) == MQTT_50 ? V50 : V311;
	if (!versions)
		return complain(
			EXIT_NOTHING, "the target lets no client in, in any version asked for");
	site_init_server(&f->site, &f->target, versions);
	bound_site(f);
	return EXIT_AS_EXPECTED;
}

/* ---- one exchange ---------------------------------------------------------------------------- */

static int play_exchange(struct fuzzing *f)
{
	const struct symptom any = { .kind = SYMPTOM_NONE };
	struct symptom seen = { 0 };
	struct exchange e;
	struct trial trial;
	struct tape tape;
	const char *error;

	if (!exchange_load(&f->arena, f->options.play, &e, &error))
		return complain(EXIT_USAGE, error);
	trial_init(&trial, &f->site, &any, (int64_t)f->options.answer_s * 1000000);
	tape_init(&tape, &f->arena, NULL);
	bool shows = trial_shows(&trial, &e, &tape, &seen);
	evidence_print(stdout, &tape);
	if (shows)
		symptom_print(stdout, &seen);
	else
		fputs(site_is_stopped(&f->site) ? "interrupted" : "nothing is shown", stdout);
	putchar('\n');
	trial_fini(&trial);
	return shows                        ? EXIT_UNEXPECTED
		: site_is_stopped(&f->site) ? EXIT_INTERRUPTED
					    : EXIT_AS_EXPECTED;
}

/* ---- a barrage ------------------------------------------------------------------------------ */

static const char *replay_command(struct fuzzing *f)
{
	struct buf line;

	buf_init(&line, SIZE_MAX / 2);
	buf_add_text(&line, "mqttspec fuzz");
	if (f->options.client)
		buf_add_text(&line, " --client");
	shell_add_word(&line, f->options.client ? f->options.client : f->options.target);
	buf_add_text(&line, " --play");
	const char *text = arena_text(&f->arena, buf_text(&line));
	buf_fini(&line);
	return text;
}

static int exit_code(const struct fuzzing *f, const struct barrage *c, enum barrage_end end)
{
	if (end == BARRAGE_INTERRUPTED)
		return EXIT_INTERRUPTED;
	if (c->finds)
		return EXIT_UNEXPECTED;
	if (end == BARRAGE_TARGET_LOST)
		return complain(EXIT_NOTHING,
			f->site.error ? f->site.error
				      : "the target is lost, and cannot be launched again");
	return EXIT_AS_EXPECTED;
}

static int play_barrage(struct fuzzing *f, struct corpus *corpus)
{
	const struct fuzz_options *o = &f->options;
	struct fuzz_view view = {
		.to = stdout,
		.live = screen_is_live(stdout),
		.quiet = o->quiet,
		.arena = &f->arena,
		.out = o->out,
		.replay = replay_command(f),
	};
	const struct barrage_config config = {
		.site = &f->site,
		.corpus = corpus,
		.seed = o->seed,
		.time_us = (int64_t)o->time_s * 1000000,
		.slots = o->client ? 1 : o->jobs,
		.finds_max = o->finds,
		.limit_us = (int64_t)o->answer_s * 1000000,
		.hunt_us = (int64_t)HUNT_S * 1000000,
		.look_us = (int64_t)o->look_s * 1000000,
		.memory_kib = (uint64_t)o->memory_mib * 1024,
		.ignored = o->ignored,
		.view = { &view, fuzz_view_find, fuzz_view_remark, fuzz_view_progress },
	};
	struct barrage *c = malloc(sizeof(*c));

	if (!c)
		abort();
	if (!o->quiet)
		printf("%s%s, seed %llu\n", o->client ? "MQTT " : f->target.endpoint.url,
			o->client ? spec_version_name(site_version(&f->site, 0)) : "",
			(unsigned long long)o->seed);
	fflush(stdout);
	enum barrage_end end = barrage_run(c, &config);
	fuzz_view_end(&view, c, corpus, clock_now_us() - c->started_us);
	int code = view.failed ? EXIT_NOTHING : exit_code(f, c, end);
	barrage_fini(c);
	free(c);
	return code;
}

static int with_agent(struct fuzzing *f, const struct client *client, enum mqtt_version version,
	struct corpus *corpus)
{
	struct agency agency;
	const char *error = NULL;
	int code;

	if (agency_init(&agency, client, version, &error)) {
		site_init_client(&f->site, &agency);
		bound_site(f);
		code = f->options.play ? play_exchange(f) : play_barrage(f, corpus);
	} else {
		code = complain(EXIT_NOTHING, error);
	}
	agency_fini(&agency);
	return code;
}

/* One version after the other, as the same process speaks one. */
static int fuzz_versions(
	struct fuzzing *f, const struct client *client, unsigned versions, struct corpus *corpus)
{
	int worst = EXIT_AS_EXPECTED;

	if (versions == BOTH)
		f->options.time_s = (f->options.time_s + 1) / 2;
	for (int i = 0; i < VERSION_COUNT && worst <= EXIT_UNEXPECTED; i++) {
		enum mqtt_version version = version_at(i);
		if (!(versions & (version == MQTT_50 ? V50 : V311)))
			continue;
		int code = with_agent(f, client, version, corpus);
		worst = code > worst ? code : worst;
	}
	return worst;
}

static int fuzz_client(struct fuzzing *f, struct corpus *corpus)
{
	struct client client = { .words = words_split(&f->arena, f->options.client),
		.agent = true,
		.transport = &transport_tcp };
	struct client_facts facts;
	struct exchange e;
	const char *error;

	if (!client.words || !client.words[0])
		return complain(EXIT_USAGE,
			client.words ? "the client's command line is empty"
				     : "a quote is left open in the client's "
				       "command line");
	if (!client_hello(&f->arena, &client, ANSWER_US, &facts, &error))
		return complain(EXIT_NOTHING, error);
	unsigned versions = f->options.versions & facts.versions;
	if (!versions)
		return complain(EXIT_NOTHING, "the client speaks no version that was asked for");
	if (!f->options.play)
		return fuzz_versions(f, &client, versions, corpus);
	if (!exchange_load(&f->arena, f->options.play, &e, &error))
		return complain(EXIT_USAGE, error);
	return with_agent(f, &client, exchange_first_version(&e), corpus);
}

static int fuzz_target(struct fuzzing *f, struct corpus *corpus)
{
	int code = reach_target(f);

	if (code)
		return code;
	return f->options.play ? play_exchange(f) : play_barrage(f, corpus);
}

static int fuzz_prepared(struct fuzzing *f)
{
	const char *error;
	struct corpus *corpus = malloc(sizeof(*corpus));

	if (!corpus)
		abort();
	enum side ours = f->options.client ? SIDE_SERVER : SIDE_CLIENT;
	int code = corpus_init(corpus, f->options.corpus, ours, tool_version, &error)
		? EXIT_AS_EXPECTED
		: complain(EXIT_USAGE, error);
	if (!code)
		code = f->options.client ? fuzz_client(f, corpus) : fuzz_target(f, corpus);
	corpus_fini(corpus);
	free(corpus);
	return code;
}

/* ---- around it ------------------------------------------------------------------------------- */

static int fuzz(struct fuzzing *f)
{
	uint32_t random; /* short enough to type again */
	int code = f->options.client ? EXIT_AS_EXPECTED : find_target(f);

	if (!f->options.has_seed && getrandom(&random, sizeof(random), 0) == sizeof(random))
		f->options.seed = random;
	if (!code)
		code = prepare_out(f);
	if (code)
		return code;
	target_init(&f->target, f->has_file ? &f->file : NULL);
	f->stop_fd = interruption_catch(NULL);
	code = fuzz_prepared(f);
	target_fini(&f->target);
	if (f->stop_fd >= 0)
		close(f->stop_fd);
	return code;
}

static int run(int argc, char **argv)
{
	struct fuzzing f = { .stop_fd = -1 };
	int code;

	arena_init(&f.arena);
	if (fuzz_options_read(&f.arena, argc, argv, &f.options, &code))
		code = fuzz(&f);
	if (f.log)
		fclose(f.log);
	arena_fini(&f.arena);
	return code;
}

const struct command command_fuzz = {
	.name = "fuzz",
	.synopsis = "TARGET [OPTION...]",
	.summary = "damaged packets, and whether a broker or client bears them",
	.run = run,
	.options = fuzz_options_table,
	.help = fuzz_help,
};
