/* The verdict of a case run: how it comes about, and which statements it concerns. */
#include "harness/test.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

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

static struct claim *claim_find(struct test *t, const char *name)
{
	for (size_t i = 0; i < t->claim_count; i++)
		if (!strcmp(t->claims[i].name, name))
			return &t->claims[i];
	return NULL;
}

static struct claim *claim_add(struct test *t, const char *name)
{
	struct claim *c = claim_find(t, name);

	if (!c && t->claim_count < CLAIMS_MAX) {
		c = &t->claims[t->claim_count++];
		*c = (struct claim){ .name = name, .open = true };
	}
	return c;
}

static bool is_of_version(const struct test *t, const char *name)
{
	const char *v = spec_version_name(t->play->version);
	size_t len = strlen(v);

	return !strncmp(name, v, len) && name[len] == ':';
}

void test_init(struct test *t, struct arena *a, const struct play *play)
{
	*t = (struct test){
		.arena = a,
		.play = play,
		.def = play->def,
		.judged = -1,
		.listener = -1,
		.agent_party.name = "agent",
	};
	t->random = play->seed * 0x9e3779b97f4a7c15u + 1;
	tape_init(&t->tape, a, play->live);
	const char *const *refs = play->def->refs;
	size_t most = CASE_REFS;
	if (play->row && play->row->refs[0]) {
		refs = play->row->refs;
		most = sizeof(play->row->refs) / sizeof(*play->row->refs);
	}
	for (size_t i = 0; i < most && refs[i]; i++)
		if (is_of_version(t, refs[i]))
			claim_add(t, refs[i]);
}

enum side test_theirs(const struct test *t)
{
	return t->play->client ? SIDE_CLIENT : SIDE_SERVER;
}

enum side test_ours(const struct test *t)
{
	return t->play->client ? SIDE_SERVER : SIDE_CLIENT;
}

/* The claim on trial: the one that `judging` named, else the first that is open. */
static struct claim *claim_on_trial(struct test *t)
{
	if (t->judged >= 0)
		return &t->claims[t->judged];
	for (size_t i = 0; i < t->claim_count; i++)
		if (t->claims[i].open)
			return &t->claims[i];
	return NULL;
}

const char *test_on_trial(struct test *t)
{
	const struct claim *c = claim_on_trial(t);

	return c ? c->name : NULL;
}

static void claim_close(struct claim *c, enum verdict verdict)
{
	c->verdict = c->open ? verdict : verdict_worse(c->verdict, verdict);
	c->open = false;
}

/* Nothing more will be learned of those that are open. */
static void claims_close(struct test *t, enum verdict verdict)
{
	for (size_t i = 0; i < t->claim_count; i++)
		if (t->claims[i].open)
			claim_close(&t->claims[i], verdict);
}

static void worsen(struct test *t, enum verdict verdict)
{
	t->verdict = verdict_worse(t->verdict, verdict);
}

void test_end(struct test *t, struct place at, enum verdict verdict, const char *note)
{
	/* What was found before stays what the record tells. */
	if (!t->failure || verdict_worse(t->verdict, verdict) == verdict) {
		bool tells = verdict != VERDICT_INAPPLICABLE;
		t->failure = !tells  ? NULL
			: t->failure ? t->failure
				     : failure_new(t, at, NULL, note);
		t->note = note;
	}
	claims_close(t, verdict);
	worsen(t, verdict);
	longjmp(t->out, 1);
}

