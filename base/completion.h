/* What a shell may complete a command line with. The shell's script asks the program itself:
 *
 *	PROGRAM completion words WORD...
 *
 * with all words after the program's name, the last of them being the one that is typed, perhaps empty.
 * The answer is a line for each candidate: the word, a tab, and what it means. A line "=files" or
 * "=folders" leaves it to the shell to offer those.
 */
#ifndef BASE_COMPLETION_H
#define BASE_COMPLETION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct option; /* of getopt_long */

struct completion {
	FILE *to;
	const char *current; /* the word being typed, or its value after "--option=" */
	const char *prefix;  /* "--option=" then; else "" */
	int prefix_len;
};

/* What the value of an option may be: words with blanks between them, among them "=files" and "=folders".
 */
struct completion_value {
	const char *option; /* "pcap" for --pcap */
	const char *words;
};

/* One candidate, if it begins like what is typed. `meaning` may be NULL; its first line counts. */
void completion_offer(const struct completion *c, const char *word, const char *meaning);

/* Each of the words. */
void completion_offer_words(const struct completion *c, const char *words);

/* The options of a table of getopt_long, with what `help` says after each. */
void completion_offer_options(
	const struct completion *c, const struct option *table, const char *help);

/* What `help` says after an option, "--pcap" or "-W": from the first line that begins with it, after two
 * blanks or more. NULL if it says nothing. `out` holds a line.
 */
const char *completion_meaning(const char *help, const char *option, char out[static 128]);

/* The option whose value is typed: the word before is one that needs a value, or the word itself goes on
 * after "--option=", and then `c` is about the value. NULL: it is no value.
 */
const struct option *completion_option(
	struct completion *c, const struct option *table, const char *previous);

#endif
