#include "base/temporary.h"

#include <stdlib.h>
#include <string.h>

const char *temporary_folder(void)
{
	const char *set = getenv("TMPDIR");

	return set && *set && !strpbrk(set, " \t") ? set : "/tmp";
}
