/* A packet as one line for people: what a transcript shows. Whatever came from the wire is cut to a
 * bounded length and escaped, so a hostile peer can neither flood nor control a terminal.
 */
#include "harness/wire/wire.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/hex.h"
#include "base/utf8.h"

enum {
	SHOWN_WHOLE = 40, /* bytes of a string or payload; a longer one is cut */
	SHOWN_CUT = 32,   /* to so many */
	SHOWN_BYTES = 48, /* of what makes no packet */
	SHOWN_LIST = 8,   /* properties, filters, codes */
	LINE_LIMIT = 16 * 1024,
};

static void add_text(struct buf *b, struct bytes text)
{
	size_t shown = text.len > SHOWN_WHOLE ? SHOWN_CUT : text.len;

	buf_add_u8(b, '"');
	for (size_t i = 0; i < shown; i++) {
		uint8_t c = text.data[i];
		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else
			buf_printf(b, c >= 0x20 && c < 0x7f ? "%c" : "\\x%02X", c);
	}
	buf_add_text(b, shown < text.len ? "...\"" : "\"");
	if (shown < text.len)
		buf_printf(b, " (%zu bytes)", text.len);
}

static bool is_text(struct bytes data)
{
	for (size_t i = 0; i < data.len; i++)
		if (data.data[i] < 0x20 && data.data[i] != '\n' && data.data[i] != '\t')
			return false;
	return utf8_check(data.data, data.len) == data.len;
}

static void add_data(struct buf *b, struct bytes data)
{
	if (is_text(data))
		add_text(b, data);
	else
		hex_format(b, data.data, data.len, data.len > SHOWN_WHOLE ? SHOWN_CUT : data.len);
}

static void add_property(struct buf *b, const struct property *p)
{
	const struct spec_property *known = spec_property(p->id);

	if (known)
		buf_add_text(b, known->name);
	else
		buf_printf(b, "property 0x%02X", (unsigned)p->id);
	buf_add_u8(b, ' ');
	switch (p->type) {
	case PROPERTY_BINARY: add_data(b, p->value); break;
	case PROPERTY_STRING: add_text(b, p->value); break;
	case PROPERTY_STRING_PAIR:
		add_text(b, p->name);
		buf_add_u8(b, '=');
		add_text(b, p->value);
		break;
	default: buf_printf(b, "%u", (unsigned)p->number); break;
	}
}

static void add_properties(struct buf *b, const struct properties *properties)
{
	for (size_t i = 0; i < properties->count && i < SHOWN_LIST; i++) {
		buf_add_text(b, ", ");
		add_property(b, &properties->list[i]);
	}
	if (properties->count > SHOWN_LIST)
		buf_printf(b, ", ... (%zu properties)", properties->count);
}

static void add_will(struct buf *b, const struct packet *p)
{
	buf_add_text(b, ", will ");
	add_text(b, p->will_topic);
	buf_printf(b, " q%u ", (p->connect_flags & CONNECT_WILL_QOS) >> 3);
	if (p->connect_flags & CONNECT_WILL_RETAIN)
		buf_add_text(b, "retain ");
	add_data(b, p->will_payload);
	if (p->will_properties.count) {
		buf_add_text(b, " (");
		struct buf inside;
		buf_init(&inside, LINE_LIMIT);
		add_properties(&inside, &p->will_properties);
		buf_add_text(b, buf_text(&inside) + 2); /* without the first ", " */
		buf_fini(&inside);
		buf_add_u8(b, ')');
	}
}

/* Connect Flags that make no sense without the Will Flag, or none at all. */
static void add_stray_flags(struct buf *b, uint8_t flags)
{
	if (!(flags & CONNECT_WILL) && flags & CONNECT_WILL_QOS)
		buf_printf(b, ", will q%u without will", (flags & CONNECT_WILL_QOS) >> 3);
	if (!(flags & CONNECT_WILL) && flags & CONNECT_WILL_RETAIN)
		buf_add_text(b, ", will retain without will");
	if (flags & CONNECT_RESERVED)
		buf_add_text(b, ", reserved flag");
}

static void describe_connect(struct buf *b, const struct packet *p)
{
	buf_add_u8(b, ' ');
	add_text(b, p->client_id);
	if (!bytes_equal(p->protocol_name, BYTES("MQTT"))) {
		buf_add_text(b, " protocol ");
		add_text(b, p->protocol_name);
	}
	if (version_is_known(p->level))
		buf_printf(b, " v%s", spec_version_name(p->level));
	else
		buf_printf(b, " level %u", p->level);
	if (p->connect_flags & CONNECT_CLEAN)
		buf_add_text(b, " clean");
	buf_printf(b, " keep alive %u", p->keep_alive);
	if (p->connect_flags & CONNECT_WILL)
		add_will(b, p);
	if (p->connect_flags & CONNECT_USER_NAME) {
		buf_add_text(b, ", user ");
		add_text(b, p->user_name);
	}
	if (p->connect_flags & CONNECT_PASSWORD) /* nobody wants it in a report */
		buf_printf(b, ", password (%zu bytes)", p->password.len);
	add_stray_flags(b, p->connect_flags);
}

/* Below 0x80 a code has another name in each packet. */
static const char *code_name(uint8_t code, unsigned type)
{
	bool known = code >= 0x80 || spec_reason_code(code, type);

	return known ? spec_reason_name(code, type) : "unknown";
}

