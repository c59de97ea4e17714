/* What a run plays, and in which order: cases x rows x versions x transports x cuts x repeats, as
 * far as selected. Timed ones come first, the longest before the others, so that their waiting
 * overlaps with all the rest.
 */
#ifndef HARNESS_PLAN_H
#define HARNESS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/play.h"

/* How packets are cut on their way. */
struct cut {
	enum segmentation segmentation;
	unsigned split_at; /* SEGMENT_SPLIT */
};

struct cuts {
	const struct cut *list;
	size_t count;
};

/* "whole", "bytes", "batch", "split:N", "split" (after 1 to 16 bytes), "all" (each of these); several
 * with commas between. False: none of them.
 */
bool cuts_parse(struct arena *a, const char *text, struct cuts *out);
const char *cut_text(struct arena *a, const struct cut *cut); /* "split:3" */

/* What a run's case runs travel over. None: the usual one. */
struct routes {
	const struct transport *const *list;
	size_t count;
};

/* "tcp", "unix"; several with commas between. False: none of them. */
bool routes_parse(struct arena *a, const char *text, struct routes *out);
struct routes routes_all(void);
const char *routes_text(struct arena *a); /* all there are: "tcp, unix" */

struct selection {
	const struct case_def *const *cases;
	size_t case_count;
	const char *const *patterns; /* harness/pattern.h; one that matches is enough */
	size_t pattern_count;        /* 0: all cases */
	const char *const *excluded; /* patterns of what is left out all the same */
	size_t excluded_count;
	unsigned versions; /* V311, V50 or BOTH */
	struct routes routes;
	struct cuts cuts;       /* none: whole */
	unsigned repeats;       /* at least 1 */
	unsigned shard, shards; /* the first of four is 1 and 4; 0 and 0: everything */
	bool shuffle;           /* those without a clock of their own, from the seed */
	uint64_t seed;
};

/* One case run. */
struct plan_item {
	const struct case_def *def;
	const struct vector *row; /* NULL: a plain case */
	enum mqtt_version version;
	const struct transport *transport;
	struct cut cut;
	int repeat;     /* 0 for the first */
	const char *id; /* "table/row"; of the case, in all versions */
};

struct plan {
	struct plan_item *items; /* in the arena */
	size_t count;
};

void plan_make(struct arena *a, const struct selection *s, struct plan *out);

/* Puts a case without rows at the front, in this version over this transport, unless it is there
 * already, over any transport.
 */
void plan_add(struct arena *a, struct plan *p, const struct case_def *def,
	enum mqtt_version version, const struct transport *transport);

/* The first pattern of either list that matches no case in any version; NULL: all match one. */
const char *selection_unmatched(const struct selection *s);

/* Which of `shards` parts an id belongs to, 1 to `shards`; the same today, tomorrow and elsewhere. */
unsigned shard_of(const char *id, unsigned shards);

/* The place of a transport among the routes; 0 if it is none of them. */
size_t routes_place(const struct routes *routes, const struct transport *transport);

/* "qos2/dup 5.0 unix split:3 #2": what tells it apart from all others. The usual transport is left
 * out.
 */
const char *plan_key(struct arena *a, const struct plan_item *item);

#endif
