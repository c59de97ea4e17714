/* The look at a plain connection. It goes the way of any case run, evidence included. */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "harness/case.h"
#include "harness/runner/plan.h"
#include "harness/runner/result.h"
#include "harness/runner/survey.h"
#include "harness/runner/worker.h"
#include "harness/transport/transport.h"
#include "record/difference.h"
#include "record/record.h"

enum { ANSWERS = 4, GRACE_US = 2000000 };

static void play_and_report(void *user, FILE *out)
{
	const struct play *play = user;
	struct record_case record;
	struct arena arena;

	arena_init(&arena);
	play_case(&arena, play, &record);
	record_write_case(out, &record);
	arena_fini(&arena);
}

const char *survey_prefix(struct arena *a, enum mqtt_version version)
{
	uint64_t n = (uint64_t)clock_wall_us() * 0x9e3779b97f4a7c15 ^
		(uint64_t)getpid() * 0xbf58476d1ce4e5b9;

	return arena_printf(a, "L%06x%d", (unsigned)(n >> 40), (int)version);
}

static bool play_once(struct arena *a, const struct play *play, struct record_case *out)
{
	struct play own = *play;
	struct plan_item item = {
		.def = play->def,
		.version = play->version,
		.transport = play->transport,
		.id = play->def->id,
	};
	int64_t until_us = clock_now_us() + ANSWERS * play->answer_us + GRACE_US;
	struct worker worker;
	bool ended = false;

	if (worker_start(&worker, play_and_report, &own)) {
		while (!(ended = worker_read(&worker)) && clock_now_us() < until_us) {
			struct pollfd fd = { .fd = worker.fd, .events = POLLIN };
			poll(&fd, 1, (int)((until_us - clock_now_us()) / 1000) + 1);
		}
		if (ended)
			result_take(a, &item, &worker, out);
	}
	worker_fini(&worker);
	return ended;
}

/* The statements that the monitor saw broken. */
static const char *const *broken_statements(struct arena *a, const struct record_case *record)
{
	const char **list = arena_alloc(a, (record->statement_count + 1) * sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; i < record->statement_count; i++)
		if (record->statements[i].verdict == VERDICT_FAIL)
			list[count++] = record->statements[i].name;
	return list;
}

static bool is_breach(const struct record_case *record)
{
	const char *difference = record->failure ? difference_of(record->failure) : NULL;

	return record->verdict == VERDICT_FAIL && difference && !strcmp(difference, "monitor");
}

static void look(
	struct arena *a, struct play *play, const struct survey_evidence *kept, struct survey *out)
{
	struct record_case *record = arena_new(a, struct record_case);
	const char *base = arena_printf(a, "pcap/%s-%s-%s", play->def->id,
		spec_version_name(play->version), play->transport->name);
	const char *pcap = arena_printf(a, "%s.pcapng", base);
	const char *wire = arena_printf(a, "%s.wire.pcapng", base);

	if (kept->folder)
		play->pcap_path = arena_printf(a, "%s/%s", kept->folder, pcap);
	if (kept->folder && kept->wire && play->transport->below)
		play->wire_path = arena_printf(a, "%s/%s", kept->folder, wire);
	bool ended = play_once(a, play, record);
	if (ended && is_breach(record)) {
		record->pcap = play->pcap_path ? pcap : NULL;
		record->wire = play->wire_path && !record->wire_error ? wire : NULL;
		out->broken = record;
		out->known = broken_statements(a, record);
		return;
	}
	if (play->pcap_path)
		unlink(play->pcap_path);
	if (play->wire_path)
		unlink(play->wire_path);
}

void survey_look(struct arena *a, const struct case_def *def, const struct play *common,
	const struct survey_evidence *kept, struct survey surveys[static VERSION_COUNT])
{
	for (int i = 0; i < VERSION_COUNT; i++) {
		struct survey *survey = &surveys[i];
		struct play play = *common;
		if (!survey->asked || survey->unserved || survey->status != PROBE_SERVED)
			continue;
		play.def = def;
		play.version = version_at(i);
		play.capabilities = &survey->capabilities;
		play.answer_us = survey->answer_us;
		play.prefix = survey_prefix(a, play.version);
		look(a, &play, kept, survey);
	}
}
