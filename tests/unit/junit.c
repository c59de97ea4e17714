/* JUnit of a run with everything in it: each case run is as red as it should be and says why, and
 * no text gets out of its element. That the whole fits the schema is a matter of
 * system/test_reports.py.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/draft.h"
#include "reports/junit.h"
#include "tests/unit/book.h"

#define KNOWN " (known since 2.0.9) &lt;https://example.org/bugs/1234&gt;"
#define FAILED \
	"5.0:MQTT-4.3.3-10: expected PUBREC 7, actual connection closed (no packet) after 2.1 ms"
#define NO_SUBACK          "expected SUBACK 1, actual nothing within 2 s"
#define DIED               "the target died of signal 11 (Segmentation fault)"
#define NO_SPACE           "out/pcap: No space left on device"
#define GREEN              NULL
#define RED(type, message) "<failure type=\"" type "\" message=\"" message "\">"
#define SURPRISE(word)                                                           \
	RED("unexpected " word,                                                  \
		"unexpected " word ": the target&#39;s file foresees fail" KNOWN \
		"; remove that entry")
#define OURS(type, message) "<error type=\"" type "\" message=\"" message "\">"
#define SKIPPED(message)    "<skipped message=\"" message "\"/>"

/* What is red or grey of a case run, as its element begins. */
static const struct {
	const char *name, *outcome;
} outcomes[] = {
	{ "0_pass/by_default 5.0", GREEN },
	{ "0_pass/foreseen 5.0", GREEN },
	{ "0_pass/other_foreseen 5.0", SURPRISE("pass") },
	{ "1_fail/by_default 5.0", RED("fail", FAILED) },
	{ "1_fail/foreseen 5.0", SKIPPED("fail, as foreseen" KNOWN) },
	{ "1_fail/other_foreseen 5.0", RED("fail", FAILED) },
	{ "2_nonstrict/by_default 5.0", GREEN },
	{ "2_nonstrict/foreseen 5.0", GREEN },
	{ "2_nonstrict/other_foreseen 5.0", SURPRISE("nonstrict") },
	{ "3_info/by_default 5.0", GREEN },
	{ "3_info/foreseen 5.0", GREEN },
	{ "3_info/other_foreseen 5.0", SURPRISE("info") },
	{ "4_inapplicable/by_default 5.0", SKIPPED("the target offers no QoS 2") },
	{ "4_inapplicable/foreseen 5.0", SKIPPED("the target offers no QoS 2") },
	{ "4_inapplicable/other_foreseen 5.0", SURPRISE("inapplicable") },
	{ "5_inconclusive/by_default 5.0", OURS("inconclusive", NO_SUBACK) },
	{ "5_inconclusive/foreseen 5.0", SKIPPED("inconclusive, as foreseen" KNOWN) },
	{ "5_inconclusive/other_foreseen 5.0", OURS("inconclusive", NO_SUBACK) },
	{ "6_crash/by_default 5.0", RED("crash", DIED) },
	{ "6_crash/foreseen 5.0", SKIPPED("crash, as foreseen" KNOWN) },
	{ "6_crash/other_foreseen 5.0", RED("crash", DIED) },
	{ "7_error/by_default 5.0", OURS("error", NO_SPACE) },
	{ "7_error/foreseen 5.0", SKIPPED("error, as foreseen" KNOWN) },
	{ "7_error/other_foreseen 5.0", OURS("error", NO_SPACE) },
	{ "z_hostile/&lt;&amp;&quot;&#39;#|`&gt; 5.0",
		RED("fail",
			"5.0:MQTT-9.9.9-9: a | b *bold* &lt;b&gt; [link](https://example.org) "
			"# SKIP \\ \\x01\\x0A@someone") },
	{ "z_sibling 5.0 ws split:3 run 3", SKIPPED("fail, as foreseen" KNOWN) },
	{ "z_sibling 3.1.1 ws split:3 run 3",
		RED("fail", "5.0:MQTT-4.3.3-10: the target went mute: it answered no SUBSCRIBE") },
	{ "the record is complete", GREEN },
};

struct junit {
	struct book book;
	struct draft draft;
};

static int render(void **state)
{
	struct junit *j = calloc(1, sizeof(*j));

	book_read_everything(&j->book);
	draft_begin(&j->draft);
	report_junit(j->draft.to, &j->book.runs);
	draft_end(&j->draft);
	*state = j;
	return 0;
}

static int discard(void **state)
{
	struct junit *j = *state;

	draft_fini(&j->draft);
	book_close(&j->book);
	free(j);
	return 0;
}

