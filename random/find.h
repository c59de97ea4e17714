/* What scenarios have shown, told apart by the statement that is broken and by how. */
#ifndef RANDOM_FIND_H
#define RANDOM_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "random/step.h"
#include "record/record.h"

struct arena;

struct find {
	size_t number;          /* from 1 */
	const char *statement;  /* "5.0:MQTT-4.5.0-1"; or "" */
	const char *difference; /* "missing"; or the verdict of what is no failure: "crash" */
	const char *expected, *actual;
	uint64_t seed;            /* of the scenario that has shown it first */
	size_t after_steps;       /* that had been played by then */
	size_t times;             /* scenarios that have shown it */
	struct scenario shortest; /* of those that have: minimised, if `confirmed` */
	bool careful;             /* it shows with a settlement after each step */
	bool confirmed;           /* three times in a row */
	bool worn;                /* it showed twice, but not on a freshly launched target */
	bool broken_off; /* interrupted, or the target is gone: nobody knows whether it shows again */
	const struct record_case *record; /* of the last of them; or NULL */
};

/* Whether the record of a scenario shows anything at all: something wrong, or the end of the target. */
bool find_is_in(const struct record_case *r);

/* Whether it shows this find. All closings are one: the statement tells what was due then. */
bool find_shows(const struct find *f, const struct record_case *r);

/* What the record shows, as a find that nothing else is known of yet; its texts are in the arena. */
struct find find_of(struct arena *a, const struct record_case *r);

/* What was expected, and what came of it: as the last of its records has it. */
void find_tell(struct arena *a, struct find *f, const struct record_case *r);

#endif
