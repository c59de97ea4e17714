/* Why a run, or the records of one, says too little about its target: sentences for exit code 3. */
#ifndef CLI_TROUBLE_H
#define CLI_TROUBLE_H

#include <stddef.h>

struct arena;
struct runs;

/* For this many case runs with the verdict `error`, at least one. In the arena. */
const char *trouble_of_errors(struct arena *a, size_t count);

/* NULL: the records say enough. */
const char *trouble_of_records(struct arena *a, const struct runs *runs);

#endif
