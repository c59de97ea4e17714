/* The keys of a psk_file, which TLS takes in the place of certificates: one "IDENTITY:KEY" a line, the key in hex. */
#ifndef BROKER_ACCESS_PSK_KEYS_H
#define BROKER_ACCESS_PSK_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PSK_IDENTITY_MOST = 127, /* what OpenSSL's clients send at most */
	PSK_KEY_MOST = 64,       /* bytes */
};

struct arena;
struct psk_keys;

struct psk_key {
	char identity[PSK_IDENTITY_MOST + 1];
	unsigned line; /* in the file */
	uint8_t len;
	uint8_t bytes[PSK_KEY_MOST];
};

/* NULL, with a sentence in the arena that names file and line, if any of it is wrong. psk_keys_parse changes the
 * text.
 */
struct psk_keys *psk_keys_read(struct arena *a, const char *path, const char **error);
struct psk_keys *psk_keys_parse(
	struct arena *a, const char *name, char *text, size_t len, const char **error);

/* NULL: nobody is called that. */
const struct psk_key *psk_keys_find(const struct psk_keys *k, const char *identity);

void psk_keys_free(struct psk_keys *k); /* wiped; NULL is fine */

#endif
