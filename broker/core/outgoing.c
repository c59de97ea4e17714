#include "broker/core/outgoing.h"

#include "broker/core/core.h"
#include "broker/core/link_out.h"
#include "broker/core/permit.h"
#include "broker/core/record.h"
#include "broker/core/session.h"

static void message_release(struct broker *b, struct session *s, struct delivery *d)
{
	if (!d->message)
		return;
	if (!d->id)
		s->outgoing->queue_bytes -= (uint32_t)message_size(d->message);
	message_drop(&b->memory, d->message);
	d->message = NULL;
}

/* It is settled: whatever it took up is free again. */
static void delivery_finish(struct broker *b, struct session *s, struct delivery *d)
{
	record_delivery_gone(b, s, d);
	message_release(b, s, d);
	delivery_extra_free(&b->memory, d->extra);
	d->extra = NULL;
	d->state = DELIVERY_DONE;
	if (d->counted)
		s->outgoing->outstanding--;
	d->counted = false;
	if (s->outgoing->open)
		idset_remove(&s->outgoing->open, &b->memory, d->id);
}

static struct outgoing *outgoing_make(struct broker *b, struct session *s)
{
	if (!s->outgoing) {
		s->outgoing = memory_take_zeroed(&b->memory, sizeof(*s->outgoing));
		if (s->outgoing)
			s->outgoing->next_id = 1;
	}
	bool room = s->outgoing && delivery_ring_room(&s->outgoing->ring, &b->memory);
	return room ? s->outgoing : NULL;
}

bool outgoing_is_ready(const struct session *s)
{
	const struct outgoing *o = s->outgoing;

	return s->link && link_can_send(s->link) &&
		(!o || (o->ring.sent == o->ring.end && o->outstanding < link_quota(s->link)));
}

static uint16_t id_after(uint16_t id)
{
	return id == UINT16_MAX ? 1 : id + 1;
}

/* False without memory. */
static bool ids_note(struct broker *b, struct outgoing *o)
{
	for (uint32_t at = o->ring.first; at != o->ring.end; at++) {
		const struct delivery *d = delivery_at(&o->ring, at);
		if (d->id && d->state != DELIVERY_DONE &&
			idset_add(&o->open, &b->memory, d->id) == IDSET_NO_MEMORY)
			return false;
	}
	o->mark = o->next_id;
	return true;
}

/* Identifiers have come round: next_id becomes one that is not in use. What is kept on disk stays in the
 * order of its identifiers (ids_restore), and waits for the oldest one instead.
 */
static bool id_pass_over(struct broker *b, const struct session *s, struct outgoing *o)
{
	if (!o->open && session_is_durable(s))
		return false;
	if ((!o->open || o->next_id == o->mark) && !ids_note(b, o))
		return false;
	for (unsigned tried = 0; tried < UINT16_MAX; tried++) {
		if (!idset_has(o->open, o->next_id))
			return true;
		o->next_id = id_after(o->next_id);
	}
	return false;
}

/* Identifiers are given out one after the other; the oldest that is still in use may have been lapped.
 * [MQTT-2.2.1-4]
 */
static bool id_is_free(struct broker *b, const struct session *s, struct outgoing *o)
{
	if (!o->open &&
		(o->ring.first == o->ring.sent ||
			delivery_at(&o->ring, o->ring.first)->id != o->next_id))
		return true;
	return id_pass_over(b, s, o);
}

static bool id_assign(struct broker *b, struct session *s, struct delivery *d)
{
	struct outgoing *o = s->outgoing;

	if (!id_is_free(b, s, o))
		return false;
	o->queue_bytes -= (uint32_t)message_size(d->message);
	d->id = o->next_id;
	o->next_id = id_after(o->next_id);
	d->state = DELIVERY_SENT;
	d->staged = true;
	return true;
}

/* Undoes the latest id_assign. */
static void id_withdraw(struct outgoing *o, struct delivery *d)
{
	o->queue_bytes += (uint32_t)message_size(d->message);
	o->next_id = d->id;
	d->id = 0;
	d->state = DELIVERY_WAITING;
	d->staged = false;
}

/* What has waited gets its identifier. If the store does not learn of it, then the message may come
 * again as a new one after a restart: at QoS 2 it must not, and waits.
 */
