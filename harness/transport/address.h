/* HOST[:PORT][/PATH], as URLs have it after their scheme. */
#ifndef HARNESS_ADDRESS_H
#define HARNESS_ADDRESS_H

#include <stdbool.h>

struct arena;
struct endpoint;

struct address {
	const char *host; /* without the brackets of an IPv6 address */
	const char *port; /* its number, as a text */
	const char *path; /* "/mqtt"; NULL: none was given */
};

/* Reads "host", "host:port", "[v6]", "[v6]:port" and a bare "v6", each perhaps with a path. Without a port
 * it is the usual one. False: of no such form, or the port is none from 1 to 65535.
 */
bool address_split(struct arena *a, const char *text, unsigned usual_port, struct address *out);

/* What keeps SCHEME://TEXT from being read; NULL: nothing. `more` is what the form of such a URL has
 * after the port: "[/PATH]".
 */
const char *address_objection(
	struct arena *a, const char *scheme, const char *text, const char *more);

/* Looks the host up: the first address that the system offers. Fills in address and host of the endpoint.
 * False, with a sentence.
 */
bool address_resolve(
	struct arena *a, const struct address *at, struct endpoint *out, const char **error);

/* What is wrong with a path, which goes into a line of HTTP and into logs; NULL: nothing. */
const char *address_path_objection(const char *path);

/* "ws://[::1]:80/mqtt" */
const char *address_url(struct arena *a, const char *scheme, const struct address *at);

#endif
