/* What an output stream leads to. */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

bool screen_is_live(FILE *to);   /* a terminal that can redraw a line: no pipe, no TERM=dumb */
bool screen_has_color(FILE *to); /* that, and NO_COLOR is not set */

/* Columns of the terminal; `otherwise` in a pipe, or when it does not say. */
size_t screen_width(FILE *to, size_t otherwise);

#endif
