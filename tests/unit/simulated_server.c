#include "tests/unit/simulated_server.h"

#include <stdlib.h>

#include "random/names.h"

enum { QUEUE_MAX = 400, QUEUE_OF_MODEL = 50 };

struct held {
	bool is_there;
	struct step options;
};

struct waiting {
	uint32_t number;
	unsigned qos;
	uint64_t identifiers;
	bool retain;
	int64_t since_us;
};

struct client {
	bool connected, exists, keeps;
	uint32_t will;
	struct step_message will_message;
	unsigned delay_s, session_s;
	int64_t left_us, will_us; /* 0: no Will waits */
	struct held held[FILTER_COUNT + 1];
	struct waiting queue[QUEUE_MAX];
	size_t queued;
	uint16_t last_id;
};

struct server {
	struct model *model;
	struct client clients[SESSIONS];
	struct {
		bool is_there;
		uint32_t number;
		struct step_message message;
		int64_t since_us;
	} kept[TOPIC_COUNT];
	unsigned next_member, routed;
	int64_t now_us;
	struct habits habits;
	enum flaw flaw;
	bool failed;
	struct model_fault *fault;
	const struct scenario *scenario;
};

enum { SECOND_US = 1000000, STEP_US = 1000 };

/* 0: never */
static bool is_over(const struct server *s, int64_t since_us, unsigned interval_s)
{
	return interval_s && s->now_us >= since_us + (int64_t)interval_s * SECOND_US;
}

/* ---- to a client --------------------------------------------------------------------------- */

static void transmit(struct server *s, unsigned c, struct waiting w, bool empty)
{
	struct client *client = &s->clients[c];
	unsigned publisher;
	const struct step_message *m = model_message(s->model, w.number, &publisher);
	struct arrived a = {
		.number = empty ? 0 : w.number,
		.topic = m->topic,
		.qos = w.qos,
		.retain = w.retain,
		.id = w.qos ? ++client->last_id : 0,
		.identifiers = s->flaw == LOSES_IDENTIFIERS ? 0 : w.identifiers,
	};
	int64_t waited_s = s->flaw == INTERVALS_STAY ? 0 : (s->now_us - w.since_us) / SECOND_US;

	if (s->failed || (is_over(s, w.since_us, m->expiry_s) && s->flaw != MESSAGES_FOR_EVER))
		return;
	a.expires = m->expiry_s;
	a.expiry_s = m->expiry_s > waited_s ? (uint32_t)(m->expiry_s - waited_s) : 0;
	if (!model_arrives(s->model, c, &a, s->fault)) {
		s->failed = true;
		return;
	}
	if (w.qos == 2)
		model_received(s->model, c, a.id);
	if (w.qos)
		model_answered(s->model, c, a.id);
}

static void deliver(struct server *s, unsigned c, struct waiting w)
{
	struct client *client = &s->clients[c];
	unsigned publisher;
	if (!w.since_us)
		w.since_us = s->now_us;
	bool empty = model_message(s->model, w.number, &publisher)->empty;

	if (client->connected) {
		transmit(s, c, w, empty);
		if ((w.qos == 1 && s->habits.copies_twice) ||
			(w.qos == 2 && s->flaw == REPEATS_QOS2))
			transmit(s, c, w, empty);
	} else if (client->exists && client->queued < QUEUE_MAX && s->flaw != LOSES_QUEUE &&
		(w.qos || s->habits.keeps_qos0)) {
		client->queue[client->queued++] = w;
	}
}

static uint64_t identifier_of(const struct step *options)
{
	return options->identifier ? UINT64_C(1) << options->identifier : 0;
}

static unsigned lowered(const struct server *s, unsigned published, unsigned granted)
{
	unsigned qos = published < granted ? published : granted;

	return s->flaw == LOWERS_QOS && qos ? qos - 1 : qos;
}

/* ---- to everyone --------------------------------------------------------------------------- */

static void route_to(struct server *s, unsigned c, uint32_t number, const struct step_message *m,
	unsigned publisher, bool will)
{
	struct client *client = &s->clients[c];
	struct waiting all = { .number = number };
	bool any = false;

	for (unsigned f = 0; f <= FILTER_COUNT && client->exists; f++) {
		const struct step *o = &client->held[f].options;
		if (!client->held[f].is_there || filter_is_of_share(f) ||
			!filter_lets_through(f, m->topic) ||
			(o->no_local && publisher == c && !will && s->flaw != IGNORES_NO_LOCAL))
			continue;
		struct waiting one = {
			.number = number,
			.qos = lowered(s, m->qos, o->qos),
			.identifiers = identifier_of(o),
			.retain = m->retain && (o->as_published || s->flaw == FLAGS_LIVE),
		};
		if (s->habits.copy_each) {
			deliver(s, c, one);
			continue;
		}
		bool better = s->flaw == LOWEST_OF_OVERLAP ? one.qos < all.qos : one.qos > all.qos;
		all.qos = better || !any ? one.qos : all.qos;
		all.retain = one.retain;
		all.identifiers |= one.identifiers;
		any = true;
	}
	if (any)
		deliver(s, c, all);
}

