#include "check/recogniser.h"

#include <string.h>

#include "harness/wire/wire_read.h"

/* As far as it goes. */
static bool begins(struct bytes b, const char *text, size_t len)
{
	return !memcmp(b.data, text, b.len < len ? b.len : len);
}

/* 10 LL 00 04 'M' 'Q' 'T' 'T', or 00 06 and the name of 3.1. */
static enum recognised recognise_connect(struct bytes b)
{
	static const char name[] = "\0\4MQTT", old_name[] = "\0\6MQIsdp";
	uint32_t length;
	size_t size;

	switch (wire_variable_decode(b.data + 1, b.len - 1, &length, &size)) {
	case VARIABLE_CUT: return RECOGNISED_MORE;
	case VARIABLE_TOO_LONG: return RECOGNISED_OTHER;
	case VARIABLE_READ: break;
	}
	struct bytes rest = { b.data + 1 + size, b.len - 1 - size };
	bool is_new = begins(rest, name, 6);
	if (!is_new && !begins(rest, old_name, 8))
		return RECOGNISED_OTHER;
	return rest.len < (is_new ? 6u : 8u) ? RECOGNISED_MORE : RECOGNISED_MQTT;
}

enum recognised recognise(struct bytes b)
{
	if (!b.len)
		return RECOGNISED_MORE;
	if (b.data[0] >> 4 == CONNECT && b.data[0] != 0x16)
		return recognise_connect(b);
	if (begins(b, "GET ", 4))
		return b.len < 4 ? RECOGNISED_MORE : RECOGNISED_HTTP;
	if (begins(b, "\x16\x03", 2))
		return b.len < 2 ? RECOGNISED_MORE : RECOGNISED_TLS;
	return RECOGNISED_OTHER;
}
