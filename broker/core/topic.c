#include "broker/core/topic.h"

#include <string.h>

bool topic_is_shallow(const struct broker_limits *limits, struct mqtt_view text)
{
	uint32_t levels = 1;

	if (text.len < limits->topic_levels)
		return true;
	for (uint32_t i = 0; i < text.len; i++)
		levels += text.data[i] == '/';
	return levels <= limits->topic_levels;
}

bool topic_is_taken_all_the_same(const struct broker_limits *limits, struct mqtt_view topic)
{
	bool is_own = topic.len >= 4 && !memcmp(topic.data, "$SYS", 4);

	if (topic.data[0] == '$' && (is_own || !limits->allow_dollar_publish))
		return false;
	return topic_is_shallow(limits, topic);
}
