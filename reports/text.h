/* Text for people: measured by what it takes on the screen, and safe to show. Control characters,
 * bytes that are not UTF-8 and characters that turn the direction of writing come from targets too;
 * they are shown as \xHH, and count so.
 */
#ifndef REPORTS_TEXT_H
#define REPORTS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct buf;

size_t text_width(const char *text); /* columns */

void text_put(FILE *to, const char *text);
void text_pad(FILE *to, const char *text, size_t width); /* with blanks after, up to `width` */

/* At most `width` columns; the last three are dots when something was left out. */
void text_cut(FILE *to, const char *text, size_t width);

/* Appends the text. What is longer than 200 bytes without a blank or a quotation mark, such as a topic of 65,535,
 * is cut in the middle: "aaaa ... (65535 bytes) ... aaaa". Records keep it whole.
 */
void text_shorten(struct buf *b, const char *text);

/* Where a paragraph stands. */
struct text_block {
	size_t column; /* where its first line begins: the cursor is there already */
	size_t indent; /* where the others begin */
	size_t width;  /* of the screen; 0: unlimited */
};

/* Breaks at blanks; a word that is too long for a line stays whole, as far as text_shorten leaves it so. Ends without a newline. */
void text_wrap(FILE *to, const char *text, struct text_block block);

/* Colours and the like, ended by INK_OFF. */
#define INK_BOLD   "\x1b[1m"
#define INK_DIM    "\x1b[2m"
#define INK_RED    "\x1b[31m"
#define INK_GREEN  "\x1b[32m"
#define INK_YELLOW "\x1b[33m"
#define INK_OFF    "\x1b[0m"

const char *text_ink(bool color, const char *ink); /* `ink`, or "" without colour */

enum { TEXT_SIZE = 32 };

/* "850 us", "12 ms", "2.1 s", "3 min 5 s", "1 h 2 min". Returns `out`. */
const char *text_duration(int64_t us, char out[static TEXT_SIZE]);

/* Of what `mqttspec random` has played: "0 finds in 195 scenarios, 39195 steps". Returns `out`. */
enum { TEXT_SCENARIOS_SIZE = 112 };
const char *text_scenarios(
	size_t finds, size_t scenarios, size_t steps, char out[static TEXT_SCENARIOS_SIZE]);

/* At most three digits after the point, and no zeros at the end: "3104.564", "2". Returns `out`. */
const char *text_number(double number, char out[static TEXT_SIZE]);

#endif
