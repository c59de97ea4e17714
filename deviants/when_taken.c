#include "deviants/when_taken.h"

#include <string.h>

#include "base/utf8.h"
#include "deviants/properties.h"
#include "deviants/then_world.h"
#include "spec/spec.h"

enum {
	LONG_CONNACK = 130,
	ASCII_MAX = 0x7F,
	TYPE_SHIFT = 4,
};

/* ---- CONNACK ------------------------------------------------------------------------------- */

bool has_reserved_ack_flags(const struct passing *it)
{
	return it->packet->ack_flags & ~1u;
}

bool has_long_properties(const struct passing *it)
{
	return it->raw.len > LONG_CONNACK;
}

bool has_alias_maximum(const struct passing *it)
{
	return properties_find(&it->packet->properties, PROP_TOPIC_ALIAS_MAXIMUM);
}

bool has_maximum_qos(const struct passing *it)
{
	return properties_find(&it->packet->properties, PROP_MAXIMUM_QOS);
}

bool has_retain_available(const struct passing *it)
{
	return properties_find(&it->packet->properties, PROP_RETAIN_AVAILABLE);
}

/* ---- any packet ---------------------------------------------------------------------------- */

bool has_unknown_code(const struct passing *it)
{
	const struct packet *p = it->packet;

	for (size_t i = 0; i < p->codes.len; i++)
		if (!spec_reason_code(p->codes.data[i], p->type))
			return true;
	return p->code && !spec_reason_code(p->code, p->type);
}

bool is_too_large(const struct passing *it)
{
	return it->x->course.packet_size && it->raw.len > it->x->course.packet_size;
}

bool is_bad_connack(const struct passing *it)
{
	return it->raw.len && it->raw.data[0] >> TYPE_SHIFT == CONNACK;
}

/* ---- PUBLISH ------------------------------------------------------------------------------- */

bool exceeds_quota(const struct passing *it)
{
	return it->x->in_flight[TO_CLIENT] > it->x->course.quota;
}

bool is_not_as_indicated(const struct passing *it)
{
	const struct property *format =
		properties_find(&it->packet->properties, PROP_PAYLOAD_FORMAT);
	struct bytes payload = it->packet->payload;

	return format && format->number == 1 && payload.len &&
		utf8_check(payload.data, payload.len) < payload.len;
}

static bool is(struct bytes b, const char *text)
{
	return b.len == strlen(text) && !memcmp(b.data, text, b.len);
}

/* `limited` may not publish below `shut`, as the target file of the included broker has it. */
bool is_without_right(const struct passing *it)
{
	static const char level[] = "/shut";

	return is(it->x->course.user, "limited") &&
		memmem(it->topic.data, it->topic.len, level, strlen(level));
}

/* ---- the connection ------------------------------------------------------------------------ */

bool has_binary_password(const struct passing *it)
{
	struct bytes password = it->packet->password;

	for (size_t i = 0; i < password.len; i++)
		if (!password.data[i] || password.data[i] > ASCII_MAX)
			return true;
	return false;
}

bool is_world_noted(const struct passing *it)
{
	return it->x->world->note[NOTE_WORLD];
}
