/* Session State at the client, 3.1.2.4, 4.1 and 4.4: what it keeps over a break, and what it forgets
 * when the session is gone. Identifiers, DUP and the order of what is sent again are held against the
 * rules by the monitor, too, which knows the session.
 */
#include "harness/client_case.h"

static const char *const letters[] = { "a", "b", "c", "d", "e", "f" };

/* DUP is watched by the monitor. */
static void expect_again(struct test *t, struct packet again, struct packet first)
{
	check_eq(t, again.id, first.id);
	check_in(t, again, bytes_equal(again.topic, first.topic), "the same topic");
	check_in(t, again, bytes_equal(again.payload, first.payload), "the same payload");
	check_eq(t, again.qos, first.qos);
}

/* Nothing but this message has come. In 3.1.1 it may come several times until its acknowledgement has
 * arrived.
 */
static void expect_only(struct test *t, struct peer *server, const char *payload)
{
	if (is_v5(t))
		expect_no(server, PUBLISH);
	else
		fence(server);
	while (has_packet(server, PUBLISH))
		check_text(t, expect(server, PUBLISH).payload, payload);
}

/* ---- a session goes on: what the client sends ---------------------------------------------- */

/*   client                    server
 *   PUBLISH q1 id 1      -->
 *                        break
 *   CONNECT              -->
 *                        <--  CONNACK, Session Present
 *   PUBLISH q1 id 1 dup  -->
 *                        <--  PUBACK
 */
CLIENT_CASE(resume_publish_qos1,
	.title = "A QoS 1 message without PUBACK is sent again when the session goes on",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-2.3.1-3", "3.1.1:MQTT-3.3.1-1",
		"3.1.1:MQTT-4.1.0-1", "5.0:MQTT-4.4.0-1", "5.0:MQTT-4.3.2-3", "5.0:MQTT-3.3.1-1",
		"5.0:MQTT-3.1.2-23" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	do_publish(t, .topic = "a/t", .payload = "again", .qos = 1);
	struct packet first = need(server, PUBLISH);
	client_loses(server);
	server = admit(t, .kept = true, .resumed = true);
	expect_again(t, expect(server, PUBLISH), first);
	send_ack(server, PUBACK, first.id);
	expect_only(t, server, "again");
}

CLIENT_CASE(resume_publish_qos2,
	.title = "A QoS 2 message without PUBREC is sent again when the session goes on",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-2.3.1-3", "3.1.1:MQTT-3.3.1-1",
		"3.1.1:MQTT-4.3.3-1", "5.0:MQTT-4.4.0-1", "5.0:MQTT-4.3.3-3", "5.0:MQTT-3.3.1-1",
		"5.0:MQTT-3.1.2-23" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	do_publish(t, .topic = "a/t", .payload = "again", .qos = 2);
	struct packet first = need(server, PUBLISH);
	client_loses(server);
	server = admit(t, .kept = true, .resumed = true);
	expect_again(t, expect(server, PUBLISH), first);
	judging(t, "3.1.1:MQTT-4.3.3-1");
	judging(t, "5.0:MQTT-4.3.3-3");
	send_ack(server, PUBREC, first.id);
	struct packet release = expect(server, PUBREL);
	check_eq(t, release.id, first.id);
	send_ack(server, PUBCOMP, first.id);
	expect_only(t, server, "again");
}

/*   client                    server
 *   PUBLISH q2 id 1      -->
 *                        <--  PUBREC
 *   PUBREL               -->
 *                        break
 *   CONNECT              -->
 *                        <--  CONNACK, Session Present
 *   PUBREL id 1          -->
 *                        <--  PUBCOMP
 */
