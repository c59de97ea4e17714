#include "broker/core/delivery.h"

#include "broker/core/memory.h"

struct delivery_extra *delivery_extra_new(
	struct memory *memory, struct share *share, uint32_t count)
{
	struct delivery_extra *extra =
		memory_take(memory, sizeof(*extra) + count * sizeof(*extra->ids));

	if (!extra)
		return NULL;
	if (share)
		share_hold(share);
	extra->share = share;
	extra->count = count;
	for (uint32_t i = 0; i < count; i++)
		extra->ids[i] = (struct target_id){ 0, i };
	return extra;
}

void delivery_extra_free(struct memory *memory, struct delivery_extra *extra)
{
	if (!extra)
		return;
	share_drop(memory, extra->share);
	memory_give(memory, extra, sizeof(*extra) + extra->count * sizeof(*extra->ids));
}
