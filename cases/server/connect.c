/* The first packets of a connection: CONNECT comes first and once, 3.1.0, and what a client may say
 * in it and right after it.
 */
#include <stdio.h>
#include <string.h>

#include "harness/case.h"

static const struct vector first_packet[] = {
	{ "publish", "30 r t\"a\" p{} b\"x\"", .codes = { 0x82, 0x81 } },
	{ "publish_qos_1", "32 r t\"a\" m1 p{} b\"x\"", .codes = { 0x82, 0x81 } },
	{ "publish_qos_2", "34 r t\"a\" m1 p{} b\"x\"", .codes = { 0x82, 0x81 } },
	{ "puback", "40 r m1", .codes = { 0x82, 0x81 } },
	{ "pubrel", "62 r m1", .codes = { 0x82, 0x81 } },
	{ "subscribe", "82 r m1 p{} t\"a\" 00", .codes = { 0x82, 0x81 } },
	{ "unsubscribe", "A2 r m1 p{} t\"a\"", .codes = { 0x82, 0x81 } },
	{ "pingreq", "C0 00", .codes = { 0x82, 0x81 } },
	{ "disconnect", "E0 00", .codes = { 0x82, 0x81 } },
	{ "auth", "F0 r 18 p{15 s\"mqttspec\"}", .versions = V50, .codes = { 0x82, 0x81 } },
	{ "connack", "20 r 0000 p{}", .codes = { 0x82, 0x81 } },
	{ "type_0", "00 00", .codes = { 0x81, 0x82 } },
	{ "http_request", "b\"GET / HTTP/1.1\"*8 0D0A0D0A", .codes = { 0x81, 0x82 } },
	{ "tls_client_hello", "1603010005 01000001 03*128", .codes = { 0x81, 0x82 } },
};

CASE(first_packet, .title = "A connection whose first packet is no CONNECT is closed",
	.refs = { "3.1.1:MQTT-3.1.0-1", "3.1.1:MQTT-4.8.0-1", "5.0:MQTT-3.1.0-1",
		"5.0:MQTT-4.13.1-1" },
	.level = MUST, .versions = BOTH, ROWS(first_packet))
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

/*   stranger                  target                  subscriber
 *   PUBLISH retained     -->
 *                        <--  close
 *                                          -->  PUBLISH "marker" of another client, nothing before
 */
CASE(first_packet_without_effect,
	.title = "A PUBLISH ahead of CONNECT is neither delivered nor retained",
	.refs = { "3.1.1:MQTT-3.1.0-1", "5.0:MQTT-3.1.0-1" }, .level = MUST, .versions = BOTH)
{
	struct peer *early = join(t, "early");
	subscribe(early, .filter = "first/t", .qos = 1);
	struct peer *stranger = dial(t, "stranger");
	misbehave(stranger);
	send_publish(stranger, .topic = "first/t", .payload = "ahead", .retain = true);
	send_connect(stranger, .keep_alive = 0);
	expect_violation_closed(stranger);

	judging(t, "3.1.1:MQTT-3.1.0-1");
	judging(t, "5.0:MQTT-3.1.0-1");
	struct peer *pub = is_open(stranger) ? stranger : join(t, "publisher");
	publish(pub, .topic = "first/t", .payload = "marker", .qos = 1);
	struct packet m = expect_message(early);
	check_in(t, m, bytes_equal(m.payload, BYTES("marker")),
		"nothing of what came before CONNECT reaches anybody");
	expect_none_retained(pub, "first/t");
}

/*   client                    target                  watcher
 *   CONNECT, with a Will -->
 *                        <--  CONNACK
 *   CONNECT              -->
 *                        <--  close
 *                                          -->  PUBLISH, the Will
 */
CASE(second_connect, .title = "A second CONNECT ends the connection, and the Will is published",
	.refs = { "3.1.1:MQTT-3.1.0-2", "3.1.1:MQTT-3.1.2-8", "5.0:MQTT-3.1.0-2",
		"5.0:MQTT-3.2.0-2", "5.0:U50-WILL-CAUSES" },
	.level = MUST, .versions = BOTH)
{
	witness(t);
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "second/w");
	struct peer *client =
		join(t, "client", .will = { .topic = "second/w", .payload = "twice" });

	judging(t, "3.1.1:MQTT-3.1.0-2");
	judging(t, "5.0:MQTT-3.1.0-2");
	misbehave(client);
	send_connect(client, .keep_alive = 0);
	expect_violation_closed(client, .codes = { 0x82 });
	judging(t, "5.0:MQTT-3.2.0-2");
	check_absent(client, CONNACK, "no second CONNACK");
	require(t, !is_open(client), "the target goes on, so no close brings the Will");
	judging(t, "3.1.1:MQTT-3.1.2-8");
	judging(t, "5.0:U50-WILL-CAUSES");
	expect_message(watcher, .topic = "second/w", .payload = "twice");
}

