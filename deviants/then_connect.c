#include "deviants/then_connect.h"

#include "deviants/own.h"

enum {
	PERCENT = 100,
	WILL_QOS_SHIFT = 3,
};

static void set_connect_flag(struct passing *it, uint8_t flag, long value)
{
	uint8_t *flags = &it->packet->connect_flags;

	*flags = (uint8_t)(value ? *flags | flag : *flags & ~flag);
	it->changed = true;
}

void set_clean(struct passing *it, long value)
{
	set_connect_flag(it, CONNECT_CLEAN, value);
}

void set_keep_alive(struct passing *it, long s)
{
	it->packet->keep_alive = (uint16_t)s;
	it->changed = true;
}

void scale_keep_alive(struct passing *it, long percent)
{
	long s = it->packet->keep_alive * percent / PERCENT;

	set_keep_alive(it, it->packet->keep_alive && !s ? 1 : s);
}

void change_id(struct passing *it, long none)
{
	(void)none;
	if (it->packet->client_id.len)
		own_bytes(it, &it->packet->client_id, 0)[0] ^= 1;
}

void set_level(struct passing *it, long level)
{
	it->packet->level = (uint8_t)level;
	it->changed = true;
}

void set_name(struct passing *it, long none)
{
	(void)none;
	it->packet->protocol_name = BYTES("MQTT");
	it->changed = true;
}

void set_reserved(struct passing *it, long none)
{
	(void)none;
	set_connect_flag(it, CONNECT_RESERVED, 1);
}

void clear_reserved(struct passing *it, long none)
{
	(void)none;
	if (it->packet->connect_flags & CONNECT_RESERVED)
		set_connect_flag(it, CONNECT_RESERVED, 0);
}

void remove_will(struct passing *it, long none)
{
	(void)none;
	set_connect_flag(it, CONNECT_WILL | CONNECT_WILL_QOS | CONNECT_WILL_RETAIN, 0);
}

void set_will_retain(struct passing *it, long value)
{
	if (it->packet->connect_flags & CONNECT_WILL)
		set_connect_flag(it, CONNECT_WILL_RETAIN, value);
}

void set_will_qos(struct passing *it, long qos)
{
	if (!(it->packet->connect_flags & CONNECT_WILL))
		return;
	set_connect_flag(it, CONNECT_WILL_QOS, 0);
	set_connect_flag(it, (uint8_t)(qos << WILL_QOS_SHIFT), 1);
}

void change_will_payload(struct passing *it, long none)
{
	(void)none;
	if (it->packet->will_payload.len)
		own_bytes(it, &it->packet->will_payload, 0)[0] ^= 1;
}
