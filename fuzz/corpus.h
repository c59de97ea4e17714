/* Exchanges worth going on from: of each answer that a target has given (struct talk), the first that got
 * it. What a target does inside cannot be seen; that it answers in a new way shows that it does something new.
 *
 * On disk an exchange is a file of its text, named by the signature: 0f3a...c1.exchange.
 */
#ifndef FUZZ_CORPUS_H
#define FUZZ_CORPUS_H

#include "base/arena.h"
#include "fuzz/exchange.h"

enum { CORPUS_MAX = 4096, CORPUS_STEPS_MAX = 64, CORPUS_BYTES_MAX = 16 * 1024 };

struct corpus {
	struct arena arena;
	const char *folder; /* where it is kept; NULL: nowhere */
	uint64_t signatures[CORPUS_MAX];
	struct exchange exchanges[CORPUS_MAX];
	size_t count;
	size_t read; /* of them from the folder */
};

/* Makes the folder, and reads what is in it. False, with a sentence, when it cannot be used or holds a file that is
 * no exchange.
 */
bool corpus_init(struct corpus *c, const char *folder, const char **error);
void corpus_fini(struct corpus *c);

/* A copy of it, if this signature is new, there is room and the exchange is not too large. True: it was taken. */
bool corpus_offer(struct corpus *c, uint64_t signature, const struct exchange *e);

#endif
