/* What our peers have published and subscribed to in this case run, in the order of sending, so
 * that a message that comes can be identified: the awaited one, another one, or one that was
 * altered on its way.
 */
#ifndef HARNESS_MESSAGES_H
#define HARNESS_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/wire/wire.h"

enum { MESSAGES_MAX = 1000, MESSAGE_CLIENTS_MAX = 16 };

/* In place of a ClientId: the user of a client under test, who publishes and is told. */
#define MESSAGES_USER "user"

/* A PUBLISH or a Will that went out, or a publish that a client was told to do. */
struct posting {
	size_t order;          /* among all that was sent, 1 for the first */
	const char *publisher; /* its ClientId */
	struct bytes topic;    /* as sent, with the prefix */
	uint64_t payload;      /* digest */
	unsigned qos;
	bool will;
	bool retained;                            /* with a payload, so it goes to the store, too */
	const char *clients[MESSAGE_CLIENTS_MAX]; /* ClientIds that got it, one for each time */
	unsigned client_count;
};

/* A filter of a SUBSCRIBE that went out; a later one by the same client for the same filter changes
 * nothing but the Retain Handling.
 */
struct posted_filter {
	size_t order;
	const char *client;
	struct bytes text;
	unsigned handling; /* Retain Handling, 0 in 3.1.1 */
};

/* A filter of a SUBSCRIBE for which the target looks up what is retained. */
struct posted_lookup {
	const char *client;
	struct bytes filter;
};

/* Beyond MESSAGES_MAX nothing more is kept, and nothing can be identified. */
struct messages {
	size_t order;
	struct posting *postings;
	size_t posting_count, posting_capacity;
	struct posted_filter *filters;
	size_t filter_count, filter_capacity;
	struct posted_lookup *lookups;
	size_t lookup_count, lookup_capacity;
	bool wide; /* a SUBSCRIBE that may cover more than the case run's own topics has gone out */
	bool nameless; /* a PUBLISH with an empty Topic Name has gone out */
};

#endif
