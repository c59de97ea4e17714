/* The load generator: plays a workload against a broker and reports, as one line of JSON, the rate,
 * the latency from publisher to subscriber, and the processor time of the broker.
 *
 *   fan-in     P publishers ──▶ one subscriber
 *   fan-out    one publisher ──▶ S subscribers
 *   wildcards  P publishers ──▶ S subscribers with F wildcard subscriptions each, one of which
 *              matches each message
 *   idle       S connections, as fast as the broker takes them, which then say nothing: the time of
 *              a connection, and its memory
 *   stalled    fan-in, and a second subscriber that never reads
 *   kept       P publishers ──▶ S sessions with F subscriptions each, one of which matches each message; all
 *              sessions are kept (3.1.1: no Clean Session), and the subscribers have left before
 *              the first message: it has to be stored
 *   retained   P publishers, each message retained on a topic of its own
 *
 * Publishers keep a window of messages under way, end to end, so the queues of the broker stay short
 * and the latency is that of its work; or they send so many a second, whatever comes back, and the
 * latency is that of a broker with little to do. Where nobody receives anything it is the time until
 * the broker acknowledges, with the last packet of the QoS. All of it over TCP, or with TLS or
 * WebSocket or both on top. One thread: give it a core of its own.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/options.h"
#include "bench/packets.h"
#include "bench/process.h"
#include "bench/stream.h"
#include "bench/workload.h"

enum {
	CHUNK = 256 * 1024,
	EVENTS = 512,
	SAMPLES_MAX = 1000000,
	STALL_US = 60 * 1000000,
	ANSWER_MS = 60000, /* of waiting for a CONNACK or SUBACK */
	BURST = 16,        /* messages that a busy publisher writes at once */
	DIALLED = 64,      /* connections that wait for their CONNACK */
};

struct client {
	int fd;
	unsigned number;
	bool publisher, deaf;
	bool subscribed;
	unsigned filters; /* granted so far */
	uint16_t next_id;
	int64_t *
		sent_us; /* by Packet Identifier; NULL where it is not acknowledgements that count */
	uint8_t *in;
	size_t in_len;
	struct out out;
	struct stream *stream; /* NULL over TCP */
};

struct load {
	struct options o;
	int epoll;
	int ticks;    /* a timer of the system, for the rate */
	uint64_t due; /* messages, by its count */
	struct client *clients;
	unsigned count, ready;
	uint64_t sent, received, acked, expected;
	uint64_t copies; /* that one message has */
	uint32_t *latency_us;
	size_t samples;
	SSL_CTX *tls;
	uint8_t received_bytes[STREAM_READ_MAX]; /* before a stream has looked at them */
	uint8_t chunk[CHUNK];
	unsigned turn; /* publisher whose turn it is */
};

