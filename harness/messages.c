/* Telling what a message that came is, by what our peers have published.
 *
 *   wanted "2", came "3":   "3" was published after "2", which comes, too    order
 *                           "3" was published after "2", which never comes   missing
 *                           "3" was published before "2"                     extra: the case did not want it
 *                           "3" has come before                              repeated
 *                           nobody published a "3"                           payload, or topic
 */
#include "harness/messages.h"

#include <string.h>

#include "harness/test.h"

static uint64_t digest(struct bytes b)
{
	uint64_t hash = 0xCBF29CE484222325;

	for (size_t i = 0; i < b.len; i++) /* FNV-1a */
		hash = (hash ^ b.data[i]) * 0x100000001B3;
	return hash ^ b.len;
}

static struct bytes kept(struct test *t, struct bytes b)
{
	return (struct bytes){ arena_copy(t->arena, b.data, b.len), b.len };
}

/* ---- what goes out --------------------------------------------------------------------------- */

static void post(struct test *t, const char *publisher, struct bytes topic, struct bytes payload,
	unsigned qos, bool will)
{
	struct messages *m = &t->messages;

	m->order++;
	if (m->posting_count == MESSAGES_MAX)
		return;
	m->postings = arena_grow(t->arena, m->postings, m->posting_count, &m->posting_capacity,
		sizeof(*m->postings));
	m->postings[m->posting_count++] = (struct posting){
		.order = m->order,
		.publisher = publisher,
		.topic = kept(t, topic),
		.payload = digest(payload),
		.qos = qos,
		.will = will,
	};
}

static bool has_posted(struct test *t, const char *publisher, const struct packet *packet)
{
	uint64_t sum = digest(packet->payload);

	for (size_t i = 0; i < t->messages.posting_count; i++) {
		const struct posting *m = &t->messages.postings[i];
		if (m->payload == sum && bytes_equal(m->topic, packet->topic) &&
			!strcmp(m->publisher, publisher))
			return true;
	}
	return false;
}

static bool is_posted(const struct messages *m, const char *client, struct bytes filter)
{
	for (size_t i = 0; i < m->filter_count; i++)
		if (!strcmp(m->filters[i].client, client) &&
			bytes_equal(m->filters[i].text, filter))
			return true;
	return false;
}

static void post_filters(struct test *t, const char *client, const struct packet *packet)
{
	struct messages *m = &t->messages;

	m->order++;
	for (size_t i = 0; i < packet->filter_count; i++) {
		struct bytes text = packet->filters[i].text;
		if (m->filter_count == MESSAGES_MAX || is_posted(m, client, text))
			continue;
		m->filters = arena_grow(t->arena, m->filters, m->filter_count, &m->filter_capacity,
			sizeof(*m->filters));
		m->filters[m->filter_count++] =
			(struct posted_filter){ m->order, client, kept(t, text) };
	}
}

/* A fresh start, or an UNSUBSCRIBE: what comes after it is another subscription. */
static void forget_filters(struct test *t, const char *client, const struct packet *unsubscribe)
{
	struct messages *m = &t->messages;
	size_t left = 0;

	for (size_t i = 0; i < m->filter_count; i++) {
		bool gone = !strcmp(m->filters[i].client, client) && !unsubscribe;
		for (size_t f = 0; unsubscribe && f < unsubscribe->filter_count; f++)
			gone |= !strcmp(m->filters[i].client, client) &&
				bytes_equal(m->filters[i].text, unsubscribe->filters[f].text);
		if (!gone)
			m->filters[left++] = m->filters[i];
	}
	m->filter_count = left;
}

void messages_sent(struct peer *p, const struct packet *packet)
{
	struct test *t = p->test;

	switch (packet->type) {
	case CONNECT:
		if (packet->connect_flags & CONNECT_CLEAN)
			forget_filters(t, p->client_id, NULL);
		if (packet->connect_flags & CONNECT_WILL)
			post(t, p->client_id, packet->will_topic, packet->will_payload,
				(packet->connect_flags & CONNECT_WILL_QOS) >> 3, true);
		break;
	case PUBLISH: /* without a topic it has an alias; sent again it is no other message */
		if (packet->topic.len && !(packet->dup && has_posted(t, p->client_id, packet)))
			post(t, p->client_id, packet->topic, packet->payload, packet->qos, false);
		break;
	case SUBSCRIBE: post_filters(t, p->client_id, packet); break;
	case UNSUBSCRIBE: forget_filters(t, p->client_id, packet); break;
	default: break;
	}
}

