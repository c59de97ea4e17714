/* A peer's connection: dialling or accepting, sending in the segments that the run asks for, and sorting
 * what comes into arrivals.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hex.h"
#include "harness/test.h"

enum {
	READ_SIZE = 64 * 1024,
	INPUT_LIMIT = WIRE_REMAINING_LENGTH_MAX + WIRE_HEADER_MAX + READ_SIZE,
	BEHIND_DISCONNECT_US = 100000, /* for the close, so that a failure can tell of it */
	PACKETS_MAX = 400000,          /* of the target in one case run: more is a flood */
	BYTEWISE_MAX = 4096, /* bytes of a packet up to which SEGMENT_BYTES writes each by itself */
	BYTE_PAUSE_US =
		200, /* between the writes of SEGMENT_BYTES and SEGMENT_SPLIT: the target is to
			      * find them in separate reads */
};

/* The parties of one role are told apart by a number: "client", "client#2". */
static const char *party_name(struct test *t, const char *role)
{
	unsigned same = 1;

	for (size_t i = 0; i < t->peer_count; i++)
		same += !strcmp(t->peers[i]->role, role);
	return same == 1 ? arena_text(t->arena, role) : arena_printf(t->arena, "%s#%u", role, same);
}

/* The prefix of the run and the letters and digits of the role, 23 characters at most: what every
 * server must accept. [MQTT-3.1.3-5]
 */
static const char *own_client_id(struct test *t, const char *role)
{
	char id[24];
	size_t len = (size_t)snprintf(id, sizeof(id), "%s", t->play->prefix);

	for (const char *c = role; *c && len < sizeof(id) - 1; c++)
		if ((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
			(*c >= 'A' && *c <= 'Z'))
			id[len++] = *c;
	id[len] = '\0';
	return arena_text(t->arena, id);
}

struct peer *peer_new(struct test *t, const char *role)
{
	if (t->peer_count == PEERS_MAX)
		test_end(t, AT("join"), VERDICT_ERROR,
			"the case has more peers than the harness allows");
	struct peer *p = arena_new(t->arena, struct peer);
	p->test = t;
	p->role = arena_text(t->arena, role);
	p->client_id = own_client_id(t, role);
	p->last_fence = FENCE_ID_BASE;
	p->party = arena_new(t->arena, struct tape_party);
	p->party->name = party_name(t, role);
	const struct peer *before = t->peer_count ? t->peers[t->peer_count - 1] : NULL;
	p->monitor = monitor_new(
		t->arena, t->play->version, test_theirs(t), before ? before->monitor : NULL);
	p->conduct = monitor_new(
		t->arena, t->play->version, test_ours(t), before ? before->conduct : NULL);
	buf_init(&p->in, INPUT_LIMIT);
	buf_init(&p->corked, INPUT_LIMIT);
	t->peers[t->peer_count++] = p;
	return p;
}

bool peer_dial(struct peer *p, const char **error)
{
	struct test *t = p->test;

	p->transport = transport_dial_tcp(
		t->arena, t->play->target, clock_now_us() + t->play->answer_us, error);
	if (!p->transport) {
		p->party->remote = t->play->target->address;
		p->party->local = t->play->target->address;
		tape_add(&t->tape, TAPE_REFUSED, p->party, (struct bytes){ 0 },
			arena_printf(t->arena, "no connection: %s", *error));
		p->closed = true;
		return false;
	}
	p->party->local = p->transport->local;
	p->party->remote = p->transport->remote;
	p->last_begun_us = p->last_sent_us = tape_now_us(&t->tape);
	tape_add(&t->tape, TAPE_CONNECTED, p->party, (struct bytes){ 0 }, NULL);
	return true;
}

struct peer *peer_accept(struct test *t, const char *role, int64_t until_us)
{
	struct transport *transport = transport_accept_tcp(t->arena, t->listener);

	t->accepting = true;
	while (!transport && tape_now_us(&t->tape) < until_us && !client_gave_up(t)) {
		test_pump(t, until_us);
		transport = transport_accept_tcp(t->arena, t->listener);
	}
	t->accepting = false;
	if (!transport)
		return NULL;
	struct peer *p = peer_new(t, role);
	p->transport = transport;
	p->party->accepted = true;
	p->party->local = transport->local;
	p->party->remote = transport->remote;
	p->last_begun_us = p->last_sent_us = tape_now_us(&t->tape);
	tape_add(&t->tape, TAPE_CONNECTED, p->party, (struct bytes){ 0 }, NULL);
	return p;
}

/* ---- receiving ----------------------------------------------------------------------------- */

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

static void report_packet(
	struct peer *p, const struct packet *packet, const struct finding *findings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_known(p->test, packet, findings[i].statement))
			test_remark(p->test, p, "monitor: %s (%s), as in every CONNACK",
				findings[i].what, findings[i].statement);
		else
			test_finding(p->test, &findings[i], p);
}

