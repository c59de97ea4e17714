#include "record/record.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "record/field.h"

static void read_statements(struct reader *r, const json_t *object, struct record_case *out)
{
	const json_t *array = field_enter(r, object, "statements", JSON_ARRAY, OPTIONAL);
	size_t n = json_array_size(array);
	struct record_statement *list = arena_alloc(r->arena, n * sizeof(*list));

	for (size_t i = 0; i < n; i++) {
		const json_t *e = field_element(r, array, i);
		list[i].name = field_text(r, e, "name");
		list[i].verdict = field_verdict(r, e, "verdict");
		list[i].watched = field_optional_flag(r, e, "watched");
	}
	out->statements = list;
	out->statement_count = n;
	field_leave(r);
}

static char direction(struct reader *r, const json_t *object)
{
	const char *name = field_text(r, object, "direction");

	if (strcmp(name, ">") && strcmp(name, "<") && strcmp(name, "-"))
		field_fault(r, "direction", ": must be \">\", \"<\" or \"-\", not \"%s\"", name);
	return *name;
}

static void read_transcript(struct reader *r, const json_t *object, struct record_case *out)
{
	const json_t *array = field_enter(r, object, "transcript", JSON_ARRAY, OPTIONAL);
	size_t n = json_array_size(array);
	struct record_event *list = arena_alloc(r->arena, n * sizeof(*list));

	for (size_t i = 0; i < n; i++) {
		const json_t *e = field_element(r, array, i);
		list[i].at_us = field_us(r, e, "at_us");
		list[i].peer = field_text(r, e, "peer");
		list[i].direction = direction(r, e);
		list[i].text = field_text(r, e, "text");
		list[i].hex = field_optional_text(r, e, "hex");
	}
	out->transcript = list;
	out->transcript_count = n;
	field_leave(r);
}

static void read_values(struct reader *r, const json_t *object, struct record_measurement *out)
{
	const json_t *array = field_any(r, object, "values", JSON_ARRAY, MANDATORY);
	size_t n = json_array_size(array);
	double *values = arena_alloc(r->arena, n * sizeof(*values));

	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_array_get(array, i);
		if (!json_is_number(value) && !json_is_null(value))
			field_fault(r, "values", ": must hold numbers and null, not %s",
				json_type_name(json_typeof(value)));
		values[i] = json_is_number(value) ? json_number_value(value) : NAN;
	}
	out->values = values;
	out->count = n;
}

static void read_measurements(struct reader *r, const json_t *object, struct record_case *out)
{
	const json_t *array = field_enter(r, object, "measurements", JSON_ARRAY, OPTIONAL);
	size_t n = json_array_size(array);
	struct record_measurement *list = arena_alloc(r->arena, n * sizeof(*list));

	for (size_t i = 0; i < n; i++) {
		const json_t *e = field_element(r, array, i);
		list[i].name = field_text(r, e, "name");
		list[i].unit = field_text(r, e, "unit");
		read_values(r, e, &list[i]);
		list[i].least = field_limit(r, e, "least");
		list[i].most = field_limit(r, e, "most");
	}
	out->measurements = list;
	out->measurement_count = n;
	field_leave(r);
}

static const struct record_failure *read_failure(struct reader *r, const json_t *object)
{
	const json_t *o = field_enter(r, object, "failure", JSON_OBJECT, OPTIONAL);

	if (!o)
		return NULL;
	struct record_failure *failure = arena_new(r->arena, struct record_failure);
	failure->step = field_optional_text(r, o, "step");
	failure->file = field_optional_text(r, o, "file");
	failure->line = field_int(r, o, "line");
	failure->statement = field_optional_text(r, o, "statement");
	failure->expected = field_text(r, o, "expected");
	failure->actual = field_text(r, o, "actual");
	failure->difference = field_optional_text(r, o, "difference");
	field_leave(r);
	return failure;
}

static void read_death(struct reader *r, const json_t *o, struct record_death *out)
{
	out->signal = field_int(r, o, "signal");
	out->exit_code = field_int(r, o, "exit_code");
	out->stderr_tail = field_text(r, o, "stderr_tail");
	out->during = field_text(r, o, "during");
	out->note = field_optional_text(r, o, "note");
}

static const struct record_death *read_inner_death(struct reader *r, const json_t *object)
{
	const json_t *o = field_enter(r, object, "death", JSON_OBJECT, OPTIONAL);

	if (!o)
		return NULL;
	struct record_death *death = arena_new(r->arena, struct record_death);
	read_death(r, o, death);
	field_leave(r);
	return death;
}

static void read_foreseen(struct reader *r, const json_t *object, struct record_case *out)
{
	const json_t *o = field_enter(r, object, "foreseen", JSON_OBJECT, OPTIONAL);

	if (!o)
		return;
	out->foreseen = true;
	out->foreseen_as = field_verdict(r, o, "as");
	out->reason = field_optional_text(r, o, "reason");
	out->link = field_optional_text(r, o, "link");
	field_leave(r);
}

