#include "deviants/then_command.h"

#include <jansson.h>
#include <string.h>

#include "deviants/properties.h"

/* ---- names that are too long --------------------------------------------------------------- */

static json_t *shortened(const json_t *text, size_t bytes)
{
	return json_string_length(text) > bytes ? json_stringn(json_string_value(text), bytes)
						: NULL;
}

static void shorten_member(json_t *object, const char *name, size_t bytes)
{
	json_t *text = shortened(json_object_get(object, name), bytes);

	if (text)
		json_object_set_new(object, name, text);
}

void shorten_names(struct passing *it, long bytes)
{
	json_t *filters = json_object_get(it->command, "filters"), *each;
	size_t i;

	shorten_member(it->command, "topic", (size_t)bytes);
	json_array_foreach(filters, i, each)
	{
		json_t *text = shortened(each, (size_t)bytes);

		if (text)
			json_array_set_new(filters, i, text);
		shorten_member(each, "filter", (size_t)bytes);
	}
}

/* ---- a ClientId where there is none -------------------------------------------------------- */

static const char stand_in[] = "nameless";

static bool asks_to(const struct passing *it, const char *what)
{
	const char *text = json_string_value(json_object_get(it->command, "do"));

	return text && !strcmp(text, what);
}

void name_client(struct passing *it, long none)
{
	const json_t *id = json_object_get(it->command, "client_id");

	(void)none;
	if (asks_to(it, "connect") && json_is_string(id) && !json_string_length(id))
		json_object_set_new(it->command, "client_id", json_string(stand_in));
}

void unname_client(struct passing *it, long none)
{
	(void)none;
	if (!bytes_equal(it->packet->client_id, bytes_of(stand_in)))
		return;
	it->packet->client_id = (struct bytes){ 0 };
	it->changed = true;
}

/* ---- sessions ------------------------------------------------------------------------------ */

void end_session(struct passing *it, long none)
{
	(void)none;
	if (asks_to(it, "connect"))
		json_object_set_new(it->command, "clean_start", json_true());
}

void drop_expiry(struct passing *it, long none)
{
	(void)none;
	if (asks_to(it, "disconnect"))
		json_object_del(
			json_object_get(it->command, "properties"), "session_expiry_interval");
}

void drop_method(struct passing *it, long none)
{
	enum { REAUTHENTICATE = 0x19 };

	(void)none;
	if (asks_to(it, "authenticate") &&
		json_integer_value(json_object_get(it->command, "code")) == REAUTHENTICATE)
		json_object_del(
			json_object_get(it->command, "properties"), "authentication_method");
}

/* ---- certificates -------------------------------------------------------------------------- */

void drop_certificate(struct passing *it, long none)
{
	(void)none;
	json_object_del(it->command, "cert");
	json_object_del(it->command, "key");
}

void look_elsewhere(struct passing *it, long none)
{
	(void)none;
	if (asks_to(it, "connect"))
		json_object_set_new(it->command, "server_name", json_string("nobody.test"));
}

/* ---- wildcards ----------------------------------------------------------------------------- */

/* Letters of one byte each that no case has in its topics. */
static const char wildcards[] = "+#", letters[] = "<>";

static void exchange_letters(char *text, size_t len, const char *from, const char *to)
{
	for (size_t i = 0; i < len; i++) {
		const char *found = text[i] ? strchr(from, text[i]) : NULL;
		if (found)
			text[i] = to[found - from];
	}
}

static void hide_in(struct passing *it, json_t *object, const char *name)
{
	const json_t *text = json_object_get(object, name);
	size_t len = json_string_length(text);

	if (!json_is_string(text))
		return;
	char *copy = arena_copy(it->arena, json_string_value(text), len);
	exchange_letters(copy, len, wildcards, letters);
	json_object_set_new(object, name, json_stringn(copy, len));
}

void hide_wildcards(struct passing *it, long none)
{
	(void)none;
	hide_in(it, it->command, "topic");
	hide_in(it, json_object_get(it->command, "will"), "topic");
	hide_in(it, json_object_get(it->command, "properties"), "response_topic");
}

static void show_in(struct passing *it, struct bytes *text)
{
	char *copy = text->len ? arena_copy(it->arena, text->data, text->len) : NULL;

	if (!copy)
		return;
	exchange_letters(copy, text->len, letters, wildcards);
	text->data = (const uint8_t *)copy;
	it->changed = true;
}

void show_wildcards(struct passing *it, long none)
{
	struct packet *p = it->packet;

	(void)none;
	show_in(it, p->type == CONNECT ? &p->will_topic : &p->topic);
	if (!p->properties.count)
		return;
	struct property *own =
		arena_copy(it->arena, p->properties.list, p->properties.count * sizeof(*own));
	for (size_t i = 0; i < p->properties.count; i++)
		if (own[i].id == PROP_RESPONSE_TOPIC)
			show_in(it, &own[i].value);
	p->properties.list = own;
}

/* ---- what nobody asked for ----------------------------------------------------------------- */

void add_user_name(struct passing *it, long none)
{
	(void)none;
	it->packet->connect_flags |= CONNECT_USER_NAME;
	it->packet->user_name = BYTES("deviant");
	it->changed = true;
}

static bool read_kept(struct passing *it, struct packet *kept)
{
	const struct session *s = it->x->session;

	return s && s->kept.len &&
		wire_parse(it->arena, it->x->version, s->kept.data, s->kept.len, s->kept.len, kept)
			.status == WIRE_PACKET &&
		kept->type == CONNECT && kept->connect_flags & CONNECT_WILL;
}

void put_kept_will(struct passing *it, long none)
{
	const uint8_t flags = CONNECT_WILL | CONNECT_WILL_QOS | CONNECT_WILL_RETAIN;
	struct packet kept;

	(void)none;
	if (!read_kept(it, &kept))
		return;
	it->packet->connect_flags |= kept.connect_flags & flags;
	it->packet->will_topic = kept.will_topic;
	it->packet->will_payload = kept.will_payload;
	it->packet->will_properties = kept.will_properties;
	it->changed = true;
}

void put_kept_will_properties(struct passing *it, long none)
{
	struct packet kept;

	(void)none;
	if (!read_kept(it, &kept))
		return;
	it->packet->will_properties = kept.will_properties;
	it->changed = true;
}
