/* Where a server is, as the user puts it. */
#ifndef CLIENT_SHELL_SERVER_H
#define CLIENT_SHELL_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct channel;

struct server {
	char host[256]; /* name or address; for a Unix socket, its path */
	char port[6];   /* "1883"; "" for a Unix socket */
	const struct channel *channel;
};

/* "mqtt://host:port", "host", "host:port", "[::1]:port", "unix:/path". False, with a sentence in
 * `error`.
 */
bool server_read(struct server *s, const char *text, char *error, size_t error_size);

#endif
