#include "harness/versions.h"

#include <string.h>

#include "harness/case.h"

#define BLANK " \t\n"

/* By their masks; and another name of the last. */
static const char *const names[] = { "", "3.1.1", "5.0", "3.1.1 5.0", "both" };

const char *versions_text(unsigned versions)
{
	return names[versions & BOTH];
}

static unsigned version_of(const char *text, size_t len)
{
	for (unsigned i = V311; i < sizeof(names) / sizeof(*names); i++)
		if (len == strlen(names[i]) && !memcmp(text, names[i], len))
			return i < BOTH ? i : BOTH;
	return 0;
}

bool versions_parse(const char *text, unsigned *versions)
{
	*versions = 0;
	for (;;) {
		text += strspn(text, BLANK);
		size_t len = strcspn(text, BLANK ",");
		unsigned one = version_of(text, len);
		if (!one)
			return false;
		*versions |= one;
		text += len;
		text += strspn(text, BLANK);
		if (!*text)
			return true;
		text += *text == ',';
	}
}
