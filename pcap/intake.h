/* The bytes of a file, a pipe or a file that grows, in a window that moves along; never blocks.
 *
 *       begin: what has been used ends here      end
 *          ▼                                      ▼
 *   ───────┬──────────────────────────────────────┬──────────
 *   gone   │  has come                            │  room
 *   ───────┴──────────────────────────────────────┴──────────
 */
#ifndef PCAP_INTAKE_H
#define PCAP_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intake {
	int fd;      /* owned, unless it is the standard input */
	bool waits;  /* a pipe: there may be nothing to read yet */
	bool follow; /* the end of the file is no end */
	bool shrunk; /* the file has become shorter than what was read */
	uint8_t *window;
	size_t capacity;
	size_t begin; /* in the window, as the next */
	size_t end;
	uint64_t window_offset; /* of the window's first byte in the file */
};

enum intake_got {
	INTAKE_MORE,
	INTAKE_NOTHING, /* yet */
	INTAKE_END,
	INTAKE_ERROR, /* errno */
};

/* Takes the descriptor, also on failure: false with errno. */
bool intake_init(struct intake *in, int fd, bool follow);
void intake_fini(struct intake *in);

/* Reads more after what is there; the window may move. */
enum intake_got intake_more(struct intake *in);

/* Where in the file the window's beginning is. */
static inline uint64_t intake_offset(const struct intake *in)
{
	return in->window_offset + in->begin;
}

/* Waits for more bytes, or until `stop_fd` can be read, or the file has shrunk: false if nothing
 * happened within the budget.
 */
bool intake_wait(struct intake *in, int stop_fd, int budget_ms);

#endif
