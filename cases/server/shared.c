/* Shared subscriptions of 5.0, 4.8.2: each message goes to one session of the share. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/case.h"

enum { PATIENCE_US = 5000000, POLL_MS = 10 };

static void require_shared(struct test *t)
{
	require_offer(t, OFFER_SHARED);
}

/* A client with a plain subscription to "end/t", the way of the marker, and then one to `filter`. */
static struct peer *join_member(struct test *t, const char *name, const char *filter, unsigned qos)
{
	struct peer *member = join(t, name);

	subscribe(member, .filter = "end/t", .qos = 2);
	subscribe(member, .filter = filter, .qos = qos);
	return member;
}

/* Each member gets the marker next: nothing that `pub` had published before was still to come. */
static void expect_end(struct peer *pub, struct peer *const *members, size_t count, unsigned qos)
{
	publish(pub, .topic = "end/t", .payload = "end", .qos = qos);
	for (size_t i = 0; i < count; i++)
		expect_message(members[i], .topic = "end/t", .payload = "end");
}

/* The member at which the next message has come, not yet expected. */
static struct peer *next_receiver(struct test *t, struct peer *const *members, size_t count)
{
	int64_t until_us = now_us(t) + PATIENCE_US;

	do {
		for (size_t i = 0; i < count; i++)
			if (has_packet(members[i], PUBLISH))
				return members[i];
		for (size_t i = 0; i < count; i++)
			if (is_open(members[i]))
				wait_packet_ms(members[i], PUBLISH, POLL_MS);
	} while (now_us(t) < until_us);
	return members[0]; /* of which it is expected next, in vain */
}

static bool is_payload(const struct packet *m, const char *text)
{
	return bytes_equal(m->payload, bytes_of(text));
}

/* ---- who gets a message --------------------------------------------------------------------- */

enum { STREAM = 12 };

static void publish_stream(struct peer *pub, const char *topic, unsigned qos)
{
	char number[8];

	for (unsigned i = 0; i < STREAM; i++) {
		snprintf(number, sizeof(number), "%u", i);
		publish(pub, .topic = topic, .payload = number, .qos = qos);
	}
}

/* Publishes numbered messages, collects them from all members, and counts each. */
static void play_stream(
	struct test *t, struct peer *pub, unsigned qos, struct peer *const *members, size_t count)
{
	unsigned seen[STREAM] = { 0 };

	publish_stream(pub, "s/t", qos);

	for (size_t n = 0; n < STREAM; n++) {
		struct packet m = expect_message(next_receiver(t, members, count));
		char number[8] = { 0 };
		if (m.payload.len)
			memcpy(number, m.payload.data, m.payload.len < 7 ? m.payload.len : 7);
		int i = atoi(number);
		check_in(t, m, i >= 0 && i < STREAM && !seen[i],
			"each message comes to one member, once");
		seen[i]++;
	}
	expect_end(pub, members, count, qos);
}

CASE(shared_one_member, .title = "Each message goes to exactly one member of a share",
	.refs = { "5.0:U50-SHARE-ONE" }, .level = STATED, .versions = V50)
{
	static const char *const names[] = { "first", "second", "third" };
	require_shared(t);
	struct peer *members[3];
	struct peer *pub = join(t, "publisher");
	for (size_t i = 0; i < 3; i++)
		members[i] = join_member(t, names[i], "$share/g/s/t", 2);
	for (unsigned qos = 0; qos <= 2; qos++)
		play_stream(t, pub, qos, members, 3);
}

/* The two messages, in either order: the standard orders nothing on a shared subscription. */
static void expect_both(struct test *t, struct peer *sub, const char *one, const char *other)
{
	struct packet m = expect_message(sub, .topic = "s/t");
	bool is_one = is_payload(&m, one);

	if (!is_one)
		check_text(t, m.payload, other);
	expect_message(sub, .topic = "s/t", .payload = is_one ? other : one);
}

