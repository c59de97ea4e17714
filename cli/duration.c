#include "cli/duration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { WEEK_S = 7 * 24 * 60 * 60 };

static bool read_seconds(const char *text, unsigned *out)
{
	static const char units[] = "smh";
	static const unsigned seconds[] = { 1, 60, 3600 };
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	const char *unit = *end ? strchr(units, *end) : units;
	if (errno || !unit || (*end && end[1]) || n > WEEK_S || n * seconds[unit - units] > WEEK_S)
		return false;
	*out = (unsigned)n * seconds[unit - units];
	return true;
}

bool duration_take(
	const struct command *command, const char *option, const char *text, unsigned *out)
{
	if (read_seconds(text, out))
		return true;
	usage_error(command,
		"%s takes seconds, minutes or hours, up to a week: 90, 90s, 15m, 8h, not \"%s\"",
		option, text);
	return false;
}
