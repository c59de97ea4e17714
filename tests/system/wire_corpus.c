/* Prints the corpus, one JSON object a line: each packet's bytes and what the harness reads there.
 *
 *   {"kind": "legal", "name": "PUBACK 5.0 short", "version": "5.0", "hex": "40021234", ...}
 *
 * Byte strings are hexadecimal. Kinds: legal, odd, malformed.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "harness/wire/template.h"
#include "tests/corpus/corpus.h"

static json_t *hex_json(struct arena *a, struct bytes bytes)
{
	char *text = arena_alloc(a, 2 * bytes.len + 1);

	for (size_t i = 0; i < bytes.len; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes.data[i]);
	return json_string(text);
}

static json_t *property_json(struct arena *a, const struct property *p)
{
	json_t *o = json_pack("{s:i}", "id", (int)p->id);

	switch (p->type) {
	case PROPERTY_STRING_PAIR:
		json_object_set_new(o, "name", hex_json(a, p->name));
		json_object_set_new(o, "value", hex_json(a, p->value));
		break;
	case PROPERTY_BINARY:
	case PROPERTY_STRING: json_object_set_new(o, "value", hex_json(a, p->value)); break;
	default: json_object_set_new(o, "number", json_integer(p->number)); break;
	}
	return o;
}

static void set_properties(
	json_t *o, const char *key, struct arena *a, const struct properties *properties)
{
	json_t *list = json_array();

	for (size_t i = 0; i < properties->count; i++)
		json_array_append_new(list, property_json(a, &properties->list[i]));
	json_object_set_new(o, key, list);
}

static void set_connect(json_t *o, struct arena *a, const struct packet *p)
{
	json_object_set_new(o, "protocol_name", hex_json(a, p->protocol_name));
	json_object_set_new(o, "level", json_integer(p->level));
	json_object_set_new(o, "connect_flags", json_integer(p->connect_flags));
	json_object_set_new(o, "keep_alive", json_integer(p->keep_alive));
	json_object_set_new(o, "client_id", hex_json(a, p->client_id));
	if (p->connect_flags & CONNECT_WILL) {
		json_object_set_new(o, "will_topic", hex_json(a, p->will_topic));
		json_object_set_new(o, "will_payload", hex_json(a, p->will_payload));
		set_properties(o, "will_properties", a, &p->will_properties);
	}
	if (p->connect_flags & CONNECT_USER_NAME)
		json_object_set_new(o, "user_name", hex_json(a, p->user_name));
	if (p->connect_flags & CONNECT_PASSWORD)
		json_object_set_new(o, "password", hex_json(a, p->password));
}

static void set_publish(json_t *o, struct arena *a, const struct packet *p)
{
	json_object_set_new(o, "dup", json_boolean(p->dup));
	json_object_set_new(o, "qos", json_integer(p->qos));
	json_object_set_new(o, "retain", json_boolean(p->retain));
	json_object_set_new(o, "topic", hex_json(a, p->topic));
	json_object_set_new(o, "payload", hex_json(a, p->payload));
}

static void set_filters(json_t *o, struct arena *a, const struct packet *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->filter_count; i++)
		json_array_append_new(list,
			json_pack("{s:o,s:i}", "text", hex_json(a, p->filters[i].text), "options",
				p->filters[i].options));
	json_object_set_new(o, "filters", list);
}

static void set_fields(json_t *o, struct arena *a, const struct packet *p)
{
	if (p->type == CONNECT)
		set_connect(o, a, p);
	if (p->type == PUBLISH)
		set_publish(o, a, p);
	if (p->type == SUBSCRIBE || p->type == UNSUBSCRIBE)
		set_filters(o, a, p);
	if (p->type == SUBACK || p->type == UNSUBACK)
		json_object_set_new(o, "codes", hex_json(a, p->codes));
	if (p->type == CONNACK)
		json_object_set_new(o, "ack_flags", json_integer(p->ack_flags));
	if (p->has_code)
		json_object_set_new(o, "code", json_integer(p->code));
	if ((p->type >= PUBACK && p->type <= UNSUBACK) || p->qos)
		json_object_set_new(o, "id", json_integer(p->id));
	set_properties(o, "properties", a, &p->properties);
}

static void print_packet(
	const char *kind, const char *name, enum mqtt_version version, struct bytes data)
{
	static const char *const statuses[] = { "packet", "need more", "malformed" };
	struct arena a;
	struct packet p;

	arena_init(&a);
	struct wire_result r =
		wire_parse(&a, version, data.data, data.len, WIRE_REMAINING_LENGTH_MAX, &p);
	json_t *o = json_pack("{s:s,s:s,s:s,s:o,s:s,s:i,s:i,s:i}", "kind", kind, "name", name,
		"version", spec_version_name(version), "hex", hex_json(&a, data), "status",
		statuses[r.status], "type", p.type, "flags", p.flags, "remaining_length",
		(int)p.remaining_length);
	if (r.status == WIRE_PACKET) {
		set_fields(o, &a, &p);
		json_object_set_new(o, "describe", json_string(wire_describe(&a, version, &p)));
	}
	if (r.status == WIRE_MALFORMED) {
		json_object_set_new(o, "offset", json_integer((json_int_t)r.offset));
		json_object_set_new(o, "rule", json_string(r.rule));
		json_object_set_new(o, "what", json_string(r.what));
	}
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
	arena_fini(&a);
}

static void print_template(
	struct arena *a, const char *kind, enum mqtt_version version, const char *text)
{
	struct template_values values = { version, "me", "k/" };
	struct bytes data;
	const char *error;

	if (!template_expand(a, text, &values, &data, &error)) {
		fprintf(stderr, "%s: %s\n", text, error);
		exit(1);
	}
	print_packet(kind, text, version, data);
}

int main(void)
{
	struct arena a;
	struct corpus corpus;

	arena_init(&a);
	corpus_init(&corpus, &a);
	for (size_t i = 0; i < corpus.count; i++) {
		const struct legal *l = &corpus.list[i];
		struct buf b;
		buf_init(&b, 1 << 20);
		wire_build(&b, l->version, &l->packet, NULL);
		print_packet("legal", l->name, l->version, (struct bytes){ b.data, b.len });
		buf_fini(&b);
	}
	for (size_t i = 0; i < corpus_odd_count; i++)
		print_template(&a, "odd", corpus_odd[i].version, corpus_odd[i].text);
	for (size_t i = 0; i < corpus_malformed_count; i++)
		print_template(
			&a, "malformed", corpus_malformed[i].version, corpus_malformed[i].text);
	arena_fini(&a);
	return ferror(stdout) ? 1 : 0;
}
