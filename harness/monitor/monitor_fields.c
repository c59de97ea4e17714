/* Rules on the bytes of a packet as such: fixed header, sizes, Variable Byte Integers, strings. */
#include "harness/monitor/monitor_state.h"

#include <string.h>

#include "base/utf8.h"

/* ---- Variable Byte Integers in as few bytes as possible, MQTT-1.5.5-1 ------------------------ */

/* A walk over the packet's bytes. The parser has seen that they hold together; what ends early here
 * is left alone.
 */
struct walk {
	const uint8_t *at;
	size_t left;
};

static bool skip(struct walk *w, size_t len)
{
	if (len > w->left)
		return false;
	w->at += len;
	w->left -= len;
	return true;
}

static bool skip_string(struct walk *w)
{
	return w->left >= 2 && skip(w, 2 + (size_t)(w->at[0] << 8 | w->at[1]));
}

static bool walk_integer(struct monitor *m, struct walk *w, const char *name, uint32_t *value)
{
	*value = 0;
	for (unsigned i = 0; i < 4; i++) {
		uint8_t byte;
		if (!w->left)
			return false;
		byte = *w->at;
		skip(w, 1);
		*value |= (uint32_t)(byte & 0x7F) << (7 * i);
		if (byte & 0x80)
			continue;
		if (i && !byte)
			breach(m, RULE_SHORTEST_INTEGER, "%s %u takes %u bytes", name, *value,
				i + 1);
		return true;
	}
	return false;
}

static bool walk_property(struct monitor *m, struct walk *w)
{
	uint32_t id, value;

	if (!walk_integer(m, w, "property identifier", &id))
		return false;
	const struct spec_property *known = spec_property(id);
	if (!known)
		return false;
	switch (known->type) {
	case PROPERTY_BYTE: return skip(w, 1);
	case PROPERTY_TWO_BYTES: return skip(w, 2);
	case PROPERTY_FOUR_BYTES: return skip(w, 4);
	case PROPERTY_VARIABLE: return walk_integer(m, w, known->name, &value);
	case PROPERTY_BINARY:
	case PROPERTY_STRING: return skip_string(w);
	case PROPERTY_STRING_PAIR: return skip_string(w) && skip_string(w); /* NOLINT */
	}
	return false;
}

static bool walk_properties(struct monitor *m, struct walk *w)
{
	uint32_t len;

	if (!walk_integer(m, w, "Property Length", &len))
		return false;
	struct walk list = { w->at, len };
	if (!skip(w, len))
		return false;
	while (list.left)
		if (!walk_property(m, &list))
			return false;
	return true;
}

/* To the Property Length, from after the fixed header. */
static bool skip_to_properties(struct walk *w, const struct packet *p)
{
	switch (p->type) {
	case CONNECT: return skip_string(w) && skip(w, 4);
	case PUBLISH: return skip_string(w) && skip(w, p->qos ? 2 : 0);
	case PUBACK:
	case PUBREC:
	case PUBREL:
	case PUBCOMP: return skip(w, 3);
	case DISCONNECT:
	case AUTH: return skip(w, 1);
	default: return skip(w, 2);
	}
}

static void judge_integers(struct monitor *m, const struct packet *p)
{
	struct walk w = { p->raw.data, p->raw.len };
	uint32_t remaining;

	if (!skip(&w, 1) || !walk_integer(m, &w, "Remaining Length", &remaining) ||
		!p->properties.present || !skip_to_properties(&w, p) || !walk_properties(m, &w))
		return;
	if (p->type == CONNECT && p->connect_flags & CONNECT_WILL && skip_string(&w))
		walk_properties(m, &w);
}

/* ---- strings ------------------------------------------------------------------------------- */

void judge_text(struct monitor *m, enum monitor_rule ill_formed, enum monitor_rule nul,
	struct bytes text, const char *field)
{
	if (!text.len)
		return;
	size_t good = utf8_check(text.data, text.len);
	if (good < text.len)
		breach(m, ill_formed, "%s is no UTF-8 from its byte %zu on", field, good);
	if (memchr(text.data, 0, text.len))
		breach(m, nul, "%s contains U+0000", field);
}

static void judge_strings(struct monitor *m, const struct packet *p)
{
	const struct {
		struct bytes text;
		const char *field;
	} strings[] = {
		{ p->client_id, "the ClientId" },
		{ p->will_topic, "the Will Topic" },
		{ p->user_name, "the user name" },
		{ p->topic, "the Topic Name" },
	};

	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		judge_text(m, RULE_TEXT_UTF8, RULE_TEXT_NUL, strings[i].text, strings[i].field);
	for (size_t i = 0; i < p->filter_count; i++)
		judge_text(m, RULE_TEXT_UTF8, RULE_TEXT_NUL, p->filters[i].text, "a Topic Filter");
}

/* -------------------------------------------------------------------------------------------- */

void judge_fields(struct monitor *m, const struct packet *p)
{
	bool two = p->type == PUBREL || p->type == SUBSCRIBE || p->type == UNSUBSCRIBE;
	uint8_t flags = two ? 2 : 0;

	if (p->type != PUBLISH && p->flags != flags)
		breach(m, RULE_HEADER_FLAGS, "%s has the flags %u", spec_packet_name(p->type),
			p->flags);
	if (m->limits_bind && p->raw.len > m->limits.packet_size)
		breach(m, RULE_PACKET_SIZE, "%s of %zu bytes, Maximum Packet Size is %u",
			spec_packet_name(p->type), p->raw.len, m->limits.packet_size);
	judge_integers(m, p);
	judge_strings(m, p);
}