static void die(const char *what)
{
	fprintf(stderr, "mqttspec-load: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- packets ------------------------------------------------------------------------------- */

static void connect_add(struct client *c, const struct workload *w)
{
	char id[32];

	snprintf(id, sizeof(id), "load%d%c%u", (int)getpid() % 10000, c->publisher ? 'p' : 's',
		c->number);
	put_connect(&c->out, id, w->away);
}

static void subscribes_add(struct client *c, const struct options *o)
{
	char filter[WORKLOAD_TEXT];

	for (unsigned i = 0; i < o->filters; i++) {
		workload_filter(o->workload, (uint64_t)c->number * o->filters + i, filter);
		put_subscribe(&c->out, (uint16_t)(i % 65535 + 1), filter, o->qos);
	}
}

static void publish_add(struct load *l, struct client *c)
{
	static const uint8_t filler[OPTIONS_PAYLOAD_MAX];
	const struct options *o = &l->o;
	char topic[WORKLOAD_TEXT];
	int64_t now = clock_now_us();

	workload_topic(
		o->workload, l->sent, (uint64_t)o->subscribers * o->filters, c->number, topic);
	if (o->qos && !++c->next_id)
		c->next_id = 1;
	if (c->sent_us)
		c->sent_us[c->next_id] = now;
	put_publish(&c->out, topic, o->qos, o->workload->retains, c->next_id, o->payload);
	out_add(&c->out, &now, OPTIONS_STAMP);
	out_add(&c->out, filler, o->payload - OPTIONS_STAMP);
	l->sent++;
}

/* ---- the work ------------------------------------------------------------------------------ */

static void want(struct load *l, struct client *c, bool room)
{
	struct epoll_event e = { .events = c->deaf && c->subscribed ? 0 : EPOLLIN, .data.ptr = c };

	if (room)
		e.events |= EPOLLOUT;
	epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

static void flush(struct load *l, struct client *c)
{
	struct out *out = &c->out;
	size_t done = 0;

	if (c->stream) {
		stream_write(c->stream, out);
		out = &c->stream->wire;
	}
	while (done < out->len) {
		ssize_t n = send(c->fd, out->data + done, out->len - done, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			die("send");
		done += (size_t)n;
	}
	memmove(out->data, out->data + done, out->len - done);
	out->len -= done;
	if (out->len || done == 0)
		want(l, c, out->len != 0);
}

static void count_latency(struct load *l, int64_t sent_us)
{
	if (l->samples < SAMPLES_MAX)
		l->latency_us[l->samples++] = (uint32_t)(clock_now_us() - sent_us);
}

static void count_message(struct load *l, const uint8_t *payload)
{
	int64_t sent;

	memcpy(&sent, payload, OPTIONS_STAMP);
	count_latency(l, sent);
	l->received++;
}

static void count_ack(struct load *l, const struct client *c, const uint8_t *id)
{
	if (c->sent_us)
		count_latency(l, c->sent_us[id[0] << 8 | id[1]]);
	l->acked++;
}

/* The session stays. */
static void leave(struct load *l, struct client *c)
{
	put_disconnect(&c->out);
	flush(l, c);
	close(c->fd);
	c->fd = -1;
	free(c->out.data);
	c->out = (struct out){ 0 };
}

static void take_packet(
	struct load *l, struct client *c, const uint8_t *packet, const uint8_t *body)
{
	unsigned qos = packet[0] >> 1 & 3;

	switch (packet[0] >> 4) {
	case 2:
		if (body[1])
			die("CONNACK refuses");
		if (c->publisher || l->o.workload->idle)
			l->ready++;
		else
			subscribes_add(c, &l->o);
		break;
	case 3: {
		const uint8_t *at = body + 2 + (body[0] << 8 | body[1]);
		if (qos)
			put_ack(&c->out, qos == 1 ? 0x40 : 0x50, at);
		count_message(l, qos ? at + 2 : at);
		break;
	}
	case 4: count_ack(l, c, body); break;
	case 5: put_ack(&c->out, 0x62, body); break;
	case 6: put_ack(&c->out, 0x70, body); break;
	case 7: count_ack(l, c, body); break;
	case 9:
		if (++c->filters < l->o.filters)
			break;
		c->subscribed = true;
		l->ready++;
		if (c->deaf)
			want(l, c, false);
		if (l->o.workload->away)
			leave(l, c);
		break;
	default: break;
	}
}

static size_t take_packets(struct load *l, struct client *c, const uint8_t *data, size_t len)
{
	size_t used = 0;

	while (len - used >= 2) {
		const uint8_t *packet = data + used;
		size_t rest = 0, at = 1;
		unsigned shift = 0;
		bool more = true;
		while (more && at < len - used) {
			rest |= (size_t)(packet[at] & 0x7f) << shift;
			shift += 7;
			more = packet[at++] & 0x80;
		}
		if (more || at + rest > len - used)
			break;
		take_packet(l, c, packet, packet + at);
		used += at + rest;
	}
	return used;
}

static void receive(struct load *l, struct client *c)
{
	uint8_t *rest = l->chunk + c->in_len;
	ssize_t n;

	if (c->in_len)
		memcpy(l->chunk, c->in, c->in_len);
	if (c->stream)
		n = recv(c->fd, l->received_bytes, STREAM_READ_MAX, MSG_DONTWAIT);
	else
		n = recv(c->fd, rest, CHUNK - c->in_len, MSG_DONTWAIT);
	if (n == 0) {
		errno = ECONNRESET;
		die("the broker closed a connection");
	}
	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0)
		die("recv");
	size_t got = (size_t)n;
	if (c->stream)
		got = stream_read(c->stream, l->received_bytes, got, rest);
	size_t len = c->in_len + got;
	size_t used = take_packets(l, c, l->chunk, len);
	if (c->fd < 0)
		return;
	c->in_len = len - used;
	c->in = realloc(c->in, c->in_len + 1);
	if (!c->in)
		die("memory");
	memcpy(c->in, l->chunk + used, c->in_len);
	if (c->out.len || (c->stream && c->stream->wire.len))
		flush(l, c);
}

/* True if anything happened. */
static bool turn(struct load *l, int wait_ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(l->epoll, events, EVENTS, wait_ms);

	for (int i = 0; i < n; i++) {
		struct client *c = events[i].data.ptr;
		uint64_t passed = 0;
		if (!c) {
			l->due += read(l->ticks, &passed, sizeof(passed)) > 0 ? passed : 0;
			continue;
		}
		if (events[i].events & EPOLLOUT)
			flush(l, c);
		if (events[i].events & ~EPOLLOUT)
			receive(l, c);
	}
	return n > 0;
}

static uint64_t under_way(const struct load *l)
{
	if (workload_ends_with_acks(l->o.workload))
		return l->sent - l->acked;
	uint64_t delivered = l->received / l->copies;
	uint64_t done = l->o.qos && l->acked < delivered ? l->acked : delivered;

	return l->sent - done;
}

/* Messages, each time that they arrive; where nobody receives any, those that are acknowledged. */
static uint64_t done(const struct load *l)
{
	return workload_ends_with_acks(l->o.workload) ? l->acked : l->received;
}

static bool is_done(const struct load *l)
{
	return l->received >= l->expected && (!l->o.qos || l->acked >= l->o.messages);
}

static void publish(struct load *l, unsigned most)
{
	struct client *c = &l->clients[l->turn++ % l->o.publishers];

	for (unsigned i = 0; i < most && l->sent < l->o.messages; i++)
		publish_add(l, c);
	flush(l, c);
}

static void publish_what_is_due(struct load *l)
{
	if (l->o.rate) {
		while (l->sent < l->o.messages && l->sent < l->due)
			publish(l, 1);
		return;
	}
	for (uint64_t now; l->sent < l->o.messages && (now = under_way(l)) < l->o.window;) {
		uint64_t free = l->o.window - now;
		publish(l, free < BURST ? (unsigned)free : BURST);
	}
}

static void run(struct load *l)
{
	int64_t last_us = clock_now_us();
	uint64_t seen = 0;

	while (!is_done(l)) {
		publish_what_is_due(l);
		turn(l, 1000);
		if (done(l) != seen) {
			seen = done(l);
			last_us = clock_now_us();
		}
		if (clock_now_us() - last_us > STALL_US) {
			fprintf(stderr,
				"mqttspec-load: %llu of %llu messages came, then none for %d s\n",
				(unsigned long long)seen,
				(unsigned long long)(l->expected ? l->expected : l->o.messages),
				STALL_US / 1000000);
			exit(1);
		}
	}
}

/* ---- the beginning ------------------------------------------------------------------------- */

static void dial(struct load *l, struct client *c, unsigned number, bool publisher)
{
	/* ports of one source address run out: idle connections use several */
	struct sockaddr_in from = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + number / 20000) };
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(l->o.port) };

	*c = (struct client){ .number = number, .publisher = publisher };
	if (l->tls || l->o.websocket) {
		c->stream = malloc(sizeof(*c->stream));
		if (!c->stream)
			die("memory");
		stream_init(c->stream, l->tls, l->o.websocket);
	}
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		die("socket");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	setsockopt(c->fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &(int){ 1 }, sizeof(int));
	if (bind(c->fd, (struct sockaddr *)&from, sizeof(from)) ||
		connect(c->fd, (struct sockaddr *)&to, sizeof(to)))
		die("connect");
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
	epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e);
	if (publisher && workload_ends_with_acks(l->o.workload)) {
		c->sent_us = calloc(65536, sizeof(*c->sent_us));
		if (!c->sent_us)
			die("memory");
	}
	connect_add(c, l->o.workload);
	flush(l, c);
}

