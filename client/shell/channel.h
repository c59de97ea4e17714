/* What stands between the stream of a connection and the engine: nothing, or a layer that wraps the bytes. One
 * table for each kind and each in a file of its own; the server's address says which one.
 *
 *   opened, bytes ◀── channel ◀── open, input ── the stream: connected, its bytes
 *   connection_write ──▶ write ── connection_put ──▶ the stream
 *
 * Within client/shell only.
 */
#ifndef CLIENT_SHELL_CHANNEL_H
#define CLIENT_SHELL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "mqtt/view.h"

struct connection;

struct channel {
	const char *name;
	size_t state_bytes; /* of it in each connection, all zero: connection_state */

	/* The stream is connected: connection_opened, now or after a handshake, whose time is that of the attempt
	 * to connect. False: there is no memory.
	 */
	bool (*open)(struct connection *c);

	/* Bytes that came; they may be changed in place. What is meant for the engine goes to connection_deliver.
	 * NULL, or why the connection is no longer of use.
	 */
	const char *(*input)(struct connection *c, void *data, size_t len);

	/* Bytes of the engine; returns how many were taken, which the layer keeps until the stream has taken them. */
	size_t (*write)(struct connection *c, struct mqtt_view bytes);

	/* There is room in the stream again. NULL: nothing waits for it here. */
	void (*written)(struct connection *c);

	bool (*pending)(const struct connection *c); /* bytes wait here for that. NULL: never */

	/* The engine has ended and all is written: a farewell of the layer goes out. NULL: it has none. */
	void (*finish)(struct connection *c);

	void (*close)(struct connection *c); /* frees what the state holds; NULL: nothing */
};

extern const struct channel channel_plain; /* the bytes of the stream are those of the engine */

/* ---- what a channel calls: connection.c ------------------------------------------------------- */

void *connection_state(const struct connection *c);

/* Bytes for the stream; returns how many were taken: 0 while a write is under way. */
size_t connection_put(struct connection *c, struct mqtt_view bytes);

/* Both may let go of the connection, which is freed in a later turn of the loop. */
void connection_opened(struct connection *c);
void connection_deliver(struct connection *c, const void *data, size_t len);

#endif