static void read_case(struct reader *r, const json_t *o, struct record_case *out)
{
	out->id = field_text(r, o, "id");
	out->title = field_text(r, o, "title");
	out->chapter = field_text(r, o, "chapter");
	out->version = field_text(r, o, "version");
	out->transport = field_text(r, o, "transport");
	out->segmentation = field_text(r, o, "segmentation");
	out->repeat = field_int(r, o, "repeat");
	out->level = field_level(r, o, "level");
	out->verdict = field_verdict(r, o, "verdict");
	out->note = field_optional_text(r, o, "note");
	out->started_us = field_us(r, o, "started_us");
	out->duration_us = field_us(r, o, "duration_us");
	out->waited = field_optional_flag(r, o, "waited");
	out->foreign = field_optional_text(r, o, "foreign");
	out->expected = field_flag(r, o, "expected");
	read_foreseen(r, o, out);
	read_statements(r, o, out);
	read_transcript(r, o, out);
	read_measurements(r, o, out);
	out->failure = read_failure(r, o);
	out->death = read_inner_death(r, o);
	out->target_said = field_optional_text(r, o, "target_said");
	out->client_said = field_optional_text(r, o, "client_said");
	out->pcap = field_optional_text(r, o, "pcap");
	out->pcap_error = field_optional_text(r, o, "pcap_error");
	out->wire = field_optional_text(r, o, "wire");
	out->wire_error = field_optional_text(r, o, "wire_error");
}

static uint64_t read_seed(struct reader *r, const json_t *o)
{
	const char *digits = field_text(r, o, "seed");
	size_t len = strlen(digits);
	uint64_t seed = 0;

	bool fits = len && len == strspn(digits, "0123456789");
	for (size_t i = 0; fits && i < len; i++)
		fits = !__builtin_mul_overflow(seed, 10, &seed) &&
			!__builtin_add_overflow(seed, (uint64_t)(digits[i] - '0'), &seed);
	if (!fits)
		field_fault(
			r, "seed", ": must be a number of 64 bits in a string, not \"%s\"", digits);
	return seed;
}

static void read_run(struct reader *r, const json_t *o, struct record_run *out)
{
	int format = field_int(r, o, "format");

	if (format != RECORD_FORMAT)
		field_fault(
			r, "format", " is %d, and this program reads %d", format, RECORD_FORMAT);
	out->tool_version = field_text(r, o, "tool_version");
	out->target = field_text(r, o, "target");
	out->target_name = field_text(r, o, "target_name");
	out->target_version = field_optional_text(r, o, "target_version");
	out->target_url = field_text(r, o, "target_url");
	out->role = field_text(r, o, "role");
	out->command = field_text(r, o, "command");
	out->again = field_optional_text(r, o, "again");
	out->catalogue = field_text(r, o, "catalogue");
	out->shard = field_optional_text(r, o, "shard");
	out->seed = read_seed(r, o);
	out->started_us = field_us(r, o, "started_us");
	if (json_object_get(o, "round_trip_us"))
		out->round_trip_us = field_us(r, o, "round_trip_us");
	out->planned = field_count(r, o, "planned");
}

static void read_counts(struct reader *r, const json_t *object, struct record_end *out)
{
	json_t *o = field_enter(r, object, "counts", JSON_OBJECT, MANDATORY);
	const char *name;
	json_t *value;

	if (!o)
		return;
	json_object_foreach(o, name, value)
	{
		enum verdict v;
		if (verdict_parse(name, &v))
			out->counts[v] = field_count(r, o, name);
		else
			field_fault(r, name, ": no verdict is called \"%s\"", name);
	}
	field_leave(r);
}

static void read_unseen(struct reader *r, const json_t *object, struct record_end *out)
{
	const json_t *array = field_enter(r, object, "unseen", JSON_ARRAY, OPTIONAL);
	size_t n = json_array_size(array);
	struct record_unseen *list = arena_alloc(r->arena, n * sizeof(*list));

	for (size_t i = 0; i < n; i++) {
		const json_t *e = field_element(r, array, i);
		list[i].cause = field_text(r, e, "cause");
		list[i].reason = field_optional_text(r, e, "reason");
		list[i].link = field_optional_text(r, e, "link");
	}
	out->unseen = list;
	out->unseen_count = n;
	field_leave(r);
}

static void read_end(struct reader *r, const json_t *o, struct record_end *out)
{
	read_counts(r, o, out);
	out->unexpected = field_count(r, o, "unexpected");
	out->not_run = field_count(r, o, "not_run");
	out->duration_us = field_us(r, o, "duration_us");
	out->stopped = field_optional_text(r, o, "stopped");
	out->unjudged = field_optional_text(r, o, "unjudged");
	if (json_object_get(o, "unrecorded"))
		out->unrecorded = field_count(r, o, "unrecorded");
	if (json_object_get(o, "scenarios")) {
		out->scenarios = field_count(r, o, "scenarios");
		out->steps = field_count(r, o, "steps");
	}
	read_unseen(r, o, out);
	out->traffic = traffic_read(r, o);
}

static void read_record(struct reader *r, const json_t *o, struct record_line *out)
{
	const char *type = field_text(r, o, "type");

	if (!strcmp(type, "run")) {
		out->kind = RECORD_RUN;
		read_run(r, o, &out->run);
	} else if (!strcmp(type, "case")) {
		out->kind = RECORD_CASE;
		read_case(r, o, &out->result);
	} else if (!strcmp(type, "death")) {
		out->kind = RECORD_DEATH;
		read_death(r, o, &out->death);
	} else if (!strcmp(type, "end")) {
		out->kind = RECORD_END;
		read_end(r, o, &out->end);
	} else {
		field_fault(r, "type", ": no record is called \"%s\"", type);
	}
}

bool record_parse(
	struct arena *a, const char *line, size_t len, struct record_line *out, const char **error)
{
	struct reader r = { .arena = a };
	json_error_t bad;
	json_t *o = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &bad);

	*out = (struct record_line){ 0 };
	if (!o)
		r.error = arena_printf(a, "not JSON: %s (byte %d)", bad.text, bad.position);
	else if (!json_is_object(o))
		r.error = arena_printf(
			a, "must be an object of JSON, not %s", json_type_name(json_typeof(o)));
	else
		read_record(&r, o, out);
	json_decref(o);
	*error = r.error;
	return !r.error;
}
