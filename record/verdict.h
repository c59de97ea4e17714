/* What a case run can end with. docs/VERDICTS.md explains each at length. */
#ifndef RECORD_VERDICT_H
#define RECORD_VERDICT_H

#include <stdbool.h>

enum verdict {
	VERDICT_PASS,         /* behaved as the statement demands */
	VERDICT_FAIL,         /* broke a MUST, or a STATED rule */
	VERDICT_NONSTRICT,    /* legal, but missed a SHOULD, or chose an odd Reason Code */
	VERDICT_INFO,         /* an observation with a value: the standard leaves it open */
	VERDICT_INAPPLICABLE, /* the target does not offer the feature, by its own word */
	VERDICT_INCONCLUSIVE, /* a set-up step failed: nothing was learned about the statement */
	VERDICT_CRASH,        /* the target died */
	VERDICT_ERROR,        /* our own fault */
};

enum { VERDICT_COUNT = VERDICT_ERROR + 1 };

const char *verdict_name(enum verdict verdict);
bool verdict_parse(const char *name, enum verdict *verdict); /* false: no such verdict */

/* The one of the two that says the worse thing about the target (pass is the best of all; error and
 * inconclusive, which say nothing about it, rank above pass and below any finding).
 */
enum verdict verdict_worse(enum verdict a, enum verdict b);

/* Whether it says anything about the statement that was looked at: inapplicable, inconclusive and error
 * do not.
 */
bool verdict_tells(enum verdict verdict);

/* What a target's file does not foresee: pass, nonstrict, info and inapplicable are expected unless
 * it says otherwise; the rest are not.
 */
bool verdict_is_good(enum verdict verdict);

/* How strictly a case may judge, RFC 2119: what a breach of its statement is worth. */
enum level { MUST, STATED, SHOULD, MAY };

const char *level_name(enum level level);
bool level_parse(const char *name, enum level *level); /* false: no such level */

#endif
