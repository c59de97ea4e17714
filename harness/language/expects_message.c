/* The expectations of messages: the next PUBLISH, compared with what the case wants it to be. */
#include <math.h>

#include "harness/test.h"

enum {
	NEXT_MESSAGE_MS = 3000, /* for a client to send another message, if it sends one */
	COPIES_MAX = 100,       /* of one message that are passed over */
};

const char *test_describe_wanted(struct test *t, const char *what, const struct message *m)
{
	struct buf text;

	buf_init(&text, 4096);
	buf_add_text(&text, what);
	if (m->topic)
		buf_printf(&text, " \"%.200s\"", m->topic);
	if (m->qos.set)
		buf_printf(&text, " q%u", m->qos.value);
	if (m->retain.set)
		buf_printf(&text, " retain %u", m->retain.value);
	if (m->dup.set)
		buf_printf(&text, " dup %u", m->dup.value);
	if (m->payload)
		buf_printf(&text, " \"%.200s\"", m->payload);
	else if (m->bytes.data)
		buf_printf(&text, " with %zu certain bytes", m->bytes.len);
	const char *wanted = arena_text(t->arena, buf_text(&text));
	buf_fini(&text);
	return wanted;
}

/* What came, to an expectation. */
enum match {
	MATCH_WANTED,
	MATCH_COPY, /* of an earlier message, which is legal */
	MATCH_KEPT, /* from the store of retained messages, or beside it: the wanted one is still due */
};

/* A copy from the store, or beside it, that was skipped, and how it differs from the wanted message. If that
 * never comes, it was not a copy.
 */
struct kept_copy {
	bool seen;
	struct packet packet;
	struct difference difference;
};

static void accuse(struct place at, struct test *t, struct difference d,
	const struct packet *packet, const struct message *m) __attribute__((noreturn));

static void accuse(struct place at, struct test *t, struct difference d,
	const struct packet *packet, const struct message *m)
{
	test_differ(t, at, d, test_describe_wanted(t, "PUBLISH", m),
		arena_printf(t->arena, "%s (retain %d, dup %d)",
			wire_describe(t->arena, t->play->version, packet), packet->retain,
			packet->dup));
}

static enum match compare_message(struct place at, struct peer *p, const struct packet *packet,
	const struct message *m, struct kept_copy *kept)
{
	struct test *t = p->test;
	struct difference d;

	if (messages_differ(p, packet, m, &d)) {
		if (d.kept && d.kind != SPEC_REPEATED) {
			*kept = (struct kept_copy){ true, *packet, d };
			return MATCH_KEPT;
		}
		if (d.kept)
			return MATCH_COPY;
		if (d.legal && !claim_forbids(t, &d))
			return MATCH_COPY;
		/* At QoS 1 a message may come more than once. [MQTT-4.3.2-1] */
		if (d.kind == SPEC_REPEATED && !claim_is_known(t, &d))
			test_end(t, at, VERDICT_INCONCLUSIVE,
				"a message came once more, which QoS 1 allows, in place of the "
				"awaited one");
		if (d.kind == SPEC_MISSING || d.kind == SPEC_ORDER || d.kind == SPEC_EXTRA)
			queue_check(at, t);
		if (d.kind == SPEC_MISSING && kept->seen)
			accuse(at, t, kept->difference, &kept->packet, m);
		accuse(at, t, d, packet, m);
	}
	const char *race = messages_race(p, packet);
	if (race)
		test_end(t, at, VERDICT_ERROR, race);
	return MATCH_WANTED;
}

static void acknowledge(struct place at, struct peer *p, const struct packet *packet)
{
	if (packet->qos == 1) {
		send_ack_at(at, p, PUBACK, packet->id, (struct ack){ 0 });
	} else if (packet->qos == 2) {
		send_ack_at(at, p, PUBREC, packet->id, (struct ack){ 0 });
		expect_ack_at(at, p, PUBREL, packet->id);
		send_ack_at(at, p, PUBCOMP, packet->id, (struct ack){ 0 });
	}
}

static struct packet next_message(
	struct place at, struct peer *p, const struct message *m, const struct kept_copy *kept)
{
	struct test *t = p->test;

