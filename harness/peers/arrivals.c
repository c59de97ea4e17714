/* What comes from the target: read, parsed, shown to the monitor, and kept as arrivals until an
 * expectation takes them.
 */
#include <poll.h>
#include <string.h>

#include "harness/test.h"

enum {
	READ_SIZE = 64 * 1024,
	TOPIC_ALIAS = 0x23,
	BEHIND_DISCONNECT_US = 100000, /* for the close, so that a failure can tell of it */
};

/* What is broken in every CONNACK is said once, by the survey. */
static bool is_known(const struct test *t, const struct packet *packet, const char *statement)
{
	const char *const *known = t->play->known;

	while (known && packet->type == CONNACK && *known)
		if (!strcmp(*known++, statement))
			return true;
	return false;
}

static void report(struct peer *p, const struct finding *findings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		test_finding(p->test, &findings[i], p);
}

/* What is wrong with a message of another case run is for that one to find: here it would come and go. */
static void report_packet(
	struct peer *p, const struct packet *packet, const struct finding *findings, size_t count)
{
	bool anothers = count && packet->type == PUBLISH && message_is_foreign(p, packet);

	for (size_t i = 0; i < count; i++)
		if (anothers)
			test_remark(p->test, p,
				"monitor: %s (%s), in a message of another case run",
				findings[i].what, findings[i].statement);
		else if (is_known(p->test, packet, findings[i].statement))
			test_remark(p->test, p, "monitor: %s (%s), as in every CONNACK",
				findings[i].what, findings[i].statement);
		else
			test_finding(p->test, &findings[i], p);
}

/* A message of another case run is no concern of this one: neither case nor monitor sees it. */
static bool is_of_another(const struct peer *p, const struct packet *packet)
{
	return packet->type == PUBLISH && topic_is_of_another(p, packet->topic) &&
		!properties_find(&packet->properties, TOPIC_ALIAS);
}

static void set_aside(struct peer *p, const struct packet *packet)
{
	struct test *t = p->test;

	t->foreign_unanswered |= packet->qos > 0;
	if (t->foreign)
		return;
	test_remark(t, p,
		"messages of other case runs come from here on: a finding of its own, and no "
		"matter "
		"of this case");
	t->foreign = arena_printf(
		t->arena, "%.*s", (int)packet->topic.len, (const char *)packet->topic.data);
}

/* What is off the record nobody looks back at, and there may be much of it. */
static void skip_taken(struct peer *p)
{
	while (p->arrival_first < p->arrival_count && p->arrivals[p->arrival_first].taken)
		p->arrival_first++;
	if (p->party->off_the_record && p->arrival_first == p->arrival_count)
		p->arrival_first = p->arrival_count = 0;
}

static void arrive(struct peer *p, struct packet packet)
{
	struct test *t = p->test;
	const struct finding *findings;

	if (tape_keeps(p->party, packet.type))
		tape_add(&t->tape, TAPE_PACKET_IN, p->party, packet.raw,
			wire_describe(t->arena, p->version, &packet));
	t->packets_in++;
	if (is_of_another(p, &packet)) {
		set_aside(p, &packet);
		return;
	}
	if (packet.type == CONNECT)
		client_greets(p, packet.raw);
	size_t found = monitor_packet(p->monitor, test_theirs(t), &packet, &findings);
	report_packet(p, &packet, findings, found);
	conduct_came(p, &packet);
	if (t->leavings)
		leavings_came(t->leavings, p->version, &packet, bytes_of(p->client_id),
			p->connect.kept || p->connect.expiry.value);
	if (packet.type == PUBLISH && !p->party->off_the_record)
		messages_arrived(p, &packet);

	struct arrival arrival = { .at_us = tape_now_us(&t->tape) };
	arrival.taken = (packet.type == PUBLISH && topic_is_foreign(p, packet.topic)) ||
		(packet.type == PINGRESP && keeping_answered(p));
	packet.topic = topic_stripped(t, packet.topic);
	arrival.packet = packet;
	skip_taken(p);
	p->arrivals = arena_grow(
		t->arena, p->arrivals, p->arrival_count, &p->arrival_capacity, sizeof(arrival));
	p->arrivals[p->arrival_count++] = arrival;
}

static void arrive_malformed(struct peer *p, struct bytes raw, const struct wire_result *result)
{
	struct test *t = p->test;
	const struct finding *findings;
	const char *shown = wire_describe_bytes(t->arena, raw);

	tape_add(&t->tape, TAPE_PACKET_IN, p->party, raw,
		arena_printf(t->arena, "malformed at byte %zu: %s: %s", result->offset,
			result->what, shown));
	if (raw.data[0] >> 4 == CONNECT)
		client_greets(p, raw);
	size_t found = monitor_malformed(p->monitor, test_theirs(t), result, &findings);
	for (size_t i = 0; i < found; i++) {
		struct finding with_bytes = findings[i];
		with_bytes.what = arena_printf(t->arena, "%s: %s", with_bytes.what, shown);
		test_finding(t, &with_bytes, p);
	}
	monitor_malformed(p->conduct, test_theirs(t), result, &findings);
	t->packets_in++;
}

/* Takes the packets from the front of the input. They are read twice, so that what cases see points
 * into memory that stays.
 */
