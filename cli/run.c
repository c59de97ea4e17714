#include "cli/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/shell.h"
#include "cli/cli.h"
#include "cli/interruption.h"
#include "cli/output.h"
#include "cli/screen.h"
#include "harness/agent/habits.h"
#include "harness/launch/program.h"
#include "harness/runner/client_pki.h"
#include "harness/runner/target_install.h"
#include "harness/transport/transport.h"
#include "harness/versions.h"
#include "pcap/capture.h"
#include "spec/spec.h"

enum {
	JOBS = 16, /* far more than cores */
	JOBS_A_CORE = 4,
	WAITING_A_JOB = 10, /* case runs that only wait, for each that may be at work */
	CAPTURE_ERROR_SIZE = 512,
	PATIENCE_SIZE = 100,
	FEW_CASE_RUNS = 40, /* of so many a log has a line each */
};

static const char interrupted[] = "interrupted";

/* ---- the view ------------------------------------------------------------------------------ */

static void show_result(void *user, size_t index, const struct record_case *record)
{
	struct run *run = user;
	bool silent = run->options.quiet && record->expected;

	run_count(run, index, record);
	if (silent)
		run->terminal.expected_failures += !verdict_is_good(record->verdict);
	else
		terminal_case(&run->terminal, record);
}

static void show_death(void *user, const struct record_death *death)
{
	struct run *run = user;

	terminal_death(&run->terminal, death);
}

static void show_remark(void *user, const char *sentence)
{
	struct run *run = user;

	terminal_remark(&run->terminal, sentence);
}

/* Why it takes longer. */
static const char *patience_text(
	const struct run *run, size_t count, char out[static PATIENCE_SIZE])
{
	snprintf(out, PATIENCE_SIZE, "again, with up to %u s for an answer: %zu left",
		run->options.patience_s, count);
	return out;
}

static void show_progress(void *user, const struct runner_progress *p)
{
	struct run *run = user;
	double seconds = (double)(clock_now_us() - run->runner.started_us) / 1e6;
	struct terminal_running *running = calloc(p->running_count + 1, sizeof(*running));
	char patience[PATIENCE_SIZE];

	if (!running)
		abort();
	for (size_t i = 0; i < p->running_count; i++)
		running[i] = (struct terminal_running){ p->running[i].id, p->running[i].age_us };
	terminal_progress(&run->terminal, p->done, p->planned, running, p->running_count,
		seconds > 0 ? (double)p->done / seconds : 0,
		p->patiently       ? patience_text(run, p->patient, patience)
			: p->paced ? "held back by --connect-rate"
				   : NULL);
	free(running);
}

static void set_terminal(struct run *run)
{
	const struct run_options *o = &run->options;
	bool live = screen_is_live(stdout) && !o->transcript;
	bool few = run->plan.count <= FEW_CASE_RUNS && !o->until_failure;
	bool each = o->verbose || o->transcript || (!live && few);

	run->terminal = (struct terminal){
		.to = stdout,
		.color = o->color == COLOR_ALWAYS ||
			(o->color == COLOR_AUTO && screen_has_color(stdout)),
		.live = live,
		.verbose = o->verbose,
		.each = each,
		.stages = !live && !each && !o->quiet && !o->until_failure,
		.width = screen_width(stdout, 0),
		.folder = o->out,
	};
}

/* ---- target -------------------------------------------------------------------------------- */

static void say_launching(struct run *run, const char *text)
{
	if (!run->terminal.live || run->options.serve)
		return;
	fprintf(stdout, "\r\x1b[K%s%s", text, *text ? run->file.name : "");
	fflush(stdout);
}

const char *run_not_launched(struct run *run, const char *why)
{
	if (!run->has_file || !run->file.package || program_find(&run->arena, run->client.words[0]))
		return why;
	return arena_printf(&run->arena, "%s is not installed: %s; install the package %s",
		run->file.name, why, run->file.package);
}

static void preload_client(struct run *run)
{
	const char *error;

	if (preload_start(&run->preload, &run->arena, &run->client, &error))
		run->client.preload = &run->preload;
	else
		fprintf(stderr,
			"mqttspec run: the agent cannot be preloaded, and is launched anew for "
			"each "
			"case run: %s\n",
			error);
}

