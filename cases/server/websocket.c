/* MQTT over WebSocket, chapter 6, and what RFC 6455 asks of a server. A breach of the latter alone is
 * `nonstrict`: chapter 6 builds on it, and has no statement about it.
 */
#include "cases/common/frames.h"

#include <math.h>
#include <string.h>

/* ---- the handshake ------------------------------------------------------------------------- */

enum { SWITCHING_PROTOCOLS = 101, CLIENT_ERRORS = 400, SERVER_ERRORS = 500 };

static bool chooses(const struct upgrade *u, const char *protocol)
{
	return u->answer.protocol && !strcmp(u->answer.protocol, protocol);
}

/* The lists are in .extra. */
static const struct vector lists_with_mqtt[] = {
	{ .id = "alone", .extra = "mqtt", .title = "From a list of \"mqtt\" alone it is chosen" },
	{ .id = "first", .extra = "mqtt, chat", .title = "From \"mqtt, chat\" mqtt is chosen" },
	{ .id = "last", .extra = "chat, mqtt", .title = "From \"chat, mqtt\" mqtt is chosen" },
	{ .id = "between",
		.extra = "chat,mqtt,superchat",
		.title = "From \"chat,mqtt,superchat\" mqtt is chosen" },
};

/*   client                                            target
 *   GET, Sec-WebSocket-Protocol: chat, mqtt      -->
 *                                                <--  101, Sec-WebSocket-Protocol: mqtt
 */
CASE(subprotocol_chosen, .title = "The subprotocol mqtt is chosen where it is offered",
	.refs = { "3.1.1:MQTT-6.0.0-4", "5.0:MQTT-6.0.0-4" }, .level = MUST, .versions = BOTH,
	.over = OVER_WEBSOCKET, ROWS(lists_with_mqtt))
{
	struct upgrade u = ask_upgrade(t, "client", .protocols = row(t)->extra);

	if (u.answer.status != SWITCHING_PROTOCOLS) {
		nonstrict(t, "a list with \"mqtt\" in it is refused: %s", upgrade_text(&u));
		return;
	}
	check(t, chooses(&u, "mqtt"), "101, with the subprotocol \"mqtt\"", "%s", upgrade_text(&u));
	send_connect(u.peer);
	need_accepted(u.peer);
	fence(u.peer);
}

static const struct vector lists_without_mqtt[] = {
	{ .id = "another",
		.extra = "chat",
		.title = "From a list of \"chat\" alone none is chosen" },
	{ .id = "none",
		.extra = "",
		.title = "Where there is no list no other than mqtt is chosen" },
};

/* The fault is the client's [MQTT-6.0.0-3], and refusing it is the server's choice. */
CASE(subprotocol_not_offered,
	.title = "No subprotocol other than mqtt is chosen, whatever is offered",
	.refs = { "3.1.1:MQTT-6.0.0-4", "5.0:MQTT-6.0.0-4" }, .level = MUST, .versions = BOTH,
	.over = OVER_WEBSOCKET, ROWS(lists_without_mqtt))
{
	struct upgrade u = ask_upgrade(t, "client", .protocols = row(t)->extra);

	if (u.answer.status != SWITCHING_PROTOCOLS)
		return;
	check(t, !u.answer.protocol || chooses(&u, "mqtt"),
		"a refusal, or 101 without a subprotocol", "%s", upgrade_text(&u));
	if (u.answer.protocol)
		nonstrict(t, "a subprotocol is chosen that was not offered: %s", upgrade_text(&u));
	else
		observe(t, "a client that does not offer \"mqtt\" gets a WebSocket");
}

CASE(accept_answers_key, .title = "Sec-WebSocket-Accept is made from the key of the request",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	for (unsigned i = 0; i < 3; i++) {
		struct upgrade u = ask_upgrade(t, "client");
		check(t, u.answer.status == SWITCHING_PROTOCOLS, "101", "%s", upgrade_text(&u));
		check(t, u.answer.accepts, "the Sec-WebSocket-Accept that belongs to the key",
			"101 with another one, or without it");
		drop(u.peer);
	}
}

/* RFC 6455, 4.2.2 and, of extensions, 9.1 */
CASE(upgrade_answered,
	.title = "101 upgrades to a WebSocket, without an extension that nobody offered",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	struct upgrade u = ask_upgrade(t, "client");

	check(t, u.answer.status == SWITCHING_PROTOCOLS, "101", "%s", upgrade_text(&u));
	check(t, u.answer.upgrades, "Upgrade: websocket, and Connection: Upgrade",
		"101 without one of them, or with another word");
	check(t, !u.answer.extends, "no Sec-WebSocket-Extensions", "some");
}

