/* A settlement: everything that is under way has come, and a PINGREQ of each connection has gone to and fro. */
#include "random/names.h"
#include "random/play.h"
#include "random/stage.h"

static int64_t deadline_us(const struct stage *s)
{
	int64_t wait_us = s->row->hush_us ? s->row->hush_us : s->t->play->answer_us;

	return tape_now_us(&s->t->tape) + wait_us;
}

const char *stage_awaits(const struct stage *s, const struct actor *a)
{
	if (!model_is_connected(s->model, a->client))
		return NULL;
	if (a->request_count)
		return a->requests[0].subscribes ? "SUBACK" : "UNSUBACK";
	for (size_t i = 0; i < a->outgoing_count; i++) {
		const struct outgoing *o = &a->outgoing[i];
		unsigned publisher;
		const struct step_message *m = model_message(s->model, o->number, &publisher);
		if (!o->received)
			return m->qos == 1 ? "PUBACK" : "PUBREC";
		if (o->released)
			return "PUBCOMP";
	}
	for (size_t i = 0; i < a->incoming_count; i++)
		if (a->incoming[i].received)
			return "PUBREL";
	return a->pings ? "PINGRESP" : NULL;
}

/* The first answer that has not come, of whomever. NULL: none is due. */
static const char *awaited(const struct stage *s, unsigned *client)
{
	for (*client = 0; *client < SESSIONS; ++*client) {
		const char *what = stage_awaits(s, &s->actors[*client]);
		if (what)
			return what;
	}
	return NULL;
}

static bool is_still_open(const struct stage *s)
{
	for (size_t i = 0; i < s->old_count; i++)
		if (!s->old[i].peer->ended)
			return true;
	return false;
}

static void accuse_answer(struct stage *s, const char *what, unsigned client)
{
	stage_accuse(s,
		&(struct model_fault){
			.kind = SPEC_MISSING,
			.about = what,
			.client = client,
			.expected = what,
			.actual = "it does not come",
		});
}

/* The older connection of a ClientId has to end. [MQTT-3.1.4-2] [MQTT-3.1.4-3] */
static void accuse_older(struct stage *s)
{
	const struct old_peer *old = s->old;

	while (old->peer->ended)
		old++;
	stage_accuse(s,
		&(struct model_fault){
			.kind = SPEC_OPEN,
			.statement = old->peer->version == MQTT_50 ? "5.0:MQTT-3.1.4-3"
								   : "3.1.1:MQTT-3.1.4-2",
			.client = old->client,
			.expected =
				"the end of a connection whose ClientId another one has taken over",
			.actual = "it lives on",
		});
}

/* Until nothing is due any more, or for as long as it may take. */
static void await_all(struct stage *s)
{
	int64_t until_us = deadline_us(s);
	struct model_fault fault;
	unsigned client;

	for (bool in_time = true;; in_time = test_pump(s->t, until_us)) {
		incoming_take_all(s);
		const char *what = awaited(s, &client);
		bool owes = !what && model_owes(s->model, &fault);
		bool open = !what && !owes && is_still_open(s);
		if (!what && !owes && !open)
			break;
		if (in_time)
			continue;
		if (what)
			accuse_answer(s, what, client);
		if (owes)
			stage_accuse(s, &fault);
		accuse_older(s);
	}
	s->old_count = 0;
}

static void send_fences(struct stage *s)
{
	for (unsigned c = 0; c < SESSIONS; c++) {
		if (!model_is_connected(s->model, c))
			continue;
		send_pingreq_at(s->at, s->actors[c].peer);
		s->actors[c].pings++;
	}
}

/* What has been acknowledged may still be on its way to the store. */
static void await_store(struct stage *s, const uint32_t before[static TOPIC_COUNT])
{
	struct arena *a = s->t->arena;

	for (unsigned topic = 0; topic < TOPIC_COUNT; topic++) {
		uint32_t number = model_kept(s->model, topic);
		unsigned publisher;
		if (number == KEPT_UNKNOWN || number == before[topic])
			continue;
		if (!number) {
			removal_settled_at(s->at, s->t, topic_name(topic));
			continue;
		}
		const struct step_message *m = model_message(s->model, number, &publisher);
		retained_settled_at(s->at, s->t,
			(struct message){
				.topic = topic_name(topic), .bytes = payload_make(a, number, m) });
	}
}

void settle(struct stage *s)
{
	uint32_t before[TOPIC_COUNT];
	struct model_fault fault;

	await_all(s);
	send_fences(s);
	await_all(s);
	for (unsigned topic = 0; topic < TOPIC_COUNT; topic++)
		before[topic] = model_kept(s->model, topic);
	if (!model_settles(s->model, &fault))
		stage_accuse(s, &fault);
	if (s->row->careful || !s->row->hush_us)
		await_store(s, before);
}