CASE(shared_names_independent,
	.title = "Shares of different names, and plain subscriptions, each get every message",
	.refs = { "5.0:U50-SHARE-INDEPENDENT" }, .level = STATED, .versions = V50)
{
	static const char *const names[] = { "one", "other", "plain", "wild" };
	static const char *const filters[] = { "$share/one/s/t", "$share/other/s/t", "s/t",
		"$share/one/s/+" };
	require_shared(t);
	struct peer *subs[4];
	struct peer *pub = join(t, "publisher");
	for (size_t i = 0; i < 4; i++) {
		subs[i] = join(t, names[i]);
		subscribe(subs[i], .filter = filters[i], .qos = 1);
	}
	publish(pub, .topic = "s/t", .payload = "a", .qos = 1);
	publish(pub, .topic = "s/t", .payload = "b", .qos = 1);
	for (size_t i = 0; i < 4; i++)
		expect_both(t, subs[i], "a", "b");
}

CASE(shared_and_plain_of_one_client,
	.title = "A client with a shared and a plain subscription gets a copy for each",
	.refs = { "5.0:U50-SHARE-INDEPENDENT" }, .level = STATED, .versions = V50)
{
	require_shared(t);
	struct peer *sub = join_member(t, "subscriber", "$share/g/s/t", 1);
	struct peer *pub = join(t, "publisher");
	subscribe(sub, .filter = "s/t", .qos = 1);
	publish(pub, .topic = "s/t", .payload = "once", .qos = 1);
	expect_message(sub, .payload = "once");
	publish(pub, .topic = "end/t", .payload = "end", .qos = 1);

	unsigned copies = 1;
	for (;;) {
		struct packet m = expect_message(sub);
		if (is_payload(&m, "end"))
			break;
		copies++;
	}
	check(t, copies <= 2, "at most one copy for each subscription", "%u copies came", copies);
	if (copies == 1)
		observe(t, "one copy serves the shared and the plain subscription");
}

CASE(shared_filters_overlap, .title = "Two overlapping shares of one name each hand on the message",
	.refs = { "5.0:U50-SHARE-INDEPENDENT" }, .level = STATED, .versions = V50)
{
	require_shared(t);
	struct peer *hash = join(t, "hash");
	struct peer *exact = join(t, "exact");
	struct peer *pub = join(t, "publisher");
	subscribe(hash, .filter = "$share/g/s/#", .qos = 1);
	subscribe(exact, .filter = "$share/g/s/t", .qos = 1);
	for (size_t i = 0; i < 3; i++) {
		publish(pub, .topic = "s/t", .payload = "m", .qos = 1);
		expect_message(hash, .payload = "m");
		expect_message(exact, .payload = "m");
	}
}

/* Messages of each QoS, three of each in a row, so that members served in turn get one of each. */
static void expect_granted_qos(
	struct test *t, struct peer *pub, struct peer *const *members, unsigned first)
{
	enum { MEMBERS = 3 };

	for (unsigned n = 0; n < 9; n++) {
		unsigned qos = n / 3, granted = first;
		publish(pub, .topic = "s/t", .payload = "m", .qos = qos);
		struct peer *receiver = next_receiver(t, members + first, MEMBERS - first);
		while (members[granted] != receiver)
			granted++;
		judging(t, qos < granted ? "5.0:MQTT-3.8.4-8" : "5.0:MQTT-4.8.2-3");
		expect_message(receiver, .qos = SET(qos < granted ? qos : granted));
	}
}

/* Whichever member a target prefers, it is taken out by and by, so that each gets its turn. */
CASE(shared_qos_of_member,
	.title = "Each member of a share gets its messages at the QoS granted to it",
	.refs = { "5.0:MQTT-4.8.2-3", "5.0:MQTT-3.8.4-8" }, .level = MUST, .versions = V50)
{
	static const char *const names[] = { "zero", "one", "two" };
	require_shared(t);
	struct peer *members[3];
	struct peer *pub = join(t, "publisher");
	for (unsigned i = 0; i < 3; i++) {
		members[i] = join(t, names[i]);
		subscribe(members[i], .filter = "$share/g/s/t", .qos = i);
	}
	for (unsigned first = 0; first < 3; first++) {
		expect_granted_qos(t, pub, members, first);
		unsubscribe(members[first], .filter = "$share/g/s/t");
	}
}

