#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#undef fail /* cmocka's: case.h has its own */
#include "harness/case.h"
#include "harness/pattern.h"

static const struct vector rows[] = {
	{ .id = "pingreq_flag_1", .refs = { "3.1.1:MQTT-2.2.2-2" }, .versions = V311 },
	{ .id = "pubrel_flag_0", .refs = { "3.1.1:MQTT-3.6.1-1", "5.0:MQTT-3.6.1-1" } },
	{ .id = "plain" },
};

static const struct case_def table = {
	.id = "reserved_flags",
	.file = "cases/vectors/flags.c",
	.refs = { "3.1.1:MQTT-2.2.2-1", "5.0:MQTT-2.1.3-1" },
	.versions = BOTH,
	ROWS(rows),
};

static const struct case_def plain = {
	.id = "will_on_keep_alive_expiry",
	.file = "cases/server/will.c",
	.refs = { "3.1.1:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-22", "5.0:U50-WILL-PROMPT" },
	.versions = BOTH,
};

static bool matches(const char *pattern, enum mqtt_version version)
{
	return pattern_matches(pattern, &plain, NULL, version);
}

static bool matches_row(const char *pattern, size_t n)
{
	return pattern_matches(pattern, &table, &rows[n], MQTT_311);
}

static void ids_and_their_wildcards_match(void **state)
{
	(void)state;
	assert_true(matches("will_on_keep_alive_expiry", MQTT_311));
	assert_true(matches("will_*", MQTT_50));
	assert_true(matches("*keep?alive*", MQTT_50));
	assert_true(matches("*", MQTT_50));
	assert_false(matches("will_on", MQTT_311));
	assert_false(matches("keep_alive", MQTT_311));
	assert_false(matches("", MQTT_311));
}

static void a_table_is_matched_whole_or_by_row(void **state)
{
	(void)state;
	for (size_t n = 0; n < 3; n++)
		assert_true(matches_row("reserved_flags", n));
	assert_true(matches_row("reserved_flags/pingreq_flag_1", 0));
	assert_false(matches_row("reserved_flags/pingreq_flag_1", 1));
	assert_true(matches_row("reserved_flags/pub*", 1));
	assert_false(matches_row("reserved_flags/pub*", 0));
	assert_false(matches_row("pingreq_flag_1", 0)); /* rows are named within their table */
}

static void chapters_match(void **state)
{
	(void)state;
	assert_true(matches("will", MQTT_311));
	assert_true(matches("wil?", MQTT_311));
	assert_false(matches("server/will", MQTT_311));
	assert_true(matches_row("flags", 2));
}

static void statements_match_in_their_version_only(void **state)
{
	(void)state;
	assert_true(matches("MQTT-3.1.2-24", MQTT_311));
	assert_false(matches("MQTT-3.1.2-24", MQTT_50)); /* another statement there */
	assert_true(matches("MQTT-3.1.2-22", MQTT_50));
	assert_true(matches("5.0:MQTT-3.1.2-22", MQTT_50));
	assert_false(matches("5.0:MQTT-3.1.2-22", MQTT_311));
	assert_false(matches("3.1.1:MQTT-3.1.2-24", MQTT_50));
	assert_true(matches("mqtt-3.1.2-2*", MQTT_311));
	assert_true(matches("3.1.2-22", MQTT_50));
	assert_false(matches("MQTT-3.1.2-2", MQTT_50)); /* no prefix of a number */
	assert_true(matches("U50-WILL-PROMPT", MQTT_50));
	assert_true(matches("5.0:U50-will-*", MQTT_50));
	assert_false(matches("U50-WILL-PROMPT", MQTT_311));
}

static void sections_match_what_is_below_them(void **state)
{
	(void)state;
	assert_true(matches("3.1.2", MQTT_311));
	assert_true(matches("MQTT-3.1.2", MQTT_50));
	assert_true(matches("5.0:3.1", MQTT_50));
	assert_false(matches("5.0:3.1", MQTT_311));
	assert_true(matches("3.1.2.10", MQTT_50)); /* by the catalogue: 22 stands there */
	assert_true(matches("3.1.2.5", MQTT_50));  /* U50-WILL-PROMPT */
	assert_false(matches("3.1.2.7", MQTT_50));
	assert_false(matches("3.1.20", MQTT_50));
	assert_false(matches("3.1.", MQTT_50));
	assert_false(matches("U50", MQTT_50));
}

static void statements_match_without_a_case(void **state)
{
	(void)state;
	assert_true(pattern_matches_statement("MQTT-3.1.2-22", "5.0:MQTT-3.1.2-22"));
	assert_true(pattern_matches_statement("3.1.2.10", "5.0:MQTT-3.1.2-22"));
	assert_true(pattern_matches_statement("3.1.1:MQTT-3.1.2-2?", "3.1.1:MQTT-3.1.2-24"));
	assert_false(pattern_matches_statement("5.0:*", "3.1.1:MQTT-3.1.2-24"));
	assert_false(pattern_matches_statement("will", "5.0:U50-WILL-PROMPT"));
}

static void a_row_answers_for_itself(void **state)
{
	(void)state;
	assert_true(matches_row("MQTT-2.2.2-2", 0));
	assert_false(matches_row("MQTT-2.2.2-1", 0));
	assert_true(matches_row("MQTT-2.2.2-1", 2));

	size_t count;
	assert_string_equal(case_refs(&table, &rows[1], &count)[1], "5.0:MQTT-3.6.1-1");
	assert_int_equal(count, 2);
	assert_string_equal(case_refs(&table, &rows[2], &count)[1], "5.0:MQTT-2.1.3-1");
	assert_int_equal(count, 2);

	assert_true(case_has_version(&table, &rows[0], MQTT_311));
	assert_false(case_has_version(&table, &rows[0], MQTT_50));
	assert_true(case_has_version(&table, &rows[2], MQTT_50));
	assert_int_equal(case_versions(&plain, NULL), BOTH);
}

static void as_many_refs_as_there_is_room_for(void **state)
{
	(void)state;
	static const struct vector full = { .refs = { "5.0:MQTT-1.5.4-1", "5.0:MQTT-1.5.4-2",
						    "5.0:MQTT-1.5.4-3", "5.0:MQTT-1.5.5-1" } };
	size_t count;
	case_refs(&table, &full, &count);
	assert_int_equal(count, 4);
}

static void long_chapters_are_cut(void **state)
{
	(void)state;
	char chapter[CHAPTER_SIZE];
	char path[200];
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	const struct case_def def = { .id = "a", .file = path };
	assert_int_equal(strlen(case_chapter(&def, chapter)), CHAPTER_SIZE - 1);
	assert_string_equal(case_chapter(&(struct case_def){ .file = "qos2.c" }, chapter), "qos2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_and_their_wildcards_match),
		cmocka_unit_test(a_table_is_matched_whole_or_by_row),
		cmocka_unit_test(chapters_match),
		cmocka_unit_test(statements_match_in_their_version_only),
		cmocka_unit_test(sections_match_what_is_below_them),
		cmocka_unit_test(statements_match_without_a_case),
		cmocka_unit_test(a_row_answers_for_itself),
		cmocka_unit_test(as_many_refs_as_there_is_room_for),
		cmocka_unit_test(long_chapters_are_cut),
	};
	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
