/* A private folder for the files of a launched program. */
#ifndef HARNESS_FOLDER_H
#define HARNESS_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct target_document;
struct placeholder;

/* Makes "mqttspec-XXXXXX" in $TMPDIR or /tmp. NULL, with a sentence, when that cannot be done. */
const char *folder_make(struct arena *a, const char **error);

/* Makes a folder in it, open to the same people. False, with a sentence in the arena. */
bool folder_make_inner(struct arena *a, const char *path, const char **error);

/* Writes a file or makes a link, and the folders that its name asks for. */
bool folder_add(struct arena *a, const char *folder, const struct target_document *document,
	const struct placeholder *placeholders, const char **error);

/* Removes all that is in it. False, with a sentence, when something stays. */
bool folder_empty(struct arena *a, const char *folder, const char **error);

/* Removes the folder and everything in it, as far as that can be done; NULL is fine. */
void folder_remove(const char *folder);

#endif
