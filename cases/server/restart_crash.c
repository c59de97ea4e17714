/* What a kill costs: the same as in the other chapters on restarts, over SIGKILL instead of an orderly stop.
 *
 * The standard leaves storage to the implementer, and says in a comment that state may be lost or corrupted by a
 * failure of hardware or software (3.1.1: 4.1; 5.0: 4.1.1). So nothing here is a `fail`. What was lost is an
 * observation, with its number: a broker that writes every half hour loses more than one that writes before it
 * acknowledges, and who chooses between them wants to know. What is wrong in that which is there, so that
 * clients are misled, is `nonstrict`: a message of QoS 2 that comes twice, something that had been
 * deleted, an old retained message in the place of the new one.
 */
#include <stdio.h>

#include "cases/common/restarts.h"

/* Some brokers refuse an identifier that is in use in the other direction. Here that would only hide
 * what is to be counted: another case judges it (identifiers_of_both_directions).
 */
enum { COUNT = 10, UNUSED_ID = 30000 };

static const char *const numbers[COUNT] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };

static size_t number_of(const struct packet *m)
{
	size_t n = 0;

	while (n < COUNT && !bytes_equal(m->payload, bytes_of(numbers[n])))
		n++;
	return n;
}

struct tally {
	unsigned lost, doubled;
};

/* Comes back, and takes what is there up to a marker, which a new subscription brings in any case. False: the session is
 * gone, and that is said.
 */
static bool take_all(struct test *t, const char *name, unsigned qos, unsigned times[static COUNT])
{
	struct peer *back = join(t, name, .kept = true);

	if (!(connack(back).ack_flags & 1)) {
		observe(t, "a kill costs the session, with all that it held");
		return false;
	}
	subscribe(back, .filter = "rs/t", .qos = qos, .id = UNUSED_ID);
	publish(join(t, "marker"), .topic = "rs/t", .payload = "marker", .qos = qos);
	for (;;) {
		struct packet m = expect_message(back, .topic = "rs/t");
		size_t n = number_of(&m);
		if (n == COUNT)
			return true;
		times[n]++;
	}
}

static struct tally count(const unsigned times[static COUNT], unsigned due)
{
	struct tally all = { 0 };

	for (size_t i = 0; i < due; i++) {
		all.lost += !times[i];
		all.doubled += times[i] > 1 ? times[i] - 1 : 0;
	}
	return all;
}

/* ---- queued messages ----------------------------------------------------------------------- */

/* COUNT messages wait for a client that is away, each acknowledged to its publisher. */
static void fill_queue(struct test *t, unsigned qos)
{
	require(t, offers(t)->queue >= COUNT, "the target keeps fewer messages for a client");
	leave(begin_kept(t, "subscriber", "rs/t", qos));
	struct peer *pub = join(t, "publisher");
	for (size_t i = 0; i < COUNT; i++)
		publish(pub, .topic = "rs/t", .payload = numbers[i], .qos = qos);
	leave_all(t);
}

static void check_queue(struct test *t, unsigned qos)
{
	unsigned times[COUNT] = { 0 };

	fill_queue(t, qos);
	crash(t);
	if (!take_all(t, "subscriber", qos, times))
		return;
	struct tally all = count(times, COUNT);
	if (all.doubled && qos == 2) {
		judging(t, "3.1.1:UALL-QOS2-EXACTLY-ONCE");
		judging(t, "5.0:UALL-QOS2-EXACTLY-ONCE");
		nonstrict(t, "of %d acknowledged messages a kill doubles %u and costs %u", COUNT,
			all.doubled, all.lost);
	} else if (all.doubled || all.lost) {
		observe(t, "of %d acknowledged messages a kill costs %u and doubles %u", COUNT,
			all.lost, all.doubled);
	}
}

CASE(crash_queue_qos1, .title = "What a kill costs of queued QoS 1 messages that were acknowledged",
	.refs = { "3.1.1:MQTT-3.1.2-5", "3.1.1:MQTT-4.1.0-1", "5.0:MQTT-3.1.2-23",
		"5.0:U50-STATE-CONTENT" },
	.level = MAY, .versions = BOTH, .restarts = true)
{
	check_queue(t, 1);
}

