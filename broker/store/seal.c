#include "broker/store/seal.h"

#include <libdeflate.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "mqtt/cursor.h"

enum { CHECKSUM_SIZE = 4, LENGTH_SIZE = 4, BEGINNING = SEAL_KEY_MAX - SHA256_DIGEST_LENGTH };

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
	s->checksum = checksum_of(key, value);
	s->value_size = CHECKSUM_SIZE + value.len;
	if (s->long_key.len)
		s->value_size += LENGTH_SIZE + key.len;
}

void seal_write(const struct seal *s, uint8_t *to)
{
	to = u32_write(to, s->checksum);
	if (s->long_key.len) {
		to = u32_write(to, s->long_key.len);
		memcpy(to, s->long_key.data, s->long_key.len);
		to += s->long_key.len;
	}
	if (s->value.len)
		memcpy(to, s->value.data, s->value.len);
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
