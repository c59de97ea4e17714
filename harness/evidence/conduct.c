/* We keep the rules that we judge by: the monitor watches what our peers send, too.
 *
 * A limit that the target has announced, in CONNACK or in its file, is kept before the packet goes
 * out: a case that needs more does not apply. The same goes for packets that a case has spelt out
 * itself: one that is beyond a limit as well would break two rules, and a target may answer to
 * either. Any other rule that a verb breaks is our own fault. Who has said `misbehave` means it.
 */
#include <string.h>

#include "harness/test.h"

enum {
	QOS_MAX = 2, /* beyond it lies no limit of the target's, but the standard's */
	TOPIC_SHOWN = 100,
};

static void beyond(struct peer *p, const char *sentence)
{
	test_end(p->test, AT("what the target has announced"), VERDICT_INAPPLICABLE, sentence);
}

/* ---- whoever hosts the target ------------------------------------------------------------- */

static void keep_to_topics(struct peer *p, struct bytes topic)
{
	const struct guest *guest = test_guest(p->test);

	if (guest_may_name(guest, topic))
		return;
	test_end(p->test, AT("what the run may use"), VERDICT_INAPPLICABLE,
		arena_printf(p->test->arena, "the case needs %.*s, which is not below %s",
			(int)(topic.len < TOPIC_SHOWN ? topic.len : TOPIC_SHOWN),
			(const char *)topic.data, guest->topics));
}

/* An empty one is the server's to complete, as long as it does. */
static void keep_to_client_ids(struct peer *p, struct bytes id)
{
	const struct guest *guest = test_guest(p->test);

	if (!id.len && offers(p->test)->refusals[OFFER_NAMELESS])
		beyond(p, offer_lacking(p->test, OFFER_NAMELESS));
	if (!id.len || guest_may_be(guest, id))
		return;
	test_end(p->test, AT("what the run may use"), VERDICT_INAPPLICABLE,
		arena_printf(p->test->arena,
			"the case needs a ClientId that does not begin with \"%s\"",
			guest->client_ids));
}

