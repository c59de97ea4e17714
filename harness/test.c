/* The verdict of a case run: how it comes about, and which statements it concerns. */
#include "harness/test.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
	BREACHES_TOLD = 20,   /* of each statement */
	TURN_MAX_US = 500000, /* the shortest Keep Alive ends half a second after its second */
};

static struct record_failure *failure_new(
	struct test *t, struct place at, const char *expected, const char *actual)
{
	struct record_failure *f = arena_new(t->arena, struct record_failure);
	char *step = arena_text(t->arena, at.step);
	size_t len = strlen(step);

	if (len > 3 && !strcmp(step + len - 3, ", )")) /* a verb without its optional fields */
		strcpy(step + len - 3, ")");
	*f = (struct record_failure){
		.step = step,
		.file = at.file,
		.line = at.line,
		.expected = expected,
		.actual = actual,
	};
	return f;
}

struct tap *test_tap(struct test *t)
{
	return t->play->wire_path && t->play->transport->below ? &t->tap : NULL;
}

const struct endpoint *test_target(struct test *t)
{
	t->tapped = t->through ? *t->through : *t->play->target;
	t->tapped.tap = test_tap(t);
	return &t->tapped;
}

void test_init(struct test *t, struct arena *a, const struct play *play)
{
	*t = (struct test){
		.arena = a,
		.play = play,
		.def = play->def,
		.judged = -1,
		.agent_party.name = "agent",
	};
	t->topics = guest_topic(a, test_guest(t), play->prefix);
	t->client_ids = guest_client_id(a, test_guest(t), play->prefix);
	t->unpaced_us = test_paced_us(t);
	if (!play->client)
		t->leavings = play->leavings ? play->leavings : leavings_new();
	if (!play->client && !t->leavings)
		abort();
	t->random = play->seed * 0x9e3779b97f4a7c15u + 1;
	tape_init(&t->tape, a, play->live);
	tap_init(&t->tap, a);
	const char *const *refs = play->def->refs;
	size_t most = CASE_REFS;
	if (play->row && play->row->refs[0]) {
		refs = play->row->refs;
		most = sizeof(play->row->refs) / sizeof(*play->row->refs);
	}
	for (size_t i = 0; i < most && refs[i]; i++)
		if (claim_is_of_version(t, refs[i]))
			claim_try(t, refs[i]);
}

enum side test_theirs(const struct test *t)
{
	return t->play->client ? SIDE_CLIENT : SIDE_SERVER;
}

enum side test_ours(const struct test *t)
{
	return t->play->client ? SIDE_SERVER : SIDE_CLIENT;
}

const char *test_on_trial(struct test *t)
{
	const struct claim *c = claim_on_trial(t);

	return c ? c->name : NULL;
}

static void worsen(struct test *t, enum verdict verdict)
{
	t->verdict = verdict_worse(t->verdict, verdict);
}

void test_end(struct test *t, struct place at, enum verdict verdict, const char *note)
{
	/* Worse may have been found by then, by the monitor, and stands. */
	if (verdict_worse(t->verdict, verdict) == verdict)
		t->note = note;
	if (!t->failure && verdict != VERDICT_INAPPLICABLE)
		t->failure = failure_new(t, at, NULL, note);
	claims_close(t, verdict);
	worsen(t, verdict);
	longjmp(t->out, 1);
}

/* What the case names has the level of the case. What it does not name has that of its statement: one that
 * advises or permits is never worth a fail, and a MUST is one wherever its breach is seen. But no
 * statement keeps a target from closing a connection, so that has the level of the case, too.
 */
static bool is_strict(
	const struct test *t, const struct claim *accused, bool own, const struct difference *d)
{
	const struct spec_statement *s = accused && !own ? spec_find(accused->name) : NULL;

	if (s && d->kind != SPEC_CLOSED)
		return !strstr(s->level, "SHOULD") && !strstr(s->level, "MAY");
	return t->def->level == MUST || t->def->level == STATED;
}

void test_late(struct test *t, struct place at)
{
	t->waited = true; /* in a quieter hour it may be otherwise */
	test_end(t, at, VERDICT_INCONCLUSIVE,
		arena_printf(t->arena,
			"the machine was late: the harness by %.0f ms, the target by %.0f ms",
			(double)t->lateness.own_us / 1000,
			(double)(lateness_us(&t->lateness) - t->lateness.own_us) / 1000));
}

void test_check_question(struct test *t, struct place at)
{
	if (!t->question_until_us || tape_now_us(&t->tape) < t->question_until_us)
		return;
	t->waited = true;
	test_end(t, at, VERDICT_INCONCLUSIVE,
		"the machine was late: the time in which an answer would have told "
		"something was over");
}

/* The clocks of the standard went on while a connection had to wait for its turn: those of the target, and
 * those that a peer of ours should have kept.
 */
