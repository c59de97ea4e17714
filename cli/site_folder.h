/* The folder that a site is written into: a new one, an empty one, or that of an earlier site, whose files are
 * replaced, and removed when they are not part of it any more. What else lies there is never touched, since
 * the file .mqttspec-site lists those that are ours.
 */
#ifndef CLI_SITE_FOLDER_H
#define CLI_SITE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct arena;

struct site_folder {
	struct arena *arena;
	const char *path;
	FILE *list;           /* the names of what is written, as it is */
	const char **earlier; /* what an earlier site has left */
	size_t earlier_count;
	const char **names; /* what was written */
	size_t name_count, name_capacity;
	const char *last_made; /* the folder made last */
	const char *error;     /* why something could not be written: a sentence; else NULL */
};

/* False, with a sentence in `error`, when it holds anything but an earlier site, or cannot be made. */
bool site_folder_open(struct arena *a, const char *path, struct site_folder *out);

/* `put` of a site_writer (reports/site/write.h), with the folder as its context. */
bool site_folder_put(void *folder, const char *way, const char *text, size_t size);

/* Copies a file to `way`, if it can be read and is no link. False: it could not be written. */
bool site_folder_copy(struct site_folder *f, const char *file, const char *way);

/* Removes what only the earlier site had. False, with a sentence, when the list could not be written. */
bool site_folder_close(struct site_folder *f);

#endif
