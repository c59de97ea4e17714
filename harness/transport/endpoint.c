#include "harness/transport/endpoint.h"

#include <string.h>

#include "base/arena.h"
#include "harness/transport/transport.h"

/* "mqtt:// or unix://" */
static const char *schemes(struct arena *a)
{
	const char *text = "";

	for (size_t i = 0; transports[i]; i++)
		text = arena_printf(a, "%s%s%s://", text, i ? " or " : "", transports[i]->scheme);
	return text;
}

/* What a scheme that is not one of ours would ask for, with a semicolon after it; "" if it is not
 * known.
 */
static const char *wish(const char *url)
{
	static const struct {
		const char *scheme, *wish;
	} wishes[] = {
		{ "mqtts://", "TLS is not supported yet; " },
		{ "ssl://", "TLS is not supported yet; " },
		{ "ws://", "WebSocket is not supported yet; " },
		{ "wss://", "WebSocket is not supported yet; " },
	};

	for (size_t i = 0; i < sizeof(wishes) / sizeof(*wishes); i++)
		if (!strncmp(url, wishes[i].scheme, strlen(wishes[i].scheme)))
			return wishes[i].wish;
	return "";
}

const char *endpoint_objection(struct arena *a, const char *url)
{
	const char *rest;
	const struct transport *transport = transport_of_url(url, &rest);

	if (memchr(rest, '@', strcspn(rest, "/")))
		return "a user name or a password in a URL would end up in logs and records: leave "
		       "them "
		       "out, and use --user and --password-file";
	if (!transport)
		return arena_printf(a, "%s: %sthe scheme must be %s", url, wish(url), schemes(a));
	return transport->objection(a, rest);
}

bool endpoint_parse(struct arena *a, const char *url, struct endpoint *out, const char **error)
{
	const char *rest;

	*out = (struct endpoint){ .transport = transport_of_url(url, &rest) };
	*error = endpoint_objection(a, url);
	return !*error && out->transport->resolve(a, rest, out, error);
}

struct pipe *endpoint_dial(
	struct arena *a, const struct endpoint *to, int64_t deadline_us, const char **error)
{
	return to->transport->dial(a, to, deadline_us, error);
}