static void arrive(struct peer *p, struct packet packet)
{
	struct test *t = p->test;
	const struct finding *findings;

	tape_add(&t->tape, TAPE_PACKET_IN, p->party, packet.raw,
		wire_describe(t->arena, t->play->version, &packet));
	size_t found = monitor_packet(p->monitor, test_theirs(t), &packet, &findings);
	report_packet(p, &packet, findings, found);
	conduct_came(p, &packet);
	if (packet.type == PUBLISH)
		messages_arrived(p, &packet);
	t->packets_in++;

	struct arrival arrival = { .at_us = tape_now_us(&t->tape) };
	arrival.taken = (packet.type == PUBLISH && topic_is_foreign(p, packet.topic)) ||
		(packet.type == PINGRESP && keeping_answered(p));
	packet.topic = topic_stripped(t, packet.topic);
	arrival.packet = packet;
	p->arrivals = arena_grow(
		t->arena, p->arrivals, p->arrival_count, &p->arrival_capacity, sizeof(arrival));
	p->arrivals[p->arrival_count++] = arrival;
}

static void arrive_malformed(struct peer *p, struct bytes raw, const struct wire_result *result)
{
	struct test *t = p->test;
	const struct finding *findings;

	tape_add(&t->tape, TAPE_PACKET_IN, p->party, raw,
		arena_printf(t->arena, "malformed at byte %zu: %s", result->offset, result->what));
	size_t found = monitor_malformed(p->monitor, test_theirs(t), result, &findings);
	report(p, findings, found);
	monitor_malformed(p->conduct, test_theirs(t), result, &findings);
	t->packets_in++;
}

/* Takes the packets from the front of the input. They are read twice, so that what cases see points
 * into memory that stays.
 */
static void take_packets(struct peer *p)
{
	struct test *t = p->test;

	while (p->in.len && !p->lost && t->packets_in < PACKETS_MAX) {
		struct packet packet;
		struct wire_result r = wire_parse(t->arena, t->play->version, p->in.data, p->in.len,
			WIRE_REMAINING_LENGTH_MAX, &packet);
		if (r.status == WIRE_NEED_MORE)
			return;
		size_t len = r.consumed ? r.consumed : p->in.len;
		uint8_t *copy = arena_copy(t->arena, p->in.data, len);
		if (r.status == WIRE_PACKET) {
			wire_parse(t->arena, t->play->version, copy, len, WIRE_REMAINING_LENGTH_MAX,
				&packet);
			arrive(p, packet);
		} else {
			arrive_malformed(p, (struct bytes){ copy, len }, &r);
			p->lost = !r.consumed;
		}
		buf_consume(&p->in, len);
	}
}

static void end(struct peer *p, enum ending ending)
{
	struct test *t = p->test;
	const struct finding *findings;

	p->ended = ending;
	p->ended_us = tape_now_us(&t->tape);
	tape_add(&t->tape, ending == ENDED_FIN ? TAPE_FIN_IN : TAPE_RESET_IN, p->party,
		(struct bytes){ 0 }, NULL);
	size_t found = monitor_closed(p->monitor, test_theirs(t), &findings);
	report(p, findings, found);
	monitor_closed(p->conduct, test_theirs(t), &findings);
}

static void receive(struct peer *p)
{
	uint8_t chunk[READ_SIZE];

	ssize_t n = p->transport->ops->read(p->transport, chunk, sizeof(chunk));
	if (n > 0) {
		tape_add(&p->test->tape, TAPE_RECEIVED, p->party,
			(struct bytes){ chunk, (size_t)n }, NULL);
		buf_add(&p->in, chunk, (size_t)n);
		take_packets(p);
	} else if (n == TRANSPORT_END || n == TRANSPORT_RESET) {
		end(p, n == TRANSPORT_END ? ENDED_FIN : ENDED_RESET);
	}
}

/* The connection is gone, but what the target said before may still lie there. */
static void drain(struct peer *p)
{
	struct pollfd fd = { .fd = p->transport->fd, .events = POLLIN };

	while (!p->ended && poll(&fd, 1, 0) > 0)
		receive(p);
	if (!p->ended)
		end(p, ENDED_RESET);
}

static bool is_readable(const struct peer *p)
{
	return p->transport && !p->closed && !p->ended;
}

/* The client that is judged: what its agent says, and the connections that it opens. Returns the number
 * of descriptors.
 */
static nfds_t add_client(const struct test *t, struct pollfd *fds)
{
	if (!t->agent)
		return 0;
	agent_poll(t->agent, fds);
	fds[AGENT_POLLED] =
		(struct pollfd){ .fd = t->accepting ? t->listener : -1, .events = POLLIN };
	return AGENT_POLLED + 1;
}

