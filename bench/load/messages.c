/* Messages: when they are sent, and what becomes of them.
 *
 *	payload:  due_us (8) | number (8) | nonce (4) | publisher (4) | subscriber (4) | 0 (4) | filler
 *
 * The number is that of the message among those of its publisher for its subscriber, where it has one; with the
 * highest bit set it is that of a mark. All of it is in the byte order of this machine: nobody else reads it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bench/load/engine.h"
#include "bench/load/schedule.h"

enum {
	BURST = 16,        /* messages that a busy publisher writes at once */
	OUT_MAX = 1 << 20, /* bytes that wait for the socket before a publisher is passed over */
	UNDER_WAY_MAX = 60000, /* identifiers of a publisher in use */
	STEP_US = 50000,
	WRITE_OFF_US = 2000000,     /* of silence before the window waits no longer */
	GIVE_UP_US = 20000000,      /* of silence before publishing is over */
	SETTLE_US = 5000000,        /* of silence before what has not come is missing */
	SETTLE_PROVEN_US = 1000000, /* the same where a mark will show whether it is lost */
	SETTLE_LATE_US = 500000,    /* and where all that is missing has been passed by others */
	IDENTIFIERS = 65536,
};

#define MARK (UINT64_C(1) << 63)

struct stamp {
	int64_t due_us;
	uint64_t number;
	uint32_t nonce;
	uint32_t publisher;
	uint32_t subscriber;
	uint32_t nothing;
};
_Static_assert(sizeof(struct stamp) == LOAD_PAYLOAD_MIN, "a stamp has no holes");

/* ---- publishing ----------------------------------------------------------------------------- */

static void put(struct engine *e, struct client *c, const char *topic, const struct stamp *stamp)
{
	static const uint8_t filler[LOAD_PAYLOAD_MAX];
	const struct load_plan *p = e->plan;
	bool retain = e->workload->retains && !(stamp->number & MARK);

	if (p->qos && !++c->next_id)
		c->next_id = 1;
	if (c->due_us)
		c->due_us[c->next_id] = stamp->due_us;
	put_publish(&c->out, p->version, topic, p->qos, retain, c->next_id, p->payload);
	buf_add(&c->out, stamp, sizeof(*stamp));
	buf_add(&c->out, filler, p->payload - sizeof(*stamp));
	if (p->qos)
		c->under_way++;
}

static void publish_one(struct engine *e, struct client *c, int64_t due_us)
{
	char topic[WORKLOAD_TEXT];
	unsigned subscriber = e->workload->addressing == ADDRESS_ONE
		? (unsigned)(c->published % e->plan->subscribers)
		: 0;
	const struct stamp stamp = {
		.due_us = due_us,
		.number = (*engine_number(e, c->number, subscriber))++,
		.nonce = e->nonce,
		.publisher = c->number,
		.subscriber = subscriber,
	};

	workload_topic(&e->names, c->number, subscriber, stamp.number, topic);
	put(e, c, topic, &stamp);
	c->published++;
	e->out->sent++;
}

void messages_put_mark(struct engine *e, unsigned mark)
{
	const struct proof_mark *m = &e->marks[mark];
	struct client *c = &e->clients[m->publisher];
	const struct stamp stamp = {
		.due_us = clock_now_us(),
		.number = MARK | mark,
		.nonce = e->nonce,
		.publisher = m->publisher,
		.subscriber = m->subscriber,
	};
	char topic[WORKLOAD_TEXT];

	workload_topic(&e->names, m->publisher, m->subscriber, m->number, topic);
	put(e, c, topic, &stamp);
	engine_flush(e, c);
}

bool messages_have_room(const struct client *c)
{
	return c->out.len < OUT_MAX && c->under_way < UNDER_WAY_MAX &&
		c->under_way < c->send_maximum;
}

/* The next that has room; NULL: none has. */
static struct client *next_publisher(struct engine *e)
{
	for (unsigned i = 0; i < e->plan->publishers; i++) {
		struct client *c = &e->clients[e->turn++ % e->plan->publishers];
		if (messages_have_room(c))
			return c;
	}
	return NULL;
}