CASE(second_connect_of_another,
	.title = "A second CONNECT with the ClientId of another client takes nothing over",
	.refs = { "3.1.1:MQTT-3.1.0-2", "5.0:MQTT-3.1.0-2" }, .level = MUST, .versions = BOTH)
{
	struct peer *other = join(t, "other");
	struct peer *client = join(t, "client");
	misbehave(client);
	send_connect(client, .client_id = client_id(other));
	expect_violation_closed(client, .codes = { 0x82 });
	check_absent(client, CONNACK, "no second CONNACK");
	fence(other);
}

/* ---- packets right after CONNECT ----------------------------------------------------------- */

/*   client                    target                  watcher
 *   CONNECT              -->
 *   SUBSCRIBE 1          -->
 *   PUBLISH q1 2         -->
 *   PINGREQ              -->
 *                        <--  CONNACK, before all else
 *                        <--  SUBACK 1, PUBACK 2, PINGRESP
 *                                          -->  PUBLISH
 */
CASE(pipelined_packets, .title = "Packets after CONNECT are served without waiting for CONNACK",
	.refs = { "3.1.1:U311-PIPELINE", "3.1.1:MQTT-3.2.0-1", "5.0:U50-PIPELINE",
		"5.0:MQTT-3.2.0-1" },
	.level = STATED, .versions = BOTH)
{
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "pipe/t");

	struct peer *client = dial(t, "client");
	send_connect(client, .keep_alive = 60);
	send_subscribe(client, .filter = "pipe/own", .id = 1);
	send_publish(client, .topic = "pipe/t", .payload = "early", .qos = 1, .id = 2);
	send_pingreq(client);
	expect_accepted(client);
	expect_ack(client, SUBACK, 1);
	expect_ack(client, PUBACK, 2);
	expect(client, PINGRESP);

	expect_message(watcher, .topic = "pipe/t", .payload = "early");
	publish(watcher, .topic = "pipe/own", .payload = "later");
	expect_message(client, .topic = "pipe/own", .payload = "later");
}

CASE(pipelined_disconnect, .title = "A whole visit in one go, CONNECT to DISCONNECT, is served",
	.refs = { "3.1.1:U311-PIPELINE", "5.0:U50-PIPELINE" }, .level = STATED, .versions = BOTH)
{
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "pipe/t", .qos = 1);

	struct peer *client = dial(t, "client");
	send_connect(client, .keep_alive = 60);
	send_publish(client, .topic = "pipe/t", .payload = "visit", .qos = 1, .id = 1);
	send_disconnect(client);
	expect_message(watcher, .topic = "pipe/t", .payload = "visit");
	expect_accepted(client);
}

/* A CONNECT and, in the same write, a retained message after it, so that the target has both when it looks at
 * the first. The ClientId is the peer's own.
 */
static void send_smuggled(struct test *t, struct peer *client, const char *level, const char *flags)
{
	char text[200];
	size_t head = 10 + is_v5(t) + 2; /* the variable header, and the length of the ClientId */

	snprintf(text, sizeof(text),
		"10%02zX s\"MQTT\" %s %s n60 p{} c 31 r t\"pipe/t\" p{} b\"smuggled\"",
		head + strlen(client_id(client)), level, flags);
	send_template(client, text);
}

/* Protocol level 2 is refused by all, and needs no configuration:
 *
 *   client                    target                  subscribers, early and late
 *   CONNECT, level 2     -->
 *   PUBLISH retained     -->
 *                        <--  CONNACK or not, and the close
 *                                          -->  PUBLISH "marker" of another client, nothing before
 */
CASE(pipelined_behind_refused, .title = "Packets after a refused CONNECT have no effect",
	.refs = { "3.1.1:MQTT-3.1.4-5", "5.0:MQTT-3.1.4-6" }, .level = MUST, .versions = BOTH)
{
	struct peer *early = join(t, "early");
	subscribe(early, .filter = "pipe/t", .qos = 1);
	struct peer *client = dial(t, "client");
	send_smuggled(t, client, "02", "02");
	require_closed(client);

	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "pipe/t", .payload = "marker", .qos = 1);
	expect_message(early, .payload = "marker");
	expect_none_retained(pub, "pipe/t");
}

CASE(pipelined_behind_malformed, .title = "Packets after a malformed CONNECT have no effect",
	.refs = { "3.1.1:MQTT-3.1.4-5", "5.0:MQTT-3.1.4-6" }, .level = MUST, .versions = BOTH)
{
	struct peer *early = join(t, "early");
	subscribe(early, .filter = "pipe/t", .qos = 1);
	struct peer *client = dial(t, "client");
	send_smuggled(t, client, "l", "03");
	require_closed(client);

	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "pipe/t", .payload = "marker", .qos = 1);
	expect_message(early, .payload = "marker");
}

/* ---- what a CONNECT may say ---------------------------------------------------------------- */

/* Whether a target lets in whom it does not know is its own affair: refusals for that reason, and
 * only those, leave the statement open.
 */
