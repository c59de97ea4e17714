/* The versions that the suite judges: each has a place in arrays, and the bit of that place in masks
 * (V311, V50). What a version has, spec/version.h says.
 */
#ifndef HARNESS_VERSIONS_H
#define HARNESS_VERSIONS_H

#include <stdbool.h>

#include "spec/version.h"

enum { VERSION_COUNT = 2 };

static inline enum mqtt_version version_at(int place)
{
	return place ? MQTT_50 : MQTT_311;
}

static inline int version_place(enum mqtt_version version)
{
	return version == version_at(1);
}

/* V311 or V50 */
static inline unsigned version_bit(enum mqtt_version version)
{
	return 1u << version_place(version);
}

/* "3.1.1", "5.0", or both with a blank between. */
const char *versions_text(unsigned versions);

/* "5.0", "3.1.1, 5.0", "both"; with blanks or commas between. False: it has anything else, or nothing. */
bool versions_parse(const char *text, unsigned *versions);

#endif