/* Whether it is the publishing that is measured. */
static bool is_measured(const struct engine *e)
{
	return e->workload->measure != MEASURE_RELEASE;
}

static uint64_t under_way(const struct engine *e)
{
	bool counts = e->ledgers && is_measured(e);
	uint64_t delivered = counts ? e->passed / e->copies : e->out->sent;
	uint64_t done =
		e->plan->qos && e->out->acknowledged < delivered ? e->out->acknowledged : delivered;
	done += e->written_off;
	return e->out->sent > done ? e->out->sent - done : 0;
}

static int64_t end_of(const struct engine *e)
{
	return e->plan->time_us && is_measured(e) ? e->began_us + e->plan->time_us : INT64_MAX;
}

/* How many may have been sent by now. */
static uint64_t due(const struct engine *e, int64_t now_us)
{
	const struct schedule s = { e->began_us, e->plan->rate };
	int64_t end_us = end_of(e);
	uint64_t most;

	if (s.rate > 0) {
		most = schedule_due(&s, now_us < end_us ? now_us : end_us - 1);
	} else {
		uint64_t waiting = under_way(e);
		bool room = now_us < end_us && waiting < e->plan->window;
		most = e->out->sent + (room ? e->plan->window - waiting : 0);
	}
	return most < e->plan->messages ? most : e->plan->messages;
}

/* What was due long ago, and is sent only now though there was room, is late by our own fault. */
static void count_lateness(struct engine *e, int64_t due_us, int64_t now_us)
{
	if (!e->blocked)
		histogram_add(&e->out->own_late, now_us - due_us);
}

static void publish_due(struct engine *e, int64_t now_us)
{
	const struct schedule s = { e->began_us, e->plan->rate };
	uint64_t most = due(e, now_us);

	while (e->out->sent < most && !e->failed) {
		struct client *c = next_publisher(e);
		int64_t at = clock_now_us();
		if (!c) {
			e->blocked = true;
			return;
		}
		for (unsigned i = 0; i < BURST && e->out->sent < most && messages_have_room(c);
			i++) {
			int64_t due_us = s.rate > 0 ? schedule_at(&s, e->out->sent) : at;
			count_lateness(e, due_us, at);
			publish_one(e, c, due_us);
		}
		engine_flush(e, c);
	}
	e->blocked = false;
}

/* ---- arriving ------------------------------------------------------------------------------- */

static void count_latency(struct engine *e, int64_t since_us)
{
	if (e->measuring) {
		series_add(&e->out->latency, e->now_us, e->now_us - since_us);
		e->out->done++;
		e->out->ended_us = e->now_us;
	}
	engine_progress(e, e->now_us);
}

static void count_message(
	struct engine *e, const struct client *c, const uint8_t *payload, size_t len)
{
	struct result_account *a = &e->out->account;
	struct stamp stamp = { 0 };

	if (len >= sizeof(stamp))
		memcpy(&stamp, payload, sizeof(stamp));
	if (stamp.nonce != e->nonce || stamp.publisher >= e->plan->publishers || !e->ledgers) {
		a->foreign++;
		return;
	}
	if (stamp.number & MARK) {
		uint64_t mark = stamp.number & ~MARK;
		if (mark < e->mark_count && e->marks[mark].subscriber == c->number)
			e->marks[mark].came = true;
		engine_progress(e, e->now_us);
		return;
	}
	unsigned subscriber = c->number;
	if (e->workload->addressing == ADDRESS_ONE) {
		subscriber = stamp.subscriber % e->plan->subscribers;
		a->stray += subscriber != c->number;
	}
	struct ledger *ledger = engine_ledger(e, stamp.publisher, subscriber);
	uint64_t next = ledger->next;
	switch (ledger_take(ledger, stamp.number)) {
	case LEDGER_NEW: e->passed += ledger->next - next; break;
	case LEDGER_LATE: a->late++; break;
	case LEDGER_AGAIN: a->doubles++; return;
	case LEDGER_UNKNOWN: a->unknown++; return;
	}
	a->delivered++;
	count_latency(e, is_measured(e) ? stamp.due_us : c->since_us);
}