CASE(shared_no_retained,
	.title = "A shared subscription gets no retained messages, neither at first nor again",
	.refs = { "5.0:U50-RETAIN-SHARED" }, .level = STATED, .versions = V50)
{
	require_shared(t);
	require_offer(t, OFFER_RETAIN);
	struct peer *pub = join(t, "publisher");
	publish_retained(pub, .topic = "s/t", .payload = "kept", .qos = 1);

	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "$share/g/s/t", .qos = 1);
	publish(pub, .topic = "s/t", .payload = "marker", .qos = 1);
	expect_message(sub, .payload = "marker");
	subscribe(sub, .filter = "$share/g/s/t", .qos = 1);
	publish(pub, .topic = "s/t", .payload = "second marker", .qos = 1);
	struct packet m = expect_message(sub);
	if (is_payload(&m, "kept")) {
		nonstrict(t, "a second SUBSCRIBE to the share brings the retained message");
		m = expect_message(sub);
	}
	check_text(t, m.payload, "second marker");

	struct peer *control = join(t, "control");
	subscribe(control, .filter = "s/t", .qos = 1);
	expect_message(control, .payload = "kept");
}

CASE(shared_prefix_not_matched, .title = "$share and the ShareName take no part in matching",
	.refs = { "5.0:U50-SHARE-PREFIX" }, .level = STATED, .versions = V50)
{
	require_shared(t);
	struct peer *sub = join(t, "subscriber");
	struct peer *pub = join(t, "publisher");
	subscribe(sub, .filter = "$share/g//s", .qos = 1);
	publish(pub, .topic = "/s", .payload = "m", .qos = 1);
	expect_message(sub, .topic = "/s", .payload = "m");
	subscribe(sub, .filter = "$share/g/a/+/#", .qos = 1);
	publish(pub, .topic = "a/b", .payload = "m", .qos = 1);
	expect_message(sub, .topic = "a/b", .payload = "m");
	publish(pub, .topic = "a/b/c/d", .payload = "m", .qos = 1);
	expect_message(sub, .topic = "a/b/c/d", .payload = "m");
}

CASE(shared_subscription_ids,
	.title = "A member gets the Subscription Identifier of its own SUBSCRIBE",
	.refs = { "5.0:U50-SUBID-SHARED", "5.0:MQTT-3.3.4-3" }, .level = STATED, .versions = V50)
{
	require_shared(t);
	require(t, offers(t)->subscription_ids, "the target has no Subscription Identifiers");
	struct peer *members[2] = { join(t, "first"), join(t, "second") };
	struct peer *pub = join(t, "publisher");
	for (unsigned i = 0; i < 2; i++)
		subscribe(members[i], .filter = "$share/g/s/t", .qos = 1,
			.props = PROPS(P_SUBSCRIPTION_ID(40 + i)));
	for (unsigned n = 0; n < 6; n++) {
		publish(pub, .topic = "s/t", .payload = "m", .qos = 1);
		struct peer *receiver = next_receiver(t, members, 2);
		struct packet m = expect_message(receiver);
		check_properties(t, &m.properties, 0x0B, 1);
		check_value(t, &m.properties, 0x0B, receiver == members[0] ? 40 : 41);
	}
}

/* ---- filters that are none ------------------------------------------------------------------ */

#define NAME_EMPTY .refs = { "5.0:MQTT-4.8.2-1" }
#define NAME_BAD   .refs = { "5.0:MQTT-4.8.2-2" }

static const struct vector bad_share[] = {
	{ "name_empty", "82 r m1 p{} s\"$share//a\" 00", NAME_EMPTY },
	{ "nothing_behind", "82 r m1 p{} s\"$share/\" 00", NAME_EMPTY },
	{ "name_with_plus", "82 r m1 p{} s\"$share/g+/a\" 00", NAME_BAD },
	{ "name_is_plus", "82 r m1 p{} s\"$share/+/a\" 00", NAME_BAD },
	{ "name_with_hash", "82 r m1 p{} s\"$share/g#/a\" 00", NAME_BAD },
	{ "name_is_hash", "82 r m1 p{} s\"$share/#/a\" 00", NAME_BAD },
	{ "no_filter", "82 r m1 p{} s\"$share/g\" 00", NAME_BAD },
	{ "filter_empty", "82 r m1 p{} s\"$share/g/\" 00", NAME_BAD },
};

/* The statements bind the client; none says what a server has to do about it. */
CASE(bad_share, .title = "A shared subscription filter that is none gets no subscription",
	.refs = { "5.0:MQTT-4.8.2-2" }, .level = MUST, .versions = V50, ROWS(bad_share))
{
	require_shared(t);
	witness(t);
	struct peer *client = join(t, "client");
	send_row(client);
	expect_one_of(client,
		OUTCOMES({ SUBACK, SET(0), VERDICT_NONSTRICT,
				 "a filter that no client may send is granted as an ordinary one" },
			{ .type = SUBACK }, { .type = CLOSED }));
}

