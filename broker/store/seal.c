#include "broker/store/seal.h"

#include <libdeflate.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "mqtt/cursor.h"

enum { CHECKSUM_SIZE = 4, LENGTH_SIZE = 4, BEGINNING = SEAL_KEY_MAX - SHA256_DIGEST_LENGTH };

_Static_assert(CHECKSUM_SIZE + LENGTH_SIZE == SEAL_HEAD, "there is room for both");

static uint32_t checksum_of(struct mqtt_view key, struct mqtt_view value)
{
	if (value.data == key.data + key.len) /* as in a batch: one call for both */
		return libdeflate_crc32(0, key.data, (size_t)key.len + value.len);
	uint32_t sum = libdeflate_crc32(0, key.data, key.len);
	return value.len ? libdeflate_crc32(sum, value.data, value.len) : sum;
}

static uint8_t *u32_write(uint8_t *to, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		*to++ = (uint8_t)(value >> (24 - 8 * i));
	return to;
}

void seal_key(struct seal *s, struct mqtt_view key)
{
	s->long_key = (struct mqtt_view){ 0 };
	s->key = key;
	if (key.len < SEAL_KEY_MAX)
		return;
	memcpy(s->room, key.data, BEGINNING);
	EVP_Digest(key.data, key.len, s->room + BEGINNING, NULL, EVP_sha256(), NULL);
	s->key = (struct mqtt_view){ s->room, SEAL_KEY_MAX };
	s->long_key = key;
}

void seal_make(struct seal *s, struct mqtt_view key, struct mqtt_view value)
{
	seal_key(s, key);
	s->value = value;
	s->head_len = CHECKSUM_SIZE;
	uint8_t *at = u32_write(s->head, checksum_of(key, value));
	if (s->long_key.len) {
		u32_write(at, s->long_key.len);
		s->head_len += LENGTH_SIZE;
	}
	s->value_size = s->head_len + s->long_key.len + value.len;
}

void seal_write(const struct seal *s, uint32_t from, uint8_t *to, uint32_t size)
{
	const struct mqtt_view parts[] = { { s->head, s->head_len }, s->long_key, s->value };

	for (unsigned i = 0; size; i++) {
		uint32_t skipped = from < parts[i].len ? from : parts[i].len;
		uint32_t left = parts[i].len - skipped, len = left < size ? left : size;
		from -= skipped;
		if (!len)
			continue;
		memcpy(to, parts[i].data + skipped, len);
		to += len;
		size -= len;
	}
}

bool seal_open(struct mqtt_view *key, struct mqtt_view *value)
{
	struct mqtt_cursor c = cursor_of(*value);
	struct seal again;
	uint32_t checksum, len;
	struct mqtt_view whole = *key;

	if (!cursor_u32(&c, &checksum))
		return false;
	if (key->len == SEAL_KEY_MAX) {
		if (!cursor_u32(&c, &len) || !cursor_take(&c, len, &whole))
			return false;
		seal_key(&again, whole);
		if (!mqtt_view_equal(again.key, *key))
			return false;
	}
	*value = (struct mqtt_view){ c.at, cursor_left(&c) };
	*key = whole;
	return checksum_of(*key, *value) == checksum;
}
