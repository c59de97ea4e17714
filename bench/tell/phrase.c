#include "bench/tell/phrase.h"

#include <inttypes.h>
#include <stdio.h>

#include "bench/load/result.h"
#include "bench/load/workload.h"

/* Three digits that count. */
static int places(double value)
{
	return value < 10 ? 2 : value < 100 ? 1 : 0;
}

const char *phrase_time(int64_t us, char out[static PHRASE_SIZE])
{
	double ms = (double)us / 1e3;

	if (us < 1000)
		snprintf(out, PHRASE_SIZE, "%" PRId64 " µs", us);
	else if (ms < 999.5)
		snprintf(out, PHRASE_SIZE, "%.*f ms", places(ms), ms);
	else
		snprintf(out, PHRASE_SIZE, "%.*f s", places(ms / 1e3), ms / 1e3);
	return out;
}

const char *phrase_rate(double rate, char out[static PHRASE_SIZE])
{
	if (rate < 999.5)
		snprintf(out, PHRASE_SIZE, "%.*f /s", rate ? places(rate) : 0, rate);
	else if (rate < 999500)
		snprintf(out, PHRASE_SIZE, "%.*f k/s", places(rate / 1e3), rate / 1e3);
	else
		snprintf(out, PHRASE_SIZE, "%.*f M/s", places(rate / 1e6), rate / 1e6);
	return out;
}

const char *phrase_share(uint64_t part, uint64_t all, char out[static PHRASE_SIZE])
{
	double percent = all ? 100.0 * (double)part / (double)all : 0;

	if (!part)
		snprintf(out, PHRASE_SIZE, "0");
	else if (percent < 0.01)
		snprintf(out, PHRASE_SIZE, "%" PRIu64, part);
	else
		snprintf(out, PHRASE_SIZE, "%.*f %%", places(percent), percent);
	return out;
}

size_t phrase_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* ---- remarks -------------------------------------------------------------------------------- */

/* What is missing, and nobody can be blamed for. */
static uint64_t unproven(const struct result *r)
{
	return r->account.lost - r->account.proven;
}

static bool write_remark(const struct result *r, unsigned which, char *out)
{
	const struct result_account *a = &r->account;
	char half[PHRASE_SIZE], most[PHRASE_SIZE];
	double span = r->own_span_s;

	switch (which) {
	case 0:
		snprintf(out, PHRASE_REMARK_SIZE, "not played to its end: %s", r->error);
		return *r->error;
	case 1:
		snprintf(out, PHRASE_REMARK_SIZE,
			"%" PRIu64 " of %" PRIu64 " messages were lost, which QoS 0 allows",
			a->lost, a->expected);
		return !r->plan.qos && a->lost;
	case 2:
		snprintf(out, PHRASE_REMARK_SIZE,
			"%" PRIu64 " of %" PRIu64
			" messages had not come when nothing came any more; whether they ever "
			"would have is not known",
			unproven(r), a->expected);
		return r->plan.qos && unproven(r);
	case 3:
		snprintf(out, PHRASE_REMARK_SIZE,
			"%" PRIu64 " messages came again, which QoS 1 allows", a->doubles);
		return r->plan.qos == 1 && a->doubles;
	case 4:
		snprintf(out, PHRASE_REMARK_SIZE,
			"%" PRIu64
			" messages came late or again: too many were missing to tell which",
			a->unknown);
		return a->unknown;
	case 5:
		snprintf(out, PHRASE_REMARK_SIZE,
			"%" PRIu64 " messages were acknowledged too late, or not at all: %" PRIu64
			" of %" PRIu64 " were",
			r->sent - r->acknowledged, r->acknowledged, r->sent);
		return r->plan.qos && r->acknowledged < r->sent && !*r->error &&
			r->plan.workload->measure != MEASURE_CONNECTIONS;
	case 6:
		snprintf(out, PHRASE_REMARK_SIZE,
			"the load generator sent late by itself (p50 %s, p99 %s): the latencies "
			"have that in them",
			phrase_time(histogram_at(&r->own_late, 0.5), half),
			phrase_time(histogram_at(&r->own_late, 0.99), most));
		return r->plan.rate > 0 && result_is_late(r);
	case 7:
		snprintf(out, PHRASE_REMARK_SIZE,
			"%" PRIu64 " messages for clients that were away were not kept, though "
			"later ones of the same publisher and topic were: a broker may bound "
			"its queues",
			result_unqueued(r));
		return result_unqueued(r);
	case 8:
		snprintf(out, PHRASE_REMARK_SIZE,
			"%" PRIu64
			" messages were refused by a Reason Code, and which ones is not known: "
			"what is missing accuses nobody",
			r->refused);
		return r->refused;
	case 9:
		snprintf(out, PHRASE_REMARK_SIZE,
			"%" PRIu64
			" more were due, and could not be sent in time: %.10g a second is more "
			"than can be sent, so the latencies are only those of what was",
			r->unsent, r->plan.rate);
		return r->unsent;
	default:
		snprintf(out, PHRASE_REMARK_SIZE,
			"the load generator was the bottleneck, at work for %.0f %% of the time "
			"and waiting for a processor for %.0f %%: the figures are its own rather "
			"than the target's",
			100 * r->own_cpu_s / span, 100 * r->own_wait_s / span);
		return result_is_saturated(r) && span > 0 && !*r->error;
	}
}

enum { REMARKS = 11 };

const char *phrase_remark(
	const struct result *r, unsigned number, char out[static PHRASE_REMARK_SIZE])
{
	for (unsigned which = 0; which < REMARKS; which++)
		if (write_remark(r, which, out) && !number--)
			return out;
	return NULL;
}
