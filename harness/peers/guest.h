/* What whoever hosts a target asks of its guests: topics below one of theirs, ClientIds that begin as
 * they want it, no more connections a second than they bear. It belongs to the endpoint, since it
 * holds for everything that connects there, case runs and errands alike.
 *
 *	acme/x / k3f0001 / a/b        acme- k3f0001 client
 *	topics   case run  the case's  client_ids  case run  peer
 */
#ifndef HARNESS_GUEST_H
#define HARNESS_GUEST_H

#include <stdbool.h>

#include "harness/wire/wire.h"

struct arena;
struct pace;

enum { GUEST_TEXT_MAX = 64 /* bytes of either: cases have topics of their own below it */ };

struct guest {
	const char *topics; /* what every topic is below, without a slash at the end; NULL: any */
	const char *client_ids; /* what every ClientId begins with; NULL: anything */
	struct pace *pace;      /* how fast connections may follow each other; NULL: at will */
};

/* Why this cannot be put before topics, or before ClientIds; NULL: it can. */
const char *guest_topics_objection(const char *text);
const char *guest_client_ids_objection(const char *text);

/* Without a slash at the end, which is put there anyway; in the arena. */
const char *guest_topics(struct arena *a, const char *text);

/* With what the guest puts before it; `guest` may be NULL. In the arena. */
const char *guest_topic(struct arena *a, const struct guest *guest, const char *topic);
const char *guest_client_id(struct arena *a, const struct guest *guest, const char *id);

/* Whether a topic or filter stays below the guest's topics. What is none at all, being empty, or
 * malformed as a shared subscription, has no place that it could be in.
 */
bool guest_may_name(const struct guest *guest, struct bytes topic);
bool guest_may_be(const struct guest *guest, struct bytes client_id);

#endif
