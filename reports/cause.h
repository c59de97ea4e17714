/* Failures by what they have in common: one cause is one thing to read, and one entry of a target file.
 *
 *	24 fail  5.0:MQTT-3.3.1-1 dup
 *	         the DUP flag: expected PUBLISH "..." qN dup 1, actual PUBLISH "..." qN dup 0
 *	         publish_again, pubrel_again, table/row, and 21 more
 *
 * Failures that accuse one statement of one difference (record/difference.h) have one cause. What
 * the monitor found must sound alike as well, and so must failures without a word for their
 * difference. Those that accuse no statement (a set-up, a death, our own faults, verdicts better
 * than foreseen) have one cause if they sound alike.
 */
#ifndef REPORTS_CAUSE_H
#define REPORTS_CAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "record/record.h"

struct buf;

enum { CAUSE_EXAMPLES = 3 };

struct cause {
	enum verdict verdict;
	const char
		*name; /* as a target file names it: "5.0:MQTT-3.3.1-1 dup"; NULL: no statement */
	const char *statement;  /* or NULL */
	const char *difference; /* or NULL */
	bool as_asked; /* a client that sends or tells something else than its user asked for: broken is what
			* every user wants, and no statement of the standard */
	size_t count;                         /* case runs */
	const char *examples[CAUSE_EXAMPLES]; /* ids of some, each once */
	size_t example_count;
	size_t others; /* case runs whose ids are not among the examples */

	/* What cause_sentence is made of. */
	const char *key, *first, *alike;
	uint64_t properties; /* bit n: property n is named where a property differs */
	bool varies;         /* not all have the text `first` ... */
	bool differs;        /* ... and not all are like it */
};

struct causes {
	struct arena arena; /* of everything; what was added may go */
	struct cause *list; /* as they came up */
	size_t count, capacity;
	size_t case_count;
};

/* All zero is an empty list, too. */
void causes_init(struct causes *c);
void causes_fini(struct causes *c);

/* Returns the index of its cause, which may be new (count 1). For any verdict but an expected good one. */
size_t causes_add(struct causes *c, const struct record_case *record);

/* The rules of the standard first, then what is as_asked; of these the largest first, then the worse verdict, then as they came up. In the arena of the list. */
const struct cause **causes_by_size(struct causes *c);

/* The `most` largest, in the order of the standard's sections; then those that accuse no statement; then
 * what is as_asked. In the arena of the list.
 */
const struct cause **causes_by_section(struct causes *c, size_t most);

/* What those that are as_asked have in common. */
extern const char cause_as_asked[];

/* Appends what was wrong, in one sentence. */
void cause_sentence(struct buf *b, const struct cause *cause);

/* Appends "publish_again, table/row, and 21 more". */
void cause_examples(struct buf *b, const struct cause *cause);

#endif
