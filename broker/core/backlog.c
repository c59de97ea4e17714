#include "broker/core/backlog.h"

#include <string.h>

#include "broker/core/memory.h"

void backlog_free(struct memory *memory, struct backlog *b)
{
	memory_give(memory, b->packets, b->size);
	*b = (struct backlog){ 0 };
}

/* Grows with what has come. */
static bool room(struct memory *memory, struct backlog *b, uint32_t len)
{
	if (len > UINT32_MAX / 2 - b->len)
		return false;
	uint32_t need = b->len + len, size = b->size * 2 < need ? need : b->size * 2;
	if (need <= b->size)
		return true;
	void *moved = memory_move(memory, b->packets, b->len, b->size, size);
	if (!moved)
		return false;
	b->packets = moved;
	b->size = size;
	return true;
}

bool backlog_add(struct memory *memory, struct backlog *b, struct mqtt_view packet)
{
	b->failed = b->trying;
	if (b->trying)
		return true;
	if (!room(memory, b, packet.len))
		return false;
	memcpy(b->packets + b->len, packet.data, packet.len);
	b->len += packet.len;
	return true;
}
