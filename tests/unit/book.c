#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/samples/records.h"
#include "tests/samples/verdicts.h"
#include "tests/unit/book.h"

const struct record_run book_run = {
	.tool_version = "0.1.0",
	.target = "mosquitto",
	.target_name = "Eclipse Mosquitto",
	.target_version = "2.0.11",
	.target_url = "mqtt://127.0.0.1:1883",
	.role = "server",
	.command = "mqttspec run mosquitto",
	.catalogue = "2c26b46b68ff",
	.seed = 7,
	.started_us = 1767225600123456,
	.planned = 1,
};

void book_open(struct book *b)
{
	*b = (struct book){ .path = "/tmp/mqttspec-XXXXXX" };
	int fd = mkstemp(b->path);
	assert_true(fd >= 0);
	b->to = fdopen(fd, "w");
	assert_non_null(b->to);
	arena_init(&b->arena);
}

void book_add(struct book *b, const struct record_case *c)
{
	assert_true(record_write_case(b->to, c));
	b->end.counts[c->verdict]++;
	b->end.unexpected += !c->expected;
}

/* The file has a new name every time; what is shown of it has not. */
bool book_read(struct book *b, const char **error)
{
	const char *path = b->path;

	fclose(b->to);
	bool ok = runs_gather(&b->arena, &path, 1, &b->runs, error);
	unlink(b->path);
	for (size_t i = 0; i < b->runs.source_count; i++) {
		struct run_source *source = (struct run_source *)&b->runs.sources[i];
		source->path = "out/run.jsonl";
		source->folder = "out";
	}
	return ok;
}

void book_close(struct book *b)
{
	arena_fini(&b->arena);
}

struct record_case book_case(struct record_case c, const char *id)
{
	c.id = id;
	c.chapter = "qos2";
	c.started_us = book_run.started_us + 1000;
	return c;
}

/* ---- one of everything ---- */

enum verdict book_other_than(enum verdict v)
{
	return v == VERDICT_FAIL ? VERDICT_CRASH : VERDICT_FAIL;
}

/* Every verdict: by default, as foreseen, and where another was foreseen. */
static void add_every_verdict(struct book *b)
{
	static char ids[3 * VERDICT_COUNT][40];
	size_t n = 0;

	for (int v = 0; v < VERDICT_COUNT; v++) {
		struct record_case c = sample_ended(v, verdict_is_good(v));
		snprintf(ids[n], sizeof(ids[n]), "%d_%s/by_default", v, verdict_name(v));
		c = book_case(c, ids[n++]);
		book_add(b, &c);
		c = sample_foreseen(sample_ended(v, true), v);
		snprintf(ids[n], sizeof(ids[n]), "%d_%s/foreseen", v, verdict_name(v));
		c = book_case(c, ids[n++]);
		book_add(b, &c);
		c = sample_foreseen(sample_ended(v, false), book_other_than(v));
		snprintf(ids[n], sizeof(ids[n]), "%d_%s/other_foreseen", v, verdict_name(v));
		c = book_case(c, ids[n++]);
		book_add(b, &c);
	}
}

static void add_odd_ones(struct book *b)
{
	static const struct record_event hostile[] = {
		{ 0, "</system-out>", '>', "PUBLISH \"]]><script>alert(1)</script>\" `````", NULL },
		{ 1, "\x1b[2J", '<', "\xff \xef\xbf\xbf | <img src=x onerror=alert(1)> \r\n# TODO",
			NULL },
	};
	static const struct record_failure failure = { "monitor", NULL, 0, "5.0:MQTT-9.9.9-9", "",
		"a | b *bold* <b> [link](https://example.org) # SKIP \\ \x01\n@someone", NULL };
	struct record_case c = book_case(sample_ended(VERDICT_FAIL, false), "z_hostile/<&\"'#|`>");

	c.title = "<&\"'> \xe2\x80\xae";
	c.transcript = hostile;
	c.transcript_count = 2;
	c.failure = &failure;
	book_add(b, &c);
	c = book_case(sample_case, "z_sibling");
	c.transport = "ws";
	book_add(b, &c);
	c.chapter = "will";
	c.version = "3.1.1";
	c.level = SHOULD;
	c.expected = false;
	book_add(b, &c);
}

void book_read_everything(struct book *b)
{
	struct record_run run = book_run;
	const char *error;

	book_open(b);
	run.planned = 3 * VERDICT_COUNT + 3;
	assert_true(record_write_run(b->to, &run));
	add_every_verdict(b);
	add_odd_ones(b);
	assert_true(record_write_death(b->to, &sample_death));
	b->end.duration_us = 12345678;
	assert_true(record_write_end(b->to, &b->end));
	assert_true(book_read(b, &error));
}
