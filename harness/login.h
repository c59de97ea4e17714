/* The user name and password that a target wants of every client: the run's own, added to each CONNECT
 * that says nothing of either. What a case says itself stays as it is.
 *
 * The password is the last field of a CONNECT, so what evidence must not show is always the end of it.
 */
#ifndef HARNESS_LOGIN_H
#define HARNESS_LOGIN_H

#include <stddef.h>

#include "harness/wire/wire.h"

struct arena;

enum { LOGIN_SIZE_MAX = 65535 };

struct login {
	const char *user_name; /* at most LOGIN_SIZE_MAX bytes, as well as the password */
	const char *password;  /* NULL: none */
};

/* Both return how many bytes at the end of the packet are the run's password: 0 when nothing was added.
 * `login` may be NULL.
 */

/* Into a packet that is going to be built, if it is a CONNECT. */
size_t login_add(const struct login *login, struct packet *packet);

/* Into the bytes of one packet, if they are a CONNECT that can be read to its end; one that cannot is
 * at fault before anybody looks for its user name. *bytes then points into the arena.
 */
size_t login_add_to_bytes(
	struct arena *a, const struct login *login, enum mqtt_version version, struct bytes *bytes);

#endif
