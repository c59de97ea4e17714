#include "harness/peers/load.h"

#include <stdio.h>
#include <string.h>

#include "harness/test.h"

enum {
	/* Of all publishers together, answered or not, that have not arrived. Brokers keep a thousand for a
	 * client and drop the rest, as they may for one that does not read: a harness that falls behind on a
	 * busy machine must not look like that.
	 */
	AHEAD_MAX = 500,
	OUT_FULL = 64 * 1024, /* of a publisher: then it waits */
	TURN_US = 2000,       /* while several have something to write */
	NAME_MAX = 32,
};

/* ---- which message ------------------------------------------------------------------------- */

static uint8_t *passed_of(const struct load *load, unsigned publisher, unsigned number)
{
	return &load->passed[(size_t)publisher * (load->each + LOAD_ROUNDS) + number];
}

static const char *name_of(const struct load *load, unsigned publisher, unsigned number)
{
	return arena_printf(load->test->arena, "%u of publisher %u", number + 1, publisher + 1);
}

static void add_amiss(
	const struct load *load, struct load_amiss *amiss, unsigned publisher, unsigned number)
{
	if (!amiss->count++)
		amiss->first = name_of(load, publisher, number);
}

static unsigned index_of(const struct load *load, const struct load_publisher *publisher)
{
	return (unsigned)(publisher - load->publishers);
}

