/* Message Expiry Interval of 5.0, 3.3.2.3.3: what waits too long is not delivered. */
#include <math.h>

#include "harness/case.h"

enum {
	MESSAGE_EXPIRY = 0x02,
	WAIT_MS = 3000,
	LONG_S = 60,
	PATIENCE_MS = 5000,
	/* For an interval of 1 s: what is delivered then is late, and wrong after twice the time and two
	 * seconds more. The standard does not say how precise a clock has to be.
	 */
	LATE_MS = 2200,
	WRONG_MS = 4200,
	BUDGET_MS = 4700,
};

/* To the letter, the seconds spent waiting are subtracted; but a server may count in whole seconds
 * that begin at other moments than ours, and packets take time on their way. The message waited for
 * `least_us`, and for no longer than since `from_us`.
 */
static void check_interval(
	struct test *t, const struct packet *m, unsigned sent_s, int64_t from_us, int64_t least_us)
{
	const struct property *left = properties_find(&m->properties, MESSAGE_EXPIRY);
	int64_t most_us = now_us(t) - from_us;

	check_in(t, *m, left != NULL, "there is a Message Expiry Interval");
	check(t, left->number >= sent_s - most_us / 1000000 - 2,
		"no more than the time spent waiting is taken off the interval",
		"%u s are left of %u after %lld ms at most", left->number, sent_s,
		(long long)most_us / 1000);
	check(t, left->number <= sent_s - least_us / 1000000 + 1,
		"the time spent waiting is taken off the interval",
		"%u s are left of %u after %lld ms", left->number, sent_s,
		(long long)least_us / 1000);
}

#define check_no_interval(t, m) check_properties(t, &(m).properties, MESSAGE_EXPIRY, 0)

static struct peer *leave_subscribed(struct test *t, const char *name)
{
	struct peer *sub = join(t, name, .kept = true, .clean = true);

	subscribe(sub, .filter = "e/t", .qos = 2);
	leave(sub);
	return sub;
}

static bool is_payload(const struct packet *m, const char *text)
{
	return bytes_equal(m->payload, bytes_of(text));
}

/* Comes back and takes what is queued up to "lives" and "lives too", which have no order among them; whether
 * there is something else.
 */
static bool gets_expired(struct test *t, const char *name)
{
	struct peer *sub = join(t, name, .kept = true, .resumed = true);
	unsigned lives = 0;
	bool expired = false;

	while (lives < 2) {
		struct packet m = expect_message(sub);
		if (is_payload(&m, "lives") || is_payload(&m, "lives too"))
			lives++;
		else
			expired = true;
	}
	return expired;
}

/*   publisher                  target            two subscribers (away)
 *   PUBLISH "dies", 1 s   -->
 *   PUBLISH "lives"       -->
 *        2.2 s
 *                                     <--  (the first resumes)
 *                                     -->  PUBLISH "lives", first
 *        2 s more
 *                                     <--  (the second resumes)
 *                                     -->  PUBLISH "lives", first
 */
CASE(expired_in_queue, .title = "A message that expires while it is queued is not delivered",
	.refs = { "5.0:MQTT-3.3.2-5" }, .level = MUST, .versions = V50, .budget_ms = BUDGET_MS)
{
	struct peer *pub = join(t, "publisher");
	leave_subscribed(t, "first");
	leave_subscribed(t, "second");
	publish(pub, .topic = "e/t", .payload = "dies", .qos = 1,
		.props = PROPS(P_MESSAGE_EXPIRY(1)));
	publish(pub, .topic = "e/t", .payload = "dies too", .qos = 2,
		.props = PROPS(P_MESSAGE_EXPIRY(1)));
	publish(pub, .topic = "e/t", .payload = "lives", .qos = 1);
	publish(pub, .topic = "e/t", .payload = "lives too", .qos = 2);
	let_pass(t, LATE_MS);
	bool late = gets_expired(t, "first");
	let_pass(t, WRONG_MS - LATE_MS);
	check(t, !gets_expired(t, "second"), "a message that expired three seconds ago stays away",
		"it is delivered");
	if (late)
		nonstrict(t, "a message is delivered more than a second after it has expired");
}

