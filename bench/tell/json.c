#include "bench/tell/json.h"

#include <jansson.h>
#include <stdlib.h>

#include "bench/load/workload.h"
#include "spec/spec.h"

static json_t *must(json_t *value)
{
	if (!value)
		abort();
	return value;
}

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *target(const struct book_target *t)
{
	return must(json_pack("{s:s, s:s, s:s*, s:s}", "target", t->word, "name", t->name,
		"version", t->version, "url", t->url));
}

/* ---- a play --------------------------------------------------------------------------------- */

static json_t *plan(const struct load_plan *p)
{
	json_t *o = must(json_pack("{s:i, s:i, s:i, s:i, s:i}", "publishers", (int)p->publishers,
		"subscribers", (int)p->subscribers, "filters", (int)p->filters, "payload_bytes",
		(int)p->payload, "window", (int)p->window));

	json_object_set_new(o, "mqtt", json_string(spec_version_name(p->version)));
	if (p->rate > 0)
		json_object_set_new(o, "rate", json_real(p->rate));
	if (p->messages != LOAD_UNLIMITED)
		json_object_set_new(o, "messages", number(p->messages));
	if (p->time_us)
		json_object_set_new(o, "seconds", json_real((double)p->time_us / 1e6));
	return o;
}

static json_t *account(const struct result_account *a)
{
	json_t *o = must(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "expected",
		number(a->expected), "delivered", number(a->delivered), "lost", number(a->lost),
		"lost_proven", number(a->proven), "doubles", number(a->doubles), "late_or_double",
		number(a->unknown), "stray", number(a->stray), "foreign", number(a->foreign)));

	if (a->ordered)
		json_object_set_new(o, "out_of_order", number(a->late));
	return o;
}

static json_t *points(const struct result *r)
{
	json_t *list = must(json_array());

	for (size_t i = 0; i < r->latency.count; i++) {
		struct series_point p = series_point(&r->latency, i, r->ended_us);
		json_array_append_new(list,
			must(json_pack("{s:f, s:f, s:I, s:I, s:I, s:I}", "from_s",
				(double)p.from_us / 1e6, "rate", p.rate, "p50_us",
				(json_int_t)p.p50_us, "p99_us", (json_int_t)p.p99_us, "p999_us",
				(json_int_t)p.p999_us, "max_us", (json_int_t)p.most_us)));
	}
	return list;
}

static json_t *broken(const struct result *r)
{
	struct result_break all[RESULT_BREAKS_MAX];
	unsigned count = result_breaks(r, all);
	json_t *list = must(json_array());

	for (unsigned i = 0; i < count; i++)
		json_array_append_new(list,
			must(json_pack(
				"{s:s, s:s}", "statement", all[i].statement, "text", all[i].text)));
	return list;
}

static void set_times(json_t *o, const struct result *r)
{
	const struct histogram *h = &r->latency.all;

	json_object_set_new(o, "began_us", json_integer(r->began_us));
	json_object_set_new(o, "ended_us", json_integer(r->ended_us));
	json_object_set_new(o, "seconds", json_real(result_seconds(r)));
	json_object_set_new(o, "rate", json_real(result_rate(r)));
	json_object_set_new(o, "p50_us", json_integer(histogram_at(h, 0.5)));
	json_object_set_new(o, "p90_us", json_integer(histogram_at(h, 0.9)));
	json_object_set_new(o, "p99_us", json_integer(histogram_at(h, 0.99)));
	json_object_set_new(o, "p999_us", json_integer(histogram_at(h, 0.999)));
	json_object_set_new(o, "max_us", json_integer(h->most_us));
}

