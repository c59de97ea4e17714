/* Packets from fields to bytes. Nothing is checked here: a wrong packet is what a test may want. */
#include "harness/wire/wire.h"

#include "base/buf.h"

/* A packet's body while it grows. `out` fails for good when a string has no two-byte length. */
struct build {
	struct buf out;
	enum mqtt_version version;
	const struct packet *packet;
	const struct wire_twist *twist;
};

bool wire_add_variable(struct buf *out, uint32_t value, unsigned bytes)
{
	uint8_t encoded[5]; /* 32 bits need five bytes, though MQTT allows four */
	unsigned size = 0;

	do {
		encoded[size++] = (value & 0x7f) | 0x80;
		value >>= 7;
	} while (value);
	while (size < bytes && size < sizeof(encoded))
		encoded[size++] = 0x80;
	encoded[size - 1] &= 0x7f;
	return buf_add(out, encoded, size);
}

static void add_string(struct buf *out, struct bytes text)
{
	if (text.len > UINT16_MAX) {
		out->failed = true;
		return;
	}
	buf_add_u16(out, (uint16_t)text.len);
	buf_add(out, text.data, text.len);
}

static void add_property(struct buf *out, const struct property *p)
{
	wire_add_variable(out, p->id, 0);
	switch (p->type) {
	case PROPERTY_BYTE: buf_add_u8(out, (uint8_t)p->number); break;
	case PROPERTY_TWO_BYTES: buf_add_u16(out, (uint16_t)p->number); break;
	case PROPERTY_FOUR_BYTES: buf_add_u32(out, p->number); break;
	case PROPERTY_VARIABLE: wire_add_variable(out, p->number, 0); break;
	case PROPERTY_STRING_PAIR:
		add_string(out, p->name);
		add_string(out, p->value);
		break;
	case PROPERTY_BINARY:
	case PROPERTY_STRING: add_string(out, p->value); break;
	}
}

/* Property Length and properties. `length` replaces the true length unless it is NULL. */
static void add_properties(
	struct buf *out, const struct properties *properties, const uint32_t *length)
{
	struct buf inside;

	buf_init(&inside, out->limit_bytes);
	for (size_t i = 0; i < properties->count; i++)
		add_property(&inside, &properties->list[i]);
	wire_add_variable(out, length ? *length : (uint32_t)inside.len, 0);
	buf_add(out, inside.data, inside.len);
	out->failed |= inside.failed;
	buf_fini(&inside);
}

static void add_own_properties(struct build *b)
{
	bool lie = b->twist && b->twist->set_property_length;

	if (version_traits(b->version).properties)
		add_properties(
			&b->out, &b->packet->properties, lie ? &b->twist->property_length : NULL);
}

static void build_connect(struct build *b)
{
	const struct packet *p = b->packet;

	add_string(&b->out, p->protocol_name);
	buf_add_u8(&b->out, p->level);
	buf_add_u8(&b->out, p->connect_flags);
	buf_add_u16(&b->out, p->keep_alive);
	add_own_properties(b);
	add_string(&b->out, p->client_id);
	if (p->connect_flags & CONNECT_WILL) {
		if (version_traits(b->version).properties)
			add_properties(&b->out, &p->will_properties, NULL);
		add_string(&b->out, p->will_topic);
		add_string(&b->out, p->will_payload);
	}
	if (p->connect_flags & CONNECT_USER_NAME)
		add_string(&b->out, p->user_name);
	if (p->connect_flags & CONNECT_PASSWORD)
		add_string(&b->out, p->password);
}

static void build_connack(struct build *b)
{
	buf_add_u8(&b->out, b->packet->ack_flags);
	buf_add_u8(&b->out, b->packet->code);
	add_own_properties(b);
}

static void build_publish(struct build *b)
{
	const struct packet *p = b->packet;

	add_string(&b->out, p->topic);
	if (p->flags >> 1 & 3)
		buf_add_u16(&b->out, p->id);
	add_own_properties(b);
	buf_add(&b->out, p->payload.data, p->payload.len);
}

/* The Reason Code and the properties of 5.0, both of which may be left out from the end. */
static void add_reason(struct build *b)
{
	const struct properties *properties = &b->packet->properties;
	bool more = properties->present || properties->count ||
		(b->twist && b->twist->set_property_length);

	if (!version_traits(b->version).reason_codes)
		return;
	if (b->packet->has_code || more)
		buf_add_u8(&b->out, b->packet->code);
	if (more)
		add_own_properties(b);
}

static void build_subscribe(struct build *b)
{
	const struct packet *p = b->packet;

	buf_add_u16(&b->out, p->id);
	add_own_properties(b);
	for (size_t i = 0; i < p->filter_count; i++) {
		add_string(&b->out, p->filters[i].text);
		if (p->type == SUBSCRIBE)
			buf_add_u8(&b->out, p->filters[i].options);
	}
}

static void build_suback(struct build *b)
{
	buf_add_u16(&b->out, b->packet->id);
	add_own_properties(b);
	if (b->packet->type == SUBACK || version_traits(b->version).reason_codes)
		buf_add(&b->out, b->packet->codes.data, b->packet->codes.len);
}

static void build_body(struct build *b)
{
	switch (b->packet->type) {
	case CONNECT: build_connect(b); break;
	case CONNACK: build_connack(b); break;
	case PUBLISH: build_publish(b); break;
	case PUBACK:
	case PUBREC:
	case PUBREL:
	case PUBCOMP:
		buf_add_u16(&b->out, b->packet->id);
		add_reason(b);
		break;
	case SUBSCRIBE:
	case UNSUBSCRIBE: build_subscribe(b); break;
	case SUBACK:
	case UNSUBACK: build_suback(b); break;
	case DISCONNECT:
	case AUTH: add_reason(b); break;
	}
}

bool wire_build(struct buf *out, enum mqtt_version version, const struct packet *packet,
	const struct wire_twist *twist)
{
	struct build b = { .version = version, .packet = packet, .twist = twist };
	size_t start = out->len;

	buf_init(&b.out, WIRE_REMAINING_LENGTH_MAX);
	build_body(&b);
	bool lie = twist && twist->set_remaining_length;
	buf_add_u8(out, (uint8_t)(packet->type << 4 | (packet->flags & 0x0f)));
	wire_add_variable(out, lie ? twist->remaining_length : (uint32_t)b.out.len,
		twist ? twist->remaining_length_bytes : 0);
	buf_add(out, b.out.data, b.out.len);
	out->failed |= b.out.failed;
	if (out->failed)
		out->len = start;
	buf_fini(&b.out);
	return !out->failed;
}
