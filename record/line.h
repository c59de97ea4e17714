/* JSON as text, straight into a buffer: most records are never read by anybody, and a tree of one would cost
 * as much as all the rest of a case run.
 *
 *   line_open(b, NULL, '{')  line_string(b, "type", "run")  ...  line_close(b, '}')
 *
 * Commas are put where they belong. Bytes that are not UTF-8 become the text \xHH.
 */
#ifndef RECORD_LINE_H
#define RECORD_LINE_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

/* `bracket` is one of [ and {; key is NULL for an element of an array, and for all of it. */
void line_open(struct buf *b, const char *key, char bracket);
void line_close(struct buf *b, char bracket);

void line_key(struct buf *b, const char *key); /* what comes next is its value */
void line_string(struct buf *b, const char *key, const char *text);    /* NULL becomes "" */
void line_string_if(struct buf *b, const char *key, const char *text); /* NULL: left out */
void line_number(struct buf *b, const char *key, int64_t number);      /* key as in line_open */
void line_flag(struct buf *b, const char *key, bool flag);

/* An element, or the value of a key; as short as it can be read back, null unless it is finite. */
void line_real(struct buf *b, double real);

#endif
