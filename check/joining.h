/* Where a stream of MQTT can be taken up in the middle, and by which version its packets are read: that of which a
 * CONNECT was not seen.
 */
#ifndef CHECK_JOINING_H
#define CHECK_JOINING_H

#include "harness/monitor/monitor.h"

/* All 0: nothing has been seen. */
struct version_guess {
	unsigned odd_311, odd_50; /* packets that cannot be of this version */
};

/* Whether packets follow one another from the first byte of `data` to its end, at least one of them whole, as `from`
 * may send them in this version.
 */
bool joining_holds(struct arena *a, enum mqtt_version version, enum side from, struct bytes data);

/* One packet more. False: it is of no version, so that there is no packet here. */
bool version_guess_see(
	struct version_guess *g, struct arena *a, enum side from, struct bytes packet);

/* False: both are possible yet. */
bool version_guess_is_made(const struct version_guess *g, enum mqtt_version *version);

#endif
