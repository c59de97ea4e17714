#include "broker/access/password.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

enum { SALT_BYTES = 12 /* of new ones */ };

/* ---- base64 -------------------------------------------------------------------------------- */

static bool is_base64(const char *text, size_t len)
{
	size_t pad = 0;

	if (!len || len % 4)
		return false;
	while (pad < 2 && text[len - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < len - pad; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '+' && text[i] != '/')
			return false;
	return true;
}

/* Up to the end or the first '$', where *text then is. False if that is no base64 of 1 to `most` bytes. */
static bool take_base64(const char **text, uint8_t *bytes, size_t most, size_t *count)
{
	const char *from = *text;
	size_t len = strcspn(from, "$");
	uint8_t decoded[PASSWORD_HASH_BYTES + 3];

	*text += len;
	if (!is_base64(from, len) || len / 4 * 3 > sizeof(decoded))
		return false;
	if (EVP_DecodeBlock(decoded, (const uint8_t *)from, (int)len) < 0)
		return false;
	/* EVP_DecodeBlock counts what is padding as zeros. */
	*count = len / 4 * 3 - (from[len - 1] == '=') - (from[len - 2] == '=');
	if (*count > most)
		return false;
	memcpy(bytes, decoded, *count);
	OPENSSL_cleanse(decoded, sizeof(decoded));
	return true;
}

/* ---- reading and writing ------------------------------------------------------------------- */

static const char *take_iterations(const char **text, uint32_t *iterations)
{
	char *end;
	unsigned long n = strtoul(*text, &end, 10);

	if (!isdigit((unsigned char)**text) || *end != '$' || !n || n > PASSWORD_ITERATIONS_MAX)
		return "the number of iterations is not 1 to 10000000";
	*iterations = (uint32_t)n;
	*text = end + 1;
	return NULL;
}

const char *password_read(struct password *p, const char *text)
{
	size_t count = 0;
	const char *error;

	*p = (struct password){ 0 };
	if (!strncmp(text, "$7$", 3))
		p->kind = PASSWORD_PBKDF2;
	else if (!strncmp(text, "$6$", 3))
		p->kind = PASSWORD_SHA512;
	else
		return "the password is not hashed as mosquitto_passwd does it ($7$ or $6$)";
	text += 3;
	if (p->kind == PASSWORD_PBKDF2 && (error = take_iterations(&text, &p->iterations)))
		return error;
	if (!take_base64(&text, p->salt, sizeof(p->salt), &count) || *text++ != '$')
		return "the salt is not base64 of 1 to 64 bytes";
	p->salt_bytes = (uint8_t)count;
	if (!take_base64(&text, p->hash, sizeof(p->hash), &count) || *text ||
		count != sizeof(p->hash))
		return "the hash is not base64 of 64 bytes";
	return NULL;
}

void password_write(const struct password *p, char text[static PASSWORD_TEXT_MAX])
{
	char salt[PASSWORD_SALT_MAX * 2], hash[PASSWORD_HASH_BYTES * 2];

	EVP_EncodeBlock((uint8_t *)salt, p->salt, p->salt_bytes);
	EVP_EncodeBlock((uint8_t *)hash, p->hash, sizeof(p->hash));
	if (p->kind == PASSWORD_PBKDF2)
		snprintf(text, PASSWORD_TEXT_MAX, "$7$%u$%s$%s", p->iterations, salt, hash);
	else
		snprintf(text, PASSWORD_TEXT_MAX, "$6$%s$%s", salt, hash);
}

/* ---- hashing ------------------------------------------------------------------------------- */

static bool hash_sha512(const struct password *p, const void *secret, size_t len, uint8_t *hash)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = context && EVP_DigestInit_ex(context, EVP_sha512(), NULL) &&
		EVP_DigestUpdate(context, secret, len) &&
		EVP_DigestUpdate(context, p->salt, p->salt_bytes) &&
		EVP_DigestFinal_ex(context, hash, NULL);

	EVP_MD_CTX_free(context);
	return ok;
}

static bool hash_secret(const struct password *p, const void *secret, size_t len, uint8_t *hash)
{
	if (p->kind == PASSWORD_SHA512)
		return hash_sha512(p, secret, len, hash);
	return p->kind == PASSWORD_PBKDF2 &&
		PKCS5_PBKDF2_HMAC(len ? secret : "", (int)len, p->salt, p->salt_bytes,
			(int)p->iterations, EVP_sha512(), PASSWORD_HASH_BYTES, hash);
}

bool password_make(struct password *p, const void *secret, size_t len, uint32_t iterations)
{
	*p = (struct password){
		.kind = PASSWORD_PBKDF2, .iterations = iterations, .salt_bytes = SALT_BYTES
	};
	return RAND_bytes(p->salt, p->salt_bytes) == 1 && hash_secret(p, secret, len, p->hash);
}

bool password_matches(const struct password *p, const void *secret, size_t len)
{
	uint8_t hash[PASSWORD_HASH_BYTES] = { 0 };
	bool ok = hash_secret(p, secret, len, hash);
	bool same = !CRYPTO_memcmp(hash, p->hash, sizeof(hash)); /* in constant time */

	OPENSSL_cleanse(hash, sizeof(hash));
	return ok && same && !p->never;
}