static void route_to_share(
	struct server *s, unsigned f, uint32_t number, const struct step_message *m)
{
	unsigned first = s->next_member++;

	for (unsigned i = 0; i < SESSIONS; i++) {
		unsigned c = (first + i) % SESSIONS;
		const struct step *o = &s->clients[c].held[f].options;
		if (!s->clients[c].exists || !s->clients[c].held[f].is_there)
			continue;
		deliver(s, c,
			(struct waiting){ number, lowered(s, m->qos, o->qos), identifier_of(o),
				m->retain && (o->as_published || s->flaw == FLAGS_LIVE), 0 });
		if (s->flaw != SHARES_WITH_ALL)
			return;
	}
}

static void route(struct server *s, uint32_t number, const struct step_message *m,
	unsigned publisher, bool will)
{
	if (++s->routed % 10 == 0 && s->flaw == LOSES_TENTH)
		return;
	if (m->retain && m->empty && s->flaw != KEEPS_REMOVED)
		s->kept[m->topic].is_there = false;
	if (m->retain && !m->empty && s->flaw != STORES_NOTHING) {
		s->kept[m->topic].is_there = true;
		s->kept[m->topic].number = number;
		s->kept[m->topic].message = *m;
		s->kept[m->topic].since_us = s->now_us;
	}
	for (unsigned c = 0; c < SESSIONS; c++)
		route_to(s, c, number, m, publisher, will);
	for (unsigned f = FILTER_FIRST_SHARED; f < FILTER_COUNT && s->flaw != SHARES_WITH_NOBODY;
		f++)
		if (filter_lets_through(f, m->topic))
			route_to_share(s, f, number, m);
}

/* ---- steps --------------------------------------------------------------------------------- */

static void forget(struct client *c)
{
	for (unsigned f = 0; f <= FILTER_COUNT; f++)
		c->held[f].is_there = false;
	c->queued = 0;
	c->exists = false;
}

static void end(struct server *s, unsigned c, enum departure how)
{
	struct client *client = &s->clients[c];
	uint32_t will = client->will;
	unsigned delay_s =
		client->delay_s < client->session_s ? client->delay_s : client->session_s;

	model_departs(s->model, c, how, true);
	client->connected = false;
	client->left_us = s->now_us;
	if (!client->keeps)
		forget(client);
	if (will && how != LEFT && delay_s && s->flaw != WILLS_AT_ONCE && s->flaw != WILLS_NEVER) {
		client->will_us = s->now_us + (int64_t)delay_s * SECOND_US;
		return;
	}
	client->will = 0;
	if (will && s->flaw != WILLS_NEVER && (how != LEFT || s->flaw == WILLS_ALWAYS))
		route(s, will, &client->will_message, c, true);
}

static void drain(struct server *s, unsigned c)
{
	struct client *client = &s->clients[c];
	size_t count = client->queued;

	client->queued = 0;
	for (size_t i = 0; i < count; i++)
		deliver(s, c, client->queue[s->flaw == REVERSES_QUEUE ? count - 1 - i : i]);
}

static void connect_client(struct server *s, const struct step *step)
{
	struct client *client = &s->clients[step->client];
	bool is_50 = s->scenario->versions[step->client] == MQTT_50;
	enum presence due;

	if (client->connected)
		end(s, step->client, TAKEN_OVER);
	if (client->exists && client->left_us && client->session_s &&
		s->flaw != SESSIONS_FOR_EVER && is_over(s, client->left_us, client->session_s))
		forget(client);
	client->left_us = 0;
	uint32_t will = model_connects(s->model, step, &due);
	if (client->will_us && step->clean)
		route(s, client->will, &client->will_message, step->client, true);
	client->will_us = 0;
	bool present = client->exists && !step->clean;
	if ((step->clean && s->flaw != KEEPS_SESSIONS) || s->flaw == FORGETS_SESSIONS)
		forget(client);
	model_connected(s->model, step->client, present);
	if (due != PRESENT_EITHER && present != (due == PRESENT_YES)) {
		*s->fault = (struct model_fault){ .kind = SPEC_SESSION,
			.client = step->client,
			.expected = present ? "Session Present 0" : "Session Present 1",
			.actual = "the other one" };
		s->failed = true;
	}
	client->connected = client->exists = true;
	client->keeps = is_50 ? step->session_s : !step->clean;
	client->session_s = is_50 ? step->session_s : 0;
	client->delay_s = step->delay_s;
	client->will = will;
	client->will_message = step->message;
	drain(s, step->client);
}

