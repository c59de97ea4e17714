/* What `mqttspec random` tells of its finds: on standard output, and in the folder of the run. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cli/random.h"
#include "cli/screen.h"
#include "random/case_text.h"
#include "random/text.h"
#include "reports/evidence.h"
#include "spec/spec.h"

enum { LINE_US = 200000, WIDTH = 0 };

/* ---- progress ------------------------------------------------------------------------------ */

static void clear_line(struct random_view *v)
{
	if (!v->line)
		return;
	fputs("\r\x1b[K", stdout);
	v->line = false;
}

/* Steps, while no find was looked into. */
static double a_second(const struct campaign_progress *p)
{
	double seconds = p->seconds - p->inquiring;

	return seconds > 0 ? (double)p->steps / seconds : 0;
}

void random_tell_progress(void *user, const struct campaign_progress *p)
{
	struct random_view *v = user;
	int64_t now_us = clock_now_us();

	if (!screen_is_live(stdout) || v->run->options.quiet || now_us < v->line_us + LINE_US)
		return;
	v->line_us = now_us;
	clear_line(v);
	printf("%zu scenarios, %zu steps, %.0f a second, %zu find%s", p->scenarios, p->steps,
		a_second(p), p->finds, p->finds == 1 ? "" : "s");
	if (p->minimising)
		printf("; minimising: %zu steps", p->minimising);
	fflush(stdout);
	v->line = true;
}

/* ---- evidence ------------------------------------------------------------------------------- */

static FILE *open_beside(struct random_view *v, const char *name)
{
	const char *path = arena_printf(&v->run->arena, "%s/%s", v->run->options.out, name);
	FILE *to = fopen(path, "w");

	if (to)
		return to;
	fprintf(stderr, "mqttspec random: %s: %s\n", path, strerror(errno));
	v->unwritten = true;
	return NULL;
}

static void close_beside(struct random_view *v, FILE *to)
{
	bool failed = ferror(to);

	if (!fclose(to) && !failed)
		return;
	fprintf(stderr, "mqttspec random: the evidence of a find could not be written\n");
	v->unwritten = true;
}

static void write_scenario(struct random_view *v, const struct find *f,
	const struct scenario *scenario, const char *name)
{
	FILE *to = open_beside(v, name);
	struct buf text;

	if (!to)
		return;
	buf_init(&text, SIZE_MAX);
	scenario_write(&text, scenario);
	fprintf(to, "# %s %s\n# expected %s\n# actual %s\n%s", f->statement, f->difference,
		f->expected, f->actual, buf_text(&text));
	buf_fini(&text);
	close_beside(v, to);
}

static void write_transcript(
	struct random_view *v, const struct record_case *record, const char *name)
{
	FILE *to = open_beside(v, name);

	if (!to)
		return;
	evidence_whole_transcript(to, record, WIDTH);
	close_beside(v, to);
}

static void write_case(struct random_view *v, const struct find *f, const char *name)
{
	FILE *to = open_beside(v, name);

	if (!to)
		return;
	case_write(to, &f->shortest, f->statement, f->number);
	close_beside(v, to);
}

static const char *name_of(struct random_view *v, const struct find *f, const char *file)
{
	return arena_printf(&v->run->arena, "find_%zu/%s", f->number, file);
}

/* As it was seen first, which may be all that ever comes of it. */
void random_keep_suspicion(void *user, const struct find *f, const struct scenario *s,
	const struct record_case *record)
{
	struct random_view *v = user;
	const char *path =
		arena_printf(&v->run->arena, "%s/find_%zu", v->run->options.out, f->number);

	if (mkdir(path, 0777) && errno != EEXIST) {
		fprintf(stderr, "mqttspec random: %s: %s\n", path, strerror(errno));
		v->unwritten = true;
		return;
	}
	write_scenario(v, f, s, name_of(v, f, "first_scenario.txt"));
	write_transcript(v, record, name_of(v, f, "first_transcript.txt"));
}

