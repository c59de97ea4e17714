/* What a person sees, held against tests/unit/terminal.golden. After a change that is wanted,
 *
 *	GOLDEN_UPDATE=1 build/dev/tests/test_terminal
 *
 * writes that file anew: read its diff.
 */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "reports/failure.h"
#include "reports/terminal.h"
#include "reports/text.h"
#include "tests/samples/records.h"
#include "tests/samples/verdicts.h"

static const struct record_run run = {
	.tool_version = "0.1.0",
	.target = "mosquitto",
	.target_name = "Eclipse Mosquitto",
	.target_version = "2.0.11",
	.target_url = "mqtt://127.0.0.1:1883",
	.role = "server",
	.seed = 7,
	.planned = 12,
};

static struct terminal pipe_to(FILE *to, size_t width)
{
	return (struct terminal){
		.to = to, .each = true, .width = width, .folder = "out", .run = &run
	};
}

static void section(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void section(FILE *to, const char *format, ...)
{
	va_list args;

	fputs("==== ", to);
	va_start(args, format);
	vfprintf(to, format, args);
	va_end(args);
	fputc('\n', to);
}

/* By itself: a run shows no more than ten of one cause in full. */
static void show_case(FILE *to, const struct record_case *c)
{
	struct terminal t = pipe_to(to, 100);

	terminal_case(&t, c);
	causes_fini(&t.causes);
}

static void render_every_verdict(FILE *to)
{
	for (int v = 0; v < VERDICT_COUNT; v++) {
		struct record_case c = sample_ended(v, false);
		if (!verdict_is_good(v)) {
			section(to, "%s, unexpected", verdict_name(v));
			show_case(to, &c);
		}
		enum verdict other = v == VERDICT_FAIL ? VERDICT_CRASH : VERDICT_FAIL;
		section(to, "%s, %s was foreseen", verdict_name(v), verdict_name(other));
		c = sample_foreseen(c, other);
		show_case(to, &c);
		c = sample_ended(v, true);
		if (verdict_is_good(v)) {
			section(to, "%s, expected", verdict_name(v));
			show_case(to, &c);
		}
		section(to, "%s, foreseen", verdict_name(v));
		c = sample_foreseen(c, v);
		show_case(to, &c);
	}
}

static void render_foreseen_without_reason(FILE *to)
{
	struct record_case c = sample_foreseen(sample_ended(VERDICT_FAIL, true), VERDICT_FAIL);

	c.reason = c.link = NULL;
	section(to, "foreseen for no reason given");
	show_case(to, &c);
	c.verdict = VERDICT_PASS;
	c.expected = false;
	show_case(to, &c);
}

static void render_block(FILE *to, const char *title, const struct report_style *style,
	const struct record_run *of, const struct record_case *c)
{
	section(to, "%s", title);
	report_failure_block(to, style, of, c);
}

static void render_widths(FILE *to)
{
	struct record_case c = sample_ended(VERDICT_FAIL, false);

	c = sample_foreseen(c, VERDICT_NONSTRICT);
	render_block(to, "40 columns", &(struct report_style){ .width = 40 }, &run, &c);
	render_block(to, "10 columns", &(struct report_style){ .width = 10 }, &run, &c);
	render_block(to, "200 columns", &(struct report_style){ .width = 200 }, &run, &c);
	render_block(to, "never broken", &(struct report_style){ 0 }, &run, &c);
}

static void render_colour(FILE *to)
{
	struct terminal t = pipe_to(to, 100);
	struct record_death exit = sample_death;

	t.color = true;
	exit.note = NULL;
	section(to, "in colour");
	for (int v = 0; v < VERDICT_COUNT; v++) {
		struct record_case c = sample_ended(v, verdict_is_good(v));
		c.transcript_count = 0;
		terminal_case(&t, &c);
		c.expected = !c.expected;
		c = sample_foreseen(c, VERDICT_FAIL);
		terminal_case(&t, &c);
	}
	terminal_death(&t, &exit);
	causes_fini(&t.causes);
}

static void render_long_transcript(FILE *to, size_t count)
{
	struct record_event events[40];
	char texts[40][40];
	struct record_case c = sample_ended(VERDICT_FAIL, false);

	for (size_t i = 0; i < count; i++) {
		snprintf(texts[i], sizeof(texts[i]), "PUBACK id %zu", i + 1);
		events[i] =
			(struct record_event){ (int64_t)i * 400000, "a peer", '>', texts[i], NULL };
	}
	c.transcript = events;
	c.transcript_count = count;
	section(to, "transcript of %zu lines", count);
	report_failure_block(to, &(struct report_style){ .width = 100 }, &run, &c);
}

static void render_measurements(FILE *to)
{
	static const double spread[] = { 5290.125, NAN, 3104.56, 4200, NAN, 3650 };
	static const double one[] = { 2.5 }, never[] = { NAN, NAN };
	static const struct record_measurement list[] = {
		{ "close after the last packet", "ms", spread, 6, 2000, 3000 },
		{ "open below", "ms", one, 1, NAN, 3000 },
		{ "open above", "ms", one, 1, 2000, NAN },
		{ "open on both sides", "s", spread, 5, NAN, NAN },
		{ "not once", "ms", never, 2, 2000, 3000 },
		{ "none", "ms", NULL, 0, 2000, 3000 },
	};
	struct record_case c = sample_ended(VERDICT_FAIL, false);

	c.measurements = list;
	c.measurement_count = sizeof(list) / sizeof(*list);
	c.failure = NULL;
	c.transcript_count = 0;
	render_block(to, "measurements", &(struct report_style){ .width = 100 }, &run, &c);
}

static void render_odd_ones(FILE *to)
{
	const struct report_style style = { .width = 100, .folder = "out" };
	struct record_case c = sample_ended(VERDICT_FAIL, false);
	struct record_run client = run;

	client.role = "client";
	client.target = "--client=python3 'my agent.py'";
	c.id = "reserved_flags/pingreq_flag_1";
	c.version = "3.1.1";
	c.transport = "ws";
	c.segmentation = "split:3";
	c.repeat = 2;
	c.pcap = "/var/tmp/a.pcapng";
	render_block(to, "a client, a row, a sibling", &style, &client, &c);

	c = sample_ended(VERDICT_FAIL, false);
	c.wire = "pcap/qos2_duplicate_publish-5.0-tls.wire.pcapng";
	render_block(to, "what was below", &style, &run, &c);
	c.wire = NULL;
	c.wire_error = "not kept: a password is in these bytes";
	render_block(to, "what was below, with a password", &style, &run, &c);

	const struct record_failure monitor = { "monitor", "cases/server/qos2.c", 0,
		"5.0:MQTT-9.9.9-9", "", "Packet Identifier 0", NULL };
	c = sample_ended(VERDICT_FAIL, false);
	c.failure = &monitor;
	c.pcap = NULL;
	render_block(to, "no line, no expectation, unknown statement", &style, &run, &c);

	const struct record_failure nowhere = { NULL, NULL, 0, NULL, "an answer", "nothing", NULL };
	c.failure = &nowhere;
	render_block(to, "no file", &style, &run, &c);

	const struct record_failure far = { NULL, "cases/server/a_chapter_with_a_long_name.c", 1234,
		NULL, "an answer", "nothing", NULL };
	c.failure = &far;
	render_block(to, "a long place", &style, &run, &c);

	const struct record_event hostile[] = {
		{ 0, "a very long name of a peer", '>', "\x1b[2J\x1b]0;owned\x07 \xff\xc3 \r\n",
			NULL },
		{ 1, "\xe2\x80\xae", '<',
			"PUBLISH \"\xe6\x97\xa5\xe6\x9c\xac\" e\xcc\x81  two blanks", NULL },
	};
	c = sample_ended(VERDICT_CRASH, false);
	c.transcript = hostile;
	c.transcript_count = 2;
	c.note = "\x1b[31m";
	render_block(to, "hostile text", &style, &run, &c);
}

static void play_run(struct terminal *t)
{
	static const struct terminal_running running[] = { { "will_on_keep_alive_expiry", 2100000 },
		{ "qos1_retry", 800 } };
	struct record_case ok = sample_ended(VERDICT_PASS, true),
			   bad = sample_ended(VERDICT_FAIL, false);
	struct record_case known = sample_foreseen(sample_ended(VERDICT_FAIL, true), VERDICT_FAIL);
	struct record_end end = { .unexpected = 1, .not_run = 9, .duration_us = 12340000 };

	end.counts[VERDICT_PASS] = 1;
	end.counts[VERDICT_FAIL] = 2;
	end.stopped = "interrupted";
	bad.transcript_count = 0;
	terminal_begin(t, &run);
	terminal_progress(t, 0, 12, running, 2, 0, NULL);
	terminal_case(t, &ok);
	terminal_progress(t, 1, 12, running, 2, 8.6, NULL);
	terminal_case(t, &known);
	terminal_case(t, &bad);
	terminal_progress(t, 3, 12, running, 1, 12, NULL);
	terminal_death(t, &sample_death);
	terminal_remark(t,
		"the target went mute: it accepts connections, and answered no SUBSCRIBE "
		"for 10 s; the run goes on");
	terminal_progress(t, 3, 12, NULL, 0, 12, NULL);
	terminal_progress(t, 3, 12, running, 1, 12, "again, with up to 30 s for an answer: 2 left");
	terminal_end(t, &end, NULL);
}

static void render_runs(FILE *to)
{
	struct terminal t = pipe_to(to, 80);

	section(to, "a short run in a pipe");
	play_run(&t);

	t = pipe_to(to, 80);
	t.each = false;
	t.stages = true;
	section(to, "a long run in a pipe");
	play_run(&t);

	t = pipe_to(to, 80);
	t.live = true;
	t.each = false;
	section(to, "a run on a terminal");
	play_run(&t);

	t = pipe_to(to, 200);
	t.live = t.color = t.verbose = true;
	section(to, "a run on a wide terminal, verbose, in colour");
	play_run(&t);
}

/* Foreseen ones, for two reasons and for none. */
static void render_foreseen(FILE *to)
{
	static const struct {
		const char *id, *reason, *statement;
		enum verdict verdict;
	} rows[] = {
		{ "late", "The last one.", "5.0:MQTT-4.3.3-10", VERDICT_FAIL },
		{ "died", "It divides by zero.", NULL, VERDICT_CRASH },
		{ "early_5", "Section 3.10.", "5.0:MQTT-3.10.4-1", VERDICT_FAIL },
		{ "untold", NULL, NULL, VERDICT_INCONCLUSIVE },
		{ "early", "Section 3.2.", "5.0:MQTT-3.2.2-2", VERDICT_FAIL },
		{ "again", "The last one.", "5.0:MQTT-4.3.3-10", VERDICT_FAIL },
		{ "early_3", "Section 3.10 of the older one.", "3.1.1:MQTT-3.10.4-1",
			VERDICT_FAIL },
		{ "broke", "The last one.", NULL, VERDICT_CRASH },
		{ "untold/2", NULL, NULL, VERDICT_INCONCLUSIVE },
	};
	struct terminal t = pipe_to(to, 60);
	struct record_end end = { .duration_us = 1000000 };

	section(to, "foreseen, by reason");
	t.each = false;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct record_case c = sample_ended(rows[i].verdict, true);
		struct record_failure failure = { .statement = rows[i].statement, .actual = "" };
		c = sample_foreseen(c, rows[i].verdict);
		c.id = rows[i].id;
		c.reason = rows[i].reason;
		c.failure = rows[i].statement ? &failure : NULL;
		c.statement_count = 0;
		terminal_case(&t, &c);
		end.counts[rows[i].verdict]++;
	}
	terminal_end(&t, &end, NULL);
	assert_int_equal(t.foreseen.count, 0);
}