/* What a payload says. False: it is none of ours. */
static bool read_payload(
	const struct load *load, struct bytes payload, unsigned *publisher, unsigned *number)
{
	char text[NAME_MAX];
	int end = 0;

	if (payload.len >= sizeof(text))
		return false;
	memcpy(text, payload.data, payload.len);
	text[payload.len] = '\0';
	return sscanf(text, "%u:%u%n", publisher, number, &end) == 2 &&
		(size_t)end == payload.len && *publisher < load->plan.publishers &&
		*number < load->each + LOAD_ROUNDS;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* What the connection does not take now stays; what it never will is dropped. */
static void write_out(struct peer *p)
{
	struct buf *out = &p->part->out;
	size_t at = 0;

	while (at < out->len && p->pipe && !p->ended && !p->closed) {
		ssize_t n = pipe_write(p->pipe, out->data + at, out->len - at);
		if (n == PIPE_RESET) {
			peer_drain(p);
			break;
		}
		if (n <= 0)
			break;
		at += (size_t)n;
		p->last_sent_us = tape_now_us(&p->test->tape);
	}
	if (!is_open(p))
		buf_reset(out);
	else
		buf_consume(out, at);
}

static void add(struct peer *p, const struct packet *packet)
{
	wire_build(&p->part->out, p->test->play->version, packet, NULL);
}

static void add_ack(struct peer *p, enum packet_type type, uint16_t id)
{
	struct packet ack = wire_packet(type);

	ack.id = id;
	add(p, &ack);
}

static void publish_next(struct load *load, struct load_publisher *publisher)
{
	char payload[NAME_MAX];
	struct packet m = wire_packet(PUBLISH);

	m.flags = wire_publish_flags(false, load->plan.qos, false);
	m.topic = bytes_of(load->topic);
	snprintf(
		payload, sizeof(payload), "%u:%u", index_of(load, publisher), publisher->published);
	m.payload = bytes_of(payload);
	m.id = (uint16_t)++publisher->published;
	add(publisher->peer, &m);
	load->published++;
}

/* Whether the target's queue for a hearer has room for one more, even if nothing of what is under way has
 * left it.
 */
static bool has_room(const struct load *load)
{
	unsigned room = offers(load->test)->queue;

	if (room > AHEAD_MAX)
		room = AHEAD_MAX;
	return load->awaited + load_unanswered(load) < (room ? room : 1);
}

static bool may_publish(const struct load *load, const struct load_publisher *publisher)
{
	return !load->closing && publisher->published < load->each &&
		publisher->published - publisher->answered < load->plan.window && has_room(load) &&
		is_open(publisher->peer) && publisher->peer->part->out.len < OUT_FULL;
}

static void publish_some(struct load *load, struct load_publisher *publisher)
{
	while (load->begun && may_publish(load, publisher))
		publish_next(load, publisher);
	write_out(publisher->peer);
}

void load_publish_probes(struct load *load)
{
	for (unsigned i = 0; i < load->plan.publishers; i++) {
		struct load_publisher *publisher = &load->publishers[i];
		publisher->published =
			load->each + load->rounds; /* whatever was not published by now never is */
		publisher->answered = publisher->published;
		if (is_open(publisher->peer))
			publish_next(load, publisher);
		write_out(publisher->peer);
	}
	load->rounds++;
}

/* ---- what comes to a publisher ------------------------------------------------------------- */

static void progress(struct load *load)
{
	int64_t now_us = tape_now_us(&load->test->tape);

	if (load->progress_us && now_us - load->progress_us > load->longest_us)
		load->longest_us = now_us - load->progress_us;
	load->progress_us = now_us;
}

static void answered(struct load *load, struct load_publisher *publisher, uint16_t id, bool taken)
{
	uint8_t *passed = passed_of(load, index_of(load, publisher), id - 1u);

	if (*passed & (LOAD_ACKNOWLEDGED | LOAD_REFUSED))
		return;
	*passed |= taken ? LOAD_ACKNOWLEDGED : LOAD_REFUSED;
	load->acknowledged += taken;
	load->refused += !taken;
	load->awaited += taken && !(*passed & LOAD_ARRIVED);
	publisher->answered++;
	progress(load);
}

static bool publisher_takes(
	struct load *load, struct load_publisher *publisher, const struct packet *packet)
{
	enum { REFUSED = 0x80 };

	if (!packet->id || packet->id > publisher->published)
		return false;
	switch (packet->type) {
	case PUBACK:
	case PUBCOMP: answered(load, publisher, packet->id, packet->code < REFUSED); break;
	case PUBREC:
		if (packet->code < REFUSED)
			add_ack(publisher->peer, PUBREL, packet->id);
		else
			answered(load, publisher, packet->id, false);
		break;
	default: return false;
	}
	return true;
}

/* ---- what comes to a hearer ------------------------------------------------------------------ */

static void arrived(
	struct load *load, struct load_hearer *hearer, unsigned publisher, unsigned number)
{
	uint8_t *passed = passed_of(load, publisher, number);

	progress(load);
	if (*passed & LOAD_ARRIVED) {
		add_amiss(load, &load->doubled, publisher, number);
		return;
	}
	*passed |= LOAD_ARRIVED;
	load->arrived++;
	load->awaited -= *passed & LOAD_ACKNOWLEDGED ? 1 : 0;
	hearer->probes[publisher] += number >= load->each;
	if (number < hearer->last[publisher]) {
		if (!load->misordered.count++)
			load->misordered.first = arena_printf(load->test->arena, "%s after %u",
				name_of(load, publisher, number),
				(unsigned)hearer->last[publisher] + 1);
		return;
	}
	hearer->last[publisher] = number;
}

static bool hearer_takes(
	struct peer *p, struct load *load, struct load_hearer *hearer, const struct packet *packet)
{
	unsigned publisher, number;

	if (packet->type == PUBREL) {
		hearer->half[packet->id] = 0;
		add_ack(p, PUBCOMP, packet->id);
	} else if (packet->type == PUBLISH &&
		read_payload(load, packet->payload, &publisher, &number)) {
		if (packet->qos != load->plan.qos)
			add_amiss(load, &load->other_qos, publisher, number);
		if (packet->retain)
			add_amiss(load, &load->other_retain, publisher, number);
		if (!bytes_equal(packet->topic, bytes_of(load->topic)))
			add_amiss(load, &load->other_topic, publisher, number);
		bool again = packet->qos == 2 && hearer->half[packet->id];
		if (!again)
			arrived(load, hearer, publisher, number);
		if (packet->qos == 2)
			hearer->half[packet->id] = 1;
		if (packet->qos)
			add_ack(p, packet->qos == 1 ? PUBACK : PUBREC, packet->id);
	} else {
		return false;
	}
	return true;
}

bool load_takes(struct peer *p, const struct packet *packet)
{
	struct load_part *part = p->part;

	return part->publisher ? publisher_takes(part->load, part->publisher, packet)
			       : hearer_takes(p, part->load, part->hearer, packet);
}

void load_reply(struct peer *p)
{
	if (p->part->publisher)
		publish_some(p->part->load, p->part->publisher);
	else
		write_out(p);
}

void load_take_part(struct load *load, struct peer *p, struct load_publisher *publisher,
	struct load_hearer *hearer)
{
	p->part = arena_new(load->test->arena, struct load_part);
	*p->part = (struct load_part){ .load = load, .publisher = publisher, .hearer = hearer };
	buf_init(&p->part->out, LOAD_OUT_MAX);
	p->party->off_the_record = true;
	if (publisher)
		publisher->peer = p;
	else
		hearer->peer = p;
}

void load_joins(struct peer *p)
{
	struct load *load = p->test->load;

	for (unsigned i = 0; load && i < load->hearer_count; i++) {
		struct load_hearer *hearer = load->hearers[i];
		if (strcmp(hearer->role, p->role))
			continue;
		load_take_part(load, p, NULL, hearer);
	}
}

/* ---- turns ----------------------------------------------------------------------------------- */

static bool has_output(const struct peer *p)
{
	return p->part->out.len && is_open((struct peer *)p);
}

void load_turn(struct load *load, int64_t until_us)
{
	struct test *t = load->test;
	const struct peer *writer = NULL;
	unsigned writers = 0;

	if (!load->begun)
		load->begun_us = tape_now_us(&t->tape);
	load->begun = true;
	for (unsigned i = 0; i < load->plan.publishers; i++)
		publish_some(load, &load->publishers[i]);
	for (size_t i = 0; i < t->peer_count; i++) {
		struct peer *p = t->peers[i];
		if (!p->part)
			continue;
		write_out(p);
		if (has_output(p)) {
			writer = p;
			writers++;
		}
	}
	int64_t soon_us = tape_now_us(&t->tape) + TURN_US;
	keeping_turn(t);
	test_poll(t, writer, writers > 1 && soon_us < until_us ? soon_us : until_us);
}

unsigned load_unanswered(const struct load *load)
{
	unsigned count = 0;

	for (unsigned i = 0; i < load->plan.publishers; i++) {
		const struct load_publisher *publisher = &load->publishers[i];
		if (is_open(publisher->peer))
			count += publisher->published - publisher->answered;
	}
	return count;
}

static bool is_missing(uint8_t passed)
{
	return passed & LOAD_ACKNOWLEDGED && !(passed & LOAD_ARRIVED);
}

static bool misses_any(const struct load *load, unsigned publisher)
{
	for (unsigned number = 0; number < load->each; number++)
		if (is_missing(*passed_of(load, publisher, number)))
			return true;
	return false;
}

bool load_is_proved(const struct load *load)
{
	enum { TWICE = 2 };

	for (unsigned i = 0; i < load->plan.publishers; i++)
		for (unsigned h = 0; h < load->hearer_count && misses_any(load, i); h++)
			if (load->hearers[h]->probes[i] < TWICE)
				return false;
	return true;
}

const char *load_missing(const struct load *load, unsigned *count)
{
	const char *first = NULL;

	*count = 0;
	for (unsigned i = 0; i < load->plan.publishers; i++)
		for (unsigned number = 0; number < load->each; number++)
			if (is_missing(*passed_of(load, i, number)) && !(*count)++)
				first = name_of(load, i, number);
	return first;
}

void load_fini(struct load *load)
{
	for (size_t i = 0; load && i < load->test->peer_count; i++)
		if (load->test->peers[i]->part)
			buf_fini(&load->test->peers[i]->part->out);
}
