#include "broker/core/draw.h"

#include <stddef.h>
#include <string.h>

#include "broker/core/core.h"
#include "broker/core/deliver.h"
#include "broker/core/link.h"
#include "broker/core/match.h"
#include "broker/core/session.h"

enum {
	TURN_STEPS = 1024,         /* of all draws: others do not wait long for the next turn */
	SLICE_STEPS = 128,         /* of one, while others are ready, too */
	FIRST_STEPS = 16,          /* of each SUBSCRIBE, however many came: most draw nothing */
	OUTPUT_BYTES = 256 * 1024, /* waiting to be written: enough to keep a connection busy */
};

static struct mqtt_view filter_of(const struct draw *d)
{
	return (struct mqtt_view){ d->filter, d->filter_len };
}

static size_t draw_size(size_t filter_len)
{
	return offsetof(struct draw, filter) + filter_len;
}

/* ---- sending ------------------------------------------------------------------------------- */

/* Less than makes a link congested: while a draw goes on, the client is read from, and gets QoS 0
 * messages.
 */
static uint32_t output_max(const struct broker *b)
{
	uint32_t half = b->config.limits.output_bytes / 2;

	return half < OUTPUT_BYTES ? half : OUTPUT_BYTES;
}

static uint8_t qos_of(const struct draw *d, const struct message *m)
{
	return qos_least(m->qos, d->qos);
}

static bool has_room(const struct broker *b, const struct draw *d, uint8_t qos)
{
	const struct session *s = d->session;

	if (!s->link || s->link->state != LINK_UP || s->link->output.bytes >= output_max(b))
		return false;
	return !qos || outgoing_is_ready(s);
}

static void message_send(struct broker *b, struct draw *d, struct message *m)
{
	struct session *s = d->session;
	struct target_id id = { d->id, 0 };
	struct publication p = publication_of(m);
	struct sending how = { .ids = &id, .first_id = d->id ? 1 : 0, .qos = qos_of(d, m) };

	how.retain = true; /* [MQTT-3.3.1-8] of 3.1.1, U50-RETAIN-FLAG */
	if (is_expired(m->expires_ms, b->now_ms) || !may_get(b, s, p.topic))
		return;
	if (how.qos)
		deliver(b, s, &p, &how, NULL);
	else if (!s->link || s->link->state != LINK_UP ||
		forward_send(b, s->link, &p, &how) != SEND_OK)
		b->figures.messages_dropped++;
}

struct visit {
	struct broker *broker;
	struct draw *draw;
};

static bool message_visit(void *context, struct message *m)
{
	const struct visit *v = context;

	if (!has_room(v->broker, v->draw, qos_of(v->draw, m)))
		return false;
	message_send(v->broker, v->draw, m);
	return true;
}

/* ---- from the beginning to the end --------------------------------------------------------- */

/* What points to the draw of this filter; its target is NULL if there is none. */
static struct draw **draw_find(struct session *s, struct mqtt_view filter)
{
	struct draw **at = &s->draws;

	while (*at && !mqtt_view_equal(filter_of(*at), filter))
		at = &(*at)->next;
	return at;
}

/* The next of the session, if there is one, goes on in its place. */
static void draw_free(struct broker *b, struct draw **at)
{
	struct draw *d = *at;
	bool ready = d->ready;

	*at = d->next;
	draws_pause(&b->draws, d);
	retained_walk_end(&b->retained, &d->walk);
	if (ready)
		draws_wake(&b->draws, d->session->draws);
	b->draws.count--;
	memory_give(&b->memory, d, draw_size(d->filter_len));
}

