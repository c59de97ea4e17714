/* What a target demands of every CONNECT, as the standard leaves it free to: a user name and a
 * password, a Keep Alive above 0. Each CONNECT that says nothing about either gets them; what a
 * case says itself stays as it is.
 *
 * The password is the last field of a CONNECT, so what evidence must not show is always at the end
 * of it.
 */
#ifndef HARNESS_DEMANDS_H
#define HARNESS_DEMANDS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/wire/wire.h"

struct arena;

enum { LOGIN_SIZE_MAX = 65535 };

struct login {
	const char *user_name; /* at most LOGIN_SIZE_MAX bytes, as is the password; NULL: none */
	const char *password;  /* NULL: none ... */
	struct bytes secret;   /* ... unless it is these bytes */
};

struct demands {
	const struct login *login; /* NULL: none */
	uint16_t keep_alive;       /* seconds, instead of 0; 0: none */
};

/* Both return how many bytes at the end of the packet are the run's password: 0 when it is not there. */

/* Meets them in a packet that is about to be built, if it is a CONNECT. */
size_t demands_meet(const struct demands *d, struct packet *packet);

/* The same in the bytes of one packet, if they are a CONNECT that can be read to its end; in one
 * that cannot, the fault comes before anybody looks for these. *bytes then points into the arena.
 */
size_t demands_meet_in_bytes(
	struct arena *a, const struct demands *d, enum mqtt_version version, struct bytes *bytes);

#endif
