#include "harness/runner/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "harness/case.h"
#include "harness/pattern.h"
#include "harness/transport/transport.h"
#include "harness/versions.h"

enum { SPLITS = 16 }; /* "split": every cut that falls into a fixed header or the first fields */

/* ---- cuts ---------------------------------------------------------------------------------- */

struct cut_list {
	struct arena *arena;
	struct cut *list;
	size_t count, capacity;
};

static void add_cut(struct cut_list *l, enum segmentation segmentation, unsigned split_at)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->list[i].segmentation == segmentation && l->list[i].split_at == split_at)
			return;
	l->list = arena_grow(l->arena, l->list, l->count, &l->capacity, sizeof(*l->list));
	l->list[l->count++] = (struct cut){ segmentation, split_at };
}

static bool add_split(struct cut_list *l, const char *number)
{
	char *end;
	unsigned long n = strtoul(number, &end, 10);

	if (*number < '1' || *number > '9' || *end || n > UINT16_MAX)
		return false;
	add_cut(l, SEGMENT_SPLIT, (unsigned)n);
	return true;
}

static bool add_named(struct cut_list *l, const char *name)
{
	bool all = !strcmp(name, "all"), known = all;

	if (all || !strcmp(name, "whole")) {
		add_cut(l, SEGMENT_WHOLE, 0);
		known = true;
	}
	if (all || !strcmp(name, "bytes")) {
		add_cut(l, SEGMENT_BYTES, 0);
		known = true;
	}
	if (all || !strcmp(name, "split")) {
		for (unsigned n = 1; n <= SPLITS; n++)
			add_cut(l, SEGMENT_SPLIT, n);
		known = true;
	}
	if (all || !strcmp(name, "batch")) {
		add_cut(l, SEGMENT_BATCH, 0);
		known = true;
	}
	if (!strncmp(name, "split:", 6))
		known = add_split(l, name + 6);
	return known;
}

bool cuts_parse(struct arena *a, const char *text, struct cuts *out)
{
	struct cut_list l = { .arena = a };
	bool ok = true;

	for (const char *rest = text; rest && ok; rest = strchr(rest, ',')) {
		rest += *rest == ',';
		ok = add_named(&l, arena_printf(a, "%.*s", (int)strcspn(rest, ","), rest));
	}
	*out = (struct cuts){ l.list, l.count };
	return ok;
}

const char *cut_text(struct arena *a, const struct cut *cut)
{
	switch (cut->segmentation) {
	case SEGMENT_BYTES: return "bytes";
	case SEGMENT_BATCH: return "batch";
	case SEGMENT_SPLIT: return arena_printf(a, "split:%u", cut->split_at);
	case SEGMENT_WHOLE: break;
	}
	return "whole";
}

/* ---- transports ---------------------------------------------------------------------------- */

#define BLANK " \t\n"

bool routes_parse(struct arena *a, const char *text, struct routes *out)
{
	const struct transport **list = NULL;
	size_t count = 0, capacity = 0;

	*out = (struct routes){ 0 };
	for (const char *rest = text; rest; rest = strchr(rest, ',')) {
		rest += *rest == ',';
		rest += strspn(rest, BLANK);
		size_t len = strcspn(rest, ",");
		while (len && strchr(BLANK, rest[len - 1]))
			len--;
		const char *name = arena_printf(a, "%.*s", (int)len, rest);
		const struct transport *found = transport_find(name);
		if (!found)
			return false;
		bool twice = false;
		for (size_t i = 0; i < count; i++)
			twice |= list[i] == found;
		if (twice)
			continue;
		list = arena_grow(a, list, count, &capacity, sizeof(*list));
		list[count++] = found;
	}
	*out = (struct routes){ list, count };
	return true;
}

struct routes routes_all(void)
{
	size_t count = 0;

	while (transports[count])
		count++;
	return (struct routes){ transports, count };
}

const char *routes_text(struct arena *a)
{
	const char *text = transports[0]->name;

	for (size_t i = 1; transports[i]; i++)
		text = arena_printf(a, "%s, %s", text, transports[i]->name);
	return text;
}

size_t routes_place(const struct routes *routes, const struct transport *transport)
{
	for (size_t i = 0; i < routes->count; i++)
		if (routes->list[i] == transport)
			return i;
	return 0;
}

/* ---- selection ----------------------------------------------------------------------------- */

unsigned shard_of(const char *id, unsigned shards)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 0x100000001b3;
	hash ^= hash >> 32; /* its low bits alone are uneven for short texts */
	return (unsigned)(hash % shards) + 1;
}

static bool is_selected(const struct selection *s, const struct plan_item *item)
{
	if (!(s->versions & version_bit(item->version)) ||
		!case_has_version(item->def, item->row, item->version))
		return false;
	if (s->shards && shard_of(item->id, s->shards) != s->shard)
		return false;
	if (pattern_find(s->excluded, s->excluded_count, item->def, item->row, item->version))
		return false;
	return !s->pattern_count ||
		pattern_find(s->patterns, s->pattern_count, item->def, item->row, item->version);
}

struct maker {
	struct arena *arena;
	const struct selection *selection;
	struct plan *out;
	size_t capacity;
};

static void add_item(struct maker *m, const struct plan_item *item)
{
	struct plan *p = m->out;

	p->items = arena_grow(m->arena, p->items, p->count, &m->capacity, sizeof(*p->items));
	p->items[p->count++] = *item;
}

static struct routes routes_of(const struct selection *s)
{
	return s->routes.count ? s->routes : (struct routes){ transports, 1 };
}

/* Whether a case that is about layers of a transport finds them in this one. */
static bool has_layers(const struct transport *transport, unsigned layers)
{
	return (transport->has_path || !(layers & OVER_WEBSOCKET)) &&
		(transport->is_secret || !(layers & OVER_TLS));
}

