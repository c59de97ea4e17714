#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cases/list.h"
#include "cli/cli.h"
#include "cli/nearest.h"
#include "cli/run.h"
#include "cli/target_path.h"
#include "cli/walk.h"
#include "harness/launch/words.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/transport.h"

static const char default_target[] = "mqttspec-broker";

bool run_complain(const struct run *run, int *code, enum exit_code why, const char *sentence)
{
	fprintf(stderr, "mqttspec %s: %s\n", run->options.command->name, sentence);
	*code = why;
	return false;
}

/* ---- target -------------------------------------------------------------------------------- */

static bool use_file(struct run *run, const char *path, int *code)
{
	const char *error;

	run->has_file = true;
	if (!target_file_read(&run->arena, path, &run->file, &error))
		return run_complain(run, code, EXIT_USAGE, error);
	if (run->file.warning)
		fprintf(stderr, "mqttspec %s: warning: %s\n", run->options.command->name,
			run->file.warning);
	bool is_client = target_file_client(&run->arena, &run->file, &run->client);
	if (run->role == ROLE_AGENT && (!is_client || !run->client.agent))
		return run_complain(run, code, EXIT_USAGE,
			arena_printf(&run->arena, "%s has no `agent`", path));
	if (run->role == ROLE_AGENT)
		run->file.expected = (struct expectations){ 0 }; /* those of the client */
	else if (is_client)
		run->role = ROLE_CLIENT;
	return true;
}

/* A sentence about a URL comes before a record is begun, and names none of its secrets. */
static bool use_url(struct run *run, int *code)
{
	const char *objection = endpoint_objection(&run->arena, run->target_word);

	return !objection || run_complain(run, code, EXIT_USAGE, objection);
}

/* A client by its command line. */
static bool use_command(struct run *run, const char *command, bool agent, int *code)
{
	if (run->role != ROLE_AGENT)
		run->target_word =
			arena_printf(&run->arena, "--%s=%s", agent ? "client" : "exec", command);
	run->command_word = command;
	run->role = run->role == ROLE_AGENT ? ROLE_AGENT : ROLE_CLIENT;
	run->client = (struct client){ .words = words_split(&run->arena, command), .agent = agent };
	if (!run->client.words)
		return run_complain(
			run, code, EXIT_USAGE, "a quote is left open in the client's command line");
	if (!run->client.words[0])
		return run_complain(run, code, EXIT_USAGE, "the client's command line is empty");
	return true;
}

/* The first word is an agent: a target file that has one, or a command line. */
static bool find_agent(struct run *run, int *code)
{
	struct run_options *o = &run->options;
	const char *found;

	if (!o->word_count)
		return run_complain(
			run, code, EXIT_USAGE, "the command line of an agent is missing");
	run->target_word = *o->words++;
	o->word_count--;
	enum target_word kind = target_word(&run->arena, run->target_word, &found);
	if (kind == WORD_FILE && target_is_file_name(found))
		return use_file(run, found, code);
	if (kind == WORD_FILE && access(found, X_OK))
		return run_complain(run, code, EXIT_USAGE,
			arena_printf(&run->arena, "%s cannot be executed, and is no .ini", found));
	return use_command(run, run->target_word, true, code);
}

/* The first word is the target, if it can be one; or there is none, and it is the first pattern. */
static bool find_target(struct run *run, int *code)
{
	struct run_options *o = &run->options;
	const char *found;
	enum target_word kind = WORD_NO_TARGET;

	if (run->role == ROLE_AGENT)
		return find_agent(run, code);
	if (o->client || o->exec)
		return use_command(run, o->client ? o->client : o->exec, o->client, code);
	if (o->word_count)
		kind = target_word(&run->arena, o->words[0], &found);
	if (kind != WORD_NO_TARGET) {
		run->target_word = o->words[0];
		o->words++;
		o->word_count--;
	} else {
		run->target_word = default_target;
		kind = target_word(&run->arena, default_target, &found);
	}
	switch (kind) {
	case WORD_URL: return use_url(run, code);
	case WORD_FILE: return use_file(run, found, code);
	case WORD_NO_TARGET: break;
	}
	return run_complain(run, code, EXIT_USAGE,
		arena_printf(&run->arena, "there is no target file %s.ini%s", default_target,
			target_place(&run->arena)));
}