/* Twelve failures of one cause, and one of another, with all that can be said at the end. */
static void play_causes(struct terminal *t)
{
	static const struct record_failure dup = { .step = "expect(sub, PUBLISH)",
		.file = "cases/server/qos1.c",
		.line = 7,
		.statement = "5.0:MQTT-3.3.1-1",
		.expected = "PUBLISH with DUP 1",
		.actual = "PUBLISH \"t\" q1 id 1 \"x\"",
		.difference = "dup" };
	struct record_end end = { .unexpected = 13, .duration_us = 1000000 };
	struct record_case c = sample_ended(VERDICT_FAIL, false);
	char ids[12][20];

	end.counts[VERDICT_FAIL] = 13;
	end.unseen = (const struct record_unseen[]){
		{ "5.0:MQTT-4.3.3-10 qos", "known since 2.0.9", "https://example.org/bugs/1234" },
		{ "MQTT-3.3.1-1", NULL, NULL },
	};
	end.unseen_count = 2;
	c.transcript_count = 0;
	c.statement_count = 0;
	c.failure = &dup;
	for (size_t i = 0; i < 12; i++) {
		snprintf(ids[i], sizeof(ids[i]), "again/row_%zu", i);
		c.id = ids[i];
		terminal_case(t, &c);
	}
	c = sample_ended(VERDICT_FAIL, false);
	c.transcript_count = 0;
	terminal_case(t, &c);
	terminal_end(t, &end, NULL);
}

