#include "random/profile.h"

#include <string.h>

/* clang-format off */
const struct profile profiles[] = {
	{ "all", "everything but clocks",
		{ [STEP_CONNECT] = 3, [STEP_PUBLISH] = 50, [STEP_SUBSCRIBE] = 16, [STEP_UNSUBSCRIBE] = 6,
			[STEP_LEAVE] = 3, [STEP_DROP] = 3, [STEP_RESET] = 1, [STEP_HOLD] = 2,
			[STEP_HOLD_COMP] = 1, [STEP_RELEASE] = 1, [STEP_REFUSE] = 1, [STEP_SETTLE] = 20 },
		.retain = 20, .empty = 4, .properties = 25, .half = 10, .kept = 60, .will = 30, .shared = 15,
		.clean = 30, .away = 40 },
	{ "messages", "connections that stay, and many messages",
		{ [STEP_PUBLISH] = 70, [STEP_SUBSCRIBE] = 15, [STEP_UNSUBSCRIBE] = 5, [STEP_SETTLE] = 15 },
		.retain = 10, .empty = 3, .properties = 25, .kept = 50, .shared = 15, .clean = 50, .away = 90 },
	{ "sessions", "connections that break, and sessions that are resumed",
		{ [STEP_CONNECT] = 8, [STEP_PUBLISH] = 40, [STEP_SUBSCRIBE] = 12, [STEP_UNSUBSCRIBE] = 3,
			[STEP_LEAVE] = 6, [STEP_DROP] = 6, [STEP_RESET] = 3, [STEP_HOLD] = 6,
			[STEP_HOLD_COMP] = 4, [STEP_RELEASE] = 2, [STEP_REFUSE] = 3, [STEP_SETTLE] = 20 },
		.retain = 5, .empty = 2, .properties = 10, .half = 25, .kept = 85, .will = 20, .shared = 10,
		.clean = 15, .away = 25 },
	{ "retained", "messages that are kept, replaced and removed",
		{ [STEP_CONNECT] = 1, [STEP_PUBLISH] = 40, [STEP_SUBSCRIBE] = 40, [STEP_UNSUBSCRIBE] = 12,
			[STEP_LEAVE] = 1, [STEP_DROP] = 1, [STEP_SETTLE] = 30 },
		.retain = 70, .empty = 20, .properties = 20, .kept = 50, .will = 30, .shared = 10, .clean = 40,
		.away = 60 },
	{ "wills", "connections with a Will, and how they end",
		{ [STEP_CONNECT] = 8, [STEP_PUBLISH] = 15, [STEP_SUBSCRIBE] = 15, [STEP_UNSUBSCRIBE] = 3,
			[STEP_LEAVE] = 8, [STEP_DROP] = 10, [STEP_RESET] = 4, [STEP_SETTLE] = 25 },
		.retain = 20, .empty = 3, .properties = 40, .kept = 50, .will = 90, .shared = 5, .clean = 40,
		.away = 50 },
	{ "shared", "shared subscriptions, of 5.0",
		{ [STEP_CONNECT] = 2, [STEP_PUBLISH] = 50, [STEP_SUBSCRIBE] = 20, [STEP_UNSUBSCRIBE] = 6,
			[STEP_LEAVE] = 3, [STEP_DROP] = 3, [STEP_RESET] = 1, [STEP_HOLD] = 2, [STEP_HOLD_COMP] = 1,
			[STEP_RELEASE] = 1, [STEP_REFUSE] = 2, [STEP_SETTLE] = 25 },
		.retain = 15, .empty = 3, .properties = 25, .half = 10, .kept = 60, .shared = 80, .clean = 40, .away = 60 },
	{ "clocks", "messages, sessions and Wills whose time is over; waits for it",
		{ [STEP_CONNECT] = 4, [STEP_PUBLISH] = 35, [STEP_SUBSCRIBE] = 15, [STEP_UNSUBSCRIBE] = 2,
			[STEP_LEAVE] = 6, [STEP_DROP] = 8, [STEP_RESET] = 2, [STEP_HOLD] = 4, [STEP_RELEASE] = 16,
			[STEP_SETTLE] = 20, [STEP_WAIT] = 5 },
		.clocks = 60, .retain = 25, .empty = 2, .properties = 10, .half = 50, .kept = 90, .will = 50, .shared = 5,
		.clean = 15, .away = 30 },
	{ .name = NULL },
};
/* clang-format on */

const struct profile *profile_find(const char *name)
{
	for (const struct profile *p = profiles; p->name; p++)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}
