/* The properties of 5.0: names, numbers and types. */
#include "targets/agents/agent_property.h"

#include <string.h>

static const struct {
	const char *name;
	int id;
	enum property_kind kind;
} properties[] = {
	{ "payload_format_indicator", 1, BYTE },
	{ "message_expiry_interval", 2, FOUR_BYTES },
	{ "content_type", 3, TEXT },
	{ "response_topic", 8, TEXT },
	{ "correlation_data", 9, BINARY },
	{ "subscription_identifier", 11, VARIABLE },
	{ "session_expiry_interval", 17, FOUR_BYTES },
	{ "assigned_client_identifier", 18, TEXT },
	{ "server_keep_alive", 19, TWO_BYTES },
	{ "authentication_method", 21, TEXT },
	{ "authentication_data", 22, BINARY },
	{ "request_problem_information", 23, BYTE },
	{ "will_delay_interval", 24, FOUR_BYTES },
	{ "request_response_information", 25, BYTE },
	{ "response_information", 26, TEXT },
	{ "server_reference", 28, TEXT },
	{ "reason_string", 31, TEXT },
	{ "receive_maximum", 33, TWO_BYTES },
	{ "topic_alias_maximum", 34, TWO_BYTES },
	{ "topic_alias", 35, TWO_BYTES },
	{ "maximum_qos", 36, BYTE },
	{ "retain_available", 37, BYTE },
	{ "user_property", 38, PAIR },
	{ "maximum_packet_size", 39, FOUR_BYTES },
	{ "wildcard_subscription_available", 40, BYTE },
	{ "subscription_identifier_available", 41, BYTE },
	{ "shared_subscription_available", 42, BYTE },
};

enum { KNOWN = sizeof(properties) / sizeof(*properties) };

static const uint32_t most[] = {
	[BYTE] = 0xff, [TWO_BYTES] = 0xffff, [FOUR_BYTES] = UINT32_MAX, [VARIABLE] = UINT32_MAX
};

enum property_kind property_kind(int id)
{
	for (int i = 0; i < KNOWN; i++)
		if (properties[i].id == id)
			return properties[i].kind;
	return BYTE;
}

static void add_pairs(struct command *c, json_t *list, struct property p,
	int (*add)(void *to, const struct property *p), void *to)
{
	json_t *entry;
	size_t i;
	json_array_foreach(list, i, entry)
	{
		json_t *name = json_array_get(entry, 0), *value = json_array_get(entry, 1);
		if (json_array_size(entry) != 2 || !json_is_string(name) ||
			!json_is_string(value)) {
			command_fault(c, "error", "user_property", " is no list of pairs of text");
			return;
		}
		p.data = text_of(c, name, "user_property");
		p.value = text_of(c, value, "user_property");
		if (!c->fault && add(to, &p))
			command_fault(c, "error", "the client refuses ", "user_property");
	}
}

static void add_one(struct command *c, json_t *all, const char *name, struct property p,
	int (*add)(void *to, const struct property *p), void *to)
{
	json_t *f = NULL;
	if (p.kind == TEXT && (f = get_field(c, all, name, JSON_STRING, true)))
		p.data = text_of(c, f, name);
	else if (p.kind == BINARY && (f = get_field(c, all, name, JSON_STRING, true)))
		p.data = bytes_of(c, f, name);
	else if (p.kind != TEXT && p.kind != BINARY)
		p.number = (uint32_t)get_number(c, all, name, most[p.kind], REQUIRED);
	if (!c->fault && add(to, &p))
		command_fault(c, "error", "the client refuses ", name);
}

void get_properties(
	struct command *c, json_t *of, int (*add)(void *to, const struct property *p), void *to)
{
	json_t *all = get_field(c, of, "properties", JSON_OBJECT, false), *value;
	const char *name;
	demand_v5(c, json_object_size(all) > 0, "properties");
	json_object_foreach(all, name, value)
	{
		int k = 0;
		while (k < KNOWN && strcmp(properties[k].name, name) != 0)
			k++;
		struct property p = { 0 };
		if (k < KNOWN)
			p = (struct property){ .id = properties[k].id, .kind = properties[k].kind };
		if (k == KNOWN)
			command_fault(c, "unsupported", name, "");
		else if (p.kind == PAIR)
			add_pairs(c, get_field(c, all, name, JSON_ARRAY, true), p, add, to);
		else
			add_one(c, all, name, p, add, to);
	}
}

void event_add_property(json_t *event, const struct property *p)
{
	json_t *all = json_object_get(event, "properties"), *list;
	if (!all)
		json_object_set_new(event, "properties", all = json_object());
	int k = 0;
	while (k < KNOWN - 1 && properties[k].id != p->id)
		k++;
	const char *name = properties[k].name;
	if (p->kind == TEXT) {
		/* What is no text cannot be told. */
		json_object_set_new(
			all, name, json_stringn(p->data.size ? p->data.at : "", p->data.size));
	} else if (p->kind == BINARY) {
		event_add_hex(all, name, p->data);
	} else if (p->kind != PAIR && p->kind != VARIABLE) {
		json_object_set_new(all, name, json_integer(p->number));
	} else {
		if (!(list = json_object_get(all, name)))
			json_object_set_new(all, name, list = json_array());
		json_array_append_new(list,
			p->kind == VARIABLE ? json_integer(p->number)
					    : json_pack("[s%s%]", p->data.at, p->data.size,
						      p->value.at, p->value.size));
	}
}