/* NULL: it can be launched, and speaks MQTT. */
static const char *reach_client(struct run *run, int64_t answer_us)
{
	const char *error = run->has_file ? target_install_lack(&run->arena, &run->file) : NULL;
	struct client_facts facts;
	unsigned served = run->has_file ? run->file.versions : BOTH;

	if (error)
		return error;
	if (!run->client.agent)
		run->client.habits = habits_new();
	if (run_any_secret(run) && !client_pki_make(&run->arena, &run->client, &error))
		return error;
	if (!survey_take_client(&run->arena, &run->client, served, run->options.versions, answer_us,
		    run->surveys, &facts, &error))
		return run_not_launched(run, error);
	for (size_t i = 0; run->client.agent && i < run->routes.count; i++)
		if (client_needs_keep_alive(
			    &run->arena, &run->client, &facts, run->routes.list[i], answer_us))
			run->client.kept_alive |= transport_bit(run->routes.list[i]);
	if (facts.preload && run->role == ROLE_CLIENT)
		preload_client(run);
	if (run->has_file)
		run->record.target_version = target_file_version(&run->arena, &run->file);
	else if (*facts.name)
		run->record.target_name = facts.name;
	if (!run->record.target_version && *facts.version)
		run->record.target_version = facts.version;
	return NULL;
}

/* Over each route; the time that an answer has is lengthened by the longest. */
static void measure_distances(struct run *run, int64_t answer_us)
{
	int64_t most_us = 0;

	for (size_t i = 0; i < run->routes.count; i++) {
		struct round_trip *trip = &run->round_trips[i];
		*trip = survey_distance(
			&run->arena, &run->target, run->routes.list[i], answer_us, run->surveys);
		most_us = trip->most_us > most_us ? trip->most_us : most_us;
	}
	for (int i = 0; i < VERSION_COUNT; i++)
		run->surveys[i].answer_us += most_us;
	run->record.round_trip_us = run->round_trips[0].usual_us;
}

/* NULL: it is there. */
static const char *reach_target(struct run *run)
{
	const char *error = NULL;
	int64_t answer_us = (int64_t)run->options.answer_ms * 1000;

	if (run->role != ROLE_SERVER)
		return reach_client(run, answer_us);
	run->target.log = run->out.log;
	run->target.stop_fd = run->stop_fd;
	if (target_is_launched(&run->target)) {
		say_launching(run, "launching ");
		enum target_status status = target_launch(&run->target, &error);
		say_launching(run, "");
		if (status == TARGET_CANCELLED)
			return interrupted;
		if (status == TARGET_FAILED)
			return error;
		run->record.target_version = target_file_version(&run->arena, &run->file);
	} else if (!target_use_url(&run->target, run->has_file ? run->file.url : run->target_word,
			   &error)) {
		return error;
	}
	run->record.target_url = arena_text(&run->arena, run->target.endpoint.url);
	if (!run->has_file)
		run->record.target_name = run->record.target_url;
	if (!survey_take(&run->arena, &run->target, run->options.versions, answer_us, run->surveys,
		    &error) &&
		!(run->options.anyway && survey_connects(&run->target, answer_us)))
		return error;
	if (!run->options.anyway &&
		!survey_enter(&run->arena, &run->target, answer_us, run->surveys, &error))
		return arena_printf(&run->arena, "%s (--anyway plays all the same)", error);
	measure_distances(run, answer_us);
	return NULL;
}

static void tell_of_keep_alive(const struct run *run)
{
	for (size_t i = 0; i < run->routes.count; i++)
		if (run->client.kept_alive & transport_bit(run->routes.list[i]))
			fprintf(stderr,
				"mqttspec run: over %s a Keep Alive of 0 cannot be had; all have "
				"%u s instead\n",
				run->routes.list[i]->name, KEEP_ALIVE_INSTEAD_S);
	for (int i = 0; i < VERSION_COUNT; i++)
		if (run->surveys[i].capabilities.keep_alive && !run->surveys[i].unserved)
			fprintf(stderr,
				"mqttspec run: MQTT %s: a Keep Alive of 0 is not accepted; all "
				"have %u s instead\n",
				spec_version_name(version_at(i)),
				run->surveys[i].capabilities.keep_alive);
}

