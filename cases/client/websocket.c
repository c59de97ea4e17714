/* MQTT over WebSocket, chapter 6, and what RFC 6455 asks of a client. A breach of the latter alone is `nonstrict`:
 * chapter 6 builds on it, and has no statement about it.
 */
#include <string.h>

#include "cases/common/frames.h"
#include "harness/client_case.h"

/* ---- the handshake ------------------------------------------------------------------------- */

CLIENT_CASE(client_offers_mqtt,
	.title = "The subprotocol mqtt is among those that the client offers",
	.refs = { "3.1.1:MQTT-6.0.0-3", "5.0:MQTT-6.0.0-3" }, .level = MUST, .versions = BOTH,
	.over = OVER_WEBSOCKET, .unaided = true)
{
	do_connect(t);
	struct upgrade_asked u = await_upgrade(t);
	check(t, u.request.offers_mqtt, "a list of subprotocols with \"mqtt\" in it",
		*u.request.protocols ? "the list \"%s\"" : "a request without a list%s",
		u.request.protocols);
	answer_upgrade(&u);
	need(u.peer, CONNECT);
}

/* RFC 6455, 4.1 */
CLIENT_CASE(client_upgrade_request, .title = "The request for a WebSocket is as RFC 6455 wants it",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET, .unaided = true)
{
	do_connect(t);
	struct upgrade_asked u = await_upgrade(t);
	const struct ws_asked *r = &u.request;

	check(t, !strcmp(r->method, "GET") && !strcmp(r->http, "HTTP/1.1"), "GET ... HTTP/1.1",
		"%s ... %s", r->method, r->http);
	check(t, *r->target == '/', "the path of a resource, or its whole URL", "\"%s\"",
		r->target);
	check(t, *r->host, "a Host", "none");
	check(t, r->upgrades, "Upgrade: websocket, and Connection: Upgrade",
		"Upgrade: %s, and Connection: %s", r->upgrade, r->connection);
	check(t, !strcmp(r->version, "13"), "Sec-WebSocket-Version: 13", "\"%s\"", r->version);
	check(t, r->has_key, "a Sec-WebSocket-Key of 16 bytes in base64", "\"%s\"", r->key);
}

CLIENT_CASE(client_path_as_asked,
	.title = "The WebSocket is asked for where the client was told to", .refs = { AS_ASKED },
	.level = STATED, .versions = BOTH, .over = OVER_WEBSOCKET)
{
	do_connect(t);
	struct upgrade_asked u = await_upgrade(t);
	judging_as_asked(t);
	check(t, !strcmp(u.request.target, "/mqtt"), "GET /mqtt", "GET %s", u.request.target);
}

CLIENT_CASE(client_fresh_key, .title = "Each request for a WebSocket has a key of its own",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	do_connect(t);
	struct upgrade_asked first = await_upgrade(t);
	answer_upgrade(&first);
	need(first.peer, CONNECT);
	send_connack(first.peer);
	fence(first.peer);
	client_loses(first.peer);
	do_connect(t);
	struct upgrade_asked second = await_upgrade(t);
	check(t, strcmp(first.request.key, second.request.key) != 0, "another key",
		"the same key twice");
}

/* ---- answers ------------------------------------------------------------------------------- */

#define STATUS     "HTTP/1.1 101 Switching Protocols\n"
#define UPGRADE    "Upgrade: websocket\n"
#define CONNECTION "Connection: Upgrade\n"
#define ACCEPT     "Sec-WebSocket-Accept: {accept}\n"
#define PROTOCOL   "Sec-WebSocket-Protocol: mqtt\n"
#define CLOSE      "Connection: close\nContent-Length: 0\n"

static const struct vector good_answers[] = {
	{ .id = "other_letters",
		.title = "Names of fields are understood in any letters",
		.extra = &(const struct ws_reply){ .head = STATUS
			"UPGRADE: WebSocket\nconnection: upgrade\nSEC-WEBSOCKET-ACCEPT: {accept}\n"
			"sec-websocket-protocol: mqtt\n" } },
	{ .id = "more_fields",
		.title = "Fields that mean nothing to a WebSocket are passed over",
		.extra = &(const struct ws_reply){ .head = STATUS
			"Server: a\nDate: Thu, 01 Jan 1970 00:00:00 GMT\nX-Note: a: b\n" UPGRADE
				CONNECTION ACCEPT PROTOCOL } },
	{ .id = "other_reason",
		.title = "The words after 101 do not matter",
		.extra =
			&(const struct ws_reply){
				.head = "HTTP/1.1 101 Web Socket Protocol Handshake\n" UPGRADE
					CONNECTION ACCEPT PROTOCOL } },
	{ .id = "in_pieces",
		.title = "An answer is understood that comes in pieces",
		.extra = &(const struct ws_reply){ .apart = true } },
	{ .id = "with_a_frame",
		.title = "A frame is understood that comes along with the answer",
		.extra = &(const struct ws_reply){ .pings = true } },
};

