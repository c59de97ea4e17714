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
#include "cli/live_options.h"
#include "cli/live_target.h"
#include "cli/login.h"
#include "cli/output.h"
#include "cli/screen.h"
#include "fuzz/agency.h"
#include "fuzz/evidence.h"
#include "fuzz/trial.h"
#include "harness/launch/words.h"
#include "harness/runner/client_pki.h"
#include "harness/runner/survey.h"
#include "harness/runner/target_install.h"
#include "harness/transport/transport.h"

enum { ANSWER_US = 2000000, HUNT_S = 60 };

/* A fuzzing from the command line to its exit code. */
struct fuzzing {
	struct arena arena;
	struct fuzz_options options;
	struct live_target live; /* unless a client's command line was given */
	bool is_client;
	struct client client; /* if it is one */
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

/* What was said of brokers makes no sense of a client. */
static int check_client(struct fuzzing *f)
{
	const char *option = live_options_of_brokers(&f->options.live);

	if (!f->client.words)
		return complain(EXIT_USAGE, "a quote is left open in the client's command line");
	if (!f->client.words[0])
		return complain(EXIT_USAGE, "the client's command line is empty");
	if (!f->client.agent)
		return complain(EXIT_USAGE,
			arena_printf(&f->arena,
				"%s has no `agent`: it is by its agent that a client is fuzzed",
				f->live.file.path));
	if (option)
		return complain(EXIT_USAGE,
			arena_printf(&f->arena, "%s is for brokers, not for a client", option));
	return EXIT_AS_EXPECTED;
}

static int find_target(struct fuzzing *f)
{
	const struct fuzz_options *o = &f->options;
	int code;

	if (o->client) {
		login_hide();
		f->is_client = true;
		f->client = (struct client){ .words = words_split(&f->arena, o->client),
			.agent = true };
		return check_client(f);
	}
	if (!live_target_find(&f->live, &f->arena, &o->live, o->target, &code))
		return code;
	login_hide();
	f->is_client = f->live.is_client;
	if (!f->is_client)
		return EXIT_AS_EXPECTED;
	target_file_client(&f->arena, &f->live.file, &f->client);
	return check_client(f);
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
	struct target *target = &f->live.target;
	unsigned versions = 0;
	const char *error = NULL;
	int code;

	target->log = f->log;
	if (!live_target_start(&f->live, f->stop_fd, &code))
		return code;
	if (!survey_take(&f->arena, target, f->options.versions, ANSWER_US, surveys, &error))
		return complain(EXIT_NOTHING, error);
	for (int i = 0; i < VERSION_COUNT; i++)
		if (surveys[i].status == PROBE_SERVED)
			versions |= version_bit(version_at(i));
	if (!versions)
		return complain(
			EXIT_NOTHING, "the target lets no client in, in any version asked for");
	site_init_server(&f->site, target, versions);
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

static void add_option(struct buf *line, const char *name, const char *value)
{
	if (!value)
		return;
	shell_add_word(line, name);
	shell_add_word(line, value);
}

/* The password is not in it, but may be in a file or in the environment. */
static const char *replay_command(struct fuzzing *f)
{
	const struct live_options *l = &f->options.live;
	struct buf line;

	buf_init(&line, SIZE_MAX / 2);
	buf_add_text(&line, "mqttspec fuzz");
	add_option(&line, "--client", f->options.client);
	if (f->options.target)
		shell_add_word(&line, f->options.target);
	add_option(&line, "--transport", l->transport ? l->transport->name : NULL);
	add_option(&line, "--user", l->user);
	add_option(&line, "--password-file", l->password_file);
	add_option(&line, "--ca", l->tls.ca);
	add_option(&line, "--cert", l->tls.cert);
	add_option(&line, "--key", l->tls.key);
	add_option(&line, "--sni", l->tls.sni);
	add_option(&line, "--ws-path", l->ws_path);
	buf_add_text(&line, l->tls.insecure ? " --insecure" : "");
	buf_add_text(&line, l->anyway ? " --anyway" : "");
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
		.slots = f->is_client ? 1 : o->jobs,
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
		printf("%s%s, seed %llu\n", f->is_client ? "MQTT " : f->live.target.endpoint.url,
			f->is_client ? spec_version_name(site_version(&f->site, 0)) : "",
			(unsigned long long)o->seed);
	fflush(stdout);
	enum barrage_end end = barrage_run(c, &config);
	fuzz_view_end(&view, c, corpus, clock_now_us() - c->started_us);
	int code = view.failed ? EXIT_NOTHING : exit_code(f, c, end);
	barrage_fini(c);
	free(c);
	return code;
}

static int with_agent(struct fuzzing *f, enum mqtt_version version, struct corpus *corpus)
{
	struct agency agency;
	const char *error = NULL;
	int code;

	if (agency_init(&agency, &f->client, version, &error)) {
		site_init_client(&f->site, &agency);
		f->site.log = f->log;
		bound_site(f);
		code = f->options.play ? play_exchange(f) : play_barrage(f, corpus);
	} else {
		code = complain(EXIT_NOTHING, error);
	}
	agency_fini(&agency);
	return code;
}

/* One version after the other, as the same process speaks one. */
static int fuzz_versions(struct fuzzing *f, unsigned versions, struct corpus *corpus)
{
	int worst = EXIT_AS_EXPECTED;

	if (versions == BOTH)
		f->options.time_s = (f->options.time_s + 1) / 2;
	for (int i = 0; i < VERSION_COUNT && worst <= EXIT_UNEXPECTED; i++) {
		enum mqtt_version version = version_at(i);
		if (!(versions & version_bit(version)))
			continue;
		int code = with_agent(f, version, corpus);
		worst = code > worst ? code : worst;
	}
	return worst;
}

/* Its transport, and the certificates that it is to trust. */
static int equip_client(struct fuzzing *f, const struct client_facts *facts)
{
	const struct transport *transport = f->options.live.transport;
	const char *error;

	f->client.transport = transport ? transport : &transport_tcp;
	if (!(facts->transports & transport_bit(f->client.transport)))
		return complain(EXIT_USAGE,
			arena_printf(&f->arena, "the client does not speak %s",
				f->client.transport->name));
	if (f->client.transport->is_secret && !client_pki_make(&f->arena, &f->client, &error))
		return complain(EXIT_NOTHING, error);
	return EXIT_AS_EXPECTED;
}

static int fuzz_client(struct fuzzing *f, struct corpus *corpus)
{
	struct client_facts facts;
	struct exchange e;
	const char *error;

	f->client.transport = &transport_tcp;
	error = f->options.client ? NULL : target_install_lack(&f->arena, &f->live.file);
	if (error || !client_hello(&f->arena, &f->client, ANSWER_US, &facts, &error))
		return complain(EXIT_NOTHING, error);
	unsigned versions = f->options.versions & facts.versions;
	if (!versions)
		return complain(EXIT_NOTHING, "the client speaks no version that was asked for");
	int code = equip_client(f, &facts);
	if (code)
		return code;
	if (!f->options.play)
		return fuzz_versions(f, versions, corpus);
	if (!exchange_load(&f->arena, f->options.play, &e, &error))
		return complain(EXIT_USAGE, error);
	return with_agent(f, exchange_first_version(&e), corpus);
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
	enum side ours = f->is_client ? SIDE_SERVER : SIDE_CLIENT;
	int code = corpus_init(corpus, f->options.corpus, ours, tool_version, &error)
		? EXIT_AS_EXPECTED
		: complain(EXIT_USAGE, error);
	if (!code)
		code = f->is_client ? fuzz_client(f, corpus) : fuzz_target(f, corpus);
	corpus_fini(corpus);
	free(corpus);
	return code;
}

/* ---- around it ------------------------------------------------------------------------------- */

static int fuzz(struct fuzzing *f)
{
	uint32_t random; /* short enough to type again */
	int code = find_target(f);

	if (!f->options.has_seed && getrandom(&random, sizeof(random), 0) == sizeof(random))
		f->options.seed = random;
	if (!code)
		code = prepare_out(f);
	if (code) {
		live_target_stop(&f->live);
		return code;
	}
	f->stop_fd = interruption_catch(NULL);
	code = fuzz_prepared(f);
	live_target_stop(&f->live);
	client_pki_remove(&f->client);
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
