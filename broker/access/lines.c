#include "broker/access/lines.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"

enum { FILE_MAX = 64 << 20, FIRST_SIZE = 4096 };

struct lines lines_of(const char *name, char *text, size_t len)
{
	text[len] = '\0';
	return (struct lines){ .name = name, .at = text, .end = text + len };
}

static char *trimmed(char *from, char *to)
{
	while (from < to && isspace((unsigned char)*from))
		from++;
	while (to > from && isspace((unsigned char)to[-1]))
		to--;
	*to = '\0';
	return from;
}

char *lines_next(struct lines *l)
{
	while (l->at < l->end) {
		char *from = l->at, *to = memchr(from, '\n', (size_t)(l->end - from));
		if (!to)
			to = l->end;
		l->at = to < l->end ? to + 1 : to;
		l->number++;
		char *line = trimmed(from, to);
		if (*line && *line != '#')
			return line;
	}
	return NULL;
}

const char *lines_error(const struct lines *l, struct arena *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *what = arena_vprintf(a, format, args);
	va_end(args);
	return arena_printf(a, "%s:%u: %s", l->name, l->number, what);
}

/* What is read is wiped wherever it lay: realloc would leave copies. */
static char *grown(char *text, size_t len, size_t size)
{
	char *larger = malloc(size + 1);

	if (larger && text)
		memcpy(larger, text, len);
	if (text)
		explicit_bzero(text, len);
	free(text);
	return larger;
}

/* NULL, with errno, if it cannot be read. */
static char *read_all(FILE *file, size_t *len)
{
	size_t size = FIRST_SIZE;
	char *text = grown(NULL, 0, size);

	for (*len = 0; text;) {
		*len += fread(text + *len, 1, size - *len, file);
		if (*len < size)
			break;
		size *= 2;
		if (size > 2 * (size_t)FILE_MAX) {
			explicit_bzero(text, *len);
			free(text);
			errno = EFBIG;
			return NULL;
		}
		text = grown(text, *len, size);
	}
	if (text && ferror(file)) {
		explicit_bzero(text, *len);
		free(text);
		return NULL;
	}
	return text;
}

char *file_text(const char *path, struct arena *a, size_t *len, const char **error)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;

	if (file) {
		setvbuf(file, NULL, _IONBF, 0); /* or there would be one more copy */
		text = read_all(file, len);
	}
	if (!text)
		*error = arena_printf(a, "%s: %s", path, strerror(errno));
	if (file)
		fclose(file);
	if (text && memchr(text, '\0', *len)) {
		*error = arena_printf(a, "%s: it is no text: there is a NUL in it", path);
		explicit_bzero(text, *len);
		free(text);
		return NULL;
	}
	if (text)
		text[*len] = '\0';
	return text;
}
