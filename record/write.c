/* Records as lines of JSON. Nothing that a target sends may keep its record from being written, so
 * the only failures are those of the stream; without memory the program ends, as with arenas.
 */
#include "record/record.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"

static void put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		abort();
}

static json_t *array_new(void)
{
	json_t *array = json_array();

	if (!array)
		abort();
	return array;
}

static void append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		abort();
}

/* JSON is UTF-8; a byte that is not becomes the four characters "\xHH". */
static json_t *escaped_new(const uint8_t *data, size_t len)
{
	struct buf b;

	buf_init(&b, 4 * len);
	while (len) {
		uint32_t c;
		size_t size = utf8_decode(data, len, &c);
		if (size)
			buf_add(&b, data, size);
		else
			buf_printf(&b, "\\x%02X", *data);
		data += size ? size : 1;
		len -= size ? size : 1;
	}
	if (b.failed)
		abort();
	json_t *text = json_stringn((const char *)b.data, b.len);
	buf_fini(&b);
	return text;
}

static json_t *text_new(const char *text)
{
	size_t len = strlen(text);
	const uint8_t *data = (const uint8_t *)text;

	return utf8_check(data, len) == len ? json_stringn(text, len) : escaped_new(data, len);
}

/* A field that readers insist on: an absent string is an empty one. */
static void put_text(json_t *object, const char *key, const char *text)
{
	put(object, key, text_new(text ? text : ""));
}

static void put_text_if(json_t *object, const char *key, const char *text)
{
	if (text)
		put_text(object, key, text);
}

static void put_number(json_t *object, const char *key, int64_t number)
{
	put(object, key, json_integer(number));
}

/* An array without elements is left out. */
static void put_array(json_t *object, const char *key, json_t *array)
{
	if (json_array_size(array))
		put(object, key, array);
	else
		json_decref(array);
}

static json_t *record_new(const char *type)
{
	json_t *object = json_object();

	put_text(object, "type", type);
	return object;
}

/* A line that stays torn would be glued to the next one. */
static void take_back(FILE *to, long start)
{
	int e = errno;

	__fpurge(to);
	clearerr(to);
	if (start < 0 || ftruncate(fileno(to), start) || fseek(to, start, SEEK_SET))
		clearerr(to); /* a pipe keeps what it has got */
	errno = e;
}

/* Consumes the object. */
static bool write_line(FILE *to, json_t *object)
{
	long start = ftell(to);
	bool ok = !json_dumpf(object, to, JSON_COMPACT) && putc('\n', to) != EOF && !fflush(to);

	if (!ok)
		take_back(to, start);
	json_decref(object);
	return ok;
}

bool record_write_run(FILE *to, const struct record_run *run)
{
	json_t *o = record_new("run");
	char seed[24]; /* as text: JSON readers may keep no more than 53 bits of a number */

	put_number(o, "format", RECORD_FORMAT);
	put_text(o, "tool_version", run->tool_version);
	put_text(o, "target", run->target);
	put_text(o, "target_name", run->target_name);
	put_text_if(o, "target_version", run->target_version);
	put_text(o, "target_url", run->target_url);
	put_text(o, "role", run->role);
	put_text(o, "command", run->command);
	put_text(o, "catalogue", run->catalogue);
	put_text_if(o, "shard", run->shard);
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)run->seed);
	put_text(o, "seed", seed);
	put_number(o, "started_us", run->started_us);
	if (run->round_trip_us)
		put_number(o, "round_trip_us", run->round_trip_us);
	put_number(o, "planned", (int64_t)run->planned);
	return write_line(to, o);
}

static json_t *statements_new(const struct record_case *record)
{
	json_t *array = array_new();

	for (size_t i = 0; i < record->statement_count; i++) {
		json_t *o = json_object();
		put_text(o, "name", record->statements[i].name);
		put_text(o, "verdict", verdict_name(record->statements[i].verdict));
		append(array, o);
	}
	return array;
}

static json_t *transcript_new(const struct record_case *record)
{
	json_t *array = array_new();

	for (size_t i = 0; i < record->transcript_count; i++) {
		const struct record_event *event = &record->transcript[i];
		char direction[2] = { event->direction };
		json_t *o = json_object();
		put_number(o, "at_us", event->at_us);
		put_text(o, "peer", event->peer);
		put_text(o, "direction", *direction == '>' || *direction == '<' ? direction : "-");
		put_text(o, "text", event->text);
		put_text_if(o, "hex", event->hex);
		append(array, o);
	}
	return array;
}

static void put_limit(json_t *object, const char *key, double limit)
{
	if (isfinite(limit))
		put(object, key, json_real(limit));
}

