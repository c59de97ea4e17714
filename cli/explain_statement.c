#include "cli/explain.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "cli/walk.h"
#include "spec/spec.h"

static void put_observation(struct page *p, const struct spec_statement *s)
{
	static const struct {
		unsigned where;
		const char *text;
	} places[] = {
		{ TESTABLE_SERVER, "in the packets of a server" },
		{ TESTABLE_CLIENT, "in the packets of a client" },
		{ TESTABLE_CONFIG, "only of a target that is set up for it" },
	};
	struct buf b;

	buf_init(&b, SIZE_MAX);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (s->testable & places[i].where)
			buf_printf(&b, "%s%s", b.len ? ", " : "", places[i].text);
	page_field(p, "observed", "%s", b.len ? buf_text(&b) : "not from outside");
	buf_fini(&b);
	page_field(p, "note", "%s", s->note);
}

/* Whether one of the ids in `list`, with `;` between them, is `id`. */
static bool is_listed(const char *list, const char *id)
{
	while (*list) {
		size_t len = strcspn(list, ";");
		if (len == strlen(id) && !strncmp(list, id, len))
			return true;
		list += len + (list[len] == ';');
	}
	return false;
}

/* The statements of the other version that demand the same, or demanded it before. */
static void put_counterparts(struct page *p, const struct spec_statement *s)
{
	const char *label = s->version == MQTT_50 ? "in 3.1.1" : "in 5.0";

	for (size_t i = 0; i < spec_statement_count; i++) {
		const struct spec_statement *other = &spec_statements[i];
		const struct spec_statement *newer = s->version == MQTT_50 ? s : other;
		const struct spec_statement *older = s->version == MQTT_50 ? other : s;
		bool same = !s->numbered && !strcmp(s->id, other->id);
		if (other->version == s->version ||
			!(same || is_listed(newer->counterpart, older->id)))
			continue;
		page_field(p, label, "%s: %s", other->id, other->summary);
		label = "";
	}
}

/* "table (12 of 30 rows): title" for tables, "case: title" for plain ones. */
static void put_cases(struct page *p, const struct spec_statement *s)
{
	struct walk w = { 0 };
	const char *label = "cases";
	size_t rows = 0;

	while (walk_next(&w)) {
		bool refers = walk_refers(&w, s->name), last = w.next_row >= w.def->row_count;
		rows += refers;
		if (w.row ? !last || !rows : !refers)
			continue;
		const char *of = w.def->role == ROLE_CLIENT ? "of clients, " : "";
		if (w.row)
			page_field(p, label, "%s%s (%zu of %zu rows): %s", of, w.def->id, rows,
				w.def->row_count, w.def->title);
		else
			page_field(p, label, "%s%s: %s", of, w.def->id, w.def->title);
		label = "";
		rows = 0;
	}
	if (*label && s->testable & (TESTABLE_SERVER | TESTABLE_CLIENT))
		page_field(p, label, "none so far");
}

static void put_statement(struct page *p, const struct spec_statement *s)
{
	char url[SPEC_URL_SIZE];

	page_heading(p, "%s", s->name);
	page_text(p, s->summary);
	page_field(p, "level", "%s", s->level);
	page_field(p, "binds", "%s",
		s->actor == ACTOR_BOTH ? "server and client" : spec_actor_name(s->actor));
	page_field(p, "section", "%s%s%s", s->section, *s->title ? " " : "", s->title);
	page_field(p, "read it at", "%s", spec_url(s, url));
	if (!s->numbered)
		page_field(p, "number", "none in the standard; the key is ours");
	put_observation(p, s);
	put_counterparts(p, s);
	put_cases(p, s);
}

bool explain_statement(struct page *p, const char *name)
{
	bool known = false;

	for (size_t i = 0; i < spec_statement_count; i++) {
		const struct spec_statement *s = &spec_statements[i];
		if (strcasecmp(s->name, name) && strcasecmp(s->id, name))
			continue;
		put_statement(p, s);
		known = true;
	}
	return known;
}

void offer_statements(struct nearest *n)
{
	for (size_t i = 0; i < spec_statement_count; i++)
		nearest_offer(n,
			strchr(n->wanted, ':') ? spec_statements[i].name : spec_statements[i].id);
}

static bool mentions(const struct spec_statement *s, const char *text)
{
	if (s->version != MQTT_50)
		return false;
	return strcasestr(s->summary, text) || strcasestr(s->note, text);
}

void explain_mentions(struct page *p, const char *text)
{
	enum { WITH_SUMMARY = 8 }; /* of more than so many only the names */
	const char *label = "see";
	size_t count = 0;
	struct buf names;

	buf_init(&names, SIZE_MAX);
	for (size_t i = 0; i < spec_statement_count; i++) {
		if (!mentions(&spec_statements[i], text))
			continue;
		buf_printf(&names, "%s%s", count ? ", " : "", spec_statements[i].name);
		count++;
	}
	for (size_t i = 0; count <= WITH_SUMMARY && i < spec_statement_count; i++) {
		const struct spec_statement *s = &spec_statements[i];
		if (!mentions(s, text))
			continue;
		page_field(p, label, "%s: %s", s->name, s->summary);
		label = "";
	}
	if (count > WITH_SUMMARY)
		page_field(p, label, "%s", buf_text(&names));
	buf_fini(&names);
}
