#include "broker/access/psk_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "broker/access/lines.h"
#include "broker/access/secret.h"
#include "mqtt/text.h"

struct psk_keys {
	struct psk_key *list; /* by identity */
	size_t count, capacity;
};

static int key_compare(const void *a, const void *b)
{
	return strcmp(((const struct psk_key *)a)->identity, ((const struct psk_key *)b)->identity);
}

static bool room(struct psk_keys *k)
{
	if (k->count < k->capacity)
		return true;
	size_t larger = k->capacity ? k->capacity * 2 : 16;
	struct psk_key *list = secret_take(larger * sizeof(*list));
	if (!list)
		return false;
	if (k->count)
		memcpy(list, k->list, k->count * sizeof(*list));
	secret_give(k->list, k->capacity * sizeof(*list));
	k->list = list;
	k->capacity = larger;
	return true;
}

static bool hex_read(uint8_t *to, const char *digits, size_t count)
{
	for (size_t i = 0; i < count; i += 2) {
		int high = hex_digit(digits[i]), low = hex_digit(digits[i + 1]);
		if (high < 0 || low < 0)
			return false;
		to[i / 2] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* NULL, or what is wrong. */
static const char *key_read(struct psk_key *key, char *line)
{
	char *colon = strchr(line, ':');

	if (!colon)
		return "there is no colon: it takes IDENTITY:KEY";
	*colon = '\0';
	if (!*line)
		return "there is no identity before the colon";
	if (colon - line > PSK_IDENTITY_MOST)
		return "the identity is longer than 127 bytes";
	if (!mqtt_text_valid(mqtt_view_of(line))) /* it may be the user name */
		return "the identity is not UTF-8";
	strcpy(key->identity, line);
	size_t digits = strlen(colon + 1);
	if (!digits || digits % 2 || digits > 2 * PSK_KEY_MOST)
		return "the key takes 1 to 64 bytes, as two hex digits each";
	key->len = (uint8_t)(digits / 2);
	return hex_read(key->bytes, colon + 1, digits) ? NULL : "the key is not in hex digits";
}

/* False, with the error, if an identity stands there twice. */
static bool keys_sort(
	struct psk_keys *k, struct arena *a, const struct lines *l, const char **error)
{
	if (k->count)
		qsort(k->list, k->count, sizeof(*k->list), key_compare);
	for (size_t i = 1; i < k->count; i++) {
		const struct psk_key *one = &k->list[i - 1], *other = &k->list[i];
		if (key_compare(one, other))
			continue;
		unsigned first = one->line < other->line ? one->line : other->line;
		struct lines at = *l;
		at.number = one->line + other->line - first;
		*error = lines_error(&at, a, "the identity \"%s\" stands in line %u already",
			one->identity, first);
		return false;
	}
	return true;
}

struct psk_keys *psk_keys_parse(
	struct arena *a, const char *name, char *text, size_t len, const char **error)
{
	struct psk_keys *k = secret_take(sizeof(*k));
	struct lines l = lines_of(name, text, len);
	const char *wrong = k ? NULL : "no memory";
	char *line;

	while (!wrong && (line = lines_next(&l))) {
		if (!room(k)) {
			wrong = "no memory";
			break;
		}
		wrong = key_read(&k->list[k->count], line);
		k->list[k->count++].line = l.number;
	}
	if (!wrong && keys_sort(k, a, &l, error))
		return k;
	if (wrong)
		*error = lines_error(&l, a, "%s", wrong);
	psk_keys_free(k);
	return NULL;
}

struct psk_keys *psk_keys_read(struct arena *a, const char *path, const char **error)
{
	size_t len;
	char *text = file_text(path, a, &len, error);

	if (!text)
		return NULL;
	struct psk_keys *k = psk_keys_parse(a, path, text, len, error);
	explicit_bzero(text, len);
	free(text);
	return k;
}

const struct psk_key *psk_keys_find(const struct psk_keys *k, const char *identity)
{
	size_t low = 0, high = k->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(identity, k->list[middle].identity);
		if (!order)
			return &k->list[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

void psk_keys_free(struct psk_keys *k)
{
	if (!k)
		return;
	secret_give(k->list, k->capacity * sizeof(*k->list));
	secret_give(k, sizeof(*k));
}
