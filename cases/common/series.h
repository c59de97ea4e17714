/* Large messages that tell their number: the n-th is n bytes shorter than a certain size. They are published
 * one by one, and neither side of them is put on record.
 */
#ifndef CASES_COMMON_SERIES_H
#define CASES_COMMON_SERIES_H

#include "harness/case.h"

#define SERIES_NO_ROOM "no room for a message of the size of this case"

enum { SERIES_MAX = 100 }; /* messages */

struct series {
	struct test *test;
	struct peer *publisher;
	const char *topic;
	struct bytes filler; /* of which each payload is the beginning */
	unsigned sent;       /* the number of the last one */
	unsigned published;  /* and acknowledged; the number of the last one */
	unsigned taken;      /* different ones; the last of them, and which */
	unsigned last;
	bool has[SERIES_MAX + 1];
};

/* Of messages of `size` bytes, or smaller ones if that is more than the target takes. */
void series_begin(struct series *s, struct peer *publisher, const char *topic, size_t size);

/* Publishes this many more at QoS 1, each once the one before has its PUBACK. False: the target
 * holds the publisher up, or has no room for more, which is its right.
 */
bool series_publish(struct series *s, unsigned count);

/* Takes the next message and acknowledges it. It must have a higher number than the ones before, unless it is
 * sent again. [MQTT-4.6.0-6, in 5.0 MQTT-4.6.0-5]
 */
void series_take(struct series *s, struct peer *subscriber);

#endif
