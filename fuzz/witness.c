#include "fuzz/witness.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "harness/peers/demands.h"
#include "harness/transport/endpoint.h"

enum {
	TURN_US = 50000, /* at most so much time passes in a turn */
	MESSAGE_EVERY_US = 100000,
	NEWCOMER_EVERY_US = 1000000,
	KEEP_ALIVE_S = 60, /* far longer than they are silent */
	TEXT_SIZE = 32,
	POLL_MS = 20,
};

static bool complain(struct witness *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The first trouble is the one that is told. */
static bool complain(struct witness *w, const char *format, ...)
{
	va_list args;

	if (*w->trouble)
		return false;
	va_start(args, format);
	vsnprintf(w->trouble, sizeof(w->trouble), format, args);
	va_end(args);
	return false;
}

static const char *topic_of(const struct witness *w, char text[static TEXT_SIZE])
{
	snprintf(text, TEXT_SIZE, "witness%u/t", w->number);
	return text;
}

/* ---- what they hear -------------------------------------------------------------------------- */

static void hear_message(struct witness *w, const struct packet *p)
{
	char topic[TEXT_SIZE], payload[TEXT_SIZE];
	struct packet ack = wire_packet(PUBACK);

	snprintf(payload, sizeof(payload), "%u", w->arrived + 1);
	if (p->qos == 1) {
		ack.id = p->id;
		talk_send_packet(&w->talks[WITNESS_SUBSCRIBER], &ack);
	} else { /* else it would be silent for longer than its Keep Alive */
		const struct packet ping = wire_packet(PINGREQ);
		talk_send_packet(&w->talks[WITNESS_SUBSCRIBER], &ping);
	}
	if (!bytes_equal(p->topic, bytes_of(topic_of(w, topic)))) {
		complain(w, "the subscriber got a message that is not for it");
	} else if (bytes_equal(p->payload, bytes_of(payload)) && w->arrived < w->sent) {
		w->arrived++;
	} else if (!p->dup) {
		complain(w, "the subscriber got another message than was published");
	}
}

static void hear_subscriber(void *user, const struct packet *p)
{
	struct witness *w = user;

	if (p->type == PUBLISH)
		hear_message(w, p);
	if (p->type == SUBACK)
		w->subscribed = p->codes.len == 1 && p->codes.data[0] <= 2;
	if (p->type == CONNACK && p->code)
		complain(w, "the subscriber is not let in: CONNACK %u", p->code);
}

static void hear_publisher(void *user, const struct packet *p)
{
	struct witness *w = user;

	if (p->type == PUBACK && p->id == (w->sent & 0x7fff) + 1) {
		w->acknowledged = true;
		if (p->code >= 0x80)
			complain(w, "a message is refused: PUBACK %u", p->code);
	}
	if (p->type == CONNACK && p->code)
		complain(w, "the publisher is not let in: CONNACK %u", p->code);
}

static void hear_newcomer(void *user, const struct packet *p)
{
	struct witness *w = user;
	struct talk *l = &w->talks[WITNESS_NEWCOMER];
	struct packet next = wire_packet(p->type == CONNACK ? PINGREQ : DISCONNECT);

	if (p->type == CONNACK && p->code) {
		complain(w, "a new connection is refused: CONNACK %u", p->code);
		return;
	}
	if (p->type != CONNACK && p->type != PINGRESP)
		return;
	talk_send_packet(l, &next);
	w->newcomer_left = p->type == PINGRESP;
}

/* ---- connections ----------------------------------------------------------------------------- */

static bool start(struct witness *w, int which)
{
	static void (*const hears[])(void *, const struct packet *) = {
		[WITNESS_PUBLISHER] = hear_publisher,
		[WITNESS_SUBSCRIBER] = hear_subscriber,
		[WITNESS_NEWCOMER] = hear_newcomer,
	};
	const char *error;
	char id[TEXT_SIZE];
	struct packet connect = wire_packet(CONNECT);
	struct pipe *pipe =
		endpoint_dial(&w->arena, w->endpoint, clock_now_us() + w->limit_us, &error);

	if (!pipe)
		return complain(w, "no connection: %s", error);
	struct talk *l = &w->talks[which];
	talk_init(l, &w->arena, pipe, w->version, SIDE_CLIENT, NULL, NULL, "");
	talk_lean(l, &w->words);
	l->heard = hears[which];
	l->user = w;
	w->started[which] = true;
	snprintf(id, sizeof(id), "witness%u%c", w->number, 'a' + which);
	connect.protocol_name = BYTES("MQTT");
	connect.level = (uint8_t)w->version;
	connect.connect_flags = CONNECT_CLEAN;
	connect.client_id = bytes_of(id);
	connect.keep_alive = KEEP_ALIVE_S;
	connect.properties.present = version_traits(w->version).properties;
	demands_meet(&(struct demands){ .login = w->endpoint->login }, &connect);
	talk_send_packet(l, &connect);
	return true;
}

static void subscribe(struct witness *w)
{
	char topic[TEXT_SIZE];
	struct packet p = wire_packet(SUBSCRIBE);
	struct filter filter = { bytes_of(topic_of(w, topic)), 1 };

	p.id = 1;
	p.filters = &filter;
	p.filter_count = 1;
	p.properties.present = version_traits(w->version).properties;
	talk_send_packet(&w->talks[WITNESS_SUBSCRIBER], &p);
}

bool witness_start(struct witness *w, const struct endpoint *endpoint, enum mqtt_version version,
	unsigned number, int64_t limit_us)
{
	*w = (struct witness){ .endpoint = endpoint,
		.version = version,
		.number = number,
		.limit_us = limit_us,
		.turn_us = clock_now_us(),
		.newcomer_us = NEWCOMER_EVERY_US };
	arena_init(&w->arena);
	arena_init(&w->words);
	if (!start(w, WITNESS_PUBLISHER) || !start(w, WITNESS_SUBSCRIBER))
		return false;
	subscribe(w);
	return true;
}

void witness_end(struct witness *w)
{
	for (int i = 0; i < WITNESS_TALKS; i++)
		if (w->started[i])
			talk_fini(&w->talks[i]);
	arena_fini(&w->arena);
	arena_fini(&w->words);
	memset(w->started, 0, sizeof(w->started));
}

/* ---- turns ----------------------------------------------------------------------------------- */

static void publish(struct witness *w)
{
	char topic[TEXT_SIZE], payload[TEXT_SIZE];
	struct packet p = wire_packet(PUBLISH);

	w->sent++;
	snprintf(payload, sizeof(payload), "%u", w->sent);
	p.flags = wire_publish_flags(false, 1, false);
	p.id = (uint16_t)((w->sent & 0x7fff) + 1);
	p.topic = bytes_of(topic_of(w, topic));
	p.payload = bytes_of(payload);
	p.properties.present = version_traits(w->version).properties;
	w->acknowledged = false;
	w->asked_us = w->own_us;
	talk_send_packet(&w->talks[WITNESS_PUBLISHER], &p);
}

static bool mind_messages(struct witness *w)
{
	bool waits = !w->subscribed || w->arrived < w->sent || (w->sent && !w->acknowledged);

	if (!waits && w->own_us >= w->next_us) {
		publish(w);
		w->next_us = w->own_us + MESSAGE_EVERY_US;
	}
	if (waits && w->own_us - w->asked_us > w->limit_us)
		return complain(w,
			!w->subscribed             ? "a SUBSCRIBE is not answered"
				: !w->acknowledged ? "a PUBLISH is not acknowledged"
						   : "a message does not arrive");
	return true;
}

/* Those of one connection. What has no room comes up again, or is one of many. */
static void collect_findings(struct witness *w, struct talk *l)
{
	for (size_t i = 0; i < l->finding_count && w->finding_count < WITNESS_FINDINGS_MAX; i++)
		w->findings[w->finding_count++] = l->findings[i];
	l->finding_count = 0;
}

static void dismiss_newcomer(struct witness *w)
{
	talk_close(&w->talks[WITNESS_NEWCOMER], false);
	talk_fini(&w->talks[WITNESS_NEWCOMER]);
	w->started[WITNESS_NEWCOMER] = w->newcomer_left = false;
	w->newcomer_us = w->own_us + NEWCOMER_EVERY_US;
}

static bool mind_newcomer(struct witness *w)
{
	struct talk *l = &w->talks[WITNESS_NEWCOMER];

	if (!w->started[WITNESS_NEWCOMER]) {
		if (w->own_us < w->newcomer_us)
			return true;
		w->newcomer_us = w->own_us;
		return start(w, WITNESS_NEWCOMER);
	}
	talk_turn(l);
	collect_findings(w, l);
	if (w->newcomer_left)
		dismiss_newcomer(w);
	else if (l->ended)
		return complain(w, "a new connection is closed");
	else if (w->own_us - w->newcomer_us > w->limit_us)
		return complain(w, "a new connection is not served");
	return true;
}

void witness_waited(struct witness *w, int64_t waited_us)
{
	w->own_us += waited_us;
}

bool witness_turn(struct witness *w)
{
	int64_t now_us = clock_now_us(), passed_us = now_us - w->turn_us;

	w->turn_us = now_us;
	w->own_us += passed_us < TURN_US ? passed_us : TURN_US;
	for (int i = 0; i < WITNESS_NEWCOMER && !*w->trouble; i++) {
		talk_turn(&w->talks[i]);
		collect_findings(w, &w->talks[i]);
		if (w->talks[i].ended)
			return complain(w, "the connection of the %s is closed",
				i == WITNESS_SUBSCRIBER ? "subscriber" : "publisher");
	}
	arena_reset(&w->words);
	return !*w->trouble && mind_messages(w) && mind_newcomer(w) && !*w->trouble;
}

size_t witness_poll(const struct witness *w, struct pollfd *fds, size_t count, size_t max)
{
	for (int i = 0; i < WITNESS_TALKS && count < max; i++)
		if (w->started[i] && talk_is_open(&w->talks[i]))
			fds[count++] =
				(struct pollfd){ .fd = w->talks[i].pipe->fd, .events = POLLIN };
	return count;
}

bool witness_passes(struct witness *w, int stop_fd)
{
	unsigned goal = w->arrived + (w->arrived < w->sent ? 2 : 1);
	struct pollfd fds[1 + WITNESS_TALKS] = { { .fd = stop_fd, .events = POLLIN } };

	w->next_us = w->own_us;
	while (witness_turn(w)) {
		if (w->arrived >= goal && w->acknowledged)
			return true;
		poll(fds, witness_poll(w, fds, 1, 1 + WITNESS_TALKS), POLL_MS);
		if (fds[0].revents)
			return false;
		if (w->arrived < goal)
			w->next_us = w->own_us;
	}
	return false;
}

bool witness_take_finding(struct witness *w, struct finding *out)
{
	if (!w->finding_count)
		return false;
	*out = w->findings[0];
	w->finding_count--;
	memmove(w->findings, w->findings + 1, w->finding_count * sizeof(*w->findings));
	return true;
}
