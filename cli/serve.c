/* `mqttspec run --serve`: a test driver asks for case runs, one JSON object per line each way.
 *
 *   ──▶ {"type":"plan","runs":[{"key":...,"id":...},...]}      once
 *   ◀── {"key":"qos2_duplicate_publish 5.0 whole"}             as often as wanted, at any time
 *   ──▶ the case's record, with its key, and with the failure as people read it in "text"
 *   ◀── quit, or the end of the input
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/run.h"
#include "harness/case.h"
#include "harness/pattern.h"
#include "harness/transport/transport.h"
#include "reports/failure.h"

enum { REQUEST_LIMIT_BYTES = 65536 };

struct server {
	struct run *run;
	struct buf in;
	bool quit;
};

static bool put_line(json_t *object)
{
	bool ok = json_dumpf(object, stdout, JSON_COMPACT) == 0;

	putchar('\n');
	json_decref(object);
	return fflush(stdout) == 0 && ok;
}

/* ---- what goes out ------------------------------------------------------------------------- */

static json_t *statements_json(const struct plan_item *item)
{
	json_t *array = json_array();
	size_t count;
	const char *const *refs = case_refs(item->def, item->row, &count);

	for (size_t i = 0; i < count; i++)
		if (ref_has_version(refs[i], item->version))
			json_array_append_new(array, json_string(refs[i]));
	return array;
}

static json_t *item_json(struct arena *a, const struct plan_item *item)
{
	const char *row_title = item->row ? item->row->title : NULL;

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:i}", "key", plan_key(a, item), "id",
		item->id, "version", spec_version_name(item->version), "transport",
		item->transport->name, "segmentation", cut_text(a, &item->cut), "title",
		row_title ? row_title : item->def->title, "statements", statements_json(item),
		"budget_ms", (int)item->def->budget_ms);
}

static bool put_plan(struct run *run)
{
	json_t *runs = json_array();

	for (size_t i = 0; i < run->plan.count; i++)
		json_array_append_new(runs, item_json(&run->arena, &run->plan.items[i]));
	return put_line(json_pack("{s:s, s:o}", "type", "plan", "runs", runs));
}

/* The failure as the terminal shows it. */
static char *failure_text(const struct run *run, const struct record_case *record)
{
	const struct report_style style = { .folder = run->options.out };
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	report_failure_block(to, &style, &run->record, record);
	fclose(to);
	return text;
}

static json_t *record_json(const struct record_case *record)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	json_t *object = NULL;

	if (to && record_write_case(to, record))
		object = fclose(to) == 0 ? json_loadb(text, size, 0, NULL) : NULL;
	free(text);
	return object ? object : json_object();
}

static void put_result(void *user, size_t index, const struct record_case *record)
{
	struct server *s = user;
	json_t *object = record_json(record);
	char *text = record->expected ? NULL : failure_text(s->run, record);

	json_object_set_new(
		object, "key", json_string(plan_key(&s->run->arena, &s->run->plan.items[index])));
	if (text)
		json_object_set_new(object, "text", json_string(text));
	free(text);
	s->quit |= !put_line(object);
}

static void put_death(void *user, const struct record_death *death)
{
	(void)user;
	fprintf(stderr, "mqttspec run: the target died%s%s\n", *death->during ? " during " : "",
		death->during);
}

static void put_remark(void *user, const char *sentence)
{
	(void)user;
	fprintf(stderr, "mqttspec run: %s\n", sentence);
}

/* ---- what comes in ------------------------------------------------------------------------- */

static bool find_key(struct run *run, const char *key, size_t *index)
{
	struct arena scratch;
	bool found = false;

	arena_init(&scratch);
	for (*index = 0; *index < run->plan.count && !found; *index += !found)
		found = !strcmp(plan_key(&scratch, &run->plan.items[*index]), key);
	arena_fini(&scratch);
	return found;
}

static void take_request(struct server *s, const char *line)
{
	json_error_t error;
	size_t index;

	if (!strcmp(line, "quit") || !*line) {
		s->quit |= *line != '\0';
		return;
	}
	json_t *request = json_loads(line, 0, &error);
	const char *key = json_string_value(json_object_get(request, "key"));
	if (!request)
		fprintf(stderr, "mqttspec run: a request that is no JSON: %s\n", error.text);
	else if (!key)
		fprintf(stderr, "mqttspec run: a request without a `key`: %s\n", line);
	else if (!find_key(s->run, key, &index))
		put_line(json_pack("{s:s, s:s}", "key", key, "error", "there is no such case run"));
	else
		runner_add(&s->run->runner, index, 0);
	json_decref(request);
}

static void take_lines(struct server *s)
{
	char *newline;

	while (s->in.len && (newline = memchr(s->in.data, '\n', s->in.len))) {
		*newline = '\0';
		take_request(s, (const char *)s->in.data);
		buf_consume(&s->in, (size_t)(newline + 1 - (char *)s->in.data));
	}
}

/* At the end of the input, what was asked for by then is still answered. */
static void take_input(struct server *s)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0)
		if (!buf_add(&s->in, chunk, (size_t)n))
			break;
	bool more = n < 0 && (errno == EAGAIN || errno == EINTR);
	take_lines(s);
	if (s->in.failed || !more) {
		take_request(s, buf_text(&s->in));
		s->quit = true;
	}
}

void run_serve(struct run *run, const struct runner_config *config)
{
	struct server s = { .run = run };
	struct runner_config own = *config;
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int flags = fcntl(STDIN_FILENO, F_GETFL);

	own.view = (struct runner_view){ .user = &s,
		.whole = true,
		.result = put_result,
		.death = put_death,
		.remark = put_remark };
	run->runner.config = &own;
	buf_init(&s.in, REQUEST_LIMIT_BYTES);
	fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK);
	s.quit = !put_plan(run);
	bool busy = true;
	while (!run->runner.stopped && (!s.quit || busy)) {
		busy = runner_turn(&run->runner, s.quit ? NULL : &in);
		if (!s.quit && in.revents) {
			take_input(&s);
			busy = true;
		}
		in.revents = 0;
	}
	fcntl(STDIN_FILENO, F_SETFL, flags);
	buf_fini(&s.in);
	run->runner.config = config;
}
