/* The tables of deviations against the catalogue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "deviants/deviation.h"

enum { NAME_MAX_LENGTH = 44, STATEMENT_SIZE = 64 };

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_unique_and_tell_roles_apart),
		cmocka_unit_test(test_each_says_what_it_does_and_does_something),
		cmocka_unit_test(test_statements_are_those_of_the_catalogue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
