/* One TCP connection of the broker and the link that it carries. Within broker/shell only. */
#ifndef BROKER_SHELL_CONNECTION_H
#define BROKER_SHELL_CONNECTION_H

#include <uv.h>

#include "base/log.h"
#include "broker/core/broker.h"

struct address_count;

/* What all connections of a server share. */
struct connections {
	struct broker *broker;
	struct log *log;
	bool log_each;                    /* lines for connects and disconnects */
	bool leaving;                     /* the loop stops with the last connection */
	uint32_t files;                   /* descriptors that the process may have */
	uint32_t count;                   /* open now */
	uint32_t opened;                  /* since the start: their numbers in the log */
	uint32_t per_address;             /* most connections of one address; 0: no limit */
	struct address_count **addresses; /* hash table; NULL while there is no limit */
	int64_t told_ms;                  /* the time that the core has been told last */
	char *chunk; /* every read goes here: the core copies what it does not use up */
};

/* Small: a broker holds very many of them. */
struct connection {
	uv_tcp_t tcp; /* tcp.data: struct connections */
	struct link *link;
	uv_write_t *writing; /* the rest of a write that did not fit into the socket; or NULL */
	struct address_count *address;
	uint32_t number; /* for the log */
	bool closing;
	bool paused;
	bool shut;  /* the peer has been told that no more comes */
	bool ended; /* the peer has told that */
};

bool connections_init(
	struct connections *c, struct broker *broker, struct log *log, uint32_t per_address);
void connections_fini(struct connections *c);

/* Takes what a listener has to accept. False without memory: the listener hears nothing more until this
 * was called again, and successful.
 */
bool connection_accept(struct connections *c, uv_stream_t *listener);

/* Writes, pauses or closes, whatever the link has news of. To be called within the turn, after a
 * commit: nothing else writes what the core has to say.
 */
void connection_serve(struct connection *c);

/* Closes at once, without waiting for output to be written. */
void connection_close(struct connection *c);

#endif
