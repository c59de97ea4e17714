#include "harness/blame.h"

#include <stddef.h>

const char *blame(enum side judged, enum mqtt_version version, enum spec_difference difference,
	unsigned packet, uint32_t property)
{
	(void)judged, (void)version, (void)difference, (void)packet, (void)property;
	return NULL;
}
