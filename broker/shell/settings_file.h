/* The configuration file: one directive a line, see the man page. */
#ifndef BROKER_SHELL_SETTINGS_FILE_H
#define BROKER_SHELL_SETTINGS_FILE_H

#include <stdbool.h>

struct arena;
struct settings;

/* Reads a file over what stands in `s`. On failure returns false, and *error is a sentence with file
 * and line. Strings are in the arena.
 */
bool settings_read(struct settings *s, struct arena *a, const char *path, const char **error);

/* What reading cannot see: whether the files that are to be written can be. Nothing is changed. */
bool settings_check(const struct settings *s, struct arena *a, const char **error);

#endif