CASE(crash_queue_qos2, .title = "What a kill costs of queued QoS 2 messages that were acknowledged",
	.refs = { "3.1.1:MQTT-3.1.2-5", "3.1.1:MQTT-4.1.0-1", "3.1.1:UALL-QOS2-EXACTLY-ONCE",
		"5.0:MQTT-3.1.2-23", "5.0:U50-STATE-CONTENT", "5.0:UALL-QOS2-EXACTLY-ONCE" },
	.level = MAY, .versions = BOTH, .restarts = true)
{
	check_queue(t, 2);
}

/* The store has had an orderly stop to be written; then half of what is in it is delivered. */
static void check_settled(struct test *t, unsigned qos)
{
	unsigned times[COUNT] = { 0 }, again = 0;

	fill_queue(t, qos);
	restart(t);

	struct peer *back = join(t, "subscriber", .kept = true);
	require(t, connack(back).ack_flags & 1,
		"the session does not even outlive an orderly stop");
	for (size_t i = 0; i < COUNT; i++)
		expect_message(back, .topic = "rs/t");
	leave_all(t);
	crash(t);
	if (!take_all(t, "subscriber", qos, times))
		return;
	for (size_t i = 0; i < COUNT; i++)
		again += times[i];
	if (again)
		nonstrict(t,
			"after a kill %u of %d messages of QoS %u come again that were settled",
			again, COUNT, qos);
}

CASE(crash_settled_qos1,
	.title = "What comes again after a kill of QoS 1 messages that their receiver had "
		 "acknowledged",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-4.1.0-1", "5.0:MQTT-4.4.0-1",
		"5.0:U50-STATE-CONTENT" },
	.level = MAY, .versions = BOTH, .restarts = true)
{
	check_settled(t, 1);
}

CASE(crash_settled_qos2,
	.title = "What comes again after a kill of QoS 2 messages that had been delivered",
	.refs = { "3.1.1:UALL-QOS2-EXACTLY-ONCE", "3.1.1:MQTT-4.1.0-1",
		"5.0:UALL-QOS2-EXACTLY-ONCE", "5.0:U50-STATE-CONTENT" },
	.level = MAY, .versions = BOTH, .restarts = true)
{
	check_settled(t, 2);
}

/* ---- QoS 2 under way ----------------------------------------------------------------------- */

/* A PUBREC that nobody waits for is passed over: a target may send it again by itself, or a PINGRESP before it. */
static void take_ack(struct peer *back, enum packet_type type, unsigned id)
{
	struct packet ack;

	do
		ack = expect_one_of(back, OUTCOMES({ .type = type }, { .type = PUBREC }));
	while (ack.type != type || ack.id != id);
}

/* One of them, to its end; what code a PUBREC has makes no difference here. */
static void repeat(struct peer *back, unsigned i)
{
	send_publish(
		back, .topic = "rs/t", .payload = numbers[i], .qos = 2, .id = i + 1, .dup = true);
	take_ack(back, PUBREC, i + 1);
	send_ack(back, PUBREL, i + 1);
	take_ack(back, PUBCOMP, i + 1);
}

/*   publisher                 target                  watcher
 *   PUBLISH q2 id 1 to 10 -->
 *                        <--  PUBREC 1 to 10
 *                             is killed, starts
 *   CONNECT, all again, dup -->
 *                        <--  PUBREC ... PUBCOMP 1 to 10
 *                                          -->  each of them, once?
 */
