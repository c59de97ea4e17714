/* Client certificates: which ones a place of the target lets in, and what there is to show. Plain data. */
#ifndef HARNESS_CERTIFICATES_H
#define HARNESS_CERTIFICATES_H

#include <stdbool.h>

/* What is wrong with one. */
enum certificate {
	CERTIFICATE_GOOD, /* nothing is */
	CERTIFICATE_MISSING,
	CERTIFICATE_EXPIRED,
	CERTIFICATE_EARLY,   /* not valid yet */
	CERTIFICATE_FOREIGN, /* of another CA */
	CERTIFICATE_REVOKED,
	CERTIFICATE_COUNT,
};

struct certificates {
	const char *folder; /* with client.pem, client.key, client-expired.pem and so on */
	bool refused[CERTIFICATE_COUNT]; /* by whoever configured the target */
	const char *lack;                /* with no place for them: why, as a sentence */
};

/* "missing", "expired" ..., as a target's file calls them; NULL for a good one. */
const char *certificate_word(enum certificate certificate);

#endif
