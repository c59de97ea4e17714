/* The topics and filters that scenarios are about: few, so that they meet. Steps have their numbers.
 *
 * What shares subscribe to, no other filter of a scenario matches but the observer's, so that it is plain which
 * of a client's subscriptions has brought it a message.
 */
#ifndef RANDOM_NAMES_H
#define RANDOM_NAMES_H

#include <stdbool.h>

enum { TOPIC_COUNT = 10, TOPIC_FIRST_SHARED = 8 };
enum { FILTER_COUNT = 15, FILTER_FIRST_SHARED = 12, FILTER_OBSERVER = FILTER_COUNT };

const char *topic_name(unsigned topic);
const char *filter_name(unsigned filter); /* also of FILTER_OBSERVER */

/* Their number; negative: there is none of this name. */
int topic_find(const char *name);
int filter_find(const char *name);

/* What a connection travels over, by the names of transports; the first is "usual", whichever that is. */
enum { WAY_USUAL, WAY_COUNT = 6 };

const char *way_name(unsigned way);
int way_find(const char *name); /* negative: there is none of this name */

bool filter_is_of_share(unsigned filter);
bool filter_is_wild(unsigned filter);

/* Whether a message on the topic is for the filter, 4.7. */
bool filter_lets_through(unsigned filter, unsigned topic);

#endif
