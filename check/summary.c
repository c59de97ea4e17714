#include "check/summary.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/utf8.h"
#include "harness/wire/wire.h"

enum {
	TYPES = 16,
	QOS_KINDS = 4,
	TOPIC_PLACES = 8192, /* a power of two; three quarters of them are used */
	TOPICS_SHOWN = 10,
	TOPIC_TEXT = 64,
	WAITING_PLACES = 65536, /* a power of two: a newer one takes the place of an older one */
	BAR = 30,
	SILENCES = 10,
	CLIENT_TEXT = 40,
};

struct topic {
	uint64_t digest;      /* 0: a free place */
	uint64_t messages[2]; /* by enum side: from clients, and to them */
	uint64_t bytes;
	uint8_t len;
	bool cut;
	uint8_t text[TOPIC_TEXT];
};

/* A PUBLISH whose answer, or whose way through the broker, is not seen yet. */
struct waiting {
	uint64_t key;
	int64_t since_us;
};

struct silence {
	int64_t us;
	uint32_t keep_alive_s;
	uint32_t connection;
	char client_id[CLIENT_TEXT + sizeof("...")]; /* "": not known */
};

struct summary {
	uint64_t packets[2][TYPES]; /* by enum side */
	uint64_t publishes[2][QOS_KINDS];
	uint64_t payload[2];
	struct topic topics[TOPIC_PLACES];
	size_t topic_count;
	uint64_t untold; /* messages on topics that found no place */
	struct waiting waiting[WAITING_PLACES];
	struct traffic_times times[TRAFFIC_WAYS];
	struct silence silences[SILENCES]; /* the longest in terms of Keep Alive first */
	size_t silence_count;
};

struct summary *summary_new(void)
{
	struct summary *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	return s;
}

void summary_free(struct summary *s)
{
	free(s);
}

/* ---- durations ------------------------------------------------------------------------------ */

static uint64_t times_count(const struct traffic_times *t)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < TRAFFIC_STEPS; i++)
		count += t->steps[i];
	return count;
}

static void times_add(struct traffic_times *t, int64_t us)
{
	unsigned step = 0;

	if (us < 0)
		return;
	if (us < t->least_us || !times_count(t))
		t->least_us = us;
	if (us > t->most_us)
		t->most_us = us;
	while (step + 1 < TRAFFIC_STEPS && us >> (step + 1))
		step++;
	t->steps[step]++;
}

static uint64_t key_of(uint64_t seed, const void *data, size_t size)
{
	uint64_t key = digest_add(seed, data, size);

	return key ? key : 1;
}

static struct waiting *waiting_at(struct summary *s, uint64_t key)
{
	return &s->waiting[key & (WAITING_PLACES - 1)];
}

static void wait_for(struct summary *s, uint64_t key, int64_t at_us)
{
	*waiting_at(s, key) = (struct waiting){ key, at_us };
}

/* It is over with the first answer. */
static void arrived(
	struct summary *s, enum traffic_way which, uint64_t key, int64_t at_us, bool once)
{
	struct waiting *w = waiting_at(s, key);

	if (w->key != key)
		return;
	times_add(&s->times[which], at_us - w->since_us);
	if (once)
		w->key = 0;
}

static uint64_t key_of_id(uint32_t connection, enum side publisher, uint16_t id)
{
	uint32_t words[] = { connection, (uint32_t)publisher << 16 | id };

	return key_of(DIGEST_NONE, words, sizeof(words));
}

/* ---- packets -------------------------------------------------------------------------------- */

static struct topic *topic_of(struct summary *s, struct bytes name)
{
	uint64_t digest = key_of(DIGEST_NONE, name.data, name.len);
	size_t at = digest & (TOPIC_PLACES - 1);

	while (s->topics[at].digest && s->topics[at].digest != digest)
		at = (at + 1) & (TOPIC_PLACES - 1);
	struct topic *t = &s->topics[at];
	if (t->digest)
		return t;
	if (s->topic_count == TOPIC_PLACES / 4 * 3)
		return NULL;
	s->topic_count++;
	t->digest = digest;
	t->cut = name.len > TOPIC_TEXT;
	t->len = (uint8_t)utf8_cut(name.data, name.len, TOPIC_TEXT);
	memcpy(t->text, name.data, t->len);
	return t;
}

static void publish(struct summary *s, uint32_t connection, enum side from, const struct packet *p,
	struct bytes topic, int64_t at_us)
{
	s->publishes[from][p->qos]++;
	s->payload[from] += p->payload.len;
	if (p->qos)
		wait_for(s, key_of_id(connection, from, p->id), at_us);
	if (!topic.len)
		return;
	struct topic *t = topic_of(s, topic);
	if (t) {
		t->messages[from]++;
		t->bytes += p->payload.len;
	} else {
		s->untold++;
	}
	uint64_t key =
		key_of(key_of(DIGEST_NONE, topic.data, topic.len), p->payload.data, p->payload.len);
	if (from == SIDE_CLIENT)
		wait_for(s, key, at_us);
	else if (!p->retain && !p->dup)
		arrived(s, TRAFFIC_THROUGH, key, at_us, false);
}