CLIENT_CASE(resume_pubrel,
	.title = "A PUBREL without PUBCOMP is sent again when the session goes on, and no PUBLISH",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-4.3.3-1", "5.0:MQTT-4.4.0-1",
		"5.0:MQTT-4.3.3-5", "5.0:MQTT-4.3.3-6" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	do_publish(t, .topic = "a/t", .payload = "released", .qos = 2);
	struct packet first = need(server, PUBLISH);
	send_ack(server, PUBREC, first.id);
	need(server, PUBREL);
	client_loses(server);
	server = admit(t, .kept = true, .resumed = true);
	judging(t, "3.1.1:MQTT-4.4.0-1");
	judging(t, "5.0:MQTT-4.4.0-1");
	struct packet release = expect(server, PUBREL);
	check_eq(t, release.id, first.id);
	send_ack(server, PUBCOMP, first.id);
	judging(t, "3.1.1:MQTT-4.3.3-1");
	judging(t, "5.0:MQTT-4.3.3-6");
	expect_no(server, PUBLISH);
}

/* Two of them, over several breaks. Some clients send the second when the first has been answered. */
CLIENT_CASE(resume_pubrel_twice,
	.title = "PUBREL packets are sent again after each break until their PUBCOMP",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-4.3.3-1", "5.0:MQTT-4.4.0-1",
		"5.0:MQTT-4.3.3-5", "5.0:MQTT-4.3.3-6" },
	.level = MUST, .versions = BOTH)
{
	enum { MESSAGES = 2, BREAKS = 3 };
	unsigned ids[MESSAGES];
	struct peer *server = admit(t, .kept = true);
	for (unsigned i = 0; i < MESSAGES; i++) {
		do_publish(t, .topic = "a/t", .payload = letters[i], .qos = 2);
		ids[i] = need(server, PUBLISH).id;
		send_ack(server, PUBREC, ids[i]);
		need(server, PUBREL);
	}
	for (unsigned round = 0; round < BREAKS; round++) {
		client_loses(server);
		server = admit(t, .kept = true, .resumed = true);
		judging(t, "3.1.1:MQTT-4.4.0-1");
		judging(t, "5.0:MQTT-4.4.0-1");
		struct packet release = expect(server, PUBREL);
		unsigned first = release.id;
		check_in(t, release, first == ids[0] || first == ids[1],
			"the identifier of a message that was released");
		judging(t, "3.1.1:MQTT-4.3.3-1");
		judging(t, "5.0:MQTT-4.3.3-6");
		expect_no(server, PUBLISH);
		if (round + 1 < BREAKS)
			continue;
		judging(t, "3.1.1:MQTT-4.4.0-1");
		judging(t, "5.0:MQTT-4.4.0-1");
		send_ack(server, PUBCOMP, first);
		release = expect(server, PUBREL);
		check_eq(t, release.id, first == ids[0] ? ids[1] : ids[0]);
		send_ack(server, PUBCOMP, release.id);
	}
}

CLIENT_CASE(resume_in_order,
	.title = "Several messages are sent again in the order of their first transmission",
	.refs = { "3.1.1:MQTT-4.6.0-1", "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.3.1-1",
		"5.0:MQTT-4.6.0-1", "5.0:MQTT-4.4.0-1", "5.0:MQTT-3.3.1-1" },
	.level = MUST, .versions = BOTH)
{
	enum { MESSAGES = 6 };
	struct packet first[MESSAGES];
	struct peer *server = admit(t, .kept = true);
	for (unsigned i = 0; i < MESSAGES; i++) {
		do_publish(t, .topic = "a/t", .payload = letters[i], .qos = 1 + i % 2);
		first[i] = need(server, PUBLISH);
	}
	client_loses(server);
	server = admit(t, .kept = true, .resumed = true);
	for (unsigned i = 0; i < MESSAGES; i++) {
		struct packet again = expect_publish(server, .payload = letters[i]);
		expect_again(t, again, first[i]);
	}
}

