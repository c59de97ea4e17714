/* Reports go to files that people name, or to standard output for "-". */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct arena;
struct command;

/* NULL, with a sentence on stderr, when the file cannot be made. */
FILE *output_open(const struct command *command, const char *path);

/* It is a pipe whose reader has gone, as that of `| head` does: nothing to complain of. */
bool output_is_unread(FILE *to);

/* Writes what is still to be written: false, with errno, when something could not be, and somebody is there
 * who wants it.
 */
bool output_is_whole(FILE *to);

/* False, with a sentence on stderr, when not everything could be written. */
bool output_close(const struct command *command, const char *path, FILE *to);

/* A folder, with those that it is in; one that exists is fine. False, with errno, if it cannot be made. */
bool output_make_folder(struct arena *a, const char *path);

/* The way from the folder that `output` is in to `folder`: "../out"; "" if they are the same. Where
 * there is none (one of them does not exist), the folder as it is.
 */
const char *output_way(struct arena *a, const char *output, const char *folder);

#endif
