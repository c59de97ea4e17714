/* One TCP connection of the broker and the link that it carries. Within broker/shell only. */
#ifndef BROKER_SHELL_CONNECTION_H
#define BROKER_SHELL_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/log.h"
#include "broker/core/broker.h"
#include "broker/shell/addresses.h"
#include "broker/shell/watch.h"

struct channel;
struct tls;

/* What all connections of a server share. */
struct connections {
	struct broker *broker;
	struct log *log;
	uv_loop_t *loop;
	struct watch watch;
	struct addresses addresses;
	bool log_each;   /* lines for connects and disconnects */
	bool leaving;    /* the loop stops with the last connection */
	uint32_t files;  /* descriptors that the process may have */
	uint32_t count;  /* open now */
	uint32_t opened; /* since the start: their numbers in the log */
	int64_t told_ms; /* the time that the core was last told */
	char *chunk;     /* every read goes here: the core copies what it does not use up */
};

/* What the connections of one listener share. */
struct entrance {
	struct connections *all;
	const struct channel *channel; /* next to the stream */
	const struct channel *inner;   /* on top of that, if it is TLS */
	struct tls *tls;               /* NULL: none */
	const char *const *origins;    /* that browsers may come from */
	size_t origin_count;           /* 0: from any */
	uint32_t count;                /* connections that are open */
	uint32_t most;                 /* that may be; 0: no limit */
	uint8_t realm;                 /* link_set_realm */
	struct mqtt_view mount;        /* link_set_mount; empty: none */
};

/* Small: a broker holds very many of them. The state of its channel follows it. */
struct connection {
	struct link *link;
	struct entrance *entrance;
	struct address_count *address;
	int fd;
	uint32_t number; /* for the log */
	uint32_t
		login; /* its place among the doorman's logins or exchanges, from 1; 0: neither is under way */
	uint8_t watched;  /* for what: WATCH_INPUT, WATCH_OUTPUT */
	bool blocked : 1; /* the socket is full: more is written when it has room */
	bool broken : 1;  /* it is to be closed: the peer has broken the rules of the channel, or is
			       * gone
			       */
	bool finished : 1;  /* the channel has taken its leave */
	bool shut : 1;      /* the peer has been told that no more comes */
	bool ended : 1;     /* the peer has said the same */
	bool exchanges : 1; /* what is under way is an exchange */
};

/* Of its channel: as many bytes as that asks for. */
static inline void *connection_state(struct connection *c)
{
	return c + 1;
}

/* Of the inner channel: after that of the other. */
void *connection_inner_state(struct connection *c);

/* False without memory or descriptors: connections_fini is due even so. */
bool connections_init(struct connections *c, struct broker *broker, struct log *log,
	uint32_t per_address, uv_loop_t *loop);
void connections_fini(struct connections *c); /* all are closed */
void connections_close_all(struct connections *c);

/* Before the core is called outside of the turn: its time is that of the last one, and what happens now must
 * not count from then.
 */
void connections_tell_time(struct connections *c);

enum accept_result {
	ACCEPT_OK,   /* there may be another one */
	ACCEPT_NONE, /* there is none */
	ACCEPT_LATER, /* it cannot be accepted for want of memory or descriptors, as errno says: it waits */
};

/* Takes one of those that wait at the socket `listener`, or refuses it. */
enum accept_result connection_accept(struct entrance *entrance, int listener);

/* Whether bytes of the peer lie there and were not read. `owner`: a connection. For broker_config. */
bool connection_has_unread(void *owner);

/* Writes, pauses or closes, whatever the link has news of. To be called within the turn, after a
 * commit: nothing else writes what the core has to say. The connection may be gone after that.
 */
void connection_serve(struct connection *c);

#endif
