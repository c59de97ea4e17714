/* The parser on any bytes at all: a stream in one version (lowest bit of the first byte), read packet
 * by packet. What it says of each must hold together.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "harness/wire/wire.h"
#include "tests/fuzz/fuzz.h"

enum { LIMIT = 1 << 20, LINE_MAX_BYTES = 8000 };

struct stream {
	struct arena *arena;
	enum mqtt_version version;
	const uint8_t *data; /* of the packet at hand */
	size_t len;
};

static struct wire_result parse(const struct stream *s, size_t len, struct packet *out)
{
	return wire_parse(s->arena, s->version, s->data, len, LIMIT, out);
}

/* Fewer bytes are no packet, and do not make more bytes missing than there are. */
static void demand_of_prefix(const struct stream *s, size_t len, size_t end)
{
	struct packet p;
	struct wire_result r = parse(s, len, &p);

	DEMAND(r.status == WIRE_NEED_MORE);
	DEMAND(r.consumed == 0 && r.missing >= 1 && r.missing <= end - len);
}

static void demand_of_prefixes(const struct stream *s, size_t end)
{
	for (size_t len = 0; len < 8 && len < end && len <= s->len; len++)
		demand_of_prefix(s, len, end);
	if (end - 1 <= s->len)
		demand_of_prefix(s, end - 1, end);
}

/* What was read is built and read again, and built to the same bytes. */
static void demand_idempotence(const struct stream *s, const struct packet *p)
{
	enum mqtt_version version = s->version;
	struct buf first, second;
	struct packet again;

	if (p->type == CONNACK && version == MQTT_50 && !p->properties.present)
		return; /* the form of 3.1.1: built with the Property Length that it lacks */
	if (p->type == CONNECT)
		version = p->level == MQTT_50 ? MQTT_50 : MQTT_311;
	buf_init(&first, LIMIT + 16);
	buf_init(&second, LIMIT + 16);
	DEMAND(wire_build(&first, version, p, NULL));
	struct wire_result r = wire_parse(s->arena, version, first.data, first.len, LIMIT, &again);
	DEMAND(r.status == WIRE_PACKET && r.consumed == first.len);
	DEMAND(wire_build(&second, version, &again, NULL));
	DEMAND(first.len == second.len && !memcmp(first.data, second.data, first.len));
	DEMAND(!strcmp(
		wire_describe(s->arena, version, p), wire_describe(s->arena, version, &again)));
	buf_fini(&first);
	buf_fini(&second);
}

static void demand_of_packet(
	const struct stream *s, const struct wire_result *r, const struct packet *p)
{
	DEMAND(r->consumed >= 2 && r->consumed <= s->len);
	DEMAND(p->raw.data == s->data && p->raw.len == r->consumed);
	DEMAND(strlen(wire_describe(s->arena, s->version, p)) < LINE_MAX_BYTES);
	demand_of_prefixes(s, r->consumed);
	demand_idempotence(s, p);
}

static void demand_of_malformed(const struct stream *s, const struct wire_result *r)
{
	DEMAND(r->consumed <= s->len && r->offset <= s->len && r->what);
	DEMAND(r->consumed == 0 || r->offset <= r->consumed);
	DEMAND(r->rule ? spec_find(r->rule) != NULL : r->consumed == 0);
	if (r->consumed)
		demand_of_prefixes(s, r->consumed);
}

/* Returns the bytes that were read, 0 at the end. */
static size_t read_one(const struct stream *s)
{
	struct packet p;
	struct wire_result r = parse(s, s->len, &p);

	switch (r.status) {
	case WIRE_PACKET: demand_of_packet(s, &r, &p); break;
	case WIRE_NEED_MORE: demand_of_prefixes(s, s->len + r.missing); break;
	case WIRE_MALFORMED: demand_of_malformed(s, &r); break;
	}
	return r.consumed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct stream s = {
		.version = data[0] & 1 ? MQTT_50 : MQTT_311, .data = data + 1, .len = size - 1
	};
	size_t consumed;
	do {
		struct arena a;
		arena_init(&a);
		s.arena = &a;
		consumed = read_one(&s);
		s.data += consumed;
		s.len -= consumed;
		arena_fini(&a);
	} while (consumed);
	return 0;
}
