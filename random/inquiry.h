/* A find is looked into: its scenario is made as short as it gets, on the target itself, and played three times more.
 * What does not show so often in a row is no find.
 */
#ifndef RANDOM_INQUIRY_H
#define RANDOM_INQUIRY_H

#include "random/find.h"
#include "random/venue.h"

struct inquiry {
	struct venue *venue;
	struct arena *arena; /* for what is found */
	int64_t limit_us;    /* for making it shorter */
	const char *folder;  /* captures go to folder/pcap/; or NULL */
	void *user;
	void (*tries)(void *user, size_t steps); /* a candidate of so many */
	/* It is confirmed, and `find` has its record for as long as this takes. */
	void (*found)(void *user, const struct find *find);
	/* The target has died of a candidate, though another find is looked into; it has been launched again. */
	void (*died)(
		void *user, const struct scenario *candidate, const struct record_death *death);
};

/* Fills in what is missing in *f. False: interrupted, or the target is gone. */
bool inquire(const struct inquiry *q, struct find *f, const struct scenario *from);

#endif
