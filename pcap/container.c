#include "pcap/container.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcap/key_log.h"
#include "pcap/network_order.h"

enum {
	PCAP_MICROSECONDS = 0xa1b2c3d4,
	PCAP_NANOSECONDS = 0xa1b23c4d,
	PCAP_KUZNETZOV = 0xa1b2cd34, /* of an old Linux: packets have longer heads */
	PCAP_HEAD = 24,
	PCAP_PACKET_HEAD = 16,
	PCAP_KUZNETZOV_HEAD = 24,
	PCAP_LINK_TYPE = 0x03ffffff, /* the bits above tell of frame check sequences */

	BLOCK_SECTION = 0x0a0d0d0a, /* the same in both byte orders */
	BLOCK_INTERFACE = 1,
	BLOCK_OLD_PACKET = 2,
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_PACKET = 6,
	BLOCK_SECRETS = 10,
	BLOCK_HEAD = 8, /* type and length; the length stands at the end once more */
	BLOCK_LEAST = 12,
	SECTION_LEAST = 28,
	ORDER_MARK = 0x1a2b3c4d,

	OPTION_END = 0,
	OPTION_RESOLUTION = 9,
	OPTION_TIME_OFFSET = 14,
	INTERFACES_LIMIT = 65536,

	SECRETS_TLS_KEY_LOG = 0x544c534b, /* "TLSK" */

	SECOND_NS = 1000 * 1000 * 1000,
};

static const int64_t LAST_NS = INT64_MAX / 2; /* the year 2116: later ones are taken for it */

void container_init(struct container *c)
{
	*c = (struct container){ 0 };
	key_log_init(&c->secrets);
}

void container_fini(struct container *c)
{
	free(c->interfaces);
	key_log_fini(&c->secrets);
}

__attribute__((format(printf, 2, 3))) static enum container_got damaged(
	struct container *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->problem, sizeof(c->problem), format, args);
	va_end(args);
	return CONTAINER_DAMAGED;
}

static inline uint32_t u32(const struct container *c, const uint8_t *at)
{
	uint32_t value = network_u32(at);

	return c->big_endian ? value : __builtin_bswap32(value);
}

static inline uint16_t u16(const struct container *c, const uint8_t *at)
{
	uint16_t value = network_u16(at);

	return c->big_endian ? value : __builtin_bswap16(value);
}

static int64_t time_of(const struct container_interface *i, uint64_t stamp)
{
	uint64_t last = (uint64_t)LAST_NS, ns;

	if (i->unit_ns) {
		ns = stamp < last / i->unit_ns ? stamp * i->unit_ns : last;
	} else {
		uint64_t seconds = stamp / i->per_second, rest = stamp % i->per_second;
		ns = seconds < last / SECOND_NS ? seconds * SECOND_NS : last;
		ns += (uint64_t)((double)rest / (double)i->per_second * SECOND_NS);
	}
	return (int64_t)(ns < last ? ns : last) + i->offset_ns;
}

static bool interface_add(
	struct container *c, int link_type, uint64_t per_second, int64_t offset_ns)
{
	struct container_interface *grown =
		reallocarray(c->interfaces, c->interface_count + 1, sizeof(*grown));

	if (!grown)
		return false;
	c->interfaces = grown;
	grown[c->interface_count++] = (struct container_interface){
		.link_type = link_type,
		.per_second = per_second,
		.unit_ns = SECOND_NS % per_second ? 0 : SECOND_NS / per_second,
		.offset_ns = offset_ns,
	};
	return true;
}

static enum container_got packet_set(struct container *c, uint32_t interface, uint64_t stamp,
	const uint8_t *data, uint32_t size, uint32_t wire_size, struct captured *packet)
{
	const struct container_interface *i = &c->interfaces[interface];

	*packet = (struct captured){
		.number = ++c->packets,
		.at_ns = time_of(i, stamp),
		.data = data,
		.size = size,
		.wire_size = wire_size > size ? wire_size : size,
		.link_type = i->link_type,
	};
	return CONTAINER_PACKET;
}

/* pcap */

