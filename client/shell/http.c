#include "client/shell/http.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

static const char version[] = "HTTP/1.1 ";

enum { VERSION_LEN = sizeof(version) - 1, STATUS_LEN = 3 };

/* RFC 9110, section 5.6.2 */
static bool is_token(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && !(c >= '0' && c <= '9') && !(c && strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return len > 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct http_text trimmed(const char *at, size_t len)
{
	for (; len && is_blank(*at); at++)
		len--;
	while (len && is_blank(at[len - 1]))
		len--;
	return (struct http_text){ at, len };
}

/* Visible characters, blanks, and what is not ASCII. */
static bool is_value(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((uint8_t)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			return false;
	return true;
}

/* The line at `*at`, without its end; steps over it. False: its end is not there yet. */
static bool line_next(const char *data, size_t len, size_t *at, struct http_text *line)
{
	const char *end = memchr(data + *at, '\n', len - *at);

	if (!end)
		return false;
	size_t size = (size_t)(end - data) - *at;
	*line = (struct http_text){ data + *at, size };
	*at += size + 1;
	return true;
}

/* Takes the carriage return off; there has to be one. */
static bool line_cut(struct http_text *line)
{
	if (!line->len || line->at[line->len - 1] != '\r')
		return false;
	line->len--;
	return true;
}

static bool field_split(struct http_text line, struct http_text *name, struct http_text *value)
{
	const char *colon = memchr(line.at, ':', line.len);
	size_t len = colon ? (size_t)(colon - line.at) : 0;

	if (!is_token(line.at, len))
		return false;
	*name = (struct http_text){ line.at, len };
	*value = trimmed(colon + 1, line.len - len - 1);
	return is_value(value->at, value->len);
}

static bool status_read(struct http_text line, struct http_response *r)
{
	const char *at = line.at + VERSION_LEN;
	size_t len = line.len - VERSION_LEN;

	if (len < STATUS_LEN || *at < '1' || (len > STATUS_LEN && at[STATUS_LEN] != ' '))
		return false;
	for (size_t i = 0; i < STATUS_LEN; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		r->status = r->status * 10 + (unsigned)(at[i] - '0');
	}
	r->reason = trimmed(at + STATUS_LEN, len - STATUS_LEN);
	return is_value(r->reason.at, r->reason.len);
}

static enum http_progress foreign(struct http_response *r, const char *what)
{
	r->what = what;
	return HTTP_FOREIGN;
}

static enum http_progress lines_read(const char *data, size_t len, struct http_response *r)
{
	struct http_text line, name, value;
	size_t at = 0;
	bool first = true;

	while (line_next(data, len, &at, &line)) {
		if (!line_cut(&line))
			return foreign(r, "a line without its end");
		if (first ? line.len < VERSION_LEN || !status_read(line, r)
			  : line.len && !field_split(line, &name, &value))
			return foreign(r, first ? "its first line" : "a field");
		if (first)
			r->fields.at = data + at;
		first = false;
		if (line.len)
			continue;
		r->fields.len = (size_t)(line.at - r->fields.at);
		r->size = at;
		return HTTP_WHOLE;
	}
	return HTTP_PART;
}

enum http_progress http_read(const char *data, size_t len, struct http_response *r)
{
	size_t seen = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;
	size_t begun = len < VERSION_LEN ? len : VERSION_LEN;

	*r = (struct http_response){ 0 };
	if (memcmp(data, version, begun) != 0)
		return foreign(r, "it is no HTTP/1.1");
	enum http_progress progress = lines_read(data, seen, r);
	if (progress == HTTP_PART && len >= HTTP_HEAD_MAX)
		return foreign(r, "it is too long");
	return progress;
}

/* ---- fields -------------------------------------------------------------------------------- */

bool http_is(struct http_text text, const char *word)
{
	return text.len == strlen(word) && !strncasecmp(text.at, word, text.len);
}

/* The next field of this name, from `*at` on. */
static bool field_next(
	const struct http_response *r, const char *name, size_t *at, struct http_text *value)
{
	struct http_text line, found;

	while (line_next(r->fields.at, r->fields.len, at, &line))
		if (line_cut(&line) && field_split(line, &found, value) && http_is(found, name))
			return true;
	return false;
}

bool http_field(const struct http_response *r, const char *name, struct http_text *value)
{
	struct http_text other;
	size_t at = 0;

	return field_next(r, name, &at, value) && !field_next(r, name, &at, &other);
}

bool http_has(const struct http_response *r, const char *name)
{
	struct http_text value;
	size_t at = 0;

	return field_next(r, name, &at, &value);
}

static bool list_contains(struct http_text list, const char *word)
{
	while (list.len) {
		const char *comma = memchr(list.at, ',', list.len);
		size_t len = comma ? (size_t)(comma - list.at) : list.len;
		if (http_is(trimmed(list.at, len), word))
			return true;
		len += comma != NULL;
		list.at += len;
		list.len -= len;
	}
	return false;
}

bool http_lists(const struct http_response *r, const char *name, const char *word)
{
	struct http_text value;
	size_t at = 0;

	while (field_next(r, name, &at, &value))
		if (list_contains(value, word))
			return true;
	return false;
}

bool http_is_field(const char *text)
{
	struct http_text name, value;

	return field_split((struct http_text){ text, strlen(text) }, &name, &value);
}
