#include "client/tool/input.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK_SIZE = 64 * 1024, LINE_LIMIT = 268435455 };

static int64_t now_ms(void)
{
	return (int64_t)(uv_hrtime() / 1000000);
}

static void input_end(struct input *in)
{
	input_stop(in);
	in->ended = true;
	if (in->pending.len)
		in->line(in->owner, in->pending.data, in->pending.len);
	buf_reset(&in->pending);
	in->end(in->owner);
}

static void take(struct input *in, const char *data, size_t len)
{
	const char *newline;

	while ((newline = memchr(data, '\n', len))) {
		size_t part = (size_t)(newline - data);
		buf_add(&in->pending, data, part);
		in->line(in->owner, in->pending.data, in->pending.len);
		buf_reset(&in->pending);
		data += part + 1;
		len -= part + 1;
	}
	buf_add(&in->pending, data, len);
}

static void read_some(struct input *in)
{
	char chunk[CHUNK_SIZE];
	ssize_t n = read(STDIN_FILENO, chunk, sizeof(chunk));

	if (n > 0)
		take(in, chunk, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		input_end(in);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	read_some(poll->data);
}

static void on_idle(uv_idle_t *idle)
{
	read_some(idle->data);
}

void input_init(struct input *in, uv_loop_t *loop, void *owner)
{
	*in = (struct input){ .owner = owner };
	in->is_file = uv_guess_handle(STDIN_FILENO) == UV_FILE ||
		uv_poll_init(loop, &in->poll, STDIN_FILENO) != 0;
	if (in->is_file)
		uv_idle_init(loop, &in->idle);
	in->poll.data = in->idle.data = in;
	buf_init(&in->pending, LINE_LIMIT);
}

void input_start(struct input *in)
{
	if (in->started || in->ended)
		return;
	in->started = true;
	if (in->is_file)
		uv_idle_start(&in->idle, on_idle);
	else
		uv_poll_start(&in->poll, UV_READABLE, on_ready);
}

void input_stop(struct input *in)
{
	if (!in->started)
		return;
	in->started = false;
	if (in->is_file)
		uv_idle_stop(&in->idle);
	else
		uv_poll_stop(&in->poll);
}

void input_close(struct input *in)
{
	input_stop(in);
	in->ended = true;
	uv_close(in->is_file ? (uv_handle_t *)&in->idle : (uv_handle_t *)&in->poll, NULL);
	buf_fini(&in->pending);
}

/* As read, but not for ever. */
static ssize_t read_in_time(int fd, char *chunk, int64_t due_ms)
{
	int64_t left_ms = due_ms - now_ms();
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int wait_ms = due_ms < 0    ? -1
		: left_ms < 0       ? 0
		: left_ms < INT_MAX ? (int)left_ms
				    : INT_MAX;
	int n = poll(&ready, 1, wait_ms);

	if (!n)
		errno = ETIMEDOUT;
	return n > 0 ? read(fd, chunk, CHUNK_SIZE) : -1;
}

bool input_read_all(struct buf *out, int fd, int64_t wait_ms)
{
	int64_t due_ms = wait_ms < 0 ? -1 : now_ms() + wait_ms;
	char chunk[CHUNK_SIZE];
	ssize_t n;

	while ((n = read_in_time(fd, chunk, due_ms)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (!buf_add(out, chunk, (size_t)n)) {
			errno = EFBIG;
			return false;
		}
	}
	return true;
}