/* ---- expectations -------------------------------------------------------------------------- */

/* A file, or that of the target of this name; NULL: there is neither. */
static const char *expectations_path(struct run *run, const char *from)
{
	const char *found;

	if (access(from, F_OK) == 0)
		return from;
	return target_word(&run->arena, from, &found) == WORD_FILE && !access(found, F_OK) ? found
											   : NULL;
}

static bool find_expectations(struct run *run, int *code)
{
	const char *from = run->options.expect;
	const char *error;

	run->expected = run->file.expected;
	if (from && !strcmp(from, "none")) {
		run->expected = (struct expectations){ 0 };
	} else if (from) {
		const char *path = expectations_path(run, from);
		if (!path)
			return run_complain(run, code, EXIT_USAGE,
				arena_printf(&run->arena,
					"--expect %s: there is no such file, and no target of that "
					"name",
					from));
		if (!target_file_read_expected(&run->arena, path, &run->expected, &error))
			return run_complain(run, code, EXIT_USAGE, error);
	}
	const struct expectation *orphan =
		expectation_orphan(&run->expected, run->cases, run->case_count);
	if (!orphan)
		return true;
	return run_complain(run, code, EXIT_USAGE,
		arena_printf(&run->arena, "%s:%d: no case run is ever met by `%s`", orphan->path,
			orphan->line, orphan->pattern));
}

/* ---- plan ---------------------------------------------------------------------------------- */

static void offer_targets(struct arena *a, struct nearest *n)
{
	char *rest = arena_text(a, target_names(a));

	for (char *name = strtok_r(rest, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
		nearest_offer(n, name);
}

static void offer_statements(struct nearest *n, const struct case_def *def)
{
	for (size_t i = 0; i < CASE_REFS && def->refs[i]; i++)
		nearest_offer(n, strchr(def->refs[i], ':') + 1);
}

/* Of cases for others than those that are judged here. NULL: it is of none. */
static const char *explain_role(struct run *run, const char *pattern)
{
	static const char *const roles[] = {
		[ROLE_SERVER] = "broker",
		[ROLE_CLIENT] = "client",
		[ROLE_AGENT] = "agent",
	};
	struct walk w = { 0 };

	while (walk_next(&w))
		if (w.def->role != run->role && walk_matches(&w, pattern))
			return arena_printf(&run->arena, "\"%s\" judges %ss, and %s is no %s",
				pattern, roles[w.def->role], run->target_word, roles[w.def->role]);
	return NULL;
}

/* Of a target that is not in its place. NULL: it is none. */
static const char *explain_target(struct run *run, const char *pattern)
{
	const char *found;

	if (target_word(&run->arena, pattern, &found) == WORD_NO_TARGET)
		return NULL;
	if (run->target_word == default_target)
		return arena_printf(&run->arena,
			"\"%s\" is a target: it comes first, and then what is played", pattern);
	return arena_printf(&run->arena,
		"\"%s\" is a target, and what is judged here is %s: name one of them", pattern,
		run->target_word);
}

static bool complain_of_pattern(struct run *run, const char *pattern, int *code)
{
	bool may_be_target = run->target_word == default_target && pattern == run->options.words[0];
	struct nearest n;
	struct walk w = { 0 };
	char hint[NEAREST_TEXT], id[CASE_ID_SIZE];

	nearest_init(&n, pattern);
	if (may_be_target)
		offer_targets(&run->arena, &n);
	while (walk_next(&w)) {
		if (w.def->role != run->role)
			continue;
		nearest_offer(&n, w.chapter->id);
		nearest_offer(&n, w.def->id);
		nearest_offer(&n, walk_id(&w, id));
		offer_statements(&n, w.def);
	}
	nearest_text(&n, hint);
	const char *known = explain_role(run, pattern);
	if (!known)
		known = explain_target(run, pattern);
	if (known)
		return run_complain(run, code, EXIT_USAGE, known);
	if (!may_be_target)
		return run_complain(run, code, EXIT_USAGE,
			arena_printf(&run->arena, "no case matches \"%s\"%s", pattern, hint));
	return run_complain(run, code, EXIT_USAGE,
		arena_printf(&run->arena, "\"%s\" is no target (%s), and no case matches it%s",
			pattern, target_choice(&run->arena), hint));
}

static void list_cases(struct run *run)
{
	size_t count = case_count();
	const struct case_def **cases = arena_alloc(&run->arena, (count + 1) * sizeof(*cases));

	for (size_t i = 0; i < count; i++)
		if (case_at(i)->role == run->role)
			cases[run->case_count++] = case_at(i);
	run->cases = cases;
}

/* Whether other transports would have something to play. */
static bool is_for_others(struct run *run, const struct selection *s)
{
	struct selection wide = *s;
	struct plan plan;

	wide.routes = routes_all();
	plan_make(&run->arena, &wide, &plan);
	return plan.count > 0;
}

static bool is_planned(const struct plan *plan, const struct transport *transport)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->items[i].transport == transport)
			return true;
	return false;
}

