/* Who wants what: every subscription of every session, in a tree of filters.
 *
 *      tree_node ──value──▶ struct filter, in the node's own room
 *                              ├── list   ▶ subscription ▶ subscription ▶ ...      one per session
 *                              └── shares ▶ share "g1" ▶ share "g2" ▶ ...
 *                                             └── list ▶ subscription ▶ ...        the members
 *      subscriber ──chain──▶ subscription ──next──▶ subscription ──▶ ...
 *
 * A list is an array, so that a fan-out runs straight over it; each subscription knows its place in
 * it and its neighbours in the subscriber's chain, so leaving costs the same however many there are.
 */
#ifndef BROKER_CORE_SUBSCRIPTIONS_H
#define BROKER_CORE_SUBSCRIPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/subscriber.h"
#include "broker/core/tree.h"
#include "mqtt/subscribe.h"
#include "mqtt/view.h"

struct buf;
struct draw;
struct memory;

struct subscription {
	struct subscriber
		*subscriber; /* first what a match needs: it may have to wait for memory */
	uint32_t id;         /* Subscription Identifier; 0: none */
	uint32_t index;      /* in its list */
	uint8_t qos;         /* granted */
	bool no_local;
	bool retain_as_published;
	struct tree_node *node;
	struct share *share;        /* NULL: not shared */
	struct draw *draw;          /* retained messages on their way to it; NULL: none */
	struct subscription *next;  /* of the subscriber */
	struct subscription **link; /* what points here in the subscriber's chain */
};

/* Most have but one item, for which there is room in place. */
struct subscription_list {
	union {
		struct subscription **many;
		struct subscription *one;
	};
	uint32_t count;
	uint32_t capacity; /* of `many`; 0: it is `one` */
};

static inline struct subscription *subscription_at(
	const struct subscription_list *list, uint32_t index)
{
	return list->capacity ? list->many[index] : list->one;
}

struct filter {
	struct subscription_list list;
	struct share *shares;
};

struct share {
	struct share *next;     /* of the same filter */
	struct tree_node *node; /* NULL: the last member has left */
	struct subscription_list list;
	uint32_t turn; /* whose it is next */
	uint32_t refs; /* members, and deliveries under way */
	uint16_t name_len;
	uint8_t name[];
};

struct subscriptions {
	struct memory *memory;
	struct tree tree;
	uint64_t generation; /* grows with each change, which makes old matches worthless */
	uint64_t stamp;      /* number of the latest match */
	uint32_t count;
};

bool subscriptions_init(struct subscriptions *s, struct memory *memory, uint64_t seed);
void subscriptions_fini(struct subscriptions *s);

enum subscribe_result {
	SUBSCRIBE_NEW,
	SUBSCRIBE_REPLACED, /* [MQTT-3.8.4-3] */
	SUBSCRIBE_TOO_MANY,
	SUBSCRIBE_NO_MEMORY,
};

struct subscription_limits { /* of a subscriber */
	uint32_t subscriptions;
	uint32_t patterns; /* see patterns.h */
};

/* `filter` is valid, including what is after "$share/". */
enum subscribe_result subscriptions_add(struct subscriptions *s, struct subscriber *subscriber,
	const struct mqtt_filter *filter, uint8_t qos, uint32_t id,
	const struct subscription_limits *limits);

/* The subscriber's own subscription to this filter; NULL: it has none. */
struct subscription *subscriptions_find(
	struct subscriptions *s, const struct subscriber *subscriber, struct mqtt_view text);

/* Nothing may be on its way to them. [MQTT-3.10.4-1] */
void subscriptions_remove(struct subscriptions *s, struct subscription *sub);
void subscriptions_remove_all(struct subscriptions *s, struct subscriber *subscriber);

/* Appends the filter as the client wrote it. */
void subscription_text(const struct subscription *s, struct buf *out);

/* Appends the filter by which its members have subscribed. It must have some. */
void share_text(const struct share *share, struct buf *out);

/* The share of this filter, "$share/NAME/..."; NULL: there is none. */
struct share *subscriptions_share(struct subscriptions *s, struct mqtt_view text);

void share_hold(struct share *share);
void share_drop(struct memory *memory, struct share *share); /* NULL is fine */

#endif
