#include "pcap/intake.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CHUNK_BYTES = 256 * 1024,
	WINDOW_LIMIT = 64 * 1024 * 1024, /* libpcap takes no block longer than 16 MiB */
	GROWTH_MS = 50,                  /* how often a file that grows is looked at */
};

/* Room for a chunk: what is no longer needed goes, or the window grows. */
static bool window_room(struct intake *in)
{
	if (in->capacity - in->end >= CHUNK_BYTES)
		return true;
	memmove(in->window, in->window + in->kept, in->end - in->kept);
	in->window_offset += in->kept;
	in->at -= in->kept;
	in->end -= in->kept;
	in->kept = 0;
	if (in->capacity - in->end >= CHUNK_BYTES)
		return true;
	size_t capacity = in->capacity * 2;
	uint8_t *window = capacity <= WINDOW_LIMIT ? realloc(in->window, capacity) : NULL;
	if (!window) {
		errno = ENOMEM;
		return false;
	}
	in->window = window;
	in->capacity = capacity;
	return true;
}

static bool fd_ready(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	return poll(&wait, 1, 0) > 0;
}

/* What a read would have returned; *later: 0 because nothing has come yet. */
static ssize_t window_fill(struct intake *in, bool *later)
{
	*later = in->waits && !fd_ready(in->fd);
	if (*later)
		return 0;
	if (!window_room(in))
		return -1;
	ssize_t got;
	do
		got = read(in->fd, in->window + in->end, in->capacity - in->end);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		in->end += (size_t)got;
	*later = (got == 0 && in->follow) || (got < 0 && errno == EAGAIN);
	return *later ? 0 : got;
}

static ssize_t stream_read(void *cookie, char *to, size_t size)
{
	struct intake *in = cookie;
	size_t done = 0;

	for (;;) {
		size_t part = in->end - in->at < size - done ? in->end - in->at : size - done;
		memcpy(to + done, in->window + in->at, part);
		in->at += part;
		done += part;
		if (done == size)
			return (ssize_t)done;
		ssize_t got = window_fill(in, &in->short_of);
		if (got < 0)
			in->error = errno;
		if (got <= 0)
			return done ? (ssize_t)done : got;
	}
}

bool intake_init(struct intake *in, int fd, bool follow)
{
	static const cookie_io_functions_t functions = { .read = stream_read };
	struct stat status;

	*in = (struct intake){ .fd = fd, .follow = follow, .capacity = 2 * CHUNK_BYTES };
	in->waits = fstat(fd, &status) == 0 && !S_ISREG(status.st_mode);
	in->window = malloc(in->capacity);
	in->stream = in->window ? fopencookie(in, "rb", functions) : NULL;
	if (!in->stream) {
		int error = errno;
		intake_fini(in);
		errno = error;
		return false;
	}
	setvbuf(in->stream, NULL, _IONBF, 0);
	return true;
}

void intake_fini(struct intake *in)
{
	if (in->stream)
		fclose(in->stream);
	free(in->window);
	if (in->fd != STDIN_FILENO)
		close(in->fd);
}

void intake_again(struct intake *in)
{
	in->at = in->kept;
	in->short_of = false;
	clearerr(in->stream);
}

static bool has_changed(struct intake *in)
{
	uint64_t read_bytes = in->window_offset + in->end;
	struct stat status;

	if (fstat(in->fd, &status) != 0)
		return false;
	in->shrunk = (uint64_t)status.st_size < read_bytes;
	return (uint64_t)status.st_size != read_bytes;
}

bool intake_wait(struct intake *in, int stop_fd, int budget_ms)
{
	struct pollfd wait[] = {
		{ .fd = stop_fd, .events = POLLIN },
		{ .fd = in->fd, .events = POLLIN },
	};

	if (in->waits)
		return poll(wait, 2, budget_ms) > 0;
	while (!has_changed(in)) {
		int part_ms = budget_ms < GROWTH_MS ? budget_ms : GROWTH_MS;
		if (budget_ms <= 0)
			return false;
		if (poll(wait, 1, part_ms) != 0)
			return true;
		budget_ms -= part_ms;
	}
	return true;
}
