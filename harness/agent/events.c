/* Events out of JSON. */
#include <jansson.h>
#include <string.h>

#include "base/arena.h"
#include "base/hex.h"
#include "harness/agent/contract.h"
#include "harness/transport/transport.h"
#include "record/field.h"

enum {
	CODES = 256,   /* one past the last Reason Code */
	QOS_MOST = 255 /* that a client may tell: what it takes for a QoS is its own affair */
};

struct kind {
	const char *name;
	enum told_kind kind;
};

static const struct kind kinds[] = {
	{ "connected", TOLD_CONNECTED },
	{ "refused", TOLD_REFUSED },
	{ "acknowledged", TOLD_ACKNOWLEDGED },
	{ "synced", TOLD_SYNCED },
	{ "disconnected", TOLD_DISCONNECTED },
	{ "message", TOLD_MESSAGE },
	{ "challenge", TOLD_CHALLENGE },
	{ "error", TOLD_ERROR },
	{ "unsupported", TOLD_UNSUPPORTED },
	{ "hello", TOLD_HELLO },
};

const char *told_name(enum told_kind kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return "nothing";
}

/* ---- values -------------------------------------------------------------------------------- */

static struct bytes copy_text(struct reader *r, const json_t *value)
{
	size_t len = json_string_length(value);

	return (struct bytes){ arena_copy(r->arena, json_string_value(value), len), len };
}

static struct bytes copy_hex(struct reader *r, const char *key, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value) / 2;
	uint8_t *data = arena_alloc(r->arena, len + 1);

	for (size_t i = 0; i < len; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
		if (high < 0 || low < 0) {
			field_fault(r, key, ": must be hexadecimal digits");
			break;
		}
		data[i] = (uint8_t)(high << 4 | low);
	}
	if (json_string_length(value) % 2)
		field_fault(r, key, ": must have two digits for each byte");
	return (struct bytes){ data, len };
}

static bool flag(struct reader *r, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_boolean(value))
		field_fault(r, key, ": must be true or false");
	return json_is_true(value);
}

static struct maybe maybe_flag(struct reader *r, const json_t *object, const char *key)
{
	return (struct maybe){ json_object_get(object, key), flag(r, object, key) };
}

static struct maybe code(struct reader *r, const json_t *object)
{
	if (!json_object_get(object, "code"))
		return (struct maybe){ 0 };
	return (struct maybe){ true, (uint32_t)field_number(r, object, "code", 0, CODES - 1) };
}

static struct bytes codes(struct reader *r, const json_t *object)
{
	const json_t *list = field_any(r, object, "codes", JSON_ARRAY, OPTIONAL);
	size_t count = json_array_size(list);
	uint8_t *data = arena_alloc(r->arena, count + 1);

	for (size_t i = 0; i < count; i++) {
		const json_t *one = json_array_get(list, i);
		json_int_t n = json_is_integer(one) ? json_integer_value(one) : -1;
		if (n < 0 || n >= CODES)
			field_fault(r, "codes", ": must hold numbers from 0 to 255");
		data[i] = (uint8_t)n;
	}
	return (struct bytes){ list ? data : NULL, count };
}

/* What is no text comes under `key_hex`. */
static struct bytes text_or_hex(
	struct reader *r, const json_t *object, const char *key, const char *key_hex)
{
	const json_t *hex = field_any(r, object, key_hex, JSON_STRING, OPTIONAL);
	const json_t *text = field_any(r, object, key, JSON_STRING, hex ? OPTIONAL : MANDATORY);

	if (hex)
		return copy_hex(r, key_hex, hex);
	return text ? copy_text(r, text) : (struct bytes){ 0 };
}

/* ---- properties ---------------------------------------------------------------------------- */

struct list {
	struct property *items;
	size_t count, capacity;
};

static void add(struct reader *r, struct list *l, struct property p)
{
	l->items = arena_grow(r->arena, l->items, l->count, &l->capacity, sizeof(*l->items));
	l->items[l->count++] = p;
}

static void read_pairs(
	struct reader *r, struct list *l, const struct spec_property *s, const json_t *pairs)
{
	for (size_t i = 0; i < json_array_size(pairs); i++) {
		const json_t *pair = json_array_get(pairs, i);
		const json_t *name = json_array_get(pair, 0), *value = json_array_get(pair, 1);
		if (!json_is_string(name) || !json_is_string(value)) {
			field_fault(r, "properties", ": a user_property must be a pair of strings");
			return;
		}
		add(r, l,
			(struct property){ .id = s->id,
				.type = s->type,
				.name = copy_text(r, name),
				.value = copy_text(r, value) });
	}
}

static bool is_in_hex(const char *key)
{
	size_t len = strlen(key), suffix = strlen("_hex");

	return len > suffix && !strcmp(key + len - suffix, "_hex");
}

/* Whether the key is this property's name, or, if its string is not text, the name and _hex. */
static bool is_key_of(struct reader *r, const struct spec_property *s, const char *key)
{
	const char *name = contract_property_name(r->arena, s);

	return !strcmp(name, key) ||
		(s->type == PROPERTY_STRING && is_in_hex(key) &&
			!strncmp(name, key, strlen(name)) &&
			strlen(key) == strlen(name) + strlen("_hex"));
}

