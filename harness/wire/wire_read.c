#include "harness/wire/wire_read.h"

#include "base/arena.h"

static bool fault(
	struct wire_reader *r, size_t offset, const struct wire_field *field, const char *what)
{
	r->result->status = WIRE_MALFORMED;
	r->result->offset = offset;
	r->result->rule = version_statement(r->version, field->rule_311, field->rule_50);
	r->result->what = what;
	return false;
}

/* Whether `size` more bytes are there; if not, a fault of `field`, which begins here. */
static bool has(struct wire_reader *r, const struct wire_field *field, size_t size)
{
	size_t left = r->end - r->at;

	if (size <= left)
		return true;
	return fault(r, r->at, field,
		left ? arena_printf(
			       r->arena, "%s runs past the end of the %s", field->name, r->within)
		     : arena_printf(r->arena, "%s is missing", field->name));
}

bool wire_read_u8(struct wire_reader *r, const struct wire_field *field, uint8_t *value)
{
	if (!has(r, field, 1))
		return false;
	*value = r->data[r->at++];
	return true;
}

static uint16_t u16_at(const struct wire_reader *r, size_t at)
{
	return (uint16_t)(r->data[at] << 8 | r->data[at + 1]);
}

bool wire_read_u16(struct wire_reader *r, const struct wire_field *field, uint16_t *value)
{
	if (!has(r, field, 2))
		return false;
	*value = u16_at(r, r->at);
	r->at += 2;
	return true;
}

static bool read_u32(struct wire_reader *r, const struct wire_field *field, uint32_t *value)
{
	if (!has(r, field, 4))
		return false;
	*value = (uint32_t)u16_at(r, r->at) << 16 | u16_at(r, r->at + 2);
	r->at += 4;
	return true;
}

bool wire_read_string(struct wire_reader *r, const struct wire_field *field, struct bytes *value)
{
	if (!has(r, field, 2))
		return false;
	size_t len = u16_at(r, r->at);
	if (!has(r, field, 2 + len))
		return false;
	*value = (struct bytes){ r->data + r->at + 2, len };
	r->at += 2 + len;
	return true;
}

enum variable_status wire_variable_decode(
	const uint8_t *data, size_t len, uint32_t *value, size_t *size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < 4; i++) {
		if (i == len)
			return VARIABLE_CUT;
		sum |= (uint32_t)(data[i] & 0x7f) << (7 * i);
		if (!(data[i] & 0x80)) {
			*value = sum;
			*size = i + 1;
			return VARIABLE_READ;
		}
	}
	return VARIABLE_TOO_LONG;
}

static bool read_variable(struct wire_reader *r, const struct wire_field *field, uint32_t *value)
{
	static const struct wire_field too_long = { NULL, RULES("U311-REMLEN", "U50-VBI-MAX") };
	size_t left = r->end - r->at;
	size_t size;

	switch (wire_variable_decode(r->data + r->at, left, value, &size)) {
	case VARIABLE_READ: r->at += size; return true;
	case VARIABLE_CUT: return has(r, field, left + 1);
	case VARIABLE_TOO_LONG: break;
	}
	return fault(r, r->at, &too_long,
		arena_printf(r->arena, "%s has more than four bytes", field->name));
}

static bool read_value(struct wire_reader *r, const struct wire_field *field, struct property *p)
{
	uint8_t byte = 0;
	uint16_t two_bytes = 0;
	bool ok = false;

	switch (p->type) {
	case PROPERTY_BYTE:
		ok = wire_read_u8(r, field, &byte);
		p->number = byte;
		break;
	case PROPERTY_TWO_BYTES:
		ok = wire_read_u16(r, field, &two_bytes);
		p->number = two_bytes;
		break;
	case PROPERTY_FOUR_BYTES: ok = read_u32(r, field, &p->number); break;
	case PROPERTY_VARIABLE: ok = read_variable(r, field, &p->number); break;
	case PROPERTY_BINARY:
	case PROPERTY_STRING: ok = wire_read_string(r, field, &p->value); break;
	case PROPERTY_STRING_PAIR:
		ok = wire_read_string(r, field, &p->name) && wire_read_string(r, field, &p->value);
		break;
	}
	return ok;
}

static bool read_property(struct wire_reader *r, struct property *p)
{
	static const struct wire_field identifier = { "property identifier",
		RULES("MQTT-4.8.0-1", "U50-PROP-LENGTH") };
	static const struct wire_field unknown = { NULL,
		RULES("MQTT-4.8.0-1", "U50-PROP-WRONG-PACKET") };
	size_t start = r->at;

	*p = (struct property){ 0 };
	if (!read_variable(r, &identifier, &p->id))
		return false;
	const struct spec_property *known = spec_property(p->id);
	if (!known)
		return fault(r, start, &unknown,
			arena_printf(r->arena, "there is no property 0x%02X", (unsigned)p->id));
	p->type = known->type;
	struct wire_field value = { known->name, identifier.rule_311, identifier.rule_50 };
	return read_value(r, &value, p);
}

/* Reads them twice: once to count them, so that the list takes no more than it needs. */
static bool read_list(struct wire_reader *r, struct properties *properties)
{
	struct wire_reader counting = *r;
	struct property one;

	while (counting.at < counting.end) {
		if (!read_property(&counting, &one))
			return false;
		properties->count++;
	}
	if (!properties->count)
		return true;
	struct property *list = arena_alloc(r->arena, properties->count * sizeof(*list));
	for (size_t i = 0; i < properties->count; i++)
		read_property(r, &list[i]);
	properties->list = list;
	return true;
}

bool wire_read_properties(
	struct wire_reader *r, const struct wire_field *field, struct properties *properties)
{
	const struct wire_field wrong = { field->name, RULES("MQTT-4.8.0-1", "U50-PROP-LENGTH") };
	size_t start = r->at;
	uint32_t length;

	if (!has(r, field, 1) || !read_variable(r, &wrong, &length))
		return false;
	if (length > r->end - r->at)
		return fault(r, start, &wrong,
			arena_printf(
				r->arena, "%s reaches past the end of the packet", field->name));
	struct wire_reader inside = *r;
	inside.end = r->at + length;
	inside.within = "properties";
	properties->present = true;
	r->at = inside.end;
	return read_list(&inside, properties);
}

struct bytes wire_read_rest(struct wire_reader *r)
{
	struct bytes rest = { r->data + r->at, r->end - r->at };

	r->at = r->end;
	return rest;
}

bool wire_read_end(struct wire_reader *r, const struct wire_field *field)
{
	size_t left = r->end - r->at;

	if (!left)
		return true;
	return fault(r, r->at, field,
		arena_printf(r->arena, "%zu byte%s more than %s has fields for", left,
			left == 1 ? "" : "s", field->name));
}
