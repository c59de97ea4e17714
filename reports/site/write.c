#include "reports/site/write.h"

#include <string.h>

#include "base/arena.h"
#include "reports/badge.h"
#include "reports/draft.h"
#include "reports/html_parts.h"
#include "reports/site/data.h"
#include "reports/site/pages.h"
#include "reports/site/sightings.h"
#include "reports/site/way.h"
#include "spec/spec.h"

/* A file that is being written. */
struct work {
	const struct site *site;
	const struct site_writer *to;
	struct arena arena; /* of ways */
	struct draft draft;
	struct frame frame;
	struct sightings by_statement, by_case;
};

static FILE *begin(struct work *w, const char *way)
{
	draft_begin(&w->draft);
	w->frame = (struct frame){ w->draft.to, w->site, way_back(&w->arena, way) };
	return w->draft.to;
}

static bool end(struct work *w, const char *way)
{
	draft_end(&w->draft);
	bool ok = w->to->put(w->to->context, way, w->draft.text, w->draft.size);
	draft_fini(&w->draft);
	return ok;
}

static bool write_text(struct work *w, const char *way, const char *text)
{
	return w->to->put(w->to->context, way, text, strlen(text));
}

static bool write_matrices(struct work *w)
{
	begin(w, "index.html");
	page_matrix(&w->frame, &w->site->matrix, NULL);
	bool ok = end(w, "index.html");
	for (size_t i = 0; ok && w->site->transport_count > 1 && i < w->site->transport_count;
		i++) {
		const char *transport = w->site->transports[i];
		const char *way = way_transport(&w->arena, transport);
		struct matrix matrix;
		struct arena a;
		arena_init(&a);
		site_over(&a, w->site, transport, &matrix);
		begin(w, way);
		page_matrix(&w->frame, &matrix, transport);
		ok = end(w, way);
		arena_fini(&a);
	}
	return ok;
}

static bool write_version(
	struct work *w, const struct site_target *target, const struct site_version *version)
{
	const char *page = arena_printf(&w->arena, "%sindex.html", version->way);
	const char *badge = arena_printf(&w->arena, "%sbadge.svg", version->way);
	const char *result = arena_printf(&w->arena, "%sresult.json", version->way);

	begin(w, page);
	page_version(&w->frame, target, version);
	if (!end(w, page))
		return false;
	report_badge(begin(w, badge), version->runs);
	if (!end(w, badge))
		return false;
	data_result(begin(w, result), target, version);
	return end(w, result);
}

static bool write_targets(struct work *w)
{
	bool ok = true;

	for (size_t i = 0; ok && i < w->site->target_count; i++) {
		const struct site_target *target = &w->site->targets[i];
		const char *page = arena_printf(&w->arena, "%sindex.html", target->way);
		const char *badge = arena_printf(&w->arena, "%sbadge.svg", target->way);
		begin(w, page);
		page_target(&w->frame, target);
		ok = end(w, page);
		report_badge(begin(w, badge), site_newest(target)->runs);
		ok &= end(w, badge);
		for (size_t v = 0; ok && v < target->version_count; v++)
			ok = write_version(w, target, &target->versions[v]);
	}
	return ok;
}

static bool write_statement(struct work *w, const char *name)
{
	const char *way = way_statement(&w->arena, name);

	begin(w, way);
	page_statement(&w->frame, name, &w->by_statement);
	return end(w, way);
}

/* Those of the catalogue, and those that only a record knows. */
static bool write_statements(struct work *w)
{
	struct sightings rest = w->by_statement;

	begin(w, "statements/index.html");
	page_statements(&w->frame, &w->by_statement);
	bool ok = end(w, "statements/index.html");
	for (size_t i = 0; ok && i < spec_statement_count; i++)
		ok = write_statement(w, spec_statements[i].name);
	while (ok && rest.count) {
		struct sightings of = sightings_group(rest);
		ok = spec_find(of.list->statement) || write_statement(w, of.list->statement);
		rest = (struct sightings){ rest.list + of.count, rest.count - of.count };
	}
	return ok;
}

static bool write_cases(struct work *w)
{
	struct sightings rest = w->by_case;

	begin(w, "cases/index.html");
	page_cases(&w->frame, &rest);
	bool ok = end(w, "cases/index.html");
	while (ok && rest.count) {
		struct sightings of = sightings_group(rest);
		const char *way = way_case(&w->arena, of.list->record->id);
		begin(w, way);
		page_case(&w->frame, of);
		ok = end(w, way);
		rest = (struct sightings){ rest.list + of.count, rest.count - of.count };
	}
	return ok;
}

static bool write_data(struct work *w)
{
	data_index(begin(w, "index.json"), w->site);
	bool ok = end(w, "index.json");
	data_statements(begin(w, "statements.json"), w->site);
	ok &= end(w, "statements.json");
	data_cases(begin(w, "cases.json"), w->site, &w->by_case);
	return ok & end(w, "cases.json");
}

static bool write_rest(struct work *w)
{
	begin(w, "about.html");
	page_about(&w->frame);
	return end(w, "about.html") && write_text(w, "style.css", html_style) &&
		write_text(w, "site.js", html_site_script);
}

bool site_write(const struct site *site, const struct site_writer *to)
{
	struct work w = { .site = site, .to = to };

	arena_init(&w.arena);
	sightings_by_statement(&w.arena, site, &w.by_statement);
	sightings_by_case(&w.arena, site, &w.by_case);
	bool ok = write_matrices(&w) && write_targets(&w) && write_statements(&w) &&
		write_cases(&w) && write_data(&w) && write_rest(&w);
	arena_fini(&w.arena);
	return ok;
}
