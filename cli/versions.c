#include "cli/versions.h"

#include <string.h>

#include "harness/case.h"

const char *versions_text(unsigned versions)
{
	static const char *const texts[] = { "", "3.1.1", "5.0", "3.1.1 5.0" };

	return texts[versions & BOTH];
}

static unsigned version_of(const char *text, size_t len)
{
	static const char *const names[] = { "3.1.1", "5.0", "both" }; /* n is mask n + 1 */

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (len == strlen(names[i]) && !strncmp(text, names[i], len))
			return i + 1;
	return 0;
}

bool versions_parse(const char *text, unsigned *versions)
{
	*versions = 0;
	for (;;) {
		size_t len = strcspn(text, ",");
		unsigned one = version_of(text, len);
		if (!one)
			return false;
		*versions |= one;
		if (!text[len])
			return true;
		text += len + 1;
	}
}
