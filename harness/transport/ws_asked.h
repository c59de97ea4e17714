/* The opening handshake of a WebSocket as a client under test asks for it, and an answer to order.
 *
 *   ws_hear ──▶ the pipe below, and what was asked ── ws_reply ──▶ a WebSocket, or none
 */
#ifndef HARNESS_WS_ASKED_H
#define HARNESS_WS_ASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct listener;
struct pipe;

/* A request; texts are in the arena, and "" where there is no such field. */
struct ws_asked {
	const char *
		fault; /* there is none: the end of a sentence that begins with the client; NULL: there is */
	const char *method, *target, *http; /* "GET", "/mqtt", "HTTP/1.1" */
	const char *host, *upgrade, *connection, *version, *key, *extensions;
	const char *protocols; /* all of the list */
	bool upgrades;         /* Upgrade and Connection say so */
	bool has_key;          /* of 16 bytes */
	bool offers_mqtt;      /* "mqtt" is in the list, in small letters */
	const void *rest;      /* what has come after it */
	size_t rest_size;
};

/* The connection that has waited longest, over a transport that has WebSocket, with what it asks for by the deadline
 * (monotonic); nothing is answered. NULL: none waits; or one did and TLS did not come about, or nothing came on it:
 * then *error is a sentence.
 */
struct pipe *ws_hear(struct arena *a, struct listener *l, int64_t deadline_us,
	struct ws_asked *asked, const char **error);

struct ws_reply {
	/* The head, with a newline after each line, of which the last is not the empty one. {accept} stands for
	 * the answer to the key. NULL: as it should be.
	 */
	const char *head;
	bool apart; /* in pieces of some bytes, a moment apart */
	bool pings; /* a Ping frame comes right after it, in the same write */
};

extern const char ws_reply_usual[]; /* the head as it should be */

/* Answers, and makes a WebSocket of the pipe below, whatever the head says: a client that goes on where it should not is
 * to be heard. NULL: the connection is gone, and the pipe closed.
 */
struct pipe *ws_reply(struct arena *a, struct pipe *below, const struct ws_asked *asked,
	const struct ws_reply *reply, int64_t deadline_us);

#endif
