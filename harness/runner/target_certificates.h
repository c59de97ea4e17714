/* [certificates] of a target's file: where it lets in only clients with a good certificate. */
#ifndef HARNESS_TARGET_CERTIFICATES_H
#define HARNESS_TARGET_CERTIFICATES_H

#include <stdbool.h>

#include "harness/certificates.h"

struct arena;
struct ini_setting;

/* All zero where the file has no such section. */
struct target_certificates {
	int line;                /* of the section; 0: there is none */
	const char *const *urls; /* with placeholders, NULL after the last */
	bool has_refused;
	struct certificates those; /* its folder NULL: that of the PKI of a launched program */
};

/* One line of it. `folder` is that of the file. NULL: it is fine; else what is wrong with it, as a sentence. */
const char *target_certificates_read(struct arena *a, struct target_certificates *c,
	const char *folder, const struct ini_setting *s);

/* What no single line can say; NULL: nothing is wrong. Fills in what is usual. */
const char *target_certificates_finish(struct target_certificates *c);

#endif
