/* The core's questions about users and rights, answered from the policies. A password's hash takes long on purpose:
 * it is computed by libuv's threads, while the link waits.
 *
 *      CONNECT ──▶ login ──▶ thread: hash ──▶ loop: link_decide
 *                    │
 *                    └── the link is gone meanwhile: the login has no connection any more
 *
 * Within broker/shell only.
 */
#ifndef BROKER_SHELL_DOORMAN_H
#define BROKER_SHELL_DOORMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "broker/access/policies.h"
#include "broker/shell/exchanges.h"

struct broker_config;
struct connections;
struct login;
struct settings;

struct doorman {
	struct exchanges exchanges; /* of those who authenticate by a method */
	struct connections *all;    /* whose owners the core's clients are */
	struct policies policies;   /* by realm */
	struct login **logins;      /* under way: a connection knows its place, counted from 1 */
	uint32_t count, capacity;
	bool judges_logins;
	struct buf name; /* from the latest certificate */
	size_t bytes;    /* that their passwords take up */
};

/* Reads the files that the settings name. False, with a sentence, if any of them is wrong. */
bool doorman_init(struct doorman *d, struct connections *all, const struct settings *settings,
	char *error, unsigned error_size);

/* Puts itself behind those hooks that its policies need. */
void doorman_attend(struct doorman *d, struct broker_config *config);

/* Reads the files again, or others. False, with a sentence, and all as it was, if any of them is wrong, or would need
 * other hooks than before.
 */
bool doorman_reload(
	struct doorman *d, const struct settings *settings, char *error, unsigned error_size);

/* All connections are closed, and the loop has run to its end. One that is all zero is fine. */
void doorman_fini(struct doorman *d);

#endif
