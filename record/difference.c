#include "record/difference.h"

#include <stddef.h>
#include <string.h>

#include "record/record.h"
#include "spec/spec.h"

static const char *const meanings[SPEC_DIFFERENCES] = {
	[SPEC_MISSING] = "it did not come",
	[SPEC_EXTRA] = "it came, and must not",
	[SPEC_REPEATED] = "it came more often than it may",
	[SPEC_ORDER] = "it came before or after its turn",
	[SPEC_DUP] = "the DUP flag",
	[SPEC_RETAIN] = "the RETAIN flag",
	[SPEC_QOS] = "the QoS",
	[SPEC_TOPIC] = "the topic",
	[SPEC_PAYLOAD] = "the payload",
	[SPEC_PROPERTY] = "a property",
	[SPEC_IDENTIFIER] = "the identifier",
	[SPEC_CODE] = "the Reason Code or return code",
	[SPEC_SESSION] = "the session, or Session Present",
	[SPEC_PACKET] = "another packet came",
	[SPEC_OPEN] = "the connection lives on, and must not",
	[SPEC_CLOSED] = "the connection ended, and must not",
	[SPEC_TIME] = "too early or too late",
};

/* Words beside those that a statement can be broken by. */
static const struct {
	const char *word, *meaning;
} others[] = {
	{ "foreign", "a message of another case run came" },
	{ "monitor", "a rule that holds for every packet" },
};

const char *difference_meaning(const char *word)
{
	for (int i = 0; i < SPEC_DIFFERENCES; i++)
		if (!strcmp(spec_difference_name((enum spec_difference)i), word))
			return meanings[i];
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!strcmp(others[i].word, word))
			return others[i].meaning;
	return NULL;
}

const char *difference_of(const struct record_failure *failure)
{
	if (failure->difference)
		return failure->difference;
	return failure->step && !strcmp(failure->step, "monitor") ? "monitor" : NULL;
}
