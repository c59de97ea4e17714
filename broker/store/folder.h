/* The folder of a store, locked against a second broker. */
#ifndef BROKER_STORE_FOLDER_H
#define BROKER_STORE_FOLDER_H

#include <stdbool.h>

struct folder {
	const char *path; /* borrowed */
	int fd;           /* holds the lock, which ends with the process */
};

/* False, with a sentence, if there is none, or another broker has it. */
bool folder_lock(struct folder *f, const char *path, char *error, unsigned error_size);

/* Nothing is left of a store that could not be made. */
void folder_leave(const struct folder *f);

void folder_unlock(struct folder *f);

#endif