/* Whether a case that has been planned for one transport is planned for the next, too. */
static bool travels(const struct case_def *def)
{
	return !def->restarts && (def->role != ROLE_AGENT || def->each_transport || def->over);
}

static void add_row(struct maker *m, const struct case_def *def, const struct vector *row)
{
	static const struct cut whole = { .segmentation = SEGMENT_WHOLE };
	const struct selection *s = m->selection;
	struct cuts cuts = s->cuts.count ? s->cuts : (struct cuts){ &whole, 1 };
	struct routes routes = routes_of(s);
	struct plan_item item = { .def = def, .row = row, .id = play_id(m->arena, def, row) };

	for (int v = 0; v < VERSION_COUNT; v++) {
		item.version = version_at(v);
		if (!is_selected(s, &item))
			continue;
		for (size_t i = 0; i < routes.count * cuts.count; i++) {
			item.transport = routes.list[i / cuts.count];
			item.cut = cuts.list[i % cuts.count];
			if (has_layers(item.transport, def->over) && (!i || travels(def)))
				add_item(m, &item);
		}
	}
}

static void add_case(struct maker *m, const struct case_def *def)
{
	if (!def->row_count)
		add_row(m, def, NULL);
	for (size_t i = 0; i < def->row_count; i++)
		add_row(m, def, &def->rows[i]);
}

/* All of it once more, as often as asked for. */
static void add_repeats(struct maker *m)
{
	size_t once = m->out->count;

	for (unsigned repeat = 1; repeat < m->selection->repeats; repeat++) {
		for (size_t i = 0; i < once; i++) {
			struct plan_item item = m->out->items[i];
			item.repeat = (int)repeat;
			add_item(m, &item);
		}
	}
}

/* ---- order --------------------------------------------------------------------------------- */

/* SplitMix64. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void shuffle(struct plan_item *items, size_t count, uint64_t seed)
{
	for (size_t i = count; i > 1; i--) {
		size_t other = next_random(&seed) % i;
		struct plan_item held = items[i - 1];
		items[i - 1] = items[other];
		items[other] = held;
	}
}

/* Puts the timed ones in front, the longest first, since they mostly wait. The others go route by route: one
 * that is much work is not played over all of them at once. Else the order stays.
 */
static size_t timed_first(struct arena *a, struct plan *p, struct routes routes)
{
	struct plan_item *sorted = arena_alloc(a, (p->count + 1) * sizeof(*sorted));
	size_t count = 0, timed;
	unsigned budget = UINT32_MAX;

	while (budget) {
		unsigned next = 0;
		for (size_t i = 0; i < p->count; i++)
			if (p->items[i].def->budget_ms < budget &&
				p->items[i].def->budget_ms > next)
				next = p->items[i].def->budget_ms;
		for (size_t i = 0; next && i < p->count; i++)
			if (p->items[i].def->budget_ms == next)
				sorted[count++] = p->items[i];
		budget = next;
	}
	timed = count;
	for (size_t r = 0; r < routes.count; r++)
		for (size_t i = 0; i < p->count; i++)
			if (!p->items[i].def->budget_ms && p->items[i].transport == routes.list[r])
				sorted[count++] = p->items[i];
	p->items = sorted;
	return timed;
}

void plan_make(struct arena *a, const struct selection *s, struct plan *out)
{
	struct maker m = { .arena = a, .selection = s, .out = out };

	*out = (struct plan){ 0 };
	for (size_t i = 0; i < s->case_count; i++)
		add_case(&m, s->cases[i]);
	add_repeats(&m);
	size_t timed = timed_first(a, out, routes_of(s));
	if (s->shuffle)
		shuffle(out->items + timed, out->count - timed, s->seed);
}

void plan_add(struct arena *a, struct plan *p, const struct case_def *def,
	enum mqtt_version version, const struct transport *transport)
{
	struct plan_item *items = arena_alloc(a, (p->count + 1) * sizeof(*items));

	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].def == def && p->items[i].version == version)
			return;
	items[0] = (struct plan_item){
		.def = def, .version = version, .transport = transport, .id = def->id
	};
	for (size_t i = 0; i < p->count; i++)
		items[i + 1] = p->items[i];
	p->items = items;
	p->count++;
}

static bool matches_anything(const struct selection *s, const char *pattern)
{
	struct selection alone = *s;
	struct arena scratch;
	struct plan plan;

	alone.patterns = &pattern;
	alone.pattern_count = 1;
	alone.excluded_count = 0;
	alone.versions = BOTH;
	alone.routes = routes_all();
	alone.cuts = (struct cuts){ 0 };
	alone.repeats = 1;
	alone.shards = 0;
	alone.shuffle = false;
	arena_init(&scratch);
	plan_make(&scratch, &alone, &plan);
	arena_fini(&scratch);
	return plan.count > 0;
}

const char *selection_unmatched(const struct selection *s)
{
	for (size_t i = 0; i < s->pattern_count; i++)
		if (!matches_anything(s, s->patterns[i]))
			return s->patterns[i];
	for (size_t i = 0; i < s->excluded_count; i++)
		if (!matches_anything(s, s->excluded[i]))
			return s->excluded[i];
	return NULL;
}

const char *plan_key(struct arena *a, const struct plan_item *item)
{
	const char *repeat = item->repeat ? arena_printf(a, " #%d", item->repeat) : "";
	const char *over = item->transport == transports[0]
		? ""
		: arena_printf(a, "%s ", item->transport->name);

	return arena_printf(a, "%s %s %s%s%s", item->id, spec_version_name(item->version), over,
		cut_text(a, &item->cut), repeat);
}
