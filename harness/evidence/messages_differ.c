/* What a message that came is, judging by what our peers have published.
 *
 *   wanted "2", came "3":   "3" was published after "2", which comes, too    order
 *                           "3" was published after "2", which never comes   missing
 *                           "3" was published before "2"                     extra: the case did not want it
 *                           "3" has come before                              repeated
 *                           "3" has come on an earlier connection and is
 *                           sent again, as "2" will be after it              order
 *                           the same, and "2" is not sent again              missing
 *                           nobody asked the store for "3"                   extra: Retain Handling forbids it
 *                           nobody published a "3"                           payload, or topic
 */
#include <string.h>

#include "harness/test.h"

static struct bytes wanted_payload(const struct message *want)
{
	return want->payload ? bytes_of(want->payload) : want->bytes;
}

static bool is_wanted(const struct packet *got, const struct message *want)
{
	struct bytes payload = wanted_payload(want);

	return (!want->topic || bytes_equal(got->topic, bytes_of(want->topic))) &&
		(!payload.data || bytes_equal(got->payload, payload));
}

/* The last message published that fits what is wanted; NULL: the case does not say enough. */
static struct posting *find_wanted(struct test *t, const struct message *want)
{
	struct bytes payload = wanted_payload(want);

	if (!payload.data && !want->topic)
		return NULL;
	for (size_t i = t->messages.posting_count; i-- > 0;) {
		struct posting *m = &t->messages.postings[i];
		if ((!want->topic ||
			    bytes_equal(topic_stripped(t, m->topic), bytes_of(want->topic))) &&
			(!payload.data || posting_has(m, payload)))
			return m;
	}
	return NULL;
}

#define ROOM AT("room for the awaited message")

/* Whether it comes, though not first; if `settling`, even where it waits for room in the target's window. */
static bool comes_later(struct peer *p, const struct message *want, bool settling)
{
	int64_t until_us = test_answer_deadline_us(p->test);

	for (bool in_time = true;; in_time = test_pump(p->test, until_us)) {
		if (settling)
			window_open(ROOM, p);
		for (size_t i = 0; i < p->arrival_count; i++)
			if (!p->arrivals[i].taken && p->arrivals[i].packet.type == PUBLISH &&
				is_wanted(&p->arrivals[i].packet, want))
				return true;
		if (p->ended || p->closed || p->lost || !in_time)
			return false;
	}
}

static struct difference altered(const struct packet *got, const struct message *want)
{
	struct bytes payload = wanted_payload(want);
	bool topic_differs = want->topic && !bytes_equal(got->topic, bytes_of(want->topic));
	bool payload_differs = payload.data && !bytes_equal(got->payload, payload);
	struct difference d = DIFFERENCE(topic_differs ? SPEC_TOPIC : SPEC_PAYLOAD, "PUBLISH");

	if (topic_differs && payload_differs) /* nobody's at all */
		d = DIFFERENCE(SPEC_EXTRA, "PUBLISH");
	return d;
}

/* The message is the wanted one, and its flags are not. */
static struct difference in_flags(const struct packet *got, const struct message *want)
{
	struct difference d = { 0 };
	const struct {
		bool differs;
		enum spec_difference kind;
		const char *about;
	} flags[] = {
		{ want->qos.set && got->qos != want->qos.value, SPEC_QOS, "PUBLISH" },
		{ want->retain.set && got->retain != !!want->retain.value, SPEC_RETAIN,
			got->retain ? "PUBLISH/to-0" : "PUBLISH/to-1" },
		{ want->dup.set && got->dup != !!want->dup.value, SPEC_DUP,
			!got->dup           ? "PUBLISH/to-1"
				: !got->qos ? "PUBLISH/qos0"
					    : "PUBLISH/to-0" },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		if (!flags[i].differs)
			continue;
		if (!d.kinds) {
			d.kind = flags[i].kind;
			d.about = flags[i].about;
		}
		d.kinds |= SPEC_SHOWS(flags[i].kind);
	}
	return d;
}

/* How often it has come on this connection. */
static unsigned times_here(const struct peer *p, const struct packet *m)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->arrival_count; i++) {
		const struct packet *one = &p->arrivals[i].packet;
		n += one->type == PUBLISH && bytes_equal(one->topic, m->topic) &&
			bytes_equal(one->payload, m->payload);
	}
	return n;
}

/* At QoS 1 a message may come again, and one that several subscriptions match may come once for each. But
 * what came on an earlier connection may also be what should be forgotten by now.
 */
static struct difference copied(
	const struct peer *p, const struct packet *got, const struct posting *came)
{
	static const char *const copies[] = { "PUBLISH/qos0", "PUBLISH/qos1", "PUBLISH/qos2" };
	struct difference d = DIFFERENCE(SPEC_REPEATED, copies[got->qos % 3]);

	d.kept = messages_from_store(p, got, came);
	if (times_here(p, got) < 2)
		d.kinds |= SPEC_SHOWS(SPEC_EXTRA);
	else
		d.legal = test_theirs(p->test) == SIDE_SERVER &&
			(got->qos == 1 ||
				posting_times(came, p->client_id) <=
					messages_subscriptions(p, came->topic));
	return d;
}

