/* What this server does not take, though the standard allows it: in Topic Names, and in their depth. */
#ifndef BROKER_CORE_TOPIC_H
#define BROKER_CORE_TOPIC_H

#include <stdbool.h>

#include "broker/core/broker.h"

/* Whether it has no more levels than are allowed: a Topic Name, or a Topic Filter without what makes it a share. */
bool topic_is_shallow(const struct broker_limits *limits, struct mqtt_view text);

/* The rest of topic_is_taken: for one that begins with "$", or is long. */
bool topic_is_taken_all_the_same(const struct broker_limits *limits, struct mqtt_view topic);

/* Whether clients may publish to it, by a PUBLISH or a Will: UALL-DOLLAR-PREVENT, U50-WILL-TOPIC-REFUSED. */
static inline bool topic_is_taken(const struct broker_limits *limits, struct mqtt_view topic)
{
	bool is_plain = topic.data[0] != '$' && topic.len < limits->topic_levels;

	return is_plain || topic_is_taken_all_the_same(limits, topic);
}

#endif
