/* Passwords that are kept in a file of their own, in one line. */
#ifndef HARNESS_PASSWORD_H
#define HARNESS_PASSWORD_H

struct arena;

/* Without the end of the line; in the arena. NULL, with a sentence that names the file: it cannot be read, or is
 * not one line of text of at most 65535 bytes.
 */
const char *password_read(struct arena *a, const char *path, const char **error);

#endif
