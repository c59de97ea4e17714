/* The broker without its sockets: the whole contract between the core and the shell around it.
 *
 *      bytes in ──▶ link_input ──▶ [ sessions, subscriptions, retained messages ] ──▶ link_output ──▶
 *      the time ──▶ broker_tick                  │                                       bytes out
 *                                          broker_next: whom to write to, whom to close
 *
 * One turn of the shell's loop:
 *
 *      broker_tick(b, now_ms);                     the time, once a turn
 *      link_input(l, chunk, len);                  for each connection that has bytes
 *      while ((l = broker_next(b)))                the store is committed; then each link that has
 *                                                  something to write or to end
 *              if (link_must_close(l)) close;      the end that cannot wait
 *              else writev(link_output(l)), link_written(l, n);
 *              if (link_ends(l) && all written)    the end, in order: the peer hears that no more
 *                      shutdown(SHUT_WR);          comes; read on until it closes, too, then close
 *      link_closed(l);                             when the connection is gone, for whatever reason
 *      ... sleep until broker_due(b), or until something comes ...
 *
 * Only what was there before the commit is written: link_written frees memory, and leaves to the
 * next turn whatever that makes room for.
 *
 * The core reads no clock, opens nothing, starts nothing and keeps nothing outside of `struct broker`.
 * It is not thread safe; several brokers in one process share nothing. All times are milliseconds of
 * a clock of the host's choice that never goes backwards.
 */
#ifndef BROKER_CORE_BROKER_H
#define BROKER_CORE_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mqtt/connect.h"
#include "mqtt/error.h"
#include "mqtt/view.h"

struct broker;
struct link;

/* What a client may use up. broker_config_default fills in the figures in parentheses. */
struct broker_limits {
	/* For the whole broker */
	uint64_t memory_bytes;    /* ceiling of everything that the core allocates (1 GiB) */
	uint32_t connections;     /* links at a time (1,000,000); then link_open returns NULL */
	uint32_t retained_topics; /* retained messages (1,000,000); beyond it none is added */
	/* For each connection */
	uint32_t connect_wait_ms; /* from link_open to an accepted CONNECT (10,000) */
	uint32_t connect_bytes;  /* size of a CONNECT, and of all before it is accepted (512 KiB) */
	uint32_t packet_bytes;   /* Maximum Packet Size, header included (MQTT_PACKET_MAX) */
	uint32_t output_bytes;   /* waiting to be written (16 MiB); beyond it QoS 0 messages are
				    * dropped, QoS 1 and 2 wait in the session's queue, and the link
				    * reads nothing */
	uint32_t stuck_wait_ms;  /* while it reads nothing of what has come, Keep Alive cannot be
				    * judged by that: instead some of the output has to be taken within
				    * this time, or within 1.5 times the Keep Alive if that is longer
				    * (20,000) */
	uint32_t output_wait_ms; /* whatever its Keep Alive, some of what waits to be written has to
				    * be taken within this time (300,000); 0: for ever */
	uint32_t
		end_wait_ms; /* from the end of a link to link_must_close (5,000): a live peer needs
				 * a few round trips, even over a bad network */
	uint16_t
		keep_alive_max_s; /* Server Keep Alive for clients that want more, or none (0: any) */
	uint16_t topic_alias_in;  /* Topic Alias Maximum of the server (64) */
	uint16_t topic_alias_out; /* aliases used towards a client that allows them (64) */
	uint16_t receive_maximum; /* Receive Maximum of the server (1,000), at least 1 */
	/* For each session */
	uint16_t client_id_bytes; /* (65,535) */
	uint16_t inflight;        /* unacknowledged deliveries, if the client allows more (1,000) */
	uint32_t queue_messages;  /* QoS 1 and 2 messages that wait (100,000) ... */
	uint32_t queue_bytes;   /* ... and their size (64 MiB); a message beyond either is dropped,
				      * what already waits stays */
	uint32_t subscriptions; /* (100,000) */
	uint32_t
		filter_patterns; /* of its filters with wildcards or shares, see patterns.h (100) */
	uint16_t topic_levels;   /* of Topic Names and Filters (256) */
	uint32_t session_expiry_max_s; /* cap for clients that want more (UINT32_MAX: none) */
	/* Of the protocol: what the server offers */
	uint8_t maximum_qos;       /* 0 to 2 (2) */
	bool no_retained;          /* (false) */
	bool no_wildcards;         /* (false) */
	bool no_shared;            /* (false) */
	bool no_subscription_ids;  /* (false) */
	bool allow_dollar_publish; /* clients may publish to $ topics other than $SYS (false) */
};