static void check_turns(struct test *t, struct place at)
{
	if (!t->def->budget_ms || t->held_us < TURN_MAX_US)
		return;
	t->waited = true; /* among fewer case runs it may be otherwise */
	test_end(t, at, VERDICT_INCONCLUSIVE,
		arena_printf(t->arena,
			"a connection waited %.0f ms for its turn, while clocks went on",
			(double)t->held_us / 1000));
}

void test_differ(struct test *t, struct place at, struct difference d, const char *expected,
	const char *actual)
{
	/* Whatever an agent does not do is a breach of its contract, and of no statement. */
	bool is_agent = t->def->role == ROLE_AGENT;
	bool setting_up = t->setting_up && !is_agent;
	bool own = true;
	struct claim *accused;

	conduct_settle(t);
	test_check_question(t, at);
	check_turns(t, at);
	if (t->foreign_unanswered && d.waited)
		test_end(t, at, VERDICT_INCONCLUSIVE,
			"messages of other case runs may be in the way of what did not come");
	t->waited = d.waited || t->entrance_late;
	accused = setting_up || is_agent ? NULL : claim_accused(t, &d, &own);
	enum verdict verdict = setting_up        ? VERDICT_INCONCLUSIVE
		: is_strict(t, accused, own, &d) ? VERDICT_FAIL
						 : VERDICT_NONSTRICT;
	test_remark(t, NULL, "%s: expected %s; %s", verdict_name(verdict), expected, actual);
	struct record_failure *f = failure_new(t, at, expected, actual);
	f->difference = d.kinds ? spec_difference_name(d.kind) : NULL;
	if (setting_up)
		t->note = "a set-up step failed";
	if (accused) {
		claim_close(accused, verdict);
		f->statement = accused->name;
	}
	claims_close(t, VERDICT_INCONCLUSIVE); /* one step breaks one statement */
	if (!t->failure || verdict_worse(t->verdict, verdict) != t->verdict)
		t->failure = f;
	worsen(t, verdict);
	longjmp(t->out, 1);
}

void test_fail(struct test *t, struct place at, const char *expected, const char *actual)
{
	test_differ(t, at, (struct difference){ 0 }, expected, actual);
}

void test_note_on(struct test *t, struct place at, enum verdict verdict, const char *statement,
	const char *expected, const char *actual)
{
	if (verdict == VERDICT_NONSTRICT)
		test_check_question(t, at);
	test_remark(t, NULL, "%s: %s", verdict_name(verdict), actual);
	if (verdict == VERDICT_NONSTRICT) {
		struct claim *c = statement ? claim_add(t, statement) : claim_on_trial(t);
		if (c)
			claim_close(c, verdict);
		if (!t->failure) {
			t->failure = failure_new(t, at, expected, actual);
			t->failure->statement = c ? c->name : NULL;
		}
	}
	if (!t->note || verdict != VERDICT_INFO)
		t->note = arena_text(t->arena, actual);
	else
		t->note = arena_printf(t->arena, "%s; %s", t->note, actual);
	worsen(t, verdict);
}

void test_note(struct test *t, struct place at, enum verdict verdict, const char *expected,
	const char *actual)
{
	test_note_on(t, at, verdict, NULL, expected, actual);
}

/* What a target breaks with every packet would fill the transcript. */
static void remark_breach(
	struct test *t, const struct finding *finding, const struct peer *p, unsigned before)
{
	if (before < BREACHES_TOLD)
		test_remark(t, p, "monitor: %s (%s)", finding->what, finding->statement);
	else if (before == BREACHES_TOLD)
		test_remark(t, p, "monitor: %s is broken again, which is told no more",
			finding->statement);
}

void test_finding(struct test *t, const struct finding *finding, const struct peer *p)
{
	if (t->def->role == ROLE_AGENT) { /* what its client breaks is not its fault */
		test_remark(t, p, "monitor: %s (%s)", finding->what, finding->statement);
		return;
	}
	struct claim *c = claim_add(t, finding->statement);

	remark_breach(t, finding, p, c->breaches++);
	c->verdict = VERDICT_FAIL;
	c->open = false;
	if (!t->failure || t->verdict != VERDICT_FAIL) {
		struct place at = { t->def->file, 0, "monitor" };
		t->failure = failure_new(t, at, "a packet that keeps this statement",
			arena_text(t->arena, finding->what));
		t->failure->statement = finding->statement;
		t->failure->difference = "monitor";
	}
	worsen(t, VERDICT_FAIL);
}

void test_remark(struct test *t, const struct peer *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *text = arena_vprintf(t->arena, format, args);
	va_end(args);
	tape_add(&t->tape, TAPE_REMARK, p ? p->party : NULL, (struct bytes){ 0 }, text);
}
