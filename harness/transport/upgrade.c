#include "harness/transport/upgrade.h"

#include <poll.h>

#include "base/arena.h"
#include "harness/transport/opening.h"
#include "harness/transport/transport.h"

enum { SENT_MAX = UPGRADE_SENT_MAX, READ_SIZE = 1024, REST_MAX = UPGRADE_READ_MAX };

_Static_assert(
	(int)REST_MAX >= (int)HTTP_HEAD_MAX + READ_SIZE, "a head, and what comes with its end");

typedef enum http_status (*read_head)(const char *data, size_t len, struct http_head *out);

static const char *send_all(struct pipe *below, struct buf *out, int64_t deadline_us)
{
	if (out->failed)
		return "the request for a WebSocket would have more than 8192 bytes";
	while (out->len) {
		ssize_t n = pipe_write(below, out->data, out->len);
		if (n == PIPE_RESET)
			return "it ended the connection before the WebSocket was open";
		if (n > 0)
			buf_consume(out, (size_t)n);
		else if (!pipe_await(below, POLLOUT, deadline_us))
			return "it took no request for a WebSocket in time";
	}
	return NULL;
}

/* Reads until there is a whole head in `in`. NULL: *out points into it. */
static const char *receive_head(struct arena *a, struct pipe *below, struct buf *in, read_head read,
	int64_t deadline_us, struct http_head *out)
{
	for (;;) {
		uint8_t chunk[READ_SIZE];
		ssize_t n = pipe_read(below, chunk, sizeof(chunk));
		if (n == PIPE_END || n == PIPE_RESET)
			return in->len ? "it ended the connection in the middle of its handshake"
				       : "it ended the connection before the WebSocket was open";
		if (n == PIPE_AGAIN) {
			if (pipe_await(below, POLLIN, deadline_us))
				continue;
			return in->len ? "its handshake for a WebSocket did not end in time"
				       : "it did not answer in time: no WebSocket is open";
		}
		buf_add(in, chunk, (size_t)n);
		enum http_status status = read((const char *)in->data, in->len, out);
		if (status == HTTP_HEAD)
			return NULL;
		if (status == HTTP_MALFORMED)
			return arena_printf(
				a, "its handshake for a WebSocket is wrong: %s", out->what);
	}
}

static void keep_rest(struct buf *in, size_t used, struct buf *rest)
{
	if (in->len > used)
		buf_add(rest, in->data + used, in->len - used);
	buf_fini(in);
}

const char *upgrade_exchange(struct arena *a, struct pipe *below, struct buf *request,
	int64_t deadline_us, struct buf *in, struct http_head *answer)
{
	const char *fault = send_all(below, request, deadline_us);

	return fault ? fault : receive_head(a, below, in, http_read_response, deadline_us, answer);
}

const char *upgrade_hear(struct arena *a, struct pipe *below, int64_t deadline_us, struct buf *in,
	struct http_head *request)
{
	return receive_head(a, below, in, http_read_request, deadline_us, request);
}

const char *upgrade_send(struct pipe *below, struct buf *answer, int64_t deadline_us)
{
	return send_all(below, answer, deadline_us);
}

const char *upgrade_ask(struct arena *a, struct pipe *below, const char *host, const char *path,
	int64_t deadline_us, struct buf *rest)
{
	char key[OPENING_KEY_SIZE];
	struct buf out, in;
	struct http_head answer = { 0 };

	buf_init(&out, SENT_MAX);
	buf_init(&in, REST_MAX);
	opening_key(key);
	opening_request(&out, host, path, key);
	const char *fault = upgrade_exchange(a, below, &out, deadline_us, &in, &answer);
	if (!fault)
		fault = opening_answer_fault(a, &answer, key);
	buf_fini(&out);
	keep_rest(&in, fault ? in.len : answer.size, rest);
	return fault;
}

const char *upgrade_answer(
	struct arena *a, struct pipe *below, int64_t deadline_us, struct buf *rest)
{
	char accept[OPENING_ACCEPT_SIZE];
	struct buf out, in;
	struct http_head request = { 0 };

	buf_init(&out, SENT_MAX);
	buf_init(&in, REST_MAX);
	const char *fault = receive_head(a, below, &in, http_read_request, deadline_us, &request);
	if (!fault)
		fault = opening_request_fault(a, &request);
	if (fault) {
		opening_refusal(&out, fault);
		send_all(below, &out, deadline_us);
	} else {
		opening_accept(*http_field(&request, "Sec-WebSocket-Key"), accept);
		opening_answer(&out, accept, opening_offers(&request));
		fault = send_all(below, &out, deadline_us);
	}
	buf_fini(&out);
	keep_rest(&in, fault ? in.len : request.size, rest);
	return fault;
}
