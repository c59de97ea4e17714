#include "harness/transport/http.h"

#include <string.h>
#include <strings.h>

/* ---- texts --------------------------------------------------------------------------------- */

bool http_is(struct http_text text, const char *word)
{
	return text.len == strlen(word) && !strncasecmp(text.at, word, text.len);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct http_text trimmed(struct http_text t)
{
	while (t.len && is_blank(t.at[0])) {
		t.at++;
		t.len--;
	}
	while (t.len && is_blank(t.at[t.len - 1]))
		t.len--;
	return t;
}

/* RFC 9110, section 5.6.2. */
static bool is_token(struct http_text t)
{
	for (size_t i = 0; i < t.len; i++) {
		char c = t.at[i];
		bool letter =
			(c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!letter && (!c || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return t.len;
}

/* Nothing that would mean something else to somebody else. */
static bool is_printable(struct http_text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (((unsigned char)t.at[i] < ' ' && t.at[i] != '\t') || t.at[i] == 0x7f)
			return false;
	return true;
}

/* ---- lines --------------------------------------------------------------------------------- */

/* The end of the head, after its empty line; 0: it has not come. */
static size_t head_size(const char *data, size_t len)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);

	return end ? (size_t)(end - data) + 4 : 0;
}

/* Takes the line at the front, without its end. */
static struct http_text take_line(struct http_text *rest)
{
	const char *end = memmem(rest->at, rest->len, "\r\n", 2);
	struct http_text line = { rest->at, end ? (size_t)(end - rest->at) : rest->len };
	size_t used = end ? line.len + 2 : line.len;

	*rest = (struct http_text){ rest->at + used, rest->len - used };
	return line;
}

/* Parts with one blank in between; the last one is all that is left. */
static size_t split(struct http_text line, struct http_text out[static 3])
{
	size_t count = 0;

	while (count < 3) {
		const char *blank = count < 2 && line.len ? memchr(line.at, ' ', line.len) : NULL;
		out[count++] =
			(struct http_text){ line.at, blank ? (size_t)(blank - line.at) : line.len };
		if (!blank)
			break;
		line = (struct http_text){ blank + 1, line.len - (size_t)(blank + 1 - line.at) };
	}
	return count;
}

static enum http_status malformed(struct http_head *out, const char *what)
{
	out->what = what;
	return HTTP_MALFORMED;
}

static enum http_status read_fields(struct http_text rest, struct http_head *out)
{
	while (rest.len) {
		struct http_text line = take_line(&rest);
		if (!line.len)
			return HTTP_HEAD;
		if (out->field_count == HTTP_FIELDS_MAX)
			return malformed(out, "it has more than 64 header fields");
		const char *colon = memchr(line.at, ':', line.len);
		size_t name_len = colon ? (size_t)(colon - line.at) : 0;
		struct http_field *f = &out->fields[out->field_count++];
		f->name = (struct http_text){ line.at, name_len };
		if (!colon || !is_token(f->name))
			return malformed(out, "a line of its head is no header field");
		f->value = trimmed((struct http_text){ colon + 1, line.len - name_len - 1 });
		if (!is_printable(f->value))
			return malformed(out, "a header field has control characters");
	}
	return HTTP_HEAD;
}

/* What no head could begin with is known at once: whoever sends it may never send a line. */
static bool may_be_head(const char *data, size_t len, const char *begin)
{
	size_t n = strlen(begin);

	return !memcmp(data, begin, n < len ? n : len);
}

static enum http_status read_head(
	const char *data, size_t len, struct http_head *out, struct http_text *rest)
{
	size_t size = head_size(data, len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX);

	*out = (struct http_head){ .size = size };
	if (!size && len >= HTTP_HEAD_MAX)
		return malformed(out, "its head has more than 8192 bytes");
	if (!size)
		return HTTP_NEED_MORE;
	*rest = (struct http_text){ data, size - 2 };
	struct http_text line = take_line(rest);
	size_t count = split(line, out->start);
	if (!is_printable(line) || count < 2)
		return malformed(out, "its first line is none of HTTP");
	return HTTP_HEAD;
}

enum http_status http_read_request(const char *data, size_t len, struct http_head *out)
{
	struct http_text rest;
	bool begins = len && data[0] >= 'A' && data[0] <= 'Z';

	if (len && !begins) {
		*out = (struct http_head){ 0 };
		return malformed(out, "it is none of HTTP");
	}
	enum http_status status = read_head(data, len, out, &rest);
	if (status != HTTP_HEAD)
		return status;
	if (!is_token(out->start[0]) || !out->start[1].len || !http_is(out->start[2], "HTTP/1.1"))
		return malformed(out, "its first line is no request of HTTP/1.1");
	return read_fields(rest, out);
}

static bool is_code(struct http_text t)
{
	return t.len == 3 && t.at[0] >= '1' && t.at[0] <= '5' && t.at[1] >= '0' && t.at[1] <= '9' &&
		t.at[2] >= '0' && t.at[2] <= '9';
}

enum http_status http_read_response(const char *data, size_t len, struct http_head *out)
{
	struct http_text rest;

	if (!may_be_head(data, len, "HTTP/")) {
		*out = (struct http_head){ 0 };
		return malformed(out, "it is none of HTTP");
	}
	enum http_status status = read_head(data, len, out, &rest);
	if (status != HTTP_HEAD)
		return status;
	if (!(http_is(out->start[0], "HTTP/1.1") || http_is(out->start[0], "HTTP/1.0")) ||
		!is_code(out->start[1]))
		return malformed(out, "its first line is no status of HTTP/1.1");
	return read_fields(rest, out);
}

/* ---- fields -------------------------------------------------------------------------------- */

size_t http_count(const struct http_head *head, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < head->field_count; i++)
		count += http_is(head->fields[i].name, name);
	return count;
}

const struct http_text *http_field(const struct http_head *head, const char *name)
{
	if (http_count(head, name) != 1)
		return NULL;
	for (size_t i = 0; i < head->field_count; i++)
		if (http_is(head->fields[i].name, name))
			return &head->fields[i].value;
	return NULL;
}

static bool list_has(struct http_text list, const char *word)
{
	for (;;) {
		const char *comma = list.len ? memchr(list.at, ',', list.len) : NULL;
		size_t len = comma ? (size_t)(comma - list.at) : list.len;
		if (http_is(trimmed((struct http_text){ list.at, len }), word))
			return true;
		if (!comma)
			return false;
		list = (struct http_text){ comma + 1, list.len - len - 1 };
	}
}

bool http_lists(const struct http_head *head, const char *name, const char *word)
{
	for (size_t i = 0; i < head->field_count; i++)
		if (http_is(head->fields[i].name, name) && list_has(head->fields[i].value, word))
			return true;
	return false;
}
