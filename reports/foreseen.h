/* Failures that the target's file foresees, by the reasons that it gives: a reason is one line,
 * however many case runs come to it.
 *
 *	13 case runs fail as foreseen: The broker drops the Will. (disconnect_with_will/0x80, for example)
 */
#ifndef REPORTS_FORESEEN_H
#define REPORTS_FORESEEN_H

#include <stddef.h>

#include "base/arena.h"
#include "record/record.h"

struct buf;
struct spec_statement;

struct foreseen_reason {
	enum verdict verdict;
	const char *text;                       /* NULL: the file gives none */
	const char *example;                    /* the id of the first */
	const struct spec_statement *statement; /* that the first breaks; NULL: none is known */
	size_t count;                           /* case runs */
};

/* All zero is an empty list. */
struct foreseen {
	struct arena arena; /* of everything; what was added may go */
	struct foreseen_reason *list;
	size_t count, capacity;
};

void foreseen_fini(struct foreseen *f); /* an empty list again */

void foreseen_add(struct foreseen *f, const struct record_case *record);

/* In the order of the standard's sections; what breaks no statement comes last. */
void foreseen_sort(struct foreseen *f);

/* Appends one sentence, or what stands for it in the target's file. */
void foreseen_sentence(struct buf *b, const struct foreseen_reason *reason);

#endif
