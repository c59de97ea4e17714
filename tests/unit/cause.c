/* Failures grouped by cause: what must be one group, and what must not. */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/buf.h"
#include "reports/cause.h"
#include "reports/likeness.h"
#include "tests/samples/records.h"

static int set_up(void **state)
{
	static struct causes causes;

	causes_init(&causes);
	*state = &causes;
	return 0;
}

static int tear_down(void **state)
{
	causes_fini(*state);
	return 0;
}

/* ---- likeness ------------------------------------------------------------------------------- */

static void texts_of_one_kind_are_alike(void **state)
{
	struct causes *causes = *state;
	static const char *const samples[][2] = {
		{ "nothing for 5024 ms", "nothing for N ms" },
		{ "the connection closed (no packet) after 2.1 ms",
			"the connection closed (no packet) after N ms" },
		{ "PUBLISH \"a \\\"b\\\" c\" q1 id 7 dup \"x\"",
			"PUBLISH \"...\" qN id N dup \"...\"" },
		{ "PUBLISH \"t\" q0 00 FF 3C ... (60 bytes)",
			"PUBLISH \"...\" qN \"...\" ... (N bytes)" },
		{ "PINGRESP, PINGRESP, PINGRESP, then nothing more for 502 ms",
			"PINGRESP, then nothing more for N ms" },
		{ "it lives on: PINGRESP, PINGRESP, then", "it lives on: PINGRESP, then" },
		{ "PUBACK id 1, PUBACK id 2, closed", "PUBACK id N, closed" },
		{ "value 2 of 4: never", "value N of N: never" },
		{ "PUBLISH 7 is sent again with DUP 0", "PUBLISH N is sent again with DUP 0" },
		{ "-12.5", "N" },
		{ "3 copies.", "N copies." },
		{ "", "" },
		{ "an open quote \"never ends", "an open quote \"...\"" },
		{ "a quote's end \"\\", "a quote's end \"...\"" },
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		assert_string_equal(likeness(&causes->arena, samples[i][0]), samples[i][1]);
}

static void what_tells_causes_apart_stays(void **state)
{
	struct causes *causes = *state;
	static const char *const samples[] = {
		"PUBREC 0x97 Quota exceeded",
		"SUBACK id N: 0x00, 0x80",
		"PUBLISH N has DUP 1 when it is sent for the first time",
		"RETAIN 1, Retain Available is N",
		"Session Present 1 for a clean start",
		"a CONNECT of MQTT 3.1.1",
		"MQTT-3.3.1-1 contains U+0000",
		"PINGRESP, PUBACK id N, PINGRESP",
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		assert_string_equal(likeness(&causes->arena, samples[i]), samples[i]);
}

/* ---- causes -------------------------------------------------------------------------------- */

static size_t add(struct causes *c, const char *id, struct record_failure failure)
{
	struct record_case record = { .id = id,
		.title = "a title",
		.version = "5.0",
		.verdict = VERDICT_FAIL,
		.failure = &failure };

	failure.statement = failure.statement ? failure.statement : "5.0:MQTT-3.3.1-1";
	return causes_add(c, &record);
}

static const char *sentence(struct causes *c, size_t index)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	cause_sentence(&b, &c->list[index]);
	const char *text = arena_text(&c->arena, buf_text(&b));
	buf_fini(&b);
	return text;
}

static const char *examples(struct causes *c, size_t index)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	cause_examples(&b, &c->list[index]);
	const char *text = arena_text(&c->arena, buf_text(&b));
	buf_fini(&b);
	return text;
}

/* Whatever the cases expected, and whatever came. */
static void one_statement_and_difference_are_one_cause(void **state)
{
	struct causes *c = *state;

	assert_int_equal(add(c, "a",
				 (struct record_failure){ .expected = "PUBLISH dup 1",
					 .actual = "PUBLISH \"t\" q1 id 1 \"x\"",
					 .difference = "dup" }),
		0);
	assert_int_equal(
		add(c, "b",
			(struct record_failure){
				.expected = "it again", .actual = "DUP 0", .difference = "dup" }),
		0);
	assert_int_equal(add(c, "a",
				 (struct record_failure){ .expected = "PUBLISH dup 1",
					 .actual = "PUBLISH \"u\" q2 id 2 \"y\"",
					 .difference = "retain" }),
		1);
	assert_int_equal(add(c, "a",
				 (struct record_failure){ .statement = "3.1.1:MQTT-3.3.1-1",
					 .expected = "PUBLISH dup 1",
					 .actual = "DUP 0",
					 .difference = "dup" }),
		2);
	assert_int_equal(c->list[0].count, 2);
	assert_string_equal(c->list[0].name, "5.0:MQTT-3.3.1-1 dup");
	assert_string_equal(sentence(c, 0),
		"the DUP flag: for example, expected PUBLISH dup 1, actual PUBLISH \"t\" q1 id 1 "
		"\"x\"");
	assert_string_equal(examples(c, 0), "a, b");
}