/* RFC 6455, 4.4: 426 is the code that it names. */
CASE(other_version_refused,
	.title = "A request for another version of WebSocket is refused, and 13 named",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	struct upgrade u = ask_upgrade(t, "client", .version = "12");

	check(t, u.answer.status >= CLIENT_ERRORS && u.answer.status < SERVER_ERRORS,
		"426, or another code of an error", "%s", upgrade_text(&u));
	check(t, u.answer.versions && strstr(u.answer.versions, "13"),
		"a refusal with Sec-WebSocket-Version: 13", "%u without it", u.answer.status);
}

/* RFC 6455, 4.2.1 and 4.2.2 */
CASE(missing_key_refused, .title = "A request without a key is refused",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	struct upgrade u = ask_upgrade(t, "client", .key = "");

	check(t, u.answer.status >= CLIENT_ERRORS && u.answer.status < SERVER_ERRORS,
		"400, or another code of an error", "%s", upgrade_text(&u));
}

/* ---- what MQTT says about frames ----------------------------------------------------------- */

enum { ANSWER_MS = 5000 };

/* Judged is what its packets come in, so a connection that has ended of it will do. */
CASE(binary_frames, .title = "The target sends its packets in binary frames",
	.refs = { "3.1.1:MQTT-6.0.0-1", "5.0:MQTT-6.0.0-1" }, .level = MUST, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	struct peer *client = dial(t, "client");
	const struct frame_log *frames = frames_of(client);

	send_connect(client);
	wait_packet_ms(client, CONNACK, ANSWER_MS);
	if (has_packet(client, CONNACK)) {
		need_accepted(client);
		send_subscribe(client, .filter = "web/t", .id = 1);
		send_pingreq(client);
		wait_packet_ms(client, PINGRESP, ANSWER_MS);
	}
	check(t, !frames->not_binary, "binary frames alone",
		"%u of %u frames of data are not binary", frames->not_binary, frames->data);
	require(t, has_packet(client, PINGRESP), "the target does not answer");
}

/* All of this CONNECT is text, so that it is no fault of its UTF-8. */
CASE(text_frame_with_connect,
	.title = "A CONNECT in a text frame makes the target close the connection",
	.refs = { "3.1.1:MQTT-6.0.0-1", "5.0:MQTT-6.0.0-1" }, .level = MUST, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	witness(t);
	struct peer *client = dial(t, "client");
	frame_as(client, .kind = FRAME_TEXT);
	send_connect(client);
	expect_violation_closed(client, .quiet = true);
}

CASE(text_frame_later, .title = "A text frame makes the target close a connection that is in use",
	.refs = { "3.1.1:MQTT-6.0.0-1", "5.0:MQTT-6.0.0-1" }, .level = MUST, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	witness(t);
	struct peer *client = join(t, "client");
	fence(client);
	frame_as(client, .kind = FRAME_TEXT);
	send_publish(client, .topic = "web/t", .payload = "text");
	expect_violation_closed(client, .quiet = true);
}

/*   client                        target
 *   [ CONN ][ ECT SUBS ]     -->
 *   [ CRIBE ][ PUBLISH ]     -->
 *                            <--  CONNACK, SUBACK, PINGRESP, PUBLISH
 */
static void talk_in(struct test *t, const struct shape *shape)
{
	struct peer *client = dial(t, "client");

	frame_as(client, .message_bytes = shape->framing.message_bytes,
		.fragment_bytes = shape->framing.fragment_bytes, .pings = shape->framing.pings);
	if (shape->together)
		send_together(client);
	send_connect(client);
	send_subscribe(client, .filter = "web/t", .id = 1);
	send_publish(client, .topic = "web/other", .payload = "in frames");
	send_pingreq(client);
	expect_accepted(client);
	expect_ack(client, SUBACK, 1);
	expect(client, PINGRESP);
	send_publish(client, .topic = "web/t", .payload = "in frames");
	send_pingreq(client);
	expect(client, PINGRESP);
	expect_message(client, .topic = "web/t", .payload = "in frames");
}

