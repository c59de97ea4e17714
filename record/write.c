/* Records as lines of JSON. Nothing that a target sends may keep its record from being written, so
 * the only failures are those of the stream; without memory the program ends, as with arenas.
 */
#include "record/record.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "record/line.h"

static void record_begin(struct buf *b, const char *type)
{
	buf_init(b, SIZE_MAX);
	line_open(b, NULL, '{');
	line_string(b, "type", type);
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

static bool put_line(FILE *to, const void *line, size_t len)
{
	long start = ftell(to);
	bool ok = fwrite(line, 1, len, to) == len && !fflush(to);

	if (!ok)
		take_back(to, start);
	return ok;
}

/* Ends the record, and consumes it. */
static bool record_done(FILE *to, struct buf *b)
{
	line_close(b, '}');
	buf_add_u8(b, '\n');
	if (b->failed)
		abort();
	bool ok = put_line(to, b->data, b->len);
	buf_fini(b);
	return ok;
}

bool record_write_run(FILE *to, const struct record_run *run)
{
	struct buf b;

	record_begin(&b, "run");
	line_number(&b, "format", RECORD_FORMAT);
	line_string(&b, "tool_version", run->tool_version);
	line_string(&b, "target", run->target);
	line_string(&b, "target_name", run->target_name);
	line_string_if(&b, "target_version", run->target_version);
	line_string(&b, "target_url", run->target_url);
	line_string(&b, "role", run->role);
	line_string(&b, "command", run->command);
	line_string_if(&b, "again", run->again);
	line_string(&b, "catalogue", run->catalogue);
	line_string_if(&b, "shard", run->shard);
	/* In quotes: JSON readers may keep no more than 53 bits of a number. */
	line_key(&b, "seed");
	buf_printf(&b, "\"%" PRIu64 "\"", run->seed);
	line_number(&b, "started_us", run->started_us);
	if (run->round_trip_us)
		line_number(&b, "round_trip_us", run->round_trip_us);
	line_number(&b, "planned", (int64_t)run->planned);
	return record_done(to, &b);
}

/* An array without elements is left out: here, and of all others. */
static void add_statements(struct buf *b, const struct record_case *record)
{
	if (!record->statement_count)
		return;
	line_open(b, "statements", '[');
	for (size_t i = 0; i < record->statement_count; i++) {
		line_open(b, NULL, '{');
		line_string(b, "name", record->statements[i].name);
		line_string(b, "verdict", verdict_name(record->statements[i].verdict));
		if (record->statements[i].watched)
			line_flag(b, "watched", true);
		line_close(b, '}');
	}
	line_close(b, ']');
}

static void add_transcript(struct buf *b, const struct record_case *record)
{
	if (!record->transcript_count)
		return;
	line_open(b, "transcript", '[');
	for (size_t i = 0; i < record->transcript_count; i++) {
		const struct record_event *event = &record->transcript[i];
		char direction[2] = { event->direction };
		line_open(b, NULL, '{');
		line_number(b, "at_us", event->at_us);
		line_string(b, "peer", event->peer);
		line_string(
			b, "direction", *direction == '>' || *direction == '<' ? direction : "-");
		line_string(b, "text", event->text);
		line_string_if(b, "hex", event->hex);
		line_close(b, '}');
	}
	line_close(b, ']');
}

static void add_limit(struct buf *b, const char *key, double limit)
{
	if (!isfinite(limit))
		return;
	line_key(b, key);
	line_real(b, limit);
}

static void add_measurements(struct buf *b, const struct record_case *record)
{
	if (!record->measurement_count)
		return;
	line_open(b, "measurements", '[');
	for (size_t i = 0; i < record->measurement_count; i++) {
		const struct record_measurement *m = &record->measurements[i];
		line_open(b, NULL, '{');
		line_string(b, "name", m->name);
		line_string(b, "unit", m->unit);
		line_open(b, "values", '[');
		for (size_t n = 0; n < m->count; n++)
			line_real(b, m->values[n]);
		line_close(b, ']');
		add_limit(b, "least", m->least);
		add_limit(b, "most", m->most);
		line_close(b, '}');
	}
	line_close(b, ']');
}

static void add_failure(struct buf *b, const struct record_failure *failure)
{
	if (!failure)
		return;
	line_open(b, "failure", '{');
	line_string_if(b, "step", failure->step);
	line_string_if(b, "file", failure->file);
	line_number(b, "line", failure->line);
	line_string_if(b, "statement", failure->statement);
	line_string(b, "expected", failure->expected);
	line_string(b, "actual", failure->actual);
	line_string_if(b, "difference", failure->difference);
	line_close(b, '}');
}

static void add_death(struct buf *b, const struct record_death *death)
{
	line_number(b, "signal", death->signal);
	line_number(b, "exit_code", death->exit_code);
	line_string(b, "stderr_tail", death->stderr_tail);
	line_string(b, "during", death->during);
	line_string_if(b, "note", death->note);
}

static void add_foreseen(struct buf *b, const struct record_case *record)
{
	if (!record->foreseen)
		return;
	line_open(b, "foreseen", '{');
	line_string(b, "as", verdict_name(record->foreseen_as));
	line_string_if(b, "reason", record->reason);
	line_string_if(b, "link", record->link);
	line_close(b, '}');
}

/* What led to the verdict. */
static void add_evidence(struct buf *b, const struct record_case *record)
{
	add_statements(b, record);
	add_transcript(b, record);
	add_measurements(b, record);
	add_failure(b, record->failure);
	if (record->death) {
		line_open(b, "death", '{');
		add_death(b, record->death);
		line_close(b, '}');
	}
	line_string_if(b, "target_said", record->target_said);
	line_string_if(b, "client_said", record->client_said);
	line_string_if(b, "pcap", record->pcap);
	line_string_if(b, "pcap_error", record->pcap_error);
	line_string_if(b, "wire", record->wire);
	line_string_if(b, "wire_error", record->wire_error);
}

bool record_write_case(FILE *to, const struct record_case *record)
{
	struct buf b;

	record_begin(&b, "case");
	line_string(&b, "id", record->id);
	line_string(&b, "title", record->title);
	line_string(&b, "chapter", record->chapter);
	line_string(&b, "version", record->version);
	line_string(&b, "transport", record->transport);
	line_string(&b, "segmentation", record->segmentation);
	line_number(&b, "repeat", record->repeat);
	line_string(&b, "level", level_name(record->level));
	line_string(&b, "verdict", verdict_name(record->verdict));
	line_string_if(&b, "note", record->note);
	line_number(&b, "started_us", record->started_us);
	line_number(&b, "duration_us", record->duration_us);
	if (record->waited)
		line_flag(&b, "waited", true);
	line_string_if(&b, "foreign", record->foreign);
	line_flag(&b, "expected", record->expected);
	add_foreseen(&b, record);
	add_evidence(&b, record);
	return record_done(to, &b);
}

bool record_pass_on(FILE *to, const char *line, size_t len, const char *pcap, const char *wire)
{
	struct buf b;

	if (!pcap && !wire)
		return put_line(to, line, len);
	buf_init(&b, SIZE_MAX);
	buf_add(&b, line, len - strlen("}\n"));
	line_string_if(&b, "pcap", pcap);
	line_string_if(&b, "wire", wire);
	return record_done(to, &b);
}

bool record_write_death(FILE *to, const struct record_death *death)
{
	struct buf b;

	record_begin(&b, "death");
	add_death(&b, death);
	return record_done(to, &b);
}

static void add_unseen(struct buf *b, const struct record_end *end)
{
	if (!end->unseen_count)
		return;
	line_open(b, "unseen", '[');
	for (size_t i = 0; i < end->unseen_count; i++) {
		line_open(b, NULL, '{');
		line_string(b, "cause", end->unseen[i].cause);
		line_string_if(b, "reason", end->unseen[i].reason);
		line_string_if(b, "link", end->unseen[i].link);
		line_close(b, '}');
	}
	line_close(b, ']');
}

bool record_write_end(FILE *to, const struct record_end *end)
{
	struct buf b;

	record_begin(&b, "end");
	line_open(&b, "counts", '{');
	for (int v = 0; v < VERDICT_COUNT; v++)
		line_number(&b, verdict_name(v), (int64_t)end->counts[v]);
	line_close(&b, '}');
	line_number(&b, "unexpected", (int64_t)end->unexpected);
	line_number(&b, "not_run", (int64_t)end->not_run);
	line_number(&b, "duration_us", end->duration_us);
	line_string_if(&b, "stopped", end->stopped);
	line_string_if(&b, "unjudged", end->unjudged);
	if (end->unrecorded)
		line_number(&b, "unrecorded", (int64_t)end->unrecorded);
	if (end->scenarios) {
		line_number(&b, "scenarios", (int64_t)end->scenarios);
		line_number(&b, "steps", (int64_t)end->steps);
	}
	add_unseen(&b, end);
	traffic_add(&b, &end->traffic);
	return record_done(to, &b);
}
