#include "deviants/then_around.h"

#include <string.h>

#include "deviants/own.h"
#include "deviants/properties.h"
#include "harness/monitor/monitor.h"

/* ---- notes ----------------------------------------------------------------------------------- */

void note_for_session(struct passing *it, long value)
{
	if (it->x->session)
		it->x->session->note[0] = value;
}

/* ---- $ at the beginning of a topic ----------------------------------------------------------- */

static const struct bytes hidden = { (const uint8_t *)"Dtest/", sizeof("Dtest/") - 1 };
static const struct bytes shown = { (const uint8_t *)"$test/", sizeof("$test/") - 1 };

static bool begins_with(struct bytes text, struct bytes beginning)
{
	return text.len >= beginning.len && !memcmp(text.data, beginning.data, beginning.len);
}

static void begin_anew(struct passing *it, struct bytes *text, struct bytes from, struct bytes to)
{
	if (!begins_with(*text, from))
		return;
	memcpy(own_bytes(it, text, 0), to.data, to.len);
}

void hide_dollar(struct passing *it, long none)
{
	struct packet *p = it->packet;

	(void)none;
	begin_anew(it, &p->topic, shown, hidden);
	if (!p->filter_count)
		return;
	p->filters = arena_copy(it->arena, p->filters, p->filter_count * sizeof(*p->filters));
	for (size_t i = 0; i < p->filter_count; i++)
		begin_anew(it, &p->filters[i].text, shown, hidden);
}

void show_dollar(struct passing *it, long none)
{
	(void)none;
	begin_anew(it, &it->packet->topic, hidden, shown);
	it->topic = it->packet->topic;
}

/* ---- SUBSCRIBE ------------------------------------------------------------------------------- */

/* Up to the last slash, it included. */
static size_t parent_len(struct bytes filter)
{
	size_t len = filter.len;

	while (len && filter.data[len - 1] != '/')
		len--;
	return len;
}

static bool is_beside(struct bytes a, struct bytes b)
{
	size_t len = parent_len(a);

	return filter_is_shared(a) && len == parent_len(b) && !memcmp(a.data, b.data, len);
}

/* That of somebody else. */
static struct bytes share_beside(const struct world *w, const struct session *own, struct bytes f)
{
	for (size_t i = 0; i < SESSION_BUCKETS; i++)
		for (const struct session *s = w->sessions[i]; s; s = s->next)
			for (const struct subscription *at = s->subscriptions; at; at = at->next)
				if (s != own && is_beside(at->filter, f))
					return at->filter;
	return f;
}

void join_first_share(struct passing *it, long none)
{
	struct packet *p = it->packet;

	(void)none;
	if (!p->filter_count)
		return;
	struct filter *own = own_filters(it);
	for (size_t i = 0; i < p->filter_count; i++)
		own[i].text = share_beside(it->x->world, it->x->session, own[i].text);
}

static const struct property *identifier_of(const struct passing *it)
{
	return properties_find(&it->packet->properties, PROP_SUBSCRIPTION_IDENTIFIER);
}

void note_identifier(struct passing *it, long none)
{
	const struct property *identifier = identifier_of(it);

	(void)none;
	if (identifier)
		note_for_session(it, identifier->number);
}

void add_noted_identifier(struct passing *it, long none)
{
	struct properties *p = &it->packet->properties;
	long noted = it->x->session ? it->x->session->note[0] : 0;

	(void)none;
	if (!noted || identifier_of(it))
		return;
	own_add_property(it, p,
		(struct property){ .id = PROP_SUBSCRIPTION_IDENTIFIER, .number = (uint32_t)noted });
}

/* ---- what no packet asked for ---------------------------------------------------------------- */

void publish_kept(struct passing *it, long none)
{
	struct session *s = it->x->session;
	struct packet kept, p = wire_packet(PUBLISH);

	(void)none;
	if (!s || !s->kept.len ||
		wire_parse(it->arena, it->x->version, s->kept.data, s->kept.len, s->kept.len, &kept)
				.status != WIRE_PACKET)
		return;
	p.topic = kept.topic;
	p.payload = kept.payload;
	exchange_send(it->x, TO_SERVER, &p, NULL);
	s->kept.len = 0;
}