static json_t *measurements_new(const struct record_case *record)
{
	json_t *array = array_new();

	for (size_t i = 0; i < record->measurement_count; i++) {
		const struct record_measurement *m = &record->measurements[i];
		json_t *o = json_object();
		json_t *values = array_new();
		for (size_t n = 0; n < m->count; n++)
			append(values,
				isfinite(m->values[n]) ? json_real(m->values[n]) : json_null());
		put_text(o, "name", m->name);
		put_text(o, "unit", m->unit);
		put(o, "values", values);
		put_limit(o, "least", m->least);
		put_limit(o, "most", m->most);
		append(array, o);
	}
	return array;
}

static json_t *failure_new(const struct record_failure *failure)
{
	json_t *o = json_object();

	put_text_if(o, "step", failure->step);
	put_text_if(o, "file", failure->file);
	put_number(o, "line", failure->line);
	put_text_if(o, "statement", failure->statement);
	put_text(o, "expected", failure->expected);
	put_text(o, "actual", failure->actual);
	put_text_if(o, "difference", failure->difference);
	return o;
}

static void put_death(json_t *o, const struct record_death *death)
{
	put_number(o, "signal", death->signal);
	put_number(o, "exit_code", death->exit_code);
	put_text(o, "stderr_tail", death->stderr_tail);
	put_text(o, "during", death->during);
	put_text_if(o, "note", death->note);
}

static json_t *foreseen_new(const struct record_case *record)
{
	json_t *o = json_object();

	put_text(o, "as", verdict_name(record->foreseen_as));
	put_text_if(o, "reason", record->reason);
	put_text_if(o, "link", record->link);
	return o;
}

/* What led to the verdict. */
static void put_evidence(json_t *o, const struct record_case *record)
{
	put_array(o, "statements", statements_new(record));
	put_array(o, "transcript", transcript_new(record));
	put_array(o, "measurements", measurements_new(record));
	if (record->failure)
		put(o, "failure", failure_new(record->failure));
	if (record->death) {
		json_t *death = json_object();
		put_death(death, record->death);
		put(o, "death", death);
	}
	put_text_if(o, "client_said", record->client_said);
	put_text_if(o, "pcap", record->pcap);
	put_text_if(o, "pcap_error", record->pcap_error);
}

bool record_write_case(FILE *to, const struct record_case *record)
{
	json_t *o = record_new("case");

	put_text(o, "id", record->id);
	put_text(o, "title", record->title);
	put_text(o, "chapter", record->chapter);
	put_text(o, "version", record->version);
	put_text(o, "transport", record->transport);
	put_text(o, "segmentation", record->segmentation);
	put_number(o, "repeat", record->repeat);
	put_text(o, "level", level_name(record->level));
	put_text(o, "verdict", verdict_name(record->verdict));
	put_text_if(o, "note", record->note);
	put_number(o, "started_us", record->started_us);
	put_number(o, "duration_us", record->duration_us);
	if (record->waited)
		put(o, "waited", json_true());
	put_text_if(o, "foreign", record->foreign);
	put(o, "expected", json_boolean(record->expected));
	if (record->foreseen)
		put(o, "foreseen", foreseen_new(record));
	put_evidence(o, record);
	return write_line(to, o);
}

bool record_write_death(FILE *to, const struct record_death *death)
{
	json_t *o = record_new("death");

	put_death(o, death);
	return write_line(to, o);
}

static json_t *unseen_new(const struct record_end *end)
{
	json_t *array = array_new();

	for (size_t i = 0; i < end->unseen_count; i++) {
		json_t *o = json_object();
		put_text(o, "cause", end->unseen[i].cause);
		put_text_if(o, "reason", end->unseen[i].reason);
		put_text_if(o, "link", end->unseen[i].link);
		append(array, o);
	}
	return array;
}

bool record_write_end(FILE *to, const struct record_end *end)
{
	json_t *o = record_new("end");
	json_t *counts = json_object();

	for (int v = 0; v < VERDICT_COUNT; v++)
		put_number(counts, verdict_name(v), (int64_t)end->counts[v]);
	put(o, "counts", counts);
	put_number(o, "unexpected", (int64_t)end->unexpected);
	put_number(o, "not_run", (int64_t)end->not_run);
	put_number(o, "duration_us", end->duration_us);
	put_text_if(o, "stopped", end->stopped);
	put_text_if(o, "unjudged", end->unjudged);
	if (end->unrecorded)
		put_number(o, "unrecorded", (int64_t)end->unrecorded);
	put_array(o, "unseen", unseen_new(end));
	return write_line(to, o);
}
