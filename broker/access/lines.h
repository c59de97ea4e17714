/* The text files of an administrator: read whole, and taken line by line. */
#ifndef BROKER_ACCESS_LINES_H
#define BROKER_ACCESS_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct lines {
	const char *name; /* of the file, for errors */
	char *at;         /* what is left */
	char *end;
	unsigned number; /* of the latest line, from 1 */
};

/* Text that is changed in place as its lines are taken. `text[len]` must be writable. */
struct lines lines_of(const char *name, char *text, size_t len);

/* The next line, without blanks at its ends; neither empty ones nor comments (#) are returned. NULL: there
 * is none.
 */
char *lines_next(struct lines *l);

/* "FILE:LINE: what" in the arena. Never quotes the line: there may be a secret in it. */
const char *lines_error(const struct lines *l, struct arena *a, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A file as a whole, NUL at its end, for free(). NULL, with a sentence in the arena, if it cannot be read, is
 * larger than 64 MiB, or has a NUL in it.
 */
char *file_text(const char *path, struct arena *a, size_t *len, const char **error);

#endif