static void render_causes(FILE *to)
{
	struct terminal t = pipe_to(to, 100);

	section(to, "many failures of few causes");
	play_causes(&t);
}

static void render_ends(FILE *to)
{
	struct terminal t = pipe_to(to, 0);
	struct record_end end = { .duration_us = 1000 };

	section(to, "beginnings and ends");
	terminal_begin(&t, &sample_run);
	terminal_end(&t, &end, NULL);
	struct record_run plain = { .tool_version = "1",
		.target_name = "mqtt://h",
		.planned = 1,
		.target_url = "mqtt://h" };
	terminal_begin(&t, &plain);
	end = (struct record_end){ .duration_us = 4000000, .unexpected = 3 };
	for (int v = 0; v < VERDICT_COUNT; v++)
		end.counts[v] = 40;
	t.expected_failures = 1;
	terminal_end(&t, &end, NULL);
	t.color = true;
	end.stopped = "deadline";
	end.not_run = 7;
	terminal_end(
		&t, &end, "stopped early: deadline; 7 of 327 case runs did not have their turn");
}

/* An unexpected one is a failure, whatever its verdict. */
static void render_not_applicable(FILE *to)
{
	struct terminal t = pipe_to(to, 0);
	struct record_end end = { .duration_us = 1000000, .unexpected = 1 };
	struct record_case foreseen =
		sample_foreseen(sample_ended(VERDICT_INAPPLICABLE, false), VERDICT_FAIL);

	section(to, "what does not apply has not passed");
	t.run = &run;
	end.counts[VERDICT_PASS] = 2;
	end.counts[VERDICT_INAPPLICABLE] = 3;
	terminal_case(&t, &foreseen);
	terminal_end(&t, &end, NULL);
}