/* Who is asking; the views are valid during the call. */
struct broker_client {
	void *owner; /* the host's, from link_open; NULL for a session whose connection is gone */
	struct mqtt_view client_id;
	struct mqtt_view user_name; /* empty when there was none */
	uint8_t version;            /* enum mqtt_version */
	uint8_t realm; /* from link_set_realm; a session keeps that of its latest link */
};

/* What an authenticator has to say besides its verdict; valid until the core has returned to it. */
struct broker_auth_answer {
	struct mqtt_view data;      /* Authentication Data for AUTH or CONNACK; NULL: none */
	struct mqtt_view user_name; /* to go by from now on; NULL: that of the CONNECT */
	const char *reason;         /* Reason String for a refusal; NULL: none */
};

enum {
	/* Verdicts besides the Reason Codes. 0: accepted; from 0x80 on: refused with this code. */
	BROKER_AUTH_CONTINUE = MQTT_CONTINUE_AUTHENTICATION, /* enhanced: data goes to the client */
	BROKER_AUTH_LATER = 0x100, /* link_decide will be called; until then the link reads
				      * nothing, and `step` is not called again */
};

/* Authentication. Any function may be NULL: everybody is let in, and no method is known. */
struct broker_auth {
	void *context;
	/* A CONNECT without Authentication Method. The core has no use for the password: the host may
	 * overwrite it where it lies, before it is copied with the rest of the CONNECT.
	 */
	int (*connect)(void *context, const struct broker_client *client,
		const struct mqtt_connect *connect, struct broker_auth_answer *answer);
	/* Enhanced authentication: `connect` at the start, NULL for an AUTH that goes on. Also
	 * re-authentication, when `again` is set. To be told that a method is not known, answer
	 * MQTT_BAD_AUTHENTICATION_METHOD.
	 */
	int (*step)(void *context, const struct broker_client *client,
		const struct mqtt_connect *connect, bool again, struct mqtt_view method,
		struct mqtt_view data, struct broker_auth_answer *answer);
	/* The link is gone, or its authentication is over. */
	void (*end)(void *context, void *owner);
};

/* Authorisation. Any function may be NULL: everything is allowed. */
struct broker_access {
	void *context;
	/* 0, or a code for PUBACK and PUBREC; also asked for the Will, at CONNECT and when it is
	 * published.
	 */
	uint8_t (*publish)(void *context, const struct broker_client *client,
		struct mqtt_view topic, uint8_t qos, bool retain);
	/* The QoS granted, 0 to `qos`, or a code for SUBACK. */
	uint8_t (*subscribe)(void *context, const struct broker_client *client,
		struct mqtt_view filter, uint8_t qos);
	/* Whether this client may get a message of this topic; asked for each delivery, and again
	 * before one that has waited is sent.
	 */
	bool (*deliver)(void *context, const struct broker_client *client, struct mqtt_view topic);
};

/* The durable store: pairs of key and value, both opaque, kept in the order of memcmp on the keys.
 * The core puts and removes while it works, and commits before it hands out the first link that has
 * something to write: so nothing that was acknowledged is ever lost. Times in it are wall clock.
 * NULL functions keep everything in memory only.
 */
