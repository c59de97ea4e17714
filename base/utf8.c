#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

static bool is_continuation(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t utf8_decode(const uint8_t *data, size_t len, uint32_t *code_point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t first = data[0];

	if (first < 0x80) {
		*code_point = first;
		return 1;
	}
	size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (first < 0xc2 || first > 0xf4 || size > len)
		return 0;
	uint32_t c = first & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if (!is_continuation(data[i]))
			return 0;
		c = c << 6 | (data[i] & 0x3fu);
	}
	if (c < least[size] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code_point = c;
	return size;
}

/* Most text is ASCII: eight bytes at once. */
static size_t skip_ascii(const uint8_t *data, size_t len)
{
	size_t at = 0;
	uint64_t eight;

	for (; len - at >= sizeof(eight); at += sizeof(eight)) {
		memcpy(&eight, data + at, sizeof(eight));
		if (eight & 0x8080808080808080)
			break;
	}
	return at;
}

size_t utf8_check(const uint8_t *data, size_t len)
{
	size_t at = skip_ascii(data, len);

	while (at < len) {
		uint32_t c;
		size_t size = utf8_decode(data + at, len - at, &c);
		if (!size)
			return at;
		at += size;
		if (size > 1)
			at += skip_ascii(data + at, len - at);
	}
	return len;
}

size_t utf8_cut(const uint8_t *data, size_t len, size_t most)
{
	uint32_t c;

	if (len <= most)
		return len;
	for (size_t back = 0; back < 4 && back <= most; back++) {
		size_t start = most - back;
		if (is_continuation(data[start]))
			continue;
		return utf8_decode(data + start, len - start, &c) > back ? start : most;
	}
	return most;
}
