#include "deviants/then_taken.h"

#include <jansson.h>
#include <string.h>

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

/* ---- commands ------------------------------------------------------------------------------ */

static json_t *shortened(const json_t *text, size_t bytes)
{
	return json_string_length(text) > bytes ? json_stringn(json_string_value(text), bytes)
						: NULL;
}

static void shorten_member(json_t *object, const char *name, size_t bytes)
{
	json_t *text = shortened(json_object_get(object, name), bytes);

	if (text)
		json_object_set_new(object, name, text);
}

void shorten_names(struct passing *it, long bytes)
{
	json_t *filters = json_object_get(it->command, "filters"), *each;
	size_t i;

	shorten_member(it->command, "topic", (size_t)bytes);
	json_array_foreach(filters, i, each)
	{
		json_t *text = shortened(each, (size_t)bytes);

		if (text)
			json_array_set_new(filters, i, text);
		shorten_member(each, "filter", (size_t)bytes);
	}
}
