/* One connection to a server: name, address, socket, and the end of them.
 *
 *   connection_open ──▶ resolve ──▶ connect to each address in turn ──▶ handshakes ──▶ opened ──▶ bytes ──▶ ended
 *                          └───────────────────┴─────────────────────────┴──────────▶ ended
 */
#ifndef CLIENT_SHELL_CONNECTION_H
#define CLIENT_SHELL_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "client/shell/server.h"
#include "mqtt/view.h"

struct connection;

struct connection_hooks {
	void (*opened)(void *owner);
	void (*bytes)(void *owner, const void *data, size_t len);
	void (*written)(void *owner); /* there is room for more */
	/* Nothing comes after it; the owner must let go of the connection. */
	void (*ended)(void *owner, const char *why);
};

/* NULL without memory. `bind_address` may be NULL. The hooks outlive the connection. */
struct connection *connection_open(uv_loop_t *loop, const struct server *server,
	const char *bind_address, const struct connection_hooks *hooks, void *owner);

/* Bytes that were taken; the rest has to wait for `written`. */
size_t connection_write(struct connection *c, struct mqtt_view bytes);
bool connection_is_writing(const struct connection *c);

/* All is written, and no more is to come: what is above the stream takes its leave, once. It may be writing
 * after that, and is not called again for it.
 */
void connection_finish(struct connection *c);
void connection_pause(struct connection *c, bool pause); /* reading */

/* "TLS", "WebSocket": what a connection that is not open yet is busy with; NULL: with none of these. */
const char *connection_handshake(const struct connection *c);

/* That is why it ended: the server has not proved who it is. */
bool connection_is_untrusted(const struct connection *c);

/* Lets go of it: no hook is called from then on. NULL is fine. */
void connection_close(struct connection *c);

#endif
