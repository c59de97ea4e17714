#include "client/engine/alias.h"

#include <stdlib.h>

static void topics_free(struct alias_topic *topics, uint16_t count)
{
	for (uint16_t i = 0; topics && i < count; i++)
		free(topics[i].data);
	free(topics);
}

static bool topic_set(
	struct alias_topic **topics, uint16_t maximum, uint16_t alias, struct mqtt_view topic)
{
	if (!*topics)
		*topics = calloc(maximum, sizeof(**topics));
	uint8_t *copy = *topics ? malloc(topic.len) : NULL;
	if (!copy)
		return false;
	memcpy(copy, topic.data, topic.len);
	struct alias_topic *t = &(*topics)[alias - 1];
	free(t->data);
	*t = (struct alias_topic){ copy, topic.len };
	return true;
}

static struct mqtt_view topic_get(
	const struct alias_topic *topics, uint16_t maximum, uint16_t alias)
{
	if (!topics || !alias || alias > maximum)
		return (struct mqtt_view){ 0 };
	return (struct mqtt_view){ topics[alias - 1].data, topics[alias - 1].len };
}

void alias_in_reset(struct alias_in *a, uint16_t maximum)
{
	topics_free(a->topics, a->maximum);
	*a = (struct alias_in){ .maximum = maximum };
}

bool alias_in_set(struct alias_in *a, uint16_t alias, struct mqtt_view topic)
{
	return topic_set(&a->topics, a->maximum, alias, topic);
}

struct mqtt_view alias_in_get(const struct alias_in *a, uint16_t alias)
{
	return topic_get(a->topics, a->maximum, alias);
}

void alias_out_reset(struct alias_out *a, uint16_t maximum, uint16_t automatic)
{
	topics_free(a->topics, a->maximum);
	*a = (struct alias_out){ .maximum = maximum,
		.automatic = automatic < maximum ? automatic : maximum };
}

bool alias_out_set(struct alias_out *a, uint16_t alias, struct mqtt_view topic)
{
	return topic_set(&a->topics, a->maximum, alias, topic);
}

struct mqtt_view alias_out_get(const struct alias_out *a, uint16_t alias)
{
	return topic_get(a->topics, a->maximum, alias);
}

uint16_t alias_out_choose(struct alias_out *a, struct mqtt_view topic, bool *known)
{
	*known = false;
	for (uint16_t alias = 1; alias <= a->automatic; alias++) {
		if (!mqtt_view_equal(alias_out_get(a, alias), topic))
			continue;
		*known = true;
		return alias;
	}
	if (!a->automatic)
		return 0;
	a->next = (uint16_t)(a->next % a->automatic + 1);
	return alias_out_set(a, a->next, topic) ? a->next : 0;
}
