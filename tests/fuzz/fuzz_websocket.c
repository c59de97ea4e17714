/* A WebSocket over a pipe whose other side is the input, in either role: the first byte says which, and in what
 * portions its bytes come. No more payload comes out than bytes went in, an end stays one, and what is written
 * meanwhile does no harm.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "harness/transport/http.h"
#include "harness/transport/opening.h"
#include "harness/transport/transport.h"
#include "harness/transport/websocket.h"
#include "tests/fuzz/fuzz.h"

enum { ROOM = 1 << 22, LIMIT_US = 1000000 };

struct memory {
	struct pipe pipe; /* first */
	struct buf in;    /* what will be read */
	size_t at, portion;
	struct buf written;
	bool answers; /* a request for a WebSocket that is written gets its answer, and then the rest */
	const uint8_t *rest;
	size_t rest_len;
};

/* The answer comes before everything else. */
static void answer(struct memory *m)
{
	struct http_head head;
	char accept[OPENING_ACCEPT_SIZE];

	if (!m->answers ||
		http_read_request((const char *)m->written.data, m->written.len, &head) !=
			HTTP_HEAD)
		return;
	m->answers = false;
	opening_accept(*http_field(&head, "Sec-WebSocket-Key"), accept);
	opening_answer(&m->in, accept, true);
	buf_add(&m->in, m->rest, m->rest_len);
}

static ssize_t memory_read(struct pipe *p, void *data, size_t size)
{
	struct memory *m = (struct memory *)p;
	size_t left = m->in.len - m->at, n = left < size ? left : size;

	n = n < m->portion ? n : m->portion;
	if (n)
		memcpy(data, m->in.data + m->at, n);
	m->at += n;
	return n ? (ssize_t)n : PIPE_END;
}

static ssize_t memory_write(struct pipe *p, const void *data, size_t size)
{
	struct memory *m = (struct memory *)p;
	size_t n = size < m->portion ? size : m->portion;

	if (m->written.len + n > ROOM)
		return PIPE_RESET;
	buf_add(&m->written, data, n);
	answer(m);
	return (ssize_t)n;
}

static bool memory_pending(const struct pipe *p)
{
	return p != NULL;
}

static void memory_close(struct pipe *p)
{
	p->fd = -1;
}

static const struct pipe_ops memory_ops = {
	.read = memory_read,
	.write = memory_write,
	.pending = memory_pending,
	.close = memory_close,
	.reset = memory_close,
};

static void demand_of(struct pipe *socket, size_t size, size_t portion)
{
	char got[512];
	size_t total = 0, turn = 0;
	ssize_t n;

	while ((n = pipe_read(socket, got, portion < sizeof(got) ? portion : sizeof(got))) > 0 ||
		n == PIPE_AGAIN) {
		total += n > 0 ? (size_t)n : 0;
		DEMAND(total <= size);
		if (++turn % 8 == 0)
			pipe_write(socket, got, 16);
	}
	DEMAND(n == PIPE_END || n == PIPE_RESET);
	DEMAND(pipe_read(socket, got, sizeof(got)) == n);
	DEMAND(pipe_pending(socket));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char request[] = "GET /mqtt HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
				      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
				      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
				      "Sec-WebSocket-Protocol: mqtt\r\n\r\n";
	struct arena a;
	const char *error;
	int64_t deadline_us = clock_now_us() + LIMIT_US;

	if (!size)
		return 0;
	struct memory m = {
		.pipe = { .ops = &memory_ops, .fd = -1 },
		.portion = 1 + (data[0] >> 1),
		.answers = data[0] & 1,
		.rest = data + 1,
		.rest_len = size - 1,
	};
	arena_init(&a);
	buf_init(&m.in, ROOM);
	buf_init(&m.written, ROOM);
	if (!m.answers) {
		buf_add_text(&m.in, request);
		buf_add(&m.in, data + 1, size - 1);
	}
	struct pipe *socket = data[0] & 1
		? websocket_connect(&a, &m.pipe, "a", "/mqtt", deadline_us, &error)
		: websocket_accept(&a, &m.pipe, deadline_us, &error);
	DEMAND(socket);
	demand_of(socket, size, m.portion);
	pipe_close(socket);
	buf_fini(&m.in);
	buf_fini(&m.written);
	arena_fini(&a);
	return 0;
}