static void tell_of_refusals(const struct run *run)
{
	for (int i = 0; i < VERSION_COUNT; i++)
		for (int what = 0; what < OFFER_COUNT; what++)
			if (run->surveys[i].remarks[what])
				fprintf(stderr, "mqttspec run: MQTT %s: %s\n",
					spec_version_name(version_at(i)),
					run->surveys[i].remarks[what]);
}

static void warn_of_oddities(const struct run *run)
{
	tell_of_keep_alive(run);
	tell_of_refusals(run);
	for (int i = 0; i < VERSION_COUNT; i++)
		if (run->surveys[i].warning)
			fprintf(stderr,
				"mqttspec run: warning: %s; its case runs are played all the same, "
				"with shorter waits\n",
				run->surveys[i].warning);
}

/* ---- playing ------------------------------------------------------------------------------- */

/* What plays a case run of this run again, but for what is its own. It has no --out: that would replace the
 * evidence that it is about.
 */
static const char *again(struct run *run)
{
	const struct run_options *o = &run->options;
	struct buf line;

	buf_init(&line, SIZE_MAX);
	shell_add_word(
		&line, strchr(program_invocation_name, '/') ? program_invocation_name : "mqttspec");
	shell_add_word(&line, o->command->name);
	shell_add_word(&line, run->target_word);
	buf_add_text(&line, o->kept);
	if (o->command != &command_random) /* whose scenario has its own */
		buf_printf(&line, " --seed %llu", (unsigned long long)o->seed);
	const char *text = arena_text(&run->arena, buf_text(&line));
	buf_fini(&line);
	return text;
}

static void fill_record(struct run *run)
{
	static const char *const roles[] = {
		[ROLE_SERVER] = "server",
		[ROLE_CLIENT] = "client",
		[ROLE_AGENT] = "agent",
	};
	const struct run_options *o = &run->options;

	run->record = (struct record_run){
		.tool_version = tool_version,
		.target = run->target_word,
		.target_name = run->has_file ? run->file.name
			: run->command_word  ? run->command_word
					     : run->target_word,
		.target_url = run->role != ROLE_SERVER ? ""
			: !run->has_file               ? run->target_word
			: run->file.url                ? run->file.url
						       : "",
		.role = roles[run->role],
		.command = run->command,
		.again = again(run),
		.catalogue = spec_digest,
		.shard = o->shards ? arena_printf(&run->arena, "%u/%u", o->shard, o->shards) : NULL,
		.seed = o->seed,
		.started_us = clock_wall_us(),
		.planned = run->plan.count,
	};
}

/* Against a broker a case run mostly waits; a client is a process that has to be started. */
static unsigned default_jobs(const struct run *run)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (run->options.transcript || run->options.no_fork)
		return 1;
	if (run->role == ROLE_SERVER || cores < 1 || cores * JOBS_A_CORE > JOBS)
		return JOBS;
	return (unsigned)cores * JOBS_A_CORE;
}

static struct runner_config configure(struct run *run)
{
	const struct run_options *o = &run->options;
	int64_t now_us = clock_now_us();
	unsigned jobs = o->jobs ? o->jobs : default_jobs(run);

	return (struct runner_config){
		.plan = &run->plan,
		.target = &run->target,
		.client = run->role == ROLE_SERVER ? NULL : &run->client,
		.surveys = run->surveys,
		.expected = &run->expected,
		.whole = !o->word_count && !o->excluded_count && !o->serve,
		.seed = o->seed,
		.patience_us = (int64_t)o->patience_s * 1000000,
		.slack_us = run_slack_us(run),
		.routes = run->routes,
		.round_trips = run->round_trips,
		.deadline_us = o->deadline_s ? now_us + (int64_t)o->deadline_s * 1000000 : 0,
		.hold_us = run->role == ROLE_SERVER ? RUNNER_HOLD_US : 0,
		.jobs = jobs,
		.most_jobs = jobs > 1 ? jobs * WAITING_A_JOB : 1,
		.fail_fast = o->fail_fast,
		.no_fork = o->no_fork,
		.live = o->transcript ? stdout : NULL,
		.folder = o->out,
		.pcap = o->pcap,
		.wire = o->wire,
		.record = run->out.record,
		.stop_fd = run->stop_fd,
		.view = { .user = run,
			.result = show_result,
			.death = show_death,
			.remark = show_remark,
			.progress = run->terminal.live ? show_progress : NULL },
	};
}

