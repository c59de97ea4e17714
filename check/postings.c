#include "check/postings.h"

#include <stdlib.h>

#include "base/digest.h"

enum {
	PLACES = 16384,    /* a power of two: a newer message takes the place of an older one */
	WILLS = 1024,      /* a power of two; when half of them are used, that is the end */
	PAYLOAD_LEAST = 8, /* bytes of one that can be told from others */
	PAYLOAD_SEEN = 64, /* bytes that tell it */
	LATE_US = 10 * 1000 * 1000, /* a message that is delivered later may be an older one */
};

struct posting {
	uint64_t key; /* 0: a free place */
	int64_t at_us;
	uint32_t server; /* a digest of its address */
	uint8_t qos;
	bool doubtful;
};

struct postings {
	struct posting places[PLACES];
	uint64_t wills[WILLS]; /* keys; 0: a free place */
	unsigned will_count;
	bool begun, ended;
};

struct postings *postings_new(void)
{
	struct postings *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	return p;
}

void postings_free(struct postings *p)
{
	free(p);
}

static uint32_t digest_of(const struct flow_end *server)
{
	return (uint32_t)digest_add(DIGEST_NONE, server->address, sizeof(server->address));
}

/* At whatever server: two addresses may be one. */
static uint64_t key_of(struct bytes topic, struct bytes payload)
{
	size_t seen = payload.len < PAYLOAD_SEEN ? payload.len : PAYLOAD_SEEN;
	uint64_t key = digest_add(DIGEST_NONE, topic.data, topic.len);

	key = digest_add(key, &payload.len, sizeof(payload.len));
	key = digest_add(key, payload.data, seen);
	return key ? key : 1;
}

void postings_begin(struct postings *p)
{
	p->begun = true;
}

static uint64_t *will_at(struct postings *p, uint64_t key)
{
	size_t at = key & (WILLS - 1);

	while (p->wills[at] && p->wills[at] != key)
		at = (at + 1) & (WILLS - 1);
	return &p->wills[at];
}

void postings_will(struct postings *p, const struct packet *connect)
{
	uint64_t key = key_of(connect->will_topic, connect->will_payload);
	uint64_t *place = will_at(p, key);

	if (p->ended || *place == key)
		return;
	*place = key;
	p->ended = ++p->will_count == WILLS / 2;
}

static bool is_of_interest(
	const struct postings *p, const struct packet *publish, struct bytes topic)
{
	return p->begun && !p->ended && topic.len && publish->payload.len >= PAYLOAD_LEAST;
}

void postings_publish(struct postings *p, const struct flow_end *server,
	const struct packet *publish, struct bytes topic, int64_t at_us)
{
	if (!is_of_interest(p, publish, topic))
		return;
	uint64_t key = key_of(topic, publish->payload);
	struct posting *one = &p->places[key & (PLACES - 1)];
	bool crowded = one->key && one->key != key && at_us - one->at_us < LATE_US;
	bool again = one->key == key || crowded || publish->dup || *will_at(p, key) == key;
	*one = (struct posting){ key, at_us, digest_of(server), publish->qos, again };
}

static struct posting *find(struct postings *p, const struct flow_end *server,
	const struct packet *publish, struct bytes topic)
{
	if (!is_of_interest(p, publish, topic))
		return NULL;
	uint64_t key = key_of(topic, publish->payload);
	struct posting *one = &p->places[key & (PLACES - 1)];
	return one->key == key && one->server == digest_of(server) ? one : NULL;
}

int postings_qos(struct postings *p, const struct flow_end *server, const struct packet *publish,
	struct bytes topic, int64_t at_us)
{
	const struct posting *one = find(p, server, publish, topic);
	bool clear = one && !one->doubtful && *will_at(p, one->key) != one->key &&
		!publish->retain && !publish->dup && at_us - one->at_us < LATE_US;

	return clear ? one->qos : -1;
}

void postings_settle(struct postings *p, const struct flow_end *server,
	const struct packet *publish, struct bytes topic)
{
	struct posting *one = find(p, server, publish, topic);

	if (one)
		one->doubtful = true;
}

void postings_end(struct postings *p)
{
	p->ended = true;
}
