#include "broker/access/scram_users.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/arena.h"
#include "broker/access/lines.h"
#include "broker/access/secret.h"

enum { SEED_BYTES = 32 };

struct entry {
	const char *name;
	unsigned line;
	struct scram_key key;
};

struct scram_users {
	struct entry *entries; /* by name and method */
	size_t count, capacity;
	struct scram_key first[SCRAM_METHODS]; /* in the file; 0 iterations: nobody uses it */
	uint8_t seed
		[SEED_BYTES]; /* of challenges for those who are unknown: no user knows all that it is
				   * made from
				   */
};

static int entry_compare(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	return order ? order : (int)one->key.method - (int)other->key.method;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* NULL, or what is wrong. */
static const char *entry_read(struct entry *e, struct arena *a, struct lines *l, char *line)
{
	char *colon = strchr(line, ':');

	if (!colon)
		return "there is no colon: it takes NAME:ENTRY";
	*colon = '\0';
	if (!*line)
		return "there is no name before the colon";
	if (colon - line > UINT16_MAX)
		return "the name is longer than 65535 bytes";
	e->name = arena_text(a, line);
	e->line = l->number;
	return scram_key_read(&e->key, colon + 1);
}

/* Entries are collected in memory that is wiped when it moves. */
static bool entry_room(struct scram_users *u)
{
	if (u->count < u->capacity)
		return true;
	size_t larger = u->capacity ? u->capacity * 2 : 16;
	struct entry *entries = secret_take(larger * sizeof(*entries));
	if (!entries)
		return false;
	if (u->count)
		memcpy(entries, u->entries, u->count * sizeof(*entries));
	secret_give(u->entries, u->capacity * sizeof(*entries));
	u->entries = entries;
	u->capacity = larger;
	return true;
}

static bool entries_sort(
	struct scram_users *u, struct arena *a, const struct lines *l, const char **error)
{
	if (u->count)
		qsort(u->entries, u->count, sizeof(*u->entries), entry_compare);
	for (size_t i = 1; i < u->count; i++) {
		const struct entry *one = &u->entries[i - 1], *other = &u->entries[i];
		if (entry_compare(one, other))
			continue;
		unsigned first = one->line < other->line ? one->line : other->line;
		struct lines at = *l;
		at.number = one->line + other->line - first;
		*error = lines_error(&at, a, "the user \"%s\" stands in line %u already with %s",
			one->name, first, scram_method_name(one->key.method));
		return false;
	}
	return true;
}

/* False without memory. An empty file has nothing to make it from, and nothing that must not be told from it. */
static bool seed_set(struct scram_users *u)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);

	for (size_t i = 0; ok && i < u->count; i++)
		ok = EVP_DigestUpdate(context, &u->entries[i].key, sizeof(u->entries[i].key));
	ok = ok && EVP_DigestFinal_ex(context, u->seed, NULL);
	EVP_MD_CTX_free(context);
	return ok;
}

static const char *entry_add(struct scram_users *u, struct arena *a, struct lines *l, char *line)
{
	if (!entry_room(u))
		return "no memory";
	struct entry *e = &u->entries[u->count];
	const char *wrong = entry_read(e, a, l, line);
	if (wrong)
		return wrong;
	if (!u->first[e->key.method].iterations)
		u->first[e->key.method] = e->key;
	u->count++;
	return NULL;
}

struct scram_users *scram_users_parse(
	struct arena *a, const char *name, char *text, size_t len, const char **error)
{
	struct scram_users *u = secret_take(sizeof(*u));
	struct lines l = lines_of(name, text, len);
	const char *wrong = NULL;
	char *line;

	if (!u) {
		*error = "no memory";
		return NULL;
	}
	while (!wrong && (line = lines_next(&l)))
		wrong = entry_add(u, a, &l, line);
	if (!wrong && entries_sort(u, a, &l, error) && seed_set(u))
		return u;
	if (wrong)
		*error = lines_error(&l, a, "%s", wrong);
	else if (!*error)
		*error = "no memory";
	scram_users_clear(u);
	return NULL;
}

struct scram_users *scram_users_read(struct arena *a, const char *path, const char **error)
{
	size_t len;
	char *text = file_text(path, a, &len, error);

	if (!text)
		return NULL;
	*error = NULL;
	struct scram_users *u = scram_users_parse(a, path, text, len, error);
	explicit_bzero(text, len);
	free(text);
	return u;
}

/* ---- finding ------------------------------------------------------------------------------- */

bool scram_users_know(const struct scram_users *u, enum scram_method method)
{
	return u->first[method].iterations;
}

/* Bytes that depend on `what`, the method and the name, as base64; `like` has as many of them. */
static bool invent(const struct scram_users *u, const struct scram_key *key, char what,
	const char *name, const char *like, char *to)
{
	uint8_t bytes[SCRAM_SALT_MAX] = { 0 };
	size_t chars = strlen(like), pad = strspn(like + strcspn(like, "="), "=");
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
	OSSL_PARAM digest[] = { OSSL_PARAM_construct_utf8_string("digest", (char[]){ "SHA512" }, 0),
		OSSL_PARAM_construct_end() };
	uint8_t head[] = { (uint8_t)what, (uint8_t)key->method };
	size_t len;

	bool ok = context && EVP_MAC_init(context, u->seed, sizeof(u->seed), digest) &&
		EVP_MAC_update(context, head, sizeof(head)) &&
		EVP_MAC_update(context, (const uint8_t *)name, strlen(name)) &&
		EVP_MAC_final(context, bytes, &len, sizeof(bytes));
	EVP_MAC_CTX_free(context);
	EVP_MAC_free(mac);
	if (ok)
		EVP_EncodeBlock((uint8_t *)to, bytes, (int)(chars / 4 * 3 - pad));
	explicit_bzero(bytes, sizeof(bytes));
	return ok;
}

bool scram_users_find(const struct scram_users *u, enum scram_method method, const char *name,
	struct scram_key *key)
{
	const struct scram_key *like = &u->first[method];
	const struct entry wanted = { .name = name, .key.method = method };
	const struct entry *found = u->count
		? bsearch(&wanted, u->entries, u->count, sizeof(*u->entries), entry_compare)
		: NULL;

	/* The same work for everybody. */
	*key = (struct scram_key){ .method = method, .iterations = like->iterations };
	bool ok = invent(u, key, 's', name, like->salt, key->salt) &&
		invent(u, key, 'k', name, like->stored, key->stored) &&
		invent(u, key, 'v', name, like->server, key->server);
	if (found)
		*key = found->key;
	return ok;
}

void scram_users_clear(struct scram_users *u)
{
	if (!u)
		return;
	secret_give(u->entries, u->capacity * sizeof(*u->entries));
	secret_give(u, sizeof(*u));
}
