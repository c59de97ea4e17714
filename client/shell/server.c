#include "client/shell/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/shell/tls.h"
#include "client/shell/websocket.h"

static bool copy(char *to, size_t size, const char *text, size_t len)
{
	if (!len || len >= size)
		return false;
	memcpy(to, text, len);
	to[len] = 0;
	return true;
}

static bool port_read(char port[static 6], const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (!*text || *end || value < 1 || value > 65535)
		return false;
	snprintf(port, 6, "%ld", value);
	return true;
}

/* The end of the host, and where the port begins, if there is one. */
static const char *host_split(const char **host, const char **port)
{
	const char *end;

	*port = NULL;
	if (**host == '[') {
		end = strchr(++*host, ']');
		if (end && end[1] == ':')
			*port = end + 2;
		return end && (*port || !end[1]) ? end : NULL;
	}
	end = strchr(*host, ':');
	if (end && strchr(end + 1, ':')) /* an IPv6 address without brackets */
		return *host + strlen(*host);
	if (end)
		*port = end + 1;
	return end ? end : *host + strlen(*host);
}

static const struct scheme {
	const char *prefix, *port;
	bool secure, websocket;
} schemes[] = {
	{ "mqtt://", "1883", false, false },
	{ "mqtts://", "8883", true, false },
	{ "ws://", "80", false, true },
	{ "wss://", "443", true, true },
};

/* Takes the scheme off the text; without one it is mqtt. NULL: it is none of these. */
static const struct scheme *scheme_take(const char **text)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t len = strlen(schemes[i].prefix);
		if (!strncmp(*text, schemes[i].prefix, len)) {
			*text += len;
			return &schemes[i];
		}
	}
	return strstr(*text, "://") ? NULL : &schemes[0];
}

static bool unix_read(struct server *s, const char *text, char *error, size_t error_size)
{
	const char *path = text + 5;

	s->port[0] = 0;
	if (copy(s->host, sizeof(s->host), path, strlen(path)))
		return true;
	snprintf(error, error_size, "%s: no path of a socket", text);
	return false;
}

static void layers_set(struct server *s, const struct scheme *scheme)
{
	size_t count = 0;

	if (scheme->secure)
		s->channels[count++] = &channel_tls;
	if (scheme->websocket)
		s->channels[count] = &channel_websocket;
	s->secure = scheme->secure;
}

/* What comes after the host; without it, where most servers have their WebSocket. */
static bool path_read(struct server *s, const char *text)
{
	const char *path = *text ? text : "/mqtt";

	if (*path != '/')
		return false;
	for (const char *c = path; *c; c++)
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f || *c == '#')
			return false;
	return copy(s->path, sizeof(s->path), path, strlen(path));
}

/* HOST[:PORT] */
static bool authority_read(struct server *s, const char *text)
{
	const char *host = text, *port;
	const char *end = host_split(&host, &port);

	return end && (!port || port_read(s->port, port)) &&
		copy(s->host, sizeof(s->host), host, (size_t)(end - host));
}

bool server_read(struct server *s, const char *text, char *error, size_t error_size)
{
	const char *rest = text;
	char authority[sizeof(s->host) + sizeof(s->port) + 3];

	*s = (struct server){ 0 };
	if (!strncmp(text, "unix:", 5))
		return unix_read(s, text, error, error_size);
	const struct scheme *scheme = scheme_take(&rest);
	size_t len = strcspn(rest, "/?#");
	if (memchr(rest, '@', len)) {
		snprintf(error, error_size, "user name and password are no part of a server");
		return false;
	}
	if (!scheme) {
		snprintf(error, error_size,
			"%s: only mqtt://, mqtts://, ws://, wss:// and unix: are supported", text);
		return false;
	}
	memcpy(s->port, scheme->port, strlen(scheme->port) + 1);
	layers_set(s, scheme);
	if (scheme->websocket && !path_read(s, rest + len)) {
		snprintf(error, error_size,
			"%s: the path of a WebSocket has up to %zu visible "
			"characters, and no #",
			text, sizeof(s->path) - 1);
		return false;
	}
	if (copy(authority, sizeof(authority), rest, len) && authority_read(s, authority) &&
		(scheme->websocket || !rest[len]))
		return true;
	snprintf(error, error_size, "%s: not a server like host:port", text);
	return false;
}
