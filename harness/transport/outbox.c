#include "harness/transport/outbox.h"

#include <string.h>

#include "harness/transport/transport.h"

/* What is coded is one piece and, before it, answers to what the other side has asked for. */
enum { OUTBOX_LIMIT = 1024 * 1024 };

void outbox_init(struct outbox *o)
{
	buf_init(&o->coded, OUTBOX_LIMIT);
	buf_init(&o->plain, OUTBOX_LIMIT);
}

void outbox_fini(struct outbox *o)
{
	buf_fini(&o->coded);
	buf_fini(&o->plain);
}

ssize_t outbox_flush(struct outbox *o, struct pipe *below)
{
	while (o->coded.len) {
		ssize_t n = pipe_write(below, o->coded.data, o->coded.len);
		if (n <= 0)
			return n == PIPE_RESET ? PIPE_RESET : PIPE_AGAIN;
		buf_consume(&o->coded, (size_t)n);
	}
	return o->coded.failed ? PIPE_RESET : 1;
}

/* How many bytes at the front of the data have been coded already. */
static size_t begun(struct outbox *o, const void *data, size_t size)
{
	size_t len = o->plain.len;
	bool same = len && len <= size && !memcmp(o->plain.data, data, len);

	buf_reset(&o->plain);
	return same ? len : 0;
}

ssize_t outbox_write(struct outbox *o, struct pipe *below, const void *data, size_t size,
	size_t most, outbox_encode encode, void *user)
{
	ssize_t n = outbox_flush(o, below);

	if (n < 0)
		return n;
	size_t before = begun(o, data, size);
	if (before)
		return (ssize_t)before;
	if (size > most)
		size = most;
	if (!encode(user, data, size))
		return PIPE_RESET;
	n = outbox_flush(o, below);
	if (n == PIPE_AGAIN)
		buf_add(&o->plain, data, size);
	return n < 0 ? n : (ssize_t)size;
}
