/* Commands as JSON. */
#include "harness/agent/contract.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"

enum { KEPT_SESSION_EXPIRY = 300, SESSION_EXPIRY = 0x11 };

const char *contract_property_name(struct arena *a, const struct spec_property *property)
{
	char *name = arena_text(a, property->name);

	for (char *p = name; *p; p++)
		*p = *p == ' ' ? '_' : (char)tolower((unsigned char)*p);
	return name;
}

static json_t *hex(struct bytes bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * bytes.len + 1);

	if (!text)
		abort();
	for (size_t i = 0; i < bytes.len; i++) {
		text[2 * i] = digits[bytes.data[i] >> 4];
		text[2 * i + 1] = digits[bytes.data[i] & 15];
	}
	json_t *value = json_stringn(text, 2 * bytes.len);
	free(text);
	return value;
}

static json_t *text(struct bytes bytes)
{
	return json_stringn(bytes.len ? (const char *)bytes.data : "", bytes.len);
}

static json_t *command(const char *name, unsigned id)
{
	return json_pack("{s:s, s:i}", "do", name, "id", (int)id);
}

static const char *finish(struct arena *a, json_t *object)
{
	char *line = json_dumps(object, JSON_COMPACT);

	if (!line)
		abort();
	const char *kept = arena_text(a, line);
	free(line);
	json_decref(object);
	return kept;
}

/* ---- properties ---------------------------------------------------------------------------- */

static json_t *property_value(const struct property *p)
{
	switch (p->type) {
	case PROPERTY_STRING: return text(p->value);
	case PROPERTY_BINARY: return hex(p->value);
	default: return json_integer(p->number);
	}
}

static void add_property(struct arena *a, json_t *object, const struct property *p)
{
	const char *name = contract_property_name(a, spec_property(p->id));

	if (p->type != PROPERTY_STRING_PAIR) {
		json_object_set_new(object, name, property_value(p));
		return;
	}
	json_t *pairs = json_object_get(object, name);
	if (!pairs) {
		pairs = json_array();
		json_object_set_new(object, name, pairs);
	}
	json_t *pair = json_array();
	json_array_append_new(pair, text(p->name));
	json_array_append_new(pair, text(p->value));
	json_array_append_new(pairs, pair);
}

static void add_properties(struct arena *a, json_t *object, const struct properties *props)
{
	json_t *own = json_object();

	for (size_t i = 0; props && i < props->count; i++)
		add_property(a, own, &props->list[i]);
	if (json_object_size(own))
		json_object_set(object, "properties", own);
	json_decref(own);
}

/* ---- commands ------------------------------------------------------------------------------ */

static void add_payload(json_t *object, const char *payload, struct bytes bytes)
{
	bool is_text = payload ||
		(utf8_check(bytes.data, bytes.len) == bytes.len &&
			(!bytes.len || !memchr(bytes.data, '\0', bytes.len)));

	if (payload)
		bytes = bytes_of(payload);
	json_object_set_new(
		object, is_text ? "payload" : "payload_hex", is_text ? text(bytes) : hex(bytes));
}

static void add_will(struct arena *a, json_t *object, const struct will *will, bool v5)
{
	json_t *own = json_pack("{s:s, s:i, s:b}", "topic", will->topic, "qos", (int)will->qos,
		"retain", (int)will->retain);

	add_payload(own, will->payload, will->bytes);
	if (v5)
		add_properties(a, own, will->props);
	json_object_set_new(object, "will", own);
}

/* Those of the case, and the Session Expiry Interval that a kept session needs. */
static void add_connect_properties(struct arena *a, json_t *object, const struct connect *c)
{
	size_t count = c->props ? c->props->count : 0;
	struct property *list = arena_alloc(a, (count + 1) * sizeof(*list));
	struct properties all = { .list = list, .count = count };

	if (count)
		memcpy(list, c->props->list, count * sizeof(*list));
	if (c->kept || c->expiry.set)
		list[all.count++] = (struct property)P_SESSION_EXPIRY(
			c->expiry.set ? c->expiry.value : KEPT_SESSION_EXPIRY);
	add_properties(a, object, &all);
}

static void add_text(json_t *object, const char *name, const char *value)
{
	if (value)
		json_object_set_new(object, name, json_string(value));
}

