/* Packets from bytes to fields: what can be told apart is told apart, whether allowed or not. */
#include "harness/wire/wire.h"

#include "base/arena.h"
#include "harness/wire/wire_read.h"

/* Where nothing more special is broken: a packet that cannot be read ends its connection. */
#define RULES_ANY RULES("MQTT-4.8.0-1", "MQTT-4.13.1-1")

/* The properties of the packet itself, where 5.0 has a place for them. */
static bool parse_properties(struct wire_reader *r, struct packet *p)
{
	static const struct wire_field length = { "Property Length",
		RULES("MQTT-4.8.0-1", "MQTT-2.2.2-1") };

	return !version_traits(r->version).properties ||
		wire_read_properties(r, &length, &p->properties);
}

static bool parse_will(struct wire_reader *r, struct packet *p)
{
	static const struct wire_field length = { "Will Property Length",
		RULES("MQTT-3.1.2-9", "MQTT-3.1.2-9") };
	static const struct wire_field topic = { "Will Topic",
		RULES("MQTT-3.1.2-9", "MQTT-3.1.2-9") };
	static const struct wire_field payload = { "Will Payload",
		RULES("MQTT-3.1.2-9", "MQTT-3.1.2-9") };

	if (version_traits(r->version).properties &&
		!wire_read_properties(r, &length, &p->will_properties))
		return false;
	return wire_read_string(r, &topic, &p->will_topic) &&
		wire_read_string(r, &payload, &p->will_payload);
}

static bool parse_connect_payload(struct wire_reader *r, struct packet *p)
{
	static const struct wire_field client_id = { "Client Identifier",
		RULES("MQTT-3.1.3-3", "MQTT-3.1.3-3") };
	static const struct wire_field user_name = { "User Name",
		RULES("MQTT-3.1.2-19", "MQTT-3.1.2-17") };
	static const struct wire_field password = { "Password",
		RULES("MQTT-3.1.2-21", "MQTT-3.1.2-19") };
	/* Bytes too many: the field that the first missing flag would have announced. */
	static const struct wire_field no_user_name = { "CONNECT without User Name Flag",
		RULES("MQTT-3.1.2-18", "MQTT-3.1.2-16") };
	static const struct wire_field no_password = { "CONNECT without Password Flag",
		RULES("MQTT-3.1.2-20", "MQTT-3.1.2-18") };
	static const struct wire_field all = { "CONNECT", RULES("MQTT-3.1.4-1", "MQTT-3.1.4-1") };
	bool named = p->connect_flags & CONNECT_USER_NAME;
	bool secret = p->connect_flags & CONNECT_PASSWORD;

	if (!wire_read_string(r, &client_id, &p->client_id))
		return false;
	if (p->connect_flags & CONNECT_WILL && !parse_will(r, p))
		return false;
	if (named && !wire_read_string(r, &user_name, &p->user_name))
		return false;
	if (secret && !wire_read_string(r, &password, &p->password))
		return false;
	return wire_read_end(r, !named ? &no_user_name : !secret ? &no_password : &all);
}

static bool parse_connect(struct wire_reader *r, struct packet *p)
{
	static const struct wire_field name = { "Protocol Name",
		RULES("MQTT-3.1.4-1", "MQTT-3.1.4-1") };
	static const struct wire_field level = { "Protocol Level",
		RULES("MQTT-3.1.4-1", "MQTT-3.1.4-1") };
	static const struct wire_field flags = { "Connect Flags",
		RULES("MQTT-3.1.4-1", "MQTT-3.1.4-1") };
	static const struct wire_field keep_alive = { "Keep Alive",
		RULES("MQTT-3.1.4-1", "MQTT-3.1.4-1") };

	if (!wire_read_string(r, &name, &p->protocol_name) || !wire_read_u8(r, &level, &p->level))
		return false;
	r->version = p->level == MQTT_50 ? MQTT_50 : MQTT_311;
	return wire_read_u8(r, &flags, &p->connect_flags) &&
		wire_read_u16(r, &keep_alive, &p->keep_alive) && parse_properties(r, p) &&
		parse_connect_payload(r, p);
}

