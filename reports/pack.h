/* Text that a page holds without showing it: deflated (RFC 1951) and written in Base64 (RFC 4648), which
 * a browser reads by itself when somebody wants to see it.
 */
#ifndef REPORTS_PACK_H
#define REPORTS_PACK_H

#include <stddef.h>
#include <stdio.h>

/* One line, without its newline. */
void pack_put(FILE *to, const char *text, size_t size);

#endif
