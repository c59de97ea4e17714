#include <string.h>

#include "client/shell/shell.h"
#include "spec/spec.h"

static struct mqtt_view view(const char *text, size_t len)
{
	return (struct mqtt_view){ (const uint8_t *)text,
		(uint32_t)(len         ? len
				: text ? strlen(text)
				       : 0) };
}

static bool property_encode(struct buf *out, const struct mqttspec_property *p)
{
	const struct spec_property *spec = spec_property(p->id);
	struct mqtt_view value = view(p->text, p->len);

	if (!spec || value.len > UINT16_MAX)
		return false;
	switch ((enum property_type)spec->type) {
	case PROPERTY_BYTE:
		return p->number <= UINT8_MAX && mqtt_property_add_number(out, p->id, p->number);
	case PROPERTY_TWO_BYTES:
		return p->number <= UINT16_MAX && mqtt_property_add_number(out, p->id, p->number);
	case PROPERTY_VARIABLE:
		return p->number <= MQTT_REMAINING_LENGTH_MAX &&
			mqtt_property_add_number(out, p->id, p->number);
	case PROPERTY_FOUR_BYTES: return mqtt_property_add_number(out, p->id, p->number);
	case PROPERTY_STRING_PAIR:
		return mqtt_property_add_pair(out, view(p->name, p->name_len), value);
	case PROPERTY_BINARY:
	case PROPERTY_STRING: return mqtt_property_add_view(out, p->id, value);
	}
	return false;
}

bool properties_encode(struct buf *out, const struct mqttspec_property *properties, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!property_encode(out, &properties[i]))
			return false;
	return true;
}

bool mqttspec_properties_next(const struct mqttspec_properties *properties, size_t *at,
	struct mqttspec_property *property)
{
	struct mqtt_properties p = { .raw = { properties->data, (uint32_t)properties->len } };
	struct mqtt_property one;
	uint32_t place = (uint32_t)*at;

	if (!mqtt_properties_next(&p, &place, &one))
		return false;
	*at = place;
	*property = (struct mqttspec_property){ .id = one.id,
		.number = one.number,
		.text = (const char *)one.value.data,
		.len = one.value.len,
		.name = (const char *)one.name.data,
		.name_len = one.name.len };
	return true;
}
