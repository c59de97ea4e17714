#include "broker/core/draw.h"

#include <stddef.h>
#include <string.h>

#include "broker/core/core.h"
#include "broker/core/deliver.h"
#include "broker/core/link.h"
#include "broker/core/match.h"
#include "broker/core/permit.h"
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
	return qos_least(m->qos, d->subscription->qos);
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
	struct target_id id = { d->subscription->id, 0 };
	struct publication p = publication_of(m);
	struct sending how = { .ids = &id, .first_id = id.id ? 1 : 0, .qos = qos_of(d, m) };

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

static void draw_chain(struct draw *d)
{
	struct draw *first = d->session->draws;

	d->previous = first ? first->previous : d;
	if (first) {
		first->previous->next = d;
		first->previous = d;
	} else {
		d->session->draws = d;
	}
}

static void draw_unchain(struct draw *d)
{
	struct draw **first = &d->session->draws;

	if (d->next)
		d->next->previous = d->previous;
	else if (*first != d)
		(*first)->previous = d->previous;
	if (*first == d)
		*first = d->next;
	else
		d->previous->next = d->next;
}

/* The next of the session, if there is one, goes on in its place. */
static void draw_free(struct broker *b, struct draw *d)
{
	bool ready = d->ready;

	draw_unchain(d);
	draws_pause(&b->draws, d);
	retained_walk_end(&b->retained, &d->walk);
	if (ready)
		draws_wake(&b->draws, d->session->draws);
	d->subscription->draw = NULL;
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
		draw_free(b, d);
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
	struct broker *b, struct session *s, struct subscription *sub, struct mqtt_view filter)
{
	struct retained_walk walk;

	draw_end(b, sub);
	if (!walk_begin(b, &walk, filter))
		return true;
	struct draw *d = memory_take_zeroed(&b->memory, draw_size(filter.len));
	if (!d) {
		retained_walk_end(&b->retained, &walk);
		return false;
	}
	d->session = s;
	d->subscription = sub;
	d->filter_len = (uint16_t)filter.len;
	memcpy(d->filter, filter.data, filter.len);
	d->walk = walk;
	b->draws.age = walk.age;
	b->draws.count++;
	sub->draw = d;
	draw_chain(d);
	if (s->draws != d)
		return true;
	draws_wake(&b->draws, d);
	if (b->draws.steps)
		draw_go_on(b, d, b->draws.steps);
	return true;
}

void draw_end(struct broker *b, struct subscription *sub)
{
	if (!sub->draw)
		return;
	struct session *s = sub->draw->session;
	draw_free(b, sub->draw);
	draws_wake(&b->draws, s->draws);
}

void draws_rest(struct broker *b, struct session *s)
{
	for (struct draw *d = s->draws, *next; d; d = next) {
		next = d->next;
		draws_pause(&b->draws, d);
		if (!d->subscription->qos)
			draw_free(b, d);
	}
}

void draws_end(struct broker *b, struct session *s)
{
	while (s->draws)
		draw_free(b, s->draws);
}

/* ---- messages that come meanwhile ---------------------------------------------------------- */

struct overtaking {
	struct broker *broker;
	struct retained_entry *entry;
};

/* A link may become congested by it, but not without bound. */
static void subscription_overtake(void *context, const struct subscription *sub)
{
	const struct overtaking *o = context;
	struct draw *d = sub->draw;
	uint64_t most = (uint64_t)o->broker->config.limits.output_bytes * 2;

	if (!d || !retained_walk_is_ahead(&d->walk, o->entry))
		return;
	const struct link *l = d->session->link;
	if (!qos_of(d, o->entry->message) && l && l->output.bytes >= most)
		o->broker->figures.messages_dropped++;
	else
		message_send(o->broker, d, o->entry->message);
}

void draws_overtake(struct broker *b, struct mqtt_view topic)
{
	struct overtaking o = { b, b->draws.count ? retained_find(&b->retained, topic) : NULL };

	if (!o.entry || o.entry->age > b->draws.age)
		return;
	match_visit(&b->subscriptions, topic, subscription_overtake, &o);
	retained_pass(&b->retained, o.entry);
}
