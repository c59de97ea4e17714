/* The file of a target: how to launch a broker or a client, what it offers, and what it is known to get
 * wrong.
 * docs/TARGETS.md describes the format for people.
 */
#ifndef HARNESS_TARGET_FILE_H
#define HARNESS_TARGET_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/runner/expectation.h"
#include "harness/runner/features.h"
#include "harness/runner/plan.h"
#include "harness/runner/target_certificates.h"
#include "harness/runner/target_document.h"
#include "harness/runner/target_persistent.h"

struct arena;
struct client;
struct users;

struct target_file {
	const char *path;
	int line;                   /* of [target]; 0: it has none */
	const char *name;           /* for people: "Eclipse Mosquitto" */
	const char *package;        /* what to install; NULL: not said */
	const char *install;        /* the recipe that installs it (target_install.h); or NULL */
	const char *url;            /* of a target that is not launched; NULL: it is */
	const char *const *command; /* words with placeholders, NULL after the last one */
	const char *const *agent;   /* the same, of a client's agent; or NULL */
	const char *const *exec;    /* the same, of a client without one; or NULL */
	const char *const *version_command; /* the same, or NULL */
	const char
		*version_pattern; /* extended regular expression; its first group is the version */
	const char *const
		*environment;      /* "NAME=value" with placeholders, NULL after the last one */
	unsigned versions;         /* V311, V50 or BOTH: served, by its own word */
	struct routes transports;  /* that `exec` can be told to use; none: nobody has said */
	unsigned ready_ms;         /* how long it may take to answer */
	const char *user_name;     /* for every CONNECT; NULL: none */
	const char *password;      /* itself ... */
	const char *password_file; /* ... or the path of a file that has it; or NULL */
	const char
		*topics; /* what whoever hosts it asks of its guests: see harness/peers/guest.h */
	const char *client_ids;
	struct users *users; /* [users] and [access]; NULL: it has none */
	const char *const
		*users_urls; /* where they are asked who they are: NULL after the last, and
					* with placeholders; NULL: anywhere */
	struct target_certificates certificates;
	unsigned connect_rate; /* connections a second, at most; 0: any number */
	const struct target_document *documents;
	size_t document_count;
	struct target_persistent persistent; /* its line is 0: the file does not say */
	const char *warning; /* it may mean something other than it says: a sentence; or NULL */
	struct features features[2]; /* of 3.1.1 and of 5.0 */
	struct expectations expected;
};

/* Whether its command, its environment or one of its files has this placeholder ("port"). */
bool target_file_asks(const struct target_file *file, const char *placeholder);

/* The folder that it is in, which command lines call {here}; in the arena. */
const char *target_file_folder(struct arena *a, const struct target_file *file);

/* Whether the file is about a client, and which one: `out` points into the file, with `here` in the
 * arena.
 */
bool target_file_client(struct arena *a, const struct target_file *file, struct client *out);

/* Reads and checks the whole file. On failure *error is a sentence with file and line. Everything is
 * in the arena.
 */
bool target_file_read(
	struct arena *a, const char *path, struct target_file *out, const char **error);

/* The same of a text in memory; `path` is for the error. */
bool target_file_parse(struct arena *a, const char *path, const char *text, size_t len,
	struct target_file *out, const char **error);

/* The expectations alone; a file that has nothing else is fine here. */
bool target_file_read_expected(
	struct arena *a, const char *path, struct expectations *out, const char **error);

#endif