/* It was not to come at all. */
static struct difference unwanted(
	const struct peer *p, const struct packet *got, const struct posting *came)
{
	static const char *const by_handling[] = { "PUBLISH", "PUBLISH/handling-1",
		"PUBLISH/handling-2", "PUBLISH" };
	unsigned handling = messages_handling_broken(p, got, came);

	return DIFFERENCE(SPEC_EXTRA, came->will ? "PUBLISH/will" : by_handling[handling]);
}

/* It came before the wanted one, which was published earlier and comes, too. */
static struct difference passed(const struct peer *p, const struct packet *got,
	const struct posting *came, const struct posting *wanted)
{
	struct test *t = p->test;

	if (postings_are_ordered(came, wanted))
		return DIFFERENCE(SPEC_ORDER, "PUBLISH");
	if (messages_handling_broken(p, got, came))
		return unwanted(p, got, came);
	if (!came->will && !wanted->will && test_theirs(t) == SIDE_SERVER &&
		messages_subscriptions(p, came->topic))
		test_end(t, AT("the order of messages"), VERDICT_ERROR,
			"the case demands an order of messages that the standard does not know");
	return DIFFERENCE(SPEC_EXTRA, "PUBLISH");
}

/* Sent again, in its right, but before one that was published earlier and has to be sent again as well. */
static bool is_sent_again_early(struct peer *p, const struct packet *got,
	const struct posting *came, const struct posting *wanted)
{
	return got->dup && wanted && came->order > wanted->order && times_here(p, got) == 1 &&
		posting_times(wanted, p->client_id);
}

static struct difference lost(const struct posting *came, const struct posting *wanted)
{
	struct difference d = DIFFERENCE(SPEC_MISSING, wanted->will ? "PUBLISH/will" : "PUBLISH");

	d.waited = !postings_are_ordered(came, wanted);
	return d;
}

bool messages_differ(struct peer *p, const struct packet *got, const struct message *want,
	struct difference *out)
{
	struct test *t = p->test;

	/* As sent: without its prefix the topic could be anybody's. */
	struct bytes topic = bytes_of(topic_prefixed(
		t, arena_printf(t->arena, "%.*s", (int)got->topic.len, got->topic.data), false));
	const struct posting *came = posting_find(t, p->client_id, topic, got->payload);
	const struct posting *wanted = find_wanted(t, want);
	if (!came)
		came = posting_find(t, p->client_id, got->topic, got->payload);
	if (is_wanted(got, want)) {
		*out = in_flags(got, want);
		out->kept = came && out->kinds & SPEC_SHOWS(SPEC_RETAIN) &&
			(got->retain ? messages_from_store(p, got, came)
				     : messages_routed_late(p, got, came));
		return out->kinds;
	}
	bool early = came && is_sent_again_early(p, got, came, wanted);
	bool ordered = early && postings_are_ordered(came, wanted);
	bool later = early && comes_later(p, want, false);
	if (!came)
		*out = altered(got, want);
	else if (early && ordered && later)
		*out = DIFFERENCE(SPEC_ORDER, "PUBLISH");
	else if (early && !later && (ordered || test_theirs(t) == SIDE_CLIENT))
		*out = lost(came, wanted); /* whoever sends the others again has left it out */
	else if (posting_times(came, p->client_id) > 1)
		*out = copied(p, got, came);
	else if (!wanted || came->order < wanted->order)
		*out = unwanted(p, got, came);
	else if (!comes_later(p, want, true))
		*out = lost(came, wanted);
	else
		*out = passed(p, got, came, wanted);
	return true;
}

/* The last that was published with this payload; NULL: none was. */
static const struct posting *find_payload(const struct messages *all, struct bytes payload)
{
	for (size_t i = all->posting_count; i-- > 0;)
		if (posting_has(&all->postings[i], payload))
			return &all->postings[i];
	return NULL;
}

/* Waits for somebody to get it; it may be waiting for room in the target's window. */
static bool is_delivered(struct test *t, const struct posting *wanted)
{
	int64_t until_us = test_answer_deadline_us(t);

	do
		for (size_t i = 0; i < t->peer_count && !wanted->client_count; i++)
			window_open(ROOM, t->peers[i]);
	while (!wanted->client_count && test_pump(t, until_us));
	return wanted->client_count;
}

struct difference messages_payload(struct test *t, struct bytes got, const char *expected)
{
	const struct posting *came = find_payload(&t->messages, got);
	const struct posting *wanted = find_payload(&t->messages, bytes_of(expected));

	if (!came || !wanted)
		return DIFFERENCE(SPEC_PAYLOAD, "PUBLISH");
	if (came->order > wanted->order) {
		if (!is_delivered(t, wanted))
			return lost(came, wanted);
		if (postings_are_ordered(came, wanted))
			return DIFFERENCE(SPEC_ORDER, "PUBLISH");
	}
	return DIFFERENCE(SPEC_EXTRA, came->will ? "PUBLISH/will" : "PUBLISH");
}
