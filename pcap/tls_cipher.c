#include "pcap/tls_cipher.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>

enum tls_aead { GCM, CCM, CHACHA };

struct tls_suite {
	uint16_t id;
	enum tls_aead aead;
	uint8_t key_size;
	uint8_t tag_size;
	const char *hash;
};

enum {
	NONCE_BYTES = 12,
	FIXED_BYTES = 4,    /* of the nonce of GCM and CCM in TLS 1.2 */
	EXPLICIT_BYTES = 8, /* the rest of it, at the beginning of each record */
	BLOCK_LIMIT = 2 * (32 + NONCE_BYTES),
};

#define SHA256 "SHA256"
#define SHA384 "SHA384"

static const struct tls_suite suites_1_3[] = {
	{ 0x1301, GCM, 16, 16, SHA256 },
	{ 0x1302, GCM, 32, 16, SHA384 },
	{ 0x1303, CHACHA, 32, 16, SHA256 },
	{ 0x1304, CCM, 16, 16, SHA256 },
	{ 0x1305, CCM, 16, 8, SHA256 },
};

/* What the keys were agreed on by does not matter here: RSA, DHE, ECDHE, PSK. */
static const struct tls_suite suites_1_2[] = {
	{ 0x009c, GCM, 16, 16, SHA256 },
	{ 0x009d, GCM, 32, 16, SHA384 },
	{ 0x009e, GCM, 16, 16, SHA256 },
	{ 0x009f, GCM, 32, 16, SHA384 },
	{ 0x00a8, GCM, 16, 16, SHA256 },
	{ 0x00a9, GCM, 32, 16, SHA384 },
	{ 0x00aa, GCM, 16, 16, SHA256 },
	{ 0x00ab, GCM, 32, 16, SHA384 },
	{ 0xc02b, GCM, 16, 16, SHA256 },
	{ 0xc02c, GCM, 32, 16, SHA384 },
	{ 0xc02f, GCM, 16, 16, SHA256 },
	{ 0xc030, GCM, 32, 16, SHA384 },
	{ 0xd001, GCM, 16, 16, SHA256 },
	{ 0xd002, GCM, 32, 16, SHA384 },
	{ 0xc09c, CCM, 16, 16, SHA256 },
	{ 0xc09d, CCM, 32, 16, SHA256 },
	{ 0xc09e, CCM, 16, 16, SHA256 },
	{ 0xc09f, CCM, 32, 16, SHA256 },
	{ 0xc0a0, CCM, 16, 8, SHA256 },
	{ 0xc0a1, CCM, 32, 8, SHA256 },
	{ 0xc0a2, CCM, 16, 8, SHA256 },
	{ 0xc0a3, CCM, 32, 8, SHA256 },
	{ 0xc0a4, CCM, 16, 16, SHA256 },
	{ 0xc0a5, CCM, 32, 16, SHA256 },
	{ 0xc0a6, CCM, 16, 16, SHA256 },
	{ 0xc0a7, CCM, 32, 16, SHA256 },
	{ 0xc0a8, CCM, 16, 8, SHA256 },
	{ 0xc0a9, CCM, 32, 8, SHA256 },
	{ 0xc0aa, CCM, 16, 8, SHA256 },
	{ 0xc0ab, CCM, 32, 8, SHA256 },
	{ 0xc0ac, CCM, 16, 16, SHA256 },
	{ 0xc0ad, CCM, 32, 16, SHA256 },
	{ 0xc0ae, CCM, 16, 8, SHA256 },
	{ 0xc0af, CCM, 32, 8, SHA256 },
	{ 0xcca8, CHACHA, 32, 16, SHA256 },
	{ 0xcca9, CHACHA, 32, 16, SHA256 },
	{ 0xccaa, CHACHA, 32, 16, SHA256 },
	{ 0xccab, CHACHA, 32, 16, SHA256 },
	{ 0xccac, CHACHA, 32, 16, SHA256 },
	{ 0xccad, CHACHA, 32, 16, SHA256 },
	{ 0xccae, CHACHA, 32, 16, SHA256 },
};

