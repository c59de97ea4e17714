/* LMDB's file without LMDB: its pages, and which of them are the latest commit. See walk.h. */
#ifndef BROKER_STORE_PAGES_H
#define BROKER_STORE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/view.h"

enum pages_state {
	PAGES_OK,
	PAGES_FOREIGN, /* none of LMDB's */
	PAGES_DAMAGED,
	PAGES_ERROR, /* it cannot be read at all: errno says why */
};

struct pages_tree {
	uint64_t root; /* UINT64_MAX: it is empty */
	uint64_t branches, leaves, overflows, entries;
	unsigned depth;
};

struct pages {
	const uint8_t *map;
	uint64_t map_bytes;
	uint64_t page_bytes;
	uint64_t last;   /* page in use */
	uint64_t number; /* of the commit */
	struct pages_tree free, main;
	/* Of the commit before: no page of its tree is used again as long as the latest one is that. */
	uint64_t older_number, older_last;
	struct pages_tree older;
	uint8_t *seen;    /* a bit for each page */
	char damage[120]; /* what is wrong, and where */
};

/* Maps the file and finds the latest commit. To be closed where it is PAGES_OK or PAGES_DAMAGED: then `damage` says why, and
 * there is what can be salvaged.
 */
enum pages_state pages_open(struct pages *p, int fd);
void pages_close(struct pages *p);

/* Whether the file has had no commit since it was opened. */
bool pages_is_latest(const struct pages *p);

/* What is wrong, of which the first is kept. Returns false. */
bool pages_damage(struct pages *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Each page is of one use, or the file is wrong: false, then, or if there are no such pages. */
bool pages_see(struct pages *p, uint64_t number, uint64_t count);
bool pages_is_seen(const struct pages *p, uint64_t number);
void pages_forget(struct pages *p); /* what was seen: another walk begins */

#endif
