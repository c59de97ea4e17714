#include "cli/screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool screen_is_live(FILE *to)
{
	const char *term = getenv("TERM");

	return isatty(fileno(to)) && term && strcmp(term, "dumb");
}

bool screen_has_color(FILE *to)
{
	const char *refused = getenv("NO_COLOR"); /* https://no-color.org: set, and not empty */

	return screen_is_live(to) && !(refused && *refused);
}

size_t screen_width(FILE *to, size_t otherwise)
{
	struct winsize size;

	if (!isatty(fileno(to)) || ioctl(fileno(to), TIOCGWINSZ, &size) || !size.ws_col)
		return otherwise;
	return size.ws_col;
}
