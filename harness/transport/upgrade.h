/* The opening handshake of a WebSocket over a pipe: what opening.h says, sent and read within a deadline.
 * Within harness/transport only.
 */
#ifndef HARNESS_UPGRADE_H
#define HARNESS_UPGRADE_H

#include <stdint.h>

#include "base/buf.h"

struct arena;
struct http_head;
struct pipe;

enum { UPGRADE_SENT_MAX = 8192, UPGRADE_READ_MAX = 10240 }; /* bytes of what is sent, and of `in` */

/* A request of any kind, and the answer to it, which points into `in`, where it lies with what has come after
 * it. The end of a sentence if none came; NULL: one did.
 */
const char *upgrade_exchange(struct arena *a, struct pipe *below, struct buf *request,
	int64_t deadline_us, struct buf *in, struct http_head *answer);

/* The other way round: the next request, and an answer of any kind, which is consumed. The same. */
const char *upgrade_hear(struct arena *a, struct pipe *below, int64_t deadline_us, struct buf *in,
	struct http_head *request);
const char *upgrade_send(struct pipe *below, struct buf *answer, int64_t deadline_us);

/* What has come after the head of the other side is added to `rest`. The end of a sentence that begins with
 * who the other side is, in the arena, when there is no WebSocket; NULL: there is one.
 */
const char *upgrade_ask(struct arena *a, struct pipe *below, const char *host, const char *path,
	int64_t deadline_us, struct buf *rest);
const char *upgrade_answer(
	struct arena *a, struct pipe *below, int64_t deadline_us, struct buf *rest);

#endif