static bool id_give(struct broker *b, struct session *s, struct delivery *d)
{
	if (!id_assign(b, s, d))
		return false;
	if (record_delivery_change(b, s, d) || d->qos == 1)
		return true;
	timer_set(&b->timers, &s->timer, b->now_ms + STORE_RETRY_MS);
	id_withdraw(s->outgoing, d);
	return false;
}

/* The client has it: what is left is PUBREL and PUBCOMP. [MQTT-4.3.3-6]
 * The client forgets the identifier at PUBREL: a store that would not have forgotten it after a
 * restart must not let it come to that.
 */
static inline bool delivery_release(struct broker *b, struct session *s, struct delivery *d)
{
	d->state = DELIVERY_RELEASED;
	if (record_delivery_change(b, s, d)) {
		message_release(b, s, d);
		return true;
	}
	d->state = DELIVERY_SENT;
	return false;
}

/* PUBREL has to wait. */
static void release_later(struct broker *b, struct session *s, struct delivery *d)
{
	s->outgoing->received += !d->received;
	d->received = true;
	timer_hasten(&b->timers, &s->timer, b->now_ms + STORE_RETRY_MS);
}

/* It is no longer for this client. A message of QoS 2 that may have been sent keeps its identifier until the client has let
 * go of it, too, or it would take the next message of that identifier for this one. False if the store has no room for
 * that yet. [MQTT-4.3.3-2]
 */
__attribute__((noinline)) static bool give_up(
	struct broker *b, struct session *s, struct delivery *d, bool sent)
{
	b->figures.messages_dropped += !d->received;
	if (!sent || d->qos < 2) {
		delivery_finish(b, s, d);
	} else if (delivery_release(b, s, d)) {
		link_send_ack(s->link, PUBREL, d->id, 0);
	} else {
		release_later(b, s, d);
		return false;
	}
	return true;
}

/* Sends one PUBLISH that has its identifier, the first time or again. False when nothing can be sent for
 * the time being.
 */
static bool delivery_send(
	struct broker *b, struct session *s, struct delivery *d, struct publication *p)
{
	struct sending how = { .ids = d->extra ? d->extra->ids : NULL,
		.first_id = d->extra ? d->extra->count : 0,
		.id = d->id,
		.qos = d->qos,
		.retain = d->retain,
		.dup = !d->staged }; /* [MQTT-3.3.1-1] */
	d->staged = false;
	enum send_result result = forward_send(b, s->link, p, &how);
	if (result == SEND_UNFIT) /* [MQTT-3.1.2-25] */
		return give_up(b, s, d, how.dup);
	if (result == SEND_OK) {
		d->counted = true;
		if (d->received) { /* or it would be released before its PUBREC */
			d->received = false;
			s->outgoing->received--;
		}
		s->outgoing->outstanding++; /* [MQTT-4.9.0-2] */
	}
	return result != SEND_FAILED;
}

/* Whether a message that has waited is no longer for this client: it has expired, though that does not
 * count once it was sent ([MQTT-3.3.2-5], [MQTT-4.3.3-7]), or the client has lost its right to it.
 */
static bool is_void(struct broker *b, const struct session *s, const struct delivery *d)
{
	return (!d->id && is_expired(d->message->expires_ms, b->now_ms)) ||
		!may_get(b, s, message_topic(d->message));
}

/* Where memory is short, one goes out after the other. False: it is tried again. */
static bool output_has_room(struct broker *b, struct session *s, const struct message *m)
{
	const struct memory *memory = &b->memory;
	size_t size = message_size(m) + 2 * MEMORY_PIECE;

	if (!s->link->output.bytes || memory->used_bytes + size <= memory->limit_bytes)
		return true;
	timer_hasten(&b->timers, &s->timer, b->now_ms + STORE_RETRY_MS);
	return false;
}

void outgoing_pump(struct broker *b, struct session *s)
{
	struct outgoing *o = s->outgoing;
	struct link *l = s->link;

	if (!o || !l)
		return;
	while (o->ring.sent != o->ring.end && link_can_send(l)) {
		struct delivery *d = delivery_at(&o->ring, o->ring.sent);
		if (d->state == DELIVERY_RELEASED) { /* [MQTT-4.3.3-5] [MQTT-4.4.0-1] */
			link_send_ack(l, PUBREL, d->id, 0);
		} else if (d->state != DELIVERY_DONE && is_void(b, s, d)) {
			if (!give_up(b, s, d, d->id && !d->staged))
				break;
		} else if (d->state != DELIVERY_DONE) {
			/* [MQTT-3.3.4-9] */
			if (o->outstanding >= link_quota(l) || !output_has_room(b, s, d->message))
				break;
			struct publication p = publication_of(d->message);
			if ((!d->id && !id_give(b, s, d)) || !delivery_send(b, s, d, &p))
				break;
		}
		o->ring.sent++;
	}
	delivery_ring_trim(&o->ring, &b->memory);
	draws_wake(&b->draws, s->draws);
}

