#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/shell.h"
#include "bench/load/load.h"
#include "bench/load/workload.h"
#include "bench/tell/json.h"
#include "bench/tell/page.h"
#include "bench/tell/phrase.h"
#include "bench/tell/table.h"
#include "cli/bench_options.h"
#include "cli/cli.h"
#include "cli/interruption.h"
#include "cli/live_target.h"
#include "cli/login.h"
#include "cli/output.h"
#include "cli/screen.h"

struct bench {
	struct arena arena;
	struct bench_options options;
	struct live_target targets[BOOK_TARGETS];
	struct book book;
	FILE *table; /* NULL: standard output is for something else */
	int signals;
	volatile bool stop;
	bool live;                    /* progress is shown */
	const struct load_plan *plan; /* what is played ... */
	unsigned target;              /* ... against which of them */
};

/* ---- list ----------------------------------------------------------------------------------- */

static void list(void)
{
	for (size_t i = 0; i < workload_count; i++) {
		const struct workload *w = &workloads[i];
		printf("%-10s %s\n           ", w->name, w->summary);
		if (w->measure != MEASURE_CONNECTIONS)
			printf(" QoS %u, publishers %u,", w->qos, w->publishers);
		if (w->subscribers)
			printf(" subscribers %u,", w->subscribers);
		if (w->filters > 1)
			printf(" filters %u,", w->filters);
		if (w->window)
			printf(" window %u,", w->window);
		if (w->messages)
			printf(" messages %llu,", (unsigned long long)w->messages);
		printf(" %s\n", w->usual ? "usual" : "only when it is named");
	}
}

/* ---- while it goes on ----------------------------------------------------------------------- */

static void on_signal(void *user)
{
	struct bench *b = user;

	if (interruption_came(b->signals))
		b->stop = true;
}

static void on_output(void *user)
{
	struct live_target *t = user;

	target_read(&t->target);
}

static void clear_line(const struct bench *b)
{
	if (b->live)
		fputs("\r\x1b[K", stderr);
}

static void on_progress(void *user, const struct load_progress *p)
{
	const struct bench *b = user;
	char rate[PHRASE_SIZE], time[PHRASE_SIZE];

	clear_line(b);
	fprintf(stderr, "%s: %s, %s: %llu, %s", b->book.targets[b->target].word,
		b->plan->workload->name, p->doing, (unsigned long long)p->done,
		phrase_rate(p->rate, rate));
	if (p->p99_us)
		fprintf(stderr, ", p99 %s", phrase_time(p->p99_us, time));
	fflush(stderr);
}

/* ---- playing -------------------------------------------------------------------------------- */

static struct load_host host_of(struct bench *b, unsigned target)
{
	const struct live_target *t = &b->targets[target];
	bool launched = target_is_launched(&t->target);
	struct load_host host = {
		.to = live_target_endpoint(t),
		.pid = launched ? t->target.program.pid : b->options.live.pid,
		.is_group = launched,
		.memory_max_bytes = (long long)b->options.memory_mib << 20,
		.watches = { { b->signals, on_signal, b } },
		.stop = &b->stop,
		.progress = b->live ? on_progress : NULL,
		.user = b,
	};

	for (unsigned i = 0; i < b->book.target_count; i++) {
		struct live_target *each = &b->targets[i];
		host.watches[1 + i] = (struct load_watch){
			target_is_launched(&each->target) ? each->target.program.output_fd : -1,
			on_output,
			each,
		};
	}
	return host;
}

static void play(struct bench *b, const struct load_plan *plan, unsigned target, unsigned round)
{
	struct load_host host = host_of(b, target);
	struct result *result = calloc(1, sizeof(*result));
	struct book_entry *entry = &b->book.entries[b->book.count++];

	if (!result)
		abort();
	b->plan = plan;
	b->target = target;
	load_play(&host, plan, result);
	*entry = (struct book_entry){ target, round, result };
	const char *death = live_target_death(&b->targets[target]);
	if (death && !result->interrupted)
		snprintf(result->error, sizeof(result->error), "%s", death);
	clear_line(b);
	if (b->table) {
		table_row(b->table, &b->book, entry);
		fflush(b->table);
	}
	b->stop |= death != NULL; /* nobody is there to be asked any more */
}

/* A B, B A, and so on: what changes slowly falls on both. */
static void play_workload(struct bench *b, const struct load_plan *plan)
{
	size_t first = b->book.count;
	struct book_comparison c;

	for (unsigned round = 0; round < b->options.rounds; round++)
		for (unsigned i = 0; i < b->book.target_count && !b->stop; i++)
			play(b, plan, round % 2 ? b->book.target_count - 1 - i : i, round);
	if (b->book.target_count < 2 || first == b->book.count)
		return;
	book_compare(&b->book, first, &c);
	if (b->table)
		table_comparison(b->table, &b->book, plan->workload, &c);
}

static void play_all(struct bench *b)
{
	const struct bench_options *o = &b->options;
	size_t most = (size_t)o->plan_count * o->rounds * b->book.target_count;

	b->book.entries = arena_alloc(&b->arena, most * sizeof(*b->book.entries));
	if (b->table) {
		table_head(b->table, &b->book);
		fflush(b->table);
	}
	for (unsigned i = 0; i < o->plan_count && !b->stop; i++)
		play_workload(b, &o->plans[i]);
}

