#include "check/records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "spec/spec.h"

enum { FIRST_PLACES = 256 };

void check_records_init(struct check_records *r, const struct record_run *run)
{
	*r = (struct check_records){ .run = *run };
	arena_init(&r->arena);
}

bool check_records_keep(struct check_records *r)
{
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
		r->cases[side] = tmpfile();
	return r->cases[SIDE_CLIENT] && r->cases[SIDE_SERVER];
}

void check_records_stream(struct check_records *r, FILE *of_servers, FILE *of_clients)
{
	r->streams[r->stream_count][SIDE_SERVER] = of_servers;
	r->streams[r->stream_count][SIDE_CLIENT] = of_clients;
	r->stream_count++;
}

void check_records_fini(struct check_records *r)
{
	int kept = errno;

	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
		if (r->cases[side])
			fclose(r->cases[side]);
	free(r->seen);
	arena_fini(&r->arena);
	errno = kept;
}

/* ---- how often a ClientId came up ------------------------------------------------------------ */

/* The upper bits say which one, the lower ones how often. */
enum { TIMES_BITS = 20 };
#define TIMES_MASK ((UINT64_C(1) << TIMES_BITS) - 1)

static uint64_t *seen_place(uint64_t *seen, size_t places, uint64_t digest)
{
	size_t at = digest >> TIMES_BITS & (places - 1);

	while (seen[at] && (seen[at] ^ digest) & ~TIMES_MASK)
		at = (at + 1) & (places - 1);
	return &seen[at];
}

static void seen_grow(struct check_records *r)
{
	size_t places = r->seen_places ? r->seen_places * 2 : FIRST_PLACES;
	uint64_t *larger = calloc(places, sizeof(*larger));

	if (!larger)
		abort();
	for (size_t i = 0; i < r->seen_places; i++)
		if (r->seen[i])
			*seen_place(larger, places, r->seen[i]) = r->seen[i];
	free(r->seen);
	r->seen = larger;
	r->seen_places = places;
}

/* 0 for the first. */
static int times_seen(struct check_records *r, const char *name)
{
	uint64_t digest = digest_add(DIGEST_NONE, name, strlen(name));

	if (r->seen_count >= r->seen_places / 2)
		seen_grow(r);
	uint64_t *at = seen_place(r->seen, r->seen_places, digest);
	if (!*at)
		r->seen_count++;
	uint64_t times = *at & TIMES_MASK;
	*at = (digest & ~TIMES_MASK) | (times < TIMES_MASK ? times + 1 : times);
	return (int)times;
}

/* ---- a case ---------------------------------------------------------------------------------- */

static const char *side_name(enum side side)
{
	return side == SIDE_CLIENT ? "client" : "server";
}

static const char *printf_place(struct arena *a, const struct check_finding *f)
{
	return arena_printf(a, "%s (packet %llu)", f->what, (unsigned long long)f->moment.packet);
}

static const struct record_failure *failure_of(struct arena *a, const struct check_finding *f)
{
	struct record_failure *failure = arena_new(a, struct record_failure);
	const struct spec_statement *statement = spec_find(f->statement);

	failure->statement = f->statement;
	failure->expected = statement ? statement->summary : "";
	failure->actual = printf_place(a, f);
	failure->difference = "monitor";
	return failure;
}

static void add_event(struct record_case *record, struct record_event *events, int64_t at_us,
	char direction, const char *text, const char *hex)
{
	events[record->transcript_count++] = (struct record_event){
		.at_us = at_us < 0 ? 0 : at_us,
		.peer = direction == '-' ? "" : "peer",
		.direction = direction,
		.text = text,
		.hex = hex,
	};
}

/* Packets around several findings are told once. */
static void add_transcript(struct arena *a, struct record_case *record, enum side judged,
	const struct check_connection *c, const struct check_finding *findings, size_t count)
{
	struct record_event *events = arena_alloc(a, count * (FINDING_LINES + 1) * sizeof(*events));
	uint64_t last = 0;

	record->transcript = events;
	for (size_t i = 0; i < count; i++) {
		const struct check_finding *f = &findings[i];
		if (f->accused != judged)
			continue;
		for (size_t k = 0; k < f->line_count; k++) {
			const struct finding_line *line = &f->lines[k];
			if (line->moment.packet >= last &&
				line->moment.packet >= f->moment.packet && k > f->at)
				continue;
			if (line->moment.packet <= last && k != f->at)
				continue;
			add_event(record, events, line->moment.at_us - c->first.at_us,
				line->from == judged ? '<' : '>',
				arena_printf(a, "%s (packet %llu)", line->text,
					(unsigned long long)line->moment.packet),
				line->hex);
			last = line->moment.packet;
		}
		add_event(record, events, f->moment.at_us - c->first.at_us, '-',
			arena_printf(a, "%s: %s", f->statement, printf_place(a, f)), NULL);
	}
}

