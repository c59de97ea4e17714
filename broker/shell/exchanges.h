/* Enhanced authentication under way: the exchange of each connection that is at it. Within broker/shell only. */
#ifndef BROKER_SHELL_EXCHANGES_H
#define BROKER_SHELL_EXCHANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/view.h"

struct broker_auth_answer;
struct connection;
struct exchange;
struct scram;
struct scram_exchange;
struct scram_users;

struct exchanges {
	struct scram *scram;
	struct exchange *list; /* a connection knows its place, counted from 1 */
	uint32_t count, capacity;
	struct scram_exchange *last; /* the one that ended latest: the answer lies there */
};

bool exchanges_init(struct exchanges *e); /* false without memory */
void exchanges_fini(struct exchanges *e); /* one that is all zero is fine */

/* The first step, if there is no exchange, or the next one: a verdict for the core. The answer is valid until the next
 * call; whoever is let in is named there.
 */
int exchanges_step(struct exchanges *e, struct connection *c, const struct scram_users *users,
	struct mqtt_view method, struct mqtt_view data, struct broker_auth_answer *answer);

/* It has one, which comes to nothing. */
void exchanges_end(struct exchanges *e, struct connection *c);

#endif
