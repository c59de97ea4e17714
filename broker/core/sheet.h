/* Bytes that are written once for many outputs: the packets of a fan-out, one after the other.
 *
 *      sheet   | packet 1 | packet 2 | packet 3 | room ...
 *              ▲ ──────── A and B ─────────────▶
 *                                    ▲ ── C ───▶
 *
 * An output that ends with one packet merely grows by the next; nothing is copied. What was written
 * stays as it is for as long as an output points at it. A sheet that none points at any longer is
 * begun anew.
 */
#ifndef BROKER_CORE_SHEET_H
#define BROKER_CORE_SHEET_H

#include <stdint.h>

#include "broker/core/memory.h"

struct sheet {
	uint32_t refs;
	uint32_t len;
	uint8_t bytes[];
};

enum { SHEET_BYTES = MEMORY_PIECE - sizeof(struct sheet) };

/* Room for `len` bytes in `*sheet`, which is replaced when it has less than that left. NULL without
 * memory.
 */
uint8_t *sheet_room(struct sheet **sheet, struct memory *memory, uint32_t len);

/* This many of them were written. They last until the next sheet_room, and for as long as the sheet
 * is held.
 */
static inline void sheet_keep(struct sheet *sheet, uint32_t len)
{
	sheet->len += len;
}

struct sheet *sheet_hold(struct sheet *sheet);
void sheet_drop(struct memory *memory, struct sheet *sheet); /* NULL is fine */

#endif