/* Polls all open peers, `writer` for room to write too, and the client that is judged; true if anything
 * came.
 */
static bool poll_peers(struct test *t, const struct peer *writer, int64_t until_us)
{
	struct pollfd fds[PEERS_MAX + AGENT_POLLED + 2];
	struct peer *of[PEERS_MAX];
	nfds_t n = 0, all;

	for (size_t i = 0; i < t->peer_count; i++) {
		struct peer *p = t->peers[i];
		if (!is_readable(p))
			continue;
		fds[n] = (struct pollfd){ .fd = p->transport->fd, .events = POLLIN };
		if (p == writer)
			fds[n].events |= POLLOUT;
		of[n++] = p;
	}
	int64_t left_us = until_us - tape_now_us(&t->tape);
	struct timespec wait = { .tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000 };
	if (left_us <= 0)
		wait = (struct timespec){ 0 };
	all = n + add_client(t, fds + n);
	bool any = false;
	fds[all] = (struct pollfd){ .fd = lateness_fd(&t->lateness), .events = POLLIN };
	lateness_turn(&t->lateness);
	int ready = ppoll(fds, all + 1, &wait, NULL);
	lateness_turn(&t->lateness);
	if (ready <= 0)
		return false;
	for (nfds_t i = 0; i < n; i++) {
		if (fds[i].revents & ~POLLOUT) {
			receive(of[i]);
			any = true;
		}
	}
	for (nfds_t i = n; i < all; i++)
		any |= fds[i].revents != 0;
	if (t->agent)
		client_listen(t);
	if (t->packets_in >= PACKETS_MAX)
		test_end(t, AT("the target's packets"), VERDICT_INCONCLUSIVE,
			arena_printf(t->arena, "the target floods: %zu packets in %.1f s",
				t->packets_in, (double)tape_now_us(&t->tape) / 1e6));
	return any;
}

static void flush_all(struct test *t);

bool test_pump(struct test *t, int64_t until_us)
{
	bool any = false;

	flush_all(t);
	do {
		keeping_turn(t);
		int64_t slice_us = lateness_slice_us(&t->lateness, tape_now_us(&t->tape), until_us);
		any = poll_peers(t, NULL, keeping_slice_us(t, slice_us));
	} while (!any && tape_now_us(&t->tape) < until_us);
	return tape_now_us(&t->tape) < until_us;
}

void test_read_ready(struct test *t)
{
	int64_t until_us = tape_now_us(&t->tape) + t->play->answer_us;

	flush_all(t);
	while (poll_peers(t, NULL, 0) && tape_now_us(&t->tape) < until_us)
		;
}

/* ---- sending ------------------------------------------------------------------------------- */

/* Writes all of it, unless the connection ends or the target takes nothing for the time that an
 * answer may take.
 */
static void write_all(struct peer *p, struct bytes bytes)
{
	struct test *t = p->test;
	int64_t until_us = tape_now_us(&t->tape) + t->play->answer_us;

	while (bytes.len && !p->ended) {
		p->last_begun_us = tape_now_us(&t->tape);
		ssize_t n = p->transport->ops->write(p->transport, bytes.data, bytes.len);
		if (n == TRANSPORT_RESET) {
			drain(p);
			return;
		}
		if (n > 0) {
			tape_add(&t->tape, TAPE_SENT, p->party,
				(struct bytes){ bytes.data, (size_t)n }, NULL);
			bytes = (struct bytes){ bytes.data + n, bytes.len - (size_t)n };
			until_us = tape_now_us(&t->tape) + t->play->answer_us;
			p->last_sent_us = tape_now_us(&t->tape);
			continue;
		}
		poll_peers(t, p, until_us);
		if (tape_now_us(&t->tape) >= until_us) {
			test_remark(t, p, "the target takes no more bytes; %zu were not sent",
				bytes.len);
			return;
		}
	}
}

/* A packet of megabytes goes in larger pieces, or it would take minutes. */
static void write_in_pieces(struct peer *p, struct bytes bytes, size_t first, size_t rest)
{
	while (bytes.len) {
		size_t n = first < bytes.len ? first : bytes.len;
		write_all(p, (struct bytes){ bytes.data, n });
		bytes = (struct bytes){ bytes.data + n, bytes.len - n };
		first = rest;
		if (bytes.len)
			usleep(BYTE_PAUSE_US);
	}
}

static void flush(struct peer *p)
{
	struct bytes all = { p->corked.data, p->corked.len };

	if (all.len && !p->closed)
		write_all(p, all);
	buf_reset(&p->corked);
}

static void flush_all(struct test *t)
{
	for (size_t i = 0; i < t->peer_count; i++)
		flush(t->peers[i]);
}

