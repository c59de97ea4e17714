/* The tables of deviations against the catalogue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* case.h and cmocka both have a `fail`; what follows needs that of cmocka alone. */
#undef fail
#include "cases/list.h"
#include "deviants/deviation.h"
#include "harness/pattern.h"

#undef fail
#define fail() _fail(__FILE__, __LINE__)

enum { NAME_MAX_LENGTH = 44, STATEMENT_SIZE = 64, LINE_SIZE = 512, SENTENCE_MIN = 20 };

static void each(void (*look)(const struct deviation_chapter *c, const struct deviation *d))
{
	size_t seen = 0;

	for (size_t c = 0; deviation_chapters[c]; c++)
		for (size_t i = 0; i < deviation_chapters[c]->count; i++, seen++)
			look(deviation_chapters[c], &deviation_chapters[c]->list[i]);
	assert_true(seen > 600);
}

static void look_at_name(const struct deviation_chapter *c, const struct deviation *d)
{
	assert_true(strlen(d->name) <= NAME_MAX_LENGTH);
	assert_ptr_equal(deviation_find(d->name, NULL), d); /* nobody else has it */
	assert_int_equal(c->client, !strncmp(d->name, "client_", strlen("client_")));
}

static void test_names_are_unique_and_tell_roles_apart(void **state)
{
	(void)state;
	each(look_at_name);
}

static void look_at_text(const struct deviation_chapter *c, const struct deviation *d)
{
	(void)c;
	assert_int_equal(d->text[strlen(d->text) - 1], '.');
	assert_true(d->steps[0].then);
}

static void test_each_says_what_it_does_and_does_something(void **state)
{
	(void)state;
	each(look_at_text);
}

/* What a server must do about a breach also says what a client must not send; the reverse does not hold, except where a
 * server need not notice, which is what the ~ says.
 */
static void look_at_statements(const struct deviation_chapter *c, const struct deviation *d)
{
	const char *at = d->statements;
	size_t count = 0;

	for (; *at; at += strspn(at, " "), count++) {
		char name[STATEMENT_SIZE] = { 0 };
		size_t len = strcspn(at, " "), bare = strcspn(at, " ~");
		bool may_pass = bare < len;

		assert_true(len < sizeof(name));
		memcpy(name, at, bare);
		const struct spec_statement *s = spec_find(name);
		if (!s ||
			(!c->client && !may_pass &&
				!(s->testable & (TESTABLE_SERVER | TESTABLE_CONFIG))))
			fail_msg("%s: %s is none of its statements", d->name, name);
		at += len;
	}
	assert_true(count > 0);
}

static void test_statements_are_those_of_the_catalogue(void **state)
{
	(void)state;
	each(look_at_statements);
}

/* ---- every statement that has a case has a deviation ----------------------------------------- */

/* By the place of the statement in the catalogue, for servers and for clients. */
struct seen {
	bool *cited[2], *broken[2], *excused[2];
};

static size_t place_of(const char *name)
{
	const struct spec_statement *s = spec_find(name);

	if (!s)
		fail_msg("%s is no statement", name);
	return (size_t)(s - spec_statements);
}

static void see_case(struct seen *seen, const struct case_def *def, const struct vector *row)
{
	size_t count;
	const char *const *refs = case_refs(def, row, &count);

	for (size_t i = 0; def->role != ROLE_AGENT && i < count; i++)
		if (case_has_version(def, row, ref_version(refs[i])))
			seen->cited[def->role == ROLE_CLIENT][place_of(refs[i])] = true;
}

static void see_cases(struct seen *seen)
{
	for (size_t i = 0; i < case_count(); i++) {
		const struct case_def *def = case_at(i);

		if (!def->row_count)
			see_case(seen, def, NULL);
		for (size_t r = 0; r < def->row_count; r++)
			see_case(seen, def, &def->rows[r]);
	}
}

static void see_deviations(struct seen *seen)
{
	for (size_t c = 0; deviation_chapters[c]; c++)
		for (size_t i = 0; i < deviation_chapters[c]->count; i++) {
			const char *at = deviation_chapters[c]->list[i].statements;

			for (; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
				char name[STATEMENT_SIZE] = { 0 };

				memcpy(name, at, strcspn(at, " ~"));
				seen->broken[deviation_chapters[c]->client][place_of(name)] = true;
			}
		}
}

/* statement, end, and why: a sentence */
static void see_excuses(struct seen *seen)
{
	FILE *file = fopen(UNBROKEN, "re");
	char line[LINE_SIZE];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		char *rest = line, *name = strsep(&rest, "\t"), *end = strsep(&rest, "\t");

		if (*line == '#')
			continue;
		assert_true(end && rest && strlen(rest) > SENTENCE_MIN);
		bool client = !strcmp(end, "client");
		assert_true(client || !strcmp(end, "server"));
		if (seen->excused[client][place_of(name)])
			fail_msg("%s of the %s stands twice in unbroken.tsv", name, end);
		seen->excused[client][place_of(name)] = true;
	}
	fclose(file);
}

static void test_each_statement_with_cases_has_a_deviation(void **state)
{
	static const char *const ends[] = { "server", "client" };
	struct seen seen;
	unsigned missing = 0;

	(void)state;
	for (int client = 0; client < 2; client++) {
		seen.cited[client] = calloc(spec_statement_count, sizeof(bool));
		seen.broken[client] = calloc(spec_statement_count, sizeof(bool));
		seen.excused[client] = calloc(spec_statement_count, sizeof(bool));
	}
	see_cases(&seen);
	see_deviations(&seen);
	see_excuses(&seen);
	for (int client = 0; client < 2; client++) {
		for (size_t i = 0; i < spec_statement_count; i++) {
			const struct spec_statement *s = &spec_statements[i];
			bool demands = strcmp(s->level, "MAY") != 0;
			bool wants = demands && seen.cited[client][i] && !seen.broken[client][i];

			if (wants != seen.excused[client][i]) {
				print_error("%s of the %s %s\n", s->name, ends[client],
					wants ? "has cases, and no deviation that breaks it"
					      : "needs no excuse in unbroken.tsv");
				missing++;
			}
		}
		free(seen.cited[client]);
		free(seen.broken[client]);
		free(seen.excused[client]);
	}
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_unique_and_tell_roles_apart),
		cmocka_unit_test(test_each_says_what_it_does_and_does_something),
		cmocka_unit_test(test_statements_are_those_of_the_catalogue),
		cmocka_unit_test(test_each_statement_with_cases_has_a_deviation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
