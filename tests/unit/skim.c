/* Lines that are passed on without being read. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "record/record.h"
#include "tests/samples/records.h"

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct arena));
	arena_init(*state);
	return 0;
}

static int tear_down(void **state)
{
	arena_fini(*state);
	free(*state);
	return 0;
}

/* Everything that a case run has of which there is nothing to say. */
static struct record_case passed(void)
{
	struct record_case c = sample_case;

	c.verdict = VERDICT_PASS;
	c.expected = true;
	c.waited = c.foreseen = false;
	c.note = c.foreign = c.pcap = c.pcap_error = c.wire = c.wire_error = NULL;
	c.failure = NULL;
	c.death = NULL;
	c.started_us = 1700000000123456;
	c.duration_us = 4711;
	return c;
}

static char *written(struct arena *a, const struct record_case *c, size_t *len)
{
	char *text;
	FILE *to = open_memstream(&text, len);

	assert_true(record_write_case(to, c));
	fclose(to);
	char *copy = arena_copy(a, text, *len + 1);
	free(text);
	return copy;
}

static bool is_skimmed(struct arena *a, struct record_case c)
{
	struct record_brief brief;
	size_t len;
	const char *line = written(a, &c, &len);

	return record_skim(line, len, &brief);
}

static void a_line_of_a_pass_is_skimmed(void **state)
{
	struct record_case c = passed();
	struct record_brief brief;
	size_t len;
	const char *line = written(*state, &c, &len);

	assert_true(record_skim(line, len, &brief));
	assert_int_equal(brief.id_len, strlen(c.id));
	assert_memory_equal(brief.id, c.id, brief.id_len);
	assert_true(brief.started_us == c.started_us);
	assert_true(brief.duration_us == c.duration_us);
	c.transcript_count = c.statement_count = c.measurement_count = 0;
	assert_true(is_skimmed(*state, c));
}

static void whatever_else_there_is_to_say_has_to_be_read(void **state)
{
	struct arena *a = *state;
	struct record_case c;

	for (int v = 0; v < VERDICT_COUNT; v++) {
		c = passed();
		c.verdict = (enum verdict)v;
		assert_int_equal(is_skimmed(a, c), v == VERDICT_PASS);
	}
	c = passed(), c.expected = false;
	assert_false(is_skimmed(a, c));
	c = passed(), c.waited = true;
	assert_false(is_skimmed(a, c));
	c = passed(), c.foreseen = true;
	assert_false(is_skimmed(a, c));
	c = passed(), c.note = "";
	assert_false(is_skimmed(a, c));
	c = passed(), c.foreign = "a/b";
	assert_false(is_skimmed(a, c));
	c = passed(), c.pcap_error = "no room";
	assert_false(is_skimmed(a, c));
	c = passed(), c.wire_error = "a password";
	assert_false(is_skimmed(a, c));
	c = passed(), c.death = &sample_death;
	assert_false(is_skimmed(a, c));
	c = passed(), c.failure = sample_case.failure;
	assert_non_null(c.failure);
	assert_false(is_skimmed(a, c));
}

static void torn_lines_are_read(void **state)
{
	struct record_case c = passed();
	struct record_brief brief;
	size_t len;
	char *line = written(*state, &c, &len);

	for (size_t n = 0; n < len; n++) {
		char *torn = malloc(n + 1); /* so that a sanitizer sees what is read beyond it */
		memcpy(torn, line, n);
		assert_false(record_skim(torn, n, &brief));
		free(torn);
	}
	char *twice = arena_alloc(*state, 2 * len);
	memcpy(twice, line, len);
	memcpy(twice + len, line, len);
	assert_false(record_skim(twice, 2 * len, &brief));
}

/* With any byte in the place of another: what is skimmed may no longer be the same, but it is JSON. */
static void what_is_skimmed_is_json(void **state)
{
	static const char bytes[] = "\"\\{}[],:0-.eEu \n\x01\xff\xc3"
				    "at";
	struct record_case c = passed();
	struct record_brief brief;
	size_t len, skimmed = 0;
	char *line = written(*state, &c, &len);

	for (size_t at = 0; at < len; at++) {
		char before = line[at];
		for (const char *byte = bytes; *byte; byte++) {
			struct record_line parsed;
			const char *error;
			struct arena a;
			line[at] = *byte;
			if (!record_skim(line, len, &brief))
				continue;
			arena_init(&a);
			skimmed++;
			if (!record_parse(&a, line, len - 1, &parsed, &error))
				assert_null(strstr(error, "not JSON"));
			arena_fini(&a);
		}
		line[at] = before;
	}
	assert_true(skimmed > len); /* texts may have most of them */
}

static void it_is_passed_on_as_it_stands(void **state)
{
	struct record_case c = passed();
	struct record_line parsed;
	const char *error;
	size_t len;
	char *line = written(*state, &c, &len), *text;
	size_t text_len;
	FILE *to = open_memstream(&text, &text_len);

	assert_true(record_pass_on(to, line, len, NULL, NULL));
	assert_true(record_pass_on(to, line, len, "pcap/a \"b\".pcapng", "pcap/b.pcapng"));
	fclose(to);
	assert_true(text_len > 2 * len);
	assert_memory_equal(text, line, len);
	assert_int_equal(text[text_len - 1], '\n');
	assert_true(record_parse(*state, text + len, text_len - len - 1, &parsed, &error));
	assert_string_equal(parsed.result.pcap, "pcap/a \"b\".pcapng");
	assert_string_equal(parsed.result.wire, "pcap/b.pcapng");
	assert_string_equal(parsed.result.id, c.id);
	assert_int_equal(parsed.result.transcript_count, c.transcript_count);
	free(text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_of_a_pass_is_skimmed),
		TEST(whatever_else_there_is_to_say_has_to_be_read),
		TEST(torn_lines_are_read),
		TEST(what_is_skimmed_is_json),
		TEST(it_is_passed_on_as_it_stands),
	};

	return cmocka_run_group_tests_name("skim", tests, NULL, NULL);
}