void test_fail(struct test *t, struct place at, const char *expected, const char *actual)
{
	bool strict = t->def->level == MUST || t->def->level == STATED;
	/* Whatever an agent does not do is a breach of its contract. */
	bool setting_up = t->setting_up && t->def->role != ROLE_AGENT;
	enum verdict verdict = setting_up ? VERDICT_INCONCLUSIVE
		: strict                  ? VERDICT_FAIL
					  : VERDICT_NONSTRICT;

	test_remark(t, NULL, "%s: expected %s; %s", verdict_name(verdict), expected, actual);
	struct record_failure *f = failure_new(t, at, expected, actual);
	struct claim *accused = setting_up ? NULL : claim_on_trial(t);
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

void test_note_on(struct test *t, struct place at, enum verdict verdict, const char *statement,
	const char *expected, const char *actual)
{
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

void test_finding(struct test *t, const struct finding *finding, const struct peer *p)
{
	struct claim *c = claim_add(t, finding->statement);

	test_remark(t, p, "monitor: %s (%s)", finding->what, finding->statement);
	if (c) {
		c->verdict = VERDICT_FAIL;
		c->open = false;
	}
	if (!t->failure || t->verdict != VERDICT_FAIL) {
		struct place at = { t->def->file, 0, "monitor" };
		t->failure = failure_new(t, at, "a packet that keeps this statement",
			arena_text(t->arena, finding->what));
		t->failure->statement = finding->statement;
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

static bool is_outside(const struct test *t, const struct record_measurement *m, double value)
{
	double slack = (double)t->play->slack_us / 1000;

	return isnan(value) || value < m->least || value > m->most + slack;
}

static int compare_values(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	if (isnan(one) || isnan(other))
		return isnan(one) - isnan(other); /* never is later than late */
	return (one > other) - (one < other);
}

/* Whether the median is within the window. */
static bool is_right_by_median(const struct test *t, const struct distribution *d)
{
	double *sorted = arena_copy(t->arena, d->values, d->m.count * sizeof(*sorted));

	qsort(sorted, d->m.count, sizeof(*sorted), compare_values);
	return !is_outside(t, &d->m, sorted[(d->m.count - 1) / 2]);
}

void test_settle(struct test *t)
{
	for (size_t i = 0; i < t->distribution_count; i++) {
		struct distribution *d = &t->distributions[i];
		if (d->by_median && is_right_by_median(t, d))
			continue;
		for (size_t v = 0; v < d->m.count; v++) {
			double value = d->values[v];
			if (!is_outside(t, &d->m, value))
				continue;
			const char *window = arena_printf(t->arena, "%s within %.0f to %.0f %s",
				d->m.name, d->m.least, d->m.most, d->m.unit);
			const char *actual = isnan(value)
				? arena_printf(
					  t->arena, "value %zu of %zu: never", v + 1, d->m.count)
				: arena_printf(t->arena, "value %zu of %zu: %.0f %s", v + 1,
					  d->m.count, value, d->m.unit);
			test_fail(t, d->at, window, actual);
		}
	}
}

/* ---- what cases see of it ------------------------------------------------------------------ */

enum mqtt_version version(const struct test *t)
{
	return t->play->version;
}

bool is_v5(const struct test *t)
{
	return t->play->version == MQTT_50;
}

const struct vector *row(const struct test *t)
{
	return t->play->row;
}

unsigned random_below(struct test *t, unsigned n)
{
	t->random ^= t->random << 13; /* xorshift64 */
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return (unsigned)(t->random % n);
}

int64_t now_us(const struct test *t)
{
	return tape_now_us(&t->tape);
}

struct bytes filler(struct test *t, size_t len)
{
	uint8_t *data = arena_alloc(t->arena, len + 1);

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i % 251);
	return (struct bytes){ data, len };
}

const struct capabilities *offers(const struct test *t)
{
	return t->play->capabilities;
}

void require_at(struct place at, struct test *t, bool condition, const char *why)
{
	if (!condition)
		test_end(t, at, VERDICT_INAPPLICABLE, why);
}

void judging_at(struct place at, struct test *t, const char *statement)
{
	if (!spec_find(statement))
		test_end(t, at, VERDICT_ERROR,
			arena_printf(t->arena, "the catalogue has no statement %s", statement));
	if (!is_of_version(t, statement))
		return;
	if (t->judged >= 0)
		claim_close(&t->claims[t->judged], VERDICT_PASS);
	struct claim *c = claim_add(t, statement);
	if (c)
		t->judged = (int)(c - t->claims);
}

void check_at(struct place at, struct test *t, bool condition, const char *sentence)
{
	if (!condition)
		test_fail(t, at, sentence, "it is not so");
}

void check_eq_at(
	struct place at, struct test *t, long long actual, long long expected, const char *what)
{
	if (actual != expected)
		test_fail(t, at, arena_printf(t->arena, "%s = %lld", what, expected),
			arena_printf(t->arena, "%lld", actual));
}

void check_text_at(struct place at, struct test *t, struct bytes actual, const char *expected,
	const char *what)
{
	if (!bytes_equal(actual, bytes_of(expected)))
		test_fail(t, at, arena_printf(t->arena, "%s = \"%s\"", what, expected),
			arena_printf(
				t->arena, "\"%.*s\"", (int)actual.len, (const char *)actual.data));
}

static struct distribution *add_value(struct place at, struct test *t, const char *name,
	const char *unit, double value, double least, double most)
{
	struct distribution *d = NULL;

	for (size_t i = 0; i < t->distribution_count; i++)
		if (!strcmp(t->distributions[i].m.name, name))
			d = &t->distributions[i];
	if (!d) {
		t->distributions = arena_grow(t->arena, t->distributions, t->distribution_count,
			&t->distribution_capacity, sizeof(*d));
		d = &t->distributions[t->distribution_count++];
		*d = (struct distribution){ .at = at };
		d->m = (struct record_measurement){ .name = arena_text(t->arena, name),
			.unit = unit,
			.least = least,
			.most = most };
	}
	d->values = arena_grow(t->arena, d->values, d->m.count, &d->capacity, sizeof(double));
	d->values[d->m.count++] = value;
	d->m.values = d->values;
	return d;
}

void measure_at(struct place at, struct test *t, const char *name, const char *unit, double value,
	double least, double most)
{
	add_value(at, t, name, unit, value, least, most);
}

void measure_median_at(struct place at, struct test *t, const char *name, const char *unit,
	double value, double least, double most)
{
	add_value(at, t, name, unit, value, least, most)->by_median = true;
}

void observe_at(struct place at, struct test *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *text = arena_vprintf(t->arena, format, args);
	va_end(args);
	test_note(t, at, VERDICT_INFO, NULL, text);
}

void nonstrict_at(struct place at, struct test *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *text = arena_vprintf(t->arena, format, args);
	va_end(args);
	test_note(t, at, VERDICT_NONSTRICT, "what the standard recommends", text);
}

void fail_at(struct place at, struct test *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *text = arena_vprintf(t->arena, format, args);
	va_end(args);
	test_fail(t, at, "what the statement demands", text);
}
