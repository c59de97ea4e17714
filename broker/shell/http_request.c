#include "broker/shell/http_request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

size_t http_request_size(const char *data, size_t len)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);

	return end ? (size_t)(end - data) + 4 : 0;
}

static bool is(struct http_text text, const char *word)
{
	return text.len == strlen(word) && !strncasecmp(text.data, word, text.len);
}

static struct http_text trimmed(struct http_text t)
{
	while (t.len && (*t.data == ' ' || *t.data == '\t'))
		t = (struct http_text){ t.data + 1, t.len - 1 };
	while (t.len && (t.data[t.len - 1] == ' ' || t.data[t.len - 1] == '\t'))
		t.len--;
	return t;
}

/* Up to the first `mark`, which is passed over, or the end. */
static struct http_text take(struct http_text *rest, char mark)
{
	const char *at = rest->len ? memchr(rest->data, mark, rest->len) : NULL;
	size_t len = at ? (size_t)(at - rest->data) : rest->len;
	struct http_text part = { rest->data, len };

	rest->data += len + (at != NULL);
	rest->len -= len + (at != NULL);
	return part;
}

/* Whether a list has the word. `*found`: as it stands there. */
static bool lists(struct http_text list, const char *word, struct http_text *found)
{
	while (list.len) {
		struct http_text one = trimmed(take(&list, ','));
		if (!is(one, word))
			continue;
		if (found)
			*found = one;
		return true;
	}
	return false;
}

/* What the fields of a request have said so far. */
struct fields {
	struct http_request *request;
	bool host, upgrade, connection, version, twice;
	bool another_version;
};

static bool is_key(struct http_text t)
{
	if (t.len != 24 || t.data[22] != '=' || t.data[23] != '=')
		return false;
	for (size_t i = 0; i < 22; i++)
		if (!isalnum((unsigned char)t.data[i]) && t.data[i] != '+' && t.data[i] != '/')
			return false;
	return true;
}

static void field_read(struct fields *f, struct http_text name, struct http_text value)
{
	struct http_request *r = f->request;

	if (is(name, "Host")) {
		f->twice |= f->host;
		f->host = true;
	} else if (is(name, "Upgrade")) {
		f->upgrade |= lists(value, "websocket", NULL);
	} else if (is(name, "Connection")) {
		f->connection |= lists(value, "Upgrade", NULL);
	} else if (is(name, "Sec-WebSocket-Version")) {
		f->version |= is(value, "13");
		f->another_version |= !is(value, "13");
	} else if (is(name, "Sec-WebSocket-Key")) {
		f->twice |= r->key.data != NULL;
		r->key = value;
	} else if (is(name, "Origin")) {
		f->twice |= r->origin.data != NULL;
		r->origin = value;
	} else if (is(name, "Sec-WebSocket-Protocol")) {
		/* [MQTT-6.0.0-4]; its forerunner has another name */
		if (!lists(value, "mqtt", &r->protocol) && !r->protocol.data)
			lists(value, "mqttv3.1", &r->protocol);
	}
}

static bool is_name(struct http_text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!isalnum((unsigned char)t.data[i]) && !strchr("!#$%&'*+-.^_`|~", t.data[i]))
			return false;
	return t.len;
}

static bool is_clean(struct http_text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (((unsigned char)t.data[i] < ' ' && t.data[i] != '\t') || t.data[i] == 0x7f)
			return false;
	return true;
}

/* The next line, without its end. False if it does not end as a line does. */
static bool line_take(struct http_text *rest, struct http_text *line)
{
	*line = take(rest, '\n');
	if (!line->len || line->data[line->len - 1] != '\r')
		return false;
	line->len--;
	return is_clean(*line);
}

static int refuse(const char **why, int status, const char *what)
{
	*why = what;
	return status;
}

static int line_read(struct http_text line, const char **why)
{
	struct http_text method = take(&line, ' '), path = take(&line, ' ');

	if (!is_name(method) || !path.len || line.len < 5 || memcmp(line.data, "HTTP/", 5) != 0)
		return refuse(why, 400, "this is no HTTP request");
	if (!is(line, "HTTP/1.1"))
		return refuse(why, 505, "a WebSocket takes HTTP/1.1");
	if (method.len != 3 || memcmp(method.data, "GET", 3) != 0)
		return refuse(why, 405, "a WebSocket takes GET");
	return 101;
}

static int verdict(const struct fields *f, const char **why)
{
	const struct http_request *r = f->request;

	if (f->twice)
		return refuse(why, 400, "a field stands there twice");
	if (!f->host)
		return refuse(why, 400, "there is no Host");
	if (!f->upgrade || !f->connection)
		return refuse(why, 426, "only WebSocket is spoken here");
	if (!f->version || f->another_version)
		return refuse(why, 426, "only version 13 of WebSocket is spoken here");
	if (!r->key.data || !is_key(r->key))
		return refuse(why, 400, "Sec-WebSocket-Key is not what it should be");
	if (!r->protocol.data) /* [MQTT-6.0.0-3] */
		return refuse(why, 400, "Sec-WebSocket-Protocol does not offer mqtt");
	return 101;
}

int http_request_read(struct http_request *r, const char *data, size_t len, const char **why)
{
	struct http_text rest = { data, len }, line;
	struct fields f = { .request = r };

	*r = (struct http_request){ 0 };
	if (!line_take(&rest, &line))
		return refuse(why, 400, "this is no HTTP request");
	int status = line_read(line, why);
	while (status == 101) {
		if (!line_take(&rest, &line))
			return refuse(why, 400, "a field is malformed");
		if (!line.len)
			return verdict(&f, why);
		bool colon = memchr(line.data, ':', line.len);
		struct http_text name = take(&line, ':');
		if (!colon || !is_name(name)) /* nor may a field go on in a second line */
			return refuse(why, 400, "a field is malformed");
		field_read(&f, name, trimmed(line));
	}
	return status;
}
