#include "check/findings.h"

#include <string.h>

static struct finding_tally *tally_of(struct findings *f, enum side accused, const char *statement)
{
	for (size_t i = 0; i < f->tally_count; i++)
		if (f->tallies[i].accused == accused && !strcmp(f->tallies[i].statement, statement))
			return &f->tallies[i];
	f->tallies = arena_grow(
		&f->arena, f->tallies, f->tally_count, &f->tally_capacity, sizeof(*f->tallies));
	f->tallies[f->tally_count] = (struct finding_tally){
		.accused = accused,
		.statement = arena_text(&f->arena, statement),
	};
	return &f->tallies[f->tally_count++];
}

static void begin(struct findings *f)
{
	if (f->any)
		return;
	arena_init_small(&f->arena, 1024);
	f->any = true;
}

void findings_add(struct findings *f, const struct recent *recent, enum mqtt_version version,
	const struct check_finding *finding, bool of_packet)
{
	begin(f);
	struct finding_tally *tally = tally_of(f, finding->accused, finding->statement);

	f->totals[finding->accused]++;
	tally->times++;
	if (f->count == FINDINGS_TOLD || tally->told == FINDINGS_TOLD_OF_ONE)
		return;
	tally->told++;
	f->list = arena_grow(&f->arena, f->list, f->count, &f->capacity, sizeof(*f->list));
	struct check_finding *told = &f->list[f->count++];
	*told = *finding;
	told->statement = tally->statement;
	told->what = arena_text(&f->arena, finding->what);
	told->line_count = recent_lines(recent, &f->arena, version, FINDING_LINES - 1, told->lines);
	told->at = of_packet && told->line_count ? told->line_count - 1 : FINDING_LINES;
}

void findings_go_on(struct findings *f, const struct recent *recent, enum mqtt_version version)
{
	struct finding_line next;

	if (f->followed == f->count || !recent_lines(recent, &f->arena, version, 1, &next))
		return;
	for (; f->followed < f->count; f->followed++) {
		struct check_finding *one = &f->list[f->followed];
		if (one->line_count < FINDING_LINES)
			one->lines[one->line_count++] = next;
	}
}

bool findings_are_left(const struct findings *f)
{
	return f->reported < f->count;
}

const struct check_finding *findings_next(struct findings *f)
{
	return f->reported < f->count ? &f->list[f->reported++] : NULL;
}

void findings_fini(struct findings *f)
{
	if (f->any)
		arena_fini(&f->arena);
}
