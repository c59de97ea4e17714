/* A scenario as a case in C, for a maintainer to start from: the steps in the language of cases, with an expectation
 * where the difference has shown.
 */
#ifndef RANDOM_CASE_TEXT_H
#define RANDOM_CASE_TEXT_H

#include <stddef.h>
#include <stdio.h>

#include "random/step.h"

/* `number` is part of its name; the statement may be "". */
void case_write(FILE *to, const struct scenario *s, const char *statement, size_t number);

#endif
