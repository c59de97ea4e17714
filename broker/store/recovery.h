/* A new store out of what can be read of a damaged one, which stays beside it. */
#ifndef BROKER_STORE_RECOVERY_H
#define BROKER_STORE_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/store/head.h"

enum { RECOVERY_PATH = 4096 };

struct recovery {
	uint64_t saved;   /* pairs */
	struct head head; /* of the commit that they are of; number 0: it is not known */
	uint64_t lost;    /* pairs and pages that could not be read, as far as they are known */
	char kept[RECOVERY_PATH]; /* the damaged file, under its new name */
};

/* False, with a sentence that begins with the path, if nothing can be read, another broker has the folder, or there is no room
 * for a second file: then all is as it was.
 */
bool recovery_run(struct recovery *r, const char *folder, char *error, unsigned error_size);

#endif
