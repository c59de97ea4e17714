/* An INI file as a list of settings, each with its line, so that whoever reads them can say where a
 * fault is. inih does the parsing; what it would cut off without a word (long lines, long names) or
 * could not express (indentation, `#` and `;` inside a value) is seen to here.
 *
 *   [section]                ; a comment; so is a line that begins with # or ;
 *   name = value             a value ends at a `;` after a blank
 *   name = first line        indented lines belong to the value above them: joined by newlines,
 *     second line            without their indentation
 *     |   third line         after a bar a line is taken as it stands, but for one blank;
 *   | fourth line            indented or not
 */
#ifndef HARNESS_INI_FILE_H
#define HARNESS_INI_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct ini_setting {
	const char *section; /* "" before the first one */
	const char *name;
	const char *value;
	int line;         /* of the name */
	int section_line; /* of the section's head: tells two of one name apart */
	int uneven_line; /* a line of the value that lost more or less indentation than the first; 0 */
};

struct ini_file {
	struct ini_setting *list;
	size_t count;
};

/* On failure *error is a sentence with file and line ("my.ini:7: ..."). Everything is in the arena. */
bool ini_file_read(struct arena *a, const char *path, struct ini_file *out, const char **error);

/* The same of a text in memory; `path` is for the error. */
bool ini_file_parse(struct arena *a, const char *path, const char *text, size_t len,
	struct ini_file *out, const char **error);

/* The lines of a value as one. */
const char *ini_prose(struct arena *a, const char *value);

#endif
