#include "broker/access/password_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "broker/access/lines.h"
#include "mqtt/text.h"

enum { ALONE = 0600 };

const char *user_name_lack(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > UINT16_MAX)
		return "a user name has 1 to 65535 bytes";
	if (!mqtt_text_valid(mqtt_view_of(name)))
		return "a user name is UTF-8";
	if (strchr(name, ':'))
		return "a user name has no colon";
	if (*name == '#' || *name == ' ' || name[len - 1] == ' ')
		return "a user name neither begins with # nor begins or ends with a blank";
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
			return "a user name has no control characters";
	return NULL;
}

/* Of the line at `at`: whether it is the user's. Blanks before the name do not count. */
static bool is_line_of(const char *at, const char *end, const char *user)
{
	size_t len = strlen(user);

	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return (size_t)(end - at) > len && !memcmp(at, user, len) && at[len] == ':';
}

/* What a user is to have. */
struct entries {
	const char *user;
	const char *const *list;
	size_t count;
};

static void write_lines(FILE *to, const struct entries *e)
{
	for (size_t i = 0; i < e->count; i++)
		fprintf(to, "%s:%s\n", e->user, e->list[i]);
}

/* Returns whether the user was there. */
static bool copy(FILE *to, const char *text, size_t len, const struct entries *e)
{
	const char *at = text, *end = text + len;
	bool found = false;

	while (at < end) {
		const char *next = memchr(at, '\n', (size_t)(end - at));
		next = next ? next + 1 : end;
		bool his = is_line_of(at, next, e->user);
		if (!his)
			fwrite(at, 1, (size_t)(next - at), to);
		if (!his && next[-1] != '\n')
			fputc('\n', to);
		if (his && !found)
			write_lines(to, e);
		found |= his;
		at = next;
	}
	return found;
}

/* The one that is to take the place of the file, with the same owner and mode. NULL, with errno. */
static FILE *open_new(char *path, const struct stat *old)
{
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (fchmod(fd, old->st_mode & 07777) ||
		(old->st_uid != geteuid() && fchown(fd, old->st_uid, old->st_gid))) {
		int e = errno;
		close(fd);
		unlink(path);
		errno = e;
		return NULL;
	}
	return fdopen(fd, "w");
}

static bool close_well(FILE *file)
{
	bool ok = !fflush(file) && !ferror(file) && !fsync(fileno(file));
	int e = errno;

	if (fclose(file))
		return false;
	errno = e;
	return ok;
}

static bool replace(struct arena *a, const char *path, const struct stat *old, const char *text,
	size_t len, const struct entries *e, const char **error)
{
	char *fresh = arena_printf(a, "%s.XXXXXX", path);
	FILE *to = open_new(fresh, old);

	if (!to) {
		*error = arena_printf(a, "%s: %s", fresh, strerror(errno));
		return false;
	}
	bool found = copy(to, text, len, e);
	if (!found)
		write_lines(to, e);
	bool lacks = !found && !e->count;
	if (close_well(to) && !lacks && !rename(fresh, path))
		return true;
	*error = lacks ? arena_printf(a, "%s: there is no user \"%s\"", path, e->user)
		       : arena_printf(a, "%s: %s", path, strerror(errno));
	unlink(fresh);
	return false;
}

bool password_file_change(struct arena *a, const char *path, const char *user,
	const char *const *entries, size_t count, const char **error)
{
	const struct entries e = { user, entries, count };
	struct stat old = { .st_mode = ALONE, .st_uid = geteuid() };
	char *real = realpath(path, NULL), *text = NULL;
	size_t len = 0;

	/* What a link leads to is replaced, not the link. */
	const char *name = real ? arena_text(a, real) : path;
	free(real);
	if (!stat(name, &old)) {
		text = file_text(name, a, &len, error);
		if (!text)
			return false;
	} else if (errno != ENOENT || !count) {
		*error = arena_printf(a, "%s: %s", path, strerror(errno));
		return false;
	}
	bool ok = replace(a, name, &old, text, len, &e, error);
	if (text)
		explicit_bzero(text, len);
	free(text);
	return ok;
}
