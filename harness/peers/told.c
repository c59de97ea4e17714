/* The agent of a client under test: launching it, what it says, and how it ends. */
#include <string.h>
#include <sys/wait.h>

#include "harness/agent/contract.h"
#include "harness/test.h"

enum {
	LINE_SHOWN = 600,   /* bytes of a line, in the transcript */
	OWN_COMMANDS = 900, /* the first id of those that a case spells itself */
};

/* ---- launching ----------------------------------------------------------------------------- */

void client_open(struct place at, struct test *t)
{
	const char *error;

	if (t->listener)
		return;
	t->listener = transport_listen(t->arena, t->play->transport, t->play->client->tls, &error);
	if (!t->listener)
		test_end(t, at, VERDICT_ERROR, error);
	t->listener->tap = test_tap(t);
	t->place = agent_place(t->arena, t->play->client, t->listener, t->play->version);
}

/* Launching takes its time, which is nobody's answer: an interpreter may have much to load. */
static void await_hello(struct place at, struct test *t)
{
	int64_t least_us = CLIENT_START_ANSWERS * t->play->answer_us,
		wait_us = test_answer_wait_us(t);
	int64_t limit_us = wait_us > least_us ? wait_us : least_us;

	if (t->agent->plain ||
		client_hear(t, 0, 1u << TOLD_HELLO, tape_now_us(&t->tape) + limit_us))
		return;
	if (t->def->role == ROLE_AGENT)
		test_differ(t, at, (struct difference){ .waited = true }, "hello",
			"the agent did not say it");
	t->waited = true;
	test_end(t, at, VERDICT_INCONCLUSIVE, "the agent did not say hello");
}

void client_launch(struct place at, struct test *t)
{
	const char *error;

	if (t->agent && !(t->agent->plain && t->agent->ended))
		return;
	client_open(at, t);
	if (t->agent)
		agent_stop(t->agent);
	struct agent *agent = arena_new(t->arena, struct agent);
	if (!agent_start(agent, t->arena, t->play->client, &t->place, &error))
		test_end(t, at, VERDICT_ERROR, error);
	t->agent = agent;
	await_hello(at, t);
}

/* ---- lines --------------------------------------------------------------------------------- */

static void put_on_tape(struct test *t, enum tape_kind kind, const char *line, size_t len)
{
	tape_add(&t->tape, kind, &t->agent_party, (struct bytes){ 0 },
		len <= LINE_SHOWN
			? arena_printf(t->arena, "%.*s", (int)len, line)
			: arena_printf(t->arena, "%.*s ... (%zu bytes)", LINE_SHOWN, line, len));
}

void client_tell(struct test *t, const char *line)
{
	put_on_tape(t, TAPE_TOLD, line, strlen(line));
	agent_tell(t->agent, line);
}

/* What only an agent on trial is held to: NULL, or a sentence. */
static const char *breach_of(struct test *t, const char *line, size_t len, const struct told *told)
{
	const char *error = contract_breach(t->arena, line, len, told);

	if (error)
		return arena_printf(
			t->arena, "the agent said what is not in its contract: %s", error);
	if (told->command > t->commands && told->command < OWN_COMMANDS)
		return arena_printf(t->arena, "the agent answered command %u, which was not given",
			told->command);
	for (size_t i = 0; i < t->hearing_count; i++) {
		const struct told *before = &t->hearings[i].told;
		if (told->kind == TOLD_HELLO)
			return "the agent said hello twice";
		if (told->command && before->command == told->command)
			return arena_printf(t->arena,
				"the agent answered command %u twice: with `%s`, then with `%s`",
				told->command, told_name(before->kind), told_name(told->kind));
	}
	return NULL;
}

static void take_line(struct test *t, const char *line, size_t len)
{
	struct hearing h = { 0 };
	struct hello hello;
	const char *error;

	put_on_tape(t, TAPE_SAID, line, len);
	if (!contract_event(t->arena, line, len, &h.told, &hello, &error)) {
		if (!t->fault)
			t->fault = arena_printf(
				t->arena, "the agent said what is not in its contract: %s", error);
		return;
	}
	h.told.place = (unsigned)t->hearing_count;
	if (t->def->role == ROLE_AGENT && !t->fault)
		t->fault = breach_of(t, line, len, &h.told);
	h.taken = h.told.kind == TOLD_MESSAGE && bytes_equal(h.told.topic, BYTES(FENCE_TOPIC));
	if (h.told.kind == TOLD_MESSAGE)
		messages_passed_on(t, &h.told);
	t->hearings = arena_grow(
		t->arena, t->hearings, t->hearing_count, &t->hearing_capacity, sizeof(h));
	t->hearings[t->hearing_count++] = h;
}