static bool broken(struct engine *e, const char *what)
{
	engine_fail(e, "the broker sent %s that is none", what);
	return false;
}

/* True: it is there for the first time. A QoS 2 PUBLISH may come again until PUBREL does, 4.3.3. */
static bool begin_handshake(struct client *c, const uint8_t *id)
{
	unsigned n = (unsigned)(id[0] << 8 | id[1]);

	if (!c->begun)
		c->begun = calloc(IDENTIFIERS / 8, 1);
	if (!c->begun)
		abort();
	bool before = c->begun[n / 8] & 1u << n % 8;
	c->begun[n / 8] |= (uint8_t)(1u << n % 8);
	return !before;
}

static void end_handshake(struct client *c, const uint8_t *id)
{
	unsigned n = (unsigned)(id[0] << 8 | id[1]);

	if (c->begun)
		c->begun[n / 8] &= (uint8_t) ~(1u << n % 8);
}

static bool take_publish(
	struct engine *e, struct client *c, unsigned qos, const uint8_t *body, size_t len)
{
	size_t at = len < 2 ? len : 2 + (size_t)(body[0] << 8 | body[1]);
	size_t head = at + (qos ? 2 : 0);

	if (len < 2 || head > len || qos > 2)
		return broken(e, "a PUBLISH");
	size_t properties =
		e->plan->version == MQTT_50 ? properties_size(body + head, len - head) : 0;
	if (properties > len - head)
		return broken(e, "a PUBLISH");
	head += properties;
	if (qos)
		put_ack(&c->out, qos == 1 ? 0x40 : 0x50, body + at);
	if (qos < 2 || begin_handshake(c, body + at))
		count_message(e, c, body + head, len - head);
	return true;
}

/* Whether it says that the message is not taken, in 5.0. */
static bool is_refusal(const uint8_t *body, size_t len)
{
	return len > 2 && body[2] >= 0x80;
}

static bool take_last_ack(struct engine *e, struct client *c, const uint8_t *body, size_t len)
{
	if (!c->under_way)
		return broken(e, "an acknowledgement");
	c->under_way--;
	if (is_refusal(body, len)) { /* nobody gets it: it leaves the window */
		e->out->refused++;
		e->written_off += e->ledgers != NULL;
	}
	if (e->out->acknowledged < e->out->sent) /* beyond that they are those of marks */
		e->out->acknowledged++;
	if (c->due_us)
		count_latency(e, c->due_us[body[0] << 8 | body[1]]);
	else
		engine_progress(e, e->now_us);
	return true;
}

/* A PUBREC that refuses the message ends the exchange, 4.3.3. */
static bool take_pubrec(struct engine *e, struct client *c, const uint8_t *body, size_t len)
{
	if (is_refusal(body, len))
		return take_last_ack(e, c, body, len);
	put_ack(&c->out, 0x62, body);
	return true;
}

static bool take_suback(struct engine *e, struct client *c, const uint8_t *body, size_t len)
{
	size_t at = len < 2 ? len : 2;
	size_t properties = e->plan->version == MQTT_50 ? properties_size(body + at, len - at) : 0;

	if (properties >= len - at)
		return broken(e, "a SUBACK");
	uint8_t code = body[at + properties];
	if (code >= 0x80)
		engine_fail(e, "the broker refuses a subscription");
	else if (code < e->plan->qos)
		engine_fail(e, "the broker grants a subscription QoS %u instead of %u", code,
			e->plan->qos);
	return !e->failed && fleet_take_suback(e, c);
}

static bool take_disconnect(struct engine *e, const uint8_t *body, size_t len)
{
	engine_fail(e, "the broker ends a connection: DISCONNECT 0x%02X", len ? body[0] : 0);
	return false;
}