/* All sections, control characters spelt out. */
static char *render(void)
{
	char *raw, *shown;
	size_t len;
	FILE *to = open_memstream(&raw, &len);

	render_every_verdict(to);
	render_foreseen_without_reason(to);
	render_widths(to);
	render_colour(to);
	render_long_transcript(to, 24);
	render_long_transcript(to, 25);
	render_long_transcript(to, 40);
	render_measurements(to);
	render_odd_ones(to);
	render_runs(to);
	render_foreseen(to);
	render_causes(to);
	render_ends(to);
	render_not_applicable(to);
	fclose(to);

	to = open_memstream(&shown, &len);
	for (const char *c = raw; *c; c++)
		if (*c == '\x1b' || *c == '\r')
			fprintf(to, "^%c", *c ^ 0x40);
		else
			fputc(*c, to);
	fclose(to);
	free(raw);
	return shown;
}

static void reads_as_the_golden_text(void **state)
{
	(void)state;
	char *shown = render(), *saved, *golden = NULL;
	size_t capacity = 0;

	if (getenv("GOLDEN_UPDATE")) {
		FILE *to = fopen(GOLDEN, "w");
		assert_non_null(to);
		fputs(shown, to);
		fclose(to);
	}
	FILE *from = fopen(GOLDEN, "r");
	assert_non_null(from);
	assert_true(getdelim(&golden, &capacity, '\0', from) > 0);
	fclose(from);
	const char *name = "";
	char *a = shown, *b = golden, *line = strsep(&a, "\n");
	for (; line; line = strsep(&a, "\n")) {
		saved = strsep(&b, "\n");
		if (!strncmp(line, "====", 4))
			name = line;
		if (!saved || strcmp(line, saved))
			fail_msg("%s\n  shown:  \"%s\"\n  golden: \"%s\"", name, line, saved);
	}
	assert_null(b);
	free(shown);
	free(golden);
}

static size_t occurrences(const char *text, const char *what)
{
	size_t count = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		count++;
	}
	return count;
}

/* What a terminal shows of play_causes. */
static char *causes_shown(bool verbose)
{
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	struct terminal t = pipe_to(to, 100);

	t.live = true;
	t.each = t.verbose = verbose;
	play_causes(&t);
	fclose(to);
	return text;
}

