/* One stored password, as mosquitto_passwd writes it:
 *
 *      $7$ITERATIONS$SALT$HASH     PBKDF2 with HMAC-SHA512 (RFC 8018), 64 bytes
 *      $6$SALT$HASH                SHA512 of the password and the salt, in this order; read only
 *
 * SALT and HASH are base64. Plain data: may be copied, and matched in any thread.
 */
#ifndef BROKER_ACCESS_PASSWORD_H
#define BROKER_ACCESS_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PASSWORD_HASH_BYTES = 64,
	PASSWORD_SALT_MAX = 64,
	PASSWORD_ITERATIONS =
		101, /* of new ones: what mosquitto_passwd takes unless told otherwise */
	PASSWORD_ITERATIONS_MAX = 10000000,
	PASSWORD_TEXT_MAX = 288, /* of the text, its NUL included */
};

enum password_kind { PASSWORD_NOBODYS, PASSWORD_SHA512 = 6, PASSWORD_PBKDF2 = 7 };

struct password {
	enum password_kind kind; /* PASSWORD_NOBODYS: matches nothing */
	uint32_t iterations;     /* of PBKDF2 */
	uint8_t salt_bytes;
	uint8_t salt[PASSWORD_SALT_MAX];
	uint8_t hash[PASSWORD_HASH_BYTES];
	bool never; /* costs what it costs, and matches nothing */
};

/* NULL, or what is wrong with the text. */
const char *password_read(struct password *p, const char *text);

/* A new one with a salt of its own. False if the system has no random bytes. */
bool password_make(struct password *p, const void *secret, size_t len, uint32_t iterations);

void password_write(const struct password *p, char text[static PASSWORD_TEXT_MAX]);

/* Takes as long as the hash takes, whatever the answer. */
bool password_matches(const struct password *p, const void *secret, size_t len);

#endif