static void read_one(struct reader *r, struct list *l, const struct spec_property *s,
	const char *key, const json_t *value)
{
	struct property p = { .id = s->id, .type = s->type };
	bool is_text = s->type == PROPERTY_STRING || s->type == PROPERTY_BINARY;
	bool in_hex = s->type == PROPERTY_BINARY || is_in_hex(key);

	if (json_is_string(value) && is_text)
		p.value = in_hex ? copy_hex(r, key, value) : copy_text(r, value);
	else if (json_is_integer(value) && !is_text && s->type != PROPERTY_STRING_PAIR)
		p.number = (uint32_t)json_integer_value(value);
	else
		field_fault(r, key, ": a property of another type");
	add(r, l, p);
}

static void read_property(struct reader *r, struct list *l, const char *key, const json_t *value)
{
	for (size_t i = 0; i < spec_property_count; i++) {
		const struct spec_property *s = &spec_properties[i];
		if (!is_key_of(r, s, key))
			continue;
		if (s->type == PROPERTY_STRING_PAIR)
			read_pairs(r, l, s, value);
		else if (json_is_array(value))
			for (size_t k = 0; k < json_array_size(value); k++)
				read_one(r, l, s, key, json_array_get(value, k));
		else
			read_one(r, l, s, key, value);
		return;
	}
	field_fault(r, key, ": there is no such property");
}

static struct properties properties(struct reader *r, const json_t *object)
{
	json_t *own = field_any(r, object, "properties", JSON_OBJECT, OPTIONAL);
	struct list l = { 0 };
	const char *key;
	json_t *value;

	json_object_foreach(own, key, value) read_property(r, &l, key, value);
	return (struct properties){ .list = l.items, .count = l.count, .present = own != NULL };
}

/* ---- events -------------------------------------------------------------------------------- */

static void read_message(struct reader *r, const json_t *object, struct told *out)
{
	out->topic = text_or_hex(r, object, "topic", "topic_hex");
	out->payload = text_or_hex(r, object, "payload", "payload_hex");
	out->qos = (unsigned)field_number(r, object, "qos", 0, QOS_MOST);
	out->retain = flag(r, object, "retain");
	out->dup = flag(r, object, "dup");
}

/* Those that a later contract may know are passed over. */
static unsigned read_transports(struct reader *r, const json_t *object)
{
	const json_t *list = field_any(r, object, "transports", JSON_ARRAY, OPTIONAL);
	unsigned mask = list ? 0 : transport_bit(transports[0]);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		const struct transport *found = name ? transport_find(name) : NULL;
		if (found)
			mask |= transport_bit(found);
	}
	if (!mask)
		field_fault(r, "transports", ": must name some of tcp, tls, ws, wss, unix");
	return mask;
}

static void read_hello(struct reader *r, const json_t *object, struct hello *out)
{
	const json_t *versions = field_any(r, object, "versions", JSON_ARRAY, MANDATORY);
	int64_t contract = field_number(r, object, "contract", 0, INT32_MAX);

	out->name = field_text(r, object, "name");
	out->version = field_text(r, object, "version");
	out->preload = flag(r, object, "preload");
	out->transports = read_transports(r, object);
	if (!r->error && contract != CONTRACT)
		field_fault(r, "contract", ": this program knows contract %d", CONTRACT);
	for (size_t i = 0; i < json_array_size(versions); i++) {
		const char *v = json_string_value(json_array_get(versions, i));
		if (v && !strcmp(v, "3.1.1"))
			out->versions |= V311;
		else if (v && !strcmp(v, "5.0"))
			out->versions |= V50;
	}
	if (!out->versions)
		field_fault(r, "versions", ": must name 3.1.1, 5.0 or both");
}

static const struct kind *find_kind(struct reader *r, const json_t *object)
{
	const char *name = field_text(r, object, "event");

	for (size_t i = 0; !r->error && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	field_fault(r, "event", ": there is no event \"%s\"", name);
	return &kinds[0];
}

static void read_event(
	struct reader *r, const json_t *object, struct told *out, struct hello *hello)
{
	out->kind = find_kind(r, object)->kind;
	if (json_object_get(object, "id"))
		out->command = (unsigned)field_number(r, object, "id", 0, INT32_MAX);
	out->code = code(r, object);
	out->codes = codes(r, object);
	out->properties = properties(r, object);
	out->session_present = maybe_flag(r, object, "session_present");
	const char *said = field_optional_text(r, object, "text");
	out->text = said ? said : "";
	if (out->kind == TOLD_MESSAGE)
		read_message(r, object, out);
	if (out->kind == TOLD_HELLO)
		read_hello(r, object, hello);
	if (out->kind == TOLD_REFUSED && !out->code.set)
		field_fault(r, "code", " is missing");
}

bool contract_event(struct arena *a, const char *line, size_t len, struct told *out,
	struct hello *hello, const char **error)
{
	struct reader r = { .arena = a, .index = SIZE_MAX };
	json_error_t fault;
	json_t *object = json_loadb(line, len, JSON_ALLOW_NUL, &fault);

	*out = (struct told){ .text = "" };
	*hello = (struct hello){ 0 };
	if (!json_is_object(object))
		r.error = object ? "no JSON object" : arena_printf(a, "no JSON: %s", fault.text);
	else
		read_event(&r, object, out, hello);
	json_decref(object);
	*error = r.error;
	return !r.error;
}
