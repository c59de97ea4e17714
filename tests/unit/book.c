#include "tests/unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

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