void messages_told(struct test *t, const struct publish *m)
{
	struct bytes payload = m->payload ? bytes_of(m->payload) : m->bytes;

	post(t, MESSAGES_USER, bytes_of(m->topic), payload, m->qos, false);
}

/* ---- what comes ------------------------------------------------------------------------------ */

unsigned posting_times(const struct posting *m, const char *client)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->client_count; i++)
		n += !strcmp(m->clients[i], client);
	return n;
}

struct posting *posting_find(
	struct test *t, const char *client, struct bytes topic, struct bytes payload)
{
	struct posting *best = NULL;
	uint64_t sum = digest(payload);

	for (size_t i = 0; i < t->messages.posting_count; i++) {
		struct posting *m = &t->messages.postings[i];
		if (m->payload == sum && bytes_equal(m->topic, topic) &&
			(!best || posting_times(m, client) < posting_times(best, client)))
			best = m;
	}
	return best;
}

static void got(struct test *t, const char *client, struct bytes topic, struct bytes payload)
{
	struct posting *m = posting_find(t, client, topic, payload);

	if (m && m->client_count < MESSAGE_CLIENTS_MAX)
		m->clients[m->client_count++] = client;
}

void messages_arrived(struct peer *p, const struct packet *publish)
{
	got(p->test, p->client_id, publish->topic, publish->payload);
}

void messages_passed_on(struct test *t, const struct told *told)
{
	got(t, MESSAGES_USER, told->topic, told->payload);
}

/* ---- telling --------------------------------------------------------------------------------- */

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

/* The last that was published of what is wanted; NULL: the case does not say enough of it. */
static struct posting *find_wanted(struct test *t, const struct message *want)
{
	struct bytes payload = wanted_payload(want);
	uint64_t sum = digest(payload);

	if (!payload.data && !want->topic)
		return NULL;
	for (size_t i = t->messages.posting_count; i-- > 0;) {
		struct posting *m = &t->messages.postings[i];
		if ((!want->topic ||
			    bytes_equal(topic_stripped(t, m->topic), bytes_of(want->topic))) &&
			(!payload.data || m->payload == sum))
			return m;
	}
	return NULL;
}

