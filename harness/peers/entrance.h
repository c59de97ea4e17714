/* How a client under test comes in, where a case looks at the layers of its transport: what it finds there, what it
 * asks for, and what becomes of that.
 */
#ifndef HARNESS_ENTRANCE_H
#define HARNESS_ENTRANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/transport/tls_context.h"
#include "harness/transport/ws_asked.h"

struct peer;
struct test;

/* Who dials from here on finds this side of TLS. False, with a sentence. */
bool entrance_show(struct test *t, const struct tls_files *files, const char **error);
void entrance_close(struct test *t); /* once no connection is left */

/* The next connection by the deadline (on the clock of the tape), as far as it comes. NULL: none came, or it came to
 * nothing, and then *fault is the rest of a sentence.
 */
struct peer *entrance_whole(struct test *t, int64_t until_us, const char **fault);

/* The same below all layers, once the client has said something on it, which stays unread for ever. */
struct peer *entrance_bare(struct test *t, int64_t until_us);

/* The same up to its request for a WebSocket; and the answer, after which the peer may be expected to send. What it
 * sends without a WebSocket is thrown away.
 */
struct peer *entrance_asked(
	struct test *t, int64_t until_us, struct ws_asked *asked, const char **fault);
void entrance_reply(struct peer *p, const struct ws_asked *asked, const struct ws_reply *reply);

#endif
