/* What the checks of agents share. */
#ifndef CASES_AGENTS_H
#define CASES_AGENTS_H

#include "harness/client_case.h"

/* Properties with text for a table: PROPS has no constants to offer. */
#define LIST(name, ...)                                                 \
	static const struct property name##_list[] = { __VA_ARGS__ };   \
	static const struct properties name = { .list = name##_list,    \
		.count = sizeof(name##_list) / sizeof(struct property), \
		.present = true }

/* The command is answered, by this. */
void expect_kind(struct test *t, unsigned command, enum told_kind kind);

/* The agent goes on, and the command has no answer by now. */
void expect_unanswered(struct test *t, unsigned command, const char *awaited);

/* Each of `wanted` is among `found`, with its value; all User Properties are there, in their order.
 * `where` names the packet or event.
 */
void check_carries(struct test *t, const char *where, const struct properties *found,
	const struct properties *wanted);

/* The same for what an agent tells, but what is not there at all is `nonstrict`: an agent leaves out what the client
 * does not report.
 */
void check_tells(struct test *t, const char *where, const struct properties *found,
	const struct properties *wanted);

#endif