static enum container_got pcap_head(
	struct container *c, const uint8_t *data, size_t size, size_t *consumed)
{
	if (size < PCAP_HEAD)
		return CONTAINER_NEED_MORE;
	uint32_t magic = u32(c, data), link_type = u32(c, data + 20) & PCAP_LINK_TYPE;
	c->packet_head = magic == PCAP_KUZNETZOV ? PCAP_KUZNETZOV_HEAD : PCAP_PACKET_HEAD;
	if (u16(c, data + 4) != 2)
		return damaged(c, "version %u of its format", (unsigned)u16(c, data + 4));
	if (!interface_add(c, (int)link_type, magic == PCAP_NANOSECONDS ? SECOND_NS : 1000000, 0))
		return damaged(c, "out of memory");
	*consumed = PCAP_HEAD;
	c->kind = CONTAINER_PCAP;
	return CONTAINER_OTHER;
}

static enum container_got pcap_packet(struct container *c, const uint8_t *data, size_t size,
	size_t *consumed, struct captured *packet)
{
	if (size < c->packet_head)
		return CONTAINER_NEED_MORE;
	uint32_t captured = u32(c, data + 8);
	if (captured > CONTAINER_RECORD_LIMIT - c->packet_head)
		return damaged(c, "a packet of %u bytes", (unsigned)captured);
	if (size - c->packet_head < captured)
		return CONTAINER_NEED_MORE;
	uint64_t units = SECOND_NS / c->interfaces->unit_ns;
	uint64_t stamp = u32(c, data) * units + u32(c, data + 4);
	*consumed = c->packet_head + captured;
	return packet_set(c, 0, stamp, data + c->packet_head, captured, u32(c, data + 12), packet);
}

/* pcapng */

/* The value of an option; NULL if there is none of at least `least` bytes. */
static const uint8_t *option_find(const struct container *c, const uint8_t *at, const uint8_t *end,
	uint16_t code, uint16_t least)
{
	while (end - at >= 4) {
		uint16_t this = u16(c, at), len = u16(c, at + 2);
		if (this == OPTION_END || end - at - 4 < len)
			return NULL;
		if (this == code && len >= least)
			return at + 4;
		size_t step = 4 + (len + 3u) / 4 * 4;
		if ((size_t)(end - at) < step)
			return NULL;
		at += step;
	}
	return NULL;
}

/* Units a second: a power of ten, or with the highest bit one of two; 0 if that is beyond 64 bits. */
static uint64_t resolution(uint8_t value)
{
	uint64_t units = 1;

	if (value & 0x80)
		return (value & 0x7f) < 64 ? units << (value & 0x7f) : 0;
	if (value > 19)
		return 0;
	while (value--)
		units *= 10;
	return units;
}

/* `body` is what lies between the two lengths of a block, as in the functions below. */
static enum container_got interface_block(struct container *c, const uint8_t *body, size_t size)
{
	if (size < 8)
		return damaged(c, "a description of an interface of %zu bytes", size);
	const uint8_t *options = body + 8, *end = body + size;
	const uint8_t *units = option_find(c, options, end, OPTION_RESOLUTION, 1);
	const uint8_t *offset = option_find(c, options, end, OPTION_TIME_OFFSET, 8);
	uint64_t per_second = units ? resolution(*units) : 1000000;
	int64_t offset_s = 0;
	if (offset) {
		uint32_t first = u32(c, offset), second = u32(c, offset + 4);
		offset_s = (int32_t)(c->big_endian ? second : first);
	}
	if (!per_second)
		return damaged(c, "time stamps of an impossible resolution");
	if (c->interface_count == INTERFACES_LIMIT)
		return damaged(c, "more than %d interfaces", INTERFACES_LIMIT);
	if (!interface_add(c, u16(c, body), per_second, offset_s * SECOND_NS))
		return damaged(c, "out of memory");
	return CONTAINER_OTHER;
}

static enum container_got packet_block(
	struct container *c, const uint8_t *body, size_t size, bool old, struct captured *packet)
{
	if (size < 20)
		return damaged(c, "a packet block of %zu bytes", size);
	uint32_t interface = old ? u16(c, body) : u32(c, body);
	uint64_t stamp = (uint64_t)u32(c, body + 4) << 32 | u32(c, body + 8);
	uint32_t captured = u32(c, body + 12);
	if (interface >= c->interface_count)
		return damaged(c, "a packet of an interface that is not described");
	if (captured > size - 20)
		return damaged(
			c, "a packet of %u bytes in a block of %zu", (unsigned)captured, size);
	return packet_set(c, interface, stamp, body + 20, captured, u32(c, body + 16), packet);
}