const struct tls_suite *tls_suite_find(uint16_t version, uint16_t id)
{
	bool new = version == TLS_1_3;
	const struct tls_suite *suite = new ? suites_1_3 : suites_1_2;
	size_t count = new ? sizeof(suites_1_3) / sizeof(*suites_1_3)
			   : sizeof(suites_1_2) / sizeof(*suites_1_2);

	for (size_t i = 0; version >= TLS_1_2 && i < count; i++) {
		if (suite[i].id == id)
			return &suite[i];
	}
	return NULL;
}

void tls_cipher_fini(struct tls_cipher *c)
{
	EVP_CIPHER_CTX_free(c->context);
	OPENSSL_cleanse(c, sizeof(*c));
}

static const EVP_CIPHER *cipher_of(const struct tls_suite *suite)
{
	bool large = suite->key_size == 32;

	switch (suite->aead) {
	case GCM: return large ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
	case CCM: return large ? EVP_aes_256_ccm() : EVP_aes_128_ccm();
	case CHACHA: return EVP_chacha20_poly1305();
	}
	return NULL;
}

static bool cipher_begin(struct tls_cipher *c, const struct tls_suite *suite, uint16_t version)
{
	if (!c->context)
		c->context = EVP_CIPHER_CTX_new();
	c->suite = suite;
	c->version = version;
	c->records = 0;
	/* CCM has to know the size of its tag before its key. */
	return c->context && EVP_CIPHER_CTX_reset(c->context) == 1 &&
		EVP_DecryptInit_ex(c->context, cipher_of(suite), NULL, NULL, NULL) == 1 &&
		EVP_CIPHER_CTX_ctrl(c->context, EVP_CTRL_AEAD_SET_IVLEN, NONCE_BYTES, NULL) == 1 &&
		(suite->aead != CCM ||
			EVP_CIPHER_CTX_ctrl(
				c->context, EVP_CTRL_AEAD_SET_TAG, suite->tag_size, NULL) == 1) &&
		EVP_DecryptInit_ex(c->context, NULL, NULL, c->key, NULL) == 1;
}

static bool derive(const char *kdf_name, const OSSL_PARAM *params, uint8_t *out, size_t size)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, kdf_name, NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	bool good = context && EVP_KDF_derive(context, out, size, params) == 1;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return good;
}

/* HKDF-Expand-Label with an empty context (RFC 8446 7.1). */
static bool expand_label(const struct tls_suite *suite, const struct tls_secret *secret,
	const char *label, uint8_t *out, size_t size)
{
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)suite->hash, 0),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_KEY, (void *)secret->bytes, secret->size),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, (void *)"tls13 ", 6),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_LABEL, (void *)label, strlen(label)),
		OSSL_PARAM_construct_end(),
	};

	return derive("TLS13-KDF", params, out, size);
}

static size_t hash_size(const struct tls_suite *suite)
{
	return !strcmp(suite->hash, SHA384) ? 48 : 32;
}

bool tls_cipher_traffic(
	struct tls_cipher *c, const struct tls_suite *suite, const struct tls_secret *secret)
{
	if (secret->size != hash_size(suite))
		return false;
	c->secret = *secret;
	return expand_label(suite, secret, "key", c->key, suite->key_size) &&
		expand_label(suite, secret, "iv", c->iv, NONCE_BYTES) &&
		cipher_begin(c, suite, TLS_1_3);
}

bool tls_cipher_update(struct tls_cipher *c)
{
	struct tls_secret next = { .size = c->secret.size };
	bool good = expand_label(c->suite, &c->secret, "traffic upd", next.bytes, next.size) &&
		tls_cipher_traffic(c, c->suite, &next);

	OPENSSL_cleanse(&next, sizeof(next));
	return good;
}

/* The key block of an AEAD suite: client's key, server's key, client's IV, server's IV (RFC 5246 6.3). */
bool tls_cipher_master(struct tls_cipher *c, const struct tls_suite *suite,
	const struct tls_secret *master, const uint8_t *client_random, const uint8_t *server_random,
	bool of_server)
{
	size_t iv_size = suite->aead == CHACHA ? NONCE_BYTES : FIXED_BYTES;
	uint8_t seed[13 + 2 * TLS_RANDOM_BYTES] = "key expansion", block[BLOCK_LIMIT];
	size_t which = of_server ? 1 : 0;

	memcpy(seed + 13, server_random, TLS_RANDOM_BYTES);
	memcpy(seed + 13 + TLS_RANDOM_BYTES, client_random, TLS_RANDOM_BYTES);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)suite->hash, 0),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_SECRET, (void *)master->bytes, master->size),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof(seed)),
		OSSL_PARAM_construct_end(),
	};
	bool good = derive("TLS1-PRF", params, block, 2 * (suite->key_size + iv_size));
	if (good) {
		memcpy(c->key, block + which * suite->key_size, suite->key_size);
		memcpy(c->iv, block + 2u * suite->key_size + which * iv_size, iv_size);
		good = cipher_begin(c, suite, TLS_1_2);
	}
	OPENSSL_cleanse(block, sizeof(block));
	return good;
}