static void add_statements(struct arena *a, struct record_case *record, enum side judged,
	const struct check_connection *c)
{
	struct record_statement *list = arena_alloc(a, (c->tally_count + 1) * sizeof(*list));

	record->statements = list;
	for (size_t i = 0; i < c->tally_count; i++)
		if (c->tallies[i].accused == judged)
			list[record->statement_count++] =
				(struct record_statement){ c->tallies[i].statement, VERDICT_FAIL,
					true };
}

static const char *why_unjudged(const struct check_connection *c)
{
	if (c->kind == CONNECTION_OLD)
		return "MQTT 3.1 is not judged";
	if (c->kind == CONNECTION_FOREIGN)
		return "its CONNECT is of an unknown version";
	return c->version ? NULL : "its packets do not tell the version";
}

static void demand(struct check_records *r, bool written)
{
	if (written || r->failed)
		return;
	r->failed = true;
	r->error = errno;
}

/* One with this case; NULL: with none, for what is to be said of the whole. */
static void stream_run(struct check_records *r, enum side judged, const struct record_case *record)
{
	struct record_run run = r->run;
	struct record_end end = { 0 };

	run.role = side_name(judged);
	run.planned = record ? 1 : 0;
	run.started_us = record ? record->started_us : r->first_us < 0 ? 0 : r->first_us;
	if (record) {
		end.counts[record->verdict] = 1;
		end.unexpected = !record->expected;
		end.duration_us = record->duration_us;
	} else {
		end.duration_us = r->last_us - r->first_us;
		end.traffic = r->traffic;
	}
	for (size_t i = 0; i < r->stream_count; i++) {
		FILE *to = r->streams[i][judged];
		demand(r,
			record_write_run(to, &run) && (!record || record_write_case(to, record)) &&
				record_write_end(to, &end));
	}
}

static void write_case(struct check_records *r, enum side judged, const struct check_connection *c,
	const struct check_finding *findings, size_t count, int repeat)
{
	struct arena *a = &r->arena;
	struct record_case record = {
		.id = arena_printf(a, "client/%s", c->client_id ? c->client_id : "unknown"),
		.title = arena_printf(a,
			"%s -> %s, connection %u of the capture, packets %llu to %llu",
			c->ends[SIDE_CLIENT], c->ends[SIDE_SERVER], c->number,
			(unsigned long long)c->first.packet, (unsigned long long)c->last.packet),
		.chapter = "capture",
		.version = c->version ? c->version : "3.1.1",
		.transport = c->transport,
		.segmentation = "whole",
		.repeat = repeat,
		.level = MUST,
		.verdict = VERDICT_PASS,
		.note = why_unjudged(c),
		.started_us = c->first.at_us < 0 ? 0 : c->first.at_us,
		.duration_us = c->last.at_us - c->first.at_us,
		.expected = true,
	};

	if (record.duration_us < 0)
		record.duration_us = 0;
	if (record.note)
		record.verdict = VERDICT_INAPPLICABLE;
	if (c->findings[judged]) {
		record.verdict = VERDICT_FAIL;
		record.expected = false;
		r->ends[judged].unexpected++;
		add_statements(a, &record, judged, c);
		add_transcript(a, &record, judged, c, findings, count);
		for (size_t i = 0; i < count && !record.failure; i++)
			if (findings[i].accused == judged)
				record.failure = failure_of(a, &findings[i]);
	}
	r->ends[judged].counts[record.verdict]++;
	r->run.planned += judged == SIDE_SERVER;
	if (r->cases[judged])
		demand(r, record_write_case(r->cases[judged], &record));
	stream_run(r, judged, &record);
}

void check_records_over(void *to, const struct check_connection *connection,
	const struct check_finding *findings, size_t count)
{
	struct check_records *r = to;

	if (connection->kind < CONNECTION_MQTT)
		return;
	if (!r->first_us || connection->first.at_us < r->first_us)
		r->first_us = connection->first.at_us;
	if (connection->last.at_us > r->last_us)
		r->last_us = connection->last.at_us;
	int repeat = times_seen(r, connection->client_id ? connection->client_id : "");
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
		arena_reset(&r->arena);
		write_case(r, (enum side)side, connection, findings, count, repeat);
	}
}

/* ---- a run ----------------------------------------------------------------------------------- */

static bool copy(FILE *from, FILE *to)
{
	char part[16 * 1024];
	size_t n;

	rewind(from);
	while ((n = fread(part, 1, sizeof(part), from)))
		if (fwrite(part, 1, n, to) != n)
			return false;
	return !ferror(from);
}

bool check_records_write(struct check_records *r, enum side side, FILE *to)
{
	struct record_run run = r->run;
	struct record_end *end = &r->ends[side];

	if (r->failed) {
		errno = r->error;
		return false;
	}
	run.role = side_name(side);
	run.started_us = r->first_us < 0 ? 0 : r->first_us;
	end->duration_us = r->last_us - r->first_us;
	end->traffic = r->traffic;
	return record_write_run(to, &run) && copy(r->cases[side], to) && record_write_end(to, end);
}

bool check_records_end_streams(struct check_records *r)
{
	arena_reset(&r->arena);
	stream_run(r, SIDE_SERVER, NULL);
	stream_run(r, SIDE_CLIENT, NULL);
	errno = r->error;
	return !r->failed;
}