struct broker_store {
	void *context;
	/* Replaces what stood there. False if that cannot be done: it is as if nothing had been
	 * put, what stood there stays, and whatever depends on the new value is not acknowledged. A
	 * PUBLISH of QoS 1 or 2 is refused (0x97) or, in 3.1.1, waits without an answer and is tried
	 * again every second, and has reached nobody; a CONNECT or SUBSCRIBE is refused; a Will
	 * waits. Everything else goes on.
	 */
	bool (*put)(void *context, struct mqtt_view key, struct mqtt_view value);
	/* The pair need not exist. It cannot fail: if the pair could not be removed, the commit
	 * fails instead.
	 */
	void (*remove)(void *context, struct mqtt_view key);
	/* Replaces what stands there by a value that is no larger. Like `remove`, it cannot fail. */
	void (*amend)(void *context, struct mqtt_view key, struct mqtt_view value);
	/* Everything since the last commit is durable when it returns. False: not yet. The host
	 * keeps it and is asked again (broker_due). Until then nothing is written to a link that would
	 * be told of any of it, nor is it read from: link_output and link_wants_input say so. All
	 * others go on; the host had better let each put fail meanwhile. May be NULL.
	 */
	bool (*commit)(void *context);
	/* The same in two steps: what has changed so far is on its way, and broker_committed tells of
	 * it. Until then there are further changes, for the next commit, which is not asked for before.
	 * Links go on being read from, and what they have to write waits for its own commit. False: as
	 * if it had failed. NULL: `commit` it is; and so it is always for the last one, in broker_free.
	 */
	bool (*begin)(void *context);
};

struct broker_config {
	struct broker_limits limits;
	struct broker_auth auth;
	struct broker_access access;
	struct broker_store store;
	uint64_t seed;          /* unguessable; for hashes and assigned client identifiers */
	int64_t wall_offset_ms; /* wall clock (since 1970) minus the clock of broker_tick */
	/* Wall clock: sessions that are restored as connected lost their connection at this time, or
	 * just now if that is earlier. 0: just now.
	 */
	int64_t ended_wall_ms;
	/* How far the host's clock may lag: one that tells whole milliseconds, by up to one of
	 * them. Nothing ends earlier than it may by the true time. (0)
	 */
	uint32_t clock_grain_ms;
	/* What time it is at this moment, which may be later than broker_tick was told: when a connection has ended is counted
	 * from then. NULL: as it was told.
	 */
	int64_t (*moment_ms)(void *context);
	void *moment_context;
	uint32_t sys_interval_s;          /* how often $SYS is renewed (10); 0: no $SYS */
	const char *version;              /* shown in $SYS/broker/version */
	const char *response_information; /* for clients that ask for it; NULL: none */
	/* What the process takes up, as the system counts it; for $SYS. May be NULL. */
	uint64_t (*resident_bytes)(void);
	/* Whether bytes of the client have come that were not read, as link_wants_input was false.
	 * Asked when that ends, or has lasted for longer than the Keep Alive: who has sent nothing is
	 * silent, whether it would have been read or not. NULL: there may always be some.
	 */
	bool (*unread)(void *owner);
	/* A packet was refused, or a client thrown out; for the log. May be NULL. */
	void (*trouble)(void *context, void *owner, const struct mqtt_error *error);
	void *trouble_context;
};

/* Counters since the start, and present figures. What $SYS shows. */
struct broker_figures {
	uint64_t bytes_received, bytes_sent;
	uint64_t packets_received;
	uint64_t messages_received; /* PUBLISH packets from clients */
	uint64_t messages_sent;     /* PUBLISH packets to clients */
	uint64_t messages_dropped;  /* deliveries given up: queue full, too large, expired, ... */
	uint64_t connections_total; /* links opened */
	uint64_t refused;           /* packets refused, and clients thrown out */
	uint64_t store_failures;    /* puts and commits that failed */
	uint32_t links;             /* open now */
	uint32_t connected;         /* of them, with an accepted CONNECT */
	uint32_t sessions;
	uint32_t subscriptions;
	uint32_t retained;
	uint64_t memory_bytes;
	uint64_t message_bytes; /* above this no further message is taken */
	uint64_t memory_peak_bytes;
};

void broker_config_default(struct broker_config *config);

/* NULL without memory. The config is copied; its pointers must outlive the broker. */
struct broker *broker_new(const struct broker_config *config, int64_t now_ms);

/* Every link must have been closed (link_closed) before. Wills are not published: the sessions are
 * not over, they are in the store, if there is one. It is committed once more.
 */
void broker_free(struct broker *b);

/* One pair of the store, after broker_new and before the first link; all of them in the order of
 * their keys. False if this version of the broker writes no such pair, or there is no memory for
 * it; it is then skipped, and stays in the store. What belongs to nothing that was restored is
 * removed.
 */
bool broker_restore(struct broker *b, struct mqtt_view key, struct mqtt_view value);

/* Tells the time and does what is due: keep alive, expiries, delayed Wills, $SYS, and messages that
 * have waited for room in the output. Returns broker_due.
 */
