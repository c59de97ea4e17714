/* Properties between docs/AGENT.md and Eclipse Paho C. */
#include "targets/agents/paho_c_property.h"

static MQTTLenString text_for(struct octets text)
{
	return (MQTTLenString){ (int)text.size, (char *)text.at };
}

static struct octets text_from(MQTTLenString text)
{
	return (struct octets){ text.data, (size_t)text.len };
}

static int add_property(void *to, const struct property *p)
{
	MQTTProperty q = { .identifier = (enum MQTTPropertyCodes)p->id };
	switch (p->kind) {
	case BYTE: q.value.byte = (unsigned char)p->number; break;
	case TWO_BYTES: q.value.integer2 = (unsigned short)p->number; break;
	case FOUR_BYTES:
	case VARIABLE: q.value.integer4 = p->number; break;
	case BINARY:
	case TEXT: q.value.data = text_for(p->data); break;
	case PAIR: q.value.data = text_for(p->data); q.value.value = text_for(p->value);
	}
	return p->data.size > UINT16_MAX || p->value.size > UINT16_MAX ||
		MQTTProperties_add(to, &q);
}

MQTTProperties properties_of(struct command *c, json_t *fields)
{
	MQTTProperties props = MQTTProperties_initializer;
	get_properties(c, fields, add_property, &props);
	return props;
}

json_t *with(json_t *event, const MQTTProperties *props)
{
	for (int i = 0; i < props->count; i++) {
		const MQTTProperty *q = &props->array[i];
		struct property p = { (int)q->identifier, property_kind((int)q->identifier), 0,
			{ "", 0 }, { "", 0 } };
		switch (p.kind) {
		case BYTE: p.number = q->value.byte; break;
		case TWO_BYTES: p.number = q->value.integer2; break;
		case FOUR_BYTES:
		case VARIABLE: p.number = q->value.integer4; break;
		case BINARY:
		case TEXT: p.data = text_from(q->value.data); break;
		case PAIR: p.data = text_from(q->value.data); p.value = text_from(q->value.value);
		}
		event_add_property(event, &p);
	}
	return event;
}
