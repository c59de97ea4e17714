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

enum {
	EXCHANGES_MOST = 16384,      /* as each takes some KiB */
	EXCHANGES_MOST_AGAIN = 4096, /* so that those who are in leave room for those who are not */
};

struct exchanges {
	struct scram *scram;
	struct exchange *list; /* a connection knows its place, counted from 1 */
	uint32_t count, capacity;
	uint32_t again; /* of them, those that authenticate again */
	uint32_t most,
		most_again; /* that may be under way: EXCHANGES_MOST and EXCHANGES_MOST_AGAIN */
	struct scram_exchange *last; /* the one that ended latest: the answer lies there */
};

bool exchanges_init(struct exchanges *e); /* false without memory */
void exchanges_fini(struct exchanges *e); /* one that is all zero is fine */

/* The first step, if there is no exchange, or the next one: a verdict for the core; MQTT_SERVER_BUSY when there are
 * too many. `again`: the client is in already. The answer is valid until the next
 * call; whoever is let in is named there.
 */
int exchanges_step(struct exchanges *e, struct connection *c, const struct scram_users *users,
	bool again, struct mqtt_view method, struct mqtt_view data,
	struct broker_auth_answer *answer);

/* It has one, which comes to nothing. */
void exchanges_end(struct exchanges *e, struct connection *c);

#endif
