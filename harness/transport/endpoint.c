#include "harness/transport/endpoint.h"

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

bool endpoint_parse(struct arena *a, const char *url, struct endpoint *out, const char **error)
{
	const char *rest;

	*out = (struct endpoint){ .transport = transport_of_url(url, &rest) };
	if (out->transport)
		return out->transport->resolve(a, rest, out, error);
	*error = arena_printf(a, "%s: the scheme must be %s", url, schemes(a));
	return false;
}
