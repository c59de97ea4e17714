/* Who is let in, and what for: one policy for each realm, the listeners having one in common unless the
 * configuration keeps them apart (per_listener_settings).
 */
#ifndef BROKER_ACCESS_POLICIES_H
#define BROKER_ACCESS_POLICIES_H

#include <stdbool.h>

#include "base/arena.h"

struct passwords;
struct rights;
struct scram_users;

/* What the configuration says of one realm. */
struct policy_files {
	bool allow_anonymous;
	const char *
		password_file; /* NULL: none; then a name is taken on trust from those whom allow_anonymous
				    * lets in */
	const char *scram_file; /* NULL: none; then there is no enhanced authentication */
	const char *acl_file;   /* NULL: everybody may do everything */
};

struct policy {
	bool allow_anonymous;
	struct passwords *passwords; /* NULL: there are none */
	struct scram_users *scram;   /* NULL: there are none */
	struct rights *rights;       /* NULL: everybody may do everything */
};

struct policies {
	struct arena arena;
	struct policy *list;
	unsigned count;
};

/* Reads all files. False, with nothing to be freed, if any of them is wrong: `error` then has a sentence with
 * file and line.
 */
bool policies_read(struct policies *p, const struct policy_files *files, unsigned count,
	char *error, unsigned error_size);

/* Wipes what is secret. One that is all zero is fine. */
void policies_free(struct policies *p);

#endif