static void play_rounds(struct run *run)
{
	struct runner *r = &run->runner;

	for (int round = 0;; round++) {
		runner_add_all(r, round);
		while (runner_turn(r, NULL))
			;
		runner_conclude(r);
		if (r->stopped || !run->options.until_failure || r->unexpected || r->unexplained ||
			output_is_unread(stdout))
			return;
	}
}

/* Of a shard by itself it is no finding that a cause did not come up. */
static size_t unseen_count(const struct run *run, const struct record_end *end)
{
	return run->options.shards ? 0 : end->unseen_count;
}

/* What the counts do not tell. */
static void explain_end(const struct run *run, const char *trouble)
{
	const struct runner *r = &run->runner;

	if (r->unexplained)
		fprintf(stderr,
			"mqttspec run: the target died %s that no single case run repeats\n",
			r->unexplained == 1 ? "a death" : "deaths");
	if (trouble && run->options.serve) /* else it is the last line of all */
		fprintf(stderr, "mqttspec run: %s\n", trouble);
}

static void show_end(struct run *run, struct record_end end, const char *trouble)
{
	end.unseen_count = unseen_count(run, &end);
	terminal_end(&run->terminal, &end, trouble);
}

static int play(struct run *run)
{
	bool serve = run->options.serve;
	struct runner_config config = configure(run);
	struct record_end end;

	if (!serve && !run->options.quiet)
		terminal_begin(&run->terminal, &run->record);
	run->terminal.run = &run->record;
	if (serve)
		config.view = (struct runner_view){ 0 };
	runner_init(&run->runner, &config);
	if (serve) {
		run_serve(run, &config);
		runner_conclude(&run->runner);
	} else {
		play_rounds(run);
	}
	runner_clean(&run->runner);
	runner_result(&run->runner, &end);
	end.unjudged = run_unjudged(run);
	if (!record_write_end(run->out.record, &end)) {
		run->runner.unrecorded_why = arena_text(&run->arena, strerror(errno));
		run->runner.unrecorded++;
	}
	const char *trouble = run_trouble(run);
	if (!serve)
		show_end(run, end, trouble);
	explain_end(run, trouble);
	int code = run_exit_code(run, unseen_count(run, &end), trouble);
	runner_fini(&run->runner);
	return code;
}

/* ---- around it ----------------------------------------------------------------------------- */

/* A run that ends before it begins: its record says so. */
static int refuse(struct run *run, enum exit_code code, const char *sentence)
{
	struct record_end end = { .not_run = run->plan.count, .stopped = sentence };

	record_write_run(run->out.record, &run->record);
	record_write_end(run->out.record, &end);
	fprintf(stderr, "mqttspec %s: %s\n", run->options.command->name, sentence);
	return code;
}

static uint16_t target_port(const struct run *run)
{
	const struct sockaddr_storage *at = &run->target.endpoint.address;

	return ntohs(at->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)at)->sin6_port
					       : ((const struct sockaddr_in *)at)->sin_port);
}

static int play_recorded(struct run *run)
{
	warn_of_oddities(run);
	record_write_run(run->out.record, &run->record);
	return run->instead ? run->instead(run, run->instead_user) : play(run);
}

/* With the real traffic recorded beside it. */
static int play_captured(struct run *run)
{
	if (!run->target.endpoint.transport->is_ip)
		return refuse(run, EXIT_USAGE, "--capture records networks alone");
	const char *path = arena_printf(&run->arena, "%s/capture.pcap", run->options.out);
	char error[CAPTURE_ERROR_SIZE] = "";
	unsigned long dropped;
	struct capture *capture =
		capture_start(run->options.capture, target_port(run), path, error, sizeof(error));

	if (!capture)
		return refuse(run, EXIT_USAGE, error);
	int code = play_recorded(run);
	unsigned long count = capture_stop(capture, &dropped);
	fprintf(stderr, "mqttspec run: %s: %lu packets, %lu lost\n", path, count, dropped);
	return code;
}

