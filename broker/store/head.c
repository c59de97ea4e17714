#include "broker/store/head.h"

#include "mqtt/cursor.h"

static const char name[] = "mqttspec store";

enum { NAME_SIZE = sizeof(name) - 1 };

_Static_assert(NAME_SIZE + 2 + 8 + 8 + 8 + 8 == HEAD_SIZE, "the head has no gap");

struct mqtt_view head_key(void)
{
	static const uint8_t key[1] = { 0 };

	return (struct mqtt_view){ key, 1 };
}

static uint8_t *number_write(uint8_t *to, uint64_t number, unsigned bytes)
{
	for (unsigned i = bytes; i--;)
		*to++ = (uint8_t)(number >> 8 * i);
	return to;
}

void head_write(const struct head *h, uint8_t to[static HEAD_SIZE])
{
	memcpy(to, name, NAME_SIZE);
	to = number_write(to + NAME_SIZE, h->format, 2);
	to = number_write(to, h->number, 8);
	to = number_write(to, h->wall_ms, 8);
	to = number_write(to, h->pairs_ms, 8);
	number_write(to, h->logged, 8);
}

static bool number_read(struct mqtt_cursor *c, uint64_t *number)
{
	uint32_t high, low;

	if (!cursor_u32(c, &high) || !cursor_u32(c, &low))
		return false;
	*number = (uint64_t)high << 32 | low;
	return true;
}

bool head_read(struct head *h, struct mqtt_view key, struct mqtt_view value)
{
	struct mqtt_cursor c = cursor_of(value);
	struct mqtt_view text;

	*h = (struct head){ 0 };
	if (!mqtt_view_equal(key, head_key()) || !cursor_take(&c, NAME_SIZE, &text) ||
		memcmp(text.data, name, NAME_SIZE) != 0 || !cursor_u16(&c, &h->format))
		return false;
	return !head_is_ours(h) ||
		(number_read(&c, &h->number) && number_read(&c, &h->wall_ms) &&
			number_read(&c, &h->pairs_ms) && number_read(&c, &h->logged));
}
