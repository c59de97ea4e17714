#include "harness/transport/endpoint.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { MQTT_PORT = 1883 };

/* Parts "host", "host:port", "[v6]" and "[v6]:port". */
static bool split(struct arena *a, const char *text, const char **host, const char **port)
{
	size_t len = strcspn(text, "/");
	char *copy = arena_printf(a, "%.*s", (int)len, text);
	char *colon = strrchr(copy, ':');

	*port = arena_printf(a, "%d", MQTT_PORT);
	if (copy[0] == '[') {
		char *close = strchr(copy, ']');
		if (!close || (close[1] && close[1] != ':'))
			return false;
		*close = '\0';
		*host = copy + 1;
		if (close[1])
			*port = close + 2;
	} else {
		*host = copy;
		if (colon && colon != strchr(copy, ':'))
			return true; /* a bare IPv6 address */
		if (colon) {
			*colon = '\0';
			*port = colon + 1;
		}
	}
	char *end;
	long number = strtol(*port, &end, 10);
	return **host && **port && !*end && number >= 1 && number <= 65535;
}

bool endpoint_parse(struct arena *a, const char *url, struct endpoint *out, const char **error)
{
	static const char scheme[] = "mqtt://";
	const char *rest = url, *host, *port;

	if (!strncmp(url, scheme, sizeof(scheme) - 1)) {
		rest = url + sizeof(scheme) - 1;
	} else if (strstr(url, "://")) {
		*error = arena_printf(a, "%s: the scheme must be mqtt://", url);
		return false;
	}
	if (!split(a, rest, &host, &port)) {
		*error = arena_printf(a, "%s: not of the form mqtt://HOST[:PORT]", url);
		return false;
	}
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *found;
	int e = getaddrinfo(host, port, &hints, &found);
	if (e) {
		*error = arena_printf(a, "%s: %s", host, gai_strerror(e));
		return false;
	}
	*out = (struct endpoint){ .address_len = found->ai_addrlen };
	memcpy(&out->address, found->ai_addr, found->ai_addrlen);
	out->url =
		arena_printf(a, strchr(host, ':') ? "mqtt://[%s]:%s" : "mqtt://%s:%s", host, port);
	freeaddrinfo(found);
	return true;
}