static bool parse_connack(struct wire_reader *r, struct packet *p)
{
	static const struct wire_field flags = { "Connect Acknowledge Flags",
		RULES("U311-CONNACK-LEN", "MQTT-4.13.1-1") };
	static const struct wire_field code = { "CONNACK code",
		RULES("U311-CONNACK-LEN", "MQTT-3.2.2-8") };
	static const struct wire_field end = { "CONNACK",
		RULES("U311-CONNACK-LEN", "U50-PROP-LENGTH") };

	if (!wire_read_u8(r, &flags, &p->ack_flags) || !wire_read_u8(r, &code, &p->code))
		return false;
	p->has_code = true;
	/* A server that knows no 5.0 refuses in the form of 3.1.1, which ends here. */
	if (r->at < r->end && !parse_properties(r, p))
		return false;
	return wire_read_end(r, &end);
}

static bool parse_publish(struct wire_reader *r, struct packet *p)
{
	static const struct wire_field topic = { "Topic Name",
		RULES("MQTT-3.3.2-1", "MQTT-3.3.2-1") };
	static const struct wire_field id = { "Packet Identifier",
		RULES("MQTT-2.3.1-1", "MQTT-4.13.1-1") };

	p->dup = p->flags >> 3 & 1;
	p->qos = p->flags >> 1 & 3;
	p->retain = p->flags & 1;
	if (!wire_read_string(r, &topic, &p->topic) || (p->qos && !wire_read_u16(r, &id, &p->id)) ||
		!parse_properties(r, p))
		return false;
	p->payload = wire_read_rest(r);
	return true;
}

/* Reason Code and properties of 5.0; the properties alone, or both, may be left out. */
static bool parse_reason(struct wire_reader *r, struct packet *p)
{
	static const struct wire_field code = { "Reason Code", RULES_ANY };

	if (!version_traits(r->version).reason_codes || r->at == r->end)
		return true;
	p->has_code = true;
	if (!wire_read_u8(r, &code, &p->code))
		return false;
	return r->at == r->end || parse_properties(r, p);
}

static bool parse_ack(struct wire_reader *r, struct packet *p)
{
	static const struct wire_field id = { "Packet Identifier",
		RULES("U311-ACK-LEN", "MQTT-2.2.1-5") };
	const struct wire_field end = { spec_packet_name(p->type),
		RULES("U311-ACK-LEN", "U50-PROP-LENGTH") };

	return wire_read_u16(r, &id, &p->id) && parse_reason(r, p) && wire_read_end(r, &end);
}

static bool read_filter(struct wire_reader *r, bool with_options, struct filter *f)
{
	static const struct wire_field subscribed = { "Topic Filter",
		RULES("MQTT-3.8.3-1", "MQTT-3.8.3-1") };
	static const struct wire_field options = { "Subscription Options",
		RULES("MQTT-3.8.3-3", "MQTT-3.8.3-2") };
	static const struct wire_field unsubscribed = { "Topic Filter",
		RULES("MQTT-3.10.3-1", "MQTT-3.10.3-1") };

	*f = (struct filter){ 0 };
	if (!with_options)
		return wire_read_string(r, &unsubscribed, &f->text);
	return wire_read_string(r, &subscribed, &f->text) && wire_read_u8(r, &options, &f->options);
}

/* SUBSCRIBE and UNSUBSCRIBE. The filters are read twice, to allocate for just as many. */
static bool parse_filters(struct wire_reader *r, struct packet *p)
{
	static const struct wire_field id = { "Packet Identifier",
		RULES("MQTT-2.3.1-1", "MQTT-2.2.1-3") };
	struct filter one;

	if (!wire_read_u16(r, &id, &p->id) || !parse_properties(r, p))
		return false;
	struct wire_reader counting = *r;
	size_t count = 0;
	while (counting.at < counting.end) {
		if (!read_filter(&counting, p->type == SUBSCRIBE, &one))
			return false;
		count++;
	}
	if (!count)
		return true;
	p->filters = arena_alloc(r->arena, count * sizeof(*p->filters));
	for (p->filter_count = 0; p->filter_count < count; p->filter_count++)
		read_filter(r, p->type == SUBSCRIBE, &p->filters[p->filter_count]);
	return true;
}

