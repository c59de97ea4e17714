#include "harness/runner/password.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "harness/peers/demands.h"

/* What an editor puts at the end of a file does not belong to a password. */
static const char *first_line(
	struct arena *a, const char *path, char *text, size_t len, const char **error)
{
	len -= len && text[len - 1] == '\n';
	len -= len && text[len - 1] == '\r';
	text[len] = '\0';
	if (len > LOGIN_SIZE_MAX)
		*error = arena_printf(a, "%s: a password has at most 65535 bytes", path);
	else if (strlen(text) != len || strchr(text, '\n'))
		*error = arena_printf(a, "%s: the password must be one line of text", path);
	return *error ? NULL : text;
}

const char *password_read(struct arena *a, const char *path, const char **error)
{
	const size_t room = LOGIN_SIZE_MAX + 3; /* with its line end, and one byte too many */
	char *text = arena_alloc(a, room + 1);
	FILE *file = fopen(path, "re");
	size_t len = file ? fread(text, 1, room, file) : 0;
	bool ok = file && !ferror(file);

	*error = ok ? NULL : arena_printf(a, "%s: %s", path, strerror(errno));
	if (file)
		fclose(file);
	return ok ? first_line(a, path, text, len, error) : NULL;
}
