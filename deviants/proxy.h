/* The loop of a deviant: everyone who connects to it is led to the target, by one deviation. */
#ifndef DEVIANTS_PROXY_H
#define DEVIANTS_PROXY_H

#include <stdbool.h>

struct deviation;
struct endpoint;
struct listener;
struct proxy;

/* `d` NULL: the idle one, which changes nothing. All are borrowed. Where the listener has TLS, the deviant is an end of
 * it, and dials as the target wants it; else it hands on the bytes of TCP, whatever they carry (layer.h).
 */
struct proxy *proxy_new(
	struct listener *listener, const struct endpoint *target, const struct deviation *d);
void proxy_free(struct proxy *p); /* ends what is open */

/* Does what there is to do, and waits for more until something comes, on `fd` too (-1: none). False: `fd` may be read. */
bool proxy_turn(struct proxy *p, int fd);

#endif
