#include "bench/tell/table.h"

#include <inttypes.h>

#include "bench/load/workload.h"
#include "bench/tell/cells.h"
#include "spec/spec.h"

enum { NAME = 10, TARGET = 16, CELL = 9 };

/* Aligned to the right, by what is seen of it. */
static void put_cell(FILE *to, const char *text)
{
	size_t width = phrase_width(text);

	fprintf(to, "%*s%s", width < CELL ? (int)(CELL - width) : 1, "", text);
}

void table_head(FILE *to, const struct book *b)
{
	fprintf(to, "%-*s", NAME, "workload");
	if (b->target_count > 1)
		fprintf(to, " %-*s", TARGET, "target");
	fputs("  MQTT QoS", to);
	for (size_t i = 0; i < CELLS; i++)
		put_cell(to, cells_titles[i]);
	putc('\n', to);
}

static void put_figures(FILE *to, const struct result *r)
{
	char cells[CELLS][PHRASE_SIZE];

	cells_of(r, cells);
	for (size_t i = 0; i < CELLS; i++)
		put_cell(to, cells[i]);
	putc('\n', to);
}

static void put_idle(FILE *to, const struct result *r)
{
	double bytes = result_bytes_each(r);

	if (bytes > 0)
		fprintf(to,
			"    %.0f bytes of the target's memory for each of %" PRIu64
			" connections\n",
			bytes, r->done);
	else if (!bytes)
		fprintf(to,
			"    %" PRIu64 " connections fit into memory that the target had already "
			"taken: play idle alone to see what they take\n",
			r->done);
}

static void put_sentences(FILE *to, const struct result *r)
{
	struct result_break breaks[RESULT_BREAKS_MAX];
	char remark[PHRASE_REMARK_SIZE];
	unsigned broken = result_breaks(r, breaks);

	put_idle(to, r);
	for (unsigned i = 0; i < broken; i++)
		fprintf(to, "    BROKEN  %s  %s\n", breaks[i].statement, breaks[i].text);
	for (unsigned i = 0; phrase_remark(r, i, remark); i++)
		fprintf(to, "    %s\n", remark);
}

void table_row(FILE *to, const struct book *b, const struct book_entry *entry)
{
	const struct result *r = entry->result;

	fprintf(to, "%-*s", NAME, r->plan.workload->name);
	if (b->target_count > 1)
		fprintf(to, " %-*.*s", TARGET, TARGET, b->targets[entry->target].word);
	fprintf(to, " %5s", spec_version_name(r->plan.version));
	if (r->plan.workload->measure == MEASURE_CONNECTIONS)
		fputs("   -", to);
	else
		fprintf(to, "%4u", r->plan.qos);
	put_figures(to, r);
	put_sentences(to, r);
}

static void put_ratio(FILE *to, const char *name, const struct ratio *r)
{
	if (r->count)
		fprintf(to, "  %s %.2fx (%.2f to %.2f)", name, ratio_median(r), ratio_least(r),
			ratio_most(r));
}

void table_comparison(
	FILE *to, const struct book *b, const struct workload *w, const struct book_comparison *c)
{
	fprintf(to, "%-*s %s is to %s as", NAME, w->name, b->targets[0].word, b->targets[1].word);
	put_ratio(to, "rate", &c->rate);
	put_ratio(to, "p50", &c->p50);
	put_ratio(to, "p99", &c->p99);
	put_ratio(to, "cpu", &c->cpu);
	fprintf(to, "%s\n\n", c->rate.count ? "" : "  nothing that can be compared");
}
