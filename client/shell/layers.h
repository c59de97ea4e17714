/* The channels of one connection, one upon another, between its stream and whoever owns it: channel.h draws them. */
#ifndef CLIENT_SHELL_LAYERS_H
#define CLIENT_SHELL_LAYERS_H

#include <stdbool.h>
#include <stddef.h>

#include "client/shell/channel.h"
#include "client/shell/server.h"
#include "mqtt/view.h"

/* Both ends of them. All but `put` may be called for a connection that was let go of in the meantime, and then do
 * nothing.
 */
struct layers_ends {
	size_t (*put)(
		void *connection, struct mqtt_view bytes); /* to the stream: how many were taken */
	void (*opened)(void *connection);
	void (*bytes)(void *connection, const void *data, size_t len);
	void (*failed)(void *connection, const char *why);
};

struct layers {
	const struct layers_ends *ends;
	void *connection;
	const struct server *server;
	struct layer list[SERVER_LAYERS]; /* from the stream upwards */
	unsigned count;
	unsigned begun;     /* whose `open` was called */
	unsigned opened;    /* of them, whose handshake is done */
	unsigned farewells; /* that have not said theirs */
	bool finished;      /* farewells are said, or being said */
};

/* For the states of all layers. */
size_t layers_size(const struct server *server);

/* `states`: that many bytes, all zero, aligned for anything. What is handed in has to outlive the layers. */
void layers_init(struct layers *l, const struct server *server, const struct layers_ends *ends,
	void *connection, void *states);
void layers_fini(struct layers *l);

/* What the stream does: it is connected, bytes have come, it has taken what was written. */
void layers_open(struct layers *l);
void layers_input(struct layers *l, void *data, size_t len);
void layers_written(struct layers *l);

/* What the owner does: see connection.h. */
size_t layers_write(struct layers *l, struct mqtt_view bytes);
bool layers_are_pending(const struct layers *l);
void layers_finish(struct layers *l);
const char *layers_handshake(
	const struct layers *l); /* whose handshake is under way; NULL: none is */
bool layers_are_untrusted(const struct layers *l);

#endif
