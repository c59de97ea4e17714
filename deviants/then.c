#include "deviants/then.h"

#include <string.h>

#include "base/clock.h"
#include "deviants/own.h"
#include "harness/monitor/monitor.h"

enum {
	US_PER_MS = 1000,
	BYTE_MASK = 0xFF,
	OWN_ID = 0xFF00, /* Packet Identifiers of a deviant's own packets begin here */
	PUBLISH_DUP = 0x08,
	PUBLISH_RETAIN = 0x01,
};

/* ---- whether and when it comes ------------------------------------------------------------- */

void drop(struct passing *it, long none)
{
	(void)none;
	it->copies = 0;
}

void repeat(struct passing *it, long times)
{
	it->copies = (unsigned)times;
}

void repeat_as_dup(struct passing *it, long none)
{
	struct packet again = *it->packet;

	(void)none;
	exchange_write(it->x, it->way, it->raw);
	again.flags |= PUBLISH_DUP;
	*it->packet = again;
	it->changed = true;
}

void swap_with_next(struct passing *it, long none)
{
	(void)none;
	it->kept = !it->lane->kept.len;
}

void hang(struct passing *it, long none)
{
	(void)none;
	it->copies = 0;
	it->lane->silent = true;
}

/* ---- the connection ------------------------------------------------------------------------ */

void end(struct passing *it, long none)
{
	(void)none;
	it->ends = true;
}

void end_instead(struct passing *it, long none)
{
	(void)none;
	it->copies = 0;
	it->ends = true;
}

void keep_open(struct passing *it, long none)
{
	(void)none;
	it->lane->kept_open = true;
}

void delay_end(struct passing *it, long ms)
{
	it->lane->cut_at_us = clock_now_us() + ms * US_PER_MS;
}

/* ---- fields -------------------------------------------------------------------------------- */

static void set_bit(struct passing *it, uint8_t bit, long value)
{
	it->packet->flags = (uint8_t)(value ? it->packet->flags | bit : it->packet->flags & ~bit);
	it->changed = true;
}

void set_dup(struct passing *it, long value)
{
	set_bit(it, PUBLISH_DUP, value);
}

void set_retain(struct passing *it, long value)
{
	set_bit(it, PUBLISH_RETAIN, value);
}

void set_flags(struct passing *it, long flags)
{
	it->packet->flags = (uint8_t)flags;
	it->changed = true;
}

void repair_flags(struct passing *it, long none)
{
	(void)none;
	set_flags(it, wire_packet(it->packet->type).flags);
}

void shift_id(struct passing *it, long by)
{
	it->packet->id = (uint16_t)(it->packet->id + by);
	it->changed = true;
}

void set_id(struct passing *it, long id)
{
	it->x->changed_id[it->x->changed_ids++ % CHANGED_IDS] = it->packet->id;
	it->packet->id = (uint16_t)id;
	it->changed = true;
}

void set_code(struct passing *it, long code)
{
	it->packet->code = (uint8_t)code;
	it->packet->has_code = true;
	it->changed = true;
}

static uint8_t *own_codes(struct passing *it)
{
	struct bytes *codes = &it->packet->codes;
	uint8_t *own = arena_alloc(it->arena, codes->len + 1);

	if (codes->len)
		memcpy(own, codes->data, codes->len);
	codes->data = own;
	it->changed = true;
	return own;
}

void set_codes(struct passing *it, long code)
{
	uint8_t *own = own_codes(it);

	for (size_t i = 0; i < it->packet->codes.len; i++)
		own[i] = (uint8_t)code;
}

void lower_codes(struct passing *it, long none)
{
	uint8_t *own = own_codes(it);

	(void)none;
	for (size_t i = 0; i < it->packet->codes.len; i++)
		if (own[i] == 1 || own[i] == 2)
			own[i]--;
}

void raise_codes(struct passing *it, long none)
{
	uint8_t *own = own_codes(it);

	(void)none;
	for (size_t i = 0; i < it->packet->codes.len; i++)
		if (own[i] == 1)
			own[i] = 2;
}

