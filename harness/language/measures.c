/* Timing statements: values against a window, judged once the body has run to its end. */
#include <math.h>
#include <string.h>

#include "harness/test.h"

enum { FORGIVING = 3 /* values that are enough to forgive one */ };

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

void measure_but_one_at(struct place at, struct test *t, const char *name, const char *unit,
	double value, double least, double most)
{
	add_value(at, t, name, unit, value, least, most)->but_one = true;
}

/* ---- judging ------------------------------------------------------------------------------- */

static bool is_outside(const struct test *t, const struct record_measurement *m, double value)
{
	double slack = (double)t->play->slack_us / 1000;

	return isnan(value) || value < m->least || value > m->most + slack;
}

/* One late value among several, where the case allows it. */
static bool is_forgiven(const struct test *t, const struct distribution *d)
{
	size_t outside = 0;

	if (!d->but_one || d->m.count < FORGIVING)
		return false;
	for (size_t i = 0; i < d->m.count; i++) {
		double value = d->values[i];
		if (!is_outside(t, &d->m, value))
			continue;
		if (isnan(value) || value < d->m.least || value > 1.5 * d->m.most)
			return false;
		outside++;
	}
	return outside == 1;
}

/* Beyond the window, but by no more than the machine was late. */
static bool is_excused(const struct test *t, const struct distribution *d, double value)
{
	const struct record_measurement *m = &d->m;
	double slack_ms = (double)t->play->slack_us / 1000;
	double late_ms = (double)lateness_us(&t->lateness) / 1000;

	if (isnan(value)) /* it was waited for */
		return late_ms > (d->but_one ? m->most / 2 : slack_ms);
	return value > m->most && value <= m->most + slack_ms + late_ms;
}

static void accuse(struct test *t, const struct distribution *d, size_t at)
{
	double value = d->values[at];
	struct difference late = DIFFERENCE(SPEC_TIME, NULL);
	const char *window = arena_printf(
		t->arena, "%s within %.0f to %.0f %s", d->m.name, d->m.least, d->m.most, d->m.unit);
	const char *actual = isnan(value)
		? arena_printf(t->arena, "value %zu of %zu: never", at + 1, d->m.count)
		: arena_printf(t->arena, "value %zu of %zu: %.0f %s", at + 1, d->m.count, value,
			  d->m.unit);

	late.kinds |= SPEC_SHOWS(SPEC_OPEN) | SPEC_SHOWS(SPEC_MISSING);
	late.waited = isnan(value) || value > d->m.most;
	test_differ(t, d->at, late, window, actual);
}

void test_settle(struct test *t)
{
	const struct distribution *excused = NULL;

	for (size_t i = 0; i < t->distribution_count; i++) {
		const struct distribution *d = &t->distributions[i];
		if (is_forgiven(t, d))
			continue;
		for (size_t v = 0; v < d->m.count; v++) {
			if (!is_outside(t, &d->m, d->values[v]))
				continue;
			if (!is_excused(t, d, d->values[v]))
				accuse(t, d, v);
			excused = d;
		}
	}
	if (excused)
		test_late(t, excused->at);
}
