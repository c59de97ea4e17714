/* What comes to the clients of a scenario: the model judges messages, the rest is answered as it has to be. */
#include <stdio.h>
#include <string.h>

#include "random/names.h"
#include "random/stage.h"

enum {
	REFUSED = 0x80,
	NO_SUBSCRIPTION = 0x11,
	SUBSCRIPTION_IDENTIFIER = 0x0B,
	MESSAGE_EXPIRY = 0x02
};

/* ---- PUBLISH ------------------------------------------------------------------------------- */

static unsigned topic_of(struct bytes topic)
{
	char name[32];

	if (topic.len >= sizeof(name))
		return TOPIC_COUNT;
	memcpy(name, topic.data, topic.len);
	name[topic.len] = '\0';
	int found = topic_find(name);
	return found < 0 ? (unsigned)TOPIC_COUNT : (unsigned)found;
}

static void wrong_payload(struct stage *s, const struct actor *a, const struct packet *p)
{
	stage_accuse(s,
		&(struct model_fault){
			.kind = SPEC_PAYLOAD,
			.about = "PUBLISH",
			.client = a->client,
			.expected = "a payload as it was published",
			.actual = wire_describe(s->t->arena, a->peer->version, p),
		});
}

/* As it was published, byte by byte. */
static void check_content(
	struct stage *s, const struct actor *a, const struct packet *p, uint32_t number)
{
	struct arena *arena = s->t->arena;
	unsigned publisher;
	const struct step_message *m = model_message(s->model, number, &publisher);

	if (p->payload.len && (!m || !bytes_equal(p->payload, payload_make(arena, number, m))))
		wrong_payload(s, a, p);
	if (!m || a->peer->version != MQTT_50)
		return;
	struct step_message said = *m;
	if (s->scenario->versions[publisher] != MQTT_50)
		said.properties = 0;
	check_forwarded_at(s->at, s->t, p, payload_properties(arena, number, &said));
}

static uint64_t identifiers_of(const struct packet *p)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < p->properties.count; i++) {
		const struct property *one = &p->properties.list[i];
		if (one->id == SUBSCRIPTION_IDENTIFIER)
			mask |= UINT64_C(1) << payload_identifier_of(one->number);
	}
	return mask;
}

static struct incoming *incoming_find(struct actor *a, uint16_t id, bool add)
{
	for (size_t i = 0; i < a->incoming_count; i++)
		if (a->incoming[i].id == id)
			return &a->incoming[i];
	if (!add)
		return NULL;
	if (a->incoming_count == INCOMING_MAX) { /* the oldest has long been answered */
		memmove(a->incoming, a->incoming + 1, (INCOMING_MAX - 1) * sizeof(*a->incoming));
		a->incoming_count--;
	}
	a->incoming[a->incoming_count] = (struct incoming){ .id = id };
	return &a->incoming[a->incoming_count++];
}

static void answer_message(struct stage *s, struct actor *a, const struct packet *p)
{
	enum packet_type answer = p->qos == 1 ? PUBACK : PUBREC;

	if (!p->qos || a->leaves)
		return;
	struct incoming *in = incoming_find(a, p->id, false);
	if (in && a->hold == HOLDS_ALL) /* it goes to the end of what is held back */
		memmove(in, in + 1,
			(size_t)(a->incoming + a->incoming_count-- - in - 1) * sizeof(*in));
	in = incoming_find(a, p->id, true);
	*in = (struct incoming){ .id = p->id, .qos = p->qos };
	if (a->hold == HOLDS_ALL) {
		in->owes = answer;
		return;
	}
	if (a->refuses) {
		a->refuses = false;
		in->rejected = true;
		client_reject(s, a, answer, p->id);
		model_rejects(s->model, a->client, p->id);
		return;
	}
	client_ack(s, a, answer, p->id);
	in->received = answer == PUBREC;
	if (in->received)
		model_received(s->model, a->client, p->id);
	else
		model_answered(s->model, a->client, p->id);
}

static void take_message(struct stage *s, struct actor *a, const struct packet *p)
{
	uint32_t number = payload_number(p->payload);
	struct arrived arrived = {
		.number = number,
		.topic = topic_of(p->topic),
		.qos = p->qos,
		.retain = p->retain,
		.dup = p->dup,
		.id = p->id,
		.identifiers = identifiers_of(p),
	};
	const struct property *expiry = properties_find(&p->properties, MESSAGE_EXPIRY);
	struct model_fault fault;

	arrived.expires = expiry;
	arrived.expiry_s = expiry ? expiry->number : 0;
	if (!number && p->payload.len)
		wrong_payload(s, a, p);
	if (!model_arrives(s->model, a->client, &arrived, &fault))
		stage_accuse(s, &fault);
	check_content(s, a, p, number);
	answer_message(s, a, p);
}

