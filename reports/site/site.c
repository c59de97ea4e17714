#include "reports/site/site.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "reports/site/release.h"
#include "reports/site/way.h"

const struct site_version *site_newest(const struct site_target *target)
{
	return &target->versions[target->version_count - 1];
}

/* ---- targets ---- */

static bool is_known_role(const char *role)
{
	return !strcmp(role, "server") || !strcmp(role, "client");
}

static const char *version_of(const struct runs *runs)
{
	return runs->run->target_version ? runs->run->target_version : "";
}

/* Servers before clients, then by name and version, then by time. */
static int compare_runs(const void *a, const void *b)
{
	const struct runs *x = a, *y = b;
	int order = strcmp(y->run->role, x->run->role);

	order = order ? order : strcasecmp(x->run->target_name, y->run->target_name);
	order = order ? order : strcmp(x->run->target_name, y->run->target_name);
	order = order ? order : release_compare(version_of(x), version_of(y));
	return order ? order : (x->started_us > y->started_us) - (x->started_us < y->started_us);
}

static bool is_same_target(const struct runs *a, const struct runs *b)
{
	return !strcmp(a->run->role, b->run->role) &&
		!strcmp(a->run->target_name, b->run->target_name);
}

static bool is_same_version(const struct runs *a, const struct runs *b)
{
	return is_same_target(a, b) && !strcmp(version_of(a), version_of(b));
}

/* Drops all but the last run of each version; says so. Returns how many are left. */
static size_t drop_superseded(struct arena *a, struct runs *list, size_t count, struct site *out)
{
	const char **remarks = arena_alloc(a, count * sizeof(*remarks));
	struct runs *superseded = arena_alloc(a, count * sizeof(*superseded));
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (i + 1 == count || !is_same_version(&list[i], &list[i + 1])) {
			list[kept++] = list[i];
			continue;
		}
		superseded[out->superseded_count++] = list[i];
		remarks[out->remark_count++] = arena_printf(a,
			"%s is left out: %s is a later run of the same version (a target set up in "
			"another way needs a name of its own)",
			list[i].sources[0].path, list[i + 1].sources[0].path);
	}
	out->remarks = remarks;
	out->superseded = superseded;
	return kept;
}

static void add_version(struct arena *a, struct site_target *target, const struct runs *runs)
{
	const char *name = version_of(runs);

	target->versions[target->version_count++] = (struct site_version){
		.runs = runs,
		.name = name,
		.title = arena_printf(a, "%s%s%s", target->name, *name ? " " : "", name),
		.way = way_version(a, runs->run),
	};
}

static void make_targets(struct arena *a, const struct runs *list, size_t count, struct site *out)
{
	out->targets = arena_alloc(a, count * sizeof(*out->targets));
	for (size_t i = 0; i < count; i++) {
		if (!i || !is_same_target(&list[i - 1], &list[i]))
			out->targets[out->target_count++] = (struct site_target){
				.name = list[i].run->target_name,
				.way = way_target(a, list[i].run),
				.client = !strcmp(list[i].run->role, "client"),
				.versions =
					arena_alloc(a, (count - i) * sizeof(struct site_version)),
			};
		add_version(a, &out->targets[out->target_count - 1], &list[i]);
	}
	for (size_t i = 0; i < out->target_count; i++)
		matrix_make(a, out->targets[i].versions[0].runs, out->targets[i].version_count,
			&out->targets[i].history);
}

/* Two things at one place would overwrite each other. */
static bool find_twins(struct arena *a, const struct site *site, const char **error)
{
	for (size_t t = 0; t < site->target_count; t++)
		for (size_t n = 0; n < t; n++)
			if (!strcmp(site->targets[t].way, site->targets[n].way)) {
				*error = arena_printf(a,
					"\"%s\" and \"%s\" would both be at %s: one of them needs "
					"another name",
					site->targets[n].name, site->targets[t].name,
					site->targets[t].way);
				return true;
			}
	for (size_t t = 0; t < site->target_count; t++)
		for (size_t v = 0; v < site->targets[t].version_count; v++)
			for (size_t n = 0; n < v; n++) {
				const struct site_version *one = &site->targets[t].versions[n];
				const struct site_version *other = &site->targets[t].versions[v];
				if (strcmp(one->way, other->way) != 0)
					continue;
				*error = arena_printf(a,
					"\"%s\" and \"%s\" would both be at %s: one of them needs "
					"another version",
					one->title, other->title, one->way);
				return true;
			}
	return false;
}

/* ---- the matrix ---- */

static void make_matrix(struct arena *a, struct site *out)
{
	struct runs *newest = arena_alloc(a, out->target_count * sizeof(*newest));

	for (size_t i = 0; i < out->target_count; i++)
		newest[i] = *site_newest(&out->targets[i])->runs;
	matrix_make(a, newest, out->target_count, &out->matrix);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_transport(const char **list, size_t *count, size_t most, const char *transport)
{
	for (size_t i = 0; i < *count; i++)
		if (!strcmp(list[i], transport))
			return;
	if (*count < most)
		list[(*count)++] = transport;
}

/* Of all runs, since the matrix over a transport has to stay when the newest versions were not judged over it. */
static void find_transports(
	struct arena *a, const struct runs *runs, size_t count, struct site *out)
{
	enum { TRANSPORTS_MAX = 16 }; /* five are known; a foreign record may name any */
	const char **list = arena_alloc(a, TRANSPORTS_MAX * sizeof(*list));

	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < runs[i].case_count; n++)
			add_transport(list, &out->transport_count, TRANSPORTS_MAX,
				runs[i].cases[n].record->transport);
	qsort(list, out->transport_count, sizeof(*list), compare_texts);
	out->transports = list;
}

void site_over(struct arena *a, const struct site *site, const char *transport, struct matrix *out)
{
	size_t count = site->target_count;
	struct runs *list = arena_alloc(a, count * sizeof(*list));

	for (size_t i = 0; i < count; i++) {
		const struct runs *all = site->matrix.columns[i].runs;
		list[i] = *all;
		list[i].cases = arena_alloc(a, all->case_count * sizeof(*list[i].cases));
		list[i].case_count = 0;
		for (size_t n = 0; n < all->case_count; n++)
			if (!strcmp(all->cases[n].record->transport, transport))
				list[i].cases[list[i].case_count++] = all->cases[n];
	}
	matrix_make(a, list, count, out);
}

bool site_make(struct arena *a, const struct runs *runs, size_t count, struct site *out,
	const char **error)
{
	struct runs *list = arena_copy(a, runs, count * sizeof(*runs));

	*out = (struct site){ 0 };
	for (size_t i = 0; i < count; i++) {
		if (is_known_role(runs[i].run->role))
			continue;
		*error = arena_printf(a, "%s: it judges neither a server nor a client, but an %s",
			runs[i].sources[0].path, runs[i].run->role);
		return false;
	}
	qsort(list, count, sizeof(*list), compare_runs);
	make_targets(a, list, drop_superseded(a, list, count, out), out);
	if (find_twins(a, out, error))
		return false;
	for (size_t i = 0; i < count; i++)
		if (runs[i].started_us + runs[i].duration_us > out->until_us)
			out->until_us = runs[i].started_us + runs[i].duration_us;
	make_matrix(a, out);
	find_transports(a, runs, count, out);
	return true;
}