/* What differs from TCP. */
static void add_place(json_t *object, const struct agent_place *place, const struct connect *c)
{
	if (place->transport && strcmp(place->transport, "tcp") != 0)
		add_text(object, "transport", place->transport);
	add_text(object, "path", place->path);
	add_text(object, "ca", place->ca);
	if (place->ca)
		add_text(object, "server_name", c->server_name);
	if (c->shows_certificate) {
		add_text(object, "cert", place->cert);
		add_text(object, "key", place->key);
	}
}

const char *contract_connect(struct arena *a, unsigned id, const struct agent_place *place,
	const char *client_id, const struct connect *c)
{
	bool v5 = !strcmp(place->version, "5.0");
	json_t *object = command("connect", id);
	json_t *more = json_pack("{s:s, s:i, s:s, s:s, s:b, s:i}", "host", place->host, "port",
		(int)place->port, "version", place->version, "client_id", client_id, "clean_start",
		!c->kept || (c->clean && v5), "keep_alive", (int)c->keep_alive);

	json_object_update(object, more);
	json_decref(more);
	add_place(object, place, c);
	if (c->will.topic)
		add_will(a, object, &c->will, v5);
	if (c->user_name)
		json_object_set_new(object, "user_name", json_string(c->user_name));
	if (c->password)
		json_object_set_new(object, "password", json_string(c->password));
	if (v5)
		add_connect_properties(a, object, c);
	return finish(a, object);
}

static json_t *filter_object(const struct subscribe *s, bool v5)
{
	json_t *own = json_pack("{s:s, s:i}", "filter", s->filter, "qos", (int)s->qos);

	if (v5 && s->no_local)
		json_object_set_new(own, "no_local", json_true());
	if (v5 && s->retain_as_published)
		json_object_set_new(own, "retain_as_published", json_true());
	if (v5 && s->retain_handling)
		json_object_set_new(own, "retain_handling", json_integer(s->retain_handling));
	return own;
}

static const char *filters(struct arena *a, json_t *object, enum mqtt_version version,
	const struct subscribe *s, bool plain)
{
	json_t *list = json_array();

	for (const struct subscribe *one = s; one->filter; one = one == s ? s->more : one + 1) {
		json_array_append_new(list,
			plain ? json_string(one->filter)
			      : filter_object(one, version_traits(version).subscription_options));
		if (one == s && !s->more)
			break;
	}
	json_object_set_new(object, "filters", list);
	if (version_traits(version).properties)
		add_properties(a, object, s->props);
	return finish(a, object);
}

const char *contract_subscribe(
	struct arena *a, unsigned id, enum mqtt_version version, const struct subscribe *s)
{
	return filters(a, command("subscribe", id), version, s, false);
}

const char *contract_unsubscribe(
	struct arena *a, unsigned id, enum mqtt_version version, const struct subscribe *s)
{
	return filters(a, command("unsubscribe", id), version, s, true);
}

const char *contract_publish(
	struct arena *a, unsigned id, enum mqtt_version version, const struct publish *m)
{
	json_t *object = command("publish", id);

	json_object_set_new(object, "topic", json_string(m->topic ? m->topic : ""));
	add_payload(object, m->payload, m->bytes);
	json_object_set_new(object, "qos", json_integer(m->qos));
	json_object_set_new(object, "retain", json_boolean(m->retain));
	if (version_traits(version).properties)
		add_properties(a, object, m->props);
	return finish(a, object);
}

const char *contract_disconnect(
	struct arena *a, unsigned id, enum mqtt_version version, const struct disconnect *d)
{
	json_t *object = command("disconnect", id);

	if (version_traits(version).reason_codes && d->code.set)
		json_object_set_new(object, "code", json_integer(d->code.value));
	if (version_traits(version).properties)
		add_properties(a, object, d->props);
	return finish(a, object);
}

const char *contract_authenticate(struct arena *a, unsigned id, const struct ack *auth)
{
	json_t *object = command("authenticate", id);

	if (auth->code.set)
		json_object_set_new(object, "code", json_integer(auth->code.value));
	add_properties(a, object, auth->props);
	return finish(a, object);
}

const char *contract_sync(struct arena *a, unsigned id)
{
	return finish(a, command("sync", id));
}
