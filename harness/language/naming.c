#include "harness/language/naming.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "harness/agent/contract.h"
#include "harness/versions.h"
#include "spec/spec.h"

unsigned naming_packet(const char *expression)
{
	/* Longer names first, where one holds another. */
	static const enum packet_type types[] = { UNSUBACK, UNSUBSCRIBE, SUBACK, SUBSCRIBE, CONNACK,
		DISCONNECT, CONNECT, PUBACK, PUBREC, PUBREL, PUBCOMP, PUBLISH, PINGRESP, PINGREQ,
		AUTH };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcasestr(expression, spec_packet_name(types[i])))
			return types[i];
	return 0;
}

static bool ends_with(const char *text, const char *tail)
{
	size_t len = strlen(text), tail_len = strlen(tail);

	return len >= tail_len && !strcmp(text + len - tail_len, tail);
}

/* ---- codes ----------------------------------------------------------------------------------- */

static bool is_code(const char *expression)
{
	return ends_with(expression, ".code") || ends_with(expression, ".code.value") ||
		strstr(expression, ".codes.data[");
}

/* Below 0x80 a code has another name in each packet. */
static const char *code_name(const char *expression, uint8_t code)
{
	unsigned type = naming_packet(expression);

	if (!type && strstr(expression, ".codes."))
		type = spec_reason_code(code, SUBACK) ? SUBACK : UNSUBACK;
	bool known = code >= 0x80 || !type || spec_reason_code(code, type);
	return known ? spec_reason_name(code, type) : "which it must not have";
}

static const char *name_code(
	struct arena *a, enum mqtt_version version, const char *expression, long long value)
{
	uint8_t code = (uint8_t)value;

	if (version_traits(version).reason_codes)
		return arena_printf(
			a, "Reason Code 0x%02X (%s)", code, code_name(expression, code));
	return arena_printf(a, "return code 0x%02X", code);
}

/* ---- numbers --------------------------------------------------------------------------------- */

enum form { NUMBER, FLAG /* set or not */, BYTE, BYTES_LONG };

/* What an expression ends with, and what that is; those that hold another one come first. */
static const struct named {
	const char *tail, *name;
	enum form form;
} named[] = {
	{ ".ack_flags & 1", "Session Present", FLAG },
	{ ".ack_flags & 0xFE", "reserved bits of the flags", BYTE },
	{ ".session_present", "Session Present", FLAG },
	{ "& CONNECT_USER_NAME", "User Name Flag", FLAG },
	{ "& CONNECT_PASSWORD", "Password Flag", FLAG },
	{ "& CONNECT_WILL", "Will Flag", FLAG },
	{ "& (CONNECT_WILL | CONNECT_WILL_QOS | CONNECT_WILL_RETAIN)", "flags of the Will", BYTE },
	{ ".connect_flags", "Connect Flags", BYTE },
	{ ".keep_alive", "Keep Alive", NUMBER },
	{ ".remaining_length", "Remaining Length", NUMBER },
	{ ".raw.len", "a packet", BYTES_LONG },
	{ ".payload.len", "a payload", BYTES_LONG },
	{ ".filter_count", "Topic Filters:", NUMBER },
	{ ".codes.len", "codes:", NUMBER },
	{ ".properties.count", "properties:", NUMBER },
	{ ".flags", "flags", BYTE },
	{ "options & 3", "QoS", NUMBER },
	{ "options >> 2 & 1", "No Local", FLAG },
	{ "options >> 3 & 1", "Retain As Published", FLAG },
	{ "options >> 4", "Retain Handling", NUMBER },
	{ ".options", "Subscription Options", BYTE },
	{ "->options", "Subscription Options", BYTE },
	{ ".id", "Packet Identifier", NUMBER },
	{ ".qos", "QoS", NUMBER },
	{ ".dup", "DUP", FLAG },
	{ ".retain", "RETAIN", FLAG },
	{ "told_waiting(t, TOLD_ACKNOWLEDGED)", "events `acknowledged`:", NUMBER },
	{ "told_waiting(t, TOLD_DISCONNECTED)", "events `disconnected`:", NUMBER },
	{ "packets_waiting(client, PINGRESP)", "PINGRESP packets:", NUMBER },
};

static const char *name_of_form(struct arena *a, const struct named *n, long long value)
{
	switch (n->form) {
	case NUMBER: break;
	case FLAG: return arena_printf(a, "%s %d", n->name, value != 0);
	case BYTE: return arena_printf(a, "%s 0x%02llX", n->name, value);
	case BYTES_LONG: return arena_printf(a, "%s of %lld bytes", n->name, value);
	}
	return arena_printf(a, "%s %lld", n->name, value);
}

const char *naming_number(
	struct arena *a, enum mqtt_version version, const char *expression, long long value)
{
	if (is_code(expression))
		return name_code(a, version, expression, value);
	if (ends_with(expression, ".kind") && value == TOLD_NOTHING)
		return "no event";
	if (ends_with(expression, ".kind"))
		return arena_printf(a, "the event `%s`", told_name((enum told_kind)value));
	if (ends_with(expression, "& CONNECT_CLEAN"))
		return arena_printf(a, "%s %d",
			version_traits(version).reason_codes ? "Clean Start" : "CleanSession",
			value != 0);
	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++)
		if (ends_with(expression, named[i].tail))
			return name_of_form(a, &named[i], value);
	return NULL;
}

/* ---- texts ----------------------------------------------------------------------------------- */

const char *naming_text(struct arena *a, const char *expression, struct bytes text)
{
	static const struct {
		const char *tail, *name;
	} texts[] = {
		{ "topic", "topic" },
		{ ".will_payload", "Will Payload" },
		{ ".payload", "payload" },
		{ ".client_id", "Client Identifier" },
		{ ".user_name", "User Name" },
		{ ".password", "Password" },
		{ ".text", "Topic Filter" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (ends_with(expression, texts[i].tail))
			return arena_printf(a, "%s \"%.*s\"", texts[i].name, (int)text.len,
				(const char *)text.data);
	return NULL;
}

/* ---- properties ------------------------------------------------------------------------------ */

const char *naming_count(struct arena *a, unsigned property, size_t count)
{
	const char *name = spec_property(property)->name;

	if (count <= 1)
		return arena_printf(a, count ? "%s once" : "no %s", name);
	return arena_printf(a, "%s %zu times", name, count);
}

const char *naming_property(struct arena *a, unsigned property, const struct property *found)
{
	const char *name = spec_property(property)->name;

	return found ? arena_printf(a, "%s %u", name, found->number)
		     : arena_printf(a, "no %s", name);
}
