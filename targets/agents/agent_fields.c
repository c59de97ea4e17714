/* Typed access to the fields of commands. */
#include "targets/agents/agent_fields.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

json_t *get_field(struct command *c, json_t *of, const char *name, json_type type, bool required)
{
	json_t *f = json_object_get(of, name);
	if (!f && required)
		command_fault(c, "error", name, " is missing");
	else if (f && json_typeof(f) != type && !(type == JSON_TRUE && json_is_false(f)))
		command_fault(c, "error", name, " is of the wrong type");
	else
		return f;
	return NULL;
}

long get_number(struct command *c, json_t *of, const char *name, long maximum, long otherwise)
{
	json_t *f = get_field(c, of, name, JSON_INTEGER, otherwise == REQUIRED);
	json_int_t n = json_integer_value(f);
	if (f && (n < 0 || n > maximum))
		command_fault(c, "error", name, " is out of range");
	return f ? (long)n : otherwise;
}

bool get_flag(struct command *c, json_t *of, const char *name, int otherwise)
{
	json_t *f = get_field(c, of, name, JSON_TRUE, otherwise == REQUIRED);
	return f ? json_is_true(f) : otherwise == true;
}

/* Clients in C take text up to a 0: what goes on after one must not be lost quietly. */
struct octets text_of(struct command *c, json_t *f, const char *name)
{
	struct octets text = { json_string_value(f), json_string_length(f) };
	if (memchr(text.at, 0, text.size))
		command_fault(c, "unsupported", name, " with U+0000");
	return text;
}

const char *get_text(struct command *c, json_t *of, const char *name, bool required)
{
	json_t *f = get_field(c, of, name, JSON_STRING, required);
	return f ? text_of(c, f, name).at : required ? "" : NULL;
}

/* Replaces the digits by the bytes, so that they live as long as the command. */
struct octets bytes_of(struct command *c, json_t *f, const char *name)
{
	unsigned char *to = (unsigned char *)strdup(json_string_value(f));
	size_t digits = json_string_length(f), n = 0;
	while (to && n < digits / 2 && isxdigit(to[2 * n]) && isxdigit(to[2 * n + 1])) {
		const char pair[3] = { (char)to[2 * n], (char)to[2 * n + 1] };
		to[n++] = (unsigned char)strtoul(pair, NULL, 16);
	}
	if (2 * n != digits)
		command_fault(c, "error", name, " is not made of hexadecimal digits");
	json_string_setn_nocheck(f, (char *)to, n);
	free(to);
	return (struct octets){ json_string_value(f), n };
}

/* A code, an option or properties that 3.1.1 does not have. */
void demand_v5(struct command *c, bool given, const char *name)
{
	if (given && !c->agent->v5)
		command_fault(c, "unsupported", name, " in 3.1.1");
}

int get_code(struct command *c, int otherwise)
{
	int code = (int)get_number(c, c->fields, "code", 255, otherwise);
	demand_v5(c, code != otherwise, "code");
	return code;
}

struct message get_message(struct command *c, json_t *of)
{
	struct message m = {
		.topic = get_text(c, of, "topic", true),
		.payload = { "", 0 },
		.qos = (int)get_number(c, of, "qos", 255, REQUIRED),
		.retain = get_flag(c, of, "retain", REQUIRED),
		.fields = of,
	};
	json_t *hex = get_field(c, of, "payload_hex", JSON_STRING, false);
	json_t *text = get_field(c, of, "payload", JSON_STRING, !hex);
	if (text)
		m.payload = (struct octets){ json_string_value(text), json_string_length(text) };
	else if (hex)
		m.payload = bytes_of(c, hex, "payload_hex");
	return m;
}

static const char *get_transport(struct command *c, const char *otherwise)
{
	const char *named = get_text(c, c->fields, "transport", false);
	const char *const *t = c->agent->transports;
	const char *transport = named ? named : otherwise;
	while (*t && strcmp(*t, transport) != 0)
		t++;
	if (!*t)
		command_fault(c, "unsupported", "transport ", transport);
	return transport;
}

struct connect get_connect(struct command *c)
{
	struct agent *a = c->agent;
	const char *version = get_text(c, c->fields, "version", true);
	bool v5 = !strcmp(version, "5.0");
	int port = (int)get_number(c, c->fields, "port", 65535, REQUIRED);
	struct connect f = {
		.host = get_text(c, c->fields, "host", true),
		.port = port,
		.transport = get_transport(c, port ? "tcp" : "unix"),
		.path = get_text(c, c->fields, "path", false),
		.ca = get_text(c, c->fields, "ca", false),
		.cert = get_text(c, c->fields, "cert", false),
		.key = get_text(c, c->fields, "key", false),
		.server_name = get_text(c, c->fields, "server_name", false),
		.client_id = get_text(c, c->fields, "client_id", true),
		.clean_start = get_flag(c, c->fields, "clean_start", REQUIRED),
		.keep_alive = (int)get_number(c, c->fields, "keep_alive", 65535, REQUIRED),
		.user_name = get_text(c, c->fields, "user_name", false),
		.password = get_text(c, c->fields, "password", false),
	};
	json_t *will = get_field(c, c->fields, "will", JSON_OBJECT, false);
	f.has_will = will != NULL;
	if (will)
		f.will = get_message(c, will);
	if (!v5 && strcmp(version, "3.1.1"))
		command_fault(c, "unsupported", "version ", version);
	if (a->client_id && (v5 != a->v5 || strcmp(f.client_id, a->client_id)))
		command_fault(
			c, "error", "version or client_id", " is not that of the first connect");
	if (a->connected || agent_find(a, CONNECT))
		command_fault(c, "error", "there is", " a connection already");
	if (!c->fault && !a->client_id)
		a->client_id = strdup(f.client_id);
	if (!c->fault)
		a->v5 = v5;
	c->mid = CONNECT;
	return f;
}

struct filters get_filters(struct command *c, bool with_options)
{
	json_t *list = get_field(c, c->fields, "filters", JSON_ARRAY, true), *entry;
	size_t n = json_array_size(list), i;
	struct filters f = { (int)n, calloc(n + 1, sizeof(char *)), calloc(n + 1, sizeof(int)),
		calloc(n + 1, sizeof(int)) };
	c->filters = f.count;
	json_array_foreach(list, i, entry)
	{
		if (!with_options && !json_is_string(entry)) {
			command_fault(c, "error", "filters", " has an entry that is no string");
		} else if (!with_options) {
			f.texts[i] = (char *)text_of(c, entry, "filter").at;
		} else {
			f.texts[i] = (char *)get_text(c, entry, "filter", true);
			f.qos[i] = (int)get_number(c, entry, "qos", 255, REQUIRED);
			f.options[i] = get_flag(c, entry, "no_local", false) * 4 |
				get_flag(c, entry, "retain_as_published", false) * 8 |
				(int)get_number(c, entry, "retain_handling", 3, 0) * 16;
			demand_v5(c, f.options[i] != 0, "options of a filter");
		}
	}
	return f;
}

void filters_free(struct filters *f)
{
	free(f->texts);
	free(f->qos);
	free(f->options);
}
