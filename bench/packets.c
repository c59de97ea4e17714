#include "bench/packets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void out_add(struct out *o, const void *data, size_t len)
{
	if (o->len + len > o->cap) {
		o->cap = (o->len + len) * 2;
		o->data = realloc(o->data, o->cap);
		if (!o->data) {
			perror("mqttspec-load");
			exit(1);
		}
	}
	memcpy(o->data + o->len, data, len);
	o->len += len;
}

static void put_u16(struct out *o, unsigned n)
{
	out_add(o, (uint8_t[]){ n >> 8 & 0xff, n & 0xff }, 2);
}

static void put_text(struct out *o, const char *text)
{
	put_u16(o, (unsigned)strlen(text));
	out_add(o, text, strlen(text));
}

static void put_header(struct out *o, uint8_t first, size_t rest)
{
	out_add(o, &first, 1);
	do {
		uint8_t byte = rest & 0x7f;
		rest >>= 7;
		if (rest)
			byte |= 0x80;
		out_add(o, &byte, 1);
	} while (rest);
}

void put_connect(struct out *o, const char *client_id, bool kept)
{
	put_header(o, 0x10, 10 + 2 + strlen(client_id));
	out_add(o, kept ? "\0\4MQTT\4\0\0\0" : "\0\4MQTT\4\2\0\0", 10);
	put_text(o, client_id);
}

void put_subscribe(struct out *o, uint16_t id, const char *filter, unsigned qos)
{
	put_header(o, 0x82, 2 + 2 + strlen(filter) + 1);
	put_u16(o, id);
	put_text(o, filter);
	out_add(o, (uint8_t[]){ (uint8_t)qos }, 1);
}

void put_publish(struct out *o, const char *topic, unsigned qos, bool retain, uint16_t id,
	size_t payload_len)
{
	put_header(o, (uint8_t)(0x30 | qos << 1 | retain),
		2 + strlen(topic) + (qos ? 2 : 0) + payload_len);
	put_text(o, topic);
	if (qos)
		put_u16(o, id);
}

void put_ack(struct out *o, uint8_t first, const uint8_t id[static 2])
{
	out_add(o, (uint8_t[]){ first, 2, id[0], id[1] }, 4);
}

void put_disconnect(struct out *o)
{
	put_header(o, 0xe0, 0);
}