int64_t broker_tick(struct broker *b, int64_t now_ms);

/* The latest time at which to call broker_tick; INT64_MAX: never. The other functions may make it
 * earlier.
 */
int64_t broker_due(const struct broker *b);

/* The next link that link_output, link_ends or link_wants_input has news about; NULL when there is
 * none. Each link comes once until there is further news. Commits the store first, or tries to.
 */
struct link *broker_next(struct broker *b);

/* What broker_store.begin has begun is over: all of it is durable, or it has failed, and is asked for
 * again. Not within another call of the core.
 */
void broker_committed(struct broker *b, bool durable);

/* DISCONNECT 0x8B to all clients (5.0; 3.1.1 is just closed) and no new links. */
void broker_shutdown(struct broker *b);

/* A client is thrown out by the administrator: DISCONNECT 0x98. False if it is not connected. */
bool broker_kick(struct broker *b, struct mqtt_view client_id);

/* Brought up to date by the call. */
const struct broker_figures *broker_figures(struct broker *b);

/* Much less memory is in use than some time ago, as after a storm of connections. */
bool broker_has_fallen(const struct broker *b);

/* Gives up the free memory that the core keeps for reuse, so that the host can give it back to the system.
 * That takes a while, and is not for every turn.
 */
void broker_trim(struct broker *b);

/* A connection was accepted. NULL: too many, no memory, or shutting down; close it at once. */
struct link *link_open(struct broker *b, void *owner);

/* Which of the host's sets of users and rights the client belongs to (0); before the first bytes. */
void link_set_realm(struct link *l, uint8_t realm);

/* All topics of the client begin with this, and it does not see that; not empty, without wildcards and "$",
 * and the host's to keep; before the first bytes. False without memory.
 */
bool link_set_mount(struct link *l, struct mqtt_view mount);

/* Bytes from the client, however cut. What is not used up is copied; large chunks are best. */
void link_input(struct link *l, const void *data, size_t len);

/* No whole CONNECT has come yet: what the next bytes were read into may have part of a password in it
 * after link_input, and the host had better wipe it.
 */
bool link_awaits_connect(const struct link *l);

/* False while the link should not be read from: too much to be written, link_decide is due, or too many of
 * its messages wait for room in the store. What is not read then is not held against the client: its
 * Keep Alive is suspended, unless the host knows that there is nothing unread (broker_config.unread).
 */
bool link_wants_input(const struct link *l);

/* It is not read from, as its messages wait for room in the store. Nothing that is written would show that its
 * client has gone: when that closes its side, what has come before may be read, and the link closed.
 */
bool link_awaits_room(const struct link *l);

struct broker_piece { /* fits struct iovec */
	const void *data;
	size_t len;
};

/* The bytes to be written, at most `max` pieces of them; returns their number. Valid until the next
 * call of the core; but the first piece stays where it is until link_written has been told of it,
 * so it, or the beginning of it, can be handed to an asynchronous write. None, although there are
 * bytes, while they wait for a commit.
 */
size_t link_output(const struct link *l, struct broker_piece *pieces, size_t max);
size_t link_output_bytes(const struct link *l);

/* This many bytes were written. 0: nothing was taken, though there is something to write. */
void link_written(struct link *l, size_t bytes);

/* There will be nothing more to write, and the input is ignored. It must still be read, and thrown
 * away, until the peer has closed its side: a connection that is closed with bytes unread is reset,
 * and the peer may lose what it has not read yet.
 */
bool link_ends(const struct link *l);

/* The link is to be closed now, whatever is left unwritten: it is ending, and its time is up
 * (end_wait_ms), or a later connection of the same session is already ending, or the client has
 * said goodbye and has received everything; or there was no memory for what was to be written, and
 * the link is as good as lost.
 */
bool link_must_close(const struct link *l);

/* The host has news of its own, as when an asynchronous write is done: broker_next hands it out. */
void link_mark(struct link *l);

/* The connection is gone; frees the link. Unless link_ends was true before, it counts as lost: the
 * Will.
 */
void link_closed(struct link *l);

/* The verdict that BROKER_AUTH_LATER promised. That may end the link: see broker_next. */
void link_decide(struct link *l, int verdict, const struct broker_auth_answer *answer);

void *link_owner(const struct link *l);

#endif
