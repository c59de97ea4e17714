/* What `mqttspec list` was asked for; list.c shows cases, list_statements.c statements. */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/walk.h"

struct list_options {
	unsigned roles;    /* of what is judged: mask of 1 << enum role; 0: not said */
	unsigned versions; /* mask of V311 and V50 */
	bool json;
	bool statements;
	bool uncovered;              /* only statements without a case */
	const char *const *patterns; /* none: everything */
	size_t pattern_count;
	const char **excluded; /* patterns of what is left out all the same */
	size_t excluded_count;
};

/* The versions in which this case or row is played, asked for, matched by a pattern and not
 * excluded.
 */
unsigned list_selects(const struct list_options *o, const struct walk *w);

bool list_leaves_out(const struct list_options *o, const struct walk *w, enum mqtt_version version);

/* Prints the statements of the versions asked for, and how many of them have a case. */
void list_statements(const struct list_options *o);

#endif