/* ---- telling -------------------------------------------------------------------------------- */

static bool write_json(struct bench *b)
{
	FILE *to = output_open(&command_bench, b->options.json);

	if (!to)
		return false;
	bool written = bench_json(to, &b->book);
	if (!written)
		fprintf(stderr, "mqttspec bench: %s: %s\n", b->options.json, strerror(errno));
	return output_close(&command_bench, b->options.json, to) && written;
}

static bool write_page(struct bench *b)
{
	FILE *to = output_open(&command_bench, b->options.html);

	if (!to)
		return false;
	bench_page(to, &b->book);
	return output_close(&command_bench, b->options.html, to);
}

static bool tell(struct bench *b)
{
	bool ok = true;

	if (b->options.json)
		ok &= write_json(b);
	if (b->options.html)
		ok &= write_page(b);
	return ok;
}

static int judge(const struct bench *b)
{
	struct result_break breaks[RESULT_BREAKS_MAX];
	bool broken = false, failed = !b->book.count, interrupted = false;

	for (size_t i = 0; i < b->book.count; i++) {
		const struct result *r = b->book.entries[i].result;
		broken |= result_breaks(r, breaks) > 0;
		failed |= *r->error != '\0' || result_is_unclear(r);
		interrupted |= r->interrupted;
	}
	return interrupted ? EXIT_INTERRUPTED
		: broken   ? EXIT_UNEXPECTED
		: failed   ? EXIT_NOTHING
			   : EXIT_AS_EXPECTED;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static const char *command_line(struct arena *a, int argc, char **argv)
{
	struct buf words;

	buf_init(&words, SIZE_MAX / 2);
	buf_add_text(&words, "mqttspec bench");
	for (int i = 1; i < argc; i++)
		shell_add_word(&words, argv[i]);
	const char *text = arena_text(a, buf_text(&words));
	buf_fini(&words);
	return text;
}

static bool find_target(struct bench *b, unsigned i, int *code)
{
	const struct bench_options *o = &b->options;
	struct live_target *t = &b->targets[i];

	if (!live_target_find(t, &b->arena, &o->live, o->targets[i], code))
		return false;
	if (!t->is_client)
		return true;
	fprintf(stderr, "mqttspec bench: %s is a client: it is brokers that are measured\n",
		t->file.path);
	*code = EXIT_USAGE;
	return false;
}

static bool find_targets(struct bench *b, int *code)
{
	for (unsigned i = 0; i < b->options.target_count; i++)
		if (!find_target(b, i, code))
			return false;
	login_hide();
	return true;
}

/* What a book says of it. */
static struct book_target book_entry_of(struct live_target *t, const char *word)
{
	bool launched = target_is_launched(&t->target);

	return (struct book_target){
		.word = word,
		.name = t->has_file ? t->file.name : word,
		.version = launched ? target_file_version(t->arena, &t->file) : NULL,
		.url = live_target_endpoint(t)->url,
		.launched = launched,
	};
}

static bool start_targets(struct bench *b, int *code)
{
	const struct bench_options *o = &b->options;

	for (unsigned i = 0; i < o->target_count; i++) {
		if (b->live)
			fprintf(stderr, "\r\x1b[Kstarting %s", o->targets[i]);
		bool up = live_target_start(&b->targets[i], b->signals, code);
		clear_line(b);
		if (!up)
			return false;
		b->book.targets[i] = book_entry_of(&b->targets[i], o->targets[i]);
		b->book.target_count++;
	}
	return true;
}

static int bench(struct bench *b, const char *command)
{
	const struct bench_options *o = &b->options;
	int code = EXIT_NOTHING;
	bool to_stdout = (o->json && !strcmp(o->json, "-")) || (o->html && !strcmp(o->html, "-"));

	b->book = (struct book){
		.tool_version = tool_version, .command = command, .started_us = clock_wall_us()
	};
	b->table = to_stdout ? NULL : stdout;
	b->live = !o->quiet && screen_is_live(stderr);
	b->signals = interruption_catch(NULL);
	if (find_targets(b, &code) && start_targets(b, &code)) {
		play_all(b);
		code = judge(b);
		if (!tell(b) && code != EXIT_INTERRUPTED)
			code = EXIT_NOTHING;
	}
	for (unsigned i = 0; i < BOOK_TARGETS; i++)
		live_target_stop(&b->targets[i]);
	for (size_t i = 0; i < b->book.count; i++) {
		result_fini(b->book.entries[i].result);
		free(b->book.entries[i].result);
	}
	if (b->signals >= 0)
		close(b->signals);
	return code;
}

static int run(int argc, char **argv)
{
	struct bench b = { .signals = -1 };
	int code;

	arena_init(&b.arena);
	const char *command = command_line(&b.arena, argc, argv);
	if (bench_options_read(&b.arena, argc, argv, &b.options, &code)) {
		if (b.options.list) {
			list();
			code = EXIT_AS_EXPECTED;
		} else {
			code = bench(&b, command);
		}
	}
	arena_fini(&b.arena);
	return code;
}

const struct command command_bench = {
	.name = "bench",
	.synopsis = "TARGET [WORKLOAD...] [--compare] [--rate N] [--html FILE]",
	.summary = "measure a broker under load, and account for every message",
	.run = run,
	.options = bench_options_table,
	.help = bench_help,
};