/* ---- its end ------------------------------------------------------------------------------- */

static const char *how_it_ended(struct test *t, int status)
{
	if (WIFSIGNALED(status))
		return arena_printf(t->arena, "the client died of signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	return arena_printf(
		t->arena, "the client ended by itself, with status %d", WEXITSTATUS(status));
}

static bool is_crash(const struct agent *g)
{
	if (!g->ended)
		return false;
	if (WIFSIGNALED(g->status))
		return true;
	return !g->plain && (!g->stopped || WEXITSTATUS(g->status));
}

/* Keeps the first death. */
static void take_death(struct test *t)
{
	const struct agent *g = t->agent;

	if (t->death || !is_crash(g))
		return;
	struct record_death *death = arena_new(t->arena, struct record_death);
	*death = (struct record_death){
		.signal = WIFSIGNALED(g->status) ? WTERMSIG(g->status) : 0,
		.exit_code = WIFEXITED(g->status) ? WEXITSTATUS(g->status) : 0,
		.stderr_tail = tail_text(&g->tail, t->arena),
		.during = play_id(t->arena, t->def, t->play->row),
	};
	t->death = death;
	test_remark(t, NULL, "%s", how_it_ended(t, g->status));
}

static const char *unsupported(struct test *t)
{
	for (size_t i = 0; i < t->hearing_count; i++) {
		const struct told *told = &t->hearings[i].told;
		if (told->kind == TOLD_UNSUPPORTED && told->command < OWN_COMMANDS)
			return arena_printf(t->arena, "the client cannot: %s", told->text);
	}
	return NULL;
}

/* What ends a case, wherever it waits. */
static void check_agent(struct test *t)
{
	struct place at = AT("the agent");
	const char *cannot = unsupported(t);

	if (t->death)
		test_end(t, at, VERDICT_CRASH, how_it_ended(t, t->agent->status));
	if (t->agent->flooded)
		t->fault = "the agent said a line of more than 16 MiB";
	if (t->def->role == ROLE_AGENT && t->fault)
		test_fail(t, at, "events of the contract alone", t->fault);
	if (t->fault)
		test_end(t, at, VERDICT_INCONCLUSIVE, t->fault);
	if (cannot && t->promised)
		test_fail(t, at, t->promised, cannot);
	if (cannot)
		test_end(t, at, VERDICT_INAPPLICABLE, cannot);
}

void client_listen(struct test *t)
{
	const char *line;
	size_t len;

	agent_turn(t->agent);
	while ((line = agent_line(t->agent, &len)))
		take_line(t, line, len);
	take_death(t);
	check_agent(t);
}

void client_end(struct test *t)
{
	listener_close(t->listener);
	t->listener = NULL;
	if (!t->agent)
		return;
	agent_stop(t->agent);
	if (!t->agent->ended && !t->agent->plain)
		test_remark(t, NULL, "the agent did not end when its input did, and was killed");
	take_death(t);
	if (!t->death)
		return;
	t->verdict = VERDICT_CRASH;
	t->note = how_it_ended(t, t->agent->status);
	for (size_t i = 0; i < t->claim_count; i++) {
		t->claims[i].verdict = VERDICT_CRASH;
		t->claims[i].open = false;
	}
}

/* ---- an agent on trial ---------------------------------------------------------------------- */

void tell_agent_at(struct place at, struct test *t, const char *line)
{
	client_launch(at, t);
	client_tell(t, line);
}

void must_support_at(struct test *t, const char *what)
{
	t->promised = what;
}

/* Whatever it owes comes before its answer to this, except what waits for the server. */
void client_settle(struct test *t)
{
	struct place at = AT("the end of the check");

	if (t->def->role != ROLE_AGENT || !t->agent || t->agent->stopped)
		return;
	client_tell(t, contract_sync(t->arena, ++t->commands));
	struct hearing *h = client_hear(t, t->commands, 0, test_answer_deadline_us(t));
	if (!h || h->told.kind != TOLD_SYNCED)
		told_missing(t, at, "the answer to `sync`");
}

