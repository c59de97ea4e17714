#include "reports/evidence.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "reports/text.h"

enum {
	FIRST_EVENTS = 8, /* of a transcript that is too long to be shown whole */
	LAST_EVENTS = 16,
	PEER_WIDTH_MAX = 20,
};

static void indent(FILE *to)
{
	fprintf(to, "%*s", EVIDENCE_INDENT, "");
}

/* Columns of the two ragged fields of a transcript, so that they line up. */
struct columns {
	size_t time, peer;
};

static size_t put_time(FILE *to, int64_t us, size_t width)
{
	char text[TEXT_SIZE];
	int len = snprintf(
		text, sizeof(text), "%" PRId64 ".%03" PRId64, us / 1000000, us / 1000 % 1000);

	if (to)
		fprintf(to, "%*s", (int)width, text);
	return (size_t)len;
}

static struct columns measure_columns(const struct record_case *record)
{
	struct columns columns = { 0 };

	for (size_t i = 0; i < record->transcript_count; i++) {
		size_t time = put_time(NULL, record->transcript[i].at_us, 0);
		size_t peer = text_width(record->transcript[i].peer);
		columns.time = time > columns.time ? time : columns.time;
		columns.peer = peer > columns.peer ? peer : columns.peer;
	}
	if (columns.peer > PEER_WIDTH_MAX)
		columns.peer = PEER_WIDTH_MAX;
	return columns;
}

static void put_event(
	FILE *to, const struct record_event *event, const struct columns *columns, size_t width)
{
	size_t peer = text_width(event->peer);
	size_t text = EVIDENCE_INDENT + columns->time + 1 + columns->peer + 3;

	indent(to);
	put_time(to, event->at_us, columns->time);
	fputc(' ', to);
	text_pad(to, event->peer, columns->peer);
	fprintf(to, " %c ", event->direction);
	text_wrap(to, event->text,
		(struct text_block){
			.column = peer > columns->peer ? text + peer - columns->peer : text,
			.indent = text,
			.width = width,
		});
	fputc('\n', to);
}

void evidence_transcript(FILE *to, const struct record_case *record, size_t width)
{
	size_t count = record->transcript_count;
	struct columns columns = measure_columns(record);

	for (size_t i = 0; i < count; i++) {
		if (i == FIRST_EVENTS && count > FIRST_EVENTS + LAST_EVENTS) {
			i = count - LAST_EVENTS;
			indent(to);
			fprintf(to, "... %zu %s left out ...\n", i - FIRST_EVENTS,
				i - FIRST_EVENTS == 1 ? "line" : "lines");
		}
		put_event(to, &record->transcript[i], &columns, width);
	}
}

void evidence_whole_transcript(FILE *to, const struct record_case *record, size_t width)
{
	struct columns columns = measure_columns(record);

	for (size_t i = 0; i < record->transcript_count; i++)
		put_event(to, &record->transcript[i], &columns, width);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The values that came, sorted into `out`; how many. */
static size_t sort_values(const struct record_measurement *m, double *out)
{
	size_t count = 0;

	for (size_t i = 0; i < m->count; i++)
		if (!isnan(m->values[i]))
			out[count++] = m->values[i];
	qsort(out, count, sizeof(*out), compare_doubles);
	return count;
}

static void describe_values(struct buf *b, const struct record_measurement *m)
{
	double *sorted = calloc(m->count + 1, sizeof(*sorted));
	char least[TEXT_SIZE], middle[TEXT_SIZE], most[TEXT_SIZE];

	if (!sorted)
		abort();
	size_t count = sort_values(m, sorted);
	if (count) {
		double median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
		buf_printf(b, "%s / %s / %s %s", text_number(sorted[0], least),
			text_number(median, middle), text_number(sorted[count - 1], most), m->unit);
	} else {
		buf_add_text(b, m->count ? "never" : "not measured");
	}
	free(sorted);
}

static void describe_window(struct buf *b, const struct record_measurement *m)
{
	char least[TEXT_SIZE], most[TEXT_SIZE];

	text_number(m->least, least);
	text_number(m->most, most);
	if (!isnan(m->least) && !isnan(m->most))
		buf_printf(b, ", allowed %s to %s", least, most);
	else if (!isnan(m->least))
		buf_printf(b, ", allowed from %s", least);
	else if (!isnan(m->most))
		buf_printf(b, ", allowed up to %s", most);
}

static size_t count_missing(const struct record_measurement *m)
{
	size_t missing = 0;

	for (size_t i = 0; i < m->count; i++)
		missing += isnan(m->values[i]) != 0;
	return missing;
}

void evidence_measurement(FILE *to, const struct record_measurement *m, size_t width)
{
	struct buf b;
	size_t missing = count_missing(m);

	buf_init(&b, SIZE_MAX);
	buf_printf(&b, "%s: ", m->name);
	describe_values(&b, m);
	describe_window(&b, m);
	if (m->count)
		buf_printf(&b, ", %zu %s", m->count, m->count == 1 ? "value" : "values");
	if (missing)
		buf_printf(&b, ", %zu of them never came", missing);
	indent(to);
	text_wrap(to, buf_text(&b),
		(struct text_block){ EVIDENCE_INDENT, EVIDENCE_INDENT + 2, width });
	fputc('\n', to);
	buf_fini(&b);
}

const char *evidence_cause(const struct record_death *death, char out[static CAUSE_SIZE])
{
	if (death->note)
		snprintf(out, CAUSE_SIZE, "%s", death->note);
	else if (death->signal)
		snprintf(out, CAUSE_SIZE, "died of signal %d (%s)", death->signal,
			strsignal(death->signal));
	else
		snprintf(out, CAUSE_SIZE, "exited by itself with status %d", death->exit_code);
	return out;
}

/* Where the last `most` lines of a text begin. */
static const char *last_lines(const char *text, size_t most)
{
	const char *at = text + strlen(text);

	if (at > text && at[-1] == '\n')
		at--;
	for (; at > text; at--)
		if (at[-1] == '\n' && !--most)
			break;
	return at;
}

const char *evidence_said(const struct record_case *record)
{
	if (record->death)
		return record->death->stderr_tail;
	if (record->target_said)
		return record->target_said;
	return record->client_said ? record->client_said : "";
}

void evidence_stderr(FILE *to, const char *text, size_t most)
{
	const char *line = last_lines(text, most);

	while (*line) {
		size_t len = strcspn(line, "\n");
		char *copy = strndup(line, len);
		if (!copy)
			abort();
		indent(to);
		fputs("stderr  ", to);
		text_put(to, copy);
		fputc('\n', to);
		free(copy);
		line += len + (line[len] == '\n');
	}
}
