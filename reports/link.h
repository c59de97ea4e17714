/* Links in reports: percent-encoded (RFC 3986), so no character of a path or of a name can end the
 * attribute, or the Markdown, that they stand in.
 */
#ifndef REPORTS_LINK_H
#define REPORTS_LINK_H

#include <stdbool.h>

struct buf;

/* The way to a file, from the folder of the report or absolute: "./a%20b/run.jsonl". */
void link_add_file(struct buf *b, const char *way);

/* A value after "=" in the part after "#". */
void link_add_value(struct buf *b, const char *value);

/* An address of somebody else. False, and nothing, unless it is one of the web. */
bool link_add_web(struct buf *b, const char *url);

#endif