static int reach_and_play(struct run *run)
{
	static const struct users unseen = { .lack = "--capture records the real packets, so the "
						     "passwords of [users] are not sent" };
	int code;

	run->round_trips = arena_alloc(&run->arena, run->routes.count * sizeof(*run->round_trips));
	target_init(&run->target, run->has_file ? &run->file : NULL);
	run->preload = (struct preload){ .program = PROGRAM_NONE };
	if (run->options.capture && run->target.users)
		run->target.users = &unseen;
	run->target.login = run->login.user_name ? &run->login : NULL;
	run->target.guest = run->role == ROLE_SERVER ? &run->guest : NULL;
	run->target.files = run_tls_files(&run->options);
	run->target.path = run->options.ws_path;
	run->target.routes = run->routes.list;
	run->target.route_count = run->routes.count;
	fill_record(run);
	const char *error = reach_target(run);
	if (!error && !run->instead)
		run_look(run);
	if (error)
		code = refuse(
			run, strcmp(error, interrupted) ? EXIT_NOTHING : EXIT_INTERRUPTED, error);
	else
		code = run->options.capture ? play_captured(run) : play_recorded(run);
	preload_stop(&run->preload);
	client_pki_remove(&run->client);
	target_fini(&run->target);
	return code;
}

static int list_plan(struct run *run)
{
	for (size_t i = 0; i < run->plan.count; i++)
		puts(plan_key(&run->arena, &run->plan.items[i]));
	return EXIT_AS_EXPECTED;
}

static int run_prepared(struct run *run)
{
	bool own = !run->options.out; /* no folder was named: the run gets one of its own */
	const char *error;

	if (run->options.list)
		return run->instead ? run->instead(run, run->instead_user) : list_plan(run);
	if (own)
		run->options.out = out_folder_make(&run->arena,
			run->command_word ? run->command_word : run->target_word, clock_wall_us());
	if (!out_folder_open(&run->arena, run->options.out, &run->out, &error)) {
		fprintf(stderr, "mqttspec %s: %s\n", run->options.command->name, error);
		return EXIT_USAGE;
	}
	if (own)
		out_folder_link(&run->arena, run->options.out);
	set_terminal(run);
	run->stop_fd = run->options.no_fork ? -1 : interruption_catch(NULL);
	int code = reach_and_play(run);
	if (run->stop_fd >= 0)
		close(run->stop_fd);
	if (!out_folder_close(&run->out)) {
		fprintf(stderr, "mqttspec run: %s/run.jsonl: %s\n", run->options.out,
			strerror(errno));
		code = EXIT_NOTHING;
	}
	return code;
}

static const char *command_line(struct arena *a, int argc, char **argv)
{
	struct buf line;

	buf_init(&line, SIZE_MAX);
	buf_add_text(&line, "mqttspec");
	for (int i = 0; i < argc; i++)
		shell_add_word(&line, argv[i]);
	const char *text = arena_text(a, buf_text(&line));
	buf_fini(&line);
	return text;
}

static int run_with(struct run *run, const struct command *command, int argc, char **argv)
{
	int code = EXIT_USAGE;

	arena_init(&run->arena);
	run->command = command_line(&run->arena, argc, argv);
	if (run_options_read(&run->arena, command, argc, argv, &run->options, &code) &&
		run_prepare(run, &code))
		code = run_prepared(run);
	pace_fini(&run->pace);
	habits_free(run->client.habits);
	arena_fini(&run->arena);
	return code;
}

static int run_as(const struct command *command, enum role role, int argc, char **argv)
{
	struct run run = { .stop_fd = -1, .role = role };

	return run_with(&run, command, argc, argv);
}

int run_instead(const struct command *command, int argc, char **argv,
	int (*instead)(struct run *run, void *user), void *user)
{
	struct run run = {
		.stop_fd = -1, .role = ROLE_SERVER, .instead = instead, .instead_user = user
	};

	return run_with(&run, command, argc, argv);
}

static int run_command(int argc, char **argv)
{
	return run_as(&command_run, ROLE_SERVER, argc, argv);
}

static int agent_check_command(int argc, char **argv)
{
	return run_as(&command_agent_check, ROLE_AGENT, argc, argv);
}

const struct command command_run = {
	.name = "run",
	.synopsis = "[TARGET] [PATTERN...] [OPTION...]",
	.summary = "judge a broker or a client",
	.run = run_command,
	.options = run_options_table,
	.help = run_help,
};

const struct command command_agent_check = {
	.name = "agent-check",
	.synopsis = "'COMMAND' [PATTERN...] [OPTION...]",
	.summary = "whether a program keeps the contract of agents",
	.run = agent_check_command,
	.options = run_options_table,
	.help = agent_check_help,
};
