#include "cli/output.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cli/cli.h"

static bool is_standard(const char *path)
{
	return !strcmp(path, "-");
}

static void complain(const struct command *command, const char *path)
{
	fprintf(stderr, "mqttspec %s: %s: %s\n", command->name, path, strerror(errno));
}

FILE *output_open(const struct command *command, const char *path)
{
	FILE *to = is_standard(path) ? stdout : fopen(path, "we");

	if (!to)
		complain(command, path);
	return to;
}

bool output_is_unread(FILE *to)
{
	struct pollfd fd = { .fd = fileno(to) };

	return poll(&fd, 1, 0) == 1 && fd.revents & POLLERR;
}

bool output_is_whole(FILE *to)
{
	return (!fflush(to) && !ferror(to)) || output_is_unread(to);
}

bool output_close(const struct command *command, const char *path, FILE *to)
{
	bool ok = output_is_whole(to);

	if (!is_standard(path) && fclose(to))
		ok = false;
	if (!ok)
		complain(command, path);
	return ok;
}

bool output_make_folder(struct arena *a, const char *path)
{
	char *copy = arena_text(a, path);

	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0777) && errno != EEXIST)
			return false;
		*slash = '/';
	}
	return mkdir(copy, 0777) == 0 || errno == EEXIST;
}

static char *folder_of(const char *output)
{
	const char *slash = is_standard(output) ? NULL : strrchr(output, '/');
	char *folder = slash ? strndup(output, (size_t)(slash - output) + 1) : strdup(".");

	if (!folder)
		abort();
	char *real = realpath(folder, NULL);
	free(folder);
	return real;
}

/* The length of the folders that both begin with, at a slash or at the end of one of them. */
static size_t common_length(const char *a, const char *b)
{
	size_t common = 0, i = 0;

	for (; a[i] && a[i] == b[i]; i++)
		if (a[i] == '/')
			common = i;
	if ((!a[i] || a[i] == '/') && (!b[i] || b[i] == '/'))
		common = i;
	return common;
}

static const char *way(struct arena *a, const char *from, const char *to)
{
	size_t common = common_length(from, to);
	struct buf b;

	buf_init(&b, SIZE_MAX);
	for (const char *c = from + common; *c; c++)
		if (*c == '/' && c[1])
			buf_add_text(&b, b.len ? "/.." : "..");
	to += common + (to[common] == '/');
	if (*to)
		buf_printf(&b, "%s%s", b.len ? "/" : "", to);
	const char *text = arena_text(a, buf_text(&b));
	buf_fini(&b);
	return text;
}

const char *output_way(struct arena *a, const char *output, const char *folder)
{
	char *from = folder_of(output), *to = realpath(folder, NULL);
	const char *text = from && to ? way(a, from, to) : folder;

	free(from);
	free(to);
	return text;
}