CASE(shared_retain_as_published,
	.title = "A live message keeps its RETAIN for a member of a share that asked for it",
	.refs = { "5.0:MQTT-3.3.1-13", "5.0:MQTT-3.3.1-12" }, .level = MUST, .versions = V50)
{
	require_shared(t);
	require_offer(t, OFFER_RETAIN);
	struct peer *kept = join(t, "kept");
	struct peer *cleared = join(t, "cleared");
	struct peer *pub = join(t, "publisher");
	subscribe(kept, .filter = "$share/k/s/t", .qos = 1, .retain_as_published = true);
	subscribe(cleared, .filter = "$share/c/s/t", .qos = 1);

	for (unsigned retain = 0; retain < 2; retain++) {
		publish(pub, .topic = "s/t", .payload = "m", .qos = 1, .retain = retain);
		judging(t, "5.0:MQTT-3.3.1-13");
		expect_message(kept, .payload = "m", .retain = SET(retain));
		judging(t, "5.0:MQTT-3.3.1-12");
		expect_message(cleared, .payload = "m", .retain = SET(0));
	}
}

CASE(shared_no_local_refused, .title = "No Local on a shared subscription ends the connection",
	.refs = { "5.0:MQTT-3.8.3-4" }, .level = STATED, .versions = V50)
{
	require_shared(t);
	witness(t);
	struct peer *client = join(t, "client");
	misbehave(client);
	send_subscribe(client, .filter = "$share/g/s/t", .id = 1, .no_local = true);
	expect_violation_closed(client, .codes = { 0x82, 0x81 });
}

/* ---- coming and going ----------------------------------------------------------------------- */

/* UNSUBACK for a filter without a subscription: another code than 0x11 misleads, and no more. */
static void check_none_existed(struct test *t, struct packet unsuback, size_t at)
{
	judging(t, "5.0:U50-UNSUB-NONE");
	if (unsuback.codes.len > at && unsuback.codes.data[at] != 0x11)
		nonstrict(t,
			"UNSUBACK says 0x%02X for a filter without a subscription, fitting is 0x11",
			unsuback.codes.data[at]);
}

/*   control (plain)          target            publisher         members that are out
 *                                         <--  PUBLISH "gone"
 *                       <--  "gone"
 *                                         <--  PUBLISH "end"
 *                                                           -->  "end", first
 */
static void expect_gone(
	struct peer *pub, struct peer *control, struct peer *const *members, size_t count)
{
	publish(pub, .topic = "s/t", .payload = "gone", .qos = 1);
	expect_message(control, .payload = "gone");
	expect_end(pub, members, count, 1);
}

CASE(shared_unsubscribe,
	.title = "UNSUBSCRIBE with the full shared filter takes the member out, the bare filter "
		 "does not",
	.refs = { "5.0:U50-SHARE-UNSUB", "5.0:MQTT-3.10.4-1", "5.0:U50-UNSUB-NONE" },
	.level = STATED, .versions = V50)
{
	require_shared(t);
	struct peer *members[2];
	struct peer *pub = join(t, "publisher");
	members[0] = join_member(t, "first", "$share/g/s/t", 1);
	members[1] = join_member(t, "second", "$share/g/s/t", 1);

	send_unsubscribe(members[0], .filter = "s/t", .id = 70,
		.more = (const struct subscribe[]){ { .filter = "$share/other/s/t" }, { 0 } });
	struct packet unsuback = expect_ack(members[0], UNSUBACK, 70);
	check_none_existed(t, unsuback, 0);
	check_none_existed(t, unsuback, 1);
	judging(t, "5.0:U50-SHARE-UNSUB");
	play_stream(t, pub, 1, members, 2);

	send_unsubscribe(members[0], .filter = "$share/g/s/t", .id = 71);
	unsuback = expect_ack(members[0], UNSUBACK, 71);
	if (unsuback.codes.len)
		check_eq(t, unsuback.codes.data[0], 0x00);
	for (unsigned i = 0; i < 4; i++) {
		publish(pub, .topic = "s/t", .payload = "rest", .qos = 1);
		expect_message(members[1], .payload = "rest");
	}
	expect_end(pub, members, 2, 1);

	send_unsubscribe(members[1], .filter = "$share/g/s/t", .id = 72);
	expect_ack(members[1], UNSUBACK, 72);
	struct peer *control = join(t, "control");
	subscribe(control, .filter = "s/t", .qos = 1);
	expect_gone(pub, control, members, 2);
}

