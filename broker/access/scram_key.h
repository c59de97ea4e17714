/* What a broker keeps of a password for SCRAM (RFC 5802, RFC 7677): enough to recognize whoever knows it, and nothing
 * that lets the broker's files pass for him. One entry of a scram_file, as gsasl(1) --mkpasswd prints it, too:
 *
 *      {SCRAM-SHA-256}ITERATIONS,SALT,STOREDKEY,SERVERKEY     the last three are base64
 */
#ifndef BROKER_ACCESS_SCRAM_KEY_H
#define BROKER_ACCESS_SCRAM_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mqtt/view.h"

enum scram_method { SCRAM_SHA_256, SCRAM_SHA_1, SCRAM_METHODS };

enum {
	SCRAM_ITERATIONS_MIN = 4096, /* RFC 7677, section 4 */
	SCRAM_ITERATIONS = 15000,    /* of new ones: what it thinks a client has the time for */
	SCRAM_ITERATIONS_MAX = 10000000,
	SCRAM_SALT_MAX = 64,
	SCRAM_HASH_MAX = 32,
	SCRAM_TEXT_MAX = 256, /* of an entry, its NUL included */
};

/* Plain data. The texts are base64, which is how libgsasl takes them. */
struct scram_key {
	enum scram_method method;
	uint32_t iterations;
	char salt[SCRAM_SALT_MAX * 2];
	char stored[SCRAM_HASH_MAX * 2];
	char server[SCRAM_HASH_MAX * 2];
};

/* False: it is none of them. */
bool scram_method_named(struct mqtt_view name, enum scram_method *method);
const char *scram_method_name(enum scram_method method);
size_t scram_hash_bytes(enum scram_method method);

/* NULL, or what is wrong with the text. */
const char *scram_key_read(struct scram_key *k, const char *text);

/* A new one with a salt of its own. NULL, or why there is none. */
const char *scram_key_make(
	struct scram_key *k, enum scram_method method, const char *secret, uint32_t iterations);

void scram_key_write(const struct scram_key *k, char text[static SCRAM_TEXT_MAX]);

/* NULL, or why nobody can have this name in SCRAM: clients prepare theirs (SASLprep), and would send another one. */
const char *scram_name_lack(const char *name);

#endif
