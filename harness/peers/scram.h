/* The client's side of a SCRAM exchange (RFC 5802, RFC 7677), as Authentication Data carries it. The work is libgsasl's.
 */
#ifndef HARNESS_SCRAM_H
#define HARNESS_SCRAM_H

#include <stdbool.h>

#include "harness/wire/wire.h"

struct arena;
struct scram;
struct user;

/* "SCRAM-SHA-256", "SCRAM-SHA-1". */
bool scram_knows(const char *method);

/* A new exchange; NULL when there is no memory. Freed by scram_free. */
struct scram *scram_new(const char *method, const struct user *user);

enum scram_status {
	SCRAM_GOES_ON, /* *say is to be sent */
	SCRAM_DONE,   /* the server has proved that it knows the password, too; *say may be empty */
	SCRAM_BROKEN, /* what the server said does not belong here, or proves nothing */
};

/* What to say to what the server said; nothing at first. *say is in the arena. */
enum scram_status scram_step(
	struct scram *s, struct arena *a, struct bytes heard, struct bytes *say);

void scram_free(struct scram *s); /* NULL is fine */

#endif
