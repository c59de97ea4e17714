/* Every case, in the order of the chapters. */
#ifndef CASES_LIST_H
#define CASES_LIST_H

#include "harness/case.h"

extern const struct chapter *const all_chapters[];
extern const size_t all_chapter_count;

size_t case_count(void);
const struct case_def *case_at(size_t i);

#endif
