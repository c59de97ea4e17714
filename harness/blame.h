/* The statement that is accused of a difference when a case has put none on trial to which it speaks:
 * what breaks the rule of every exchange, wherever it is seen.
 */
#ifndef HARNESS_BLAME_H
#define HARNESS_BLAME_H

#include <stdint.h>

#include "harness/monitor/monitor.h"
#include "spec/spec.h"

/* `packet` is the Control Packet that it concerns, 0 if it does not matter; `property` the Property
 * Identifier for SPEC_PROPERTY, else 0. NULL: no statement covers it.
 */
const char *blame(enum side judged, enum mqtt_version version, enum spec_difference difference,
	unsigned packet, uint32_t property);

#endif