void summary_packet(struct summary *s, uint32_t connection, enum side from, const struct packet *p,
	struct bytes topic, int64_t at_us)
{
	enum side other = from == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;

	s->packets[from][p->type]++;
	if (p->type == PUBLISH)
		publish(s, connection, from, p, topic, at_us);
	else if (p->type == PUBACK || p->type == PUBREC)
		arrived(s, from == SIDE_SERVER ? TRAFFIC_SERVER_ANSWER : TRAFFIC_CLIENT_ANSWER,
			key_of_id(connection, other, p->id), at_us, true);
}

static double share(const struct silence *s)
{
	return (double)s->us / s->keep_alive_s;
}

static void note_client(struct silence *s, const char *client_id)
{
	size_t len = strlen(client_id);
	size_t kept = utf8_cut((const uint8_t *)client_id, len, CLIENT_TEXT);

	snprintf(s->client_id, sizeof(s->client_id), "%.*s%s", (int)kept, client_id,
		kept < len ? "..." : "");
}

void summary_silence(struct summary *s, const struct check_connection *connection,
	int64_t silence_us, uint32_t keep_alive_s)
{
	struct silence one = { silence_us, keep_alive_s, connection->number, "" };
	size_t at = s->silence_count;

	if (!keep_alive_s || !silence_us)
		return;
	while (at && share(&s->silences[at - 1]) < share(&one))
		at--;
	if (at == SILENCES)
		return;
	if (connection->client_id)
		note_client(&one, connection->client_id);
	if (s->silence_count < SILENCES)
		s->silence_count++;
	memmove(&s->silences[at + 1], &s->silences[at],
		(s->silence_count - 1 - at) * sizeof(*s->silences));
	s->silences[at] = one;
}

/* ---- for people ------------------------------------------------------------------------------ */

static void print_packets(const struct summary *s, FILE *to)
{
	fprintf(to, "\nPackets                    from clients   from servers\n");
	for (unsigned type = 0; type < TYPES; type++) {
		if (!s->packets[SIDE_CLIENT][type] && !s->packets[SIDE_SERVER][type])
			continue;
		fprintf(to, "  %-22s %14llu %14llu\n", spec_packet_name(type),
			(unsigned long long)s->packets[SIDE_CLIENT][type],
			(unsigned long long)s->packets[SIDE_SERVER][type]);
		for (unsigned qos = 0; type == PUBLISH && qos < QOS_KINDS; qos++)
			if (s->publishes[SIDE_CLIENT][qos] || s->publishes[SIDE_SERVER][qos])
				fprintf(to, "    of QoS %u             %14llu %14llu\n", qos,
					(unsigned long long)s->publishes[SIDE_CLIENT][qos],
					(unsigned long long)s->publishes[SIDE_SERVER][qos]);
	}
	if (s->payload[SIDE_CLIENT] || s->payload[SIDE_SERVER])
		fprintf(to, "  %-22s %14llu %14llu\n", "bytes of payload",
			(unsigned long long)s->payload[SIDE_CLIENT],
			(unsigned long long)s->payload[SIDE_SERVER]);
}

static uint64_t messages(const struct topic *t)
{
	return t->messages[SIDE_CLIENT] + t->messages[SIDE_SERVER];
}

static int by_messages(const void *a, const void *b)
{
	const struct topic *one = *(const struct topic *const *)a;
	const struct topic *two = *(const struct topic *const *)b;

	if (messages(one) != messages(two))
		return messages(one) < messages(two) ? 1 : -1;
	return one->digest < two->digest ? -1 : one->digest > two->digest;
}

static void print_name(const struct topic *t, FILE *to)
{
	for (size_t i = 0; i < t->len; i++)
		fputc(t->text[i] >= ' ' && t->text[i] < 0x7F ? t->text[i] : '?', to);
	fputs(t->cut ? "...\n" : "\n", to);
}

/* The busiest first; to be freed. */
static const struct topic **sort_topics(const struct summary *s)
{
	const struct topic **sorted = calloc(s->topic_count + 1, sizeof(struct topic *));
	size_t count = 0;

	if (!sorted)
		abort();
	for (size_t i = 0; i < TOPIC_PLACES; i++)
		if (s->topics[i].digest)
			sorted[count++] = &s->topics[i];
	qsort(sorted, count, sizeof(struct topic *), by_messages);
	return sorted;
}