/* The element of a case run, of its own. */
static char *testcase(const struct junit *j, const char *name)
{
	char begin[200];

	snprintf(begin, sizeof(begin), "<testcase name=\"%s\"", name);
	const char *found = strstr(j->draft.text, begin);
	if (!found)
		fail_msg("no %s", begin);
	return strndup(found, (size_t)(strstr(found, "</testcase>\n") - found));
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static void assert_says(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("no\n%s\nin\n%s", what, text);
}

/* ---- tests ---- */

static void each_case_run_is_as_red_as_it_should_be(void **state)
{
	const struct junit *j = *state;
	size_t total = sizeof(outcomes) / sizeof(*outcomes);

	assert_int_equal(count(j->draft.text, "<testcase "), total);
	for (size_t i = 0; i < total; i++) {
		char *element = testcase(j, outcomes[i].name);
		size_t marks = count(element, "<failure ") + count(element, "<error ") +
			count(element, "<skipped ");
		assert_int_equal(marks, outcomes[i].outcome != GREEN);
		if (outcomes[i].outcome)
			assert_says(element, outcomes[i].outcome);
		free(element);
	}
}

static void suites_are_chapters_of_a_version_and_count_what_they_have(void **state)
{
	const struct junit *j = *state;
	static const char *const heads[] = {
		"<testsuites name=\"mqttspec: Eclipse Mosquitto\" tests=\"28\" failures=\"10\" "
		"errors=\"4\" skipped=\"7\" time=\"0.333315\">",
		"<testsuite name=\"5.0 qos2\" tests=\"26\" failures=\"9\" errors=\"4\" "
		"skipped=\"7\" "
		"time=\"0.320970\" timestamp=\"2026-01-01T00:00:00\"",
		"<testsuite name=\"3.1.1 will\" tests=\"1\" failures=\"1\" errors=\"0\" "
		"skipped=\"0\" ",
		"<testsuite name=\"run\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" ",
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		assert_int_equal(count(j->draft.text, heads[i]), 1);
	assert_int_equal(count(j->draft.text, "<testsuite "), 3);
	assert_int_equal(
		count(j->draft.text, "<property name=\"target version\" value=\"2.0.11\"/>"), 3);
}

static void a_failure_has_its_statements_its_cause_and_its_evidence(void **state)
{
	char *element = testcase(*state, "z_sibling 3.1.1 ws split:3 run 3");

	assert_says(element,
		" classname=\"mqtt_3_1_1.will\" file=\"cases/server/qos2.c\" line=\"31\" "
		"time=\"0.012345\">");
	assert_says(element,
		"<property name=\"verdict\" value=\"fail\"/>\n"
		"<property name=\"expected\" value=\"false\"/>\n"
		"<property name=\"foreseen\" value=\"crash\"/>\n"
		"<property name=\"level\" value=\"SHOULD\"/>\n");
	assert_says(element,
		"<property name=\"5.0:MQTT-4.3.3-10\" value=\"fail\"/>\n"
		"<property name=\"5.0:MQTT-4.3.3-8\" value=\"nonstrict\"/>\n"
		"<property name=\"cause\" value=\"5.0:MQTT-4.3.3-10 closed\"/>\n"
		"<property name=\"note\" value=\"3 copies\"/>\n"
		"<property name=\"pcap\" value=\"pcap/");
	assert_says(element, "cases/server/qos2.c:31  expected  PUBREC 7\n");
	assert_says(element,
		"again  mqttspec run mosquitto z_sibling --versions 3.1.1 "
		"--transports ws --segment split:3\n</failure>");
	assert_says(element, "<system-out>      close after the last packet: -2 / 0.333 / ");
	assert_says(element, "      0.000 publisher &gt; CONNECT id=&quot;c1f-publisher&quot; ");
	assert_says(element, "<system-err>oops\n</system-err>\n");
	free(element);
}

static void what_is_skipped_says_why(void **state)
{
	const struct junit *j = *state;
	char *element = testcase(j, "4_inapplicable/by_default 5.0");

	assert_says(element, "<property name=\"skipped\" value=\"inapplicable\"/>");
	assert_says(element, " file=\"cases/server/qos2.c\" time=");
	free(element);
	element = testcase(j, "5_inconclusive/foreseen 5.0");
	assert_says(element, "<property name=\"skipped\" value=\"known failure\"/>");
	free(element);
	element = testcase(j, "0_pass/by_default 5.0");
	assert_null(strstr(element, "name=\"skipped\""));
	free(element);
	assert_int_equal(count(j->draft.text, "<property name=\"skipped\""), 7);
	assert_int_equal(count(j->draft.text,
				 "<property name=\"inapplicable\" value=\"2\"/>\n"
				 "<property name=\"known failures\" value=\"5\"/>"),
		1);
}

static void no_text_gets_out_of_its_element(void **state)
{
	const struct junit *j = *state;
	char *element = testcase(j, "z_hostile/&lt;&amp;&quot;&#39;#|`&gt; 5.0");

	assert_says(element, "value=\"&lt;&amp;&quot;&#39;&gt; \\xE2\\x80\\xAE\"/>");
	assert_says(element,
		"&lt;/system-out&gt; &gt; PUBLISH "
		"&quot;]]&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot; `````\n");
	assert_says(element,
		"\\x1B[2J       &lt; \\xFF \\xEF\\xBF\\xBF | &lt;img src=x "
		"onerror=alert(1)&gt; \\x0D\\x0A# TODO\n</system-out>");
	free(element);
	for (const unsigned char *c = (const unsigned char *)j->draft.text; *c; c++)
		assert_true(*c >= ' ' || *c == '\n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_run_is_as_red_as_it_should_be),
		cmocka_unit_test(suites_are_chapters_of_a_version_and_count_what_they_have),
		cmocka_unit_test(a_failure_has_its_statements_its_cause_and_its_evidence),
		cmocka_unit_test(what_is_skipped_says_why),
		cmocka_unit_test(no_text_gets_out_of_its_element),
	};

	return cmocka_run_group_tests(tests, render, discard);
}