/* One statement can be broken in several ways that have nothing to do with each other. */
static void findings_of_the_monitor_must_sound_alike(void **state)
{
	struct causes *c = *state;
	struct record_failure f = { .expected = "a packet that keeps this statement",
		.actual = "Maximum QoS is 2",
		.difference = "monitor" };

	assert_int_equal(add(c, "a", f), 0);
	f.actual = "Retain Available is 3";
	assert_int_equal(add(c, "a", f), 1);
	f.actual = "Maximum QoS is 3";
	f.difference = NULL;
	f.step = "monitor"; /* as records were before there were words */
	assert_int_equal(add(c, "b", f), 0);
	assert_string_equal(sentence(c, 0), "Maximum QoS is N");
	assert_string_equal(sentence(c, 1), "Retain Available is 3");
	assert_string_equal(c->list[0].name, "5.0:MQTT-3.3.1-1 monitor");
}

static void properties_of_one_cause_are_named(void **state)
{
	struct causes *c = *state;
	struct record_failure f = { .expected = "Content Type, User Property as published",
		.actual = "Content Type, User Property missing: PUBLISH \"a\" q1 id 1 \"x\"",
		.difference = "property" };

	assert_int_equal(add(c, "a", f), 0);
	assert_string_equal(sentence(c, 0),
		"a property: expected Content Type, User Property as published, actual Content "
		"Type, "
		"User Property missing: PUBLISH \"a\" q1 id 1 \"x\"");
	f.expected = "Topic Alias Maximum 5";
	f.actual = "CONNECT id=\"x\" clean";
	assert_int_equal(add(c, "b", f), 0);
	assert_non_null(strstr(sentence(c, 0),
		"a property (Content Type, Topic Alias Maximum, User Property): for example, "));
	f.difference = "qos"; /* where a name of a property means nothing */
	assert_int_equal(add(c, "c", f), 1);
	assert_null(strstr(sentence(c, 1), "("));
}

static void what_users_want_is_a_class_of_its_own(void **state)
{
	struct causes *c = *state;
	struct record_failure f = { .expected = "QoS 1", .actual = "QoS 0", .difference = "qos" };

	f.statement = "5.0:UALL-AS-ASKED";
	for (int i = 0; i < 3; i++)
		assert_int_equal(add(c, "a", f), 0);
	f.statement = "5.0:MQTT-4.3.3-10";
	assert_int_equal(add(c, "b", f), 1);
	assert_true(c->list[0].as_asked);
	assert_false(c->list[1].as_asked);
	assert_ptr_equal(causes_by_size(c)[0], &c->list[1]); /* however few */
}

static void without_a_word_it_is_what_came(void **state)
{
	struct causes *c = *state;
	struct record_failure f = { .expected = "PUBLISH \"a\"", .actual = "nothing for 5001 ms" };

	assert_int_equal(add(c, "a", f), 0);
	f = (struct record_failure){ .expected = "PUBLISH", .actual = "nothing for 5002 ms" };
	assert_int_equal(add(c, "b", f), 0);
	f.actual = "the connection closed (no packet) after 2.1 ms";
	assert_int_equal(add(c, "b", f), 1);
	assert_string_equal(c->list[0].name, "5.0:MQTT-3.3.1-1");
	assert_string_equal(
		sentence(c, 0), "for example, expected PUBLISH \"a\", actual nothing for 5001 ms");
	assert_string_equal(sentence(c, 1),
		"expected PUBLISH, actual the connection closed (no packet) after 2.1 ms");
}

/* The answer of a check that does not tell what it is about. */
static void an_answer_that_tells_nothing_is_not_a_cause(void **state)
{
	struct causes *c = *state;
	struct record_failure f = { .expected = "the Will came first", .actual = "it is not so" };

	assert_int_equal(add(c, "a", f), 0);
	f.expected = "the grant is the one asked for";
	assert_int_equal(add(c, "b", f), 1);
	f = (struct record_failure){ .expected = "copies = 1", .actual = "2" };
	assert_int_equal(add(c, "c", f), 2);
	f = (struct record_failure){ .expected = "codes = 3", .actual = "2" };
	assert_int_equal(add(c, "d", f), 3);
	f = (struct record_failure){ .expected = "copies = 1", .actual = "3" };
	assert_int_equal(add(c, "e", f), 2);
}