static bool parse_suback(struct wire_reader *r, struct packet *p)
{
	static const struct wire_field id = { "Packet Identifier",
		RULES("MQTT-2.3.1-7", "MQTT-2.2.1-6") };

	if (!wire_read_u16(r, &id, &p->id) || !parse_properties(r, p))
		return false;
	p->codes = wire_read_rest(r);
	return true;
}

static bool parse_unsuback(struct wire_reader *r, struct packet *p)
{
	return version_traits(r->version).reason_codes ? parse_suback(r, p) : parse_ack(r, p);
}

static bool parse_ping(struct wire_reader *r, struct packet *p)
{
	const struct wire_field end = { spec_packet_name(p->type),
		RULES("U311-PING-LEN", "U50-PING-LEN") };

	return wire_read_end(r, &end);
}

static bool parse_reserved(struct wire_reader *r, struct packet *p)
{
	const struct wire_field end = { spec_packet_name(p->type),
		RULES("U311-PKT-TYPE", "U50-PKT-TYPE") };

	return wire_read_end(r, &end);
}

static bool parse_disconnect(struct wire_reader *r, struct packet *p)
{
	static const struct wire_field end = { "DISCONNECT",
		RULES("U311-PING-LEN", "U50-PROP-LENGTH") };

	return parse_reason(r, p) && wire_read_end(r, &end);
}

static bool parse_auth(struct wire_reader *r, struct packet *p)
{
	static const struct wire_field end = { "AUTH", RULES("U311-PKT-TYPE", "U50-PROP-LENGTH") };

	return parse_reason(r, p) && wire_read_end(r, &end);
}

typedef bool parse_function(struct wire_reader *r, struct packet *p);

static parse_function *const parse_functions[16] = {
	[RESERVED_0] = parse_reserved,
	[CONNECT] = parse_connect,
	[CONNACK] = parse_connack,
	[PUBLISH] = parse_publish,
	[PUBACK] = parse_ack,
	[PUBREC] = parse_ack,
	[PUBREL] = parse_ack,
	[PUBCOMP] = parse_ack,
	[SUBSCRIBE] = parse_filters,
	[SUBACK] = parse_suback,
	[UNSUBSCRIBE] = parse_filters,
	[UNSUBACK] = parse_unsuback,
	[PINGREQ] = parse_ping,
	[PINGRESP] = parse_ping,
	[DISCONNECT] = parse_disconnect,
	[AUTH] = parse_auth,
};

static struct wire_result need(size_t missing)
{
	return (struct wire_result){ .status = WIRE_NEED_MORE, .missing = missing };
}

/* The stream is lost: nobody knows, or nobody will wait, where the next packet begins. */
static struct wire_result lost(const char *rule, const char *what)
{
	return (struct wire_result){
		.status = WIRE_MALFORMED, .offset = 1, .rule = rule, .what = what
	};
}

struct wire_result wire_parse(struct arena *a, enum mqtt_version version, const uint8_t *data,
	size_t len, size_t limit, struct packet *out)
{
	size_t length_size;

	*out = (struct packet){ 0 };
	if (len == 0)
		return need(2);
	out->type = data[0] >> 4;
	out->flags = data[0] & 0x0f;
	switch (wire_variable_decode(data + 1, len - 1, &out->remaining_length, &length_size)) {
	case VARIABLE_CUT: return need(1);
	case VARIABLE_TOO_LONG:
		return lost(version_statement(version, "3.1.1:U311-REMLEN", "5.0:U50-VBI-MAX"),
			"Remaining Length has more than four bytes");
	case VARIABLE_READ: break;
	}
	if (out->remaining_length > limit)
		return lost(NULL, "longer than the limit of this reader");
	size_t total = 1 + length_size + out->remaining_length;
	if (len < total)
		return need(total - len);
	out->raw = (struct bytes){ data, total };
	struct wire_result result = { .status = WIRE_PACKET, .consumed = total };
	struct wire_reader r = { .arena = a,
		.version = version,
		.data = data,
		.at = 1 + length_size,
		.end = total,
		.within = "packet",
		.result = &result };
	parse_functions[out->type](&r, out);
	return result;
}
