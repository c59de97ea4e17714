/* Files of packets, any bytes, in any portions: what the container finds lies within them, and what the table of
 * connections makes of it keeps the promises of its listener. The first byte says what comes before the rest: a head
 * of pcap or of pcapng, or nothing; the second is the link type, the third how large the portions are.
 */
#include <string.h>

#include "base/buf.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/heard.h"

/* The copy has no byte beyond the end, so that the sanitizer sees whoever looks there. */
static enum container_got next(struct container *c, const uint8_t *data, size_t size,
	size_t *consumed, struct captured *packet, uint8_t **copy)
{
	*copy = malloc(size ? size : 1);
	memcpy(*copy, data, size);
	enum container_got got = container_next(c, *copy, size, consumed, packet);
	DEMAND(*consumed <= size);
	DEMAND((got == CONTAINER_PACKET || got == CONTAINER_OTHER) == (*consumed > 0));
	DEMAND((got == CONTAINER_DAMAGED) == (*c->problem != 0));
	if (got == CONTAINER_PACKET)
		DEMAND(packet->data >= *copy && packet->data + packet->size <= *copy + *consumed &&
			packet->wire_size >= packet->size);
	return got;
}

static void head_add(struct buf *b, uint8_t kind, uint8_t link_type)
{
	switch (kind % 3) {
	case 1:
		buf_add(b, "\xa1\xb2\xc3\xd4\0\2\0\4\0\0\0\0\0\0\0\0\0\4\0\0\0\0\0", 23);
		buf_add_u8(b, link_type);
		break;
	case 2:
		buf_add(b,
			"\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4d\0\1\0\0\xff\xff\xff\xff"
			"\xff\xff\xff\xff\0\0\0\x1c",
			28);
		buf_add(b, "\0\0\0\1\0\0\0\x14\0", 9);
		buf_add_u8(b, link_type);
		buf_add(b, "\0\0\0\4\0\0\0\0\0\x14", 10);
		break;
	default: break;
	}
}

static void demand_of(const uint8_t *data, size_t size, size_t portion)
{
	static const struct flows_limits limits = { 8, 512, 1024, 1000, 100, 10 };
	struct heard heard = { 0 };
	struct container c;
	struct captured packet;
	struct flows *f = flows_new(&limits, &heard_listener, &heard);
	size_t at = 0;

	DEMAND(f);
	container_init(&c);
	for (size_t have = 0;;) {
		size_t consumed;
		uint8_t *copy;
		enum container_got got = next(&c, data + at, have - at, &consumed, &packet, &copy);
		if (got == CONTAINER_PACKET) {
			DEMAND(packet.number == ++heard.packets);
			DEMAND(flows_packet(f, &packet));
		}
		free(copy);
		at += consumed;
		if (got == CONTAINER_DAMAGED || (got == CONTAINER_NEED_MORE && have == size))
			break;
		if (got == CONTAINER_NEED_MORE)
			have = size - have < portion ? size : have + portion;
	}
	flows_end(f);
	heard_end(&heard, f);
	flows_free(f);
	container_fini(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf file;

	if (size < 3)
		return 0;
	buf_init(&file, 64 + size);
	head_add(&file, data[0], data[1]);
	buf_add(&file, data + 3, size - 3);
	if (file.len)
		demand_of(file.data, file.len, data[2] % 64 + 1u);
	buf_fini(&file);
	return 0;
}
