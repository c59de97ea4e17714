#include "base/hex.h"

#include "base/buf.h"

/* Every packet of every case run is shown so. */
void hex_format(struct buf *out, const uint8_t *data, size_t len, size_t max)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t shown = len < max ? len : max;

	for (size_t i = 0; i < shown; i++) {
		const char text[] = { ' ', digits[data[i] >> 4], digits[data[i] & 15] };
		buf_add(out, text + !i, sizeof(text) - !i);
	}
	if (len > max)
		buf_printf(out, " ... (%zu bytes)", len);
}

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
