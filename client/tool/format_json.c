#include "client/tool/format_json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/tool/command_properties.h"

/* Bytes that are not UTF-8 are taken for Latin-1, so that nothing is lost. */
static json_t *text_of(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	json_t *text = json_stringn(len ? data : "", len);

	if (text)
		return text;
	char *longer = malloc(2 * len);
	size_t n = 0;
	for (size_t i = 0; longer && i < len; i++) {
		if (bytes[i] >= 0x80)
			longer[n++] = (char)(0xc0 | bytes[i] >> 6);
		longer[n++] = (char)(bytes[i] < 0x80 ? bytes[i] : 0x80 | (bytes[i] & 0x3f));
	}
	text = json_stringn(longer ? longer : "", n);
	free(longer);
	return text;
}

static void add_user_property(json_t *properties, const struct mqttspec_property *p)
{
	json_t *all = json_object_get(properties, "user-properties");

	if (!all) {
		all = json_object();
		json_object_set_new(properties, "user-properties", all);
	}
	json_object_setn_new(all, p->name, p->name_len, text_of(p->text, p->len));
}

static json_t *properties_of(const struct mqttspec_message *m)
{
	json_t *properties = json_object();
	struct mqttspec_property p;
	char name[48];
	size_t at = 0;

	while (mqttspec_properties_next(&m->received, &at, &p)) {
		if (p.id == MQTTSPEC_USER_PROPERTY)
			add_user_property(properties, &p);
		else
			json_object_set_new(properties, command_property_name(p.id, name),
				p.text ? text_of(p.text, p.len) : json_integer(p.number));
	}
	return properties;
}

static json_t *time_of(const struct timespec *now)
{
	struct tm local;
	char date[32], zone[16], text[80];

	localtime_r(&now->tv_sec, &local);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &local);
	strftime(zone, sizeof(zone), "%z", &local);
	snprintf(text, sizeof(text), "%s.%06ldZ%s", date, now->tv_nsec / 1000, zone);
	return json_string(text);
}

void format_json(const struct command *c, const struct mqttspec_message *m,
	const struct timespec *now, bool nested)
{
	json_t *payload = nested && m->payload_len
		? json_loadb(m->payload, m->payload_len, JSON_DECODE_ANY, NULL)
		: text_of(m->payload, m->payload_len);

	if (!payload) {
		if (!c->quiet)
			command_complain(c, "the payload on topic %s is not JSON", m->topic);
		return;
	}
	json_t *all = json_object();
	json_object_set_new(all, "tst", time_of(now));
	json_object_set_new(all, "topic", text_of(m->topic, strlen(m->topic)));
	json_object_set_new(all, "qos", json_integer(m->qos));
	json_object_set_new(all, "retain", json_integer(m->retain));
	json_object_set_new(all, "payloadlen", json_integer((json_int_t)m->payload_len));
	if (m->qos)
		json_object_set_new(all, "mid", json_integer(m->id));
	if (m->received.len)
		json_object_set_new(all, "properties", properties_of(m));
	json_object_set_new(all, "payload", payload);
	json_dumpf(all, stdout, JSON_COMPACT);
	json_decref(all);
}