/* "success", "0x87 Not authorized": what is not an error comes without its number. */
static void add_code(struct buf *b, uint8_t code, const char *name)
{
	if (code)
		buf_printf(b, "0x%02X %s", code, name);
	else /* the names of 5.0 begin with a capital */
		buf_printf(b, "%c%s", name[0] | 0x20, name + 1);
}

static void describe_connack(struct buf *b, enum mqtt_version version, const struct packet *p)
{
	/* A server of 3.1.1 answers a CONNECT of 5.0 in its own form, without properties. */
	bool reason = version_traits(version).reason_codes &&
		(p->properties.present || p->properties.count);

	buf_add_u8(b, ' ');
	add_code(b, p->code, reason ? code_name(p->code, CONNACK) : spec_return_code_name(p->code));
	if (p->ack_flags & 1)
		buf_add_text(b, ", session present");
	if (p->ack_flags & ~1)
		buf_printf(b, ", acknowledge flags 0x%02X", p->ack_flags);
}

static void describe_publish(struct buf *b, const struct packet *p)
{
	unsigned qos = p->flags >> 1 & 3;

	buf_add_u8(b, ' ');
	add_text(b, p->topic);
	buf_printf(b, " q%u", qos);
	if (qos)
		buf_printf(b, " id %u", p->id);
	if (p->flags & 8)
		buf_add_text(b, " dup");
	if (p->flags & 1)
		buf_add_text(b, " retain");
	buf_add_u8(b, ' ');
	add_data(b, p->payload);
}

static void add_options(struct buf *b, enum mqtt_version version, uint8_t options)
{
	buf_printf(b, " q%u", options & 3);
	if (!version_traits(version).subscription_options && options & ~3) {
		buf_printf(b, " options 0x%02X", options);
		return;
	}
	if (options & 0x04)
		buf_add_text(b, " no local");
	if (options & 0x08)
		buf_add_text(b, " retain as published");
	if (options & 0x30)
		buf_printf(b, " retain handling %u", options >> 4 & 3);
	if (options & 0xc0)
		buf_printf(b, " options 0x%02X", options);
}

static void describe_filters(struct buf *b, enum mqtt_version version, const struct packet *p)
{
	buf_printf(b, " id %u", p->id);
	for (size_t i = 0; i < p->filter_count && i < SHOWN_LIST; i++) {
		buf_add_text(b, i ? ", " : " ");
		add_text(b, p->filters[i].text);
		if (p->type == SUBSCRIBE)
			add_options(b, version, p->filters[i].options);
	}
	if (p->filter_count > SHOWN_LIST)
		buf_printf(b, ", ... (%zu filters)", p->filter_count);
}

static void describe_codes(struct buf *b, enum mqtt_version version, const struct packet *p)
{
	buf_printf(b, " id %u", p->id);
	for (size_t i = 0; i < p->codes.len && i < SHOWN_LIST; i++) {
		uint8_t code = p->codes.data[i];
		buf_printf(b, "%s0x%02X", i ? ", " : ": ", code);
		if (version_traits(version).reason_codes && code > 2)
			buf_printf(b, " %s", code_name(code, p->type));
	}
	if (p->codes.len > SHOWN_LIST)
		buf_printf(b, ", ... (%zu codes)", p->codes.len);
}

static void describe_fields(struct buf *b, enum mqtt_version version, const struct packet *p)
{
	switch (p->type) {
	case CONNECT: describe_connect(b, p); break;
	case CONNACK: describe_connack(b, version, p); break;
	case PUBLISH: describe_publish(b, p); break;
	case SUBSCRIBE:
	case UNSUBSCRIBE: describe_filters(b, version, p); break;
	case SUBACK:
	case UNSUBACK: describe_codes(b, version, p); break;
	case PUBACK:
	case PUBREC:
	case PUBREL:
	case PUBCOMP: buf_printf(b, " id %u", p->id); break;
	}
	if (p->type != CONNACK && p->has_code) {
		buf_add_u8(b, ' ');
		add_code(b, p->code, code_name(p->code, p->type));
	}
	add_properties(b, &p->properties);
}

const char *wire_describe(struct arena *a, enum mqtt_version version, const struct packet *packet)
{
	struct buf b;

	buf_init(&b, LINE_LIMIT);
	buf_add_text(&b, spec_packet_name(packet->type));
	describe_fields(&b, version, packet);
	if (packet->type != PUBLISH && packet->flags != wire_packet(packet->type).flags)
		buf_printf(&b, ", flags 0x%X", packet->flags);
	const char *line = arena_text(a, buf_text(&b));
	buf_fini(&b);
	return line;
}

const char *wire_describe_bytes(struct arena *a, struct bytes bytes)
{
	struct buf b;

	buf_init(&b, LINE_LIMIT);
	hex_format(&b, bytes.data, bytes.len, SHOWN_BYTES);
	buf_add_text(&b, " (\"");
	for (size_t i = 0; i < bytes.len && i < SHOWN_BYTES; i++) {
		uint8_t c = bytes.data[i];
		bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
		buf_add_u8(&b, plain ? c : '.');
	}
	buf_add_text(&b, bytes.len > SHOWN_BYTES ? "...\")" : "\")");
	const char *line = arena_text(a, buf_text(&b));
	buf_fini(&b);
	return line;
}
