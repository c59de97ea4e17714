/* A message is published: by a client, as a Will, by the broker itself. */
#ifndef BROKER_CORE_PUBLISH_H
#define BROKER_CORE_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/message.h"

struct broker;
struct session;
struct share;

struct publish_result {
	uint32_t
		matches; /* sessions and shares that it is for, whether they could be given it or not */
	uint32_t reached; /* those that have it, or will */
	bool failed;      /* there was no room to match, to retain, or to keep it for somebody */
};

/* Retains it if it is to be retained, and delivers it to all. Where there is a store, a publication
 * that is answered counts as not published if anything fails: not retained, and delivered to nobody;
 * `reached` is 0 then.
 */
struct publish_result publish(struct broker *b, struct publication *p);

/* Where there is a store: publishes a Will as a whole, or not at all (false), except that it may be retained already; together
 * with what the store is to know of the session that it was of, which goes on without it. NULL: that ends, or is not in
 * the store.
 */
bool publish_will(struct broker *b, struct publication *p, const struct session *lasts);

/* Where there is a store: to another member of a share, or not at all (false). */
bool publish_to_share(struct broker *b, struct share *share, struct publication *p);

#endif