/* All connections, a few at a time, each ready before the work begins. */
static void prepare(struct load *l)
{
	const struct options *o = &l->o;
	const struct workload *w = o->workload;

	l->count = (w->idle ? 0 : o->publishers) + (w->retains ? 0 : o->subscribers);
	l->clients = calloc(l->count, sizeof(*l->clients));
	l->latency_us = malloc(SAMPLES_MAX * sizeof(*l->latency_us));
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!l->clients || !l->latency_us)
		die("memory");
	if (o->tls)
		l->tls = stream_tls_new();
	for (unsigned i = 0; i < l->count; i++) {
		bool publisher = !w->idle && i < o->publishers;
		dial(l, &l->clients[i], publisher || w->idle ? i : i - o->publishers, publisher);
		l->clients[i].deaf = w->deaf && i == l->count - 1;
		while (l->ready + DIALLED < i)
			if (!turn(l, ANSWER_MS))
				die("the broker does not answer");
	}
	while (l->ready < l->count)
		if (!turn(l, ANSWER_MS))
			die("the broker does not answer");
	l->copies = w->addressing == ADDRESS_ALL ? o->subscribers - w->deaf : 1;
	l->expected = workload_ends_with_acks(w) ? 0 : o->messages * l->copies;
}

/* The ticks of the rate. */
static void start_ticks(struct load *l)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL };
	struct itimerspec every = { 0 };

	if (!l->o.rate)
		return;
	every.it_interval.tv_nsec = 1000000000 / l->o.rate;
	every.it_value = every.it_interval;
	l->ticks = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (l->ticks < 0 || timerfd_settime(l->ticks, 0, &every, NULL) ||
		epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->ticks, &e))
		die("timer");
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t percentile(struct load *l, double p)
{
	return l->samples ? l->latency_us[(size_t)((double)(l->samples - 1) * p)] : 0;
}

