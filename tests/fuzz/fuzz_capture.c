/* Files of packets, any bytes, in any portions: what the container finds lies within them, and what the table of
 * connections makes of it keeps the promises of its listener.
 */
#include <string.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct flows_limits limits = { 8, 512, 1024, 1000, 100, 10 };
	struct heard heard = { 0 };
	struct container c;
	struct captured packet;
	struct flows *f = flows_new(&limits, &heard_listener, &heard);
	size_t at = 0, portion = size ? data[size - 1] % 64 + 1 : 1;

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
	return 0;
}
