/* A store that is read: at the start of a broker, to be shown, or to save what is left of it. */
#ifndef BROKER_STORE_READING_H
#define BROKER_STORE_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/store/batch.h"
#include "broker/store/head.h"
#include "broker/store/pages.h"

enum { READING_TEXT = 512, READING_PATH = 4096 };

enum reading_state {
	READING_OK,
	READING_NEW, /* there is none yet */
	READING_BAD, /* it cannot be read; `error` says why, and names the file */
};

struct reading {
	char path[READING_PATH]; /* of the file */
	char error[READING_PATH + READING_TEXT + 8];
	struct pages pages;
	struct head head;    /* its times and its latest commit are those of the journal */
	struct batch latest; /* what that has after the file */
	uint64_t highest; /* number of a commit in the journal, also of one that does not count */
	int fd;
	uint64_t lost; /* pairs that were damaged, while it is salvaged */
};

/* In the order of their keys, the head left out. False: to be stopped. */
typedef bool reading_take(void *context, struct mqtt_view key, struct mqtt_view value);

/* Opens the file in this folder, and reads its journal. Nothing is to be closed unless it is READING_OK. */
enum reading_state reading_open(struct reading *r, const char *folder);
void reading_close(struct reading *r);

/* Whether the journal was read before any of it can have been used again: beside a broker that writes. */
bool reading_is_latest(const struct reading *r);

/* All pairs. False, with an error unless `take` has returned false, if it is damaged. */
bool reading_all(struct reading *r, reading_take *take, void *context);

/* All pairs that can be read, of a file that need not have been opened before; its head need not be ours. Returns false, with an
 * error, if there is nothing to be read. `lost` counts pairs and pages that could not be.
 */
bool reading_salvage(struct reading *r, const char *folder, reading_take *take, void *context);

#endif
