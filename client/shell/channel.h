/* What stands between the stream of a connection and the engine: nothing, or layers that wrap the bytes. One
 * table of functions for each kind, and each in a file of its own; the server's address says which there are.
 *
 *      the engine                  opened, bytes ▲        │ connection_write
 *                                                │        ▼
 *      upper layer (WebSocket)      open, input ▲│        │ write
 *                   layer_opened, layer_deliver  │        │ layer_put
 *      lower layer (TLS)            open, input ▲│        │ write
 *                                                │        │ layer_put
 *      the stream             connected, its bytes        ▼
 *
 * Within client/shell only.
 */
#ifndef CLIENT_SHELL_CHANNEL_H
#define CLIENT_SHELL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "client/shell/server.h"
#include "mqtt/view.h"

struct layers;

struct layer { /* a channel in a connection */
	struct layers *layers;
	const struct server *server;
	void *state;    /* `state_bytes` of the channel, all zero at first */
	unsigned level; /* 0: on the stream */
	bool untrusted; /* the server has not proved who it is */
};

struct channel {
	const char *name; /* of its handshake, for people: "TLS" */
	size_t state_bytes;

	/* What is below is open: layer_opened, now or after a handshake, whose time is that of the attempt to
	 * connect. NULL, or why the connection is of no use; it is valid as long as the connection.
	 */
	const char *(*open)(struct layer *l);

	/* Bytes that came; they may be changed in place. What is meant for what is above goes to layer_deliver.
	 * NULL, or why the connection is no longer of use.
	 */
	const char *(*input)(struct layer *l, void *data, size_t len);

	/* Bytes from above; returns how many were taken, which the layer keeps until what is below has taken
	 * them: 0 as long as earlier ones wait.
	 */
	size_t (*write)(struct layer *l, struct mqtt_view bytes);

	void (*written)(struct layer *l); /* there is room below again */

	bool (*pending)(const struct layer *l); /* bytes wait here for that */

	/* All from above is written, and no more comes: a farewell goes out. NULL: it has none. */
	void (*finish)(struct layer *l);

	void (*close)(struct layer *l); /* frees what the state holds; of what is zero, nothing */
};

/* ---- what a channel calls: layers.c ------------------------------------------------------- */

/* Bytes for what is below; returns how many were taken: 0 while a write is under way. */
size_t layer_put(struct layer *l, struct mqtt_view bytes);

/* Both may let go of the connection, which is freed in a later turn of the loop. */
void layer_opened(struct layer *l);
void layer_deliver(struct layer *l, void *data, size_t len);

#endif