CASE(expired_behind_quota,
	.title = "A message that expires while the client's quota is used up is passed over",
	.refs = { "5.0:MQTT-3.3.2-5", "5.0:U50-QUOTA-INCREMENT" }, .level = MUST, .versions = V50,
	.budget_ms = BUDGET_MS)
{
	require(t, offers(t)->queue >= 2, "the target keeps no second message for a client");
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .props = PROPS(P_RECEIVE_MAXIMUM(1)));
	subscribe(sub, .filter = "e/t", .qos = 1);
	publish(pub, .topic = "e/t", .payload = "held", .qos = 1);
	publish(pub, .topic = "e/t", .payload = "dies", .qos = 1,
		.props = PROPS(P_MESSAGE_EXPIRY(1)));
	publish(pub, .topic = "e/t", .payload = "lives", .qos = 1);
	struct packet held = expect(sub, PUBLISH);
	let_pass(t, WRONG_MS);
	send_ack(sub, PUBACK, held.id);
	judging(t, "5.0:U50-QUOTA-INCREMENT");
	if (isnan(wait_packet_ms(sub, PUBLISH, PATIENCE_MS))) { /* no statement sets a time */
		nonstrict(t, "PUBACK has freed the quota, and the next message does not come");
		return;
	}
	judging(t, "5.0:MQTT-3.3.2-5");
	expect_message(sub, .payload = "lives");
}

CASE(expiry_lowered_in_queue,
	.title = "The interval that a queued message is sent with is less by the time that it "
		 "waited",
	.refs = { "5.0:MQTT-3.3.2-6" }, .level = MUST, .versions = V50, .budget_ms = BUDGET_MS)
{
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true, .clean = true);
	subscribe(sub, .filter = "e/t", .qos = 1);
	leave(sub);
	int64_t from_us = now_us(t);
	publish(pub, .topic = "e/t", .payload = "m", .qos = 1,
		.props = PROPS(P_MESSAGE_EXPIRY(LONG_S)));
	let_pass(t, WAIT_MS);

	sub = join(t, "subscriber", .kept = true, .resumed = true);
	struct packet m = expect_message(sub, .payload = "m");
	check_interval(t, &m, LONG_S, from_us, WAIT_MS * 1000);
}

CASE(expiry_kept_at_once, .title = "A message delivered at once keeps its Message Expiry Interval",
	.refs = { "5.0:MQTT-3.3.2-6" }, .level = MUST, .versions = V50)
{
	static const uint32_t intervals[] = { 60, 86400, 65536, 4294967295 };
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "e/t", .qos = 2);
	for (unsigned i = 0; i < 4; i++) {
		int64_t from_us = now_us(t);
		publish(pub, .topic = "e/t", .payload = "m", .qos = i % 3,
			.props = PROPS(P_MESSAGE_EXPIRY(intervals[i])));
		struct packet m = expect_message(sub, .payload = "m");
		check_interval(t, &m, intervals[i], from_us, 0);
	}
}

CASE(expiry_kept_on_every_way,
	.title = "A Message Expiry Interval goes through wildcards and shares",
	.refs = { "5.0:MQTT-3.3.2-6" }, .level = MUST, .versions = V50)
{
	bool shared = offers(t)->shared;
	struct peer *pub = join(t, "publisher");
	struct peer *wild = join(t, "wild");
	struct peer *member = join(t, "member");
	subscribe(wild, .filter = "e/+", .qos = 1);
	if (shared)
		subscribe(member, .filter = "$share/g/e/+", .qos = 1);
	for (unsigned qos = 0; qos < 2; qos++) {
		int64_t from_us = now_us(t);
		publish(pub, .topic = "e/t", .payload = "m", .qos = qos,
			.props = PROPS(P_MESSAGE_EXPIRY(600)));
		struct packet m = expect_message(wild, .payload = "m");
		check_interval(t, &m, 600, from_us, 0);
		if (!shared)
			continue;
		m = expect_message(member, .payload = "m");
		check_interval(t, &m, 600, from_us, 0);
	}
}

