#include "broker/core/idset.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "broker/core/memory.h"

enum { WORD_BITS = 64, PAGE_IDS = IDSET_PAGE_WORDS * WORD_BITS };

static_assert(IDSET_PAGES * PAGE_IDS == UINT16_MAX + 1, "every identifier has its bit");

static uint32_t word_of(uint32_t id)
{
	return id % PAGE_IDS / WORD_BITS;
}

static uint64_t bit_of(uint32_t id)
{
	return UINT64_C(1) << id % WORD_BITS;
}

bool idset_has(const struct idset *set, uint16_t id)
{
	const struct idset_page *page = set ? set->pages[id / PAGE_IDS] : NULL;

	return page && page->bits[word_of(id)] & bit_of(id);
}

static void page_free(struct idset *set, struct memory *memory, uint32_t number)
{
	memory_give(memory, set->pages[number], sizeof(*set->pages[number]));
	set->pages[number] = NULL;
}

/* Gives the set back if nothing is in it. */
static void set_release(struct idset **set, struct memory *memory)
{
	if (!*set || (*set)->count)
		return;
	memory_give(memory, *set, sizeof(**set));
	*set = NULL;
}

void idset_clear(struct idset **set, struct memory *memory)
{
	if (!*set)
		return;
	for (uint32_t i = 0; i < IDSET_PAGES; i++)
		page_free(*set, memory, i);
	(*set)->count = 0;
	set_release(set, memory);
}

static struct idset_page *page_make(struct idset **set, struct memory *memory, uint16_t id)
{
	if (!*set)
		*set = memory_take_zeroed(memory, sizeof(**set));
	if (!*set)
		return NULL;
	struct idset_page **page = &(*set)->pages[id / PAGE_IDS];
	if (!*page)
		*page = memory_take_zeroed(memory, sizeof(**page));
	return *page;
}

enum idset_result idset_add(struct idset **set, struct memory *memory, uint16_t id)
{
	if (idset_has(*set, id))
		return IDSET_THERE;
	struct idset_page *page = page_make(set, memory, id);
	if (!page) {
		set_release(set, memory);
		return IDSET_NO_MEMORY;
	}
	page->bits[word_of(id)] |= bit_of(id);
	page->count++;
	(*set)->count++;
	return IDSET_ADDED;
}

bool idset_remove(struct idset **set, struct memory *memory, uint16_t id)
{
	if (!idset_has(*set, id))
		return false;
	struct idset_page *page = (*set)->pages[id / PAGE_IDS];
	page->bits[word_of(id)] &= ~bit_of(id);
	(*set)->count--;
	if (!--page->count)
		page_free(*set, memory, id / PAGE_IDS);
	set_release(set, memory);
	return true;
}

/* The lowest of a page from `least` on, which is within it; 0: there is none. */
static uint32_t page_next(const struct idset_page *page, uint32_t least)
{
	uint64_t from = ~(bit_of(least) - 1);

	for (uint32_t word = word_of(least); word < IDSET_PAGE_WORDS; word++, from = ~UINT64_C(0)) {
		uint64_t left = page->bits[word] & from;
		if (left)
			return least / PAGE_IDS * PAGE_IDS + word * WORD_BITS +
				(uint32_t)__builtin_ctzll(left);
	}
	return 0;
}

uint16_t idset_next(const struct idset *set, uint32_t least)
{
	uint32_t id = 0;

	for (uint32_t at = least; set && !id && at <= UINT16_MAX;
		at = (at / PAGE_IDS + 1) * PAGE_IDS)
		if (set->pages[at / PAGE_IDS])
			id = page_next(set->pages[at / PAGE_IDS], at);
	return (uint16_t)id;
}

bool idset_block(const struct idset *set, unsigned block, uint8_t bytes[static IDSET_BLOCK_BYTES])
{
	uint32_t first = block * IDSET_BLOCK;
	const struct idset_page *page = set ? set->pages[first / PAGE_IDS] : NULL;
	uint64_t any = 0;

	for (uint32_t i = 0; page && i < IDSET_BLOCK / WORD_BITS; i++) {
		uint64_t word = page->bits[word_of(first) + i], little = htole64(word);
		memcpy(bytes + i * sizeof(word), &little, sizeof(word));
		any |= word;
	}
	return any;
}