/* The packet for the transcript and the monitor: what it means, or its bytes if it means nothing. */
static void note_sent(struct peer *p, struct bytes bytes)
{
	struct test *t = p->test;
	struct packet packet;
	const struct finding *findings;
	struct wire_result r = wire_parse(t->arena, t->play->version, bytes.data, bytes.len,
		WIRE_REMAINING_LENGTH_MAX, &packet);
	const char *text;

	if (r.status == WIRE_PACKET && r.consumed == bytes.len) {
		text = wire_describe(t->arena, t->play->version, &packet);
		monitor_packet(p->monitor, test_ours(t), &packet, &findings);
		conduct_sent(p, &packet);
		messages_sent(p, &packet);
		if (packet.type == PINGREQ)
			keeping_sent(p);
	} else {
		struct buf hex;
		buf_init(&hex, 1024);
		hex_format(&hex, bytes.data, bytes.len, 48);
		text = arena_printf(t->arena, "%s %s",
			r.status == WIRE_NEED_MORE ? "unfinished" : "malformed", buf_text(&hex));
		buf_fini(&hex);
		monitor_malformed(p->monitor, test_ours(t), &r, &findings);
		conduct_malformed(p, &r);
	}
	tape_add(&t->tape, TAPE_PACKET_OUT, p->party, bytes, text);
}

void peer_send(struct peer *p, struct bytes bytes)
{
	struct test *t = p->test;

	if (p->closed || p->ended) {
		test_remark(t, p, "not sent: the connection has ended");
		return;
	}
	note_sent(p, bytes);
	switch (t->play->segmentation) {
	case SEGMENT_WHOLE: write_all(p, bytes); break;
	case SEGMENT_BYTES: write_in_pieces(p, bytes, 1, bytes.len / BYTEWISE_MAX + 1); break;
	case SEGMENT_SPLIT: write_in_pieces(p, bytes, t->play->split_at, SIZE_MAX); break;
	case SEGMENT_BATCH: buf_add(&p->corked, bytes.data, bytes.len); break;
	}
}

void peer_close(struct peer *p, bool reset)
{
	const struct finding *findings;

	if (!p->transport || p->closed)
		return;
	flush(p);
	tape_add(&p->test->tape, reset ? TAPE_RESET_OUT : TAPE_FIN_OUT, p->party,
		(struct bytes){ 0 }, NULL);
	monitor_closed(p->monitor, test_ours(p->test), &findings);
	monitor_closed(p->conduct, test_ours(p->test), &findings);
	if (reset)
		p->transport->ops->reset(p->transport);
	else
		p->transport->ops->close(p->transport);
	p->closed = true;
}

/* ---- waiting ------------------------------------------------------------------------------- */

struct arrival *peer_arrival(struct peer *p, uint32_t types)
{
	for (size_t i = 0; i < p->arrival_count; i++)
		if (!p->arrivals[i].taken && types & SPEC_PACKET(p->arrivals[i].packet.type))
			return &p->arrivals[i];
	return NULL;
}

struct arrival *peer_wait(struct peer *p, uint32_t types, int64_t until_us)
{
	const uint32_t last = SPEC_PACKET(DISCONNECT); /* nothing comes behind it */

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

bool peer_wait_end(struct peer *p, int64_t until_us)
{
	bool in_time = true;

	while (!p->ended && !p->closed && in_time)
		in_time = test_pump(p->test, until_us);
	return p->ended || p->closed;
}

const char *peer_situation(struct peer *p, int64_t since_us)
{
	struct test *t = p->test;
	struct buf text;

	buf_init(&text, 4096);
	for (size_t i = 0; i < p->arrival_count && text.len < 600; i++)
		if (!p->arrivals[i].taken)
			buf_printf(&text, "%s%s", text.len ? ", " : "",
				wire_describe(t->arena, t->play->version, &p->arrivals[i].packet));
	const char *join = text.len ? ", then " : "";
	if (!p->transport)
		buf_printf(&text, "%sno connection", join);
	else if (p->closed)
		buf_printf(&text, "%sthe peer itself closed the connection", join);
	else if (p->ended)
		buf_printf(&text, "%sthe connection %s%s after %.1f ms", join,
			p->ended == ENDED_FIN ? "closed" : "reset", text.len ? "" : " (no packet)",
			(double)(p->ended_us - p->last_sent_us) / 1000);
	else if (p->lost)
		buf_printf(&text, "%sbytes that are no MQTT", join);
	else
		buf_printf(&text, "%snothing%s for %.0f ms", join, text.len ? " more" : "",
			(double)(tape_now_us(&t->tape) - since_us) / 1000);
	const char *kept = arena_text(t->arena, buf_text(&text));
	buf_fini(&text);
	return kept;
}
