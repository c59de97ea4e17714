/* Command lines that a shell takes back as they are. */
#ifndef BASE_SHELL_H
#define BASE_SHELL_H

struct buf;

/* Appends the word, in quotes if it needs them, after a blank unless it is the first. */
void shell_add_word(struct buf *b, const char *word);

#endif
