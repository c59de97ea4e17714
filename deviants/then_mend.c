#include "deviants/then_mend.h"

#include <string.h>

#include "base/utf8.h"
#include "deviants/own.h"
#include "deviants/properties.h"
#include "harness/monitor/monitor.h"

enum {
	LETTER = 'x',
};

/* ---- strings ------------------------------------------------------------------------------- */

static void mend(struct passing *it, struct bytes *text)
{
	uint8_t *own = own_bytes(it, text, 0);
	uint32_t character;

	for (size_t i = 0; i < text->len;) {
		size_t len = own[i] ? utf8_decode(own + i, text->len - i, &character) : 0;

		if (!len)
			own[i] = LETTER;
		i += len ? len : 1;
	}
}

static struct properties own_list(struct passing *it, const struct properties *p)
{
	struct properties own = *p;

	own_properties(it, &own);
	it->changed = true;
	return own;
}

static void mend_properties(struct passing *it, struct properties *p)
{
	*p = own_list(it, p);
	for (size_t i = 0; i < p->count; i++) {
		struct property *one = (struct property *)&p->list[i];

		if (one->type == PROPERTY_BINARY)
			continue;
		mend(it, &one->value);
		mend(it, &one->name);
	}
}

/* On topic and filters. */
static void each_topic(struct passing *it, void (*change)(struct passing *it, struct bytes *text))
{
	struct packet *p = it->packet;

	if (p->type == PUBLISH && p->topic.len)
		change(it, &p->topic);
	if (!p->filter_count)
		return;
	struct filter *own = own_filters(it);
	for (size_t i = 0; i < p->filter_count; i++)
		change(it, &own[i].text);
}

void mend_strings(struct passing *it, long none)
{
	struct packet *p = it->packet;

	(void)none;
	each_topic(it, mend);
	mend(it, &p->client_id);
	mend(it, &p->will_topic);
	mend(it, &p->user_name);
	mend_properties(it, &p->properties);
	mend_properties(it, &p->will_properties);
}

static void strip(struct passing *it, struct bytes *text, const char *what)
{
	size_t len = strlen(what), kept = 0;
	uint8_t *own = own_bytes(it, text, 0);

	for (size_t i = 0; i < text->len;)
		if (i + len <= text->len && !memcmp(own + i, what, len))
			i += len;
		else
			own[kept++] = own[i++];
	text->len = kept;
}

static void strip_mark(struct passing *it, struct bytes *text)
{
	strip(it, text, "\xEF\xBB\xBF");
}

void strip_marks(struct passing *it, long none)
{
	(void)none;
	each_topic(it, strip_mark);
}

static void strip_blank(struct passing *it, struct bytes *text)
{
	strip(it, text, " ");
}

void strip_blanks(struct passing *it, long none)
{
	(void)none;
	each_topic(it, strip_blank);
}

static void squeeze(struct passing *it, struct bytes *text)
{
	size_t kept = 0;
	uint8_t *own = own_bytes(it, text, 0);

	for (size_t i = 0; i < text->len; i++)
		if (!i || own[i] != '/' || own[i - 1] != '/')
			own[kept++] = own[i];
	text->len = kept;
}

void squeeze_slashes(struct passing *it, long none)
{
	(void)none;
	each_topic(it, squeeze);
}

static void without_last_slash(struct passing *it, struct bytes *text)
{
	if (text->len > 1 && text->data[text->len - 1] == '/') {
		text->len--;
		it->changed = true;
	}
}

void strip_last_slash(struct passing *it, long none)
{
	(void)none;
	each_topic(it, without_last_slash);
}

static void without_first_slash(struct passing *it, struct bytes *text)
{
	if (text->len > 1 && text->data[0] == '/') {
		text->data++;
		text->len--;
		it->changed = true;
	}
}

void strip_first_slash(struct passing *it, long none)
{
	(void)none;
	each_topic(it, without_first_slash);
}

/* ---- filters ------------------------------------------------------------------------------- */

static void letter_for_wildcards(struct passing *it, struct bytes *text)
{
	uint8_t *own = own_bytes(it, text, 0);

	for (size_t i = 0; i < text->len; i++)
		if (own[i] == '#' || own[i] == '+')
			own[i] = LETTER;
}

void mend_wildcards(struct passing *it, long none)
{
	(void)none;
	each_topic(it, letter_for_wildcards);
}

void mend_response_topic(struct passing *it, long none)
{
	struct properties *p = &it->packet->properties;

	(void)none;
	*p = own_list(it, p);
	for (size_t i = 0; i < p->count; i++)
		if (p->list[i].id == PROP_RESPONSE_TOPIC)
			letter_for_wildcards(it, (struct bytes *)&p->list[i].value);
}

