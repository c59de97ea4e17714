/* The mount point of a listener: a prefix of all topics of its clients, which they never see.
 *
 *      the client says        the broker knows
 *      a/b                    MOUNT a/b
 *      $share/g/a/#           $share/g/ MOUNT a/#
 *
 * Rights, subscriptions, retained messages, Wills and the store know the topics with it.
 */
#ifndef BROKER_CORE_MOUNT_H
#define BROKER_CORE_MOUNT_H

#include <stdbool.h>

#include "broker/core/link.h"
#include "mqtt/view.h"

static inline bool is_mounted(const struct link *l)
{
	return l->extra && l->extra->mount.len;
}

/* With the prefix, which a mounted link has. The view lasts until the next call for any link; empty:
 * it would be too long, there is no memory for it, or the filter would begin with a wildcard in the
 * middle of a level.
 */
struct mqtt_view mount_topic(struct link *l, struct mqtt_view topic);
struct mqtt_view mount_filter(struct link *l, struct mqtt_view filter);

/* Takes the prefix off, if the link has one. False: the topic is not for its clients. It is outside, or
 * would begin with "$", and a filter that begins with a wildcard must not match it. [MQTT-4.7.2-1]
 */
bool mount_strip(const struct link *l, struct mqtt_view *topic);

#endif
