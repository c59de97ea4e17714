#include "mqtt/write.h"

#include <string.h>

#include "base/buf.h"

size_t packet_begin(struct buf *out)
{
	size_t mark = out->len;

	buf_add(out, "\0\0\0\0\0", 5);
	return mark;
}

void packet_view(struct buf *out, struct mqtt_view v)
{
	if (v.len > UINT16_MAX) /* [MQTT-4.7.3-3] and every other length of two bytes */
		out->failed = true;
	buf_add_u16(out, (uint16_t)v.len);
	buf_add(out, v.data, v.len);
}

void packet_properties(struct buf *out, unsigned version, struct mqtt_view raw)
{
	uint8_t variable[4];

	if (!version_traits(version).properties)
		return;
	if (raw.len > MQTT_REMAINING_LENGTH_MAX)
		out->failed = true;
	buf_add(out, variable, mqtt_variable_write(variable, raw.len)); /* [MQTT-2.2.2-1] */
	buf_add(out, raw.data, raw.len);
}

bool packet_end(struct buf *out, size_t mark, unsigned type, unsigned flags,
	struct mqtt_frame *frame, struct mqtt_view *body)
{
	if (out->failed || out->len - mark - 5 > MQTT_REMAINING_LENGTH_MAX)
		return false;
	uint32_t body_len = (uint32_t)(out->len - mark - 5);
	uint8_t *start = out->data + mark, header[5];
	header[0] = (uint8_t)(type << 4 | flags);
	size_t header_len = 1 + mqtt_variable_write(header + 1, body_len);
	memmove(start + header_len, start + 5, body_len);
	memcpy(start, header, header_len);
	out->len -= 5 - header_len;
	*frame = (struct mqtt_frame){ (uint8_t)type, (uint8_t)flags, (uint8_t)header_len, false,
		body_len };
	*body = (struct mqtt_view){ start + header_len, body_len };
	return true;
}

bool packet_keep(struct buf *out, size_t mark, bool legal)
{
	if (!legal)
		out->len = mark;
	return legal;
}
