/* What stands between the stream of a connection and its link: nothing, or a layer that wraps the bytes. One
 * table for each kind and each in a file of its own; a listener says which one its connections have.
 *
 *   stream ──── bytes ───▶ input ──▶ link_input            connection.c reads and writes the stream, and asks
 *   stream ◀── written ── output ◀── link_output           the channel for the bytes; a channel does no I/O
 *
 * A layer that has something to say of its own accord, as in a handshake, calls link_mark: then the
 * connection is served, and asks for it. Within broker/shell only.
 */
#ifndef BROKER_SHELL_CHANNEL_H
#define BROKER_SHELL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

struct broker_piece;
struct connection;

struct channel {
	const char *name;
	size_t state_bytes; /* of it in each connection, all zero: connection_state */

	/* The link is there, and no byte has come. False: there is no memory. NULL: nothing to do. */
	bool (*open)(struct connection *c);

	/* Bytes that came; they may be changed in place. False: the peer breaks the rules of the
	 * layer. Then what `output` has is written as far as possible at once, and the connection
	 * is closed.
	 */
	bool (*input)(struct connection *c, void *data, size_t len);

	/* The bytes to be written, at most `most` pieces of them; returns their number. The first piece stays where
	 * it is until `written` has been told of it; 0: nothing was taken.
	 */
	size_t (*output)(struct connection *c, struct broker_piece *pieces, size_t most);
	void (*written)(struct connection *c, size_t bytes);

	/* Whether there is anything to be written: of the layer, or of the link. */
	bool (*pending)(const struct connection *c);

	/* Nothing more comes from the link, and all is written: a farewell of the layer becomes
	 * output now. NULL: it has none. Its time is that of the link (link_must_close).
	 */
	void (*finish)(struct connection *c);

	/* Frees what `open` has made, even if it made only half of it. NULL: nothing. */
	void (*close)(struct connection *c);
};

extern const struct channel channel_plain; /* the bytes of the stream are those of the link */
extern const struct channel
	channel_tls; /* next to the stream, with another one on top: entrance.inner */
extern const struct channel channel_websocket; /* next to the stream, or on top of TLS */

#endif