static void print_topics(const struct summary *s, FILE *to, int64_t duration_us)
{
	const struct topic **sorted = sort_topics(s);
	double seconds = duration_us > 0 ? (double)duration_us / 1e6 : 1;
	size_t count = s->topic_count;

	if (count)
		fprintf(to, "\nTopics, the busiest first    to the server  from it  a second\n");
	for (size_t i = 0; i < count && i < TOPICS_SHOWN; i++) {
		fprintf(to, "  %25llu %14llu %9.1f  ",
			(unsigned long long)sorted[i]->messages[SIDE_CLIENT],
			(unsigned long long)sorted[i]->messages[SIDE_SERVER],
			(double)messages(sorted[i]) / seconds);
		print_name(sorted[i], to);
	}
	if (count > TOPICS_SHOWN)
		fprintf(to, "  and %zu more topics\n", count - TOPICS_SHOWN);
	if (s->untold)
		fprintf(to, "  and %llu messages on topics beyond the first %zu\n",
			(unsigned long long)s->untold, s->topic_count);
	free(sorted);
}

static void print_time(FILE *to, int64_t us)
{
	if (us < 1000)
		fprintf(to, "%5lld us", (long long)us);
	else if (us < 1000000)
		fprintf(to, "%5.1f ms", (double)us / 1e3);
	else
		fprintf(to, "%5.1f s ", (double)us / 1e6);
}

static void print_times(const struct traffic_times *d, FILE *to, const char *what)
{
	uint64_t most = 0, count = times_count(d);

	if (!count)
		return;
	fprintf(to, "\n%s: %llu, from", what, (unsigned long long)count);
	print_time(to, d->least_us);
	fputs(" to", to);
	print_time(to, d->most_us);
	fputc('\n', to);
	for (unsigned i = 0; i < TRAFFIC_STEPS; i++)
		most = d->steps[i] > most ? d->steps[i] : most;
	for (unsigned i = 0; i < TRAFFIC_STEPS; i++) {
		if (!d->steps[i])
			continue;
		fputs("  from ", to);
		print_time(to, i ? INT64_C(1) << i : 0);
		fprintf(to, " %10llu ", (unsigned long long)d->steps[i]);
		for (uint64_t k = 0; k < (d->steps[i] * BAR + most - 1) / most; k++)
			fputc('#', to);
		fputc('\n', to);
	}
}

static void print_silences(const struct summary *s, FILE *to)
{
	if (s->silence_count)
		fprintf(to, "\nLongest silences of clients, against their Keep Alive\n");
	for (size_t i = 0; i < s->silence_count; i++)
		fprintf(to, "  connection #%u: %.1f s, Keep Alive %u s\n",
			s->silences[i].connection, (double)s->silences[i].us / 1e6,
			s->silences[i].keep_alive_s);
}

void summary_print(const struct summary *s, FILE *to, int64_t duration_us)
{
	print_packets(s, to);
	print_topics(s, to, duration_us);
	print_times(&s->times[TRAFFIC_SERVER_ANSWER], to,
		"From a client's PUBLISH to PUBACK or PUBREC of the server");
	print_times(&s->times[TRAFFIC_CLIENT_ANSWER], to,
		"From a server's PUBLISH to PUBACK or PUBREC of the client");
	print_times(&s->times[TRAFFIC_THROUGH], to, "From a client's PUBLISH to that of a server");
	print_silences(s, to);
}

/* ---- for records ----------------------------------------------------------------------------- */

static const struct traffic_topic *topics_of(
	const struct summary *s, struct arena *a, size_t *count)
{
	const struct topic **sorted = sort_topics(s);

	*count = s->topic_count < TOPICS_SHOWN ? s->topic_count : TOPICS_SHOWN;
	struct traffic_topic *list = arena_alloc(a, *count * sizeof(*list));
	for (size_t i = 0; i < *count; i++)
		list[i] = (struct traffic_topic){
			.name = arena_printf(a, "%.*s%s", sorted[i]->len,
				(const char *)sorted[i]->text, sorted[i]->cut ? "..." : ""),
			.to_server = sorted[i]->messages[SIDE_CLIENT],
			.from_server = sorted[i]->messages[SIDE_SERVER],
		};
	free(sorted);
	return list;
}

struct record_traffic summary_traffic(const struct summary *s, struct arena *a, int64_t captured_us)
{
	struct record_traffic t = { .captured_us = captured_us > 0 ? captured_us : 1 };
	struct traffic_silence *silences = arena_alloc(a, s->silence_count * sizeof(*silences));

	t.topics = topics_of(s, a, &t.topic_count);
	memcpy(t.times, s->times, sizeof(t.times));
	t.silences = silences;
	t.silence_count = s->silence_count;
	for (size_t i = 0; i < s->silence_count; i++) {
		const struct silence *one = &s->silences[i];
		silences[i] = (struct traffic_silence){ one->connection,
			*one->client_id ? one->client_id : NULL, one->us, one->keep_alive_s };
	}
	return t;
}