CLIENT_CASE(resume_only_what_is_open,
	.title = "What was acknowledged before the break is not sent again",
	.refs = { "3.1.1:MQTT-4.3.2-1", "3.1.1:MQTT-4.4.0-1", "5.0:MQTT-4.4.0-1" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	client_publishes(server, .topic = "a/t", .payload = "done at QoS 1", .qos = 1);
	client_publishes(server, .topic = "a/t", .payload = "done at QoS 2", .qos = 2);
	do_publish(t, .topic = "a/t", .payload = "open", .qos = 1);
	struct packet open = need(server, PUBLISH);
	client_loses(server);
	server = admit(t, .kept = true, .resumed = true);
	expect_publish(server, .payload = "open");
	send_ack(server, PUBACK, open.id);
	expect_only(t, server, "open");
	judging(t, "3.1.1:MQTT-4.4.0-1");
	expect_no(server, PUBREL);
}

CLIENT_CASE(resume_twice, .title = "A message is sent again after each break until its PUBACK",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-2.3.1-3", "3.1.1:MQTT-3.3.1-1",
		"5.0:MQTT-4.4.0-1", "5.0:MQTT-4.3.2-3", "5.0:MQTT-3.3.1-1" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	do_publish(t, .topic = "a/t", .payload = "again", .qos = 1);
	struct packet first = expect(server, PUBLISH);
	for (unsigned i = 0; i < 3; i++) {
		client_loses(server);
		server = admit(t, .kept = true, .resumed = true);
		expect_again(t, expect(server, PUBLISH), first);
	}
	send_ack(server, PUBACK, first.id);
	fence(server);
	client_loses(server);
	server = admit(t, .kept = true, .resumed = true);
	expect_no(server, PUBLISH);
}

/* The identifier of the old message is taken. */
CLIENT_CASE(resume_and_publish_more,
	.title = "A new message after a break comes after the old one, with another identifier",
	.refs = { "3.1.1:MQTT-2.3.1-2", "3.1.1:MQTT-4.4.0-1", "5.0:MQTT-2.2.1-3",
		"5.0:MQTT-4.4.0-1" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	do_publish(t, .topic = "a/t", .payload = "old", .qos = 1);
	struct packet old = expect(server, PUBLISH);
	client_loses(server);
	server = admit(t, .kept = true, .resumed = true);
	do_publish(t, .topic = "a/t", .payload = "new", .qos = 1);
	bool seen[2] = { false, false };
	for (unsigned i = 0; i < 2; i++) {
		struct packet m = expect(server, PUBLISH);
		bool is_new = bytes_equal(m.payload, BYTES("new"));
		check_in(t, m, !seen[is_new], "each message once");
		check_in(t, m, is_new ? m.id != old.id : m.id == old.id,
			"the old one with its identifier, the new one with another");
		seen[is_new] = true;
	}
}

/* Whether a client takes it at all is its own business. */
CLIENT_CASE(offline_publish_is_no_repetition,
	.title = "What was published without a connection is later sent as a first transmission",
	.refs = { "3.1.1:MQTT-4.3.2-1", "5.0:MQTT-4.3.2-2" }, .level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	client_loses(server);
	do_publish(t, .topic = "a/t", .payload = "meanwhile", .qos = 1);
	synced(t);
	server = admit(t, .kept = true, .resumed = true);
	fence(server);
	if (!has_packet(server, PUBLISH)) {
		observe(t, "what is published without a connection is not sent later");
		return;
	}
	struct packet m = expect_publish(server, .payload = "meanwhile");
	check_eq(t, m.dup, false);
}

/* The quota of a connection starts afresh, and what is sent again takes of it. */
CLIENT_CASE(resume_within_receive_maximum,
	.title = "What is sent again keeps to the Receive Maximum of the new connection",
	.refs = { "5.0:MQTT-4.9.0-2", "5.0:MQTT-3.3.4-7", "5.0:U50-QUOTA-RESET",
		"5.0:MQTT-4.4.0-1" },
	.level = MUST, .versions = V50)
{
	enum { MESSAGES = 3 };
	struct peer *server = admit(t, .kept = true);
	for (unsigned i = 0; i < MESSAGES; i++) {
		do_publish(t, .topic = "a/t", .payload = letters[i], .qos = 1);
		need(server, PUBLISH);
	}
	client_loses(server);
	server = admit(t, .kept = true, .resumed = true, .connack = PROPS(P_RECEIVE_MAXIMUM(1)));
	for (unsigned i = 0; i < MESSAGES; i++) {
		judging(t, i ? "5.0:U50-QUOTA-RESET" : "5.0:MQTT-4.4.0-1");
		struct packet m = expect(server, PUBLISH);
		judging(t, "5.0:MQTT-4.9.0-2");
		expect_no(server, PUBLISH);
		send_ack(server, PUBACK, m.id);
	}
}

static const struct vector settling_codes[] = {
	{ "unspecified", .extra = &(const unsigned){ 0x80 } },
	{ "not_authorized", .extra = &(const unsigned){ 0x87 } },
	{ "quota_exceeded", .extra = &(const unsigned){ 0x97 } },
};

CLIENT_CASE(resume_without_refused,
	.title = "A message that the server refused is not sent again when the session goes on",
	.refs = { "5.0:MQTT-4.4.0-2" }, .level = MUST, .versions = V50, ROWS(settling_codes))
{
	const unsigned *code = row(t)->extra;
	struct peer *server = admit(t, .kept = true);
	do_publish(t, .topic = "a/t", .payload = "refused", .qos = 1);
	send_ack(server, PUBACK, need(server, PUBLISH).id, .code = SET(*code));
	do_publish(t, .topic = "a/t", .payload = "refused", .qos = 2);
	send_ack(server, PUBREC, need(server, PUBLISH).id, .code = SET(*code));
	fence(server);
	client_loses(server);
	server = admit(t, .kept = true, .resumed = true);
	expect_no(server, PUBLISH);
	prefer_no(server, PUBREL, "PUBREL follows a PUBREC that has ended the message");
}

/* ---- a session goes on: what the client receives -------------------------------------------- */

/* After PUBREC, with the break before PUBREL. */
static struct peer *break_before_pubrel(struct test *t)
{
	struct peer *server = admit(t, .kept = true);

	client_subscribes(server, .filter = "a/#", .qos = 2);
	send_publish(server, .topic = "a/t", .payload = "once", .qos = 2, .id = 7);
	expect_ack(server, PUBREC, 7);
	client_loses(server);
	return admit(t, .kept = true, .resumed = true);
}

/* Proves that nothing but this message was told, with another one after it. */
static void expect_told_once(struct test *t, struct peer *server)
{
	send_publish(server, .topic = "a/t", .payload = "marker", .qos = 1, .id = 8);
	expect_ack(server, PUBACK, 8);
	expect_told(t, .topic = "a/t", .payload = "once");
	expect_told(t, .topic = "a/t", .payload = "marker");
}

/*   server                    client
 *   PUBLISH q2 id 7      -->
 *                        <--  PUBREC 7
 *                        break, Session Present
 *   PUBLISH q2 id 7 dup  -->
 *                        <--  PUBREC 7
 *   PUBREL 7             -->
 *                        <--  PUBCOMP 7
 */
CLIENT_CASE(resume_received_once,
	.title = "A QoS 2 message that comes again after a break is passed on once",
	.refs = { "3.1.1:MQTT-4.3.3-2", "3.1.1:MQTT-3.1.2-4", "5.0:MQTT-4.3.3-10",
		"5.0:MQTT-3.1.2-23", "5.0:U50-STATE-CONTENT" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = break_before_pubrel(t);
	send_publish(server, .topic = "a/t", .payload = "once", .qos = 2, .id = 7, .dup = true);
	expect_ack(server, PUBREC, 7);
	send_ack(server, PUBREL, 7);
	expect_ack(server, PUBCOMP, 7);
	expect_told_once(t, server);
}

CLIENT_CASE(resume_received_released,
	.title = "A PUBREL that comes after the break ends the exchange of before it",
	.refs = { "3.1.1:MQTT-4.3.3-2", "3.1.1:MQTT-3.1.2-4", "5.0:MQTT-4.3.3-11",
		"5.0:MQTT-3.1.2-23", "5.0:U50-STATE-CONTENT" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = break_before_pubrel(t);
	send_ack(server, PUBREL, 7);
	struct packet done = expect_ack(server, PUBCOMP, 7);
	if (done.code)
		nonstrict(t, "PUBCOMP says 0x%02X for an identifier of the session", done.code);
	expect_told_once(t, server);
}

/* PUBCOMP may have been lost, so the server repeats PUBREL. */
CLIENT_CASE(resume_pubrel_again,
	.title = "A PUBREL that comes again after the break is answered by PUBCOMP again",
	.refs = { "3.1.1:MQTT-4.3.3-2", "5.0:MQTT-4.3.3-11", "5.0:U50-PKTID-UNKNOWN" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = break_before_pubrel(t);
	send_ack(server, PUBREL, 7);
	expect_ack(server, PUBCOMP, 7);
	client_loses(server);
	server = admit(t, .kept = true, .resumed = true);
	send_ack(server, PUBREL, 7);
	expect_ack(server, PUBCOMP, 7);
	expect_told_once(t, server);
}

CLIENT_CASE(resume_subscription,
	.title = "Messages of a session's subscription are taken without subscribing again",
	.refs = { "3.1.1:MQTT-3.1.2-4", "3.1.1:MQTT-4.5.0-2", "5.0:MQTT-3.1.2-23",
		"5.0:MQTT-4.5.0-2" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	client_subscribes(server, .filter = "a/#", .qos = 1);
	client_loses(server);
	server = admit(t, .kept = true, .resumed = true);
	send_publish(server, .topic = "a/t", .payload = "still here", .qos = 1, .id = 3);
	expect_ack(server, PUBACK, 3);
	expect_told(t, .topic = "a/t", .payload = "still here");
}

/* The server does not wait for anything but its own CONNACK. */
CLIENT_CASE(resume_message_with_connack,
	.title = "A message that waited for the client is taken right after CONNACK",
	.refs = { "3.1.1:MQTT-4.5.0-2", "5.0:MQTT-4.5.0-2" }, .level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	client_subscribes(server, .filter = "a/#", .qos = 2);
	client_loses(server);
	do_connect(t, .kept = true);
	server = accept_client(t);
	need(server, CONNECT);
	send_connack(server, .present = true);
	send_publish(server, .topic = "a/t", .payload = "waited", .qos = 1, .id = 3);
	send_publish(server, .topic = "a/t", .payload = "waited too", .qos = 2, .id = 4);
	expect_ack(server, PUBACK, 3);
	expect_ack(server, PUBREC, 4);
	send_ack(server, PUBREL, 4);
	expect_ack(server, PUBCOMP, 4);
	expect_told(t, .payload = "waited");
	expect_told(t, .payload = "waited too");
}

enum { IN_ORDER = 3 };

static void send_some(struct peer *server, unsigned qos, const unsigned ids[static IN_ORDER])
{
	for (unsigned i = 0; i < IN_ORDER; i++)
		send_publish(
			server, .topic = "a/t", .payload = letters[i], .qos = qos, .id = ids[i]);
}

/*   server                    client
 *                        break, Session Present
 *   PUBLISH q1, q1, q1        -->
 *                        <--  PUBACK, PUBACK, PUBACK
 *   PUBLISH q2, q2, q2        -->       later, since nothing orders a PUBREC after a PUBACK
 *                        <--  PUBREC, PUBREC, PUBREC
 *   PUBREL                    -->       in another order
 *                        <--  PUBCOMP
 */
CLIENT_CASE(resume_acknowledges_in_order,
	.title =
		"On the next connection, too, acknowledgements go out in the order of the messages",
	.refs = { "3.1.1:MQTT-4.6.0-2", "3.1.1:MQTT-4.6.0-3", "3.1.1:MQTT-4.3.2-2",
		"3.1.1:MQTT-4.3.3-2", "5.0:MQTT-4.6.0-2", "5.0:MQTT-4.6.0-3", "5.0:MQTT-4.3.2-4",
		"5.0:MQTT-4.3.3-11" },
	.level = MUST, .versions = BOTH)
{
	static const unsigned ids[2][IN_ORDER] = { { 40, 7, 300 }, { 41, 8, 301 } };
	struct peer *server = admit(t, .kept = true);
	client_subscribes(server, .filter = "a/#", .qos = 2);
	client_loses(server);
	server = admit(t, .kept = true, .resumed = true);
	judging(t, "3.1.1:MQTT-4.6.0-2");
	judging(t, "5.0:MQTT-4.6.0-2");
	send_some(server, 1, ids[0]);
	for (unsigned i = 0; i < IN_ORDER; i++)
		check_eq(t, expect(server, PUBACK).id, ids[0][i]);
	judging(t, "3.1.1:MQTT-4.6.0-3");
	judging(t, "5.0:MQTT-4.6.0-3");
	send_some(server, 2, ids[1]);
	for (unsigned i = 0; i < IN_ORDER; i++)
		check_eq(t, expect(server, PUBREC).id, ids[1][i]);
	judging(t, "3.1.1:MQTT-4.3.3-2");
	judging(t, "5.0:MQTT-4.3.3-11");
	for (unsigned i = IN_ORDER; i-- > 0;) {
		send_ack(server, PUBREL, ids[1][i]);
		expect_ack(server, PUBCOMP, ids[1][i]);
	}
}

CLIENT_CASE(session_present_told, .title = "The user is told whether the session went on",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	client_loses(server);
	for (unsigned i = 0; i < 2; i++) {
		unsigned command = do_connect(t, .kept = true);
		server = accept_client(t);
		need(server, CONNECT);
		send_connack(server, .present = i == 0);
		fence(server);
		struct told answer = expect_connected(t, command);
		if (!answer.session_present.set) {
			nonstrict(t, "the user is not told whether the session went on");
			return;
		}
		check_number(t, "Session Present", answer.session_present.value, i == 0);
		client_loses(server);
	}
}

/* ---- the session is gone ------------------------------------------------------------------- */

/* Two messages in flight, one of them released, when the connection breaks. */
static void leave_messages_open(struct test *t, struct peer *server)
{
	do_publish(t, .topic = "a/t", .payload = "open", .qos = 1);
	need(server, PUBLISH);
	do_publish(t, .topic = "a/t", .payload = "released", .qos = 2);
	send_ack(server, PUBREC, need(server, PUBLISH).id);
	need(server, PUBREL);
	client_loses(server);
}

/* Publishing again what was lost, as new messages, is another matter. */
static void expect_forgotten(struct test *t, struct peer *server)
{
	expect_no(server, PUBREL);
	while (has_packet(server, PUBLISH)) {
		struct packet m = expect(server, PUBLISH);
		check_in(t, m, !m.dup, "no message of the old session is sent again, with DUP");
		if (m.qos == 1) /* some send one at a time */
			send_ack(server, PUBACK, m.id);
		expect_no(server, PUBREL);
	}
}

CLIENT_CASE(lost_session_forgotten,
	.title = "With Session Present 0 a client gives up what was under way before",
	.refs = { "5.0:MQTT-3.2.2-5" }, .level = MUST, .versions = V50)
{
	struct peer *server = admit(t, .kept = true);
	leave_messages_open(t, server);
	expect_forgotten(t, admit(t, .kept = true));
}

CLIENT_CASE(clean_start_forgets,
	.title = "A client that asks for a new session gives up what was under way before",
	.refs = { "3.1.1:MQTT-3.1.2-6", "5.0:MQTT-3.1.2-4" }, .level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	leave_messages_open(t, server);
	expect_forgotten(t, admit(t));
}

CLIENT_CASE(expired_session_forgotten,
	.title = "A session that ended with its connection leaves nothing to be sent again",
	.refs = { "3.1.1:MQTT-3.1.2-6", "5.0:U50-SESSION-EXPIRY-DEFAULT", "5.0:MQTT-3.2.2-5" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	leave_messages_open(t, server);
	expect_forgotten(t, admit(t, .kept = true));
}

/*   server                    client
 *   PUBLISH q2 id 7      -->
 *                        <--  PUBREC 7
 *                        break, no session
 *   PUBLISH q2 id 7      -->       another message
 *                        <--  PUBREC 7
 */
static void check_identifier_is_free(struct test *t, struct peer *server)
{
	client_subscribes(server, .filter = "a/#", .qos = 2);
	send_publish(server, .topic = "a/t", .payload = "another", .qos = 2, .id = 7);
	expect_ack(server, PUBREC, 7);
	send_ack(server, PUBREL, 7);
	expect_ack(server, PUBCOMP, 7);
	send_publish(server, .topic = "a/t", .payload = "marker", .qos = 1, .id = 8);
	expect_ack(server, PUBACK, 8);
	struct told m = expect_told(t, .topic = "a/t");
	if (bytes_equal(m.payload, BYTES("once"))) /* told at PUBLISH, before the break */
		m = expect_told(t, .topic = "a/t");
	check(t, bytes_equal(m.payload, BYTES("another")),
		"the message of the new session is passed on", "the user is told \"%.*s\"",
		(int)m.payload.len, (const char *)m.payload.data);
}

static struct peer *receive_half(struct test *t)
{
	struct peer *server = admit(t, .kept = true);

	client_subscribes(server, .filter = "a/#", .qos = 2);
	send_publish(server, .topic = "a/t", .payload = "once", .qos = 2, .id = 7);
	expect_ack(server, PUBREC, 7);
	client_loses(server);
	return server;
}

CLIENT_CASE(lost_session_frees_identifiers,
	.title = "With Session Present 0 a client takes a known identifier for a new message",
	.refs = { "5.0:MQTT-3.2.2-5", "5.0:U50-STATE-CONTENT" }, .level = MUST, .versions = V50)
{
	receive_half(t);
	check_identifier_is_free(t, admit(t, .kept = true));
}

CLIENT_CASE(clean_start_frees_identifiers,
	.title = "In a new session a client takes a known identifier for a new message",
	.refs = { "3.1.1:MQTT-3.1.2-6", "5.0:MQTT-3.1.2-4" }, .level = MUST, .versions = BOTH)
{
	receive_half(t);
	check_identifier_is_free(t, admit(t));
}

/* By the letter of 3.1.1 an unacknowledged message is sent again whenever CleanSession is 0. */
CLIENT_CASE(lost_session_in_311,
	.title = "What was under way before Session Present 0 is sent as the standard leaves open",
	.refs = { "3.1.1:U311-SP-MISMATCH" }, .level = MAY, .versions = V311)
{
	struct peer *server = admit(t, .kept = true);
	leave_messages_open(t, server);
	server = admit(t, .kept = true);
	fence(server);
	if (has_packet(server, PUBLISH) || has_packet(server, PUBREL))
		observe(t, "messages under way are sent again into a new session");
	else
		observe(t, "messages under way are given up with the session");
}

CHAPTER(client_sessions, "Sessions of clients", &case_resume_publish_qos1,
	&case_resume_publish_qos2, &case_resume_pubrel, &case_resume_pubrel_twice,
	&case_resume_in_order, &case_resume_only_what_is_open, &case_resume_twice,
	&case_resume_and_publish_more, &case_offline_publish_is_no_repetition,
	&case_resume_within_receive_maximum, &case_resume_without_refused,
	&case_resume_received_once, &case_resume_received_released, &case_resume_pubrel_again,
	&case_resume_subscription, &case_resume_message_with_connack,
	&case_resume_acknowledges_in_order, &case_session_present_told,
	&case_lost_session_forgotten, &case_clean_start_forgets, &case_expired_session_forgotten,
	&case_lost_session_frees_identifiers, &case_clean_start_frees_identifiers,
	&case_lost_session_in_311);
