/* Directives about listeners: each one is about the latest "listener" before it. Within broker/shell only. */
#ifndef BROKER_SHELL_SETTINGS_LISTENER_H
#define BROKER_SHELL_SETTINGS_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct directive;
struct settings;

const struct directive *settings_listener_directives(size_t *count);

bool settings_listener_adds(const struct directive *d); /* to those before it: it may be repeated */

/* Whether it is about all listeners, unless per_listener_settings says otherwise. */
bool settings_listener_is_shared(const struct directive *d);

/* After the last line: what is only known then. False, with a sentence, if listeners lack something. */
bool settings_listener_finish(
	struct settings *s, struct arena *a, const char *path, const char **error);

#endif
