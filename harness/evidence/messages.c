/* What our peers have published and subscribed to, and who has received it. */
#include "harness/evidence/messages.h"

#include <string.h>

#include "base/digest.h"
#include "harness/test.h"

static uint64_t digest(struct bytes b)
{
	return digest_add(DIGEST_NONE, b.data, b.len);
}

static struct bytes kept(struct test *t, struct bytes b)
{
	return (struct bytes){ arena_copy(t->arena, b.data, b.len), b.len };
}

/* ---- what goes out --------------------------------------------------------------------------- */

static void post(struct test *t, struct posting posting, struct bytes topic, struct bytes payload)
{
	struct messages *m = &t->messages;

	m->order++;
	if (m->posting_count == MESSAGES_MAX)
		return;
	m->postings = arena_grow(t->arena, m->postings, m->posting_count, &m->posting_capacity,
		sizeof(*m->postings));
	posting.order = m->order;
	posting.topic = kept(t, topic);
	posting.payload = digest(payload);
	posting.retained &= payload.len != 0;
	m->postings[m->posting_count++] = posting;
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

bool messages_have_topic(const struct test *t, struct bytes topic)
{
	for (size_t i = 0; i < t->messages.posting_count; i++)
		if (bytes_equal(t->messages.postings[i].topic, topic))
			return true;
	return false;
}

static struct posted_filter *find_filter(
	const struct messages *m, const char *client, struct bytes filter)
{
	for (size_t i = 0; i < m->filter_count; i++)
		if (!strcmp(m->filters[i].client, client) &&
			bytes_equal(m->filters[i].text, filter))
			return &m->filters[i];
	return NULL;
}

static unsigned retain_handling(const struct filter *f)
{
	return f->options >> 4 & 3;
}

/* Not of a shared subscription, nor where the Retain Handling of 5.0 forbids it. */
static bool looks_up(const struct filter *f, bool is_new)
{
	unsigned handling = retain_handling(f);

	return !filter_is_shared(f->text) && (handling == 0 || (handling == 1 && is_new));
}

static void post_lookup(struct test *t, const char *client, struct bytes filter)
{
	struct messages *m = &t->messages;

	if (m->lookup_count == MESSAGES_MAX)
		return;
	m->lookups = arena_grow(
		t->arena, m->lookups, m->lookup_count, &m->lookup_capacity, sizeof(*m->lookups));
	m->lookups[m->lookup_count++] = (struct posted_lookup){ client, kept(t, filter) };
}

static void post_filters(struct test *t, const char *client, const struct packet *packet)
{
	struct messages *m = &t->messages;

	m->order++;
	for (size_t i = 0; i < packet->filter_count; i++) {
		struct bytes text = packet->filters[i].text;
		unsigned handling = retain_handling(&packet->filters[i]);
		struct posted_filter *old = find_filter(m, client, text);
		m->wide |= !filter_is_own(t, text);
		if (looks_up(&packet->filters[i], !old))
			post_lookup(t, client, text);
		if (old)
			old->handling = handling;
		if (m->filter_count == MESSAGES_MAX || old)
			continue;
		m->filters = arena_grow(t->arena, m->filters, m->filter_count, &m->filter_capacity,
			sizeof(*m->filters));
		m->filters[m->filter_count++] =
			(struct posted_filter){ m->order, client, kept(t, text), handling };
	}
}

/* A fresh start, or an UNSUBSCRIBE: what comes after it is a different subscription. */
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
			post(t,
				(struct posting){ .publisher = p->client_id,
					.qos = (packet->connect_flags & CONNECT_WILL_QOS) >> 3,
					.retained = packet->connect_flags & CONNECT_WILL_RETAIN,
					.will = true },
				packet->will_topic, packet->will_payload);
		break;
	case PUBLISH: /* without a topic it has an alias; sent again it is no other message */
		t->messages.nameless |= !packet->topic.len;
		if (packet->topic.len && !(packet->dup && has_posted(t, p->client_id, packet)))
			post(t,
				(struct posting){ .publisher = p->client_id,
					.qos = packet->qos,
					.retained = packet->retain },
				packet->topic, packet->payload);
		break;
	case SUBSCRIBE:
		post_filters(t, p->client_id, packet);
		for (size_t i = 0; i < packet->filter_count; i++) /* an empty one is anybody's */
			p->raw_filters |= !packet->filters[i].text.len;
		break;
	case UNSUBSCRIBE: forget_filters(t, p->client_id, packet); break;
	default: break;
	}
}

void messages_told(struct test *t, const struct publish *m)
{
	struct bytes payload = m->payload ? bytes_of(m->payload) : m->bytes;

	post(t, (struct posting){ .publisher = MESSAGES_USER, .qos = m->qos }, bytes_of(m->topic),
		payload);
}

/* ---- what comes ------------------------------------------------------------------------------ */

unsigned posting_times(const struct posting *m, const char *client)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->client_count; i++)
		n += !strcmp(m->clients[i], client);
	return n;
}

