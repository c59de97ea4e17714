/* The parts of the program that need no target: what people type, and what they meant. */
#include "tests/unit/unit.h"

#include <string.h>

#include "cli/nearest.h"
#undef fail /* cmocka's: case.h has its own */
#include "harness/case.h"
#include "harness/versions.h"

static const char *hint(const char *wanted)
{
	static const char *const names[] = { "run", "list", "explain", "diff", "matrix",
		"qos2_duplicate_publish", "qos1_duplicate_publish", "qos0_duplicate_publish",
		"qos9_duplicate_publish", "MQTT-3.1.2-24" };
	static char text[NEAREST_TEXT];
	struct nearest n;

	nearest_init(&n, wanted);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		nearest_offer(&n, names[i]);
	return nearest_text(&n, text);
}

static void slips_are_understood(void **state)
{
	(void)state;
	assert_string_equal(hint("lsit"), "; did you mean \"list\"?");
	assert_string_equal(hint("EXPLIAN"), "; did you mean \"explain\"?");
	assert_string_equal(hint("explainn"), "; did you mean \"explain\"?");
	assert_string_equal(hint("mqtt-3.1.2-42"), "; did you mean \"MQTT-3.1.2-24\"?");
	assert_string_equal(hint("trix"), "; did you mean \"matrix\"?");
	assert_string_equal(hint("plain"), "; did you mean \"explain\"?"); /* a piece of it */
	assert_string_equal(hint("frobnicate"), "");
	assert_string_equal(hint(""), "");
}

static void the_three_nearest_come_first(void **state)
{
	(void)state;
	assert_string_equal(hint("qos9_duplicate_publish"),
		"; did you mean \"qos9_duplicate_publish\", \"qos2_duplicate_publish\" or "
		"\"qos1_duplicate_publish\"?");
}

static void repeated_and_endless_names_do_no_harm(void **state)
{
	(void)state;
	char endless[500], text[NEAREST_TEXT];
	struct nearest n;

	memset(endless, 'x', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	assert_string_equal(hint(endless), "");
	nearest_init(&n, "list");
	nearest_offer(&n, endless);
	nearest_offer(&n, "lists");
	nearest_offer(&n, "lists");
	assert_string_equal(nearest_text(&n, text), "; did you mean \"lists\"?");
	endless[NEAREST_LENGTH - 1] = '\0';
	nearest_init(&n, endless);
	for (int last = 'a'; last < 'h'; last++) {
		endless[NEAREST_LENGTH - 2] = (char)last;
		nearest_offer(&n, endless);
	}
	assert_int_equal(n.count, NEAREST_NAMES);
	assert_true(strlen(nearest_text(&n, text)) > 3 * (NEAREST_LENGTH - 1));
}

static void versions_are_read(void **state)
{
	(void)state;
	unsigned versions;

	assert_true(versions_parse("3.1.1", &versions));
	assert_int_equal(versions, V311);
	assert_true(versions_parse("5.0", &versions));
	assert_int_equal(versions, V50);
	assert_true(versions_parse("5.0,3.1.1", &versions));
	assert_int_equal(versions, BOTH);
	assert_true(versions_parse("both", &versions));
	assert_int_equal(versions, BOTH);
	assert_false(versions_parse("", &versions));
	assert_false(versions_parse("5", &versions));
	assert_false(versions_parse("5.0,", &versions));
	assert_true(versions_parse("5.0 3.1.1", &versions));
	assert_false(versions_parse("5.0 4", &versions));
	assert_string_equal(versions_text(BOTH), "3.1.1 5.0");
	assert_string_equal(versions_text(V50), "5.0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slips_are_understood),
		cmocka_unit_test(the_three_nearest_come_first),
		cmocka_unit_test(repeated_and_endless_names_do_no_harm),
		cmocka_unit_test(versions_are_read),
	};
	return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
