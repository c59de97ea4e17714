/* TLS over any pipe. What is written goes into records as it is written, so that a byte that is written by
 * itself is a record. Within harness/transport only.
 */
#ifndef HARNESS_TLS_PIPE_H
#define HARNESS_TLS_PIPE_H

#include <stdint.h>

struct arena;
struct pipe;
struct tls;

/* Shake hands within the deadline (monotonic) and take over the pipe below, which is closed if that fails:
 * then they return NULL, with the end of a sentence that begins with who the other side is. `host` is whom
 * its certificate has to be for.
 */
struct pipe *tls_connect(struct arena *a, struct pipe *below, const struct tls *tls,
	const char *host, int64_t deadline_us, const char **error);
struct pipe *tls_accept(struct arena *a, struct pipe *below, const struct tls *tls,
	int64_t deadline_us, const char **error);

#endif