bool posting_has(const struct posting *m, struct bytes payload)
{
	return m->payload == digest(payload);
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

/* ---- subscriptions --------------------------------------------------------------------------- */

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

unsigned messages_subscriptions(const struct peer *p, struct bytes topic)
{
	const struct messages *m = &p->test->messages;
	unsigned n = 0;

	for (size_t i = 0; i < m->filter_count; i++)
		n += is_awaited_by(&m->filters[i], p->client_id, topic);
	return n;
}

static bool is_topic(struct bytes filter)
{
	return filter.len && !filter_is_shared(filter) && !memchr(filter.data, '#', filter.len) &&
		!memchr(filter.data, '+', filter.len);
}

const char *messages_topic(const struct peer *p)
{
	struct test *t = p->test;
	const struct messages *m = &t->messages;

	for (size_t i = 0; i < m->filter_count; i++) {
		struct bytes text = m->filters[i].text;
		if (strcmp(m->filters[i].client, p->client_id) != 0 || !filter_is_own(t, text) ||
			!is_topic(text))
			continue;
		struct bytes topic = topic_stripped(t, text);
		return arena_printf(t->arena, "%.*s", (int)topic.len, (const char *)topic.data);
	}
	return NULL;
}

/* ---- the store ------------------------------------------------------------------------------- */

static size_t lookups(const struct messages *m, const char *client, struct bytes topic)
{
	size_t n = 0;

	for (size_t i = 0; i < m->lookup_count; i++)
		n += !strcmp(m->lookups[i].client, client) &&
			filter_matches(m->lookups[i].filter, topic);
	return n;
}

/* Of its topic, with this RETAIN, and passed on to the case by now. */
static size_t copies_taken(const struct peer *p, const struct packet *like, bool retain)
{
	const struct test *t = p->test;
	size_t n = 0;

	for (size_t i = 0; i < t->peer_count; i++)
		for (size_t a = 0; a < t->peers[i]->arrival_count; a++) {
			const struct arrival *one = &t->peers[i]->arrivals[a];
			n += one->taken && one->packet.type == PUBLISH &&
				one->packet.retain == retain &&
				!strcmp(t->peers[i]->client_id, p->client_id) &&
				bytes_equal(one->packet.topic, like->topic);
		}
	return n;
}

/* Subscriptions through which it was due when it was published. */
static size_t dues(const struct messages *m, const char *client, const struct posting *posting)
{
	size_t n = 0;

	for (size_t i = 0; i < m->filter_count; i++)
		n += is_awaited_by(&m->filters[i], client, posting->topic) &&
			(posting->will || m->filters[i].order < posting->order);
	return n;
}

bool messages_from_store(
	const struct peer *p, const struct packet *got, const struct posting *posting)
{
	const struct messages *m = &p->test->messages;
	size_t looked_up = lookups(m, p->client_id, posting->topic);
	size_t kept = copies_taken(p, got, true);

	if (!posting->retained)
		return false;
	return posting_times(posting, p->client_id) > 1 ? kept &&
			posting_times(posting, p->client_id) <=
				dues(m, p->client_id, posting) + looked_up
							: got->retain && kept <= looked_up;
}

bool messages_routed_late(
	const struct peer *p, const struct packet *got, const struct posting *posting)
{
	const struct messages *m = &p->test->messages;

	return posting->retained && copies_taken(p, got, false) == 1 &&
		!dues(m, p->client_id, posting) && lookups(m, p->client_id, posting->topic);
}

unsigned messages_handling_broken(
	const struct peer *p, const struct packet *got, const struct posting *posting)
{
	const struct messages *m = &p->test->messages;
	unsigned broken = 0;

	if (!got->retain || !posting->retained || dues(m, p->client_id, posting) ||
		messages_from_store(p, got, posting))
		return 0;
	for (size_t i = 0; i < m->filter_count; i++)
		if (is_awaited_by(&m->filters[i], p->client_id, posting->topic) &&
			m->filters[i].handling && !filter_is_shared(m->filters[i].text)) {
			if (broken && broken != m->filters[i].handling)
				return 0; /* nobody knows which */
			broken = m->filters[i].handling;
		}
	return broken;
}

/* ---- markers --------------------------------------------------------------------------------- */

bool postings_are_ordered(const struct posting *a, const struct posting *b)
{
	return !a->will && !b->will && a->qos == b->qos && !strcmp(a->publisher, b->publisher) &&
		bytes_equal(a->topic, b->topic);
}

/* Whether it is known to have found its subscribers: one has it, or a later one sent alike. */
static bool is_routed(
	const struct messages *all, const struct posting *m, const struct posting *marker)
{
	if (m->client_count)
		return true;
	for (size_t i = 0; i < all->posting_count; i++) {
		const struct posting *later = &all->postings[i];
		if (later != marker && later->order > m->order && later->client_count &&
			postings_are_ordered(m, later))
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
	uint64_t sum = digest(marker->payload);

	for (size_t i = all->posting_count; i-- > 0 && !m;)
		if (all->postings[i].payload == sum &&
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