static void report_connections(struct load *l, double seconds, double cpu, long long memory_before)
{
	/* the broker may still be busy with the last of them */
	usleep(300000);
	printf("{\"workload\":\"idle\",\"connections\":%u,\"seconds\":%.3f,\"rate\":%.0f,"
	       "\"cpu_seconds\":%.3f,\"cpu_per_million\":%.3f,\"bytes_per_connection\":%.1f}\n",
		l->count, seconds, l->count / seconds, cpu, cpu * 1e6 / l->count,
		(double)(process_memory_bytes(l->o.broker) - memory_before) / l->count);
}

static void report_messages(struct load *l, int64_t began_us, int64_t ended_us, double cpu)
{
	double seconds = (double)(ended_us - began_us) / 1e6, count = (double)done(l);

	qsort(l->latency_us, l->samples, sizeof(*l->latency_us), compare);
	printf("{\"workload\":\"%s\",\"qos\":%u,\"messages\":%llu,\"delivered\":%llu,"
	       "\"acknowledged\":%llu,\"began_us\":%lld,\"ended_us\":%lld,\"seconds\":%.3f,"
	       "\"rate\":%.0f,\"cpu_seconds\":%.3f,\"cpu_per_million\":%.3f,"
	       "\"p50_us\":%u,\"p99_us\":%u,\"memory_bytes\":%lld}\n",
		l->o.workload->name, l->o.qos, (unsigned long long)l->sent,
		(unsigned long long)l->received, (unsigned long long)l->acked, (long long)began_us,
		(long long)ended_us, seconds, count ? count / seconds : 0, cpu,
		count ? cpu * 1e6 / count : 0, percentile(l, 0.5), percentile(l, 0.99),
		process_memory_bytes(l->o.broker));
}

int main(int argc, char **argv)
{
	static struct load l;
	struct rlimit files;

	l.o = options_read(argc, argv);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);

	bool idle = l.o.workload->idle;
	long long memory_before = process_memory_bytes(l.o.broker);
	double cpu = process_cpu_seconds(l.o.broker);
	int64_t began = clock_now_us();
	prepare(&l);
	if (!idle) {
		cpu = process_cpu_seconds(l.o.broker);
		began = clock_now_us();
		start_ticks(&l);
		run(&l);
	}
	int64_t ended = clock_now_us();
	cpu = process_cpu_seconds(l.o.broker) - cpu;
	if (idle)
		report_connections(&l, (double)(ended - began) / 1e6, cpu, memory_before);
	else
		report_messages(&l, began, ended, cpu);
	return 0;
}
