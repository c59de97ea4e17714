#include "client/tool/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PASSWORD_MAX = 65535 }; /* what CONNECT can carry */

static char *take(const struct command *c, char *word)
{
	char *copy = arena_text(c->arena, word);

	explicit_bzero(word, strlen(word));
	return copy;
}

void secrets_take(const struct command *c, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const struct option *o = option_find(c->kind, argv[i]);
		if (!o || !o->takes_value || ++i == argc)
			continue;
		if (o->id == O_PASSWORD || o->id == O_WS_HEADER ||
			(o->id == O_URL && strchr(argv[i], '@')))
			argv[i] = take(c, argv[i]);
	}
}

/* At most `size` bytes: how many, or -1. */
static ssize_t read_start(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0 && len < size) {
		n = read(fd, buffer + len, size - len);
		len += n > 0 ? (size_t)n : 0;
	}
	int why = errno;
	if (fd >= 0)
		close(fd);
	errno = why;
	return n < 0 ? -1 : (ssize_t)len;
}

bool secret_read_file(struct command *c, const char *path)
{
	char *text = arena_alloc(c->arena, PASSWORD_MAX + 3);
	ssize_t n = read_start(path, text, PASSWORD_MAX + 2);

	if (n < 0) {
		command_complain(c, "%s: %s", path, strerror(errno));
		return false;
	}
	text[n] = 0;
	char *end = memchr(text, '\n', (size_t)n);
	size_t len = end ? (size_t)(end - text) : (size_t)n;
	len -= end && len && text[len - 1] == '\r';
	text[len] = 0;
	if (!len || len > PASSWORD_MAX) {
		command_complain(c, "%s: %s", path,
			len ? "the first line is too long for a password"
			    : "the first line is empty: no password");
		return false;
	}
	c->password = text;
	c->password_len = len;
	return true;
}
