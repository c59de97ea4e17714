#include "deviants/then_taken.h"

/* ---- packets ------------------------------------------------------------------------------- */

void clear_ack_flags(struct passing *it, long none)
{
	(void)none;
	it->packet->ack_flags &= 1;
	it->changed = true;
}

void accept_instead(struct passing *it, long none)
{
	struct packet connack = wire_packet(CONNACK);

	(void)none;
	exchange_send(it->x, it->way, &connack, NULL);
	it->copies = 0;
}

/* The last two bytes of a CONNECT that has nothing but an empty ClientId in its payload. */
void drop_empty_id(struct passing *it, long none)
{
	enum { FIELD = 2 };
	uint8_t *copy = arena_copy(it->arena, it->raw.data, it->raw.len);

	(void)none;
	if (copy[1] > 127 || it->packet->client_id.len ||
		it->packet->connect_flags & ~(unsigned)CONNECT_CLEAN)
		return;
	copy[1] -= FIELD;
	it->raw = (struct bytes){ copy, it->raw.len - FIELD };
}
