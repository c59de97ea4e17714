/* The text of a scenario: a line for who is there, then one for each step.
 *
 *	seed 7
 *	client 1 5.0
 *	client 2 3.1.1
 *	observer 5.0
 *	1 connect keep 300 will a/b q1 retain
 *	2 subscribe a/+ q1
 *	settle
 *	1 publish a/b q2 retain properties 5 size 100
 *
 * `careful` on a line of its own, before the steps: each settles before the next. Blank lines, and what follows a `#` that a line begins with, mean nothing.
 */
#ifndef RANDOM_TEXT_H
#define RANDOM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "random/step.h"

struct arena;
struct buf;

enum { STEP_TEXT_SIZE = 200 };

void step_text(const struct step *s, char out[static STEP_TEXT_SIZE]);
void scenario_write(struct buf *to, const struct scenario *s);

/* Everything in *out is in the arena. False, with a sentence that names the line, in the arena. */
bool scenario_read(struct arena *a, const char *text, struct scenario *out, const char **error);

#endif