void expect_agent_ends_at(struct place at, struct test *t)
{
	const char *expected = "the agent ends with status 0";

	client_launch(at, t);
	agent_stop(t->agent);
	if (!t->agent->ended)
		test_differ(t, at, (struct difference){ .waited = true }, expected,
			"it did not end, and was killed");
	if (!WIFEXITED(t->agent->status) || WEXITSTATUS(t->agent->status))
		test_fail(t, at, expected, how_it_ended(t, t->agent->status));
}

/* ---- events -------------------------------------------------------------------------------- */

static struct hearing *find(struct test *t, unsigned command, unsigned kinds)
{
	for (size_t i = 0; i < t->hearing_count; i++) {
		struct hearing *h = &t->hearings[i];
		if (!h->taken && h->told.command == command &&
			(!kinds || kinds & 1u << h->told.kind))
			return h;
	}
	return NULL;
}

struct hearing *client_hear(struct test *t, unsigned command, unsigned kinds, int64_t until_us)
{
	struct hearing *h;
	bool in_time = true;

	while (!(h = find(t, command, kinds)) && in_time)
		in_time = test_pump(t, until_us);
	return h;
}

static void need_agent(struct place at, struct test *t)
{
	if (t->agent && t->agent->plain)
		test_end(t, at, VERDICT_INAPPLICABLE,
			"a command line without an agent tells nothing");
}

bool client_gave_up(struct test *t)
{
	return t->commands && find(t, t->commands, 1u << TOLD_ERROR);
}

const char *client_last_word(struct test *t)
{
	for (size_t i = t->hearing_count; i-- > 0;) {
		const struct told *told = &t->hearings[i].told;
		if (!t->hearings[i].taken && told->kind != TOLD_HELLO)
			return arena_printf(t->arena, "the agent said `%s`%s%s",
				told_name(told->kind), *told->text ? ": " : "", told->text);
	}
	return "the agent said nothing of it";
}

/* No statement says that a user is told: a client that keeps silent has broken none. */
static struct told silence(struct place at, struct test *t, const char *expected)
{
	if (t->setting_up || t->def->role == ROLE_AGENT)
		told_missing(t, at, expected);
	told_note(t, at, expected, client_last_word(t));
	return (struct told){ .kind = TOLD_NOTHING, .text = "" };
}

struct told expect_answer_at(struct place at, struct test *t, unsigned command)
{
	need_agent(at, t);
	struct hearing *h = client_hear(t, command, 0, test_answer_deadline_us(t));
	if (!h)
		return silence(at, t, arena_printf(t->arena, "the answer to command %u", command));
	h->taken = true;
	return h->told;
}

struct told expect_success_at(
	struct place at, struct test *t, unsigned command, enum told_kind kind)
{
	struct told told = expect_answer_at(at, t, command);

	if (told.kind != kind && told.kind != TOLD_NOTHING)
		told_differs(t, at, DIFFERENCE(SPEC_PACKET, "told"),
			arena_printf(t->arena, "`%s` for command %u", told_name(kind), command),
			arena_printf(t->arena, "the agent said `%s`%s%s", told_name(told.kind),
				*told.text ? ": " : "", told.text));
	return told;
}

void expect_done_at(struct place at, struct test *t, unsigned command)
{
	enum told_kind kind = expect_answer_at(at, t, command).kind;

	if (kind != TOLD_ACKNOWLEDGED && kind != TOLD_NOTHING)
		test_note(t, at, VERDICT_INFO, NULL,
			"the user was told of an error when the connection was lost");
}

struct hearing *client_event(struct place at, struct test *t, enum told_kind kind)
{
	need_agent(at, t);
	struct hearing *h = client_hear(t, 0, 1u << kind, test_answer_deadline_us(t));
	if (!h)
		told_missing(t, at, arena_printf(t->arena, "the event `%s`", told_name(kind)));
	return h;
}

struct told expect_event_at(struct place at, struct test *t, enum told_kind kind)
{
	struct hearing *h = client_event(at, t, kind);

	h->taken = true;
	return h->told;
}

bool has_answer(struct test *t, unsigned command)
{
	return find(t, command, 0) != NULL;
}

size_t told_waiting(struct test *t, enum told_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < t->hearing_count; i++)
		count += !t->hearings[i].taken && t->hearings[i].told.kind == kind;
	return count;
}
