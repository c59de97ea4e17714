/* The Will: stored with the session at CONNECT, published when the connection ends badly. */
#ifndef BROKER_CORE_WILL_H
#define BROKER_CORE_WILL_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/connect.h"

struct broker;
struct message;
struct session;

struct will {
	struct message *message;
	uint32_t delay_s;    /* Will Delay Interval */
	uint32_t lifetime_s; /* Message Expiry Interval; counts from its publication */
	bool expires;        /* there is one */
	int64_t due_ms;      /* while the session is offline */
};

/* Stores the Will of a CONNECT, in place of an older one. False without memory. */
bool will_set(struct broker *b, struct session *s, const struct mqtt_connect *connect);
void will_drop(struct broker *b, struct session *s);

/* Out of the session, to be published or dropped; NULL: it has none. */
struct will *will_take(struct session *s);
void will_free(struct broker *b, struct will *w); /* NULL is fine */

#endif
