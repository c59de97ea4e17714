#include "harness/transport/address.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "harness/transport/endpoint.h"

enum { PORT_MAX = 65535, PATH_LENGTH_MAX = 2048 };

static bool is_port(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	return *text >= '0' && *text <= '9' && !*end && number >= 1 && number <= PORT_MAX;
}

bool address_split(struct arena *a, const char *text, unsigned usual_port, struct address *out)
{
	size_t len = strcspn(text, "/");
	char *copy = arena_printf(a, "%.*s", (int)len, text);
	char *colon = strrchr(copy, ':');

	*out = (struct address){
		.host = copy,
		.port = arena_printf(a, "%u", usual_port),
		.path = text[len] ? arena_text(a, text + len) : NULL,
	};
	if (copy[0] == '[') {
		char *close = strchr(copy, ']');
		if (!close || (close[1] && close[1] != ':'))
			return false;
		*close = '\0';
		out->host = copy + 1;
		if (close[1])
			out->port = close + 2;
	} else if (colon && colon == strchr(copy, ':')) { /* else a bare IPv6 address */
		*colon = '\0';
		out->port = colon + 1;
	}
	return *out->host && is_port(out->port);
}

const char *address_objection(
	struct arena *a, const char *scheme, const char *text, const char *more)
{
	struct address at;

	if (address_split(a, text, PORT_MAX, &at))
		return NULL;
	if (*at.host && *at.host != '[' && *at.port)
		return arena_printf(a,
			"%s://%s: a port is a number from 1 to %d, and \"%s\" is none", scheme,
			text, PORT_MAX, at.port);
	return arena_printf(
		a, "%s://%s: not of the form %s://HOST[:PORT]%s", scheme, text, scheme, more);
}

bool address_resolve(
	struct arena *a, const struct address *at, struct endpoint *out, const char **error)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *found;
	int e = getaddrinfo(at->host, at->port, &hints, &found);

	if (e) {
		*error = arena_printf(a, "%s: %s", at->host, gai_strerror(e));
		return false;
	}
	out->address_len = found->ai_addrlen;
	memcpy(&out->address, found->ai_addr, found->ai_addrlen);
	out->host = at->host;
	freeaddrinfo(found);
	return true;
}

const char *address_path_objection(const char *path)
{
	if (*path != '/')
		return "a path begins with a slash";
	if (strlen(path) > PATH_LENGTH_MAX)
		return "a path has at most 2048 bytes";
	for (const char *c = path; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '#')
			return "a path has visible ASCII characters alone, and no #";
	return NULL;
}

const char *address_url(struct arena *a, const char *scheme, const struct address *at)
{
	bool is_v6 = strchr(at->host, ':');

	return arena_printf(a, "%s://%s%s%s:%s%s", scheme, is_v6 ? "[" : "", at->host,
		is_v6 ? "]" : "", at->port, at->path ? at->path : "");
}
