#include "harness/transport/endpoint.h"

#include <string.h>

#include "base/arena.h"
#include "harness/transport/transport.h"

/* "mqtt://, ws:// or unix://" */
static const char *schemes(struct arena *a)
{
	const char *text = "";

	for (size_t i = 0; transports[i]; i++)
		text = arena_printf(a, "%s%s%s://", text,
			!i                          ? ""
				: transports[i + 1] ? ", "
						    : " or ",
			transports[i]->scheme);
	return text;
}

/* How a scheme that others use is spelt here, with a semicolon after it; "" if it is not known. */
static const char *advice(const char *url)
{
	static const struct {
		const char *scheme, *advice;
	} all[] = {
		{ "ssl://", "MQTT over TLS is mqtts://; " },
		{ "tls://", "MQTT over TLS is mqtts://; " },
		{ "tcp://", "MQTT over TCP is mqtt://; " },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!strncmp(url, all[i].scheme, strlen(all[i].scheme)))
			return all[i].advice;
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
		return arena_printf(a, "%s: %sthe scheme must be %s", url, advice(url), schemes(a));
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

struct pipe *endpoint_dial_bare(
	struct arena *a, const struct endpoint *to, int64_t deadline_us, const char **error)
{
	const struct transport *lowest = to->transport;

	while (lowest->below)
		lowest = lowest->below;
	return lowest->dial(a, to, deadline_us, error);
}