static void keep(struct random_view *v, const struct find *f, const struct spec_statement *s)
{
	write_scenario(v, f, &f->shortest, name_of(v, f, "scenario.txt"));
	write_transcript(v, f->record, name_of(v, f, "transcript.txt"));
	write_case(v, f, name_of(v, f, "case.c"));
	struct record_case record = *f->record;
	record.id = arena_printf(&v->run->arena, "random/find_%zu", f->number);
	record.expected = false;
	if (s) /* clients of both versions may be in it */
		record.version = spec_version_name(s->version);
	if (!record_write_case(v->run->out.record, &record)) {
		fprintf(stderr, "mqttspec random: %s/run.jsonl: %s\n", v->run->options.out,
			strerror(errno));
		v->unwritten = true;
	}
}

/* ---- finds ---------------------------------------------------------------------------------- */

void random_tell_find(void *user, const struct find *f)
{
	struct random_view *v = user;
	const struct spec_statement *s = *f->statement ? spec_find(f->statement) : NULL;

	v->told++;
	clear_line(v);
	printf("find %zu: %s %s, after %zu steps (seed %llu)\n", f->number,
		*f->statement ? f->statement : "no statement", f->difference, f->after_steps,
		(unsigned long long)f->seed);
	if (s)
		printf("  %s\n", s->summary);
	printf("  expected %s\n  actual   %s\n  %zu steps, %s:\n", f->expected, f->actual,
		f->shortest.count,
		f->careful ? "each settled before the next" : "several at a time");
	for (size_t i = 0; i < f->shortest.count; i++) {
		char text[STEP_TEXT_SIZE];
		step_text(&f->shortest.steps[i], text);
		printf("    %s\n", text);
	}
	keep(v, f, s);
	printf("  evidence: %s/find_%zu\n", v->run->options.out, f->number);
	fflush(stdout);
}

void random_tell_death(void *user, const struct record_death *death)
{
	struct random_view *v = user;
	char cause[CAUSE_SIZE];

	v->deaths++;
	clear_line(v);
	printf("the target %s, while these were played: %s\n", evidence_cause(death, cause),
		*death->during ? death->during : "none");
	v->unwritten |= !record_write_death(v->run->out.record, death);
}

void random_tell_end(struct random_view *v, const struct campaign *c, enum campaign_end end)
{
	const struct campaign_progress *p = &c->progress;

	clear_line(v);
	for (size_t i = 0; i < c->find_count; i++) {
		const struct find *f = &c->finds[i];
		if (f->confirmed && f->times > 1)
			printf("%s %s was shown by %zu scenarios\n", f->statement, f->difference,
				f->times);
		else if (!f->confirmed)
			printf("%s: %s %s, see %s/find_%zu\n",
				f->broken_off ? "not confirmed before the run was stopped"
					: f->worn
					? "not shown by a freshly launched target, so no find"
					: "not shown three times in a row, so no find",
				*f->statement ? f->statement : "no statement", f->difference,
				v->run->options.out, f->number);
	}
	if (c->why && end != CAMPAIGN_LOST)
		fprintf(stderr, "mqttspec random: some scenarios have told nothing; the last: %s\n",
			c->why);
	if (c->unexplained)
		printf("of %zu deaths of the target %zu could not be brought about again\n",
			v->deaths, c->unexplained);
	if (end == CAMPAIGN_LOST)
		fprintf(stderr, "mqttspec random: the target answers no more%s%s\n",
			c->why ? ": " : "", c->why ? c->why : "");
	if (v->left)
		fprintf(stderr,
			"mqttspec random: %zu sessions and retained messages are left on the "
			"target\n",
			v->left);
	printf("%zu scenarios, %zu steps in %.1f s (%.0f a second)", p->scenarios, p->steps,
		p->seconds - p->inquiring, a_second(p));
	if (p->inquiring > 0)
		printf(", %.1f s more to look into what differed", p->inquiring);
	printf(", %zu find%s\n", v->told, v->told == 1 ? "" : "s");
}