static void what_accuses_no_statement_is_grouped_by_its_text(void **state)
{
	struct causes *c = *state;
	const struct record_failure set_up = { .expected = "SUBACK 1",
		.actual = "nothing for 5 ms" };
	const struct record_death death = { .signal = 11, .stderr_tail = "", .during = "" };
	const struct record_death other = { .exit_code = 1, .stderr_tail = "", .during = "" };
	struct record_case r = { .id = "a", .title = "t", .version = "5.0" };

	r.verdict = VERDICT_INCONCLUSIVE;
	r.failure = &set_up;
	assert_int_equal(causes_add(c, &r), 0);
	assert_int_equal(causes_add(c, &r), 0);
	assert_null(c->list[0].name);
	r.verdict = VERDICT_CRASH;
	r.death = &death;
	r.statements = &(const struct record_statement){ "5.0:MQTT-3.3.1-1", VERDICT_CRASH, false };
	r.statement_count = 1;
	assert_int_equal(causes_add(c, &r), 1);
	assert_null(c->list[1].name);
	assert_string_equal(sentence(c, 1), "the target died of signal 11 (Segmentation fault)");
	r.death = &other;
	assert_int_equal(causes_add(c, &r), 2);
	r = (struct record_case){ .id = "b", .title = "t", .version = "5.0" };
	r.foreseen = true;
	r.foreseen_as = VERDICT_FAIL;
	r.reason = "known";
	assert_int_equal(causes_add(c, &r), 3);
	assert_string_equal(sentence(c, 3), "the target's file foresees fail (known)");
	r.reason = "known, too";
	assert_int_equal(causes_add(c, &r), 4);
}

static void the_largest_comes_first(void **state)
{
	struct causes *c = *state;
	static const char *const words[] = { "dup", "retain", "retain", "qos", "retain" };
	static const char *const ids[] = { "a", "b", "c", "d", "e", "f", "a", "g" };
	struct record_failure f = { .expected = "x", .actual = "y" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		f.difference = words[i];
		add(c, ids[i], f);
	}
	const struct cause **by_size = causes_by_size(c);
	assert_string_equal(by_size[0]->difference, "retain");
	assert_string_equal(by_size[1]->difference, "dup");
	assert_string_equal(by_size[2]->difference, "qos");
	f.difference = "topic";
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		add(c, ids[i], f);
	assert_string_equal(causes_by_size(c)[0]->difference, "topic");
	assert_string_equal(examples(c, 3), "a, b, c, and 4 more");
	assert_int_equal(c->case_count, 13);
}

/* However many each of them has; what is cut off are the smallest. */
static void sections_come_in_their_order(void **state)
{
	struct causes *c = *state;
	static const char *const accused[] = { "5.0:UALL-AS-ASKED", "5.0:MQTT-3.10.4-1",
		"5.0:MQTT-4.3.3-10", "3.1.1:MQTT-3.10.4-1", "5.0:MQTT-3.2.2-2",
		"5.0:MQTT-3.1.2-4" };
	static const size_t counts[] = { 2, 5, 3, 2, 4, 1 }, order[] = { 4, 3, 1, 2 };
	struct record_failure f = { .expected = "x", .actual = "y", .difference = "missing" };
	struct record_case crash = { .id = "a", .title = "t", .version = "5.0" };

	for (size_t i = 0; i < sizeof(accused) / sizeof(*accused); i++)
		for (size_t n = 0; n < counts[i]; n++) {
			f.statement = accused[i];
			add(c, "a", f);
		}
	const struct cause **list = causes_by_section(c, sizeof(order) / sizeof(*order));
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		assert_ptr_equal(list[i], &c->list[order[i]]);
	crash.verdict = VERDICT_CRASH;
	causes_add(c, &crash);
	list = causes_by_section(c, SIZE_MAX);
	assert_ptr_equal(list[0], &c->list[5]);
	assert_null(list[5]->statement);
	assert_true(list[6]->as_asked);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(texts_of_one_kind_are_alike),
		TEST(what_tells_causes_apart_stays),
		TEST(one_statement_and_difference_are_one_cause),
		TEST(findings_of_the_monitor_must_sound_alike),
		TEST(properties_of_one_cause_are_named),
		TEST(what_users_want_is_a_class_of_its_own),
		TEST(without_a_word_it_is_what_came),
		TEST(an_answer_that_tells_nothing_is_not_a_cause),
		TEST(what_accuses_no_statement_is_grouped_by_its_text),
		TEST(the_largest_comes_first),
		TEST(sections_come_in_their_order),
	};

	return cmocka_run_group_tests_name("cause", tests, NULL, NULL);
}
