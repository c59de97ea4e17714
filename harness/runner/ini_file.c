#include "harness/runner/ini_file.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

enum { FILE_LIMIT_BYTES = 1024 * 1024, NAME_LIMIT = 49 /* what inih keeps of a name */ };

/* The lines on their way into inih, and what comes out of it. */
struct source {
	struct arena *arena;
	const char *path;
	const char *next, *end; /* what has not been handed over */
	int line;               /* of what was handed over last */
	const char *verbatim;   /* that line's text after its bar; or NULL */
	bool continues;         /* it is indented ... */
	size_t indent;          /* ... by so much */
	size_t first_indent; /* the same of the first line that continued the value; 0: none did */
	int section_line;
	bool has_name; /* a name stands above, in this section, that a line could continue */
	bool has_text; /* its value has a first line by now */
	struct ini_file *out;
	size_t capacity;
	const char *error; /* the first one */
};

static void complain(struct source *s, const char *sentence)
{
	if (!s->error)
		s->error = arena_printf(s->arena, "%s:%d: %s", s->path, s->line, sentence);
}

/* What inih takes for indentation. */
static bool is_blank(char c)
{
	return isspace((unsigned char)c);
}

/* What inih would cut off or take for something else, in a line that begins at the margin. */
static void check_head(struct source *s, const char *line, size_t len)
{
	bool is_section = line[0] == '[';
	const char *stops = is_section ? "]" : "=:";
	size_t end = is_section, stop = 0;

	if (line[0] == ';' || line[0] == '#')
		return;
	for (stop = end; stop < len && !strchr(stops, line[stop]); stop++)
		if (!is_blank(line[stop]))
			end = stop + 1;
	if (stop < len && end - is_section > NAME_LIMIT)
		complain(s,
			is_section ? "the name of a section has at most 49 bytes"
				   : "a name has at most 49 bytes");
}

static void look_at(struct source *s, const char *line, size_t len, size_t room)
{
	size_t indent = 0;

	while (indent < len && is_blank(line[indent]))
		indent++;
	s->verbatim = NULL;
	s->continues = indent < len && (indent > 0 || line[0] == '|');
	s->indent = indent;
	if (memchr(line, '\0', len))
		complain(s, "a NUL byte");
	if (indent == len)
		return;
	if (s->continues && !s->has_name && line[indent] != ';' && line[indent] != '#')
		complain(s, "this line belongs to a value above it, and there is none");
	if (s->continues && line[indent] == '|') {
		size_t skip = indent + 1 + (indent + 1 < len && line[indent + 1] == ' ');
		s->verbatim = arena_printf(s->arena, "%.*s", (int)(len - skip), line + skip);
		return;
	}
	if (len > room)
		complain(s,
			"the line is too long: go on in an indented line, or after a bar (`| `)");
	if (!s->continues)
		check_head(s, line, len);
	if (line[0] == '[') {
		s->has_name = false;
		s->section_line = s->line;
	}
}

/* The reader that inih calls for each line; `size` is what it can take, NUL and newline included. */
static char *next_line(char *line, int size, void *stream)
{
	struct source *s = stream;

	if (s->error || s->next == s->end)
		return NULL;
	const char *newline = memchr(s->next, '\n', (size_t)(s->end - s->next));
	size_t len = (size_t)((newline ? newline : s->end) - s->next);
	const char *text = s->next;
	s->next = newline ? newline + 1 : s->end;
	s->line++;
	if (len && text[len - 1] == '\r')
		len--;
	look_at(s, text, len, (size_t)size - 3);
	if (s->error)
		return NULL;
	if (s->verbatim)
		snprintf(line, (size_t)size, "\t|\n");
	else
		snprintf(line, (size_t)size, "%.*s\n", (int)len, text);
	return line;
}

static void add(struct source *s, const char *section, const char *name, const char *value)
{
	struct ini_file *out = s->out;

	out->list = arena_grow(s->arena, out->list, out->count, &s->capacity, sizeof(*out->list));
	out->list[out->count++] = (struct ini_setting){
		.section = arena_text(s->arena, section),
		.name = arena_text(s->arena, name),
		.value = arena_text(s->arena, value),
		.line = s->line,
		.section_line = s->section_line,
	};
	s->has_name = true;
	s->has_text = *value;
	s->first_indent = 0;
}

/* The indentation is lost; where it differs it may have meant something. */
static void compare_indent(struct source *s, struct ini_setting *last)
{
	if (s->verbatim)
		return;
	if (!s->first_indent)
		s->first_indent = s->indent;
	if (s->indent != s->first_indent && !last->uneven_line)
		last->uneven_line = s->line;
}

/* Called for each name, and again, with the same name, for each line that continues its value. */
static int take(void *user, const char *section, const char *name, const char *value)
{
	struct source *s = user;

	if (s->error)
		return 0;
	if (!s->continues) {
		add(s, section, name, value);
		return 1;
	}
	struct ini_setting *last = &s->out->list[s->out->count - 1];
	const char *more = s->verbatim ? s->verbatim : value;
	last->value = s->has_text ? arena_printf(s->arena, "%s\n%s", last->value, more)
				  : arena_text(s->arena, more);
	s->has_text = true;
	compare_indent(s, last);
	return 1;
}

bool ini_file_parse(struct arena *a, const char *path, const char *text, size_t len,
	struct ini_file *out, const char **error)
{
	struct source s = { .arena = a, .path = path, .out = out };

	*out = (struct ini_file){ 0 };
	s.end = text + len;
	s.next = len >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3) ? text + 3 : text;
	int bad_line = ini_parse_stream(next_line, &s, take, &s);
	if (bad_line && !s.error) {
		s.line = bad_line;
		complain(&s, "neither [section] nor `name = value`");
	}
	*error = s.error;
	return !s.error;
}

bool ini_file_read(struct arena *a, const char *path, struct ini_file *out, const char **error)
{
	struct buf text;
	char chunk[4096];
	size_t n;
	FILE *file = fopen(path, "re");

	if (!file) {
		*error = arena_printf(a, "%s: %s", path, strerror(errno));
		return false;
	}
	buf_init(&text, FILE_LIMIT_BYTES);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0 && buf_add(&text, chunk, n))
		;
	bool ok = !ferror(file) && !text.failed;
	if (ok)
		ok = ini_file_parse(a, path, (const char *)text.data, text.len, out, error);
	else
		*error = arena_printf(
			a, "%s: %s", path, text.failed ? "is larger than 1 MiB" : strerror(errno));
	buf_fini(&text);
	fclose(file);
	return ok;
}

const char *ini_prose(struct arena *a, const char *value)
{
	char *text = arena_text(a, value);

	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ' ';
	return text;
}
