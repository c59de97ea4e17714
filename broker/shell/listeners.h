/* All that the broker listens on. Within broker/shell only. */
#ifndef BROKER_SHELL_LISTENERS_H
#define BROKER_SHELL_LISTENERS_H

#include <stdbool.h>

#include "broker/shell/listener.h"
#include "broker/shell/settings.h"
#include "broker/shell/tls_set.h"

struct listeners {
	struct listener list[LISTENERS_MAX]; /* their connections outlive their being open */
	unsigned count;                      /* that are open */
	bool per_listener;                   /* each has a realm of its own */
};

/* Those of the settings, which are borrowed, or port 1883 of the loopback address. False, with a sentence, if any of
 * them cannot be opened: those that are open are to be closed.
 */
bool listeners_open(struct listeners *l, uv_loop_t *loop, struct connections *all,
	const struct settings *settings, char *error, unsigned error_size);

/* Whether the settings are about the same listeners, as far as that cannot change. */
bool listeners_fit(const struct listeners *l, const struct settings *settings);

/* New connections get what is in the set, which gets what they had. */
void listeners_renew(struct listeners *l, struct tls_set *set);

/* True while any of them waits for memory or descriptors. */
bool listeners_retry(struct listeners *l);

void listeners_close(struct listeners *l);
void listeners_fini(struct listeners *l); /* all connections are closed */

#endif
