#define ZLIB_CONST
#include "reports/pack.h"

#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

enum {
	RAW_WINDOW = -15, /* zlib's word for a stream without a header of zlib or gzip */
	MEMORY_LEVEL = 8, /* its default */
};

static void put_base64(FILE *to, const uint8_t *bytes, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t group = (uint32_t)bytes[i] << 16;
		if (left > 1)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (left > 2)
			group |= bytes[i + 2];
		fputc(digits[group >> 18], to);
		fputc(digits[group >> 12 & 63], to);
		fputc(left > 1 ? digits[group >> 6 & 63] : '=', to);
		fputc(left > 2 ? digits[group & 63] : '=', to);
	}
}

void pack_put(FILE *to, const char *text, size_t size)
{
	z_stream z = { 0 };

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW_WINDOW, MEMORY_LEVEL,
		    Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	size_t most = deflateBound(&z, size);
	uint8_t *packed = malloc(most);
	if (!packed)
		abort();
	z.next_in = (const Bytef *)text;
	z.avail_in = (uInt)size;
	z.next_out = packed;
	z.avail_out = (uInt)most;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	put_base64(to, packed, z.total_out);
	deflateEnd(&z);
	free(packed);
}
