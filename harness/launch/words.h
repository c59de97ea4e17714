/* Command lines as words, without a shell. */
#ifndef HARNESS_WORDS_H
#define HARNESS_WORDS_H

#include <stddef.h>

struct arena;

/* Splits a command line at blanks and newlines; '...' and "..." keep them. Nothing else is special.
 * Returns the words, NULL after the last one; NULL when a quote is left open.
 */
const char *const *words_split(struct arena *a, const char *text);

/* What stands for "{port}" and the like; ended by a NULL name. */
struct placeholder {
	const char *name; /* "port" */
	const char *value;
};

/* The text with its placeholders replaced. Braces around anything else stay as they are. */
const char *words_fill(struct arena *a, const char *text, const struct placeholder *placeholders);

#endif
