/* The part of the language of cases that is about WebSocket: for cases with .over = OVER_WEBSOCKET, which see
 * it through harness/case.h.
 */
#ifndef HARNESS_WEBSOCKET_CASE_H
#define HARNESS_WEBSOCKET_CASE_H

#include <stdbool.h>

#include "harness/transport/frame_log.h"
#include "harness/transport/framing.h"
#include "harness/transport/ws.h"
#include "harness/transport/ws_asked.h"

struct peer;
struct place;
struct test;

/* Asks for a WebSocket with fields of the case's own (struct ws_request), and demands nothing of the answer. The
 * peer has a connection if the answer is 101.
 */
struct upgrade {
	struct peer *peer;
	struct ws_answer answer;
};

#define ask_upgrade(t, name, ...)                                                           \
	ask_upgrade_at(AT("ask_upgrade(" #t ", " #name ", " #__VA_ARGS__ ")"), (t), (name), \
		(struct ws_request){ __VA_ARGS__ })

/* What an answer is, for people: "101, with the subprotocol \"mqtt\"". In the arena. */
const char *upgrade_text(const struct upgrade *upgrade);

/* What the peer sends from here on goes into frames like this (struct framing). What leaves in one write is what
 * the segmentation of the run says, and send_together.
 */
#define frame_as(peer, ...)                                              \
	frame_as_at(AT("frame_as(" #peer ", " #__VA_ARGS__ ")"), (peer), \
		(struct framing){ __VA_ARGS__ })

#define send_ping_frame(peer, text) \
	send_ping_frame_at(AT("send_ping_frame(" #peer ", " #text ")"), (peer), (text))
#define send_close_frame(peer, code) \
	send_close_frame_at(AT("send_close_frame(" #peer ", " #code ")"), (peer), (code))

/* A Pong with the text of the Ping before it, which was the only one. */
#define expect_pong(peer, text) \
	expect_pong_at(AT("expect_pong(" #peer ", " #text ")"), (peer), (text))

/* A connection that is there no longer ended with a Close frame of the target's. */
bool has_close_frame(struct peer *peer);

/* What the target's frames were like so far. */
const struct frame_log *frames_of(struct peer *peer);

/* ---- a client is judged -------------------------------------------------------------------- */

/* The next connection of the client, with its request for a WebSocket, of which nothing is demanded and to which
 * nothing is answered (set-up). The peer can send and expect after answer_upgrade, which takes fields of struct
 * ws_reply.
 */
struct upgrade_asked {
	struct peer *peer;
	struct ws_asked request;
};

#define await_upgrade(t) await_upgrade_at(AT("await_upgrade(" #t ")"), (t))
#define answer_upgrade(asked, ...)                                                     \
	answer_upgrade_at(AT("answer_upgrade(" #asked ", " #__VA_ARGS__ ")"), (asked), \
		(struct ws_reply){ __VA_ARGS__ })

/* Whether the client goes on with a connection that it should leave: true when it sends CONNECT, false when it ends the
 * connection, answers the command by which it was told to connect, or does nothing for as long as an answer may take.
 */
#define sends_connect(server, command) \
	sends_connect_at(AT("sends_connect(" #server ", " #command ")"), (server), (command))

struct upgrade ask_upgrade_at(
	struct place at, struct test *t, const char *name, struct ws_request request);
void frame_as_at(struct place at, struct peer *p, struct framing framing);
void send_ping_frame_at(struct place at, struct peer *p, const char *text);
void send_close_frame_at(struct place at, struct peer *p, unsigned code);
void expect_pong_at(struct place at, struct peer *p, const char *text);
struct upgrade_asked await_upgrade_at(struct place at, struct test *t);
struct peer *answer_upgrade_at(
	struct place at, const struct upgrade_asked *asked, struct ws_reply reply);
bool sends_connect_at(struct place at, struct peer *server, unsigned command);

#endif
