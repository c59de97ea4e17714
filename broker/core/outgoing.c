#include "broker/core/outgoing.h"

#include "broker/core/core.h"
#include "broker/core/link_out.h"
#include "broker/core/record.h"
#include "broker/core/session.h"

enum {
	FIRST_CAPACITY = 8,
	KEEP_CAPACITY = 1024,
	STORE_RETRY_MS = 1000, /* until room in the store is looked for again */
};

static struct delivery *delivery_at(const struct outgoing *o, uint32_t place)
{
	return &o->ring[place & (o->capacity - 1)];
}

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

/* Takes up no more room than needed for what is still to come. */
static void outgoing_trim(struct broker *b, struct outgoing *o)
{
	while (o->first != o->sent && delivery_at(o, o->first)->state == DELIVERY_DONE)
		o->first++;
	if (o->first != o->end || o->capacity <= KEEP_CAPACITY)
		return;
	memory_give(&b->memory, o->ring, o->capacity * sizeof(*o->ring));
	o->ring = NULL;
	o->capacity = 0;
}

/* Moves the ring to `capacity`, without those that are done. */
static bool ring_move(struct broker *b, struct outgoing *o, uint32_t capacity)
{
	struct delivery *ring = memory_take(&b->memory, capacity * sizeof(*ring));
	uint32_t end = 0, sent = 0;

	if (!ring)
		return false;
	for (uint32_t at = o->first; at != o->end; at++) {
		if (at == o->sent)
			sent = end;
		if (delivery_at(o, at)->state != DELIVERY_DONE)
			ring[end++] = *delivery_at(o, at);
	}
	if (o->sent == o->end)
		sent = end;
	memory_give(&b->memory, o->ring, o->capacity * sizeof(*o->ring));
	o->ring = ring;
	o->capacity = capacity;
	o->first = 0;
	o->sent = sent;
	o->end = end;
	return true;
}

static bool room_make(struct broker *b, struct outgoing *o)
{
	uint32_t done = 0;

	if (o->end - o->first < o->capacity)
		return true;
	for (uint32_t at = o->first; at != o->end; at++)
		done += delivery_at(o, at)->state == DELIVERY_DONE;
	if (done * 4 > o->capacity)
		return ring_move(b, o, o->capacity);
	return ring_move(b, o, o->capacity ? o->capacity * 2 : FIRST_CAPACITY);
}

static struct outgoing *outgoing_make(struct broker *b, struct session *s)
{
	if (!s->outgoing) {
		s->outgoing = memory_take_zeroed(&b->memory, sizeof(*s->outgoing));
		if (s->outgoing)
			s->outgoing->next_id = 1;
	}
	return s->outgoing && room_make(b, s->outgoing) ? s->outgoing : NULL;
}

bool outgoing_is_ready(const struct session *s)
{
	const struct outgoing *o = s->outgoing;

	return s->link && link_can_send(s->link) &&
		(!o || (o->sent == o->end && o->outstanding < link_quota(s->link)));
}

static uint16_t id_after(uint16_t id)
{
	return id == UINT16_MAX ? 1 : id + 1;
}