/* An agent is probed, and keys are made, for what is played alone. */
static void keep_planned_routes(struct run *run)
{
	struct routes *routes = &run->routes;
	const struct transport **kept = arena_alloc(&run->arena, routes->count * sizeof(*kept));
	size_t count = 0;

	if (run->role != ROLE_AGENT || !run->plan.count)
		return;
	for (size_t i = 0; i < routes->count; i++)
		if (is_planned(&run->plan, routes->list[i]))
			kept[count++] = routes->list[i];
	*routes = (struct routes){ kept, count };
	run->client.transport = kept[0];
}

static bool make_plan(struct run *run, int *code)
{
	const struct run_options *o = &run->options;
	const struct selection selection = {
		.cases = run->cases,
		.case_count = run->case_count,
		.patterns = (const char *const *)o->words,
		.pattern_count = o->word_count,
		.excluded = o->excluded,
		.excluded_count = o->excluded_count,
		.versions = o->versions,
		.routes = run->routes,
		.cuts = o->cuts,
		.repeats = o->repeats,
		.shard = o->shard,
		.shards = o->shards,
		.shuffle = o->shuffle,
		.seed = o->seed,
	};
	if (run->instead) {
		plan_make(&run->arena, &(struct selection){ .repeats = 1 }, &run->plan);
		if (o->word_count || run->role != ROLE_SERVER)
			return run_complain(run, code, EXIT_USAGE, "it takes one TARGET, a broker");
		return true;
	}
	const char *unmatched = selection_unmatched(&selection);

	if (unmatched)
		return complain_of_pattern(run, unmatched, code);
	plan_make(&run->arena, &selection, &run->plan);
	keep_planned_routes(run);
	if (run->plan.count)
		return true;
	return run_complain(run, code, EXIT_NOTHING,
		o->shards ? "this shard of the selected cases is empty"
			: is_for_others(run, &selection) ? "the selected cases are about other "
							   "transports: see --transports"
			: o->excluded_count ? "--not leaves nothing of the selected cases"
					    : "the selected cases are not played in that version");
}

bool run_prepare(struct run *run, int *code)
{
	struct run_options *o = &run->options;
	uint32_t random; /* short enough to type again */

	if (!o->has_seed && getrandom(&random, sizeof(random), 0) == sizeof(random))
		o->seed = random;
	if (!find_target(run, code))
		return false;
	if (o->capture && run->role != ROLE_SERVER)
		return run_complain(
			run, code, EXIT_USAGE, "--capture is for brokers, not for a client");
	list_cases(run);
	return run_find_login(run, code) && run_find_guest(run, code) &&
		find_expectations(run, code) && run_find_routes(run, code) &&
		run_find_tls(run, code) && make_plan(run, code);
}
