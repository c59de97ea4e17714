/* What a barrage does, for people: a line that is redrawn, and a line for each find. */
#include <errno.h>
#include <string.h>

#include "cli/fuzz.h"
#include "fuzz/evidence.h"

enum { LINE_MAX = 160, A_MINUTE = 60, AN_HOUR = 3600 };

static void wipe(struct fuzz_view *v)
{
	if (v->drawn)
		fputs("\r\x1b[K", v->to);
	v->drawn = false;
}

void fuzz_view_find(void *view, const struct find *find)
{
	struct fuzz_view *v = view;
	const char *folder = evidence_write(v->arena, v->out, find, v->replay);

	if (!folder) {
		fprintf(stderr, "mqttspec fuzz: %s: %s\n", v->out, strerror(errno));
		v->failed = true;
	}
	wipe(v);
	fputs("find: ", v->to);
	symptom_print(v->to, &find->symptom);
	fprintf(v->to, "\n      %zu steps, shown again %u of %d times%s%s\n", find->exchange.count,
		find->replays, HUNT_REPLAYS, folder ? ": " : "", folder ? folder : "");
	fflush(v->to);
}

void fuzz_view_remark(void *view, const char *sentence)
{
	struct fuzz_view *v = view;

	wipe(v);
	if (!v->quiet)
		fprintf(v->to, "%s\n", sentence);
	fflush(v->to);
}

static const char *left_text(int64_t left_us, char out[static LINE_MAX])
{
	int64_t s = left_us / 1000000;

	if (left_us < 0)
		return "until it is stopped";
	if (s >= AN_HOUR)
		snprintf(out, LINE_MAX, "%lld h %lld min left", (long long)(s / AN_HOUR),
			(long long)(s % AN_HOUR / A_MINUTE));
	else if (s >= A_MINUTE)
		snprintf(out, LINE_MAX, "%lld min %lld s left", (long long)(s / A_MINUTE),
			(long long)(s % A_MINUTE));
	else
		snprintf(out, LINE_MAX, "%lld s left", (long long)s);
	return out;
}

static double per_second(uint64_t count, int64_t passed_us)
{
	return passed_us > 0 ? (double)count * 1e6 / (double)passed_us : 0;
}

void fuzz_view_progress(void *view, const struct barrage_progress *p)
{
	struct fuzz_view *v = view;
	char left[LINE_MAX];

	if (!v->live || v->quiet)
		return;
	wipe(v);
	if (p->hunting)
		fprintf(v->to, "hunting for: %.60s", p->hunting);
	else
		fprintf(v->to, "%llu exchanges, %.0f packets/s, corpus %zu, finds %u, %s",
			(unsigned long long)p->exchanges, per_second(p->packets, p->passed_us),
			p->corpus, p->finds, left_text(p->left_us, left));
	v->drawn = true;
	fflush(v->to);
}

void fuzz_view_end(struct fuzz_view *v, const struct barrage *c, const struct corpus *corpus,
	int64_t passed_us)
{
	wipe(v);
	if (!v->quiet)
		fprintf(v->to,
			"%llu exchanges, %llu packets (%.0f/s) in %.1f s; corpus %zu, %zu of them "
			"new; "
			"%u finds%s\n",
			(unsigned long long)c->exchanges, (unsigned long long)c->packets,
			per_second(c->packets, passed_us), (double)passed_us / 1e6, corpus->count,
			corpus->count - corpus->read, c->finds,
			c->unsure ? ", and something that did not happen three times more" : "");
	fflush(v->to);
}
