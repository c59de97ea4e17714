#include "record/verdict.h"

#include <string.h>

static const char *const names[VERDICT_COUNT] = {
	[VERDICT_PASS] = "pass",
	[VERDICT_FAIL] = "fail",
	[VERDICT_NONSTRICT] = "nonstrict",
	[VERDICT_INFO] = "info",
	[VERDICT_INAPPLICABLE] = "inapplicable",
	[VERDICT_INCONCLUSIVE] = "inconclusive",
	[VERDICT_CRASH] = "crash",
	[VERDICT_ERROR] = "error",
};

const char *verdict_name(enum verdict verdict)
{
	return names[verdict];
}

bool verdict_parse(const char *name, enum verdict *verdict)
{
	for (int v = 0; v < VERDICT_COUNT; v++) {
		if (!strcmp(names[v], name)) {
			*verdict = v;
			return true;
		}
	}
	return false;
}

enum verdict verdict_worse(enum verdict a, enum verdict b)
{
	static const int badness[VERDICT_COUNT] = {
		[VERDICT_PASS] = 0,
		[VERDICT_INFO] = 1,
		[VERDICT_INAPPLICABLE] = 2,
		[VERDICT_INCONCLUSIVE] = 3,
		[VERDICT_ERROR] = 4,
		[VERDICT_NONSTRICT] = 5,
		[VERDICT_FAIL] = 6,
		[VERDICT_CRASH] = 7,
	};

	return badness[a] >= badness[b] ? a : b;
}

bool verdict_tells(enum verdict verdict)
{
	return verdict != VERDICT_INAPPLICABLE && verdict != VERDICT_INCONCLUSIVE &&
		verdict != VERDICT_ERROR;
}

bool verdict_is_good(enum verdict verdict)
{
	return verdict == VERDICT_PASS || verdict == VERDICT_NONSTRICT || verdict == VERDICT_INFO ||
		verdict == VERDICT_INAPPLICABLE;
}

static const char *const level_names[] = { "MUST", "STATED", "SHOULD", "MAY" };

const char *level_name(enum level level)
{
	return level_names[level];
}

bool level_parse(const char *name, enum level *level)
{
	for (int l = MUST; l <= MAY; l++) {
		if (!strcmp(level_names[l], name)) {
			*level = l;
			return true;
		}
	}
	return false;
}