CASE(crash_received_qos2,
	.title = "What a kill costs or doubles of QoS 2 messages that have had their PUBREC",
	.refs = { "3.1.1:MQTT-4.3.3-2", "3.1.1:UALL-QOS2-EXACTLY-ONCE", "5.0:MQTT-4.3.3-10",
		"5.0:UALL-QOS2-EXACTLY-ONCE" },
	.level = MAY, .versions = BOTH, .restarts = true)
{
	unsigned times[COUNT] = { 0 };

	leave(begin_kept(t, "watcher", "rs/t", 2));
	struct peer *pub = begin_kept(t, "publisher", "rs/own", 1);
	for (unsigned i = 0; i < COUNT; i++) {
		send_publish(pub, .topic = "rs/t", .payload = numbers[i], .qos = 2, .id = i + 1);
		expect_ack(pub, PUBREC, i + 1);
	}
	leave_all(t);
	crash(t);

	struct peer *back = join(t, "publisher", .kept = true);
	if (!(connack(back).ack_flags & 1)) {
		observe(t,
			"a kill costs the publisher's session, and what it knew of messages under "
			"way");
		return;
	}
	misbehave(back); /* the order of PUBRELs, should PUBRECs come in another one */
	for (unsigned i = 0; i < COUNT; i++)
		repeat(back, i);
	if (!take_all(t, "watcher", 2, times))
		return;
	struct tally all = count(times, COUNT);
	if (all.doubled || all.lost)
		nonstrict(t,
			"of %d messages that are sent again after a kill %u come twice, and %u "
			"not at all",
			COUNT, all.doubled, all.lost);
}

/* ---- sessions and subscriptions ------------------------------------------------------------ */

CASE(crash_subscriptions, .title = "What a kill costs of subscriptions that were granted",
	.refs = { "3.1.1:MQTT-3.1.2-4", "3.1.1:MQTT-4.1.0-1", "5.0:MQTT-3.1.2-23",
		"5.0:U50-STATE-CONTENT" },
	.level = MAY, .versions = BOTH, .restarts = true)
{
	unsigned lost = 0;
	char filter[16];

	require_qos(t, 1);
	struct peer *sub = begin_kept(t, "subscriber", "rs/first", 1);
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(filter, sizeof(filter), "rs/%u", i);
		subscribe(sub, .filter = filter, .qos = 1);
	}
	leave_all(t);
	crash(t);
	struct peer *back = join(t, "subscriber", .kept = true);
	if (!(connack(back).ack_flags & 1)) {
		observe(t, "a kill costs the session, with all that it held");
		return;
	}
	subscribe(back, .filter = "rs/marker", .qos = 1);
	struct peer *pub = join(t, "publisher");
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(filter, sizeof(filter), "rs/%u", i);
		publish(pub, .topic = filter, .payload = "m", .qos = 1);
		publish(pub, .topic = "rs/marker", .payload = numbers[i], .qos = 1);
		bool seen = false;
		while (number_of(&(const struct packet){
			       .payload = expect_message(back).payload }) == COUNT)
			seen = true;
		lost += !seen;
	}
	if (lost)
		observe(t, "a kill costs %u of %d subscriptions that were granted", lost, COUNT);
}

CASE(crash_unsubscribed,
	.title = "Whether a subscription that was given up comes back after a kill",
	.refs = { "3.1.1:MQTT-3.10.4-2", "5.0:MQTT-3.10.4-2" }, .level = MAY, .versions = BOTH,
	.restarts = true)
{
	begin_kept(t, "subscriber", "rs/t", 1);
	leave_all(t);
	restart(t);
	struct peer *sub = join(t, "subscriber", .kept = true);
	require(t, connack(sub).ack_flags & 1, "the session does not even outlive an orderly stop");
	unsubscribe(sub, .filter = "rs/t");
	leave_all(t);
	crash(t);
	struct peer *back = join(t, "subscriber", .kept = true);
	subscribe(back, .filter = "rs/marker", .qos = 1);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "rs/t", .payload = "m", .qos = 1);
	publish(pub, .topic = "rs/marker", .payload = "marker", .qos = 1);
	struct packet m = expect_message(back);
	if (!bytes_equal(m.payload, BYTES("marker")))
		nonstrict(t, "after a kill a subscription is in force that was given up before");
}

CASE(crash_ended_session, .title = "Whether a session that has ended comes back after a kill",
	.refs = { "3.1.1:MQTT-3.1.2-6", "5.0:MQTT-3.1.2-4" }, .level = MAY, .versions = BOTH,
	.restarts = true)
{
	begin_kept(t, "subscriber", "rs/t", 1);
	leave_all(t);
	restart(t);
	join(t, "subscriber");
	leave_all(t);
	crash(t);
	if (connack(join(t, "subscriber", .kept = true)).ack_flags & 1)
		nonstrict(t, "after a kill a session is there that a clean start had ended");
}

