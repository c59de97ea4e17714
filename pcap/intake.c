#include "pcap/intake.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CHUNK_BYTES = 256 * 1024,
	WINDOW_LIMIT = 64 * 1024 * 1024, /* more than any record (container.h) */
	GROWTH_MS = 50,                  /* how often a file that grows is looked at */
};

/* Room for a chunk: what is no longer needed goes, or the window grows. */
static bool window_room(struct intake *in)
{
	if (in->capacity - in->end >= CHUNK_BYTES)
		return true;
	memmove(in->window, in->window + in->begin, in->end - in->begin);
	in->window_offset += in->begin;
	in->end -= in->begin;
	in->begin = 0;
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

enum intake_got intake_more(struct intake *in)
{
	ssize_t got;

	if (in->waits && !fd_ready(in->fd))
		return INTAKE_NOTHING;
	if (!window_room(in))
		return INTAKE_ERROR;
	do
		got = read(in->fd, in->window + in->end, in->capacity - in->end);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? INTAKE_NOTHING : INTAKE_ERROR;
	in->end += (size_t)got;
	if (got > 0)
		return INTAKE_MORE;
	return in->follow ? INTAKE_NOTHING : INTAKE_END;
}

bool intake_init(struct intake *in, int fd, bool follow)
{
	struct stat status;

	*in = (struct intake){ .fd = fd, .follow = follow, .capacity = 2 * CHUNK_BYTES };
	in->waits = fstat(fd, &status) == 0 && !S_ISREG(status.st_mode);
	in->window = malloc(in->capacity);
	if (in->window)
		return true;
	intake_fini(in);
	errno = ENOMEM;
	return false;
}

void intake_fini(struct intake *in)
{
	free(in->window);
	if (in->fd != STDIN_FILENO)
		close(in->fd);
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
