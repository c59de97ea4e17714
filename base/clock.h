/* Time in microseconds. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_now_us(void);  /* monotonic: for intervals and deadlines */
int64_t clock_wall_us(void); /* since 1970-01-01 UTC: for records and captures */

#endif
