/* Sets of protocol versions as people write them: masks of V311 and V50. */
#ifndef CLI_VERSIONS_H
#define CLI_VERSIONS_H

#include <stdbool.h>

/* "3.1.1", "5.0", or both with a blank between. */
const char *versions_text(unsigned versions);

/* "5.0", "3.1.1,5.0", "both"; false on anything else. */
bool versions_parse(const char *text, unsigned *versions);

#endif
