/* The set-up verbs: whole exchanges that a case needs and does not judge. What goes wrong in them is
 * `inconclusive`.
 */
#include <string.h>

#include "harness/test.h"

struct peer *dial_at(struct place at, struct test *t, const char *name)
{
	struct peer *p = peer_new(t, name);
	const char *error;

	t->setting_up++;
	if (!peer_dial(p, &error))
		test_fail(t, at, "a connection", error);
	t->setting_up--;
	return p;
}

static const char unserved[] = "the target does not serve the other version";

/* Whoever does not serve the other version has nothing to be judged between the two. */
static void need_served(struct place at, struct peer *p)
{
	expect_one_of_at(at, p,
		OUTCOMES({ CONNACK, .code = SET(0) },
			{ CONNACK, .verdict = VERDICT_INAPPLICABLE, .says = unserved },
			{ CLOSED, .verdict = VERDICT_INAPPLICABLE, .says = unserved }));
}

static struct peer *join_other_version(
	struct place at, struct test *t, const char *name, struct connect c)
{
	if (offers(t)->other_unserved) /* it need not say so itself: it may be silent */
		test_end(t, at, VERDICT_INAPPLICABLE, unserved);
	t->speaks = t->play->version == MQTT_50 ? MQTT_311 : MQTT_50;
	struct peer *p = dial_at(at, t, name);
	t->speaks = 0;

	t->setting_up++;
	send_connect_at(at, p, c);
	need_served(at, p);
	if (c.resumed && !(p->connack.ack_flags & 1))
		test_fail(t, at, "Session Present 1", "Session Present 0");
	t->setting_up--;
	return p;
}

struct peer *join_at(struct place at, struct test *t, const char *name, struct connect c)
{
	if (c.other_version)
		return join_other_version(at, t, name, c);
	struct peer *p = dial_at(at, t, name);

	t->setting_up++;
	send_connect_at(at, p, c);
	struct packet connack = need_accepted_at(at, p);
	if (c.resumed && !(connack.ack_flags & 1))
		test_fail(t, at, "Session Present 1", "Session Present 0");
	t->setting_up--;
	return p;
}

struct packet need_accepted_at(struct place at, struct peer *p)
{
	p->test->setting_up++;
	struct packet connack = expect_accepted_at(at, p);
	p->test->setting_up--;
	return connack;
}

/* The target grants less QoS than the case needs: legal, and the case does not apply. */
static void check_grants(
	struct place at, struct peer *p, const struct packet *suback, const struct subscribe *s)
{
	struct test *t = p->test;

	for (size_t i = 0; i < suback->codes.len; i++) {
		const struct subscribe *one = i ? &s->more[i - 1] : s;
		uint8_t code = suback->codes.data[i];
		if (code >= 0x80)
			test_fail(t, at, arena_printf(t->arena, "QoS %u granted", one->qos),
				arena_printf(t->arena, "SUBACK 0x%02X", code));
		if (code < one->qos)
			test_end(t, at, VERDICT_INAPPLICABLE,
				arena_printf(t->arena,
					"the target grants QoS %u where %u was asked", code,
					one->qos));
		if (!s->more || !s->more[i].filter)
			return;
	}
}

struct packet subscribe_at(struct place at, struct peer *p, struct subscribe s)
{
	struct test *t = p->test;

	t->setting_up++;
	if (!s.id)
		s.id = next_id(p);
	send_subscribe_at(at, p, s);
	struct packet suback = expect_ack_at(at, p, SUBACK, s.id);
	check_grants(at, p, &suback, &s);
	t->setting_up--;
	return suback;
}

struct packet unsubscribe_at(struct place at, struct peer *p, struct subscribe s)
{
	struct test *t = p->test;

	t->setting_up++;
	if (!s.id)
		s.id = next_id(p);
	send_unsubscribe_at(at, p, s);
	struct packet unsuback = expect_ack_at(at, p, UNSUBACK, s.id);
	t->setting_up--;
	return unsuback;
}

enum { QUOTA_EXCEEDED = 0x97 };

/* What the target has room for is its own affair. */
static void need_success(struct place at, struct peer *p, const struct packet *ack)
{
	struct test *t = p->test;

	if (ack->code == QUOTA_EXCEEDED)
		test_end(t, at, VERDICT_INAPPLICABLE,
			arena_printf(t->arena, "the target has no room for the message: %s",
				wire_describe(t->arena, p->version, ack)));
	if (ack->code >= 0x80)
		test_fail(t, at, "success", wire_describe(t->arena, p->version, ack));
}

void publish_at(struct place at, struct peer *p, struct publish m)
{
	struct test *t = p->test;

	t->setting_up++;
	if (m.qos && !m.id)
		m.id = next_id(p);
	send_publish_at(at, p, m);
	if (m.qos == 1) {
		struct packet puback = expect_ack_at(at, p, PUBACK, m.id);
		need_success(at, p, &puback);
	} else if (m.qos == 2) {
		struct packet pubrec = expect_ack_at(at, p, PUBREC, m.id);
		need_success(at, p, &pubrec);
		send_ack_at(at, p, PUBREL, m.id, (struct ack){ 0 });
		expect_ack_at(at, p, PUBCOMP, m.id);
	}
	t->setting_up--;
}

void leave_at(struct place at, struct peer *p, struct disconnect d)
{
	struct test *t = p->test;

	t->setting_up++;
	send_disconnect_at(at, p, d);
	/* The target should close; the peer does so in any case, once the target has had time to
	 * read the DISCONNECT as one.
	 */
	peer_wait_end(p, tape_now_us(&t->tape) + t->play->answer_us / 5);
	peer_close(p, false);
	t->setting_up--;
}

struct peer *witness_at(struct place at, struct test *t)
{
	struct peer *w = join_at(at, t, "witness", (struct connect){ 0 });

	subscribe_at(at, w, (struct subscribe){ .filter = "witness" });
	t->witness = w;
	return w;
}
