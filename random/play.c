#include "random/play.h"

#include "random/names.h"
#include "random/stage.h"
#include "random/text.h"

enum {
	QUEUE_MAX = 50,
	FEW = 10, /* messages that wait for a client: so many every broker may be asked to keep */
	HEAD_BYTES = 400 /* of a message of ours, beyond what its step adds */
};

enum mqtt_version random_version(const struct scenario *s)
{
	for (unsigned i = 0; i < s->clients; i++)
		if (s->versions[i] == MQTT_50)
			return MQTT_50;
	return s->versions[OBSERVER];
}

const struct capabilities *stage_offers(const struct stage *s, unsigned client)
{
	return s->row->offers[version_place(s->scenario->versions[client])];
}

void stage_look_at_clock(struct stage *s)
{
	model_now(s->model, tape_now_us(&s->t->tape) + 1);
}

void stage_accuse(struct stage *s, const struct model_fault *fault)
{
	struct test *t = s->t;
	const char *name = fault->statement ? fault->statement
					    : spec_blamed(s->scenario->versions[fault->client],
						      false, fault->kind, fault->about);
	struct difference d = {
		.kind = fault->kind,
		.kinds = SPEC_SHOWS(fault->kind),
		.about = fault->about,
		.on_trial = true,
	};
	const struct actor *a = &s->actors[fault->client];

	if (name)
		t->judged = (int)(claim_try(t, name) - t->claims);
	test_differ(t, s->at, d, arena_printf(t->arena, "%s: %s", a->role, fault->expected),
		fault->actual);
}

/* ---- steps --------------------------------------------------------------------------------- */

/* What the target does not offer is left out of a message. */
static void fit_message(struct step_message *m, const struct capabilities *offers)
{
	if (m->qos > offers->maximum_qos)
		m->qos = offers->maximum_qos;
	m->retain &= offers->retain;
	if ((uint32_t)m->size + HEAD_BYTES > offers->maximum_packet_size)
		m->size = 0;
}

/* False: the step makes no sense now, or not with this target. */
static bool fit(struct stage *s, struct step *step)
{
	const struct capabilities *offers = stage_offers(s, step->client);
	bool is_50 = s->scenario->versions[step->client] == MQTT_50;

	fit_message(&step->message, offers);
	if (!is_50) {
		step->message.properties = 0;
		step->message.expiry_s = step->delay_s = 0;
	}
	step->half &= step->message.qos == 2;
	if (step->kind == STEP_CONNECT || step->kind == STEP_SETTLE || step->kind == STEP_WAIT)
		return true;
	if (!model_is_connected(s->model, step->client))
		return false;
	if (step->kind == STEP_LEAVE && step->session_s)
		step->has_session &= s->actors[step->client].peer->connect.expiry.value > 0;
	if (step->kind == STEP_PUBLISH && step->message.empty)
		step->message.empty = model_may_be_empty(s->model, step->message.topic);
	if (step->kind != STEP_SUBSCRIBE && step->kind != STEP_UNSUBSCRIBE)
		return true;
	if (!offers->subscription_ids)
		step->identifier = 0;
	bool shared = filter_is_of_share(step->filter), wild = filter_is_wild(step->filter);
	return (offers->wildcards || !wild) && (!shared || (offers->shared && is_50));
}

/* What comes meanwhile is answered. */
static void let_clocks_run(struct stage *s, unsigned ms)
{
	int64_t until_us = tape_now_us(&s->t->tape) + ms * INT64_C(1000);

	while (test_pump(s->t, until_us))
		incoming_take_all(s);
	incoming_take_all(s);
}

static void play_step(struct stage *s, struct step step)
{
	struct actor *a = &s->actors[step.client];

	stage_look_at_clock(s);
	if (!fit(s, &step))
		return;
	switch (step.kind) {
	case STEP_CONNECT: client_connect(s, &step); break;
	case STEP_PUBLISH: client_publish(s, &step); break;
	case STEP_SUBSCRIBE:
	case STEP_UNSUBSCRIBE: client_ask(s, &step); break;
	case STEP_LEAVE:
	case STEP_DROP:
	case STEP_RESET: client_depart(s, &step); break;
	case STEP_HOLD:
	case STEP_HOLD_COMP:
		if (a->hold == HOLDS_NOTHING) /* else what has been held back would be overtaken */
			a->hold = step.kind == STEP_HOLD ? HOLDS_ALL : HOLDS_COMP;
		model_holds_back(s->model, step.client, true);
		break;
	case STEP_RELEASE: client_release(s, a); break;
	case STEP_REFUSE: a->refuses = a->peer->version == MQTT_50; break;
	case STEP_WAIT: let_clocks_run(s, step.ms); break;
	default: settle(s); break;
	}
}

/* ---- the observer ---------------------------------------------------------------------------- */

static void bring_observer(struct stage *s)
{
	struct step step = { .kind = STEP_CONNECT, .client = OBSERVER, .clean = true };

	client_connect(s, &step);
	step = (struct step){ .kind = STEP_SUBSCRIBE,
		.client = OBSERVER,
		.filter = FILTER_OBSERVER,
		.qos = stage_offers(s, OBSERVER)->maximum_qos };
	client_ask(s, &step);
	settle(s);
}

void random_play(struct test *t)
{
	const struct random_row *r = row(t)->extra;
	const struct scenario *scenario = r->scenario;
	uint32_t said = offers(t)->queue == UINT32_MAX ? FEW : offers(t)->queue;
	uint32_t room = said < QUEUE_MAX ? said : QUEUE_MAX;
	struct stage *s = arena_new(t->arena, struct stage);

	s->t = t;
	s->scenario = scenario;
	s->row = r;
	s->model = model_new(t->arena, scenario, room);
	for (unsigned i = 0; i < SESSIONS; i++) {
		s->actors[i].client = i;
		s->actors[i].role =
			i == OBSERVER ? "observer" : arena_printf(t->arena, "client%u", i + 1);
	}
	s->at = (struct place){ "scenario", 0, "the observer subscribes" };
	bring_observer(s);
	for (size_t i = 0; i < scenario->count && t->verdict != VERDICT_FAIL; i++) {
		char text[STEP_TEXT_SIZE];
		step_text(&scenario->steps[i], text);
		s->at = (struct place){ "scenario", (int)i + 1, arena_text(t->arena, text) };
		if (r->told)
			test_remark(t, NULL, "step %zu: %s", i + 1, text);
		play_step(s, scenario->steps[i]);
		if (r->careful && t->verdict != VERDICT_FAIL)
			settle(s);
		incoming_take_all(s);
	}
}
