/* What the clients of a scenario do. */
#include <string.h>

#include "random/names.h"
#include "random/stage.h"

enum {
	UNDER_WAY_MAX = 8,
	UNSPECIFIED_ERROR = 0x80,
	LEAVING_PART = 5,
	IDS = 40, /* few, so that they come again */
	SESSION_EXPIRY = 0x11,
};

/* Every other client takes the lowest that is free, so that the identifiers of both sides meet; the others go round. */
static uint16_t fresh_id(struct actor *a)
{
	if (a->client & 1)
		a->last_id = 0;
	for (bool used = true; used;) {
		a->last_id = (uint16_t)(a->last_id % IDS + 1);
		used = a->late_ids >> a->last_id & 1;
		for (size_t i = 0; i < a->outgoing_count; i++)
			used |= a->outgoing[i].id == a->last_id;
		for (size_t i = 0; i < a->request_count; i++)
			used |= a->requests[i].id == a->last_id;
	}
	return a->last_id;
}

/* ---- CONNECT ------------------------------------------------------------------------------- */

static struct will will_of(struct stage *s, const struct step *step, uint32_t number)
{
	struct arena *a = s->t->arena;

	if (!number)
		return (struct will){ 0 };
	return (struct will){
		.topic = topic_name(step->message.topic),
		.bytes = payload_make(a, number, &step->message),
		.qos = step->message.qos,
		.retain = step->message.retain,
		.props = payload_will_properties(a, number, step),
	};
}

static struct connect connect_of(struct stage *s, const struct step *step, uint32_t will)
{
	bool is_50 = s->scenario->versions[step->client] == MQTT_50;

	return (struct connect){
		.kept = is_50 ? step->session_s || !step->clean : !step->clean,
		.clean = step->clean,
		.expiry = { true, step->session_s },
		.will = will_of(s, step, will),
	};
}

/* On the connection that resumes its session a client sends again what was under way. [MQTT-4.4.0-1] */
static void send_again(struct stage *s, struct actor *a)
{
	for (size_t i = 0; i < a->outgoing_count; i++) {
		struct outgoing *o = &a->outgoing[i];
		unsigned publisher;
		const struct step_message *m = model_message(s->model, o->number, &publisher);
		o->half = false;
		if (o->received) {
			o->released = true;
			client_ack(s, a, PUBREL, o->id);
			continue;
		}
		model_repeats(s->model, o->number);
		send_publish_at(s->at, a->peer,
			(struct publish){
				.topic = topic_name(m->topic),
				.bytes = payload_make(s->t->arena, o->number, m),
				.qos = m->qos,
				.id = o->id,
				.dup = true,
				.retain = m->retain,
				.props = payload_properties(s->t->arena, o->number, m),
			});
	}
}

static void retire(struct stage *s, struct actor *a)
{
	incoming_take(s, a);
	peer_flush(a->peer);
	if (s->old_count < OLD_MAX)
		s->old[s->old_count++] = (struct old_peer){ a->peer, a->client };
}

/* One that the session to be resumed is subscribed to by name. NULL: there is none. */
static const char *topic_of_session(const struct stage *s, unsigned client)
{
	for (unsigned f = 0; f < FILTER_FIRST_SHARED; f++)
		if (!filter_is_wild(f) && model_has(s->model, client, f))
			return filter_name(f);
	return NULL;
}

void client_connect(struct stage *s, const struct step *step)
{
	struct actor *a = &s->actors[step->client];
	struct test *t = s->t;
	struct peer *old = NULL;
	enum presence due;

	if (model_is_connected(s->model, step->client)) {
		retire(s, a);
		old = a->peer;
	}
	stage_look_at_clock(s);
	uint32_t will = model_connects(s->model, step, &due);
	t->speaks = s->scenario->versions[step->client];
	t->through = s->row->ways[step->way];
	a->peer = dial_at(s->at, t, a->role);
	t->through = NULL;
	t->speaks = 0;
	a->coded = step->coded && a->peer->version == MQTT_50;
	a->refuses = a->leaves = false;
	a->request_count = a->incoming_count = 0;
	a->pings = 0;
	a->hold = HOLDS_NOTHING;
	send_connect_at(s->at, a->peer, connect_of(s, step, will));
	struct packet connack = due == PRESENT_YES
		? expect_resumed_by(s->at, a->peer, topic_of_session(s, step->client))
		: expect_accepted_at(s->at, a->peer);
	bool present = connack.ack_flags & 1;
	if (present && due == PRESENT_NO)
		stage_accuse(s,
			&(struct model_fault){
				.kind = SPEC_SESSION,
				.about = "CONNACK/to-0",
				.client = step->client,
				.expected = "CONNACK with Session Present 0",
				.actual = "Session Present 1",
			});
	if (old)
		incoming_take_late(s, a, old);
	stage_look_at_clock(s);
	model_connected(s->model, step->client, present);
	const struct property *own = properties_find(&connack.properties, SESSION_EXPIRY);
	if (own) /* the server's own word counts [MQTT-3.2.2-21] */
		model_keeps(s->model, step->client, own->number);
	a->peer->gathers = true;
	if (!present) {
		a->outgoing_count = 0;
		a->late_ids = 0;
	}
	send_again(s, a);
	incoming_take(s, a);
}

/* ---- what a connected client does ------------------------------------------------------------ */

