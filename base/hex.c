#include "base/hex.h"

#include "base/buf.h"

void hex_format(struct buf *out, const uint8_t *data, size_t len, size_t max)
{
	for (size_t i = 0; i < len && i < max; i++)
		buf_printf(out, i ? " %02X" : "%02X", data[i]);
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