CASE(packets_in_frames, .title = "Packets are understood however they are spread over frames",
	.refs = { "3.1.1:MQTT-6.0.0-2", "5.0:MQTT-6.0.0-2" }, .level = MUST, .versions = BOTH,
	.over = OVER_WEBSOCKET, ROWS(shapes))
{
	talk_in(t, row(t)->extra);
}

/* ---- what RFC 6455 says about frames ------------------------------------------------------- */

static const struct vector bad_frames_rows[] = {
	{ .id = "unmasked",
		.title = "A frame that is not masked makes the target close (5.1)",
		.extra = &(const struct framing){ .unmasked = true } },
	{ .id = "rsv1",
		.title = "The first reserved bit, which no extension uses, makes it close (5.2)",
		.extra = &(const struct framing){ .reserved = FRAME_RSV1 } },
	{ .id = "rsv2",
		.title = "The second reserved bit makes the target close (5.2)",
		.extra = &(const struct framing){ .reserved = FRAME_RSV2 } },
	{ .id = "rsv3",
		.title = "The third reserved bit makes the target close (5.2)",
		.extra = &(const struct framing){ .reserved = FRAME_RSV3 } },
	{ .id = "opcode_3",
		.title = "A reserved opcode of data makes the target close (5.2)",
		.extra = &(const struct framing){ .kind = (enum frame_kind)3 } },
	{ .id = "opcode_11",
		.title = "A reserved opcode of control makes the target close (5.2)",
		.extra = &(const struct framing){ .kind = (enum frame_kind)11 } },
};

CASE(bad_frames, .title = "A frame that breaks the rules makes the target close the connection",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET, ROWS(bad_frames_rows))
{
	const struct framing *bad = row(t)->extra;

	witness(t);
	struct peer *client = join(t, "client");
	frame_as(client, .kind = bad->kind, .reserved = bad->reserved, .unmasked = bad->unmasked);
	send_pingreq(client);
	expect_violation_closed(client, .quiet = true);
}

CASE(pings_between_fragments,
	.title = "Packets are understood in fragments with a Ping between any two (5.4)",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	talk_in(t, &(const struct shape){ { .fragment_bytes = 3, .pings = true }, false });
}

CASE(ping_frame_answered, .title = "A Ping is answered by a Pong with the same payload",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	struct peer *client = join(t, "client");
	send_ping_frame(client, "are you there?");
	expect_pong(client, "are you there?");
	fence(client);
}

CASE(close_frame_answered, .title = "A Close frame is answered by one, and the connection ends",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	enum { NORMAL_CLOSURE = 1000 };
	struct peer *client = join(t, "client");

	send_close_frame(client, NORMAL_CLOSURE);
	expect_closed(client);
	check(t, has_close_frame(client), "a Close frame, then the end", "the end without one");
}

/* The other way round: the target is the first to close. RFC 6455 leaves room for an end without a word. */
CASE(close_frame_before_the_end, .title = "The target ends a connection with a Close frame",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	struct peer *client = join(t, "client");

	send_disconnect(client);
	require(t, !isnan(wait_closed_ms(client, 2000)), "the target leaves the end to the client");
	if (!has_close_frame(client))
		observe(t, "after DISCONNECT the connection ends without a Close frame");
}

CASE(will_on_close_frame, .title = "A Close frame without a DISCONNECT leads to the Will",
	.refs = { "3.1.1:MQTT-3.1.2-8", "5.0:MQTT-3.1.2-8", "5.0:U50-WILL-CAUSES" }, .level = MUST,
	.versions = BOTH, .over = OVER_WEBSOCKET)
{
	enum { NORMAL_CLOSURE = 1000 };
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "web/will", .qos = 1);
	struct peer *client =
		join(t, "client", .will = { .topic = "web/will", .payload = "gone", .qos = 1 });

	send_close_frame(client, NORMAL_CLOSURE);
	wait_closed_ms(client, 1000); /* it is for the target to close; after that it is for us */
	drop(client);
	expect_message(watcher, .topic = "web/will", .payload = "gone");
}

CHAPTER(websocket, "MQTT over WebSocket", &case_subprotocol_chosen, &case_subprotocol_not_offered,
	&case_accept_answers_key, &case_upgrade_answered, &case_other_version_refused,
	&case_missing_key_refused, &case_binary_frames, &case_text_frame_with_connect,
	&case_text_frame_later, &case_packets_in_frames, &case_bad_frames,
	&case_pings_between_fragments, &case_ping_frame_answered, &case_close_frame_answered,
	&case_close_frame_before_the_end, &case_will_on_close_frame);
