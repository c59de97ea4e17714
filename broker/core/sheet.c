#include "broker/core/sheet.h"

#include <stddef.h>

uint8_t *sheet_room(struct sheet **sheet, struct memory *memory, uint32_t len)
{
	struct sheet *s = *sheet;

	if (s && s->refs == 1)
		s->len = 0;
	if (!s || len > SHEET_BYTES - s->len) {
		s = memory_take(memory, MEMORY_PIECE);
		if (!s)
			return NULL;
		sheet_drop(memory, *sheet);
		*sheet = s;
		s->refs = 1;
		s->len = 0;
	}
	return s->bytes + s->len;
}

struct sheet *sheet_hold(struct sheet *sheet)
{
	sheet->refs++;
	return sheet;
}

void sheet_drop(struct memory *memory, struct sheet *sheet)
{
	if (sheet && !--sheet->refs)
		memory_give(memory, sheet, MEMORY_PIECE);
}
