/* What comes in over a link: bytes, cut into packets; and the host's verdict, which it may wait for. */
#include "broker/core/input.h"

#include <string.h>

#include "broker/core/core.h"
#include "broker/core/link.h"
#include "broker/core/link_connect.h"
#include "broker/core/link_end.h"
#include "broker/core/link_packets.h"
#include "broker/core/link_publish.h"

enum { FIRST_TAIL = 64 };

/* What can be told from the Fixed Header alone, before a byte of the body is kept. */
static bool frame_check(struct link *l, const struct mqtt_frame *f)
{
	const struct broker_limits *limits = &l->broker->config.limits;
	size_t size = (size_t)f->header_len + f->body_len;
	size_t max = l->state == LINK_UP ? limits->packet_bytes : limits->connect_bytes;

	/* [MQTT-3.1.0-1] */
	if (l->state == LINK_NEW && f->type != CONNECT) {
		link_refuse(l, MQTT_PROTOCOL_ERROR, "3.1.1:MQTT-3.1.0-1",
			"the first packet is no CONNECT");
		return false;
	}
	if (size <= max)
		return true;
	link_refuse(l, MQTT_PACKET_TOO_LARGE, "5.0:U50-MAXPKT-EXCEEDED", "packet too large");
	return false;
}

/* Handles all whole packets; returns the bytes that they took. */
static size_t packets_take(struct link *l, const uint8_t *data, size_t len)
{
	size_t at = 0;

	while (at < len && !l->stopped) {
		struct mqtt_frame frame;
		struct mqtt_error e;
		enum mqtt_read read = mqtt_frame_read(data + at, len - at, l->version, &frame, &e);
		if (read == MQTT_READ_BAD)
			link_fail(l, &e);
		if (read != MQTT_READ_OK || !frame_check(l, &frame))
			break;
		if (len - at - frame.header_len < frame.body_len)
			break;
		struct mqtt_view body = { data + at + frame.header_len, frame.body_len };
		at += frame.header_len + (size_t)frame.body_len;
		l->heard_ms = l->broker->now_ms;
		l->broker->figures.packets_received++;
		link_packet(l, &frame, body);
	}
	return at;
}

/* The beginning of a CONNECT may have that of a password in it. */
static void tail_give(struct link *l, uint8_t *tail, uint32_t len, uint32_t size, bool secret)
{
	if (secret && len)
		explicit_bzero(tail, len);
	memory_give(&l->broker->memory, tail, size);
}

static bool tail_grow(struct link *l, uint32_t size)
{
	uint8_t *tail = memory_take(&l->broker->memory, size);

	if (!tail)
		return false;
	if (l->tail_len)
		memcpy(tail, l->tail, l->tail_len);
	tail_give(l, l->tail, l->tail_len, l->tail_size, link_awaits_connect(l));
	l->tail = tail;
	l->tail_size = size;
	return true;
}

/* Appends to the tail. It grows with what has come, not with what is announced: memory is held for
 * bytes that were really sent.
 */
static bool tail_add(struct link *l, const uint8_t *data, size_t len)
{
	uint32_t max =
		l->state == LINK_WAITS ? l->broker->config.limits.connect_bytes : UINT32_MAX / 2;

	if (l->tail_len > max || len > max - l->tail_len) {
		link_refuse(l, MQTT_PACKET_TOO_LARGE, "5.0:U50-MAXPKT-EXCEEDED", "too much input");
		return false;
	}
	uint32_t need = l->tail_len + (uint32_t)len;
	if (need > l->tail_size) {
		uint32_t size = l->tail_size ? l->tail_size * 2 : FIRST_TAIL;
		size = size < need ? need : size;
		if (!tail_grow(l, size)) {
			link_refuse(l, MQTT_QUOTA_EXCEEDED, "5.0:U50-ERR-CODES",
				"no memory for the packet");
			return false;
		}
	}
	memcpy(l->tail + l->tail_len, data, len);
	l->tail_len = need;
	return true;
}

/* Handles the packets of the tail, and keeps what is not whole. */
static void tail_take(struct link *l)
{
	bool secret = link_awaits_connect(l);
	uint8_t *tail = l->tail;
	uint32_t len = l->tail_len, size = l->tail_size;

	l->tail = NULL;
	l->tail_len = l->tail_size = 0;
	size_t used = packets_take(l, tail, len);
	if (used < len && l->state != LINK_ENDS)
		tail_add(l, tail + used, len - used);
	tail_give(l, tail, len, size, secret);
}

/* Bytes that the packet in the tail is short of: at least 1, and so few that none after it is taken. */
static size_t tail_missing(const struct link *l)
{
	struct mqtt_frame frame;
	struct mqtt_error e;

	if (mqtt_frame_read(l->tail, l->tail_len, l->version, &frame, &e) != MQTT_READ_OK)
		return 1;
	return (size_t)frame.header_len + frame.body_len - l->tail_len;
}

/* Completes the packet in the tail. Returns the bytes used up. */
static size_t tail_fill(struct link *l, const uint8_t *data, size_t len)
{
	size_t used = 0;

	while (used < len && l->tail_len && !l->stopped) {
		size_t missing = tail_missing(l),
		       take = missing < len - used ? missing : len - used;
		bool look = take == missing;
		if (!tail_add(l, data + used, take))
			break;
		used += take;
		/* A header that has become whole is judged at once. */
		if (look)
			tail_take(l);
	}
	return used;
}

bool link_awaits_connect(const struct link *l)
{
	return l->state == LINK_NEW;
}

void link_input(struct link *l, const void *data, size_t len)
{
	const uint8_t *at = data;

	l->broker->figures.bytes_received += len;
	if (l->tail_len && !l->stopped) {
		size_t used = tail_fill(l, at, len);
		at += used;
		len -= used;
	}
	size_t used = packets_take(l, at, len);
	if (used < len && l->state != LINK_ENDS)
		tail_add(l, at + used, len - used);
}

void link_decide(struct link *l, int verdict, const struct broker_auth_answer *answer)
{
	static const struct broker_auth_answer none = { 0 };

	if (!l->stopped || l->state == LINK_ENDS)
		return;
	l->stopped = false;
	l->heard_ms = l->broker->now_ms; /* what came meanwhile is yet to be read */
	link_mark(l);
	link_verdict(l, verdict, answer ? answer : &none);
	if (l->tail_len && !l->stopped)
		tail_take(l);
}

void link_try_again(struct link *l)
{
	if (l->state != LINK_UP || !link_has_backlog(l))
		return;
	bool was_full = link_backlog_is_full(l);
	link_publish_waiting(l);
	if (l->state != LINK_UP || !was_full || link_backlog_is_full(l))
		return;
	l->stopped = false;
	l->heard_ms = l->broker->now_ms;
	link_mark(l);
	if (l->tail_len)
		tail_take(l);
}