static void failures_of_one_cause_are_not_all_shown_in_full(void **state)
{
	(void)state;
	char *text = causes_shown(false);

	assert_int_equal(occurrences(text, "FAIL  again/"), 12);
	assert_int_equal(occurrences(text, "again  mqttspec run mosquitto again/"), 10);
	assert_int_equal(occurrences(text, "again  mqttspec run mosquitto qos2_duplicate"), 1);
	free(text);
	text = causes_shown(true);
	assert_int_equal(occurrences(text, "again  mqttspec run mosquitto again/"), 12);
	free(text);
}

static void few_causes_of_one_failure_each_are_not_said_twice(void **state)
{
	(void)state;
	struct record_case c = sample_ended(VERDICT_FAIL, false);
	struct record_end end = { .unexpected = 2 };
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	struct terminal t = pipe_to(to, 100);

	terminal_case(&t, &c);
	c = sample_ended(VERDICT_CRASH, false);
	terminal_case(&t, &c);
	terminal_end(&t, &end, NULL);
	fclose(to);
	assert_int_equal(occurrences(text, "by cause"), 0);
	free(text);
}

static void very_many_causes_are_cut(void **state)
{
	(void)state;
	struct record_end end = { .unexpected = 43 };
	char *text, note[] = "fault aa";
	size_t len;
	FILE *to = open_memstream(&text, &len);
	struct terminal t = pipe_to(to, 0);

	for (size_t i = 0; i < 43; i++) {
		struct record_case c = sample_ended(VERDICT_ERROR, false);
		note[6] = (char)('a' + i % 42 / 10);
		note[7] = (char)('a' + i % 42 % 10);
		c.note = note;
		terminal_case(&t, &c);
	}
	end.counts[VERDICT_ERROR] = 43;
	terminal_end(&t, &end, NULL);
	fclose(to);
	assert_int_equal(occurrences(text, "43 unexpected, by cause:\n    2 error\n"), 1);
	assert_int_equal(occurrences(text, "\n    1 error\n"), 39);
	assert_int_equal(occurrences(text, "\n    2 more, of 2 causes\n"), 1);
	free(text);
}

static char *written(void (*put)(FILE *to, const char *text, size_t n), const char *text, size_t n)
{
	static char out[400];
	FILE *to = fmemopen(out, sizeof(out), "w");

	*out = '\0';
	put(to, text, n);
	fclose(to);
	return out;
}

static void put_wrapped(FILE *to, const char *text, size_t width)
{
	text_wrap(to, text, (struct text_block){ .indent = 2, .width = width });
}

static void text_is_measured_by_columns(void **state)
{
	(void)state;
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("caf\xc3\xa9"), 4);
	assert_int_equal(text_width("e\xcc\x81"), 1);
	assert_int_equal(text_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);
	assert_int_equal(text_width("\xff\n"), 8); /* "\xFF\x0A" */
	assert_string_equal(written(text_pad, "\xe6\x97\xa5", 4), "\xe6\x97\xa5  ");
	assert_string_equal(written(text_pad, "abcd", 3), "abcd");
}

static void text_is_cut_to_its_width(void **state)
{
	(void)state;
	assert_string_equal(written(text_cut, "abcdef", 6), "abcdef");
	assert_string_equal(written(text_cut, "abcdef", 5), "ab...");
	assert_string_equal(written(text_cut, "abcdef", 2), "..");
	assert_string_equal(written(text_cut, "abcdef", 0), "");
	assert_string_equal(
		written(text_cut, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 5), "\xe6\x97\xa5...");
}

