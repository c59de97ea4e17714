/* What a server does not offer: by its CONNACK in 5.0 (3.2.2.3), by its file in 3.1.1. Each case
 * asks for it nevertheless. Limits of flow and of aliases are the business of other chapters.
 */
#include "harness/case.h"

enum { QOS_NOT_SUPPORTED = 0x9B, RETAIN_NOT_SUPPORTED = 0x9A };

/* ---- messages -------------------------------------------------------------------------------- */

/* Announced: what is only refused may be so for other reasons, and in other words. */
static void require_lack(struct test *t, bool lacks, enum offer what)
{
	require(t, lacks && !offers(t)->refusals[what],
		"the target has not announced that it lacks this");
}

static void require_maximum_qos(struct test *t)
{
	require(t, offers(t)->maximum_qos < 2 && !offers(t)->refusals[OFFER_QOS],
		"the target has announced no Maximum QoS");
}

/*   client                    target (Maximum QoS 1)
 *   PUBLISH q2           -->
 *                        <--  DISCONNECT 0x9B, close
 */
CASE(publish_above_maximum_qos,
	.title = "A PUBLISH above the server's Maximum QoS ends the connection",
	.refs = { "5.0:U50-MAXQOS-EXCEEDED", "5.0:MQTT-4.13.1-1" }, .level = STATED,
	.versions = V50)
{
	require_maximum_qos(t);
	witness(t);
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "l/t", .qos = offers(t)->maximum_qos);

	for (unsigned qos = offers(t)->maximum_qos + 1u; qos <= 2; qos++) {
		struct peer *client = join(t, "client");
		misbehave(client);
		send_publish(client, .topic = "l/t", .payload = "m", .qos = qos, .id = qos);
		expect_violation_closed(client, .codes = { QOS_NOT_SUPPORTED });
		expect_no_harm(watcher, client, .topic = "l/t");
	}
}

CASE(unavailable_retain,
	.title = "A PUBLISH with RETAIN 1 to a server without retained messages ends the "
		 "connection",
	.refs = { "5.0:U50-RETAINAVAIL-USED", "5.0:MQTT-4.13.1-1" }, .level = STATED,
	.versions = V50)
{
	require_lack(t, !offers(t)->retain, OFFER_RETAIN);
	witness(t);
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "l/t");
	struct peer *client = join(t, "client");

	misbehave(client);
	send_publish(client, .topic = "l/t", .payload = "m", .retain = true);
	expect_violation_closed(client, .codes = { RETAIN_NOT_SUPPORTED });
	expect_no_harm(watcher, client, .topic = "l/t");
}

/* ---- Wills ----------------------------------------------------------------------------------- */

CASE(will_above_maximum_qos,
	.title = "A CONNECT with a Will QoS above the server's Maximum QoS is refused",
	.refs = { "5.0:MQTT-3.2.2-12" }, .level = MUST, .versions = V50)
{
	require_maximum_qos(t);
	witness(t);
	for (unsigned qos = offers(t)->maximum_qos + 1u; qos <= 2; qos++) {
		struct peer *client = dial(t, "client");
		misbehave(client);
		send_connect(client, .will = { .topic = "l/w", .payload = "w", .qos = qos });
		expect_refused(client, .codes = { QOS_NOT_SUPPORTED });
	}
}

CASE(unavailable_will_retain,
	.title = "A CONNECT with Will Retain 1 is refused by a server without retained messages",
	.refs = { "5.0:MQTT-3.2.2-13" }, .level = MUST, .versions = V50)
{
	require_lack(t, !offers(t)->retain, OFFER_RETAIN);
	witness(t);
	struct peer *client = dial(t, "client");

	misbehave(client);
	send_connect(client, .will = { .topic = "l/w", .payload = "w", .retain = true });
	expect_refused(client, .codes = { RETAIN_NOT_SUPPORTED });
}

/* ---- subscriptions --------------------------------------------------------------------------- */

/* The text has a DISCONNECT with this code, the table of SUBACK (3.9.3) has the code, too: either
 * refuses. Granting it nevertheless is a matter of how closely the server looks (4.13.1).
 */
static void expect_not_offered(struct peer *client, uint8_t code)
{
	struct packet answer = expect_one_of(client,
		OUTCOMES({ .type = DISCONNECT, .code = SET(code) },
			{ .type = SUBACK, .code = SET(code) },
			{ .type = DISCONNECT,
				.verdict = VERDICT_NONSTRICT,
				.says = "there is a Reason Code of its own for what is not "
					"offered" },
			{ .type = SUBACK,
				.verdict = VERDICT_NONSTRICT,
				.says = "it is not refused with the code of what is not offered" },
			{ .type = CLOSED,
				.verdict = VERDICT_NONSTRICT,
				.says = "closed without the DISCONNECT that the standard names" }));

	if (answer.type == DISCONNECT)
		expect_closed(client);
}

CASE(unavailable_wildcards,
	.title = "A filter with wildcards is refused by a server that does not offer them",
	.refs = { "3.1.1:MQTT-3.8.3-2", "5.0:U50-WILDCARDAVAIL" }, .level = MUST, .versions = BOTH)
{
	static const char *const filters[] = { "l/#", "+/t" };

	require_lack(t, !offers(t)->wildcards, OFFER_WILDCARDS);
	witness(t);
	for (unsigned i = 0; i < 2; i++) {
		struct peer *client = join(t, "client");
		misbehave(client);
		send_subscribe(client, .filter = filters[i], .id = 1);
		if (is_v5(t)) {
			expect_not_offered(client, 0xA2);
			continue;
		}
		expect_one_of(client,
			OUTCOMES({ .type = SUBACK, .code = SET(0x80) },
				{ .type = CLOSED,
					.verdict = VERDICT_NONSTRICT,
					.says = "SUBACK 0x80 is what refuses a filter" }));
	}
}

CASE(unavailable_shared,
	.title = "A shared subscription is refused by a server that does not offer them",
	.refs = { "5.0:U50-SHAREDAVAIL" }, .level = STATED, .versions = V50)
{
	require_lack(t, !offers(t)->shared, OFFER_SHARED);
	witness(t);
	struct peer *client = join(t, "client");

	misbehave(client);
	send_subscribe(client, .filter = "$share/l/t", .id = 1);
	expect_not_offered(client, 0x9E);
}

CASE(unavailable_subscription_ids,
	.title = "A Subscription Identifier is refused by a server that does not offer them",
	.refs = { "5.0:U50-SUBIDAVAIL" }, .level = STATED, .versions = V50)
{
	require(t, !offers(t)->subscription_ids, "the target has Subscription Identifiers");
	witness(t);
	struct peer *client = join(t, "client");

	misbehave(client);
	send_subscribe(client, .filter = "l/t", .id = 1, .props = PROPS(P_SUBSCRIPTION_ID(1)));
	expect_not_offered(client, 0xA1);
}

CHAPTER(limits, "What a server does not offer", &case_publish_above_maximum_qos,
	&case_unavailable_retain, &case_will_above_maximum_qos, &case_unavailable_will_retain,
	&case_unavailable_wildcards, &case_unavailable_shared, &case_unavailable_subscription_ids);