/* Whether it comes, though not first. */
static bool comes_later(struct peer *p, const struct message *want)
{
	int64_t until_us = tape_now_us(&p->test->tape) + p->test->play->answer_us;
	bool in_time = true;

	while (in_time) {
		for (size_t i = 0; i < p->arrival_count; i++)
			if (!p->arrivals[i].taken && p->arrivals[i].packet.type == PUBLISH &&
				is_wanted(&p->arrivals[i].packet, want))
				return true;
		in_time = !p->ended && !p->closed && !p->lost && test_pump(p->test, until_us);
	}
	return false;
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

/* The standard orders messages of one publisher on one topic at one QoS. [MQTT-4.6.0-5] */
static bool are_ordered(const struct posting *a, const struct posting *b)
{
	return !a->will && !b->will && a->qos == b->qos && !strcmp(a->publisher, b->publisher) &&
		bytes_equal(a->topic, b->topic);
}

bool messages_differ(struct peer *p, const struct packet *got, const struct message *want,
	struct difference *out)
{
	struct test *t = p->test;

	if (is_wanted(got, want)) {
		*out = in_flags(got, want);
		return out->kinds;
	}
	/* As sent: without its prefix the topic could be anybody's. */
	struct bytes topic = bytes_of(topic_prefixed(
		t, arena_printf(t->arena, "%.*s", (int)got->topic.len, got->topic.data), false));
	const struct posting *came = posting_find(t, p->client_id, topic, got->payload);
	const struct posting *wanted = find_wanted(t, want);
	if (!came)
		came = posting_find(t, p->client_id, got->topic, got->payload);
	static const char *const copies[] = { "PUBLISH/qos0", "PUBLISH/qos1", "PUBLISH/qos2" };
	if (!came)
		*out = altered(got, want);
	else if (posting_times(came, p->client_id) > 1)
		*out = DIFFERENCE(SPEC_REPEATED, copies[got->qos % 3]);
	else if (!wanted || came->order < wanted->order)
		*out = DIFFERENCE(SPEC_EXTRA, came->will ? "PUBLISH/will" : "PUBLISH");
	else if (!comes_later(p, want))
		*out = DIFFERENCE(SPEC_MISSING, wanted->will ? "PUBLISH/will" : "PUBLISH");
	else
		*out = DIFFERENCE(are_ordered(came, wanted) ? SPEC_ORDER : SPEC_EXTRA, "PUBLISH");
	return true;
}

struct difference messages_payload(struct test *t, struct bytes got, const char *expected)
{
	const struct posting *came = NULL, *wanted = NULL;
	uint64_t sum = digest(got), wanted_sum = digest(bytes_of(expected));

	for (size_t i = 0; i < t->messages.posting_count; i++) {
		const struct posting *m = &t->messages.postings[i];
		came = m->payload == sum ? m : came;
		wanted = m->payload == wanted_sum ? m : wanted;
	}
	if (!came || !wanted)
		return DIFFERENCE(SPEC_PAYLOAD, "PUBLISH");
	if (came->order < wanted->order)
		return DIFFERENCE(SPEC_EXTRA, came->will ? "PUBLISH/will" : "PUBLISH");
	struct difference d =
		DIFFERENCE(are_ordered(came, wanted) ? SPEC_ORDER : SPEC_MISSING, "PUBLISH");
	d.kinds |= SPEC_SHOWS(SPEC_MISSING) | SPEC_SHOWS(SPEC_ORDER);
	return d;
}

/* ---- markers --------------------------------------------------------------------------------- */

static bool is_awaited_by(const struct posted_filter *f, const char *client, struct bytes topic)
{
	return !strcmp(f->client, client) && filter_matches(f->text, topic);
}

/* The first SUBSCRIBE of this client that lets the topic through; 0: none does. */
static size_t subscribed_at(const struct messages *m, const char *client, struct bytes topic)
{
	for (size_t i = 0; i < m->filter_count; i++)
		if (is_awaited_by(&m->filters[i], client, topic))
			return m->filters[i].order;
	return 0;
}

/* Whether it is known to have found its subscribers: one has it, or a later one on the same way. */
static bool is_routed(
	const struct messages *all, const struct posting *m, const struct posting *marker)
{
	if (m->client_count)
		return true;
	for (size_t i = 0; i < all->posting_count; i++) {
		const struct posting *later = &all->postings[i];
		if (later != marker && later->order > m->order && later->client_count &&
			are_ordered(m, later))
			return true;
	}
	return false;
}

size_t messages_meant_for(const struct peer *p)
{
	const struct messages *m = &p->test->messages;
	size_t n = 0;

	for (size_t i = 0; i < m->posting_count; i++)
		n += subscribed_at(m, p->client_id, m->postings[i].topic) != 0;
	return n;
}

const char *messages_race(struct peer *p, const struct packet *marker)
{
	struct test *t = p->test;
	const struct messages *all = &t->messages;
	const struct posting *m = NULL;

	for (size_t i = all->posting_count; i-- > 0 && !m;)
		if (all->postings[i].payload == digest(marker->payload) &&
			bytes_equal(topic_stripped(t, all->postings[i].topic), marker->topic))
			m = &all->postings[i];
	size_t since = m ? subscribed_at(all, p->client_id, m->topic) : 0;
	if (!since || m->order < since || m->will)
		return NULL;
	for (size_t i = 0; i < all->posting_count && all->postings[i].order < since; i++) {
		const struct posting *before = &all->postings[i];
		if (!before->will && !strcmp(before->publisher, m->publisher) &&
			!is_routed(all, before, m) &&
			subscribed_at(all, p->client_id, before->topic) > before->order)
			return arena_printf(t->arena,
				"a message on \"%.*s\" was published before the subscription "
				"through which the marker came, so it may still be on its way",
				(int)before->topic.len, (const char *)before->topic.data);
	}
	return NULL;
}
