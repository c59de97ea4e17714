#include "record/difference.h"

#include <stddef.h>
#include <string.h>

#include "record/record.h"

static const struct {
	const char *word, *meaning;
} differences[] = {
	{ "missing", "what was expected did not come" },
	{ "extra", "something came that must not" },
	{ "order", "it came before or after its turn" },
	{ "packet", "another packet came" },
	{ "close", "the connection ended, or did not" },
	{ "code", "the Reason Code or return code" },
	{ "identifier", "the Packet Identifier or Subscription Identifier" },
	{ "dup", "the DUP flag" },
	{ "retain", "the RETAIN flag" },
	{ "qos", "the QoS" },
	{ "topic", "the topic" },
	{ "payload", "the payload" },
	{ "property", "a property" },
	{ "foreign", "a message of another case run came" },
	{ "monitor", "a rule that holds for every packet" },
};

enum { DIFFERENCES = sizeof(differences) / sizeof(*differences) };

const char *difference_word(unsigned index)
{
	return index < DIFFERENCES ? differences[index].word : NULL;
}

const char *difference_meaning(const char *word)
{
	for (size_t i = 0; i < DIFFERENCES; i++)
		if (!strcmp(differences[i].word, word))
			return differences[i].meaning;
	return NULL;
}

const char *difference_of(const struct record_failure *failure)
{
	if (failure->difference)
		return failure->difference;
	return failure->step && !strcmp(failure->step, "monitor") ? "monitor" : NULL;
}
