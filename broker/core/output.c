#include "broker/core/output.h"

#include "broker/core/broker.h"
#include "broker/core/memory.h"
#include "broker/core/message.h"
#include "broker/core/sheet.h"

enum { FIRST_PIECE = MEMORY_SMALL_MAX };

static void piece_free(struct memory *memory, struct output_piece *p)
{
	message_drop(memory, p->message);
	sheet_drop(memory, p->sheet);
	memory_give(memory, p, p->size);
}

void output_fini(struct output *o, struct memory *memory)
{
	while (o->first) {
		struct output_piece *next = o->first->next;
		piece_free(memory, o->first);
		o->first = next;
	}
	*o = (struct output){ 0 };
}

void output_cut(struct output *o, struct memory *memory, uint32_t keep)
{
	struct output_piece *last = o->first;

	if (o->bytes <= keep)
		return;
	/* A payload that is pointed at belongs to the packet whose head is before it. */
	for (uint32_t kept = last->len; last->next; kept += last->len) {
		if (!last->next->message && kept >= keep)
			break;
		last = last->next;
	}
	while (last->next) {
		struct output_piece *p = last->next;
		last->next = p->next;
		o->bytes -= p->len;
		piece_free(memory, p);
	}
	o->last = last;
}

static struct output_piece *piece_add(struct output *o, struct memory *memory, uint32_t size)
{
	struct output_piece *p = memory_take(memory, size);

	if (!p)
		return NULL;
	*p = (struct output_piece){ .data = p->bytes, .size = size };
	if (o->last)
		o->last->next = p;
	else
		o->first = p;
	o->last = p;
	return p;
}

/* The first piece of a run is small: many links have little to say. */
uint8_t *output_take_more(struct output *o, struct memory *memory, uint32_t len)
{
	bool first = !o->last || !output_piece_is_own(o->last);
	size_t size = sizeof(*o->last) + len;

	if (len > UINT32_MAX - sizeof(*o->last) || len > UINT32_MAX - o->bytes)
		return NULL;
	if (size <= FIRST_PIECE && first)
		size = FIRST_PIECE;
	else if (size < MEMORY_PIECE)
		size = MEMORY_PIECE;
	struct output_piece *p = piece_add(o, memory, (uint32_t)size);
	if (!p)
		return NULL;
	p->len = len;
	o->bytes += len;
	return p->bytes;
}

bool output_share(struct output *o, struct memory *memory, struct message *message)
{
	struct mqtt_view payload = message_payload(message);
	struct output_piece *p =
		payload.len > UINT32_MAX - o->bytes ? NULL : piece_add(o, memory, sizeof(*p));

	if (!p)
		return false;
	p->message = message_hold(message);
	p->data = payload.data;
	p->len = payload.len;
	o->bytes += payload.len;
	return true;
}

bool output_refer(struct output *o, struct memory *memory, struct sheet *sheet,
	const uint8_t *packets, uint32_t len)
{
	struct output_piece *p = o->last;

	if (len > UINT32_MAX - o->bytes || (p && !(p->sheet && p->len >= SHEET_BYTES / 2)))
		return false;
	p = piece_add(o, memory, sizeof(*p));
	if (!p)
		return false;
	p->sheet = sheet_hold(sheet);
	p->data = packets;
	p->len = len;
	o->bytes += len;
	return true;
}

size_t output_pieces(const struct output *o, struct broker_piece *pieces, size_t max)
{
	size_t count = 0;
	uint32_t skip = o->written;

	for (const struct output_piece *p = o->first; p && count < max; p = p->next) {
		if (p->len > skip)
			pieces[count++] = (struct broker_piece){ p->data + skip, p->len - skip };
		skip = 0;
	}
	return count;
}

void output_written(struct output *o, struct memory *memory, size_t bytes)
{
	o->bytes -= (uint32_t)bytes;
	bytes += o->written;
	while (o->first && bytes >= o->first->len) {
		struct output_piece *p = o->first;
		bytes -= p->len;
		o->first = p->next;
		piece_free(memory, p);
	}
	if (!o->first)
		o->last = NULL;
	o->written = (uint32_t)bytes;
}