static void take_packets(struct peer *p)
{
	struct test *t = p->test;
	size_t at = 0;

	while (at < p->in.len && !p->lost && t->packets_in < PACKETS_MAX) {
		struct packet packet;
		size_t left = p->in.len - at;
		struct wire_result r = wire_parse(t->arena, p->version, p->in.data + at, left,
			WIRE_REMAINING_LENGTH_MAX, &packet);
		if (r.status == WIRE_NEED_MORE)
			break;
		if (r.status == WIRE_PACKET && p->part && load_takes(p, &packet)) {
			at += r.consumed;
			continue;
		}
		size_t len = r.consumed ? r.consumed : left;
		uint8_t *copy = arena_copy(t->arena, p->in.data + at, len);
		if (r.status == WIRE_PACKET) {
			wire_parse(t->arena, p->version, copy, len, WIRE_REMAINING_LENGTH_MAX,
				&packet);
			arrive(p, packet);
		} else {
			arrive_malformed(p, (struct bytes){ copy, len }, &r);
			p->lost = !r.consumed;
			p->noise = p->lost ? (struct bytes){ copy, len } : (struct bytes){ 0 };
		}
		at += len;
	}
	buf_consume(&p->in, at);
	if (p->part)
		load_reply(p);
}

struct bytes peer_rest(const struct peer *p)
{
	if (p->reading != READS) /* then it is we who left it unfinished */
		return (struct bytes){ 0 };
	return p->lost ? p->noise : (struct bytes){ p->in.data, p->in.len };
}

void peer_show_rest(struct peer *p)
{
	struct bytes rest = peer_rest(p);

	if (rest.len && !p->lost && !p->party->off_the_record) /* a lost one has been shown */
		tape_add(&p->test->tape, TAPE_PACKET_IN, p->party, rest,
			arena_printf(p->test->arena, "unfinished packet: %s",
				wire_describe_bytes(p->test->arena, rest)));
}

static void end(struct peer *p, enum ending ending)
{
	struct test *t = p->test;
	const struct finding *findings;

	p->ended = ending;
	p->ended_us = tape_now_us(&t->tape);
	peer_show_rest(p);
	if (p->pipe->ended_by)
		test_remark(t, p, "%s", p->pipe->ended_by);
	tape_add(&t->tape, ending == ENDED_FIN ? TAPE_FIN_IN : TAPE_RESET_IN, p->party,
		(struct bytes){ 0 }, NULL);
	size_t found = monitor_closed(p->monitor, test_theirs(t), &findings);
	report(p, findings, found);
	monitor_closed(p->conduct, test_theirs(t), &findings);
}

void peer_receive(struct peer *p)
{
	uint8_t chunk[READ_SIZE];

	ssize_t n = pipe_read(p->pipe, chunk, sizeof(chunk));
	if (n > 0) {
		p->test->bytes_in += (size_t)n;
		p->bytes_in += (size_t)n;
		if (p->reading == READS_FOR_NOBODY)
			return;
		tape_add(&p->test->tape, TAPE_RECEIVED, p->party,
			(struct bytes){ chunk, (size_t)n }, NULL);
		buf_add(&p->in, chunk, (size_t)n);
		take_packets(p);
	} else if (n == PIPE_END || n == PIPE_RESET) {
		end(p, n == PIPE_END ? ENDED_FIN : ENDED_RESET);
	}
}

void peer_drain(struct peer *p)
{
	struct pollfd fd = { .fd = p->pipe->fd, .events = POLLIN };

	if (p->reading == READS_NOTHING)
		p->reading = READS_FOR_NOBODY;
	while (!p->ended && (pipe_pending(p->pipe) || poll(&fd, 1, 0) > 0))
		peer_receive(p);
	if (!p->ended)
		end(p, ENDED_RESET);
}

/* ---- waiting ------------------------------------------------------------------------------- */

struct arrival *peer_arrival(struct peer *p, uint32_t types)
{
	skip_taken(p);
	for (size_t i = p->arrival_first; i < p->arrival_count; i++)
		if (!p->arrivals[i].taken && types & SPEC_PACKET(p->arrivals[i].packet.type))
			return &p->arrivals[i];
	return NULL;
}

struct arrival *peer_arrival_of(struct peer *p, uint32_t types, unsigned id)
{
	skip_taken(p);
	for (size_t i = p->arrival_first; i < p->arrival_count; i++) {
		struct arrival *a = &p->arrivals[i];
		if (!a->taken && types & SPEC_PACKET(a->packet.type) && a->packet.id == id)
			return a;
	}
	return NULL;
}

struct arrival *peer_wait(struct peer *p, uint32_t types, int64_t until_us)
{
	const uint32_t last = SPEC_PACKET(DISCONNECT); /* nothing comes after it */

	for (bool in_time = true;; in_time = test_pump(p->test, until_us)) {
		struct arrival *arrival = peer_arrival(p, types);
		if (arrival || p->ended || p->closed || p->lost || !in_time)
			return arrival;
		if (peer_arrival(p, last)) {
			peer_wait_end(p, tape_now_us(&p->test->tape) + BEHIND_DISCONNECT_US);
			return NULL;
		}
	}
}

struct arrival *peer_wait_ack(struct peer *p, uint32_t types, unsigned id, int64_t until_us)
{
	struct arrival *a;
	bool in_time = true;

	while (!(a = peer_arrival_of(p, types, id)) && !p->ended && !p->closed && !p->lost &&
		in_time)
		in_time = test_pump(p->test, until_us);
	return a;
}

bool peer_wait_end(struct peer *p, int64_t until_us)
{
	bool in_time = true;

	while (!p->ended && !p->closed && in_time)
		in_time = test_pump(p->test, until_us);
	return p->ended || p->closed;
}
