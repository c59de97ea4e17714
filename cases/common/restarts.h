/* Sessions of clients that come back after a restart of the server. */
#ifndef CASES_COMMON_RESTARTS_H
#define CASES_COMMON_RESTARTS_H

#include "harness/case.h"

/* A session that is to be kept, with this subscription. */
static inline struct peer *begin_kept(
	struct test *t, const char *name, const char *filter, unsigned qos)
{
	require_qos(t, qos);
	struct peer *client = join(t, name, .kept = true);

	subscribe(client, .filter = filter, .qos = qos);
	return client;
}

/* The next connection of a session that must be there. */
static inline struct peer *come_back(struct test *t, const char *name)
{
	struct peer *back = dial(t, name);

	send_connect(back, .kept = true);
	expect_resumed(back);
	return back;
}

#endif