CLIENT_CASE(client_good_answers, .title = "An answer that keeps the rules opens the WebSocket",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET, ROWS(good_answers))
{
	const struct ws_reply *reply = row(t)->extra;
	unsigned command = do_connect(t);
	struct upgrade_asked u = await_upgrade(t);

	answer_upgrade(&u, .head = reply->head, .apart = reply->apart, .pings = reply->pings);
	check(t, sends_connect(u.peer, command), "CONNECT",
		"the client does not go on with the connection");
	need(u.peer, CONNECT);
	send_connack(u.peer);
	fence(u.peer);
	if (reply->pings)
		expect_pong(u.peer, "");
}

static const struct vector bad_answers[] = {
	{ .id = "wrong_accept",
		.title = "A wrong Sec-WebSocket-Accept ends the attempt",
		.extra = STATUS UPGRADE CONNECTION
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n" PROTOCOL },
	{ .id = "no_accept",
		.title = "An answer without Sec-WebSocket-Accept ends the attempt",
		.extra = STATUS UPGRADE CONNECTION PROTOCOL },
	{ .id = "no_upgrade",
		.title = "An answer without Upgrade ends the attempt",
		.extra = STATUS CONNECTION ACCEPT PROTOCOL },
	{ .id = "other_upgrade",
		.title = "An Upgrade to something else ends the attempt",
		.extra = STATUS "Upgrade: h2c\n" CONNECTION ACCEPT PROTOCOL },
	{ .id = "no_connection",
		.title = "An answer without Connection ends the attempt",
		.extra = STATUS UPGRADE ACCEPT PROTOCOL },
	{ .id = "other_protocol",
		.title = "A subprotocol that was not offered ends the attempt",
		.extra = STATUS UPGRADE CONNECTION ACCEPT "Sec-WebSocket-Protocol: chat\n" },
	{ .id = "unasked_extension",
		.title = "An extension that was not offered ends the attempt",
		.extra = STATUS UPGRADE CONNECTION ACCEPT PROTOCOL
		"Sec-WebSocket-Extensions: x-mqttspec\n" },
	{ .id = "ok", .title = "200 ends the attempt", .extra = "HTTP/1.1 200 OK\n" CLOSE },
	{ .id = "redirect",
		.title = "The client does not go on over a connection that it is sent away from",
		.extra = "HTTP/1.1 301 Moved Permanently\nLocation: /elsewhere\n" CLOSE },
	{ .id = "bad_request",
		.title = "400 ends the attempt",
		.extra = "HTTP/1.1 400 Bad Request\n" CLOSE },
	{ .id = "unauthorized",
		.title = "401 ends the attempt",
		.extra = "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=\"a\"\n" CLOSE },
	{ .id = "forbidden",
		.title = "403 ends the attempt",
		.extra = "HTTP/1.1 403 Forbidden\n" CLOSE },
	{ .id = "not_found",
		.title = "404 ends the attempt",
		.extra = "HTTP/1.1 404 Not Found\n" CLOSE },
	{ .id = "unavailable",
		.title = "503 ends the attempt",
		.extra = "HTTP/1.1 503 Service Unavailable\n" CLOSE },
	{ .id = "no_http",
		.title = "What is no HTTP ends the attempt",
		.extra = "SSH-2.0-OpenSSH_9.2\n" },
};

/* The attempt is over, and the client has told its user so; *kind: by which word. */
static void expect_given_up(struct test *t, struct peer *server, unsigned command)
{
	check(t, !sends_connect(server, command), "no CONNECT", "CONNECT");
	drop(server);
	struct told told = expect_answer(t, command);
	check(t, told.kind != TOLD_CONNECTED, "an error for the user",
		"the user is told of a connection");
}

/* RFC 6455, 4.1: what a client makes of an answer. */
CLIENT_CASE(client_bad_answers,
	.title = "The client sends no MQTT where the answer opens no WebSocket",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET, ROWS(bad_answers))
{
	unsigned command = do_connect(t);
	struct upgrade_asked u = await_upgrade(t);

	answer_upgrade(&u, .head = row(t)->extra);
	expect_given_up(t, u.peer, command);
}

/* A server that chooses none may not know any: RFC 6455 lets a client go on, and let it be. */
CLIENT_CASE(client_no_protocol_chosen,
	.title = "An answer without a subprotocol leads to a connection or to none",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	unsigned command = do_connect(t);
	struct upgrade_asked u = await_upgrade(t);

	answer_upgrade(&u, .head = STATUS UPGRADE CONNECTION ACCEPT);
	if (sends_connect(u.peer, command)) {
		need(u.peer, CONNECT);
		send_connack(u.peer);
		fence(u.peer);
		observe(t, "the client goes on without a subprotocol that was chosen");
	} else {
		observe(t, "the client goes on only where a subprotocol was chosen");
	}
}

/* ---- the frames of the client -------------------------------------------------------------- */

enum { CONNECT_MS = 5000 };

/* The packet has not come, and never will: the frame that it should be in has ended the connection. */
static bool is_lost(struct peer *server, enum packet_type type)
{
	const struct frame_log *frames = frames_of(server);

	wait_packet_ms(server, type, CONNECT_MS);
	return !has_packet(server, type) && (frames->not_binary || frames->unmasked);
}

/* Packets of several kinds and sizes; judged is what they came in, so a connection that has ended of it will do. */
static struct peer *hear_frames(struct test *t)
{
	unsigned command = do_connect(t);
	struct peer *server = accept_client(t);
	if (is_lost(server, CONNECT))
		return server;
	need(server, CONNECT);
	send_connack(server);
	expect_answer(t, command); /* one that is not connected yet may refuse to publish */
	do_publish(t, .topic = "web/t", .payload = "in frames", .qos = 1);
	if (is_lost(server, PUBLISH))
		return server;
	struct packet m = need(server, PUBLISH);
	send_ack(server, PUBACK, m.id);
	fence(server);
	return server;
}

CLIENT_CASE(client_binary_frames, .title = "The client sends its packets in binary frames",
	.refs = { "3.1.1:MQTT-6.0.0-1", "5.0:MQTT-6.0.0-1" }, .level = MUST, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	const struct frame_log *frames = frames_of(hear_frames(t));

	check(t, !frames->not_binary, "binary frames alone",
		"%u of %u frames of data are not binary", frames->not_binary, frames->data);
}

CLIENT_CASE(client_masked_frames, .title = "The client masks its frames, each with a new key",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	const struct frame_log *frames = frames_of(hear_frames(t));

	check(t, !frames->unmasked, "masked frames (RFC 6455, 5.1)",
		"%u of %u frames are not masked", frames->unmasked, frames->frames);
	check(t, !frames->same_masks, "a new key for each frame (RFC 6455, 5.3)",
		"%u of %u frames have the key of the one before", frames->same_masks,
		frames->frames);
}

/* ---- the frames of the server -------------------------------------------------------------- */

/*   client                        we
 *   CONNECT                  -->
 *                            <--  [ CONN ][ ACK PUB ][ LISH ]
 *   PUBACK                   -->
 */
static void talk_in(struct test *t, const struct shape *shape)
{
	do_connect(t);
	struct peer *server = accept_client(t);
	need(server, CONNECT);
	frame_as(server, .message_bytes = shape->framing.message_bytes,
		.fragment_bytes = shape->framing.fragment_bytes, .pings = shape->framing.pings);
	if (shape->together)
		send_together(server);
	send_connack(server);
	send_publish(server, .topic = "web/t", .payload = "in frames", .qos = 1, .id = 1);
	send_publish(server, .topic = "web/t", .payload = "in frames, too", .qos = 2, .id = 2);
	expect_ack(server, PUBACK, 1);
	expect_ack(server, PUBREC, 2);
	send_ack(server, PUBREL, 2);
	expect_ack(server, PUBCOMP, 2);
	fence(server);
}

CLIENT_CASE(client_packets_in_frames,
	.title = "Packets are understood however they are spread over frames",
	.refs = { "3.1.1:MQTT-6.0.0-2", "5.0:MQTT-6.0.0-2" }, .level = MUST, .versions = BOTH,
	.over = OVER_WEBSOCKET, ROWS(shapes))
{
	talk_in(t, row(t)->extra);
}

CLIENT_CASE(client_pings_between_fragments,
	.title = "Packets are understood in fragments with a Ping between any two (5.4)",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	talk_in(t, &(const struct shape){ { .fragment_bytes = 3, .pings = true }, false });
}

/* All of this CONNACK is text, so that it is no fault of its UTF-8. */
CLIENT_CASE(client_text_frame_with_connack,
	.title = "A CONNACK in a text frame makes the client close the connection",
	.refs = { "3.1.1:MQTT-6.0.0-1", "5.0:MQTT-6.0.0-1" }, .level = MUST, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	do_connect(t);
	struct peer *server = accept_client(t);
	need(server, CONNECT);
	frame_as(server, .kind = FRAME_TEXT);
	send_connack(server);
	expect_violation_closed(server, .quiet = true);
}

CLIENT_CASE(client_text_frame_later,
	.title = "A text frame makes the client close a connection that is in use",
	.refs = { "3.1.1:MQTT-6.0.0-1", "5.0:MQTT-6.0.0-1" }, .level = MUST, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	struct peer *server = admit(t);
	fence(server);
	frame_as(server, .kind = FRAME_TEXT);
	expect_violation_closed(server, .quiet = true); /* its fence is text */
}

static const struct vector bad_frames_rows[] = {
	{ .id = "masked",
		.title = "A frame that is masked makes the client close (5.1)",
		.extra = &(const struct framing){ .masked = true } },
	{ .id = "rsv1",
		.title = "The first reserved bit, which no extension uses, makes it close (5.2)",
		.extra = &(const struct framing){ .reserved = FRAME_RSV1 } },
	{ .id = "rsv2",
		.title = "The second reserved bit makes the client close (5.2)",
		.extra = &(const struct framing){ .reserved = FRAME_RSV2 } },
	{ .id = "rsv3",
		.title = "The third reserved bit makes the client close (5.2)",
		.extra = &(const struct framing){ .reserved = FRAME_RSV3 } },
	{ .id = "opcode_3",
		.title = "A reserved opcode of data makes the client close (5.2)",
		.extra = &(const struct framing){ .kind = (enum frame_kind)3 } },
	{ .id = "opcode_11",
		.title = "A reserved opcode of control makes the client close (5.2)",
		.extra = &(const struct framing){ .kind = (enum frame_kind)11 } },
};

CLIENT_CASE(client_bad_frames,
	.title = "A frame that breaks the rules makes the client close the connection",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET, ROWS(bad_frames_rows))
{
	const struct framing *bad = row(t)->extra;

	struct peer *server = admit(t);
	fence(server);
	frame_as(server, .kind = bad->kind, .reserved = bad->reserved, .masked = bad->masked);
	expect_violation_closed(server, .quiet = true); /* its fence is in such a frame */
}

CLIENT_CASE(client_ping_frame_answered,
	.title = "A Ping is answered by a Pong with the same payload",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	struct peer *server = admit(t);
	send_ping_frame(server, "are you there?");
	expect_pong(server, "are you there?");
	fence(server);
}

CLIENT_CASE(client_close_frame_answered,
	.title = "A Close frame is answered by one, and the user is told of the end",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	enum { GOING_AWAY = 1001 };
	struct peer *server = admit(t);

	send_close_frame(server, GOING_AWAY);
	expect_closed(server);
	check(t, has_close_frame(server), "a Close frame, then the end", "the end without one");
	drop(server);
	expect_event(t, TOLD_DISCONNECTED);
}

/* RFC 6455 leaves room for an end without a word. */
CLIENT_CASE(client_close_frame_before_the_end,
	.title = "The client ends a connection with a Close frame",
	.refs = { "3.1.1:UALL-WS-RULES", "5.0:UALL-WS-RULES" }, .level = SHOULD, .versions = BOTH,
	.over = OVER_WEBSOCKET)
{
	struct peer *server = admit(t);

	do_disconnect(t);
	need(server, DISCONNECT);
	expect_closed(server);
	if (!has_close_frame(server))
		observe(t, "after DISCONNECT the connection ends without a Close frame");
}

CHAPTER(client_websocket, "MQTT over WebSocket, of clients", &case_client_offers_mqtt,
	&case_client_upgrade_request, &case_client_path_as_asked, &case_client_fresh_key,
	&case_client_good_answers, &case_client_bad_answers, &case_client_no_protocol_chosen,
	&case_client_binary_frames, &case_client_masked_frames, &case_client_packets_in_frames,
	&case_client_pings_between_fragments, &case_client_text_frame_with_connack,
	&case_client_text_frame_later, &case_client_bad_frames, &case_client_ping_frame_answered,
	&case_client_close_frame_answered, &case_client_close_frame_before_the_end);