static void number_put(uint8_t to[static 8], uint64_t number)
{
	for (int i = 7; i >= 0; i--, number >>= 8)
		to[i] = (uint8_t)number;
}

/* `explicit`: bytes of the record's body that belong to the nonce; without any, the number of the record does. */
static void nonce_make(const struct tls_cipher *c, const uint8_t *body, size_t explicit,
	uint8_t nonce[static NONCE_BYTES])
{
	uint8_t number[8];

	memcpy(nonce, c->iv, NONCE_BYTES);
	if (explicit) {
		memcpy(nonce + FIXED_BYTES, body, explicit);
		return;
	}
	number_put(number, c->records);
	for (int i = 0; i < 8; i++)
		nonce[NONCE_BYTES - 8 + i] ^= number[i];
}

/* The additional data: of TLS 1.3 the head of the record, of TLS 1.2 its number, type, version and the length of
 * what was encrypted.
 */
static int additional_make(
	const struct tls_cipher *c, const uint8_t *record, size_t size, uint8_t out[static 13])
{
	if (c->version == TLS_1_3) {
		memcpy(out, record, TLS_RECORD_HEAD);
		return TLS_RECORD_HEAD;
	}
	number_put(out, c->records);
	memcpy(out + 8, record, 3);
	out[11] = (uint8_t)(size >> 8);
	out[12] = (uint8_t)size;
	return 13;
}

static bool aead_open(struct tls_cipher *c, const uint8_t *nonce, const uint8_t *additional,
	int additional_size, const uint8_t *sealed, size_t size, uint8_t *plain)
{
	uint8_t *tag = (uint8_t *)sealed + size;
	int done;

	/* CCM takes everything in one piece, and checks the tag with it. */
	if (EVP_CIPHER_CTX_ctrl(c->context, EVP_CTRL_AEAD_SET_TAG, c->suite->tag_size, tag) != 1 ||
		EVP_DecryptInit_ex(c->context, NULL, NULL, NULL, nonce) != 1)
		return false;
	if (c->suite->aead == CCM &&
		EVP_DecryptUpdate(c->context, NULL, &done, NULL, (int)size) != 1)
		return false;
	return EVP_DecryptUpdate(c->context, NULL, &done, additional, additional_size) == 1 &&
		EVP_DecryptUpdate(c->context, plain, &done, sealed, (int)size) == 1 &&
		(c->suite->aead == CCM ||
			EVP_DecryptFinal_ex(c->context, plain + size, &done) == 1);
}

bool tls_cipher_open(struct tls_cipher *c, const uint8_t *record, size_t record_size,
	uint8_t *plain, size_t *size, uint8_t *type)
{
	const uint8_t *body = record + TLS_RECORD_HEAD;
	size_t body_size = record_size - TLS_RECORD_HEAD, explicit;
	uint8_t nonce[NONCE_BYTES], additional[13];

	explicit = c->version == TLS_1_2 && c->suite->aead != CHACHA ? EXPLICIT_BYTES : 0;
	if (body_size < explicit + c->suite->tag_size)
		return false;
	nonce_make(c, body, explicit, nonce);
	*size = body_size - explicit - c->suite->tag_size;
	int additional_size = additional_make(c, record, *size, additional);
	if (!aead_open(c, nonce, additional, additional_size, body + explicit, *size, plain))
		return false;
	c->records++;
	*type = record[0];
	if (c->version == TLS_1_3) { /* content, type, padding of zeros */
		while (*size && !plain[*size - 1])
			--*size;
		if (!*size)
			return false;
		*type = plain[--*size];
	}
	return true;
}
