/* How far away the server is, as the limits of all case runs have to know. */
#include "harness/runner/survey.h"
#include "harness/runner/target.h"
#include "harness/versions.h"

struct round_trip survey_distance(struct arena *a, const struct target *target,
	const struct transport *transport, int64_t answer_us,
	const struct survey surveys[static VERSION_COUNT])
{
	struct round_trip trip = { 0 };

	for (int i = 0; i < VERSION_COUNT && !trip.most_us; i++)
		if (surveys[i].asked && !surveys[i].unserved && surveys[i].status == PROBE_SERVED)
			trip = round_trip_measure(
				a, target_endpoint(target, transport), version_at(i), answer_us);
	return trip;
}
