/* The opening handshake of a WebSocket over a pipe: what opening.h says, sent and read within a deadline.
 * Within harness/transport only.
 */
#ifndef HARNESS_UPGRADE_H
#define HARNESS_UPGRADE_H

#include <stdint.h>

#include "base/buf.h"

struct arena;
struct pipe;

/* What has come after the head of the other side is added to `rest`. The end of a sentence that begins with
 * who the other side is, in the arena, when there is no WebSocket; NULL: there is one.
 */
const char *upgrade_ask(struct arena *a, struct pipe *below, const char *host, const char *path,
	int64_t deadline_us, struct buf *rest);
const char *upgrade_answer(
	struct arena *a, struct pipe *below, int64_t deadline_us, struct buf *rest);

#endif
