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

/* A store is made under this name, and gets its own when it is whole: what is half made is never taken for one. */
#define FOLDER_NEW "new.mdb"

/* Nothing is left of one that was not finished. */
void folder_tidy(const struct folder *f);

/* Nor of one that was finished a moment ago, and cannot be used. */
void folder_leave(const struct folder *f);

/* It is finished, and becomes the store of the folder. Returns 0 or an errno. */
int folder_adopt(const struct folder *f);

void folder_unlock(struct folder *f);

#endif