/* A share without a name or a filter becomes a plain subscription to something that nobody publishes. */
static void name_something(struct passing *it, struct bytes *text)
{
	if (text->len && !filter_is_shared(*text))
		return;
	*text = BYTES("deviant");
	it->changed = true;
}

void mend_filters(struct passing *it, long none)
{
	(void)none;
	each_topic(it, name_something);
}

/* ---- properties ---------------------------------------------------------------------------- */

static void without_foreign(struct passing *it, struct properties *p, uint32_t packets)
{
	struct properties own = own_list(it, p);

	own.count = 0;
	for (size_t i = 0; i < p->count; i++) {
		const struct spec_property *kind = spec_property(p->list[i].id);

		if (kind && kind->packets & packets)
			((struct property *)own.list)[own.count++] = p->list[i];
	}
	*p = own;
}

void remove_foreign(struct passing *it, long none)
{
	(void)none;
	without_foreign(it, &it->packet->properties, SPEC_PACKET(it->packet->type));
	without_foreign(it, &it->packet->will_properties, SPEC_WILL_PROPERTIES);
}

/* `id` 0: of all that may stand once. */
static void without_repeated(struct passing *it, struct properties *p, uint32_t id)
{
	struct properties own = own_list(it, p);

	own.count = 0;
	for (size_t i = 0; i < p->count; i++) {
		const struct spec_property *kind = spec_property(p->list[i].id);
		bool once = kind && !(kind->repeats & SPEC_PACKET(it->packet->type));

		if ((id ? p->list[i].id == id : once) && properties_find(&own, p->list[i].id))
			continue;
		((struct property *)own.list)[own.count++] = p->list[i];
	}
	*p = own;
}

void remove_repeated(struct passing *it, long none)
{
	(void)none;
	without_repeated(it, &it->packet->properties, 0);
	without_repeated(it, &it->packet->will_properties, 0);
}

void keep_first(struct passing *it, long id)
{
	if (properties_count(&it->packet->properties, (uint32_t)id) > 1)
		without_repeated(it, &it->packet->properties, (uint32_t)id);
}

static void clamp(struct passing *it, struct properties *p, long id, uint32_t from, uint32_t to)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->list[i].id != (uint32_t)id || p->list[i].number < from ||
			(from == 0 && p->list[i].number))
			continue;
		*p = own_list(it, p);
		((struct property *)p->list)[i].number = to;
	}
}

void at_least_one(struct passing *it, long id)
{
	clamp(it, &it->packet->properties, id, 0, 1);
}

void at_most_one(struct passing *it, long id)
{
	clamp(it, &it->packet->properties, id, 2, 1);
}

/* ---- CONNECT ------------------------------------------------------------------------------- */

static void without_flags(struct passing *it, uint8_t flags)
{
	it->packet->connect_flags = (uint8_t)(it->packet->connect_flags & ~flags);
	it->changed = true;
}

void clear_will_flags(struct passing *it, long none)
{
	(void)none;
	without_flags(it, CONNECT_WILL_QOS | CONNECT_WILL_RETAIN);
}

void remove_password(struct passing *it, long none)
{
	(void)none;
	without_flags(it, CONNECT_PASSWORD);
}

void repair_auth(struct passing *it, long none)
{
	struct properties *p = &it->packet->properties;
	struct properties own = own_list(it, p);

	(void)none;
	own.count = 0;
	for (size_t i = 0; i < p->count; i++)
		if (p->list[i].id != PROP_AUTH_METHOD && p->list[i].id != PROP_AUTH_DATA)
			((struct property *)own.list)[own.count++] = p->list[i];
	*p = own;
}

/* ---- answers ------------------------------------------------------------------------------- */

static bool speaks_50(struct bytes raw)
{
	static const uint8_t name[] = { 'M', 'Q', 'T', 'T', MQTT_50 };

	for (size_t i = 0; i + sizeof(name) <= raw.len && i < 2 * sizeof(name); i++)
		if (!memcmp(raw.data + i, name, sizeof(name)))
			return true;
	return false;
}

void accept_connect(struct passing *it, long none)
{
	(void)none;
	it->copies = 0;
	exchange_write(it->x, TO_CLIENT,
		speaks_50(it->raw) ? BYTES("\x20\x03\0\0\0") : BYTES("\x20\x02\0\0"));
}

void refuse_connect(struct passing *it, long code)
{
	struct packet p = wire_packet(CONNACK);

	p.code = (uint8_t)code;
	p.has_code = true;
	exchange_send(it->x, TO_CLIENT, &p, NULL);
	it->copies = 0;
	it->ends = true;
}

void refuse_and_stay(struct passing *it, long code)
{
	refuse_connect(it, code);
	it->ends = false;
}
