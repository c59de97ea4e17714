#include "cli/walk.h"

#include <stdio.h>
#include <string.h>

#include "cases/list.h"
#include "harness/pattern.h"
#include "harness/versions.h"

bool walk_next(struct walk *w)
{
	if (w->row && w->next_row < w->def->row_count) {
		w->row = &w->def->rows[w->next_row++];
		return true;
	}
	while (!w->chapter || w->next_case == w->chapter->case_count) {
		if (w->next_chapter == all_chapter_count)
			return false;
		w->chapter = all_chapters[w->next_chapter++];
		w->next_case = 0;
	}
	w->def = w->chapter->cases[w->next_case++];
	w->row = w->def->row_count ? &w->def->rows[0] : NULL;
	w->next_row = 1;
	return true;
}

const char *walk_id(const struct walk *w, char out[static CASE_ID_SIZE])
{
	if (w->row)
		snprintf(out, CASE_ID_SIZE, "%s/%s", w->def->id, w->row->id);
	else
		snprintf(out, CASE_ID_SIZE, "%s", w->def->id);
	return out;
}

const char *walk_title(const struct walk *w)
{
	return w->row && w->row->title ? w->row->title : w->def->title;
}

bool walk_matches(const struct walk *w, const char *pattern)
{
	for (int i = 0; i < VERSION_COUNT; i++)
		if (pattern_matches(pattern, w->def, w->row, version_at(i)))
			return true;
	return false;
}

bool walk_refers(const struct walk *w, const char *statement)
{
	size_t count;
	const char *const *refs = case_refs(w->def, w->row, &count);

	/* a row may run in one version only, and have the refs of its table for both */
	if (!case_has_version(w->def, w->row, ref_version(statement)))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!strcmp(refs[i], statement))
			return true;
	return false;
}