	if (kept->seen && !peer_wait(p, SPEC_PACKET(PUBLISH), test_answer_deadline_us(t))) {
		struct difference d = kept->difference;
		d.waited = !p->ended && !p->closed && !p->lost;
		accuse(at, t, d, &kept->packet, m);
	}
	return expect_at(at, p, PUBLISH);
}

struct packet expect_message_at(struct place at, struct peer *p, struct message m)
{
	struct test *t = p->test;
	struct kept_copy kept = { 0 };
	struct packet packet = expect_at(at, p, PUBLISH);
	enum match match;

	for (unsigned copies = 1; (match = compare_message(at, p, &packet, &m, &kept)); copies++) {
		if (copies > COPIES_MAX)
			test_end(t, at, VERDICT_INCONCLUSIVE,
				"the target sends one message over and over");
		test_remark(t, p,
			match == MATCH_KEPT ? "passed over: one of two may be out of the store, if "
					      "another one follows"
					    : "passed over: another copy, which is legal");
		acknowledge(at, p, &packet);
		packet = next_message(at, p, &m, &kept);
	}
	acknowledge(at, p, &packet);
	return packet;
}

struct packet expect_publish_at(struct place at, struct peer *server, struct message m)
{
	struct packet packet = expect_at(at, server, PUBLISH);

	compare_message(at, server, &packet, &m, &(struct kept_copy){ 0 });
	return packet;
}

size_t take_messages_at(struct place at, struct peer *server, struct packet *messages, size_t most)
{
	size_t count = 0;

	while (count < most && !isnan(wait_packet_ms(server, PUBLISH, NEXT_MESSAGE_MS)))
		messages[count++] = expect_at(at, server, PUBLISH);
	return count;
}

/* ---- the target's queue and window ----------------------------------------------------------- */

void queue_check(struct place at, struct test *t)
{
	unsigned room = t->play->client ? UINT32_MAX : offers(t)->queue;

	for (size_t i = 0; i < t->peer_count; i++)
		if (messages_meant_for(t->peers[i]) > room)
			test_end(t, at, VERDICT_INAPPLICABLE,
				arena_printf(t->arena,
					"the target keeps no more than %u message%s for a client",
					room, room == 1 ? "" : "s"));
}

/* Brings the exchange of this message to its end. */
static void settle(struct place at, struct peer *p, uint16_t id, unsigned qos)
{
	if (qos == 1) {
		send_ack_at(at, p, PUBACK, id, (struct ack){ 0 });
		return;
	}
	send_ack_at(at, p, PUBREC, id, (struct ack){ 0 });
	if (!peer_wait_ack(p, SPEC_PACKET(PUBREL), id, test_answer_deadline_us(p->test)))
		return;
	send_ack_at(at, p, PUBCOMP, id, (struct ack){ 0 });
}

bool window_open(struct place at, struct peer *p)
{
	if (!monitor_under_way(p->monitor) || p->left || p->ended || p->closed || p->lost ||
		test_theirs(p->test) != SIDE_SERVER)
		return false;
	/* In the order of arrival [MQTT-4.6.0-2], and each once. Where the target sends what has been settled, no order
	 * is right; what this is about was seen before.
	 */
	p->misbehaves = true;
	for (size_t count = p->arrival_count; p->settled_count < count; p->settled_count++) {
		const struct packet *m = &p->arrivals[p->settled_count].packet;
		if (m->type == PUBLISH && m->qos && monitor_is_under_way(p->monitor, m->id))
			settle(at, p, m->id, m->qos);
	}
	return true;
}

void window_check(struct place at, struct peer *p)
{
	struct test *t = p->test;
	unsigned open = monitor_under_way(p->monitor);

	queue_check(at, t);
	if (!window_open(at, p))
		return;
	if (peer_wait(p, SPEC_PACKET(PUBLISH), test_answer_deadline_us(t)))
		test_end(t, at, VERDICT_INAPPLICABLE,
			arena_printf(t->arena,
				"the target has no more than %u unacknowledged message%s under way",
				open, open == 1 ? "" : "s"));
}
