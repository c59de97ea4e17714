#include "broker/core/alias.h"

#include <string.h>

#include "broker/core/hash.h"
#include "broker/core/memory.h"

void aliases_fini(struct aliases *a, struct memory *memory)
{
	for (uint32_t i = 0; a->entries && i < a->max; i++)
		memory_give(memory, a->entries[i].topic, a->entries[i].len);
	memory_give(memory, a->entries, a->max * sizeof(*a->entries));
	a->entries = NULL;
}

static uint32_t hash_of(struct mqtt_view topic)
{
	return (uint32_t)hash_view(0, topic);
}

bool alias_set(struct aliases *a, struct memory *memory, uint16_t alias, struct mqtt_view topic)
{
	if (!a->entries)
		a->entries = memory_take_zeroed(memory, a->max * sizeof(*a->entries));
	uint8_t *copy = a->entries ? memory_take(memory, topic.len) : NULL;
	if (!copy)
		return false;
	memcpy(copy, topic.data, topic.len);
	struct alias *entry = &a->entries[alias - 1];
	memory_give(memory, entry->topic, entry->len);
	*entry = (struct alias){ copy, topic.len, hash_of(topic) };
	return true;
}

struct mqtt_view alias_get(const struct aliases *a, uint16_t alias)
{
	if (!a->entries)
		return (struct mqtt_view){ 0 };
	return (struct mqtt_view){ a->entries[alias - 1].topic, a->entries[alias - 1].len };
}

uint16_t alias_find(const struct aliases *a, struct mqtt_view topic)
{
	uint32_t hash = hash_of(topic);

	for (uint16_t i = 0; i < a->used; i++)
		if (a->entries[i].hash == hash && mqtt_view_equal(alias_get(a, i + 1), topic))
			return i + 1;
	return 0;
}
