/* What an agent says, any line of it: an error is a sentence, and an event is one that can be named. */
#include <string.h>

#include "base/arena.h"
#include "harness/agent/contract.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct told told;
	struct hello hello;
	const char *error;

	arena_init(&a);
	if (contract_event(&a, (const char *)data, size, &told, &hello, &error)) {
		DEMAND(strcmp(told_name(told.kind), "nothing"));
		DEMAND(told.kind != TOLD_HELLO || hello.versions);
		DEMAND(told.qos <= 2);
	} else {
		DEMAND(error && *error);
	}
	arena_fini(&a);
	return 0;
}
