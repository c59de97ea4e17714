/* "Did you mean ...?": the few known names that are most like a mistyped one. */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stddef.h>

enum {
	NEAREST_NAMES = 3,
	NEAREST_LENGTH = 96, /* of a name, with its NUL; longer ones are not considered */
	NEAREST_TEXT = (NEAREST_LENGTH + 8) * NEAREST_NAMES,
};

struct nearest {
	const char *wanted;
	size_t count;
	struct {
		char name[NEAREST_LENGTH];
		size_t distance;
	} found[NEAREST_NAMES]; /* the best first */
};

void nearest_init(struct nearest *n, const char *wanted);
void nearest_offer(struct nearest *n, const char *name);

/* `; did you mean "a" or "b"?`, or "" when nothing came near. Returns `out`. */
const char *nearest_text(const struct nearest *n, char out[static NEAREST_TEXT]);

#endif
