#include "tests/unit/unit.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "record/difference.h"
#include "spec/spec.h"
#include "tests/samples/records.h"

/* One arena a test. */
static int set_up(void **state)
{
	struct arena *a = malloc(sizeof(*a));

	arena_init(a);
	*state = a;
	return 0;
}

static int tear_down(void **state)
{
	arena_fini(*state);
	free(*state);
	return 0;
}

static void assert_same_text(const char *actual, const char *expected)
{
	if (actual && expected)
		assert_string_equal(actual, expected);
	else
		assert_ptr_equal(actual, expected);
}

/* What a reader gets for a mandatory text that the writer did not have. */
static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void assert_same_number(double actual, double expected)
{
	assert_true(isnan(expected) ? isnan(actual) : actual == expected);
}

static struct record_line parse(struct arena *a, const char *text)
{
	struct record_line line;
	const char *error;

	if (!record_parse(a, text, strlen(text), &line, &error))
		fail_msg("%s: %s", error, text);
	return line;
}

/* Writes into memory what `type` names, and checks that it is one line; its text without newline. */
#define WRITTEN(a, type, record)                                         \
	({                                                               \
		char *text_;                                             \
		size_t len_;                                             \
		FILE *to_ = open_memstream(&text_, &len_);               \
		assert_true(record_write_##type(to_, (record)));         \
		fclose(to_);                                             \
		assert_ptr_equal(strchr(text_, '\n'), text_ + len_ - 1); \
		text_[len_ - 1] = '\0';                                  \
		char *copy_ = arena_text((a), text_);                    \
		free(text_);                                             \
		copy_;                                                   \
	})

static void check_run(struct arena *a, const struct record_run *in)
{
	struct record_line line = parse(a, WRITTEN(a, run, in));
	const struct record_run *out = &line.run;

	assert_int_equal(line.kind, RECORD_RUN);
	assert_string_equal(out->tool_version, or_empty(in->tool_version));
	assert_string_equal(out->target, or_empty(in->target));
	assert_string_equal(out->target_name, or_empty(in->target_name));
	assert_same_text(out->target_version, in->target_version);
	assert_string_equal(out->target_url, or_empty(in->target_url));
	assert_string_equal(out->role, or_empty(in->role));
	assert_string_equal(out->command, or_empty(in->command));
	assert_same_text(out->again, in->again);
	assert_string_equal(out->catalogue, or_empty(in->catalogue));
	assert_same_text(out->shard, in->shard);
	assert_true(out->seed == in->seed);
	assert_true(out->started_us == in->started_us);
	assert_int_equal(out->round_trip_us, in->round_trip_us);
	assert_int_equal(out->planned, in->planned);
}

static void runs_come_back(void **state)
{
	check_run(*state, &sample_run);
	check_run(*state, &sample_run_minimal);
}

static void check_death(const struct record_death *out, const struct record_death *in)
{
	if (!in) {
		assert_null(out);
		return;
	}
	assert_int_equal(out->signal, in->signal);
	assert_int_equal(out->exit_code, in->exit_code);
	assert_string_equal(out->stderr_tail, or_empty(in->stderr_tail));
	assert_string_equal(out->during, or_empty(in->during));
	assert_same_text(out->note, in->note);
}

static void check_transcript(const struct record_case *out, const struct record_case *in)
{
	assert_int_equal(out->transcript_count, in->transcript_count);
	for (size_t i = 0; i < in->transcript_count; i++) {
		assert_true(out->transcript[i].at_us == in->transcript[i].at_us);
		assert_string_equal(out->transcript[i].peer, in->transcript[i].peer);
		assert_int_equal(out->transcript[i].direction, in->transcript[i].direction);
		assert_string_equal(out->transcript[i].text, in->transcript[i].text);
		assert_same_text(out->transcript[i].hex, in->transcript[i].hex);
	}
}

static void check_measurements(const struct record_case *out, const struct record_case *in)
{
	assert_int_equal(out->measurement_count, in->measurement_count);
	for (size_t i = 0; i < in->measurement_count; i++) {
		const struct record_measurement *o = &out->measurements[i],
						*m = &in->measurements[i];
		assert_string_equal(o->name, m->name);
		assert_string_equal(o->unit, m->unit);
		assert_int_equal(o->count, m->count);
		for (size_t n = 0; n < m->count; n++)
			assert_same_number(o->values[n], m->values[n]);
		assert_same_number(o->least, m->least);
		assert_same_number(o->most, m->most);
	}
}

static void check_failure(const struct record_failure *out, const struct record_failure *in)
{
	if (!in) {
		assert_null(out);
		return;
	}
	assert_same_text(out->step, in->step);
	assert_same_text(out->file, in->file);
	assert_int_equal(out->line, in->line);
	assert_same_text(out->statement, in->statement);
	assert_string_equal(out->expected, or_empty(in->expected));
	assert_string_equal(out->actual, or_empty(in->actual));
	assert_same_text(out->difference, in->difference);
}

static void check_case(struct arena *a, const struct record_case *in)
{
	struct record_line line = parse(a, WRITTEN(a, case, in));
	const struct record_case *out = &line.result;

	assert_int_equal(line.kind, RECORD_CASE);
	assert_string_equal(out->id, or_empty(in->id));
	assert_string_equal(out->title, or_empty(in->title));
	assert_string_equal(out->chapter, or_empty(in->chapter));
	assert_string_equal(out->version, or_empty(in->version));
	assert_string_equal(out->transport, or_empty(in->transport));
	assert_string_equal(out->segmentation, or_empty(in->segmentation));
	assert_int_equal(out->repeat, in->repeat);
	assert_int_equal(out->level, in->level);
	assert_int_equal(out->verdict, in->verdict);
	assert_same_text(out->note, in->note);
	assert_true(out->started_us == in->started_us);
	assert_true(out->duration_us == in->duration_us);
	assert_int_equal(out->waited, in->waited);
	assert_same_text(out->foreign, in->foreign);
	assert_int_equal(out->expected, in->expected);
	assert_int_equal(out->foreseen, in->foreseen);
	assert_int_equal(out->foreseen_as, in->foreseen_as);
	assert_same_text(out->reason, in->reason);
	assert_same_text(out->link, in->link);
	assert_int_equal(out->statement_count, in->statement_count);
	for (size_t i = 0; i < in->statement_count; i++) {
		assert_string_equal(out->statements[i].name, in->statements[i].name);
		assert_int_equal(out->statements[i].verdict, in->statements[i].verdict);
		assert_int_equal(out->statements[i].watched, in->statements[i].watched);
	}
	check_transcript(out, in);
	check_measurements(out, in);
	check_failure(out->failure, in->failure);
	check_death(out->death, in->death);
	assert_same_text(out->pcap, in->pcap);
	assert_same_text(out->pcap_error, in->pcap_error);
	assert_same_text(out->wire, in->wire);
	assert_same_text(out->wire_error, in->wire_error);
}

static void cases_come_back(void **state)
{
	struct record_case bare_failure = sample_case_minimal;
	bare_failure.failure = &(const struct record_failure){ .expected = "an answer" };

	check_case(*state, &sample_case);
	check_case(*state, &sample_case_minimal);
	check_case(*state, &bare_failure);
	for (int v = 0; v < VERDICT_COUNT; v++) {
		struct record_case each = sample_case_minimal;
		each.verdict = v;
		each.level = v % 4;
		check_case(*state, &each);
	}
}

static void deaths_come_back(void **state)
{
	struct record_line line = parse(*state, WRITTEN(*state, death, &sample_death));

	assert_int_equal(line.kind, RECORD_DEATH);
	check_death(&line.death, &sample_death);
	line = parse(*state, WRITTEN(*state, death, &sample_death_minimal));
	check_death(&line.death, &sample_death_minimal);
}

static void check_traffic(const struct record_traffic *got, const struct record_traffic *in)
{
	assert_true(got->captured_us == in->captured_us);
	assert_int_equal(got->topic_count, in->topic_count);
	for (size_t i = 0; i < in->topic_count; i++) {
		assert_string_equal(got->topics[i].name, in->topics[i].name);
		assert_int_equal(got->topics[i].to_server, in->topics[i].to_server);
		assert_int_equal(got->topics[i].from_server, in->topics[i].from_server);
	}
	assert_memory_equal(got->times, in->times, sizeof(in->times));
	assert_int_equal(got->silence_count, in->silence_count);
	for (size_t i = 0; i < in->silence_count; i++) {
		assert_int_equal(got->silences[i].connection, in->silences[i].connection);
		assert_same_text(got->silences[i].client_id, in->silences[i].client_id);
		assert_true(got->silences[i].longest_us == in->silences[i].longest_us);
		assert_int_equal(got->silences[i].keep_alive_s, in->silences[i].keep_alive_s);
	}
}

static void check_end(struct arena *a, const struct record_end *in)
{
	struct record_line line = parse(a, WRITTEN(a, end, in));

	assert_int_equal(line.kind, RECORD_END);
	assert_memory_equal(line.end.counts, in->counts, sizeof(in->counts));
	assert_int_equal(line.end.unexpected, in->unexpected);
	assert_int_equal(line.end.not_run, in->not_run);
	assert_int_equal(line.end.unrecorded, in->unrecorded);
	assert_int_equal(line.end.scenarios, in->scenarios);
	assert_int_equal(line.end.steps, in->steps);
	assert_true(line.end.duration_us == in->duration_us);
	assert_same_text(line.end.stopped, in->stopped);
	assert_same_text(line.end.unjudged, in->unjudged);
	assert_int_equal(line.end.unseen_count, in->unseen_count);
	for (size_t i = 0; i < in->unseen_count; i++) {
		assert_string_equal(line.end.unseen[i].cause, in->unseen[i].cause);
		assert_same_text(line.end.unseen[i].reason, in->unseen[i].reason);
		assert_same_text(line.end.unseen[i].link, in->unseen[i].link);
	}
	check_traffic(&line.end.traffic, &in->traffic);
}

static void ends_come_back(void **state)
{
	check_end(*state, &sample_end);
	check_end(*state, &sample_end_minimal);
}

static void absent_fields_are_not_written(void **state)
{
	assert_string_equal(WRITTEN(*state, case, &sample_case_minimal),
		"{\"type\":\"case\",\"id\":\"reserved_flags/pingreq_flag_1\",\"title\":\"\","
		"\"chapter\":\"\",\"version\":\"3.1.1\",\"transport\":\"tcp\",\"segmentation\":"
		"\"\","
		"\"repeat\":0,\"level\":\"MUST\",\"verdict\":\"pass\",\"started_us\":0,"
		"\"duration_us\":0,\"expected\":false}");
}

static void bytes_that_are_no_utf8_are_escaped(void **state)
{
	static const struct {
		const char *given, *read;
	} samples[] = {
		{ "\xff", "\\xFF" }, { "a\xc3(\xe2\x82", "a\\xC3(\\xE2\\x82" }, /* cut off */
		{ "\xc0\xaf\xed\xa0\x80", "\\xC0\\xAF\\xED\\xA0\\x80" }, /* overlong, surrogate */
		{ "\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80" },          /* above U+10FFFF */
		{ "caf\xc3\xa9 \xf0\x9f\x90\x9d \x80!", "caf\xc3\xa9 \xf0\x9f\x90\x9d \\x80!" },
		{ "\xef\xbf\xbe\x7f\x1b[31m", "\xef\xbf\xbe\x7f\x1b[31m" }, /* odd, but UTF-8 */
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct record_case in = sample_case;
		const char *given = samples[i].given;
		struct record_event event = { 1, given, '<', given, given };
		struct record_failure failure = { given, given, 1, given, given, given, given };
		struct record_death death = { 11, 0, given, given, given };
		in.note = given;
		in.transcript = &event;
		in.transcript_count = 1;
		in.failure = &failure;
		in.death = &death;
		struct record_case out = parse(*state, WRITTEN(*state, case, &in)).result;
		assert_string_equal(out.note, samples[i].read);
		assert_string_equal(out.transcript[0].peer, samples[i].read);
		assert_string_equal(out.transcript[0].text, samples[i].read);
		assert_string_equal(out.failure->actual, samples[i].read);
		assert_string_equal(out.failure->difference, samples[i].read);
		assert_string_equal(out.death->stderr_tail, samples[i].read);
		assert_string_equal(out.death->note, samples[i].read);
	}
}

static void infinite_numbers_are_left_out(void **state)
{
	const double values[] = { INFINITY, 1 };
	const struct record_measurement m = { "m", "ms", values, 2, -INFINITY, INFINITY };
	struct record_case in = sample_case_minimal;
	in.measurements = &m;
	in.measurement_count = 1;
	struct record_case out = parse(*state, WRITTEN(*state, case, &in)).result;

	assert_true(isnan(out.measurements[0].values[0]));
	assert_true(out.measurements[0].values[1] == 1);
	assert_true(isnan(out.measurements[0].least));
	assert_true(isnan(out.measurements[0].most));
}

/* Records from before there were words are still sorted by what they tell. */
static void a_failure_has_a_word_for_its_difference(void **state)
{
	(void)state;
	struct record_failure f = { .step = "expect(sub, PUBLISH)", .difference = "dup" };

	assert_string_equal(difference_of(&f), "dup");
	f.difference = NULL;
	assert_null(difference_of(&f));
	f.step = "monitor";
	assert_string_equal(difference_of(&f), "monitor");
	f.step = NULL;
	assert_null(difference_of(&f));
	assert_null(difference_meaning("dpu"));
	assert_non_null(difference_meaning("monitor"));
	for (int i = 0; i < SPEC_DIFFERENCES; i++)
		assert_non_null(difference_meaning(spec_difference_name((enum spec_difference)i)));
}

static void a_full_disk_is_noticed(void **state)
{
	(void)state;
	FILE *full = fopen("/dev/full", "w");

	assert_non_null(full);
	errno = 0;
	assert_false(record_write_case(full, &sample_case));
	assert_int_equal(errno, ENOSPC);
	fclose(full);
}

static void unknown_fields_are_ignored(void **state)
{
	struct record_line line = parse(*state,
		"{\"colour\":\"red\",\"type\":\"death\",\"signal\":9,\"exit_code\":0,"
		"\"stderr_tail\":\"\",\"during\":\"\",\"core\":{\"path\":[1,null]}}");

	assert_int_equal(line.death.signal, 9);
}

static void check_error(struct arena *a, const char *text, const char *expected)
{
	struct record_line line;
	const char *error;

	assert_false(record_parse(a, text, strlen(text), &line, &error));
	assert_string_equal(error, expected);
}

/* The line of a sample with its first `part` replaced. */
static const char *with(struct arena *a, const char *text, const char *part, const char *instead)
{
	const char *at = strstr(text, part);

	if (!at)
		fail_msg("no %s in %s", part, text);
	return arena_printf(a, "%.*s%s%s", (int)(at - text), text, instead, at + strlen(part));
}

static void foreign_lines_are_refused(void **state)
{
	check_error(*state, "hello", "not JSON: invalid token near 'hello' (byte 5)");
	check_error(*state, "", "not JSON: unexpected token near end of file (byte 0)");
	check_error(
		*state, "{\"type\":\"case\"", "not JSON: '}' expected near end of file (byte 14)");
	check_error(*state, "[1]", "must be an object of JSON, not an array");
	check_error(*state, "7", "must be an object of JSON, not an integer");
	check_error(*state, "{}", "`type` is missing");
	check_error(*state, "{\"type\":7}", "`type`: must be a string, not an integer");
	check_error(*state, "{\"type\":\"suite\"}", "`type`: no record is called \"suite\"");
	check_error(*state, "{\"type\":\"\xff\"}",
		"not JSON: unable to decode byte 0xff near '\"' (byte 9)");
}

static void faults_are_placed(void **state)
{
	struct arena *a = *state;
	static const struct {
		const char *part, *instead, *error;
	} samples[] = {
		{ "\"verdict\":\"fail\",\"note", "\"verdict\":\"ok\",\"note",
			"`verdict`: no verdict is called \"ok\"" },
		{ "\"version\":\"5.0\",", "", "`version` is missing" },
		{ "\"version\":\"5.0\"", "\"version\":5.0",
			"`version`: must be a string, not a number with a fraction" },
		{ "\"note\":\"3 copies\"", "\"note\":null", "`note`: must be a string, not null" },
		{ "\"level\":\"STATED\"", "\"level\":\"OUGHT\"",
			"`level`: no level is called \"OUGHT\"" },
		{ "\"repeat\":2", "\"repeat\":-1", "`repeat`: -1 is out of range" },
		{ "\"repeat\":2", "\"repeat\":2147483648", "`repeat`: 2147483648 is out of range" },
		{ "\"expected\":true", "\"expected\":1",
			"`expected`: must be true or false, not an integer" },
		{ "\"expected\":true,", "", "`expected` is missing" },
		{ "\"as\":\"crash\"", "\"as\":\"\"", "`foreseen.as`: no verdict is called \"\"" },
		{ "\"statements\":[{", "\"statements\":[3,{",
			"`statements[0]`: must be an object, not an integer" },
		{ "\"name\":\"5.0:MQTT-4.3.3-8\",", "", "`statements[1].name` is missing" },
		{ "\"at_us\":311", "\"at_us\":\"311\"",
			"`transcript[1].at_us`: must be an integer, not a string" },
		{ "\"direction\":\"<\"", "\"direction\":\"in\"",
			"`transcript[1].direction`: must be \">\", \"<\" or \"-\", not \"in\"" },
		{ "\"least\":3000.0", "\"least\":[]",
			"`measurements[0].least`: must be a number, not an array" },
		{ "null,0.33", "false,0.33",
			"`measurements[0].values`: must hold numbers and null, not a truth value" },
		{ "\"line\":31", "\"line\":31.5",
			"`failure.line`: must be an integer, not a number with a fraction" },
		{ "\"actual\":", "\"actually\":", "`failure.actual` is missing" },
		{ "\"during\":", "\"while\":", "`death.during` is missing" },
		{ "\"death\":{", "\"death\":true,\"x\":{",
			"`death`: must be an object, not a truth value" },
	};
	const char *line = WRITTEN(a, case, &sample_case);

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		check_error(
			a, with(a, line, samples[i].part, samples[i].instead), samples[i].error);
}

static void faults_of_the_other_records(void **state)
{
	struct arena *a = *state;
	const char *run = WRITTEN(a, run, &sample_run), *end = WRITTEN(a, end, &sample_end);
	const char *seed = "\"18446744073709551615\"";

	check_error(a, with(a, run, "\"format\":1", "\"format\":2"),
		"`format` is 2, and this program reads 1");
	check_error(a, with(a, run, "\"format\":1,", ""), "`format` is missing");
	check_error(a, with(a, run, seed, "\"18446744073709551616\""),
		"`seed`: must be a number of 64 bits in a string, not \"18446744073709551616\"");
	check_error(a, with(a, run, seed, "\"-1\""),
		"`seed`: must be a number of 64 bits in a string, not \"-1\"");
	check_error(a, with(a, run, seed, "\"\""),
		"`seed`: must be a number of 64 bits in a string, not \"\"");
	check_error(a, with(a, run, seed, "7"), "`seed`: must be a string, not an integer");
	check_error(a, with(a, run, "321", "-321"), "`planned`: -321 is out of range");
	check_error(
		a, with(a, end, "\"info\"", "\"ok\""), "`counts.ok`: no verdict is called \"ok\"");
	check_error(a, with(a, end, "\"pass\":1", "\"pass\":\"1\""),
		"`counts.pass`: must be an integer, not a string");
	check_error(a, with(a, end, "\"counts\"", "\"sums\""), "`counts` is missing");
	check_error(a, with(a, end, "\"to_server\":1000", "\"to_server\":-1"),
		"`topics[0].to_server`: -1 is out of range");
	check_error(a, with(a, end, "\"steps\":[0,7", "\"steps\":[0,-7"),
		"`times[1].steps`: must have integers from 0");
	check_error(a, with(a, end, "\"keep_alive_s\":10", "\"keep_alive_s\":0"),
		"`silences[0].keep_alive_s`: 0 is out of range");
}

/* Puts the text into a file of its own and loads it; the file is gone afterwards. */
static bool load(struct arena *a, const char *text, struct record_file *out, const char **error)
{
	char path[] = "/tmp/record-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	bool ok = record_load(a, path, out, error);
	unlink(path);
	if (!ok) { /* without the name, which nobody can foresee */
		assert_memory_equal(*error, path, strlen(path));
		*error += strlen(path);
	}
	return ok;
}

static void check_load_error(struct arena *a, const char *text, const char *expected)
{
	struct record_file file;
	const char *error;

	assert_false(load(a, text, &file, &error));
	assert_string_equal(error, expected);
}

static void shards_are_joined_by_cat(void **state)
{
	struct arena *a = *state;
	const char *run = WRITTEN(a, run, &sample_run), *end = WRITTEN(a, end, &sample_end);
	const char *result = WRITTEN(a, case, &sample_case_minimal);
	const char *death = WRITTEN(a, death, &sample_death);
	const char *full = WRITTEN(a, case, &sample_case);
	struct record_file file;
	const char *error;

	assert_true(load(a,
		arena_printf(a, "%s\n%s\n%s\n%s\n%s\n\n%s\n%s\n%s", run, result, death, full, end,
			run, full, end),
		&file, &error));
	assert_int_equal(file.run_count, 2);
	assert_int_equal(file.case_count, 3);
	assert_int_equal(file.death_count, 1);
	assert_int_equal(file.end_count, 2);
	assert_false(file.truncated); /* the last line is whole but for its newline */
	assert_string_equal(file.cases[0].id, sample_case_minimal.id);
	assert_string_equal(file.cases[2].failure->actual, sample_case.failure->actual);
	assert_int_equal(file.ends[1].counts[VERDICT_ERROR], 8);
}

static void many_records_are_kept_in_order(void **state)
{
	struct arena *a = *state;
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	struct record_case each = sample_case_minimal;
	struct record_file file;
	const char *error;

	record_write_run(to, &sample_run);
	for (each.repeat = 0; each.repeat < 100; each.repeat++)
		record_write_case(to, &each);
	fclose(to);
	assert_true(load(a, text, &file, &error));
	free(text);
	assert_int_equal(file.case_count, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(file.cases[i].repeat, i);
	assert_int_equal(file.end_count, 0);
}

/* Wherever the last line is cut, what stands before it is read. */
static void a_cut_last_line_is_left_out(void **state)
{
	struct arena *a = *state;
	const char *run = WRITTEN(a, run, &sample_run);
	const char *result = WRITTEN(a, case, &sample_case);
	size_t len = strlen(result);
	struct record_file file;
	const char *error;

	for (size_t cut = 1; cut < len; cut += 37) {
		assert_true(
			load(a, arena_printf(a, "%s\n%.*s", run, (int)cut, result), &file, &error));
		assert_true(file.truncated);
		assert_int_equal(file.case_count, 0);
	}
	assert_true(load(a, arena_printf(a, "%s\n%s", run, result), &file, &error));
	assert_false(file.truncated);
	assert_int_equal(file.case_count, 1);
}

/* A line that is no record is read around, wherever it stands; its number is kept. */
static void foreign_lines_are_left_out(void **state)
{
	struct arena *a = *state;
	const char *run = WRITTEN(a, run, &sample_run), *end = WRITTEN(a, end, &sample_end);
	const char *result = WRITTEN(a, case, &sample_case);
	struct record_file file;
	const char *error;

	assert_true(load(a,
		arena_printf(a, "# a note\n%s\n%.*s%s\n{\"kind\":\"case\"}\n[1]\n%s\n%s\n", run, 90,
			result, end, result, end),
		&file, &error));
	assert_int_equal(file.foreign_count, 4);
	static const size_t numbers[] = { 1, 3, 4, 5 };
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(file.foreigns[i], numbers[i]);
	assert_int_equal(file.case_count, 1);
	assert_int_equal(file.end_count, 1);
	assert_false(file.truncated);
}

/* What a full disk tears off is taken back: the next line stands by itself. */
static void a_line_without_room_leaves_nothing(void **state)
{
	char path[] = "/tmp/mqttspec-record-XXXXXX";
	FILE *to = fdopen(mkstemp(path), "w");
	struct rlimit limit, old;
	struct record_file file;
	const char *error;

	assert_true(record_write_run(to, &sample_run));
	long whole = ftell(to);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = (struct rlimit){ .rlim_cur = (rlim_t)whole + 100, .rlim_max = old.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_false(record_write_case(to, &sample_case));
	assert_int_equal(errno, EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(ftell(to), whole);
	assert_true(record_write_end(to, &sample_end));
	fclose(to);
	assert_true(record_load(*state, path, &file, &error));
	unlink(path);
	assert_int_equal(file.case_count, 0);
	assert_int_equal(file.end_count, 1);
	assert_int_equal(file.foreign_count, 0);
}

static void files_that_cannot_be_read(void **state)
{
	struct arena *a = *state;
	const char *run = WRITTEN(a, run, &sample_run);
	const char *result = WRITTEN(a, case, &sample_case);
	const char *wrong = with(a, result, "\"verdict\":\"fail\"", "\"verdict\":\"ok\"");

	check_load_error(a, "", ": no whole record in it; mqttspec run writes one to run.jsonl");
	check_load_error(a, "{\"type\":\"ru",
		": no whole record in it; mqttspec run writes one to run.jsonl");
	check_load_error(
		a, arena_printf(a, "%s\n", result), ":1: the first record must be a \"run\"");
	check_load_error(a, arena_printf(a, "%s\n\n%s\n%s\n", run, wrong, result),
		":3: `verdict`: no verdict is called \"ok\"");
	check_load_error(a, arena_printf(a, "%s\n%s", run, wrong), /* whole, so not cut off */
		":2: `verdict`: no verdict is called \"ok\"");
	struct record_file file;
	const char *error;
	assert_false(record_load(a, "/nonexistent/run.jsonl", &file, &error));
	assert_string_equal(error, "/nonexistent/run.jsonl: No such file or directory");
	assert_false(record_load(a, "/", &file, &error));
	assert_string_equal(error, "/: Is a directory");
}

static void verdicts_and_levels_have_names(void **state)
{
	(void)state;
	enum verdict verdict;
	enum level level;

	for (int v = 0; v < VERDICT_COUNT; v++) {
		assert_true(verdict_parse(verdict_name(v), &verdict));
		assert_int_equal(verdict, v);
		assert_int_equal(verdict_worse(v, VERDICT_PASS), v);
		assert_int_equal(verdict_worse(VERDICT_CRASH, v), VERDICT_CRASH);
	}
	for (int l = MUST; l <= MAY; l++) {
		assert_true(level_parse(level_name(l), &level));
		assert_int_equal(level, l);
	}
	assert_false(verdict_parse("PASS", &verdict));
	assert_false(level_parse("must", &level));
	assert_int_equal(verdict_worse(VERDICT_NONSTRICT, VERDICT_ERROR), VERDICT_NONSTRICT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runs_come_back),
		TEST(cases_come_back),
		TEST(deaths_come_back),
		TEST(ends_come_back),
		TEST(absent_fields_are_not_written),
		TEST(bytes_that_are_no_utf8_are_escaped),
		TEST(infinite_numbers_are_left_out),
		TEST(a_failure_has_a_word_for_its_difference),
		TEST(a_full_disk_is_noticed),
		TEST(unknown_fields_are_ignored),
		TEST(foreign_lines_are_refused),
		TEST(faults_are_placed),
		TEST(faults_of_the_other_records),
		TEST(shards_are_joined_by_cat),
		TEST(many_records_are_kept_in_order),
		TEST(a_cut_last_line_is_left_out),
		TEST(foreign_lines_are_left_out),
		TEST(a_line_without_room_leaves_nothing),
		TEST(files_that_cannot_be_read),
		TEST(verdicts_and_levels_have_names),
	};
	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
