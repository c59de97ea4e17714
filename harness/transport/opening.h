/* The opening handshake of a WebSocket (RFC 6455, section 4), for the subprotocol mqtt [MQTT-6.0.0-3]: what
 * is said in it, and how what the other side says is judged. Nothing here reads or writes a connection. For
 * harness/transport, and for deviants, which say it wrongly.
 */
#ifndef HARNESS_OPENING_H
#define HARNESS_OPENING_H

#include <stdbool.h>

#include "base/buf.h"
#include "harness/transport/http.h"

struct arena;

enum {
	OPENING_KEY_SIZE = 25,    /* of Sec-WebSocket-Key, with a NUL: 16 bytes in base64 */
	OPENING_ACCEPT_SIZE = 29, /* of Sec-WebSocket-Accept, the same: a SHA-1 in base64 */
};

void opening_key(char out[static OPENING_KEY_SIZE]); /* a new one, at random */
void opening_accept(struct http_text key, char out[static OPENING_ACCEPT_SIZE]);

void opening_request(struct buf *out, const char *host, const char *path, const char *key);
void opening_answer(struct buf *out, const char *accept, bool chooses); /* or no subprotocol */
void opening_refusal(struct buf *out, const char *why);                 /* 400, for people */

/* What is wrong with an answer to our request, or with a request: a sentence in the arena. NULL: nothing. */
const char *opening_answer_fault(struct arena *a, const struct http_head *answer, const char *key);
const char *opening_request_fault(struct arena *a, const struct http_head *request);

/* Parts of the latter. */
bool opening_upgrades(const struct http_head *head);
bool opening_has_key(const struct http_head *head); /* of 16 bytes */

/* Whether mqtt is offered: if not, a WebSocket may be opened all the same. */
bool opening_offers(const struct http_head *request);

#endif
