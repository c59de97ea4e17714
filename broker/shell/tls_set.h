/* What TLS takes, for all listeners of a configuration: read together, so that all of it can be had or none. Within
 * broker/shell only.
 */
#ifndef BROKER_SHELL_TLS_SET_H
#define BROKER_SHELL_TLS_SET_H

#include <stdbool.h>

#include "broker/shell/settings.h"

struct tls;

struct tls_set {
	struct tls *list[LISTENERS_MAX]; /* NULL: the listener has none */
};

/* False, with a sentence and an empty set, if any of them cannot be had. */
bool tls_set_read(
	struct tls_set *set, const struct settings *settings, char *error, unsigned error_size);

void tls_set_drop(struct tls_set *set);

#endif
