#include "check/recent.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hex.h"
#include "harness/wire/wire.h"
#include "harness/wire/wire_read.h"

enum {
	HEX_SHOWN = 48,
	SECRET_SHOWN = 12, /* of CONNECT: what comes before the ClientId of the shortest one */
	PROP_AUTHENTICATION_DATA = 0x16,
};

void recent_add(struct recent *r, enum side from, struct bytes raw, const struct moment *moment)
{
	struct recent_packet *p = &r->packets[r->count++ % RECENT_COUNT];

	p->moment = *moment;
	p->size = raw.len;
	p->from = (uint8_t)from;
	p->kept = (uint8_t)(raw.len < RECENT_BYTES ? raw.len : RECENT_BYTES);
	memcpy(p->bytes, raw.data, p->kept);
}

enum packet_type recent_type(const struct recent *r)
{
	return r->count ? r->packets[(r->count - 1) % RECENT_COUNT].bytes[0] >> 4 : RESERVED_0;
}

/* A password may be in it, whatever it is in full. */
static bool may_be_secret(const struct recent_packet *p)
{
	return p->bytes[0] >> 4 == CONNECT || p->bytes[0] >> 4 == AUTH;
}

static const char *hex_of(struct arena *a, const struct recent_packet *p)
{
	size_t most = may_be_secret(p) ? SECRET_SHOWN : HEX_SHOWN;
	size_t shown = p->kept < most ? p->kept : most;
	struct buf b;

	buf_init(&b, SIZE_MAX / 2);
	hex_format(&b, p->bytes, shown, shown);
	if (shown < p->size)
		buf_printf(&b, " ... (%zu bytes)", p->size);
	const char *text = arena_text(a, buf_text(&b));
	buf_fini(&b);
	return text;
}

/* A PUBLISH of which the end is missing is one with a shorter payload. */
static size_t shorten(const struct recent_packet *p, uint8_t *bytes)
{
	uint32_t length;
	size_t size;

	if (p->bytes[0] >> 4 != PUBLISH ||
		wire_variable_decode(p->bytes + 1, p->kept - 1u, &length, &size) != VARIABLE_READ)
		return 0;
	size_t rest = p->kept - 1u - size;
	bytes[0] = p->bytes[0];
	bytes[1] = (uint8_t)(0x80 | (rest & 0x7F));
	bytes[2] = (uint8_t)(rest >> 7);
	memcpy(bytes + 3, p->bytes + 1 + size, rest);
	return 3 + rest;
}

/* What authenticates somebody is as good as a password. */
static void hide(struct arena *a, struct properties *properties)
{
	struct property *list;

	if (!properties_count(properties, PROP_AUTHENTICATION_DATA))
		return;
	list = arena_copy(a, properties->list, properties->count * sizeof(*list));
	for (size_t i = 0; i < properties->count; i++)
		if (list[i].id == PROP_AUTHENTICATION_DATA)
			list[i].value = BYTES("(hidden)");
	properties->list = list;
}

static const char *text_of(
	struct arena *a, enum mqtt_version version, const struct recent_packet *p)
{
	uint8_t shorter[RECENT_BYTES + 3];
	const uint8_t *bytes = p->bytes;
	size_t size = p->kept;
	struct packet packet;

	if (size < p->size) {
		size = shorten(p, shorter);
		bytes = shorter;
	}
	struct wire_result result = wire_parse(a, version, bytes, size, SIZE_MAX, &packet);
	if (result.status == WIRE_PACKET) {
		hide(a, &packet.properties);
		const char *text = wire_describe(a, version, &packet);
		return size == p->size ? text : arena_printf(a, "%s (%zu bytes)", text, p->size);
	}
	if (p->kept < p->size)
		return arena_printf(
			a, "%s of %zu bytes", spec_packet_name(p->bytes[0] >> 4), p->size);
	return may_be_secret(p) ? "what is no packet"
				: arena_printf(a, "what is no packet: %s",
					  wire_describe_bytes(a, (struct bytes){ p->bytes, size }));
}

size_t recent_lines(const struct recent *r, struct arena *a, enum mqtt_version version,
	size_t wanted, struct finding_line *lines)
{
	uint64_t count = r->count < RECENT_COUNT ? r->count : RECENT_COUNT;

	if (count > wanted)
		count = wanted;
	for (uint64_t i = 0; i < count; i++) {
		const struct recent_packet *p = &r->packets[(r->count - count + i) % RECENT_COUNT];
		lines[i] = (struct finding_line){ .moment = p->moment,
			.from = (enum side)p->from,
			.text = text_of(a, version, p),
			.hex = hex_of(a, p) };
	}
	return count;
}