static void expect_welcome(struct peer *client)
{
	const char *wants = "the target wants credentials of its own";

	expect_one_of(client,
		OUTCOMES({ CONNACK, .code = SET(0) },
			{ CONNACK, .code = SET(4), .verdict = VERDICT_INAPPLICABLE, .says = wants },
			{ CONNACK, .code = SET(5), .verdict = VERDICT_INAPPLICABLE, .says = wants },
			{ CONNACK, .code = SET(0x86), .verdict = VERDICT_INAPPLICABLE,
				.says = wants },
			{ CONNACK, .code = SET(0x87), .verdict = VERDICT_INAPPLICABLE,
				.says = wants },
			{ CLOSED, .verdict = VERDICT_INAPPLICABLE,
				.says = "the target refuses by the close alone" }));
	fence(client);
}

CASE(connect_with_credentials,
	.title = "A CONNECT with user name and password is served or refused, not malformed",
	.refs = { "3.1.1:MQTT-3.1.2-19", "3.1.1:MQTT-3.1.2-21", "5.0:MQTT-3.1.2-17",
		"5.0:MQTT-3.1.2-19" },
	.level = MUST, .versions = BOTH)
{
	struct peer *client = dial(t, "client");
	send_connect(client, SOME_LOGIN(t));
	expect_welcome(client);
}

CASE(connect_with_user_name_alone,
	.title = "A CONNECT with a user name and no password is served or refused, not malformed",
	.refs = { "3.1.1:MQTT-3.1.2-19", "3.1.1:MQTT-3.1.2-20", "5.0:MQTT-3.1.2-17",
		"5.0:MQTT-3.1.2-18" },
	.level = MUST, .versions = BOTH)
{
	struct peer *client = dial(t, "client");
	send_connect(client, .user_name = "user");
	expect_welcome(client);
}

CASE(connect_with_password_alone,
	.title = "A CONNECT with a password and no user name is legal in 5.0",
	.refs = { "5.0:U50-PASSWORD-ONLY", "5.0:MQTT-3.1.2-19" }, .level = STATED, .versions = V50)
{
	struct peer *client = dial(t, "client");
	send_connect(client, .password = "password");
	expect_welcome(client);
}

CASE(connect_with_empty_credentials, .title = "User name and password may be empty",
	.refs = { "3.1.1:MQTT-3.1.2-19", "3.1.1:MQTT-3.1.2-21", "5.0:MQTT-3.1.2-17",
		"5.0:MQTT-3.1.2-19" },
	.level = MUST, .versions = BOTH)
{
	struct peer *client = dial(t, "client");
	send_connect(client, .user_name = "", .password = "");
	expect_welcome(client);
}

CASE(connect_with_empty_will, .title = "A Will may have an empty payload, and is published so",
	.refs = { "3.1.1:MQTT-3.1.2-9", "3.1.1:U311-WILLMSG-LEN", "5.0:MQTT-3.1.2-9",
		"5.0:MQTT-3.1.2-8" },
	.level = MUST, .versions = BOTH)
{
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "empty/w");
	struct peer *client = dial(t, "client");
	send_connect(client, .will = { .topic = "empty/w" });
	expect_accepted(client);
	abort_connection(client);
	struct packet will = expect_message(watcher, .topic = "empty/w");
	check_eq(t, will.payload.len, 0);
}

/* All fields at once, in their order: a target that mixes them up publishes the wrong Will. */
CASE(connect_with_everything, .title = "The fields of CONNECT are told apart by their order",
	.refs = { "3.1.1:MQTT-3.1.3-1", "5.0:MQTT-3.1.3-1" }, .level = MUST, .versions = BOTH)
{
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "all/w", .qos = 2);
	struct peer *client = dial(t, "client");
	send_connect(client, .keep_alive = 60, SOME_LOGIN(t),
		.will = { .topic = "all/w",
			.payload = "the Will",
			.qos = 2,
			.props = PROPS(P_CONTENT_TYPE("text")) },
		.props = PROPS(P_USER("name", "value")));
	expect_welcome(client);
	abort_connection(client);
	expect_message(watcher, .topic = "all/w", .payload = "the Will", .qos = SET(2));
}

CASE(longest_keep_alive, .title = "Keep Alive 65535 is accepted",
	.refs = { "3.1.1:MQTT-3.1.4-4", "5.0:MQTT-3.1.4-5" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = dial(t, "client");
	send_connect(client, .keep_alive = 65535);
	expect_accepted(client);
	fence(client);
}

CHAPTER(connect, "CONNECT and what follows it", &case_first_packet,
	&case_first_packet_without_effect, &case_second_connect, &case_second_connect_of_another,
	&case_pipelined_packets, &case_pipelined_disconnect, &case_pipelined_behind_refused,
	&case_pipelined_behind_malformed, &case_connect_with_credentials,
	&case_connect_with_user_name_alone, &case_connect_with_password_alone,
	&case_connect_with_empty_credentials, &case_connect_with_empty_will,
	&case_connect_with_everything, &case_longest_keep_alive);
