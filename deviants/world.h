/* What a deviant knows of the conversations that pass through it: whose session a connection belongs to, what that
 * session has subscribed to, and what was published lately. It judges nothing.
 */
#ifndef DEVIANTS_WORLD_H
#define DEVIANTS_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "harness/wire/wire.h"

enum {
	NOTES = 8, /* numbers that a deviation may keep, with the meaning that it gives them */
	PUBLISHED_LATELY =
		1 << 16, /* more than a load has between a break and what is sent again */
	SESSION_BUCKETS = 1024,
	WORLD_ALIASES = 256,
	REMOVED_LATELY = 64,
};

struct subscription {
	struct subscription *next;
	struct bytes filter;
	uint8_t options;     /* as in SUBSCRIBE */
	bool replaces;       /* another one of this filter ... */
	uint8_t old_options; /* ... which had these */
	uint32_t identifier; /* Subscription Identifier; 0: none */
};

/* A Will as a CONNECT had it. */
struct last_will {
	bool set;
	uint8_t flags; /* of CONNECT, those that are about it */
	struct bytes topic, payload;
};

/* A user that was let in. */
struct user_known {
	struct user_known *next;
	struct bytes name, password;
};

/* Of one ClientId, from its first connection on; a Clean Start empties it. */
struct session {
	struct session *next;
	struct bytes client_id;
	enum mqtt_version version; /* of its latest connection */
	unsigned connections;      /* that it has had, the present one included */
	unsigned resumptions;      /* of these without Clean Start, the first connection left out */
	unsigned open;             /* connections that stand */
	struct subscription *subscriptions;
	struct bytes kept;             /* a packet of its that may be sent again */
	struct last_will will;         /* of its latest connection that had one ... */
	struct last_will earlier_will; /* ... and of the one before */
	struct bytes retained;         /* topic of what it has published with RETAIN 1 latest */
	struct bytes
		alias[WORLD_ALIASES]; /* what Topic Aliases stood for on any of its connections */
	long note[NOTES];
};

/* A PUBLISH on its way to the server. */
struct published {
	struct bytes topic;         /* whole, also where an alias stood for it */
	struct bytes payload_begin; /* its first bytes */
	size_t payload_len;
	const struct session *publisher;
	enum mqtt_version version;
	uint8_t qos;
	bool retain, dup;
	size_t properties;
	uint32_t expiry; /* Message Expiry Interval; 0: none */
	uint16_t alias;  /* Topic Alias; 0: none */
};

struct world {
	struct arena arena; /* sessions and their subscriptions */
	struct session *sessions[SESSION_BUCKETS];
	struct published published[PUBLISHED_LATELY]; /* a ring */
	uint64_t published_count;
	struct bytes alias[WORLD_ALIASES];    /* what Topic Aliases stood for on any connection */
	struct bytes removed[REMOVED_LATELY]; /* topics of retained messages that were; a ring */
	unsigned removed_count;
	struct user_known *users;
	unsigned silent;        /* connections that stand and have had no CONNECT */
	struct bytes stashed;   /* a packet that waits for another connection */
	unsigned shaking_hands; /* connections on which TLS has begun with a part of a record */
	bool struck;            /* all connections are to break */
	long note[NOTES];
};

void world_init(struct world *w);
void world_fini(struct world *w);

/* The session of a CONNECT, a new one if there is none. A nameless one has a session of its own each time. */
struct session *world_connect(struct world *w, const struct packet *connect);

void world_subscribe(struct world *w, struct session *s, const struct packet *subscribe);
size_t world_unsubscribe(
	struct session *s, const struct packet *unsubscribe); /* how many it removed */
void world_publish(struct world *w, struct session *publisher, enum mqtt_version version,
	const struct packet *publish, struct bytes topic);

/* Where a message came from: the latest PUBLISH with this topic and payload. NULL: it is not known any more. */
const struct published *world_origin(
	const struct world *w, struct bytes topic, struct bytes payload);

/* What a PUBLISH with a Topic Alias and a topic makes it stand for. */
void world_alias(struct world *w, struct session *publisher, uint32_t alias, struct bytes topic);

/* The subscription of the session with this very filter; NULL: there is none. */
const struct subscription *session_find(const struct session *s, struct bytes filter);

/* Whose Will it is, the present one or the one before; NULL: nobody's. */
const struct session *world_will(const struct world *w, struct bytes topic, struct bytes payload);

void world_let_in(struct world *w, struct bytes user, struct bytes password);

/* With which the user has been let in; empty: it has not been. */
struct bytes world_password(const struct world *w, struct bytes user);

/* Whether a connection, which keeps it in *own, is one of those that shake hands. */
void world_shakes_hands(struct world *w, bool *own, bool does);

/* Whether somebody who has gone had a subscription with this very filter. */
bool world_has_left(const struct world *w, struct bytes filter);

/* The next subscription of the session whose filter matches; `after` NULL: the first one. */
const struct subscription *session_match(
	const struct session *s, struct bytes topic, const struct subscription *after);

bool filter_has_wildcard(struct bytes filter);

#endif