bool outgoing_has_room(const struct broker *b, const struct session *s, size_t size)
{
	const struct outgoing *o = s->outgoing;
	const struct broker_limits *limits = &b->config.limits;

	return !o ||
		(o->ring.end - o->ring.sent < limits->queue_messages &&
			o->queue_bytes + size <= limits->queue_bytes);
}

/* False without memory; `*extra` stays NULL when there is nothing to put in. */
static bool extra_make(struct broker *b, const struct sending *how, struct share *share,
	struct delivery_extra **extra)
{
	uint32_t count = 0;

	for (uint32_t at = how->first_id; at; at = how->ids[at - 1].next)
		count++;
	if (!count && !share)
		return true;
	*extra = delivery_extra_new(&b->memory, share, count);
	if (!*extra)
		return false;
	for (uint32_t at = how->first_id, i = 0; at; at = how->ids[at - 1].next, i++)
		(*extra)->ids[i].id = how->ids[at - 1].id;
	return true;
}

enum deliver_result outgoing_add(struct broker *b, struct session *s, struct publication *p,
	const struct sending *how, struct share *share)
{
	struct delivery_extra *extra = NULL;
	bool ready = outgoing_is_ready(s);

	if (!publication_message(&b->memory, p))
		return DELIVER_FAILED;
	if (!ready && !outgoing_has_room(b, s, message_size(p->message)))
		return DELIVER_DROPPED;
	struct outgoing *o = outgoing_make(b, s);
	if (!o || !extra_make(b, how, share, &extra))
		return DELIVER_FAILED;
	struct delivery *d = delivery_at(&o->ring, o->ring.end);
	*d = (struct delivery){ .message = message_hold(p->message),
		.extra = extra,
		.sequence = o->sequence++,
		.qos = how->qos,
		.retain = how->retain };
	o->queue_bytes += (uint32_t)message_size(d->message);
	o->ring.end++;
	ready = ready && id_assign(b, s, d);
	bool stored = record_delivery(b, s, d);
	if (b->staging && !stored) {
		outgoing_unstage(b, s);
		return DELIVER_FAILED;
	}
	if (ready && !stored && d->qos == 2) {
		timer_set(&b->timers, &s->timer, b->now_ms + STORE_RETRY_MS);
		id_withdraw(o, d); /* as if it had waited; see id_give */
		ready = false;
	}
	if (ready && !b->staging && delivery_send(b, s, d, p))
		o->ring.sent++;
	return DELIVER_OK;
}

void outgoing_unstage(struct broker *b, struct session *s)
{
	struct outgoing *o = s->outgoing;
	struct delivery *d = delivery_at(&o->ring, o->ring.end - 1);

	if (d->id)
		id_withdraw(o, d);
	delivery_finish(b, s, d);
	o->ring.end--;
	o->sequence--;
}

void outgoing_try_again(struct broker *b, struct session *s)
{
	struct outgoing *o = s->outgoing;

	if (!o || !o->received)
		return;
	o->received = 0;
	for (uint32_t at = o->ring.first; at != o->ring.end; at++) {
		struct delivery *d = delivery_at(&o->ring, at);
		bool waits = d->received && d->state == DELIVERY_SENT;
		d->received = false;
		if (!waits)
			continue;
		if (!delivery_release(b, s, d))
			release_later(b, s, d);
		else if (at - o->ring.first < o->ring.sent - o->ring.first)
			link_send_ack(s->link, PUBREL, d->id, 0); /* [MQTT-4.3.3-4] */
	}
}

bool outgoing_acknowledge(
	struct broker *b, struct session *s, enum packet_type type, uint16_t id, uint8_t reason)
{
	uint32_t place = 0;
	struct outgoing *o = s->outgoing;
	struct delivery *d = o ? delivery_ring_find(&o->ring, id, &place) : NULL;

