/* Exchanges worth going on from: of each answer that a target has given (struct talk), the first that got
 * it. What a target does inside cannot be seen; that it answers in a new way shows that it does something new.
 *
 * On disk an exchange is a file of its text, named by the signature: 0f3a...c1.exchange. A file beside them, `about`,
 * says whom they are for, since what is sent to a server is of no use against a client.
 */
#ifndef FUZZ_CORPUS_H
#define FUZZ_CORPUS_H

#include "base/arena.h"
#include "fuzz/draw.h"
#include "fuzz/exchange.h"
#include "harness/monitor/monitor.h"

enum { CORPUS_MAX = 4096, CORPUS_STEPS_MAX = 64, CORPUS_BYTES_MAX = 16 * 1024 };

struct corpus {
	struct arena arena;
	const char *folder; /* where it is kept; NULL: nowhere */
	enum side ours;     /* who sends what is in it */
	uint64_t signatures[CORPUS_MAX];
	struct exchange exchanges[CORPUS_MAX];
	unsigned versions[CORPUS_MAX]; /* of the exchanges: masks of V311 and V50 */
	size_t count;
	size_t read; /* of them from the folder */
};

/* Makes the folder, and reads what is in it. `maker` is the version of this program. False, with a sentence, when it
 * cannot be used, holds a file that is no exchange, or is of the other side.
 */
bool corpus_init(struct corpus *c, const char *folder, enum side ours, const char *maker,
	const char **error);
void corpus_fini(struct corpus *c);

/* A copy of it, if this signature is new, there is room and the exchange is not too large. True: it was taken. */
bool corpus_offer(struct corpus *c, uint64_t signature, const struct exchange *e);

/* One of those that speak these versions alone, mask of V311 and V50; NULL: there is none. */
const struct exchange *corpus_draw(const struct corpus *c, struct draw *draw, unsigned versions);

#endif
