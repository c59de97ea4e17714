#include "broker/core/mount.h"

#include <string.h>

#include "broker/core/core.h"
#include "mqtt/text.h"

static struct mqtt_view join(struct link *l, struct mqtt_view before, struct mqtt_view path)
{
	struct buf *mounted = &l->broker->mounted;
	struct mqtt_view mount = l->extra->mount;

	buf_reset(mounted);
	buf_add(mounted, before.data, before.len);
	buf_add(mounted, mount.data, mount.len);
	buf_add(mounted, path.data, path.len);
	if (mounted->failed || mounted->len > UINT16_MAX)
		return (struct mqtt_view){ 0 };
	return (struct mqtt_view){ mounted->data, (uint32_t)mounted->len };
}

struct mqtt_view mount_topic(struct link *l, struct mqtt_view topic)
{
	return join(l, (struct mqtt_view){ 0 }, topic);
}

struct mqtt_view mount_filter(struct link *l, struct mqtt_view filter)
{
	struct mqtt_view mount = l->extra->mount, share, path = filter, before = { 0 };

	if (mqtt_filter_is_shared(filter)) {
		if (!mqtt_filter_split_shared(filter, &share, &path))
			return filter; /* which refuses it */
		before = (struct mqtt_view){ filter.data, filter.len - path.len };
	}
	if ((path.data[0] == '+' || path.data[0] == '#') && mount.data[mount.len - 1] != '/')
		return (struct mqtt_view){ 0 };
	return join(l, before, path);
}

bool mount_strip(const struct link *l, struct mqtt_view *topic)
{
	if (!is_mounted(l))
		return true;
	struct mqtt_view mount = l->extra->mount;
	if (topic->len <= mount.len || memcmp(topic->data, mount.data, mount.len))
		return false;
	*topic = (struct mqtt_view){ topic->data + mount.len, topic->len - mount.len };
	return topic->data[0] != '$';
}
