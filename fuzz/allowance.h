/* How many packets a second may be sent. What was not used is not saved up: after a pause, of whatever kind, no more
 * come than before it.
 */
#ifndef FUZZ_ALLOWANCE_H
#define FUZZ_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

struct allowance {
	unsigned rate;   /* packets a second; 0: as many as go */
	int64_t next_us; /* when the next may be sent, monotonic */
};

bool allowance_is_there(const struct allowance *a, int64_t now_us);
void allowance_spend(struct allowance *a, uint64_t packets, int64_t now_us);

#endif
