/* Retained messages on their way: an acknowledged PUBLISH need not have reached the store yet. */
#include "harness/test.h"

enum {
	FIRST_LOOK_US =
		50000, /* for what a SUBSCRIBE brings; each look takes longer than the last */
	LONGEST_LOOK_US = 1000000,
	DO_NOT_SEND =
		2, /* the Retain Handling of 5.0 that brings nothing of what was kept before */
};

/* A subscriber on a connection of its own, with a ClientId that nobody has used. */
static struct peer *watch(struct place at, struct test *t, const char *topic, unsigned handling)
{
	struct peer *p = join_at(
		at, t, arena_printf(t->arena, "settler %zu", t->peer_count), (struct connect){ 0 });

	subscribe_at(at, p,
		(struct subscribe){ .filter = topic,
			.retain_handling = version_traits(t->play->version).subscription_options
				? handling
				: 0 });
	return p;
}

/* Takes what comes until then; whether the message is among it. The subscriber leaves. */
static bool sees(struct place at, struct peer *p, struct message m, int64_t until_us)
{
	struct bytes payload = m.payload ? bytes_of(m.payload) : m.bytes;
	bool seen = false;
	struct arrival *a;

	while (!seen && (a = peer_wait(p, SPEC_PACKET(PUBLISH), until_us))) {
		a->taken = true;
		seen = bytes_equal(a->packet.payload, payload);
	}
	send_disconnect_at(at, p, (struct disconnect){ 0 });
	peer_close(p, false);
	return seen;
}

bool retained_settled_at(struct place at, struct test *t, struct message m)
{
	int64_t until_us = test_answer_deadline_us(t), look_us = FIRST_LOOK_US;
	bool seen = false;

	t->setting_up++;
	while (!seen && tape_now_us(&t->tape) < until_us) {
		seen = sees(at, watch(at, t, m.topic, 0), m, tape_now_us(&t->tape) + look_us);
		look_us = 2 * look_us < LONGEST_LOOK_US ? 2 * look_us : LONGEST_LOOK_US;
	}
	t->setting_up--;
	return seen;
}

bool removal_settled_at(struct place at, struct test *t, const char *topic)
{
	int64_t until_us = test_answer_deadline_us(t), look_us = FIRST_LOOK_US;
	bool gone = false;

	t->setting_up++;
	while (!gone && tape_now_us(&t->tape) < until_us) {
		struct peer *p = watch(at, t, topic, 0);
		struct arrival *a =
			peer_wait(p, SPEC_PACKET(PUBLISH), tape_now_us(&t->tape) + look_us);
		gone = !a && !p->ended && look_us > FIRST_LOOK_US;
		if (a)
			a->taken = true;
		send_disconnect_at(at, p, (struct disconnect){ 0 });
		peer_close(p, false);
		look_us = 2 * look_us < LONGEST_LOOK_US ? 2 * look_us : LONGEST_LOOK_US;
	}
	t->setting_up--;
	return gone;
}

void publish_retained_at(struct place at, struct peer *p, struct publish m)
{
	struct test *t = p->test;
	struct message kept = { .topic = m.topic, .payload = m.payload, .bytes = m.bytes };

	t->setting_up++;
	struct peer *live = watch(at, t, m.topic, DO_NOT_SEND);
	m.retain = true;
	publish_at(at, p, m);
	sees(at, live, kept, test_answer_deadline_us(t));
	retained_settled_at(at, t, kept);
	t->setting_up--;
}

/* What a new subscriber gets besides the publisher's next message, the marker. */
struct sight {
	struct packet marker, kept;
	bool is_kept; /* there is another one */
};

static struct sight look(struct place at, struct peer *pub, const char *topic)
{
	struct test *t = pub->test;
	struct peer *p = watch(at, t, topic, 0);
	const char *text = arena_printf(t->arena, "marker for %s", p->role);
	struct sight seen = { 0 };

	publish_at(at, pub, (struct publish){ .topic = topic, .payload = text });
	for (;;) {
		struct packet m = expect_at(at, p, PUBLISH);
		if (bytes_equal(m.payload, bytes_of(text))) {
			seen.marker = m;
			break;
		}
		seen.kept = m;
		seen.is_kept = true;
	}
	fence_at(at, p);
	if (has_packet(p, PUBLISH)) {
		seen.kept = expect_at(at, p, PUBLISH);
		seen.is_kept = true;
	}
	send_disconnect_at(at, p, (struct disconnect){ 0 });
	peer_close(p, false);
	return seen;
}

void expect_none_retained_at(struct place at, struct peer *pub, const char *topic)
{
	struct test *t = pub->test;
	int64_t until_us = test_answer_deadline_us(t), pause_us = FIRST_LOOK_US;
	struct sight seen = look(at, pub, topic);

	while (seen.is_kept && tape_now_us(&t->tape) < until_us) {
		let_pass_at(at, t, (unsigned)(pause_us / 1000));
		pause_us *= 2;
		seen = look(at, pub, topic);
	}
	if (seen.is_kept)
		test_fail(t, at, "no message for a new subscriber but what is published next",
			wire_describe(t->arena, t->play->version, &seen.kept));
	if (seen.marker.retain)
		test_differ(t, at, DIFFERENCE(SPEC_RETAIN, "PUBLISH/to-0"),
			"RETAIN 0 on a message that is published to a subscriber",
			wire_describe(t->arena, t->play->version, &seen.marker));
}
