/* How far away the server is, as the limits of all case runs have to know. */
#include "harness/runner/survey.h"
#include "harness/runner/target.h"
#include "harness/versions.h"

struct round_trip survey_distance(struct arena *a, const struct target *target, int64_t answer_us,
	struct survey surveys[static VERSION_COUNT])
{
	struct round_trip trip = { 0 };

	for (int i = 0; i < VERSION_COUNT && !trip.most_us; i++)
		if (surveys[i].asked && !surveys[i].unserved && surveys[i].status == PROBE_SERVED)
			trip = round_trip_measure(a, &target->endpoint, version_at(i), answer_us);
	for (int i = 0; i < VERSION_COUNT; i++)
		surveys[i].answer_us += trip.most_us;
	return trip;
}
