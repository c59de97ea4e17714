/* What a program says about itself when something in it has gone wrong: reports of sanitizers, panics, failed
 * assertions. Exceptions that a program catches are notes: it may live with them.
 */
#ifndef FUZZ_COMPLAINTS_H
#define FUZZ_COMPLAINTS_H

#include <stdbool.h>
#include <stddef.h>

enum { COMPLAINT_SIZE = 512 };

enum complaint { COMPLAINT_NONE, COMPLAINT_NOTE, COMPLAINT_GRAVE };

struct complaints {
	char line[COMPLAINT_SIZE]; /* that is not whole yet; a longer one is cut */
	size_t len;
	char grave[COMPLAINT_SIZE]; /* the first since complaints_forget; "" without one */
	char note[COMPLAINT_SIZE];  /* the same */
	unsigned notes;             /* ever */
};

/* As struct target's `heard`. */
void complaints_hear(void *complaints, const char *data, size_t len);
void complaints_forget(struct complaints *c);

enum complaint complaint_of(const char *line);

/* What is the same in every such line: numbers are taken out of it. */
void complaint_key(const char *line, char key[static COMPLAINT_SIZE]);

#endif
