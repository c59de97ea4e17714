/* Who may read and write which topics: an acl_file as mosquitto reads it.
 *
 *      topic read news/#               of those who give no name: before the first "user"
 *      user alice
 *      topic readwrite home/#          of alice; without a word: readwrite
 *      topic deny home/safe/#          before all that allows
 *      pattern write sensors/%u/%c/#   of everybody, with their own names in it
 *
 * What is not allowed is forbidden. Rules of the user come before patterns, and rules that deny before those
 * that allow.
 */
#ifndef BROKER_ACCESS_RIGHTS_H
#define BROKER_ACCESS_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "mqtt/view.h"

struct arena;
struct rights;

enum right { RIGHT_READ = 1, RIGHT_WRITE = 2 };

/* Whose rights; an empty user name is nobody's. */
struct rights_client {
	struct mqtt_view user_name;
	struct mqtt_view client_id;
};

/* In the arena, and rights_fini is due. NULL, with a sentence that names file and line, if any of it is wrong.
 * rights_parse changes the text.
 */
struct rights *rights_read(struct arena *a, const char *path, const char **error);
struct rights *rights_parse(
	struct arena *a, const char *name, char *text, size_t len, const char **error);
void rights_fini(struct rights *r); /* NULL is fine */

/* In one thread at a time. */
bool rights_allow(struct rights *r, const struct rights_client *client, struct mqtt_view topic,
	enum right right);

/* Whether a subscription could bring anything at all. `filter` may be that of a share. */
bool rights_allow_filter(
	struct rights *r, const struct rights_client *client, struct mqtt_view filter);

#endif