	if (!d)
		return false;
	bool sent = d->state == DELIVERY_SENT;
	if (type == PUBREC && d->qos == 2) {
		if (sent && reason < 0x80 && !delivery_release(b, s, d)) {
			release_later(b, s, d);
			return true;
		}
		if (sent && reason >= 0x80) /* [MQTT-4.4.0-2] */
			delivery_finish(b, s, d);
		else if (place - o->ring.first < o->ring.sent - o->ring.first)
			link_send_ack(s->link, PUBREL, id, 0); /* [MQTT-4.3.3-4] */
	} else if (type == PUBACK && d->qos == 1) {
		delivery_finish(b, s, d);
	} else if (type == PUBCOMP && d->state == DELIVERY_RELEASED) {
		delivery_finish(b, s, d);
	} else {
		return false;
	}
	delivery_ring_trim(
		&o->ring, &b->memory); /* or its identifier would keep the next one waiting */
	outgoing_pump(b, s);
	return true;
}

void outgoing_resume(struct broker *b, struct session *s)
{
	struct outgoing *o = s->outgoing;
	struct delivery *d;

	if (!o)
		return;
	/* Quota starts afresh with each connection: U50-QUOTA-RESET */
	for (uint32_t at = o->ring.first; at != o->ring.sent; at++)
		delivery_at(&o->ring, at)->counted = false;
	o->outstanding = 0;
	o->ring.sent = o->ring.first;
	for (uint32_t at = 0; o->received && (d = outgoing_next(o, &at));)
		d->received = false; /* it is sent again, and acknowledged again */
	o->received = 0;
	outgoing_pump(b, s);
}

void outgoing_rest(struct broker *b, struct session *s)
{
	struct outgoing *o = s->outgoing;

	if (o && o->ring.first == o->ring.end)
		delivery_ring_release(&o->ring, &b->memory);
}

bool outgoing_waits(const struct outgoing *o)
{
	return o && o->ring.sent != o->ring.end;
}

struct delivery *outgoing_next(const struct outgoing *o, uint32_t *at)
{
	return o ? delivery_ring_next(&o->ring, at) : NULL;
}

void outgoing_hand_on(struct broker *b, struct session *s, struct delivery *d)
{
	delivery_finish(b, s, d);
}

void outgoing_forget(struct broker *b, struct session *s)
{
	struct delivery *d;

	for (uint32_t at = 0; (d = outgoing_next(s->outgoing, &at));)
		record_delivery_gone(b, s, d);
}

void outgoing_free(struct broker *b, struct session *s)
{
	struct outgoing *o = s->outgoing;

	if (!o)
		return;
	for (uint32_t at = o->ring.first; at != o->ring.end; at++) {
		struct delivery *d = delivery_at(&o->ring, at);
		message_drop(&b->memory, d->message);
		delivery_extra_free(&b->memory, d->extra);
	}
	idset_clear(&o->open, &b->memory);
	delivery_ring_release(&o->ring, &b->memory);
	memory_give(&b->memory, o, sizeof(*o));
	s->outgoing = NULL;
}

/* Identifiers are given out in order, so those that wait before one that has its own have been sent, too:
 * the store was full then (id_give). They get those before it, or a later one might get the same as another.
 */
static void ids_restore(struct outgoing *o, uint32_t place)
{
	uint16_t id = delivery_at(&o->ring, place)->id;

	while (place != o->ring.first &&
		delivery_at(&o->ring, place - 1)->state == DELIVERY_WAITING) {
		struct delivery *d = delivery_at(&o->ring, --place);
		id = id == 1 ? UINT16_MAX : id - 1;
		d->id = id;
		d->state = DELIVERY_SENT;
		o->queue_bytes -= (uint32_t)message_size(d->message);
	}
}

bool outgoing_restore(struct broker *b, struct session *s, const struct delivery *restored)
{
	struct outgoing *o = outgoing_make(b, s);

	if (!o)
		return false;
	struct delivery *d = delivery_at(&o->ring, o->ring.end++);
	*d = *restored;
	o->sequence = d->sequence + 1;
	if (!d->id) {
		o->queue_bytes += (uint32_t)message_size(d->message);
		return true;
	}
	o->next_id = id_after(d->id);
	ids_restore(o, o->ring.end - 1);
	return true;
}