/* It has neither a time nor its size as captured. */
static enum container_got simple_block(
	struct container *c, const uint8_t *body, size_t size, struct captured *packet)
{
	if (size < 4)
		return damaged(c, "a packet block of %zu bytes", size);
	if (!c->interface_count)
		return damaged(c, "a packet of an interface that is not described");
	uint32_t wire_size = u32(c, body);
	uint32_t captured = wire_size < size - 4 ? wire_size : (uint32_t)size - 4;
	return packet_set(c, 0, 0, body + 4, captured, wire_size, packet);
}

static void secrets_block(struct container *c, const uint8_t *body, size_t size)
{
	if (size < 8 || u32(c, body) != SECRETS_TLS_KEY_LOG || u32(c, body + 4) > size - 8)
		return;
	key_log_add(&c->secrets, (const char *)body + 8, u32(c, body + 4));
}

/* A section begins anew: byte order and interfaces are its own. */
static enum container_got section_begin(struct container *c, const uint8_t *data, size_t size)
{
	if (size < BLOCK_LEAST)
		return CONTAINER_NEED_MORE;
	c->big_endian = network_u32(data + 8) == ORDER_MARK;
	if (u32(c, data + 8) != ORDER_MARK)
		return damaged(c, "a section without a byte order");
	if (u32(c, data + 4) < SECTION_LEAST)
		return damaged(c, "the head of a section of %u bytes", (unsigned)u32(c, data + 4));
	if (size >= 14 && u16(c, data + 12) != 1)
		return damaged(c, "version %u of its format", (unsigned)u16(c, data + 12));
	c->kind = CONTAINER_PCAPNG;
	c->interface_count = 0;
	return CONTAINER_OTHER;
}

static enum container_got block_next(struct container *c, const uint8_t *data, size_t size,
	size_t *consumed, struct captured *packet)
{
	if (size < BLOCK_HEAD)
		return CONTAINER_NEED_MORE;
	if (network_u32(data) == BLOCK_SECTION) {
		enum container_got got = section_begin(c, data, size);
		if (got != CONTAINER_OTHER)
			return got;
	}
	uint32_t type = u32(c, data), len = u32(c, data + 4);
	if (len < BLOCK_LEAST || len % 4 || len > CONTAINER_RECORD_LIMIT)
		return damaged(c, "a block of %u bytes", (unsigned)len);
	if (size < len)
		return CONTAINER_NEED_MORE;
	if (u32(c, data + len - 4) != len)
		return damaged(c, "a block whose two lengths differ");
	*consumed = len;
	const uint8_t *body = data + BLOCK_HEAD;
	size_t body_size = len - BLOCK_LEAST;
	switch (type) {
	case BLOCK_PACKET: return packet_block(c, body, body_size, false, packet);
	case BLOCK_OLD_PACKET: return packet_block(c, body, body_size, true, packet);
	case BLOCK_SIMPLE_PACKET: return simple_block(c, body, body_size, packet);
	case BLOCK_INTERFACE: return interface_block(c, body, body_size);
	case BLOCK_SECRETS: secrets_block(c, body, body_size); return CONTAINER_OTHER;
	default: return CONTAINER_OTHER;
	}
}

static bool pcap_begins(struct container *c, const uint8_t *data)
{
	for (int big_endian = 0; big_endian <= 1; big_endian++) {
		c->big_endian = big_endian;
		uint32_t magic = u32(c, data);
		if (magic == PCAP_MICROSECONDS || magic == PCAP_NANOSECONDS ||
			magic == PCAP_KUZNETZOV)
			return true;
	}
	return false;
}

static enum container_got record_next(struct container *c, const uint8_t *data, size_t size,
	size_t *consumed, struct captured *packet)
{
	switch (c->kind) {
	case CONTAINER_PCAP: return pcap_packet(c, data, size, consumed, packet);
	case CONTAINER_PCAPNG: return block_next(c, data, size, consumed, packet);
	case CONTAINER_UNKNOWN: break;
	}
	if (size < 4)
		return CONTAINER_NEED_MORE;
	if (network_u32(data) == BLOCK_SECTION)
		return block_next(c, data, size, consumed, packet);
	if (pcap_begins(c, data))
		return pcap_head(c, data, size, consumed);
	return damaged(c, "neither pcap nor pcapng");
}

enum container_got container_next(struct container *c, const uint8_t *data, size_t size,
	size_t *consumed, struct captured *packet)
{
	*consumed = 0;
	enum container_got got = record_next(c, data, size, consumed, packet);
	if (got == CONTAINER_DAMAGED)
		*consumed = 0;
	return got;
}
