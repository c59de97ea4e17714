#include "client/shell/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/shell/channel.h"

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
		return end;
	}
	end = strchr(*host, ':');
	if (end && strchr(end + 1, ':')) /* an IPv6 address without brackets */
		return *host + strlen(*host);
	if (end)
		*port = end + 1;
	return end ? end : *host + strlen(*host);
}

bool server_read(struct server *s, const char *text, char *error, size_t error_size)
{
	const char *host = text, *port;

	*s = (struct server){ .port = "1883", .channel = &channel_plain };
	if (!strncmp(text, "unix:", 5)) {
		s->port[0] = 0;
		if (copy(s->host, sizeof(s->host), text + 5, strlen(text + 5)))
			return true;
		snprintf(error, error_size, "%s: no path of a socket", text);
		return false;
	}
	if (!strncmp(text, "mqtts://", 8)) {
		snprintf(error, error_size, "mqtts:// needs TLS, which this client does not have");
		return false;
	}
	if (!strncmp(text, "mqtt://", 7))
		host += 7;
	if (strstr(host, "://")) {
		snprintf(error, error_size, "%s: only mqtt:// and unix: are supported", text);
		return false;
	}
	if (strchr(host, '@')) {
		snprintf(error, error_size, "user name and password are no part of a server");
		return false;
	}
	const char *end = host_split(&host, &port);
	if (end && (!port || port_read(s->port, port)) &&
		copy(s->host, sizeof(s->host), host, (size_t)(end - host)))
		return true;
	snprintf(error, error_size, "%s: not a server like host:port", text);
	return false;
}
