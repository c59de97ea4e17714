/* A page of explanation: headings, paragraphs, and labelled fields that line up. */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct page {
	FILE *to;
	size_t width; /* of the screen */
	bool color;
	bool begun; /* there is something on it */
};

/* A line of its own in bold, after an empty line unless it is the first. */
void page_heading(struct page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A paragraph below the heading. */
void page_text(struct page *p, const char *text);

/* "note      Probe with a ...": nothing for an empty text. The label may be "" to go on with the
 * field above.
 */
void page_field(struct page *p, const char *label, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