static void subscribe(struct server *s, const struct step *step)
{
	struct held *h = &s->clients[step->client].held[step->filter];
	bool is_50 = s->scenario->versions[step->client] == MQTT_50;
	struct step o = *step;

	if (!is_50) {
		o.no_local = o.as_published = false;
		o.handling = o.identifier = 0;
	}
	unsigned handling = s->flaw == IGNORES_HANDLING ? 0 : o.handling;
	bool draws = handling == 0 || (handling == 1 && !h->is_there);
	model_subscribes(s->model, step);
	model_granted(s->model, step->client, step->filter, step->qos);
	*h = (struct held){ true, o };
	for (unsigned t = 0; t < TOPIC_COUNT && draws && !filter_is_of_share(step->filter); t++)
		if (s->kept[t].is_there && filter_lets_through(step->filter, t))
			deliver(s, step->client,
				(struct waiting){ s->kept[t].number,
					lowered(s, s->kept[t].message.qos, o.qos),
					identifier_of(&o), s->flaw != FLAGS_STORED,
					s->kept[t].since_us });
}

static void publish(struct server *s, const struct step *step)
{
	struct step own = *step;

	if (own.message.empty)
		own.message.empty = model_may_be_empty(s->model, own.message.topic);
	uint32_t number = model_publishes(s->model, &own);
	route(s, number, &own.message, step->client, false);
	if (own.message.qos)
		model_acknowledged(s->model, number);
}

/* Wills whose delay is over. */
static void pass(struct server *s, int64_t us)
{
	s->now_us += us;
	model_now(s->model, s->now_us);
	for (unsigned c = 0; c < SESSIONS; c++) {
		struct client *client = &s->clients[c];
		if (!client->will_us || s->now_us < client->will_us)
			continue;
		client->will_us = 0;
		route(s, client->will, &client->will_message, c, true);
		client->will = 0;
	}
}

static void obey(struct server *s, const struct step *said)
{
	struct step own = *said, *step = &own;

	pass(s, said->kind == STEP_WAIT ? said->ms * INT64_C(1000) : STEP_US);
	if (s->scenario->versions[step->client] != MQTT_50)
		step->message.expiry_s = step->delay_s = 0;
	bool there = s->clients[step->client].connected;

	if (step->kind == STEP_CONNECT)
		connect_client(s, step);
	if (!there)
		return;
	switch (step->kind) {
	case STEP_PUBLISH: publish(s, step); break;
	case STEP_SUBSCRIBE: subscribe(s, step); break;
	case STEP_UNSUBSCRIBE:
		model_unsubscribes(s->model, step);
		if (s->flaw != IGNORES_UNSUBSCRIBE)
			s->clients[step->client].held[step->filter].is_there = false;
		break;
	case STEP_LEAVE:
		if (step->has_session) {
			model_keeps(s->model, step->client, step->session_s);
			s->clients[step->client].keeps = step->session_s;
			s->clients[step->client].session_s = step->session_s;
		}
		end(s, step->client, step->code ? LEFT_WILL : LEFT);
		break;
	case STEP_DROP:
	case STEP_RESET: end(s, step->client, BROKE); break;
	default: break;
	}
}

bool simulate(struct arena *a, const struct scenario *scenario, struct habits habits,
	enum flaw flaw, struct model_fault *fault)
{
	const struct step observes[] = {
		{ .kind = STEP_CONNECT, .client = OBSERVER, .clean = true },
		{ .kind = STEP_SUBSCRIBE, .client = OBSERVER, .filter = FILTER_OBSERVER, .qos = 2 },
	};
	struct server *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->model = model_new(a, scenario, QUEUE_OF_MODEL);
	s->habits = habits;
	s->flaw = flaw;
	s->fault = fault;
	s->scenario = scenario;
	s->now_us = SECOND_US;
	model_now(s->model, s->now_us);
	for (size_t i = 0; i < 2 + scenario->count && !s->failed; i++) {
		obey(s, i < 2 ? &observes[i] : &scenario->steps[i - 2]);
		if (!s->failed)
			s->failed = !model_settles(s->model, fault);
	}
	bool sound = !s->failed;
	free(s);
	return sound;
}