bool messages_take(void *user, struct client *c, uint8_t first, const uint8_t *body, size_t len)
{
	struct engine *e = user;
	unsigned type = first >> 4;

	if (!c->accepted && type != 2) {
		engine_fail(e, "what answers there is no MQTT broker");
		return false;
	}
	if (type >= 4 && type <= 7 && len < 2)
		return broken(e, "an acknowledgement");
	switch (type) {
	case 2: return fleet_take_connack(e, c, body, len);
	case 3: return take_publish(e, c, first >> 1 & 3, body, len);
	case 4: return take_last_ack(e, c, body, len);
	case 5: return take_pubrec(e, c, body, len);
	case 6:
		end_handshake(c, body);
		put_ack(&c->out, 0x70, body);
		return true;
	case 7: return take_last_ack(e, c, body, len);
	case 9: return take_suback(e, c, body, len);
	case 13:
		e->pongs += !c->ponged; /* one to a Keep Alive may come beside it */
		c->ponged = true;
		engine_progress(e, clock_now_us());
		return true;
	case 14: return take_disconnect(e, body, len);
	default: return true;
	}
}

/* ---- the whole ------------------------------------------------------------------------------ */

static uint64_t owed(const struct engine *e)
{
	return e->out->sent * e->copies;
}

/* Whether nothing is to be waited for; *settle_us: else for how long, after the last that came. */
static bool is_settled(const struct engine *e, int64_t *settle_us)
{
	const struct result_account *a = &e->out->account;
	bool acknowledged = !e->plan->qos || e->out->acknowledged >= e->out->sent;
	bool wanted = e->ledgers && (is_measured(e) || e->measuring);

	if (acknowledged && (!wanted || a->delivered + a->unknown >= owed(e)))
		return true;
	*settle_us = !acknowledged || e->workload->retains ? SETTLE_US
		: e->passed < owed(e)                      ? SETTLE_PROVEN_US
							   : SETTLE_LATE_US;
	return false;
}

static void settle(struct engine *e)
{
	int64_t settle_us;

	while (!is_settled(e, &settle_us)) {
		if (clock_now_us() - e->progress_us > settle_us)
			return;
		if (!engine_turn(e, STEP_US))
			return;
	}
}

static bool is_published(const struct engine *e, int64_t now_us)
{
	if (e->out->sent >= e->plan->messages)
		return true;
	if (now_us < end_of(e))
		return false;
	return e->plan->rate <= 0 || e->out->sent >= due(e, now_us) ||
		now_us >= end_of(e) + LOAD_GRACE_US;
}

/* How long there is nothing to send. */
static int64_t pause_us(const struct engine *e, int64_t now_us)
{
	const struct schedule s = { e->began_us, e->plan->rate };

	if (s.rate <= 0 || e->out->sent < due(e, now_us))
		return STEP_US;
	int64_t until = schedule_at(&s, e->out->sent) - now_us;
	return until < 0 ? 0 : until < STEP_US ? until : STEP_US;
}

void messages_play(struct engine *e)
{
	e->doing = is_measured(e) ? "publishing" : "storing";
	engine_progress(e, e->began_us);
	for (int64_t now = e->began_us; !is_published(e, now); now = clock_now_us()) {
		publish_due(e, now);
		if (e->failed || !engine_turn(e, pause_us(e, now)))
			return;
		int64_t silence = clock_now_us() - e->progress_us;
		if (silence > WRITE_OFF_US && e->plan->rate <= 0 &&
			clock_now_us() - e->written_off_us > WRITE_OFF_US) {
			e->written_off += under_way(e);
			e->written_off_us = clock_now_us();
		}
		if (silence > GIVE_UP_US) {
			engine_fail(
				e, "nothing came from the broker for %d s", GIVE_UP_US / 1000000);
			return;
		}
	}
	if (e->plan->rate > 0 && end_of(e) != INT64_MAX)
		e->out->unsent = due(e, end_of(e)) - e->out->sent;
	settle(e);
}

void messages_release(struct engine *e)
{
	unsigned first = engine_publishers(e);

	e->doing = "delivering";
	if (fleet_gather(e, first, e->count))
		settle(e);
}
