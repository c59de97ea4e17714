/* Text inside XML, HTML and SVG. What XML cannot hold even as a reference (control characters,
 * U+FFFE, U+FFFF, bytes that are not UTF-8) is shown as \xHH; a text may keep its lines and tabs.
 */
#ifndef REPORTS_MARKUP_H
#define REPORTS_MARKUP_H

#include <stdio.h>

void markup_text(FILE *to, const char *text);

/* ` name="value"`; the value on one line. */
void markup_attribute(FILE *to, const char *name, const char *value);

/* As fprintf, but every %s is text to be escaped, in an element as in an attribute; besides it there are %d, %zu
 * and %%.
 */
void markup_print(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