CASE(shared_resubscribe_counts_once,
	.title = "Subscribing twice to a share counts once, and one UNSUBSCRIBE leaves it",
	.refs = { "5.0:U50-SHARE-RESUB" }, .level = STATED, .versions = V50)
{
	require_shared(t);
	struct peer *sub = join_member(t, "subscriber", "$share/g/s/t", 0);
	struct peer *pub = join(t, "publisher");
	subscribe(sub, .filter = "$share/g/s/t", .qos = 1);
	publish(pub, .topic = "s/t", .payload = "once", .qos = 1);
	expect_message(sub, .payload = "once");
	publish(pub, .topic = "s/t", .payload = "once at QoS 0");
	expect_message(sub, .payload = "once at QoS 0");
	expect_end(pub, &sub, 1, 0);

	unsubscribe(sub, .filter = "$share/g/s/t");
	struct peer *control = join(t, "control");
	subscribe(control, .filter = "s/t", .qos = 1);
	expect_gone(pub, control, &sub, 1);
}

/* How many of a stream reach this member. A target that still holds a member that has left for one of the
 * share may give it some.
 */
static unsigned count_stream(struct peer *pub, struct peer *stays)
{
	enum { STRAGGLE_MS = 500 };
	unsigned count = 0;

	publish_stream(pub, "s/t", 1);
	while (count < STREAM && !isnan(wait_packet_ms(stays, PUBLISH, STRAGGLE_MS))) {
		expect_message(stays);
		count++;
	}
	return count;
}

/* No statement says how soon: a round or two may be lost with the sessions that have ended. */
CASE(shared_member_leaves, .title = "When members leave, the rest of the share gets everything",
	.refs = { "5.0:U50-SHARE-ONE", "5.0:U50-SHARE-LIFE" }, .level = STATED, .versions = V50)
{
	enum { ROUNDS = 10 };
	require_shared(t);
	struct peer *stays = join_member(t, "stays", "$share/g/s/t", 1);
	struct peer *leaves = join(t, "leaves");
	struct peer *breaks = join(t, "breaks");
	struct peer *pub = join(t, "publisher");
	subscribe(leaves, .filter = "$share/g/s/t", .qos = 1);
	subscribe(breaks, .filter = "$share/g/s/t", .qos = 1);
	leave(leaves);
	/* The same ClientId again, so that the broken connection's session has surely ended. */
	drop(breaks);
	leave(join(t, "breaks"));
	for (unsigned round = 0; round < ROUNDS; round++)
		if (count_stream(pub, stays) == STREAM) {
			expect_end(pub, &stays, 1, 1);
			return;
		}
	play_stream(t, pub, 1, &stays, 1);
}

/* ---- deliveries that break off -------------------------------------------------------------- */

struct delivery {
	struct peer *pub, *chosen, *other;
	const char *role; /* of the chosen member */
	unsigned id;      /* Packet Identifier of the message under way */
};

/* Two kept members, one of which has got a QoS 2 message and not acknowledged it. */
static struct delivery begin_delivery(struct test *t)
{
	require_shared(t);
	struct peer *members[2] = { join(t, "first", .kept = true, .clean = true),
		join(t, "second", .kept = true, .clean = true) };
	struct peer *pub = join(t, "publisher");
	for (size_t i = 0; i < 2; i++) {
		subscribe(members[i], .filter = "end/t", .qos = 2);
		subscribe(members[i], .filter = "$share/g/s/t", .qos = 2);
	}
	publish(pub, .topic = "s/t", .payload = "once", .qos = 2);
	struct peer *chosen = next_receiver(t, members, 2);
	struct packet m = expect(chosen, PUBLISH);
	check_eq(t, m.qos, 2);
	bool first = chosen == members[0];
	return (struct delivery){ pub, chosen, members[first], first ? "first" : "second", m.id };
}

/*   chosen member         target            other member
 *                    <--  PUBLISH q2 id
 *   (breaks off, resumes)
 *                    <--  PUBLISH q2 id dup
 *   PUBREC           -->
 *                    <--  PUBREL
 *   PUBCOMP          -->
 *                                      -->  nothing
 */
