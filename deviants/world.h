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
	PUBLISHED_LATELY = 512,
	SESSION_BUCKETS = 1024,
};

struct subscription {
	struct subscription *next;
	struct bytes filter;
	uint8_t options;     /* as in SUBSCRIBE */
	uint32_t identifier; /* Subscription Identifier; 0: none */
};

/* Of one ClientId, from its first connection on; a Clean Start empties it. */
struct session {
	struct session *next;
	struct bytes client_id;
	enum mqtt_version version; /* of its latest connection */
	unsigned connections;      /* that it has had, the present one included */
	unsigned resumptions;      /* of these without Clean Start, the first connection left out */
	struct subscription *subscriptions;
	struct bytes kept; /* a packet of its that may be sent again */
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
	bool retain;
	size_t properties;
};

struct world {
	struct arena arena; /* sessions and their subscriptions */
	struct session *sessions[SESSION_BUCKETS];
	struct published published[PUBLISHED_LATELY]; /* a ring */
	uint64_t published_count;
	long note[NOTES];
};

void world_init(struct world *w);
void world_fini(struct world *w);

/* The session of a CONNECT, a new one if there is none. A nameless one has a session of its own each time. */
struct session *world_connect(struct world *w, const struct packet *connect);

void world_subscribe(struct world *w, struct session *s, const struct packet *subscribe);
void world_unsubscribe(struct session *s, const struct packet *unsubscribe);
void world_publish(struct world *w, const struct session *publisher, enum mqtt_version version,
	const struct packet *publish, struct bytes topic);

/* Where a message came from: the latest PUBLISH with this topic and payload. NULL: it is not known any more. */
const struct published *world_origin(
	const struct world *w, struct bytes topic, struct bytes payload);

/* The next subscription of the session whose filter matches; `after` NULL: the first one. */
const struct subscription *session_match(
	const struct session *s, struct bytes topic, const struct subscription *after);

bool filter_has_wildcard(struct bytes filter);

#endif
