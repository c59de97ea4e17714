/* The files that a launched program gets in its private folder: [file NAME] of a target's file, and
 * [persistent file NAME].
 */
#ifndef HARNESS_TARGET_DOCUMENT_H
#define HARNESS_TARGET_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct ini_setting;

/* A file that is written, or a link that is made, in the program's private folder. */
struct target_document {
	const char *name;    /* relative to the folder */
	const char *content; /* with placeholders; NULL for a link */
	const char *link;    /* where it points; NULL for a file */
	int line;
};

/* Under way; all zero at first. */
struct target_documents {
	struct target_document *list;
	size_t count, capacity;
	int section;     /* section_line of the last one */
	int uneven_line; /* of the first whose meaning is in an indentation that is lost; 0: none ... */
	const char *uneven; /* ... and its name */
};

/* One line of the section of the file `name`. NULL: it is fine; else what is wrong with it, as a sentence;
 * *with_section: with the head of the section.
 */
const char *target_document_read(struct arena *a, struct target_documents *all, const char *name,
	const struct ini_setting *s, bool *with_section);

/* `all`, with those of `instead` in the places of those that have their names, and after them. In the
 * arena.
 */
const struct target_document *target_documents_merge(struct arena *a,
	const struct target_document *all, size_t all_count, const struct target_documents *instead,
	size_t *count);

#endif