static void set_use(json_t *o, const struct result *r)
{
	double span = r->own_span_s;
	double bytes = result_bytes_each(r);

	if (r->target_memory_bytes) {
		json_object_set_new(o, "cpu_seconds", json_real(r->target_cpu_s));
		json_object_set_new(o, "cpu_per_million",
			json_real(r->done ? r->target_cpu_s * 1e6 / (double)r->done : 0));
		json_object_set_new(o, "memory_bytes", json_integer(r->target_memory_bytes));
	}
	if (bytes > 0)
		json_object_set_new(o, "bytes_per_connection", json_real(bytes));
	json_object_set_new(
		o, "generator_cpu_share", json_real(span > 0 ? r->own_cpu_s / span : 0));
	json_object_set_new(
		o, "generator_wait_share", json_real(span > 0 ? r->own_wait_s / span : 0));
	if (r->plan.rate > 0 && r->own_late.count)
		json_object_set_new(
			o, "generator_late_p99_us", json_integer(histogram_at(&r->own_late, 0.99)));
	json_object_set_new(o, "generator_saturated", json_boolean(result_is_saturated(r)));
}

/* Words of others are not always UTF-8. */
static json_t *words(const char *text)
{
	json_t *value = json_string(text);

	return must(value ? value : json_string("(not in UTF-8)"));
}

static json_t *entry(const struct book *b, const struct book_entry *e)
{
	const struct result *r = e->result;
	bool connections = r->plan.workload->measure == MEASURE_CONNECTIONS;
	json_t *o = must(json_pack("{s:s, s:s, s:i}", "workload", r->plan.workload->name, "target",
		b->targets[e->target].word, "round", (int)e->round + 1));

	if (*r->error)
		json_object_set_new(o, "error", words(r->error));
	json_object_set_new(o, "plan", plan(&r->plan));
	if (connections) {
		json_object_set_new(o, "connections", number(r->done));
	} else {
		json_object_set_new(o, "qos", number(r->plan.qos));
		json_object_set_new(o, "messages", number(r->sent));
		json_object_set_new(o, "acknowledged", number(r->acknowledged));
	}
	if (r->unsent)
		json_object_set_new(o, "unsent", number(r->unsent));
	if (r->refused)
		json_object_set_new(o, "refused", number(r->refused));
	set_times(o, r);
	set_use(o, r);
	if (workload_delivers(r->plan.workload))
		json_object_set_new(o, "account", account(&r->account));
	json_object_set_new(o, "broken", broken(r));
	json_object_set_new(o, "interval_s", json_real((double)r->latency.width_us / 1e6));
	json_object_set_new(o, "over_time", points(r));
	return o;
}

/* ---- comparisons ---------------------------------------------------------------------------- */

static json_t *ratio(const struct ratio *r)
{
	return must(json_pack("{s:f, s:f, s:f, s:i}", "median", ratio_median(r), "least",
		ratio_least(r), "most", ratio_most(r), "rounds", (int)r->count));
}

static json_t *comparisons(const struct book *b)
{
	json_t *list = must(json_array());
	struct book_comparison c;

	for (size_t at = 0, next; at < b->count; at = next) {
		next = book_compare(b, at, &c);
		json_array_append_new(list,
			must(json_pack("{s:s, s:o, s:o, s:o, s:o}", "workload",
				b->entries[at].result->plan.workload->name, "rate", ratio(&c.rate),
				"p50", ratio(&c.p50), "p99", ratio(&c.p99), "cpu", ratio(&c.cpu))));
	}
	return list;
}

bool bench_json(FILE *to, const struct book *b)
{
	json_t *targets = must(json_array()), *results = must(json_array());

	for (unsigned i = 0; i < b->target_count; i++)
		json_array_append_new(targets, target(&b->targets[i]));
	for (size_t i = 0; i < b->count; i++)
		json_array_append_new(results, entry(b, &b->entries[i]));
	json_t *all = must(json_pack("{s:i, s:s, s:o, s:I, s:o, s:o}", "format", 1, "mqttspec",
		b->tool_version, "command", words(b->command), "started_us",
		(json_int_t)b->started_us, "targets", targets, "results", results));
	if (b->target_count > 1)
		json_object_set_new(all, "comparisons", comparisons(b));
	bool ok = !json_dumpf(all, to, JSON_INDENT(1)) && putc('\n', to) != EOF;
	json_decref(all);
	return ok;
}
