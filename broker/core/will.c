#include "broker/core/will.h"

#include "broker/core/core.h"
#include "broker/core/memory.h"
#include "broker/core/message.h"
#include "broker/core/session.h"

/* The Will Properties that go out with the message: neither the delay nor the expiry. */
static struct mqtt_view properties_of(struct broker *b, const struct mqtt_properties *p)
{
	struct mqtt_property property;
	uint32_t at = 0;

	buf_reset(&b->properties);
	while (mqtt_properties_next(p, &at, &property))
		if (property.id != MQTT_WILL_DELAY_INTERVAL &&
			property.id != MQTT_MESSAGE_EXPIRY_INTERVAL)
			buf_add(&b->properties, property.raw.data, property.raw.len);
	return (struct mqtt_view){ b->properties.data, (uint32_t)b->properties.len };
}

bool will_set(struct broker *b, struct session *s, const struct mqtt_connect *c)
{
	will_drop(b, s);
	if (!c->has_will)
		return true;
	struct publication p = { .topic = c->will_topic,
		.properties = properties_of(b, &c->will_properties),
		.payload = c->will_payload,
		.expires_ms = INT64_MAX,
		.qos = c->will_qos,
		.retain = c->will_retain };
	struct will *w = b->properties.failed ? NULL : memory_take_zeroed(&b->memory, sizeof(*w));
	if (!w)
		return false;
	w->message = message_new(&b->memory, &p);
	w->delay_s = mqtt_properties_number(&c->will_properties, MQTT_WILL_DELAY_INTERVAL, 0);
	w->expires = mqtt_properties_has(&c->will_properties, MQTT_MESSAGE_EXPIRY_INTERVAL);
	w->lifetime_s =
		mqtt_properties_number(&c->will_properties, MQTT_MESSAGE_EXPIRY_INTERVAL, 0);
	s->will = w; /* [MQTT-3.1.2-7] */
	if (!w->message)
		will_drop(b, s);
	return s->will != NULL;
}

struct will *will_take(struct session *s)
{
	struct will *w = s->will;

	s->will = NULL; /* [MQTT-3.1.2-10] */
	return w;
}

void will_free(struct broker *b, struct will *w)
{
	if (!w)
		return;
	message_drop(&b->memory, w->message);
	memory_give(&b->memory, w, sizeof(*w));
}

void will_drop(struct broker *b, struct session *s)
{
	will_free(b, will_take(s));
}