/* Goes on with the first draw of a session, which is ready. */
static void draw_go_on(struct broker *b, struct draw *d, uint32_t most)
{
	struct visit v = { b, d };
	uint32_t steps = most;
	bool done =
		retained_walk_on(&b->retained, &d->walk, filter_of(d), &steps, message_visit, &v);

	b->draws.steps -= most - steps;
	if (done) {
		draw_free(b, &d->session->draws);
		return;
	}
	draws_pause(&b->draws, d);
	if (!steps)
		draws_wake(&b->draws, d); /* after the others */
	else if (d->session->link)
		d->session->link->draws = true;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void draws_turn(struct broker *b)
{
	struct draws *list = &b->draws;

	list->steps = TURN_STEPS;
	while (list->ready_first && list->steps)
		draw_go_on(b, list->ready_first, least(list->steps, SLICE_STEPS));
}

static bool message_stop(void *context, struct message *m)
{
	(void)context, (void)m;
	return false;
}

/* Begins a walk. False, with the walk over, if a few steps show that there is nothing on its way. */
static bool walk_begin(struct broker *b, struct retained_walk *w, struct mqtt_view filter)
{
	uint32_t steps = FIRST_STEPS;

	retained_walk_begin(&b->retained, w);
	if (!retained_walk_on(&b->retained, w, filter, &steps, message_stop, NULL))
		return true;
	retained_walk_end(&b->retained, w);
	return false;
}

bool draw_begin(
	struct broker *b, struct session *s, struct mqtt_view filter, uint8_t qos, uint32_t id)
{
	struct retained_walk walk;

	draw_end(b, s, filter);
	if (!walk_begin(b, &walk, filter))
		return true;
	struct draw *d = memory_take_zeroed(&b->memory, draw_size(filter.len));
	if (!d) {
		retained_walk_end(&b->retained, &walk);
		return false;
	}
	d->session = s;
	d->qos = qos;
	d->id = id;
	d->filter_len = (uint16_t)filter.len;
	memcpy(d->filter, filter.data, filter.len);
	d->walk = walk;
	b->draws.count++;
	*draw_find(s, filter) = d;
	if (s->draws != d)
		return true;
	draws_wake(&b->draws, d);
	if (b->draws.steps)
		draw_go_on(b, d, b->draws.steps);
	return true;
}

void draw_change(
	struct broker *b, struct session *s, struct mqtt_view filter, uint8_t qos, uint32_t id)
{
	struct draw *d = *draw_find(s, filter);

	if (!d)
		return;
	d->qos = qos;
	d->id = id;
	draws_wake(&b->draws, s->draws);
}

void draw_end(struct broker *b, struct session *s, struct mqtt_view filter)
{
	struct draw **at = draw_find(s, filter);

	if (*at)
		draw_free(b, at);
	draws_wake(&b->draws, s->draws);
}

void draws_rest(struct broker *b, struct session *s)
{
	for (struct draw **at = &s->draws; *at;) {
		if ((*at)->qos) {
			draws_pause(&b->draws, *at);
			at = &(*at)->next;
		} else {
			draw_free(b, at);
		}
	}
}

void draws_end(struct broker *b, struct session *s)
{
	while (s->draws)
		draw_free(b, &s->draws);
}

/* ---- messages that come meanwhile ---------------------------------------------------------- */

/* A link may become congested by it, but not without bound. */
static void message_hurry(struct broker *b, struct draw *d, struct message *m)
{
	const struct link *l = d->session->link;
	uint64_t most = (uint64_t)b->config.limits.output_bytes * 2;

	if (!qos_of(d, m) && l && l->output.bytes >= most)
		b->figures.messages_dropped++;
	else
		message_send(b, d, m);
}

static void session_overtake(struct broker *b, const struct session *s, struct mqtt_view topic)
{
	for (struct draw *d = s->draws; d; d = d->next) {
		struct message *m =
			retained_walk_has_ahead(&b->retained, &d->walk, filter_of(d), topic);
		if (m)
			message_hurry(b, d, m);
	}
}

void draws_overtake(struct broker *b, const struct publication *p, const struct match *m)
{
	if (!b->draws.count)
		return;
	for (uint32_t i = 0; i < m->target_count; i++)
		if (m->targets[i].subscriber != p->publisher)
			session_overtake(b, session_of(m->targets[i].subscriber), p->topic);
	if (p->publisher) /* its own message may be none that it gets: No Local */
		session_overtake(b, session_of(p->publisher), p->topic);
	retained_pass(&b->retained, p->topic);
}