/* [MQTT-4.3.3-4] speaks of codes below 0x80. */
static void released_after_error(struct stage *s, const struct actor *a, const struct packet *p)
{
	stage_accuse(s,
		&(struct model_fault){
			.kind = SPEC_EXTRA,
			.statement = "5.0:MQTT-4.3.3-4",
			.client = a->client,
			.expected = arena_printf(s->t->arena,
				"no PUBREL %u after a PUBREC with the code of an error", p->id),
			.actual = wire_describe(s->t->arena, a->peer->version, p),
		});
}

static void take_pubrel(struct stage *s, struct actor *a, const struct packet *p)
{
	struct incoming *in = incoming_find(a, p->id, true);
	struct model_fault fault;

	if (in->rejected)
		released_after_error(s, a, p);
	if (!model_released(s->model, a->client, p->id, &fault))
		stage_accuse(s, &fault);
	if (a->leaves)
		return;
	in->qos = 2;
	in->received = false;
	in->owes = a->hold == HOLDS_NOTHING ? 0 : PUBCOMP;
	if (in->owes)
		return;
	client_ack(s, a, PUBCOMP, p->id);
	model_answered(s->model, a->client, p->id);
}

/* ---- acknowledgements ------------------------------------------------------------------------ */

static struct outgoing *outgoing_find(struct actor *a, uint16_t id)
{
	for (size_t i = 0; i < a->outgoing_count; i++)
		if (a->outgoing[i].id == id)
			return &a->outgoing[i];
	return NULL;
}

static void outgoing_end(struct stage *s, struct actor *a, struct outgoing *o, uint8_t code)
{
	if (code >= REFUSED)
		model_refused(s->model, o->number);
	else
		model_acknowledged(s->model, o->number);
	memmove(o, o + 1, (size_t)(a->outgoing + a->outgoing_count-- - o - 1) * sizeof(*o));
}

/* Those whose PUBREC has come are the first, in the order of these: so what is sent again is, too [MQTT-4.6.0-4]. */
static struct outgoing *outgoing_received(struct actor *a, struct outgoing *o)
{
	struct outgoing moved = *o, *to = a->outgoing;

	if (o->received)
		return o;
	while (to->received)
		to++;
	memmove(to + 1, to, (size_t)(o - to) * sizeof(*o));
	*to = moved;
	to->received = true;
	return to;
}

/* PUBRELs go out in the order of the PUBRECs [MQTT-4.6.0-4]: one that is held back holds back the next. */
static bool must_hold(const struct actor *a, const struct outgoing *o)
{
	bool held = o->half;

	for (size_t i = 0; i < a->outgoing_count; i++)
		held |= a->outgoing[i].received && !a->outgoing[i].released && &a->outgoing[i] != o;
	return held;
}

static void take_pubrec(struct stage *s, struct actor *a, const struct packet *p)
{
	struct outgoing *o = outgoing_find(a, p->id);

	if (!o)
		return; /* the monitor sees to that */
	if (p->code >= REFUSED) {
		outgoing_end(s, a, o, p->code);
		return;
	}
	o = outgoing_received(a, o);
	o->half = must_hold(a, o);
	if (o->half || a->leaves)
		return;
	o->released = true;
	client_ack(s, a, PUBREL, p->id);
}

static void take_ack(struct stage *s, struct actor *a, const struct packet *p)
{
	struct outgoing *o = outgoing_find(a, p->id);

	if (o)
		outgoing_end(s, a, o, p->type == PUBACK ? p->code : 0);
}

static void take_answer(struct stage *s, struct actor *a, const struct packet *p)
{
	size_t i = 0;

	while (i < a->request_count && a->requests[i].id != p->id)
		i++;
	if (i == a->request_count)
		return;
	struct request r = a->requests[i];
	memmove(a->requests + i, a->requests + i + 1,
		(--a->request_count - i) * sizeof(*a->requests));
	if (r.had && p->codes.len && p->codes.data[0] == NO_SUBSCRIPTION)
		stage_accuse(s,
			&(struct model_fault){
				.kind = SPEC_CODE,
				.about = "UNSUBACK",
				.client = a->client,
				.expected = arena_printf(s->t->arena,
					"UNSUBACK with 0x00 for %s, which is there",
					filter_name(r.filter)),
				.actual = "0x11: no subscription existed",
			});
	if (r.subscribes && p->codes.len)
		model_granted(s->model, a->client, r.filter, p->codes.data[0]);
}

