/* What of a capture is told. It never changes what is judged: a connection that is not told of may have the session, or
 * the message, of one that is.
 *
 *	connections   of these clients and servers, that lived in this time, and had to do with these topics
 *	findings      of these connections, in this time, but not those at packets that name other topics alone
 */
#ifndef CHECK_SCOPE_H
#define CHECK_SCOPE_H

#include "check/finding.h"

/* All 0: it is open. */
struct scope_time {
	enum { SCOPE_OPEN, SCOPE_SINCE_START, SCOPE_SINCE_EPOCH } from;
	int64_t us;
};

/* All 0: everything. */
struct scope {
	const char *client_id; /* a pattern, as the shell has them; NULL: every client */
	const char *
		server; /* "10.0.0.1", "10.0.0.1:1883", "[::1]:1883": no other one; NULL: every one */
	const char *const *topics; /* Topic Filters */
	size_t topic_count;        /* 0: every topic */
	struct scope_time from, to;
};

/* What a packet has to do with the topics that are asked for. */
enum about {
	ABOUT_NO_TOPIC, /* it names none */
	ABOUT_WANTED,   /* at least one of them */
	ABOUT_OTHERS,
};

bool scope_is_open(const struct scope *s); /* everything is in it */

/* The capture has begun: from here on times count. */
void scope_begin(struct scope *s, int64_t start_us);

bool scope_has_client(const struct scope *s, const char *client_id);

/* Its server is one of those; either end may be it, where nobody knows which one is. */
bool scope_has_server(const struct scope *s, const struct check_connection *connection);

bool scope_has_moment(const struct scope *s, int64_t at_us);
bool scope_has_span(const struct scope *s, int64_t first_us, int64_t last_us);

/* `topic`: the one that a PUBLISH means. */
enum about scope_about(const struct scope *s, const struct packet *packet, struct bytes topic);

/* A subscription of the session, of which `server` is the judge, may get messages on these topics. */
bool scope_has_subscriber(const struct scope *s, const struct monitor *server);

#endif
