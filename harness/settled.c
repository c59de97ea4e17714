/* Retained messages on their way: an acknowledged PUBLISH need not have reached the store yet. */
#include <string.h>

#include "harness/test.h"

enum {
	FIRST_LOOK_US = 50000, /* for what a SUBSCRIBE brings; each look takes longer than the last */
	LONGEST_LOOK_US = 1000000,
	DO_NOT_SEND = 2, /* the Retain Handling of 5.0 that brings nothing of what was kept before */
};

/* The peer that looks, connected when it is first needed. */
static struct peer *settler(struct place at, struct test *t)
{
	for (size_t i = 0; i < t->peer_count; i++)
		if (!strcmp(t->peers[i]->role, "settler") && is_open(t->peers[i]))
			return t->peers[i];
	return join_at(at, t, "settler", (struct connect){ 0 });
}

/* Takes what has come or comes until then; whether the message is among it. */
static bool take_message(struct peer *p, struct bytes payload, int64_t until_us)
{
	struct arrival *a;

	while ((a = peer_wait(p, SPEC_PACKET(PUBLISH), until_us))) {
		a->taken = true;
		if (bytes_equal(a->packet.payload, payload))
			return true;
	}
	return false;
}

static void forget_arrivals(struct peer *p)
{
	struct arrival *a;

	while ((a = peer_arrival(p, SPEC_PACKET(PUBLISH))))
		a->taken = true;
}

/* Subscribes again and again until the store brings the message. */
static bool look_again(struct place at, struct peer *p, const struct message *m)
{
	struct test *t = p->test;
	struct bytes payload = m->payload ? bytes_of(m->payload) : m->bytes;
	int64_t until_us = test_answer_deadline_us(t), look_us = FIRST_LOOK_US;
	bool found = false;

	while (!found && tape_now_us(&t->tape) < until_us) {
		subscribe_at(at, p, (struct subscribe){ .filter = m->topic });
		found = take_message(p, payload, tape_now_us(&t->tape) + look_us);
		unsubscribe_at(at, p, (struct subscribe){ .filter = m->topic });
		forget_arrivals(p);
		look_us = 2 * look_us < LONGEST_LOOK_US ? 2 * look_us : LONGEST_LOOK_US;
	}
	return found;
}

bool retained_settled_at(struct place at, struct test *t, struct message m)
{
	t->setting_up++;
	bool found = look_again(at, settler(at, t), &m);
	t->setting_up--;
	return found;
}

void publish_retained_at(struct place at, struct peer *p, struct publish m)
{
	struct test *t = p->test;
	struct message kept = { .topic = m.topic, .payload = m.payload, .bytes = m.bytes };

	t->setting_up++;
	struct peer *looks = settler(at, t);
	subscribe_at(at, looks,
		(struct subscribe){ .filter = m.topic,
			.retain_handling = t->play->version == MQTT_50 ? DO_NOT_SEND : 0 });
	m.retain = true;
	publish_at(at, p, m);
	take_message(looks, m.payload ? bytes_of(m.payload) : m.bytes, test_answer_deadline_us(t));
	look_again(at, looks, &kept);
	t->setting_up--;
}
