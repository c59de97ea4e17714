/* Cuts an exchange down to what still shows something: first whole connections, then steps, then bytes.
 * (Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing Input, IEEE TSE 28(2), 2002.)
 */
#ifndef FUZZ_MINIMISER_H
#define FUZZ_MINIMISER_H

#include "fuzz/exchange.h"

struct minimiser {
	/* Whether this one shows it, too. */
	bool (*shows)(void *user, const struct exchange *e);
	bool (*goes_on)(void *user); /* false: what has been reached is the result */
	void *user;
	unsigned tried; /* exchanges so far */
};

/* `e` shows it. The result does, is in the arena, and is `e` at worst. */
struct exchange minimiser_run(struct minimiser *m, struct arena *a, const struct exchange *e);

#endif