/* False without memory. */
static bool ids_note(struct broker *b, struct outgoing *o)
{
	for (uint32_t at = o->first; at != o->end; at++) {
		const struct delivery *d = delivery_at(o, at);
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
	if (!o->open && s->durable)
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
	if (!o->open && (o->first == o->sent || delivery_at(o, o->first)->id != o->next_id))
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
	if (record_delivery_change(b, s, d) || d->qos == 1 ||
		!timer_set(&b->timers, &s->timer, b->now_ms + STORE_RETRY_MS))
		return true;
	id_withdraw(s->outgoing, d);
	return false;
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
	if (result == SEND_TOO_LARGE) { /* [MQTT-3.1.2-25] */
		b->figures.messages_dropped++;
		delivery_finish(b, s, d);
	} else if (result == SEND_OK) {
		d->counted = true;
		s->outgoing->outstanding++; /* [MQTT-4.9.0-2] */
	}
	return result != SEND_FAILED;
}

void outgoing_pump(struct broker *b, struct session *s)
{
	struct outgoing *o = s->outgoing;
	struct link *l = s->link;

	if (!o || !l)
		return;
	while (o->sent != o->end && link_can_send(l)) {
		struct delivery *d = delivery_at(o, o->sent);
		if (d->state == DELIVERY_RELEASED) { /* [MQTT-4.3.3-5] [MQTT-4.4.0-1] */
			link_send_ack(l, PUBREL, d->id, 0);
		} else if (!d->id && d->state != DELIVERY_DONE &&
			is_expired(d->message->expires_ms, b->now_ms)) {
			/* [MQTT-3.3.2-5]; not once it was sent: [MQTT-4.3.3-7] */
			b->figures.messages_dropped++;
			delivery_finish(b, s, d);
		} else if (d->state != DELIVERY_DONE) {
			/* [MQTT-3.3.4-9] */
			if (o->outstanding >= link_quota(l))
				break;
			struct publication p = publication_of(d->message);
			if ((!d->id && !id_give(b, s, d)) || !delivery_send(b, s, d, &p))
				break;
		}
		o->sent++;
	}
	outgoing_trim(b, o);
	draws_wake(&b->draws, s->draws);
}

static bool queue_has_room(const struct broker *b, const struct session *s, size_t size)
{
	const struct outgoing *o = s->outgoing;
	const struct broker_limits *limits = &b->config.limits;

	return !o ||
		(o->end - o->sent < limits->queue_messages &&
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
	if (!ready && !queue_has_room(b, s, message_size(p->message)))
		return DELIVER_DROPPED;
	struct outgoing *o = outgoing_make(b, s);
	if (!o || !extra_make(b, how, share, &extra))
		return DELIVER_FAILED;
	struct delivery *d = delivery_at(o, o->end);
	*d = (struct delivery){ .message = message_hold(p->message),
		.extra = extra,
		.sequence = o->sequence++,
		.qos = how->qos,
		.retain = how->retain };
	o->queue_bytes += (uint32_t)message_size(d->message);
	o->end++;
	ready = ready && id_assign(b, s, d);
	bool stored = record_delivery(b, s, d);
	if (b->staging && !stored) {
		outgoing_unstage(b, s);
		return DELIVER_FAILED;
	}
	if (ready && !b->staging && delivery_send(b, s, d, p))
		o->sent++;
	return DELIVER_OK;
}

void outgoing_unstage(struct broker *b, struct session *s)
{
	struct outgoing *o = s->outgoing;
	struct delivery *d = delivery_at(o, o->end - 1);

	if (d->id)
		id_withdraw(o, d);
	delivery_finish(b, s, d);
	o->end--;
	o->sequence--;
}

/* Where the delivery with this identifier is. They are in the order of their identifiers, mostly
 * without gaps.
 */
static struct delivery *delivery_find(const struct outgoing *o, uint16_t id, uint32_t *place)
{
	if (!o || o->first == o->end)
		return NULL;
	uint16_t first_id = delivery_at(o, o->first)->id;
	uint32_t guess = o->first + ((uint32_t)id + UINT16_MAX - first_id) % UINT16_MAX;
	if (guess - o->first < o->end - o->first && delivery_at(o, guess)->id == id &&
		delivery_at(o, guess)->state != DELIVERY_DONE) {
		*place = guess;
		return delivery_at(o, guess);
	}
	for (*place = o->first; *place != o->end; ++*place) {
		struct delivery *d = delivery_at(o, *place);
		if (d->state == DELIVERY_WAITING)
			return NULL;
		if (d->id == id && d->state != DELIVERY_DONE)
			return d;
	}
	return NULL;
}

/* The client has it: what is left is PUBREL and PUBCOMP. [MQTT-4.3.3-6]
 * The client forgets the identifier at PUBREL: a store that would not have forgotten it after a
 * restart must not let it come to that.
 */
static bool delivery_release(struct broker *b, struct session *s, struct delivery *d)
{
	d->state = DELIVERY_RELEASED;
	if (record_delivery_change(b, s, d)) {
		message_release(b, s, d);
		return true;
	}
	d->state = DELIVERY_SENT;
	return false;
}

enum acknowledge_result outgoing_acknowledge(
	struct broker *b, struct session *s, enum packet_type type, uint16_t id, uint8_t reason)
{
	uint32_t place = 0;
	struct outgoing *o = s->outgoing;
	struct delivery *d = delivery_find(o, id, &place);

	if (!d)
		return ACKNOWLEDGE_UNKNOWN;
	bool sent = d->state == DELIVERY_SENT;
	if (type == PUBREC && d->qos == 2) {
		if (sent && reason < 0x80 && !delivery_release(b, s, d))
			return ACKNOWLEDGE_FAILED;
		if (sent && reason >= 0x80) /* [MQTT-4.4.0-2] */
			delivery_finish(b, s, d);
		else if (place - o->first < o->sent - o->first)
			link_send_ack(s->link, PUBREL, id, 0); /* [MQTT-4.3.3-4] */
	} else if (type == PUBACK && d->qos == 1) {
		delivery_finish(b, s, d);
	} else if (type == PUBCOMP && d->state == DELIVERY_RELEASED) {
		delivery_finish(b, s, d);
	} else {
		return ACKNOWLEDGE_UNKNOWN;
	}
	outgoing_trim(b, o); /* or its identifier would keep the next one waiting */
	outgoing_pump(b, s);
	return ACKNOWLEDGE_OK;
}

void outgoing_resume(struct broker *b, struct session *s)
{
	struct outgoing *o = s->outgoing;

	if (!o)
		return;
	/* Quota starts afresh with each connection: U50-QUOTA-RESET */
	for (uint32_t at = o->first; at != o->sent; at++)
		delivery_at(o, at)->counted = false;
	o->outstanding = 0;
	o->sent = o->first;
	outgoing_pump(b, s);
}

void outgoing_rest(struct broker *b, struct session *s)
{
	struct outgoing *o = s->outgoing;

	if (!o || o->first != o->end || !o->ring)
		return;
	memory_give(&b->memory, o->ring, o->capacity * sizeof(*o->ring));
	o->ring = NULL;
	o->capacity = 0;
}

bool outgoing_waits(const struct outgoing *o)
{
	return o && o->sent != o->end;
}

struct delivery *outgoing_next(const struct outgoing *o, uint32_t *at)
{
	while (o && o->first + *at != o->end) {
		struct delivery *d = delivery_at(o, o->first + (*at)++);
		if (d->state != DELIVERY_DONE)
			return d;
	}
	return NULL;
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
	for (uint32_t at = o->first; at != o->end; at++) {
		struct delivery *d = delivery_at(o, at);
		message_drop(&b->memory, d->message);
		delivery_extra_free(&b->memory, d->extra);
	}
	idset_clear(&o->open, &b->memory);
	memory_give(&b->memory, o->ring, o->capacity * sizeof(*o->ring));
	memory_give(&b->memory, o, sizeof(*o));
	s->outgoing = NULL;
}

/* Identifiers are given out in order, so those that wait before one that has its own have been sent, too:
 * the store was full then (id_give). They get those before it, or a later one might get the same as another.
 */
static void ids_restore(struct outgoing *o, uint32_t place)
{
	uint16_t id = delivery_at(o, place)->id;

	while (place != o->first && delivery_at(o, place - 1)->state == DELIVERY_WAITING) {
		struct delivery *d = delivery_at(o, --place);
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
	struct delivery *d = delivery_at(o, o->end++);
	*d = *restored;
	o->sequence = d->sequence + 1;
	if (!d->id) {
		o->queue_bytes += (uint32_t)message_size(d->message);
		return true;
	}
	o->next_id = id_after(d->id);
	ids_restore(o, o->end - 1);
	return true;
}
