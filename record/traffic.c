#include "record/traffic.h"

#include <string.h>

#include "base/arena.h"
#include "record/field.h"
#include "record/line.h"

const char *traffic_way_name(enum traffic_way way)
{
	static const char *const names[TRAFFIC_WAYS] = {
		[TRAFFIC_SERVER_ANSWER] = "server_answer",
		[TRAFFIC_CLIENT_ANSWER] = "client_answer",
		[TRAFFIC_THROUGH] = "through",
	};

	return names[way];
}

/* ---- writing --------------------------------------------------------------------------------- */

static void add_topics(struct buf *b, const struct record_traffic *t)
{
	if (!t->topic_count)
		return;
	line_open(b, "topics", '[');
	for (size_t i = 0; i < t->topic_count; i++) {
		line_open(b, NULL, '{');
		line_string(b, "name", t->topics[i].name);
		line_number(b, "to_server", (int64_t)t->topics[i].to_server);
		line_number(b, "from_server", (int64_t)t->topics[i].from_server);
		line_close(b, '}');
	}
	line_close(b, ']');
}

static void add_steps(struct buf *b, const struct traffic_times *times)
{
	size_t used = TRAFFIC_STEPS;

	while (used && !times->steps[used - 1])
		used--;
	line_open(b, "steps", '[');
	for (size_t i = 0; i < used; i++)
		line_number(b, NULL, (int64_t)times->steps[i]);
	line_close(b, ']');
}

static void add_times(struct buf *b, const struct record_traffic *t)
{
	line_open(b, "times", '[');
	for (int way = 0; way < TRAFFIC_WAYS; way++) {
		line_open(b, NULL, '{');
		line_string(b, "name", traffic_way_name((enum traffic_way)way));
		line_number(b, "least_us", t->times[way].least_us);
		line_number(b, "most_us", t->times[way].most_us);
		add_steps(b, &t->times[way]);
		line_close(b, '}');
	}
	line_close(b, ']');
}

static void add_silences(struct buf *b, const struct record_traffic *t)
{
	if (!t->silence_count)
		return;
	line_open(b, "silences", '[');
	for (size_t i = 0; i < t->silence_count; i++) {
		line_open(b, NULL, '{');
		line_number(b, "connection", t->silences[i].connection);
		line_string_if(b, "client_id", t->silences[i].client_id);
		line_number(b, "longest_us", t->silences[i].longest_us);
		line_number(b, "keep_alive_s", t->silences[i].keep_alive_s);
		line_close(b, '}');
	}
	line_close(b, ']');
}

void traffic_add(struct buf *b, const struct record_traffic *t)
{
	if (!t->captured_us)
		return;
	line_number(b, "captured_us", t->captured_us);
	add_topics(b, t);
	add_times(b, t);
	add_silences(b, t);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void read_topics(struct reader *r, const json_t *o, struct record_traffic *out)
{
	const json_t *array = field_enter(r, o, "topics", JSON_ARRAY, OPTIONAL);
	size_t n = json_array_size(array);
	struct traffic_topic *list = arena_alloc(r->arena, n * sizeof(*list));

	for (size_t i = 0; i < n; i++) {
		const json_t *e = field_element(r, array, i);
		list[i] = (struct traffic_topic){
			.name = field_text(r, e, "name"),
			.to_server = field_count(r, e, "to_server"),
			.from_server = field_count(r, e, "from_server"),
		};
	}
	out->topics = list;
	out->topic_count = n;
	field_leave(r);
}

static void read_steps(struct reader *r, const json_t *o, struct traffic_times *out)
{
	const json_t *array = field_any(r, o, "steps", JSON_ARRAY, MANDATORY);
	size_t n = json_array_size(array);

	for (size_t i = 0; i < n && i < TRAFFIC_STEPS; i++) {
		const json_t *e = json_array_get(array, i);
		if (!json_is_integer(e) || json_integer_value(e) < 0)
			field_fault(r, "steps", ": must have integers from 0");
		else
			out->steps[i] = (uint64_t)json_integer_value(e);
	}
}

/* Ways that a newer writer knows are passed over. */
static void read_times(struct reader *r, const json_t *o, struct record_traffic *out)
{
	const json_t *array = field_enter(r, o, "times", JSON_ARRAY, OPTIONAL);

	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *e = field_element(r, array, i);
		const char *name = field_text(r, e, "name");
		for (int way = 0; way < TRAFFIC_WAYS; way++) {
			if (strcmp(name, traffic_way_name((enum traffic_way)way)) != 0)
				continue;
			out->times[way].least_us = field_us(r, e, "least_us");
			out->times[way].most_us = field_us(r, e, "most_us");
			read_steps(r, e, &out->times[way]);
		}
	}
	field_leave(r);
}

static void read_silences(struct reader *r, const json_t *o, struct record_traffic *out)
{
	const json_t *array = field_enter(r, o, "silences", JSON_ARRAY, OPTIONAL);
	size_t n = json_array_size(array);
	struct traffic_silence *list = arena_alloc(r->arena, n * sizeof(*list));

	for (size_t i = 0; i < n; i++) {
		const json_t *e = field_element(r, array, i);
		list[i] = (struct traffic_silence){
			.connection = (uint32_t)field_number(r, e, "connection", 0, UINT32_MAX),
			.client_id = field_optional_text(r, e, "client_id"),
			.longest_us = field_us(r, e, "longest_us"),
			.keep_alive_s = (uint32_t)field_number(r, e, "keep_alive_s", 1, UINT32_MAX),
		};
	}
	out->silences = list;
	out->silence_count = n;
	field_leave(r);
}

struct record_traffic traffic_read(struct reader *r, const void *object)
{
	struct record_traffic out = { 0 };

	if (!json_object_get(object, "captured_us"))
		return out;
	out.captured_us = field_us(r, object, "captured_us");
	read_topics(r, object, &out);
	read_times(r, object, &out);
	read_silences(r, object, &out);
	return out;
}
