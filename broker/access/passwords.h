/* The users of a password file: one "NAME:PASSWORD" a line, see password.h. */
#ifndef BROKER_ACCESS_PASSWORDS_H
#define BROKER_ACCESS_PASSWORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "broker/access/password.h"
#include "mqtt/view.h"

struct arena;
struct passwords;

/* In the arena, to be cleared before it goes. NULL, with a sentence that names file and line, if any of it is
 * wrong. passwords_parse changes the text.
 */
struct passwords *passwords_read(struct arena *a, const char *path, const char **error);
struct passwords *passwords_parse(
	struct arena *a, const char *name, char *text, size_t len, const char **error);

/* What the user has to match: never NULL. A name that is unknown gets one that costs as much as that of
 * anybody else, and that nothing matches.
 */
const struct password *passwords_find(const struct passwords *p, struct mqtt_view name);

/* Wipes the hashes. NULL is fine. */
void passwords_clear(struct passwords *p);

#endif