/* Its topics and ClientIds, whatever else the case is up to. */
static void keep_to_guest(struct peer *p, const struct packet *packet)
{
	switch (packet->type) {
	case CONNECT:
		keep_to_client_ids(p, packet->client_id);
		if (packet->connect_flags & CONNECT_WILL)
			keep_to_topics(p, packet->will_topic);
		break;
	case PUBLISH: keep_to_topics(p, packet->topic); break;
	case SUBSCRIBE:
	case UNSUBSCRIBE:
		for (size_t i = 0; i < packet->filter_count; i++)
			keep_to_topics(p, packet->filters[i].text);
		break;
	default: break;
	}
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void keep_size(struct peer *p, size_t bytes, const struct capabilities *c)
{
	if (bytes > c->maximum_packet_size)
		beyond(p,
			arena_printf(p->test->arena,
				"the case sends %zu bytes, and the target's Maximum Packet Size "
				"is %u",
				bytes, c->maximum_packet_size));
}

static void keep_qos(struct peer *p, unsigned qos, const struct capabilities *c)
{
	if (qos > c->maximum_qos && qos <= QOS_MAX && c->refusals[OFFER_QOS])
		beyond(p, offer_lacking(p->test, OFFER_QOS));
	if (qos > c->maximum_qos && qos <= QOS_MAX)
		beyond(p,
			arena_printf(p->test->arena,
				"the case publishes at QoS %u, and the target's Maximum QoS is %u",
				qos, c->maximum_qos));
}

static void keep_retain(struct peer *p, bool retain, const struct capabilities *c)
{
	if (retain && !c->retain)
		beyond(p, offer_lacking(p->test, OFFER_RETAIN));
}

static void keep_window(struct peer *p, const struct packet *packet, const struct capabilities *c)
{
	if (packet->qos && !packet->dup && p->accepted &&
		monitor_under_way(p->conduct) >= c->receive_maximum)
		beyond(p,
			arena_printf(p->test->arena,
				"the case has more messages under way than the target's Receive "
				"Maximum of %u",
				c->receive_maximum));
}

static void keep_filters(struct peer *p, const struct packet *packet, const struct capabilities *c)
{
	for (size_t i = 0; i < packet->filter_count; i++) {
		struct bytes text = packet->filters[i].text;
		bool wild = text.len &&
			(memchr(text.data, '#', text.len) || memchr(text.data, '+', text.len));
		if (filter_is_shared(text) && !c->shared)
			beyond(p, offer_lacking(p->test, OFFER_SHARED));
		if (wild && !c->wildcards)
			beyond(p, offer_lacking(p->test, OFFER_WILDCARDS));
	}
	if (properties_find(&packet->properties, 0x0B) && !c->subscription_ids)
		beyond(p, "the target has no Subscription Identifiers");
}

static void keep_alias(struct peer *p, const struct packet *packet, const struct capabilities *c)
{
	const struct property *alias = properties_find(&packet->properties, 0x23);

	if (alias && alias->number > c->topic_alias_maximum)
		beyond(p,
			arena_printf(p->test->arena,
				"the case uses Topic Alias %u, and the target's Topic Alias "
				"Maximum is %u",
				alias->number, c->topic_alias_maximum));
}

static void keep_limits(struct peer *p, const struct packet *packet)
{
	const struct capabilities *c = offers(p->test);

	keep_size(p, packet->raw.len, c);
	switch (packet->type) {
	case CONNECT:
		if (packet->connect_flags & CONNECT_WILL) {
			keep_qos(p, (packet->connect_flags & CONNECT_WILL_QOS) >> 3, c);
			keep_retain(p, packet->connect_flags & CONNECT_WILL_RETAIN, c);
		}
		break;
	case PUBLISH:
		keep_qos(p, packet->qos, c);
		keep_retain(p, packet->retain, c);
		keep_window(p, packet, c);
		keep_alias(p, packet, c);
		break;
	case SUBSCRIBE: keep_filters(p, packet, c); break;
	default: break;
	}
}

/* Of a packet that cannot be read, as far as its fixed header tells. */
static void keep_limits_of_header(
	struct peer *p, const struct wire_result *result, struct bytes bytes)
{
	const struct capabilities *c = offers(p->test);

	if (result->status == WIRE_NEED_MORE)
		keep_size(p, bytes.len + result->missing, c);
	else if (result->consumed)
		keep_size(p, result->consumed, c);
	if (*bytes.data >> 4 != PUBLISH)
		return;
	keep_qos(p, *bytes.data >> 1 & 3, c);
	keep_retain(p, *bytes.data & 1, c);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static void remember(struct peer *p, const struct finding *findings, size_t count)
{
	struct test *t = p->test;

	if (!count || p->misbehaves || p->spells || t->misconduct)
		return;
	t->misconduct = arena_printf(
		t->arena, "%s: %s (%s)", p->party->name, findings->what, findings->statement);
	test_remark(t, p, "our own: %s (%s)", findings->what, findings->statement);
}

/* A client has to acknowledge whatever comes, so its fence needs no subscription; nor does a message to a
 * command line, which subscribes to what it likes. [MQTT-4.5.0-2]
 */
static bool is_excused(
	const struct peer *p, const struct packet *packet, const struct finding *finding)
{
	static const char *const rules[] = { ":MQTT-3.3.2-3", ":MQTT-3.8.4-6", ":MQTT-3.8.4-8" };
	const struct client *client = p->test->play->client;
	const char *id = strchr(finding->statement, ':');

	if (!client || packet->type != PUBLISH ||
		(client->agent && !bytes_equal(packet->topic, BYTES(FENCE_TOPIC))))
		return false;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (!strcmp(id, rules[i]))
			return true;
	return false;
}

void conduct_sent(struct peer *p, const struct packet *packet)
{
	struct test *t = p->test;
	const struct finding *findings;

	if (!t->play->client)
		keep_to_guest(p, packet);
	if (!p->misbehaves && !t->play->client)
		keep_limits(p, packet);
	size_t count = monitor_packet(p->conduct, test_ours(t), packet, &findings);
	if (count == 1 && is_excused(p, packet, findings))
		return;
	remember(p, findings, count);
}

void conduct_malformed(struct peer *p, const struct wire_result *result, struct bytes bytes)
{
	const struct finding *findings;

	if (!p->misbehaves && !p->test->play->client)
		keep_limits_of_header(p, result, bytes);
	size_t count = monitor_malformed(p->conduct, test_ours(p->test), result, &findings);

	remember(p, findings, count);
}

void conduct_came(struct peer *p, const struct packet *packet)
{
	const struct finding *findings;

	monitor_packet(p->conduct, test_theirs(p->test), packet, &findings);
}

void misbehave_at(struct place at, struct peer *p)
{
	(void)at;
	p->misbehaves = true;
}

/* What the monitor saw stands: it takes a peer as it is. */
void conduct_settle(struct test *t)
{
	if (!t->misconduct || t->verdict == VERDICT_FAIL || t->verdict == VERDICT_CRASH)
		return;
	t->verdict = VERDICT_PASS; /* nothing that was found hides it */
	test_end(t, AT("our own packets"), VERDICT_ERROR,
		arena_printf(t->arena, "the case breaks a rule undeclared: %s", t->misconduct));
}
