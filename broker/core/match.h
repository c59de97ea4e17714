/* All that a topic matches. */
#ifndef BROKER_CORE_MATCH_H
#define BROKER_CORE_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/subscriptions.h"
#include "mqtt/view.h"

struct target {
	struct subscriber *subscriber;
	uint32_t ids; /* Subscription Identifiers: 1 + index into match.ids; 0: none */
	uint8_t qos;  /* the highest granted */
	bool no_local;
	bool retain_as_published;
};

struct target_id {
	uint32_t id;
	uint32_t next; /* as target.ids */
};

struct match {
	struct target *targets; /* one per session */
	struct share **shares;
	struct target_id *ids;
	uint32_t target_count, share_count, id_count;
	uint32_t target_capacity, share_capacity, id_capacity;
	/* A session has overlapping subscriptions with and without No Local: the match is good for this
	 * publisher only.
	 */
	bool mixed;
	bool failed; /* no memory: something is missing */
};

/* What the topic matches, in place of what `m` held before: it is valid until the subscriptions
 * change. `publisher` counts for No Local where No Local and other subscriptions overlap; NULL:
 * nobody.
 */
void match_topic(struct match *m, struct subscriptions *s, struct mqtt_view topic,
	const struct subscriber *publisher);

/* Every subscription that the topic matches, except those of shares. */
void match_visit(struct subscriptions *s, struct mqtt_view topic,
	void (*visit)(void *context, const struct subscription *sub), void *context);

void match_fini(struct match *m, struct memory *memory);

#endif