/* ---- retained messages and Wills ----------------------------------------------------------- */

/* The payload that is kept for a topic: 0 none, 'o' the old one, 'n' the new one. */
static int kept(struct test *t, const char *topic)
{
	struct peer *late = join(t, topic);

	subscribe(late, .filter = topic, .qos = 1);
	publish(late, .topic = topic, .payload = "marker", .qos = 1);
	struct packet m = expect_message(late, .topic = topic);
	leave(late);
	return bytes_equal(m.payload, BYTES("marker")) ? 0 : m.payload.data[0];
}

/* Half of them have been stored before, and are replaced or deleted. */
CASE(crash_retained, .title = "What a kill costs, or brings back, of retained messages",
	.refs = { "3.1.1:MQTT-3.3.1-5", "3.1.1:U311-RETAIN-KEEP", "5.0:MQTT-3.3.1-5",
		"5.0:MQTT-3.3.1-6" },
	.level = MAY, .versions = BOTH, .restarts = true)
{
	static const char *const set[] = { "rs/s0", "rs/s1", "rs/s2" };
	static const char *const replaced[] = { "rs/r0", "rs/r1", "rs/r2" };
	static const char *const deleted[] = { "rs/d0", "rs/d1", "rs/d2" };
	unsigned lost = 0, old = 0, back = 0;

	require_offer(t, OFFER_RETAIN);
	struct peer *pub = join(t, "publisher");
	for (size_t i = 0; i < 3; i++) {
		publish_retained(pub, .topic = replaced[i], .payload = "old", .qos = 1);
		publish_retained(pub, .topic = deleted[i], .payload = "old", .qos = 1);
	}
	leave_all(t);
	restart(t);
	pub = join(t, "publisher");
	for (size_t i = 0; i < 3; i++) {
		publish_retained(pub, .topic = set[i], .payload = "new", .qos = 1);
		publish_retained(pub, .topic = replaced[i], .payload = "new", .qos = 1);
		publish(pub, .topic = deleted[i], .payload = "", .qos = 1, .retain = true);
		expect_none_retained(pub, deleted[i]);
	}
	leave_all(t);
	crash(t);
	for (size_t i = 0; i < 3; i++) {
		int of_replaced = kept(t, replaced[i]);
		lost += !kept(t, set[i]);
		lost += !of_replaced;
		old += of_replaced == 'o';
		back += kept(t, deleted[i]) != 0;
	}
	if (old || back)
		nonstrict(t,
			"after a kill %u of 3 retained messages are old ones, %u of 3 are back "
			"that were deleted, and %u of 6 are lost",
			old, back, lost);
	else if (lost)
		observe(t, "a kill costs %u of 6 retained messages", lost);
}

CASE(crash_will, .title = "What becomes of the Will of a connection when the server is killed",
	.refs = { "3.1.1:U311-WILL-PROMPT", "5.0:U50-WILL-PROMPT" }, .level = MAY, .versions = BOTH,
	.restarts = true)
{
	leave(begin_kept(t, "watcher", "rs/t", 1));
	restart(t); /* so that the watcher's session is stored */
	join(t, "client", .kept = true, .will = { .topic = "rs/t", .payload = "0", .qos = 1 });
	crash(t);
	unsigned times[COUNT] = { 0 };
	if (!take_all(t, "watcher", 1, times))
		return;
	if (!times[0])
		observe(t, "a kill costs the Will of a client that was connected");
}

CHAPTER(restart_crash, "Restarts: what a kill costs", &case_crash_queue_qos1,
	&case_crash_queue_qos2, &case_crash_settled_qos1, &case_crash_settled_qos2,
	&case_crash_received_qos2, &case_crash_subscriptions, &case_crash_unsubscribed,
	&case_crash_ended_session, &case_crash_retained, &case_crash_will);
