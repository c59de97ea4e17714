/* The opening handshake of a WebSocket (RFC 6455, section 4) for the subprotocol mqtt: what a client asks, and
 * whether the answer is what it has to be. No connection is touched here.
 */
#ifndef CLIENT_SHELL_OPENING_H
#define CLIENT_SHELL_OPENING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "client/shell/http.h"
#include "client/shell/server.h"

enum { OPENING_KEY_SIZE = 25, OPENING_ACCEPT_SIZE = 29 }; /* in base64, with a NUL */

/* A new one at random. False: there is no randomness to be had. */
bool opening_key(char key[static OPENING_KEY_SIZE]);

/* What a server answers to this key. */
void opening_accept(
	const char key[static OPENING_KEY_SIZE], char accept[static OPENING_ACCEPT_SIZE]);

bool opening_request(
	struct buf *out, const struct server *server, const char key[static OPENING_KEY_SIZE]);

/* False, with a sentence on what is wrong with the answer. */
bool opening_check(const struct http_response *answer, const char key[static OPENING_KEY_SIZE],
	char *error, size_t error_size);

/* Whether a program may add this field, "Name: value", to the request. */
bool opening_allows(const char *field);

#endif