CASE(shared_qos2_sent_again_to_same,
	.title = "A QoS 2 delivery that breaks off is sent again to the same member",
	.refs = { "5.0:MQTT-4.8.2-4" }, .level = MUST, .versions = V50)
{
	struct delivery d = begin_delivery(t);

	drop(d.chosen);
	struct peer *again = join(t, d.role, .kept = true, .resumed = true);
	expect_message(again, .payload = "once", .dup = SET(true));
	expect_end(d.pub, (struct peer *const[]){ again, d.other }, 2, 2);
}

/*   chosen member         target            other member
 *                    <--  PUBLISH q2 id
 *   PUBREC           -->
 *                    <--  PUBREL
 *   (breaks off, resumes)
 *                    <--  PUBREL
 *   PUBCOMP          -->
 *                                      -->  nothing
 */
CASE(shared_qos2_released_to_same,
	.title = "A QoS 2 delivery that breaks off after PUBREC is completed to the same member",
	.refs = { "5.0:MQTT-4.8.2-4" }, .level = MUST, .versions = V50)
{
	struct delivery d = begin_delivery(t);

	send_ack(d.chosen, PUBREC, d.id);
	expect_ack(d.chosen, PUBREL, d.id);
	drop(d.chosen);
	struct peer *again = join(t, d.role, .kept = true, .resumed = true);
	expect_ack(again, PUBREL, d.id);
	send_ack(again, PUBCOMP, d.id);
	expect_end(d.pub, (struct peer *const[]){ again, d.other }, 2, 2);
}

CASE(shared_qos2_session_ends,
	.title = "A QoS 2 delivery whose member's session ends goes to no other member",
	.refs = { "5.0:MQTT-4.8.2-5" }, .level = MUST, .versions = V50)
{
	struct delivery d = begin_delivery(t);

	drop(d.chosen);
	join(t, d.role);
	expect_end(d.pub, &d.other, 1, 2);
}

struct refusing {
	unsigned qos;
	enum packet_type ack;
	uint8_t code;
};

static const struct vector shared_refused[] = {
	{ "puback_80", .extra = &(const struct refusing){ 1, PUBACK, 0x80 } },
	{ "puback_97", .extra = &(const struct refusing){ 1, PUBACK, 0x97 } },
	{ "pubrec_80", .extra = &(const struct refusing){ 2, PUBREC, 0x80 } },
};

/*   publisher          target            one member         other member
 *   PUBLISH "once" -->
 *                              -->  PUBLISH "once"
 *                              <--  PUBACK 0x80
 *   PUBLISH "rest" -->
 *                              -->  only "rest"       -->  only "rest"
 */
CASE(shared_refused,
	.title = "A message refused by the chosen member is dropped and offered to no other",
	.refs = { "5.0:MQTT-4.8.2-6" }, .level = MUST, .versions = V50, ROWS(shared_refused))
{
	const struct refusing *r = row(t)->extra;
	require_shared(t);
	struct peer *members[2];
	struct peer *pub = join(t, "publisher");
	members[0] = join_member(t, "first", "$share/g/s/t", r->qos);
	members[1] = join_member(t, "second", "$share/g/s/t", r->qos);
	publish(pub, .topic = "s/t", .payload = "once", .qos = r->qos);
	struct peer *chosen = next_receiver(t, members, 2);
	struct packet m = expect(chosen, PUBLISH);
	send_ack(chosen, r->ack, m.id, .code = SET(r->code));
	fence(chosen);

	for (size_t i = 0; i < 4; i++) {
		publish(pub, .topic = "s/t", .payload = "rest", .qos = r->qos);
		expect_message(next_receiver(t, members, 2), .payload = "rest");
	}
	expect_end(pub, members, 2, r->qos);
}

CHAPTER(shared, "Shared subscriptions", &case_shared_one_member, &case_shared_names_independent,
	&case_shared_and_plain_of_one_client, &case_shared_filters_overlap,
	&case_shared_qos_of_member, &case_shared_no_retained, &case_shared_prefix_not_matched,
	&case_shared_subscription_ids, &case_bad_share, &case_shared_retain_as_published,
	&case_shared_no_local_refused, &case_shared_unsubscribe,
	&case_shared_resubscribe_counts_once, &case_shared_member_leaves,
	&case_shared_qos2_sent_again_to_same, &case_shared_qos2_released_to_same,
	&case_shared_qos2_session_ends, &case_shared_refused);