/* A topic of 65,535 bytes says no more than its two ends. */
static void what_is_long_is_cut_in_the_middle(void **state)
{
	(void)state;
	char topic[65536] = "", text[65600];
	struct buf out, wide;

	memset(topic, 'a', 65535);
	snprintf(text, sizeof(text), "PUBLISH \"%s\" q1", topic);
	buf_init(&out, SIZE_MAX);
	text_shorten(&out, text);
	assert_string_equal(buf_text(&out),
		"PUBLISH "
		"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaa ... (65535 bytes) ... aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" q1");
	buf_reset(&out);
	text_shorten(&out, &topic[65335]); /* 200 */
	assert_int_equal(out.len, 200);
	buf_fini(&out);

	/* No character is torn: 101 of two bytes, of which the first and the last come through whole. */
	buf_init(&wide, SIZE_MAX);
	buf_add_u8(&wide, 'a');
	for (int i = 0; i < 101; i++)
		buf_add_text(&wide, "\xc3\xa9");
	buf_init(&out, SIZE_MAX);
	text_shorten(&out, buf_text(&wide));
	assert_int_equal(utf8_check(out.data, out.len), out.len);
	assert_non_null(strstr(buf_text(&out), "(203 bytes)"));
	buf_fini(&out);
	buf_fini(&wide);
}

static struct record_case case_with_long_topic(const char *topic)
{
	static struct record_failure failure;
	struct record_case c = sample_ended(VERDICT_FAIL, false);

	failure = *c.failure;
	failure.expected = failure.actual = topic;
	c.failure = &failure;
	c.note = topic;
	return c;
}

/* In a block, in a line of one that was foreseen, and in the sums of causes. */
static void no_report_for_people_shows_all_of_it(void **state)
{
	(void)state;
	char topic[65536] = "", *shown = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&shown, &len);
	struct terminal t = pipe_to(to, 100);

	memset(topic, 'a', 65535);
	struct record_case c = case_with_long_topic(topic);
	for (int i = 0; i < 3; i++) { /* the sums are shown when two have one cause */
		c.expected = i == 2;
		terminal_case(&t, &c);
	}
	terminal_end(&t, &(struct record_end){ .counts = { [VERDICT_FAIL] = 3 } }, NULL);
	fclose(to);
	assert_non_null(strstr(shown, "(65535 bytes)"));
	assert_null(strstr(shown, &topic[65535 - 201]));
	free(shown);
}

static void text_is_wrapped_at_blanks(void **state)
{
	(void)state;
	assert_string_equal(written(put_wrapped, "", 30), "");
	assert_string_equal(written(put_wrapped, "the quick brown fox jumps over it", 22),
		"the quick brown fox\n  jumps over it");
	assert_string_equal(written(put_wrapped, "two  blanks", 30), "two  blanks");
	assert_string_equal(written(put_wrapped, "a 0123456789012345678901234567890 b", 22),
		"a\n  0123456789012345678901234567890\n  b");
	assert_string_equal(written(put_wrapped, "never broken at all, however long", 0),
		"never broken at all, however long");
}

static void durations_suit_people(void **state)
{
	(void)state;
	static const struct {
		int64_t us;
		const char *text;
	} samples[] = {
		{ 0, "0 us" },
		{ 999, "999 us" },
		{ 1000, "1 ms" },
		{ 12499, "12 ms" },
		{ 999499, "999 ms" },
		{ 999500, "1.0 s" },
		{ 59949999, "59.9 s" },
		{ 59950000, "1 min 0 s" },
		{ 185000000, "3 min 5 s" },
		{ 3599600000, "1 h 0 min" },
		{ 3720000000, "1 h 2 min" },
	};
	char out[TEXT_SIZE];

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		assert_string_equal(text_duration(samples[i].us, out), samples[i].text);
}

static void numbers_are_short(void **state)
{
	(void)state;
	char out[TEXT_SIZE];

	assert_string_equal(text_number(3104.5644, out), "3104.564");
	assert_string_equal(text_number(2, out), "2");
	assert_string_equal(text_number(-0.5, out), "-0.5");
	assert_string_equal(text_number(100, out), "100");
	assert_string_equal(text_number(1e300, out), "1e+300");
	assert_string_equal(text_number(INFINITY, out), "inf");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_as_the_golden_text),
		cmocka_unit_test(failures_of_one_cause_are_not_all_shown_in_full),
		cmocka_unit_test(few_causes_of_one_failure_each_are_not_said_twice),
		cmocka_unit_test(very_many_causes_are_cut),
		cmocka_unit_test(text_is_measured_by_columns),
		cmocka_unit_test(text_is_cut_to_its_width),
		cmocka_unit_test(what_is_long_is_cut_in_the_middle),
		cmocka_unit_test(no_report_for_people_shows_all_of_it),
		cmocka_unit_test(text_is_wrapped_at_blanks),
		cmocka_unit_test(durations_suit_people),
		cmocka_unit_test(numbers_are_short),
	};
	return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
