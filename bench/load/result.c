#include "bench/load/result.h"

#include <inttypes.h>
#include <stdio.h>

#include "bench/load/workload.h"
#include "spec/spec.h"

/* Beyond this share of the time there is none left to be sure that it was the target that was slow. */
static const double busy = 0.9;

/* Of the latency, that may be ours; and of what nobody minds. */
static const double late_share = 0.2;
enum { LATE_MIN_US = 200 };

void result_fini(struct result *r)
{
	series_fini(&r->latency);
}

double result_seconds(const struct result *r)
{
	return (double)(r->ended_us - r->began_us) / 1e6;
}

double result_rate(const struct result *r)
{
	double seconds = result_seconds(r);

	return seconds > 0 ? (double)r->done / seconds : 0;
}

double result_bytes_each(const struct result *r)
{
	long long more = r->target_memory_bytes - r->target_memory_before_bytes;

	if (r->plan.workload->measure != MEASURE_CONNECTIONS || r->plan.workload->churn ||
		!r->target_memory_bytes || !r->done)
		return -1;
	return more > 0 ? (double)more / (double)r->done : 0;
}

bool result_is_saturated(const struct result *r)
{
	return r->own_cpu_s + r->own_wait_s > busy * r->own_span_s;
}

bool result_is_late(const struct result *r)
{
	static const double shares[] = { 0.5, 0.99 };

	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
		int64_t late_us = histogram_at(&r->own_late, shares[i]);
		int64_t all_us = histogram_at(&r->latency.all, shares[i]);
		if (late_us > LATE_MIN_US && (double)late_us > late_share * (double)all_us)
			return true;
	}
	return false;
}

bool result_is_unclear(const struct result *r)
{
	return r->plan.qos && r->account.lost > r->account.proven;
}

uint64_t result_unqueued(const struct result *r)
{
	return r->plan.workload->away ? r->account.proven : 0;
}

/* ---- promises ------------------------------------------------------------------------------- */

static unsigned add(struct result_break *b, const struct result *r, const char *id, uint64_t count,
	const char *what)
{
	snprintf(b->statement, sizeof(b->statement), "%s:%s", spec_version_name(r->plan.version),
		id);
	snprintf(b->text, sizeof(b->text), "%" PRIu64 " %s", count, what);
	return 1;
}

unsigned result_breaks(const struct result *r, struct result_break out[static RESULT_BREAKS_MAX])
{
	const struct result_account *a = &r->account;
	bool is_50 = r->plan.version == MQTT_50;
	unsigned count = 0;

	/* QoS 0 promises no arrival, 4.3.1; and no clock proves that a message is lost. */
	if (r->plan.qos && a->proven && !r->plan.workload->away)
		count += add(&out[count], r, "MQTT-4.5.0-1", a->proven,
			"messages were never delivered, though later ones of the same publisher "
			"and topic were");
	if (r->plan.qos != 1 && a->doubles && !a->stray) /* or they are those that went astray */
		count += add(&out[count], r,
			r->plan.qos ? "UALL-QOS2-EXACTLY-ONCE" : "UALL-QOS0-AT-MOST-ONCE",
			a->doubles, "messages were delivered more than once");
	if (a->ordered && a->late)
		count += add(&out[count], r, is_50 ? "MQTT-4.6.0-5" : "MQTT-4.6.0-6", a->late,
			"messages came after later ones of the same publisher and topic");
	if (a->stray)
		count += add(&out[count], r, "MQTT-3.3.2-3", a->stray,
			"messages came to subscribers none of whose filters they match");
	return count;
}