CASE(expiry_absent_at_once, .title = "No interval is added to a message that was published without",
	.refs = { "5.0:U50-EXPIRY-ABSENT" }, .level = STATED, .versions = V50)
{
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "e/t", .qos = 2);
	for (unsigned qos = 0; qos <= 2; qos++) {
		publish(pub, .topic = "e/t", .payload = "m", .qos = qos);
		struct packet m = expect_message(sub, .payload = "m");
		check_no_interval(t, m);
	}
}

CASE(expiry_absent_on_retained,
	.title = "No interval is added to a retained message that was published without",
	.refs = { "5.0:U50-EXPIRY-ABSENT" }, .level = STATED, .versions = V50)
{
	require_offer(t, OFFER_RETAIN);
	publish_retained(join(t, "publisher"), .topic = "e/t", .payload = "kept", .qos = 1);
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "e/t", .qos = 1);
	struct packet m = expect_message(sub, .payload = "kept");
	check_no_interval(t, m);
}

/* Whether a new subscriber gets something before the publisher's next message. */
static bool is_kept(struct test *t, struct peer *pub, const char *name)
{
	struct peer *sub = join(t, name);

	subscribe(sub, .filter = "e/dies", .qos = 1);
	publish(pub, .topic = "e/dies", .payload = name, .qos = 1);
	struct packet m = expect_message(sub, .topic = "e/dies");
	if (is_payload(&m, name))
		return false;
	expect_message(sub, .topic = "e/dies", .payload = name);
	return true;
}

CASE(retained_message_expires, .title = "A retained message that has expired is sent to nobody",
	.refs = { "5.0:U50-RETAIN-EXPIRE", "5.0:MQTT-3.3.2-5" }, .level = STATED, .versions = V50,
	.budget_ms = BUDGET_MS)
{
	require_offer(t, OFFER_RETAIN);
	struct peer *pub = join(t, "publisher");
	publish_retained(pub, .topic = "e/lives", .payload = "lives", .qos = 1);
	publish_retained(pub, .topic = "e/dies", .payload = "dies", .qos = 1,
		.props = PROPS(P_MESSAGE_EXPIRY(1)));
	let_pass(t, LATE_MS);
	bool late = is_kept(t, pub, "first");
	let_pass(t, WRONG_MS - LATE_MS);
	check(t, !is_kept(t, pub, "second"), "a message that expired three seconds ago is gone",
		"a new subscriber gets it");
	if (late)
		nonstrict(t, "a message is kept for more than a second after it has expired");

	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "e/lives", .qos = 1);
	expect_message(sub, .topic = "e/lives", .payload = "lives", .retain = SET(1));
}

CASE(expiry_lowered_on_retained,
	.title = "The interval that a retained message is sent with is less by the time it was "
		 "stored",
	.refs = { "5.0:U50-MESSAGE-EXPIRY-RETAINED", "5.0:MQTT-3.3.2-6" }, .level = STATED,
	.versions = V50, .budget_ms = BUDGET_MS)
{
	require_offer(t, OFFER_RETAIN);
	int64_t from_us = now_us(t);
	publish_retained(join(t, "publisher"), .topic = "e/t", .payload = "kept", .qos = 1,
		.props = PROPS(P_MESSAGE_EXPIRY(LONG_S)));
	let_pass(t, WAIT_MS);
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "e/t", .qos = 1);
	struct packet m = expect_message(sub, .payload = "kept");
	check_interval(t, &m, LONG_S, from_us, WAIT_MS * 1000);
}

CHAPTER(message_expiry, "Message Expiry Interval", &case_expired_in_queue,
	&case_expired_behind_quota, &case_expiry_lowered_in_queue, &case_expiry_kept_at_once,
	&case_expiry_kept_on_every_way, &case_expiry_absent_at_once,
	&case_expiry_absent_on_retained, &case_retained_message_expires,
	&case_expiry_lowered_on_retained);