/* A server that goes by what its newest connection has brought takes such an exchange for open, and so does whoever
 * watches us. There are enough identifiers to leave a few alone.
 */
static void keep_off(struct actor *a, uint16_t id)
{
	enum { FEW = 6 };

	if (__builtin_popcountll(a->late_ids) < FEW)
		a->late_ids |= UINT64_C(1) << id;
}

/* On a connection that has been taken over: what it acknowledges need not be sent again. */
void incoming_take_late(struct stage *s, struct actor *a, struct peer *old)
{
	const uint32_t acks = SPEC_PACKET(PUBACK) | SPEC_PACKET(PUBREC) | SPEC_PACKET(PUBCOMP);
	struct arrival *arrival;

	while ((arrival = peer_arrival(old, acks))) {
		struct packet p = arrival->packet;
		struct outgoing *o = outgoing_find(a, p.id);
		arrival->taken = true;
		if (!o)
			continue;
		if (p.type == PUBREC && p.code < REFUSED) {
			outgoing_received(a, o);
		} else {
			keep_off(a, p.id);
			outgoing_end(s, a, o, p.type == PUBCOMP ? 0 : p.code);
		}
	}
}

/* ---- everything ------------------------------------------------------------------------------- */

/* A server may have had enough, by its own word. */
static void take_disconnect(struct stage *s, const struct actor *a, const struct packet *p)
{
	static const uint8_t policies[] = { 0x83, 0x87, 0x89, 0x8B, 0x93, 0x96, 0x97, 0x98 };

	for (size_t i = 0; i < sizeof(policies); i++)
		if (p->code == policies[i] && a->peer->version == MQTT_50)
			test_end(s->t, s->at, VERDICT_INCONCLUSIVE,
				arena_printf(s->t->arena, "the server ends a connection: %s",
					wire_describe(s->t->arena, a->peer->version, p)));
}

static void take(struct stage *s, struct actor *a, const struct packet *p)
{
	switch (p->type) {
	case PUBLISH: take_message(s, a, p); break;
	case PUBREL: take_pubrel(s, a, p); break;
	case PUBREC: take_pubrec(s, a, p); break;
	case PUBACK:
	case PUBCOMP: take_ack(s, a, p); break;
	case SUBACK:
	case UNSUBACK: take_answer(s, a, p); break;
	case PINGRESP: a->pings -= a->pings > 0; break;
	case DISCONNECT: take_disconnect(s, a, p); break;
	default: break;
	}
}

void incoming_take(struct stage *s, struct actor *a)
{
	struct arrival *arrival;

	while (a->peer && (arrival = peer_arrival(a->peer, UINT32_MAX))) {
		arrival->taken = true;
		struct packet packet = arrival->packet; /* the list may move */
		model_now(s->model, arrival->at_us + 1);
		take(s, a, &packet);
	}
	stage_look_at_clock(s);
}

/* A server that closes instead of answering does not answer, and one that closes instead of delivering does not deliver. */
static void check_end(struct stage *s, const struct actor *a)
{
	struct model_fault fault = { .about = "PINGRESP" };

	if (!a->peer || !a->peer->ended || !model_is_connected(s->model, a->client))
		return;
	const char *what = stage_awaits(s, a);
	if (what)
		fault.about = what;
	else
		model_owes_client(s->model, a->client, &fault);
	if (!fault.statement)
		fault.statement = spec_blamed(
			s->scenario->versions[a->client], false, SPEC_MISSING, fault.about);
	fault.kind = SPEC_CLOSED;
	fault.client = a->client;
	fault.expected = "a connection that lives as long as its client keeps the rules";
	fault.actual = "the server has closed it";
	stage_accuse(s, &fault);
}

void incoming_take_all(struct stage *s)
{
	for (unsigned i = 0; i < SESSIONS; i++) {
		if (!model_is_connected(s->model, i))
			continue;
		incoming_take(s, &s->actors[i]);
		check_end(s, &s->actors[i]);
	}
}
