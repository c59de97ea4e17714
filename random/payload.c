/* What messages carry: their number, so that they are told apart, and what else their step says. */
#include <stdlib.h>
#include <string.h>

#include "random/stage.h"

enum { FILLER = 'x', SMALL_IDENTIFIER_MAX = 30, IDENTIFIER_MAX = 63, LARGE_IDENTIFIER = 200000000 };

uint32_t payload_identifier(unsigned identifier)
{
	return identifier <= SMALL_IDENTIFIER_MAX ? identifier : LARGE_IDENTIFIER + identifier;
}

unsigned payload_identifier_of(uint32_t sent)
{
	uint32_t identifier = sent > LARGE_IDENTIFIER ? sent - LARGE_IDENTIFIER : sent;

	return identifier <= IDENTIFIER_MAX && payload_identifier(identifier) == sent ? identifier
										      : 0;
}

struct bytes payload_make(struct arena *a, uint32_t number, const struct step_message *m)
{
	if (m->empty)
		return (struct bytes){ (const uint8_t *)"", 0 };
	char *text = arena_printf(a, "n%u:", number);
	size_t len = strlen(text);
	uint8_t *data = arena_alloc(a, len + m->size + 1);

	memcpy(data, text, len);
	memset(data + len, FILLER, m->size);
	return (struct bytes){ data, len + m->size };
}

uint32_t payload_number(struct bytes payload)
{
	uint32_t n = 0;

	if (!payload.len || payload.data[0] != 'n')
		return 0;
	for (size_t i = 1; i < payload.len && payload.data[i] != ':'; i++) {
		if (payload.data[i] < '0' || payload.data[i] > '9' || n > UINT32_MAX / 20)
			return 0;
		n = n * 10 + (payload.data[i] - '0');
	}
	return n;
}

static struct property text_property(unsigned id, enum property_type type, const char *value)
{
	return (struct property){ .id = id, .type = (uint8_t)type, .value = bytes_of(value) };
}

static struct property user_property(const char *name, const char *value)
{
	return (struct property){ .id = 0x26,
		.type = PROPERTY_STRING_PAIR,
		.name = bytes_of(name),
		.value = bytes_of(value) };
}

const struct properties *payload_will_properties(
	struct arena *a, uint32_t number, const struct step *step)
{
	const struct properties *message = payload_properties(a, number, &step->message);
	struct properties *made = arena_new(a, struct properties);
	struct property *list = arena_alloc(a, (message->count + 1) * sizeof(*list));

	memcpy(list, message->list, message->count * sizeof(*list));
	*made = (struct properties){ .list = list, .count = message->count, .present = true };
	if (step->delay_s)
		list[made->count++] = (struct property)P_WILL_DELAY(step->delay_s);
	return made;
}

const struct properties *payload_properties(
	struct arena *a, uint32_t number, const struct step_message *m)
{
	enum { MOST = 8 };
	struct properties *made = arena_new(a, struct properties);
	struct property *list = arena_alloc(a, MOST * sizeof(*list));
	const char *text = arena_printf(a, "%u", number);

	*made = (struct properties){ .list = list, .present = true };
	if (m->properties & WITH_TYPE) {
		list[made->count++] = (struct property)P_PAYLOAD_FORMAT(1);
		list[made->count++] = text_property(0x03, PROPERTY_STRING, "text/plain");
	}
	if (m->properties & WITH_RESPONSE) {
		list[made->count++] =
			text_property(0x08, PROPERTY_STRING, arena_printf(a, "answers/%u", number));
		list[made->count++] = text_property(0x09, PROPERTY_BINARY, text);
	}
	if (m->properties & WITH_USER) {
		list[made->count++] = user_property("number", text);
		list[made->count++] = user_property("a", "b");
	}
	if (m->expiry_s)
		list[made->count++] = (struct property)P_MESSAGE_EXPIRY(m->expiry_s);
	return made;
}
