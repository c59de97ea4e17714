/* Many messages, more than one byte can count, and more than two: identifiers begin again, and nothing else may. */
#include <stdio.h>

#include "cases/common/handshake.h"
#include "harness/client_case.h"

enum {
	BEYOND_ONE_BYTE = 400,
	BEYOND_TWO_BYTES = 65600,
	AT_ONCE = 200, /* commands, or messages, before the answers are looked at */
	NUMBER_MAX = 16,
	LONG_US = 20 * 1000 * 1000,
};

static const char *number(char text[static NUMBER_MAX], unsigned n)
{
	snprintf(text, NUMBER_MAX, "%u", n);
	return text;
}

/* A client that keeps few messages under way sends the others when these are done. False: it says no more. */
static bool publish_some(struct test *t, struct peer *server, unsigned from, unsigned qos)
{
	char text[NUMBER_MAX];
	unsigned command = 0;

	for (unsigned i = 0; i < AT_ONCE; i++)
		command = do_publish(
			t, .topic = "m/out", .payload = number(text, from + i), .qos = qos);
	for (unsigned i = 0; i < AT_ONCE; i++) {
		struct packet m = expect_publish(server, .topic = "m/out",
			.payload = number(text, from + i), .qos = SET(qos));
		settle(server, &m);
	}
	return expect_acknowledged(t, command).kind != TOLD_NOTHING;
}

/* Some clients are made for few messages. */
static void require_speed(struct test *t, int64_t begun_us)
{
	require(t, now_us(t) - begun_us < LONG_US, "so many messages take it too long");
}

static const struct vector each_qos[] = {
	{ "q0", .extra = &(const unsigned){ 0 } },
	{ "q1", .extra = &(const unsigned){ 1 } },
	{ "q2", .extra = &(const unsigned){ 2 } },
};

CLIENT_CASE(many_published, .title = "Four hundred messages go out, each as it was asked for",
	.refs = { AS_ASKED, "3.1.1:MQTT-2.3.1-1", "3.1.1:MQTT-3.3.1-2", "5.0:MQTT-2.2.1-3",
		"5.0:MQTT-3.3.1-2" },
	.level = MUST, .versions = BOTH, ROWS(each_qos))
{
	struct peer *server = admit(t);

	for (unsigned i = 0; i < BEYOND_ONE_BYTE; i += AT_ONCE)
		if (!publish_some(t, server, i, *(const unsigned *)row(t)->extra))
			return;
}

/* All identifiers have been in use once, so they begin again, with 1. */
CLIENT_CASE(very_many_published,
	.title = "After 65,535 messages the next ones have identifiers other than 0",
	.refs = { "3.1.1:MQTT-2.3.1-1", "5.0:MQTT-2.2.1-3", AS_ASKED }, .level = MUST,
	.versions = BOTH, .budget_ms = 5000)
{
	struct peer *server = admit(t);
	int64_t begun_us = now_us(t);

	off_the_record(server);
	for (unsigned i = 0; i < BEYOND_TWO_BYTES; i += AT_ONCE) {
		if (!publish_some(t, server, i, 1))
			return;
		require_speed(t, begun_us);
	}
}

/* No more messages than the client may be sent at once. */
static unsigned most_under_way(struct peer *server)
{
	struct packet connect = greeting_of(server);
	const struct property *p = properties_find(&connect.properties, 0x21);

	return p && p->number < AT_ONCE ? p->number : AT_ONCE;
}

static void deliver_many(struct test *t, struct peer *server, unsigned count, unsigned qos)
{
	unsigned most = most_under_way(server);
	int64_t begun_us = now_us(t);
	char text[NUMBER_MAX];

	for (unsigned from = 0; from < count; from += most) {
		for (unsigned i = from; i < from + most; i++)
			send_publish(server, .topic = "m/in", .payload = number(text, i),
				.qos = qos, .id = i % 65535 + 1);
		for (unsigned i = from; i < from + most; i++) {
			struct packet answer = expect(server, qos == 1 ? PUBACK : PUBREC);
			check_eq(t, answer.id, i % 65535 + 1);
			if (qos == 1)
				continue;
			send_ack(server, PUBREL, answer.id);
			expect_ack(server, PUBCOMP, answer.id);
		}
		require_speed(t, begun_us);
	}
}

CLIENT_CASE(many_received, .title = "Four hundred messages are acknowledged and passed on",
	.refs = { "3.1.1:MQTT-4.3.2-2", "3.1.1:MQTT-4.3.3-2", "5.0:MQTT-4.3.2-4",
		"5.0:MQTT-4.3.3-8", AS_ASKED },
	.level = MUST, .versions = BOTH, .rows = each_qos + 1, .row_count = 2)
{
	char text[NUMBER_MAX];
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "m/#", .qos = 2);

	deliver_many(t, server, BEYOND_ONE_BYTE, *(const unsigned *)row(t)->extra);
	for (unsigned i = 0; i < BEYOND_ONE_BYTE; i++)
		expect_told(t, .topic = "m/in", .payload = number(text, i));
}

CLIENT_CASE(very_many_received,
	.title = "More messages than there are identifiers are acknowledged one by one",
	.refs = { "3.1.1:MQTT-4.3.2-2", "5.0:MQTT-4.3.2-4" }, .level = MUST, .versions = BOTH,
	.budget_ms = 5000)
{
	struct peer *server = admit(t);

	off_the_record(server);
	deliver_many(t, server, BEYOND_TWO_BYTES, 1);
}

CHAPTER(client_many, "Many messages of and to clients", &case_many_published,
	&case_very_many_published, &case_many_received, &case_very_many_received);
