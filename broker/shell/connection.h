/* One TCP connection of the broker and the link that it carries. Within broker/shell only. */
#ifndef BROKER_SHELL_CONNECTION_H
#define BROKER_SHELL_CONNECTION_H

#include <uv.h>

#include "base/log.h"
#include "broker/core/broker.h"

struct address_count;
struct channel;

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
	int64_t told_ms;                  /* the time that the core was last told */
	char *chunk; /* every read goes here: the core copies what it does not use up */
};

/* What the connections of one listener share. */
struct entrance {
	struct connections *all;
	const struct channel *channel;
};

/* Small: a broker holds very many of them. The state of its channel follows it. */
struct connection {
	uv_tcp_t tcp; /* tcp.data: struct entrance */
	struct link *link;
	uv_write_t *writing; /* the rest of a write that did not fit into the socket; or NULL */
	struct address_count *address;
	uint32_t number; /* for the log */
	bool closing : 1;
	bool paused : 1;
	bool broken : 1;   /* the peer has broken the rules of the channel */
	bool finished : 1; /* the channel has taken its leave */
	bool shut : 1;     /* the peer has been told that no more comes */
	bool ended : 1;    /* the peer has said the same */
};

/* Of its channel: as many bytes as that asks for. */
static inline void *connection_state(struct connection *c)
{
	return c + 1;
}

bool connections_init(
	struct connections *c, struct broker *broker, struct log *log, uint32_t per_address);
void connections_fini(struct connections *c);

/* Takes what a listener has to accept. False without memory: the listener hears nothing more until
 * this has been called again and has succeeded.
 */
bool connection_accept(struct entrance *entrance, uv_stream_t *listener);

/* Writes, pauses or closes, whatever the link has news of. To be called within the turn, after a
 * commit: nothing else writes what the core has to say.
 */
void connection_serve(struct connection *c);

/* Closes at once, without waiting for output to be written. */
void connection_close(struct connection *c);

#endif