void client_publish(struct stage *s, const struct step *step)
{
	struct actor *a = &s->actors[step->client];
	const struct capabilities *offers = stage_offers(s, step->client);
	size_t most =
		offers->receive_maximum < UNDER_WAY_MAX ? offers->receive_maximum : UNDER_WAY_MAX;
	const struct step_message *m = &step->message;

	if (m->qos && a->outgoing_count >= most)
		settle(s);
	if (m->qos && a->outgoing_count >= most) /* all of them are held back */
		return;
	uint32_t number = model_publishes(s->model, step);
	uint16_t id = m->qos ? fresh_id(a) : 0;
	if (m->qos)
		a->outgoing[a->outgoing_count++] =
			(struct outgoing){ .number = number, .id = id, .half = step->half };
	send_publish_at(s->at, a->peer,
		(struct publish){
			.topic = topic_name(m->topic),
			.bytes = payload_make(s->t->arena, number, m),
			.qos = m->qos,
			.id = id,
			.retain = m->retain,
			.props = payload_properties(s->t->arena, number, m),
		});
}

void client_ask(struct stage *s, const struct step *step)
{
	struct actor *a = &s->actors[step->client];
	bool subscribes = step->kind == STEP_SUBSCRIBE;

	if (a->request_count == REQUESTS_MAX ||
		!model_may_ask(s->model, step->client, step->filter))
		settle(s);
	struct request r = { .id = fresh_id(a), .subscribes = subscribes, .filter = step->filter };
	a->requests[a->request_count++] = r;
	if (!subscribes) {
		a->requests[a->request_count - 1].had =
			model_has(s->model, step->client, step->filter);
		model_unsubscribes(s->model, step);
		send_unsubscribe_at(s->at, a->peer,
			(struct subscribe){ .filter = filter_name(step->filter), .id = r.id });
		return;
	}
	model_subscribes(s->model, step);
	send_subscribe_at(s->at, a->peer,
		(struct subscribe){
			.filter = filter_name(step->filter),
			.qos = step->qos,
			.id = r.id,
			.no_local = a->peer->version == MQTT_50 && step->no_local,
			.retain_as_published = a->peer->version == MQTT_50 && step->as_published,
			.retain_handling = a->peer->version == MQTT_50 ? step->handling : 0,
			.props = step->identifier
				? PROPS(P_SUBSCRIPTION_ID(payload_identifier(step->identifier)))
				: NULL,
		});
}

void client_ack(struct stage *s, struct actor *a, enum packet_type type, uint16_t id)
{
	struct packet packet = wire_packet(type);

	packet.id = id;
	packet.has_code = a->coded;
	send_packet_at(s->at, a->peer, packet, NULL);
}

void client_reject(struct stage *s, struct actor *a, enum packet_type type, uint16_t id)
{
	struct packet packet = wire_packet(type);

	packet.id = id;
	packet.has_code = true;
	packet.code = UNSPECIFIED_ERROR;
	send_packet_at(s->at, a->peer, packet, NULL);
}

/* What was held back, in the order in which it came. */
void client_release(struct stage *s, struct actor *a)
{
	a->hold = HOLDS_NOTHING;
	model_holds_back(s->model, a->client, false);
	for (size_t i = 0; i < a->incoming_count; i++) {
		struct incoming *in = &a->incoming[i];
		if (!in->owes)
			continue;
		client_ack(s, a, in->owes, in->id);
		in->received = in->owes == PUBREC;
		if (in->received)
			model_received(s->model, a->client, in->id);
		else
			model_answered(s->model, a->client, in->id);
		in->owes = 0;
	}
	for (size_t i = 0; i < a->outgoing_count; i++) {
		struct outgoing *o = &a->outgoing[i];
		o->half = false;
		if (!o->received || o->released)
			continue;
		o->released = true;
		client_ack(s, a, PUBREL, o->id);
	}
}

/* ---- the end of a connection ------------------------------------------------------------------ */

static bool say_goodbye(struct stage *s, struct actor *a, const struct step *step)
{
	struct test *t = s->t;
	bool coded = step->code && a->peer->version == MQTT_50;

	bool expires = step->has_session && a->peer->version == MQTT_50;
	const struct properties *props = expires ? PROPS(P_SESSION_EXPIRY(step->session_s)) : NULL;

	if (expires)
		model_keeps(s->model, a->client, step->session_s);
	stage_look_at_clock(s);
	model_leaves(s->model, a->client);
	send_disconnect_at(s->at, a->peer,
		(struct disconnect){ .code = { coded, step->code }, .props = props });
	a->leaves = true;
	peer_wait_end(a->peer, tape_now_us(&t->tape) + t->play->answer_us / LEAVING_PART);
	incoming_take(s, a);
	return a->peer->ended;
}

void client_depart(struct stage *s, const struct step *step)
{
	struct actor *a = &s->actors[step->client];
	bool with_will = step->code && a->peer->version == MQTT_50; /* [MQTT-3.14.4-3] */
	bool leaves = step->kind == STEP_LEAVE, closed = false;

	incoming_take(s, a);
	peer_flush(a->peer);
	if (leaves)
		closed = say_goodbye(s, a, step);
	peer_close(a->peer, step->kind == STEP_RESET);
	a->request_count = 0;
	stage_look_at_clock(s);
	model_departs(s->model, step->client,
		!leaves             ? BROKE
			: with_will ? LEFT_WILL
				    : LEFT,
		closed);
}
