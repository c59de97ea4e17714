/* A target that sends messages of one case run to another breaks one rule, once: it is a finding of
 * the run, and not of each case run that happened to be there. Those are judged on their own
 * merits.
 */
#include "base/arena.h"
#include "harness/case.h"
#include "harness/runner/result.h"
#include "harness/runner/runner_job.h"
#include "harness/versions.h"

enum { VICTIMS_NAMED = 5 };

static const struct case_def foreign_messages = {
	.id = "foreign_messages",
	.file = "harness/runner/survey.c",
	.title = "Messages go to those who have subscribed to their topics, and to nobody else",
	.refs = { "3.1.1:MQTT-3.3.2-3", "5.0:MQTT-3.3.2-3" },
	.level = MUST,
	.versions = BOTH,
};

void foreign_note(struct runner *r, const struct plan_item *item, const struct record_case *record)
{
	struct runner_foreign *f = &r->foreign[version_place(item->version)];

	if (!record->foreign)
		return;
	if (!f->count++) {
		f->topic = arena_text(&r->arena, record->foreign);
		f->victims = item->id;
		f->transport = item->transport;
	} else if (f->count <= VICTIMS_NAMED) {
		f->victims = arena_printf(&r->arena, "%s, %s", f->victims, item->id);
	}
}

static void conclude(struct runner *r, struct runner_foreign *f, enum mqtt_version version)
{
	const struct plan_item item = {
		.def = &foreign_messages,
		.version = version,
		.transport = f->transport,
		.id = foreign_messages.id,
	};
	struct record_case record;
	struct record_failure failure = {
		.step = "all case runs",
		.file = foreign_messages.file,
		.expected = "no message of another case run",
		.difference = "foreign",
	};

	failure.actual =
		arena_printf(&r->arena, "%zu case run%s got some: %s%s; the first on \"%s\"",
			f->count, f->count == 1 ? "" : "s", f->victims,
			f->count > VICTIMS_NAMED ? " and others" : "", f->topic);
	result_blank(&r->arena, &item, VERDICT_FAIL, NULL, &record);
	failure.statement = record.statements[0].name;
	record.failure = &failure;
	*f = (struct runner_foreign){ 0 };
	r->added++;
	runner_judge(r, &item, &record);
	room_for_line(r, !r->config->record || record_write_case(r->config->record, &record));
	runner_tell(r, r->config->plan->count, &record);
}

void runner_conclude(struct runner *r)
{
	for (int i = 0; i < VERSION_COUNT; i++)
		if (r->foreign[i].count)
			conclude(r, &r->foreign[i], version_at(i));
}
