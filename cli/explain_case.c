#include "cli/explain.h"

#include <string.h>

#include "base/buf.h"
#include "cases/list.h"
#include "cli/walk.h"
#include "harness/pattern.h"
#include "harness/versions.h"
#include "reports/text.h"
#include "spec/spec.h"

static const char *level_meaning(enum level level)
{
	switch (level) {
	case MUST: return "a breach is a fail";
	case STATED: return "a rule without a keyword; a breach is a fail";
	case SHOULD: return "a breach is nonstrict";
	case MAY: break;
	}
	return "either way is legal; what is seen is told";
}

static void put_statements(struct page *p, const struct walk *w)
{
	size_t count;
	const char *const *refs = case_refs(w->def, w->row, &count);
	const char *label = "judges";

	for (size_t i = 0; i < count; i++) {
		const struct spec_statement *s = spec_find(refs[i]);
		page_field(p, label, "%s%s%s", refs[i], s ? ": " : "", s ? s->summary : "");
		label = "";
	}
}

static void put_row(struct page *p, const struct vector *row)
{
	struct buf b;

	if (row->template)
		page_field(p, "sends", "%s", row->template);
	buf_init(&b, SIZE_MAX);
	for (size_t i = 0; i < sizeof(row->codes) && row->codes[i]; i++)
		buf_printf(&b, "%s0x%02X %s", i ? ", " : "", row->codes[i],
			spec_reason_name(row->codes[i], DISCONNECT));
	page_field(p, "codes", "%s", buf_text(&b));
	buf_fini(&b);
}

static void put_command(struct page *p, const struct case_def *def, const char *what)
{
	static const char *const commands[] = {
		[ROLE_SERVER] = "run TARGET",
		[ROLE_CLIENT] = "run --client 'COMMAND'",
		[ROLE_AGENT] = "agent-check 'COMMAND'",
	};

	page_field(p, "play it", "mqttspec %s %s", commands[def->role], what);
}

static void put_facts(struct page *p, const struct walk *w)
{
	static const char *const roles[] = {
		[ROLE_SERVER] = "a server",
		[ROLE_CLIENT] = "a client",
		[ROLE_AGENT] = "the agent of a client",
	};
	char budget[TEXT_SIZE];

	page_field(p, "chapter", "%s: %s", w->chapter->id, w->chapter->title);
	page_field(p, "of", "%s", roles[w->def->role]);
	page_field(p, "versions", "%s", versions_text(case_versions(w->def, w->row)));
	page_field(p, "level", "%s: %s", level_name(w->def->level), level_meaning(w->def->level));
	if (w->def->budget_ms)
		page_field(p, "lasts", "%s, by the standard's own clocks",
			text_duration((int64_t)w->def->budget_ms * 1000, budget));
}

static void put_case(struct page *p, const struct walk *w, const char *id)
{
	page_heading(p, "%s", id);
	page_text(p, walk_title(w));
	put_facts(p, w);
	if (w->row)
		put_row(p, w->row);
	put_statements(p, w);
	page_field(p, "source", "%s", w->def->file);
	put_command(p, w->def, id);
}

static void put_table(struct page *p, const struct walk *w)
{
	struct walk whole = *w;

	whole.row = NULL;
	page_heading(p, "%s", w->def->id);
	page_text(p, w->def->title);
	put_facts(p, &whole);
	put_statements(p, &whole);
	for (size_t i = 0; i < w->def->row_count; i++) {
		const struct vector *row = &w->def->rows[i];
		const char *says = row->title ? row->title : row->template;
		page_field(
			p, i ? "" : "rows", "%s%s%s", row->id, says ? ": " : "", says ? says : "");
	}
	page_field(p, "source", "%s", w->def->file);
	put_command(p, w->def, w->def->id);
}

static bool explain_chapter(struct page *p, const char *name)
{
	for (size_t i = 0; i < all_chapter_count; i++) {
		const struct chapter *chapter = all_chapters[i];
		if (strcmp(chapter->id, name))
			continue;
		page_heading(p, "%s: a chapter of cases", chapter->id);
		page_text(p, chapter->title);
		for (size_t n = 0; n < chapter->case_count; n++)
			page_field(p, n ? "" : "cases", "%s: %s", chapter->cases[n]->id,
				chapter->cases[n]->title);
		put_command(p, chapter->cases[0], chapter->id);
		return true;
	}
	return false;
}

bool explain_case(struct page *p, const char *name)
{
	struct walk w = { 0 };
	bool known = explain_chapter(p, name);

	while (walk_next(&w)) {
		char id[CASE_ID_SIZE];
		if (w.row && !strcmp(w.def->id, name)) {
			put_table(p, &w);
			return true;
		}
		if (!strcmp(walk_id(&w, id), name)) {
			put_case(p, &w, id);
			return true;
		}
	}
	return known;
}

void offer_cases(struct nearest *n)
{
	struct walk w = { 0 };
	char id[CASE_ID_SIZE];

	while (walk_next(&w)) {
		nearest_offer(n, w.chapter->id);
		nearest_offer(n, w.def->id);
		nearest_offer(n, walk_id(&w, id));
	}
}
