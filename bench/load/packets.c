#include "bench/load/packets.h"

#include <string.h>

#include "base/buf.h"

static void put_text(struct buf *out, const char *text)
{
	buf_add_u16(out, (uint16_t)strlen(text));
	buf_add(out, text, strlen(text));
}

static void put_header(struct buf *out, uint8_t first, size_t rest)
{
	buf_add_u8(out, first);
	do {
		uint8_t byte = rest & 0x7f;
		rest >>= 7;
		if (rest)
			byte |= 0x80;
		buf_add_u8(out, byte);
	} while (rest);
}

void put_connect(
	struct buf *out, const char *client_id, bool kept, const struct packets_login *login)
{
	const char *user = login->user_name, *password = user ? login->password : NULL;
	uint8_t flags = (kept ? 0 : 0x02) | (user ? 0x80 : 0) | (password ? 0x40 : 0);

	put_header(out, 0x10,
		10 + 2 + strlen(client_id) + (user ? 2 + strlen(user) : 0) +
			(password ? 2 + strlen(password) : 0));
	buf_add(out, "\0\4MQTT\4", 7);
	buf_add_u8(out, flags);
	buf_add_u16(out, 0);
	put_text(out, client_id);
	if (user)
		put_text(out, user);
	if (password)
		put_text(out, password);
}

void put_subscribe(struct buf *out, uint16_t id, const char *filter, unsigned qos)
{
	put_header(out, 0x82, 2 + 2 + strlen(filter) + 1);
	buf_add_u16(out, id);
	put_text(out, filter);
	buf_add_u8(out, (uint8_t)qos);
}

void put_publish(struct buf *out, const char *topic, unsigned qos, bool retain, uint16_t id,
	size_t payload_len)
{
	put_header(out, (uint8_t)(0x30 | qos << 1 | retain),
		2 + strlen(topic) + (qos ? 2 : 0) + payload_len);
	put_text(out, topic);
	if (qos)
		buf_add_u16(out, id);
}

void put_ack(struct buf *out, uint8_t first, const uint8_t id[static 2])
{
	buf_add(out, (uint8_t[]){ first, 2, id[0], id[1] }, 4);
}

void put_pingreq(struct buf *out)
{
	put_header(out, 0xc0, 0);
}

void put_disconnect(struct buf *out)
{
	put_header(out, 0xe0, 0);
}
