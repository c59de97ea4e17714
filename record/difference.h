/* In a word, what was wrong with what came: the `difference` of a failure. Failures of one statement
 * that differ in the same way have one cause, and target files name causes by these words.
 * docs/RECORDS.md lists them.
 */
#ifndef RECORD_DIFFERENCE_H
#define RECORD_DIFFERENCE_H

struct record_failure;

/* What the word means, for people: "the DUP flag". The words are those of spec_difference_name, and
 * "monitor" and "foreign". NULL: no such word is known here, though a record of a later version may
 * have it.
 */
const char *difference_meaning(const char *word);

/* The word of a failure; NULL: none is known. A record from before there were words shows by its
 * step that the monitor spoke.
 */
const char *difference_of(const struct record_failure *failure);

#endif
