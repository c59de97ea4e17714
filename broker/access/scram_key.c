#include "broker/access/scram_key.h"

#include <ctype.h>
#include <gsasl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

enum { SALT_BYTES = 16 /* of new ones */ };

static const struct {
	const char *name;
	Gsasl_hash hash;
} methods[SCRAM_METHODS] = {
	[SCRAM_SHA_256] = { "SCRAM-SHA-256", GSASL_HASH_SHA256 },
	[SCRAM_SHA_1] = { "SCRAM-SHA-1", GSASL_HASH_SHA1 },
};

bool scram_method_named(struct mqtt_view name, enum scram_method *method)
{
	for (int i = 0; i < SCRAM_METHODS; i++)
		if (mqtt_view_equal(name, mqtt_view_of(methods[i].name))) {
			*method = (enum scram_method)i;
			return true;
		}
	return false;
}

const char *scram_method_name(enum scram_method method)
{
	return methods[method].name;
}

size_t scram_hash_bytes(enum scram_method method)
{
	return gsasl_hash_length(methods[method].hash);
}

/* ---- reading and writing ------------------------------------------------------------------- */

/* From *text up to a comma, or the end, whichever is to follow. False if that is no base64 of `least` to `most`
 * bytes.
 */
static bool take_base64(const char **text, char follows, char *to, size_t least, size_t most)
{
	size_t len = strcspn(*text, ",");
	char *bytes = NULL;
	size_t count = 0;

	if (!len || (*text)[len] != follows || len > (most + 2) / 3 * 4 ||
		gsasl_base64_from(*text, len, &bytes, &count) != GSASL_OK)
		return false;
	explicit_bzero(bytes, count);
	gsasl_free(bytes);
	memcpy(to, *text, len);
	to[len] = '\0';
	*text += len + (follows != '\0');
	return count >= least && count <= most;
}

static bool take_method(const char **text, enum scram_method *method)
{
	size_t len = strcspn(*text, "}");
	struct mqtt_view name = { (const uint8_t *)*text + 1, (uint32_t)(len ? len - 1 : 0) };

	if (**text != '{' || !(*text)[len] || !scram_method_named(name, method))
		return false;
	*text += len + 1;
	return true;
}

const char *scram_key_read(struct scram_key *k, const char *text)
{
	char *end;

	*k = (struct scram_key){ 0 };
	if (!take_method(&text, &k->method))
		return "the entry begins with neither {SCRAM-SHA-256} nor {SCRAM-SHA-1}";
	unsigned long n = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end != ',' || n < SCRAM_ITERATIONS_MIN ||
		n > SCRAM_ITERATIONS_MAX)
		return "the number of iterations is not 4096 to 10000000";
	k->iterations = (uint32_t)n;
	text = end + 1;
	size_t bytes = scram_hash_bytes(k->method);
	if (!take_base64(&text, ',', k->salt, 1, SCRAM_SALT_MAX))
		return "the salt is not base64 of 1 to 64 bytes";
	if (!take_base64(&text, ',', k->stored, bytes, bytes))
		return "the StoredKey is not base64 of as many bytes as the hash has";
	if (!take_base64(&text, '\0', k->server, bytes, bytes))
		return "the ServerKey is not base64 of as many bytes as the hash has";
	return NULL;
}

void scram_key_write(const struct scram_key *k, char text[static SCRAM_TEXT_MAX])
{
	snprintf(text, SCRAM_TEXT_MAX, "{%s}%u,%.88s,%.44s,%.44s", methods[k->method].name,
		k->iterations, k->salt, k->stored, k->server);
}

/* ---- making -------------------------------------------------------------------------------- */

static void put_base64(char *to, const char *bytes, size_t len)
{
	EVP_EncodeBlock((uint8_t *)to, (const uint8_t *)bytes, (int)len);
}

static bool derive(struct scram_key *k, const char *prepared)
{
	char salt[SALT_BYTES], salted[SCRAM_HASH_MAX], client[SCRAM_HASH_MAX],
		server[SCRAM_HASH_MAX], stored[SCRAM_HASH_MAX];
	size_t bytes = scram_hash_bytes(k->method);

	bool ok = gsasl_nonce(salt, sizeof(salt)) == GSASL_OK &&
		gsasl_scram_secrets_from_password(methods[k->method].hash, prepared, k->iterations,
			salt, sizeof(salt), salted, client, server, stored) == GSASL_OK;
	if (ok) {
		put_base64(k->salt, salt, sizeof(salt));
		put_base64(k->stored, stored, bytes);
		put_base64(k->server, server, bytes);
	}
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(client, sizeof(client));
	explicit_bzero(server, sizeof(server));
	explicit_bzero(stored, sizeof(stored));
	return ok;
}

const char *scram_key_make(
	struct scram_key *k, enum scram_method method, const char *secret, uint32_t iterations)
{
	char *prepared = NULL;

	*k = (struct scram_key){ .method = method, .iterations = iterations };
	if (!*secret)
		return "SCRAM takes a password that is not empty";
	if (gsasl_saslprep(secret, 0, &prepared, NULL) != GSASL_OK)
		return "the password cannot be used with SCRAM: SASLprep forbids some of it";
	bool ok = derive(k, prepared);
	explicit_bzero(prepared, strlen(prepared));
	gsasl_free(prepared);
	return ok ? NULL : "libgsasl cannot make a key";
}

const char *scram_name_lack(const char *name)
{
	char *prepared = NULL;

	if (gsasl_saslprep(name, 0, &prepared, NULL) != GSASL_OK)
		return "the user name cannot be used with SCRAM: SASLprep forbids some of it";
	bool same = !strcmp(prepared, name);
	gsasl_free(prepared);
	return same ? NULL : "the user name cannot be used with SCRAM: SASLprep changes it";
}
