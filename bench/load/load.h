/* Plays a workload against a broker, and measures it. One thread: give it a core of its own.
 *
 * In a closed loop so many messages are under way, end to end, so the queues of the broker stay short and the
 * latency is that of its work. In an open loop they are due at their times, whatever comes back, and the
 * latency counts from then: what a stall holds up is as late as it is, though it was not even sent.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "bench/load/host.h"
#include "bench/load/plan.h"
#include "bench/load/result.h"

/* Fills in *out, whatever happens; result_fini frees it. */
void load_play(const struct load_host *host, const struct load_plan *plan, struct result *out);

#endif
