/* Many messages from many publishers at once: what a target has acknowledged comes, all of it, and in order. */
#include "harness/case.h"

enum { PUBLISHERS = 10, WINDOW = 40, MANY = 80000, SOME = 20000 };

#define TOPIC "load/t"

/* What expect_load_unchanged accuses. */
#define UNCHANGED                                                                             \
	"3.1.1:MQTT-3.8.4-6", "3.1.1:MQTT-3.3.1-9", "3.1.1:MQTT-3.3.2-3", "5.0:MQTT-3.8.4-8", \
		"5.0:MQTT-3.3.1-12", "5.0:MQTT-3.3.2-3"

static struct load *load_of(struct test *t, unsigned qos, unsigned messages)
{
	return load_begin(t, .topic = TOPIC, .qos = qos, .publishers = PUBLISHERS,
		.messages = messages, .window = WINDOW);
}

static void expect_all(struct test *t, struct load *load)
{
	load_finish(load);
	expect_load_answered(load);
	judging(t, "3.1.1:MQTT-4.5.0-1");
	judging(t, "5.0:MQTT-4.5.0-1");
	expect_load_whole(load);
	expect_load_unchanged(load);
}

static void expect_order(struct test *t, struct load *load)
{
	judging(t, "3.1.1:MQTT-4.6.0-6");
	judging(t, "5.0:MQTT-4.6.0-5");
	expect_load_ordered(load);
}

static void expect_no_double(struct test *t, struct load *load)
{
	judging(t, "3.1.1:MQTT-4.3.3-2");
	judging(t, "5.0:MQTT-4.3.3-10");
	expect_load_once(load);
}

/*   publishers 1 to 10        target                    subscriber
 *   PUBLISH, 40 each     -->
 *                        <--  PUBACK             -->  PUBLISH
 *   PUBLISH              -->                     <--  PUBACK
 *   ...
 */
CASE(load_at_qos_1,
	.title = "Of 80,000 messages at QoS 1 from ten publishers at once each arrives, in order",
	.refs = { "3.1.1:MQTT-4.5.0-1", "3.1.1:MQTT-4.6.0-6", "3.1.1:MQTT-4.3.2-2",
		"5.0:MQTT-4.5.0-1", "5.0:MQTT-4.6.0-5", "5.0:MQTT-4.3.2-4", UNCHANGED },
	.level = MUST, .versions = BOTH)
{
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = TOPIC, .qos = 1);
	struct load *load = load_of(t, 1, MANY);
	load_hears(load, sub);
	expect_all(t, load);
	expect_order(t, load);
}

CASE(load_at_qos_2,
	.title = "Of 20,000 messages at QoS 2 from ten publishers at once each arrives once, in "
		 "order",
	.refs = { "3.1.1:MQTT-4.5.0-1", "3.1.1:MQTT-4.6.0-6", "3.1.1:MQTT-4.3.3-2",
		"5.0:MQTT-4.5.0-1", "5.0:MQTT-4.6.0-5", "5.0:MQTT-4.3.3-10", UNCHANGED },
	.level = MUST, .versions = BOTH)
{
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = TOPIC, .qos = 2);
	struct load *load = load_of(t, 2, SOME);
	load_hears(load, sub);
	expect_all(t, load);
	expect_order(t, load);
	expect_no_double(t, load);
}

/* The subscriber's connection breaks now and then, and the publishers go on. */
static void break_in_the_middle(struct test *t, struct load *load, struct peer *sub)
{
	enum { BREAKS = 3 };

	for (unsigned i = 1; i <= BREAKS; i++) {
		load_until(load, SOME / (BREAKS + 1) * i);
		abort_connection(sub);
		sub = join(t, "subscriber", .kept = true, .resumed = true);
	}
}

CASE(load_resumed_at_qos_1,
	.title =
		"Of 20,000 messages at QoS 1 to a session that is resumed three times each arrives",
	.refs = { "3.1.1:MQTT-4.5.0-1", "3.1.1:MQTT-4.4.0-1", "5.0:MQTT-4.5.0-1",
		"5.0:MQTT-4.4.0-1", UNCHANGED },
	.level = MUST, .versions = BOTH)
{
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = TOPIC, .qos = 1);
	struct load *load = load_of(t, 1, SOME);
	load_hears(load, sub);
	break_in_the_middle(t, load, sub);
	expect_all(t, load);
}

CASE(load_resumed_at_qos_2,
	.title = "Of 20,000 messages at QoS 2 to a session that is resumed three times each "
		 "arrives once",
	.refs = { "3.1.1:MQTT-4.5.0-1", "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-4.3.3-1",
		"5.0:MQTT-4.5.0-1", "5.0:MQTT-4.4.0-1", UNCHANGED },
	.level = MUST, .versions = BOTH)
{
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = TOPIC, .qos = 2);
	struct load *load = load_of(t, 2, SOME);
	load_hears(load, sub);
	break_in_the_middle(t, load, sub);
	expect_all(t, load);
	judging(t, "3.1.1:MQTT-4.3.3-1");
	judging(t, "5.0:MQTT-4.4.0-1"); /* whether its PUBREC was lost or not */
	expect_load_once(load);
}

/* Whoever gets a message of a share has to acknowledge it like any other, and nobody else gets it. */
CASE(load_through_share,
	.title = "Of 20,000 messages to a share of three each arrives at one of them",
	.refs = { "5.0:MQTT-4.5.0-1", "5.0:MQTT-3.8.4-8", "5.0:MQTT-3.3.1-12", "5.0:MQTT-3.3.2-3" },
	.level = MUST, .versions = V50)
{
	enum { MEMBERS = 3 };
	require_offer(t, OFFER_SHARED);
	struct peer *members[MEMBERS] = { join(t, "first"), join(t, "second"), join(t, "third") };
	for (unsigned i = 0; i < MEMBERS; i++)
		subscribe(members[i], .filter = "$share/load/" TOPIC, .qos = 1);
	struct load *load = load_of(t, 1, SOME);
	for (unsigned i = 0; i < MEMBERS; i++)
		load_hears(load, members[i]);
	expect_all(t, load);
}

CHAPTER(load, "Load", &case_load_at_qos_1, &case_load_at_qos_2, &case_load_resumed_at_qos_1,
	&case_load_resumed_at_qos_2, &case_load_through_share);
