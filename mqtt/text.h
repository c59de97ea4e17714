/* Strings, Topic Names and Topic Filters: what a well-formed one is. */
#ifndef MQTT_TEXT_H
#define MQTT_TEXT_H

#include <stdbool.h>

#include "mqtt/view.h"

/* A UTF-8 Encoded String: well formed and without U+0000. */
bool mqtt_text_valid(struct mqtt_view text);

/* A Topic Name: a string of one character or more, without wildcards. */
bool mqtt_topic_valid(struct mqtt_view topic);

/* A Topic Filter: a string of one character or more whose wildcards stand where they may. */
bool mqtt_filter_valid(struct mqtt_view filter);

bool mqtt_filter_has_wildcard(struct mqtt_view filter);

/* Whether it begins with "$share/", which makes it a shared subscription in 5.0. */
bool mqtt_filter_is_shared(struct mqtt_view filter);

/* Parts of "$share/NAME/FILTER"; false when one of them is missing or NAME has a wildcard. FILTER is
 * not looked at beyond its being there.
 */
bool mqtt_filter_split_shared(
	struct mqtt_view shared, struct mqtt_view *name, struct mqtt_view *filter);

/* Whether a filter (without "$share/NAME/") matches a topic. */
bool mqtt_filter_matches(struct mqtt_view filter, struct mqtt_view topic);

#endif
