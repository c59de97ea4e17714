/* Where a server is, as the user puts it. */
#ifndef CLIENT_SHELL_SERVER_H
#define CLIENT_SHELL_SERVER_H

#include <stdbool.h>
#include <stddef.h>

enum { SERVER_LAYERS = 2 };

struct channel;
struct tls_context;

struct server {
	char host[256]; /* name or address; for a Unix socket, its path */
	char port[6];   /* "1883"; "" for a Unix socket */
	char path[256]; /* of a WebSocket: "/mqtt"; else "" */
	const struct channel *channels[SERVER_LAYERS]; /* from the stream upwards; NULL: no more */
	bool secure;                                   /* TLS is one of them */

	/* What these need, of whoever holds the server; used while the connection has an owner. */
	const struct tls_context *tls;
	const char *headers; /* for the opening handshake, each with its end of line; NULL: none */
};

/* "mqtt://host:port", "host", "host:port", "[::1]:port", "mqtts://...", "ws://host:port/path",
 * "wss://...", "unix:/path". False, with a sentence in `error`.
 */
bool server_read(struct server *s, const char *text, char *error, size_t error_size);

#endif