void reverse_codes(struct passing *it, long none)
{
	uint8_t *own = own_codes(it);
	size_t len = it->packet->codes.len;

	(void)none;
	for (size_t i = 0; i < len / 2; i++) {
		uint8_t swapped = own[i];

		own[i] = own[len - 1 - i];
		own[len - 1 - i] = swapped;
	}
}

void drop_code(struct passing *it, long none)
{
	(void)none;
	if (it->packet->codes.len)
		it->packet->codes.len--;
	it->changed = true;
}

void add_code(struct passing *it, long code)
{
	uint8_t *own = own_codes(it);

	own[it->packet->codes.len++] = (uint8_t)code;
}

void set_session_present(struct passing *it, long value)
{
	set_ack_flags(it, value ? it->packet->ack_flags | 1 : it->packet->ack_flags & ~1);
}

void set_ack_flags(struct passing *it, long flags)
{
	it->packet->ack_flags = (uint8_t)flags;
	it->changed = true;
}

void cut_payload(struct passing *it, long keep)
{
	if ((size_t)keep < it->packet->payload.len)
		it->packet->payload.len = (size_t)keep;
	it->changed = true;
}

void change_payload(struct passing *it, long none)
{
	(void)none;
	own_bytes(it, &it->packet->payload, 0)[0] ^= 1;
}

void add_payload(struct passing *it, long bytes)
{
	own_bytes(it, &it->packet->payload, (size_t)bytes);
	it->packet->payload.len += (size_t)bytes;
}

void extend_topic(struct passing *it, long none)
{
	struct bytes *topic = &it->packet->topic;
	uint8_t *own = own_bytes(it, topic, 2);

	(void)none;
	own[topic->len++] = '/';
	own[topic->len++] = 'x';
}

/* What was published to a client of that version lately, and is no retained message for a new subscription. */
void as_published(struct passing *it, long none)
{
	(void)none;
	if (it->packet->retain && it->origin && !it->origin->retain)
		set_retain(it, 0);
}

void lengthen_body(struct passing *it, long bytes)
{
	it->tail = (uint32_t)bytes;
	it->changed = true;
}

void lengthen_header(struct passing *it, long bytes)
{
	it->twist.remaining_length_bytes = (unsigned)bytes;
	it->changed = true;
}

/* ---- what no packet asked for -------------------------------------------------------------- */

static void forget_from(struct passing *it, const struct subscription *first, bool all)
{
	for (const struct subscription *s = first; s; s = all ? s->next : NULL) {
		struct packet p = wire_packet(UNSUBSCRIBE);
		struct filter f = { .text = s->filter };

		p.id = (uint16_t)(OWN_ID + it->lane->note[0]++ % BYTE_MASK);
		p.filters = &f;
		p.filter_count = 1;
		exchange_ask(it->x, &p, UNSUBACK);
	}
}

void forget_subscriptions(struct passing *it, long none)
{
	(void)none;
	forget_from(it, it->x->session ? it->x->session->subscriptions : NULL, true);
}

void forget_one_subscription(struct passing *it, long none)
{
	(void)none;
	forget_from(it, it->x->session ? it->x->session->subscriptions : NULL, false);
}

static void send(struct passing *it, enum way way, long type)
{
	struct packet p = wire_packet((enum packet_type)type);

	p.id = it->packet->id;
	exchange_send(it->x, way, &p, NULL);
}

void send_to_client(struct passing *it, long type)
{
	send(it, way_back(it->way), type);
}

void follow_by(struct passing *it, long type)
{
	exchange_write(it->x, it->way, it->raw);
	it->copies = 0;
	send(it, it->way, type);
}

void precede_by(struct passing *it, long type)
{
	send(it, it->way, type);
}

void send_system_message(struct passing *it, long none)
{
	struct packet p = wire_packet(PUBLISH);

	(void)none;
	p.topic = BYTES("$SYS/deviant");
	p.payload = BYTES("1");
	exchange_send(it->x, way_back(it->way), &p, NULL);
}

void restore_id(struct passing *it, long none)
{
	(void)none;
	if (it->x->changed_ids_done < it->x->changed_ids)
		shift_id(it,
			it->x->changed_id[it->x->changed_ids_done++ % CHANGED_IDS] -
				it->packet->id);
}
