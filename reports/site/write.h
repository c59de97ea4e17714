/* All files of a site, one after the other. */
#ifndef REPORTS_SITE_WRITE_H
#define REPORTS_SITE_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "reports/site/site.h"

/* Where the files go. `way` is relative to the root, and its folders may not be there yet; the text is gone when
 * `put` returns. False: it could not be written, and nothing more is.
 */
struct site_writer {
	bool (*put)(void *context, const char *way, const char *text, size_t size);
	void *context;
};

bool site_write(const struct site *site, const struct site_writer *to);

#endif
