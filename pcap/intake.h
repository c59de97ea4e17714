/* The bytes of a file, a pipe or a file that grows, as a stream for libpcap, which reads packets from it: never
 * blocks, and can be put back to where a packet began when the rest of it has not come yet.
 *
 *       kept: a packet begins          at: the stream has read this far
 *          ▼                             ▼
 *   ───────┬─────────────────────────────┬──────────────────────┐
 *   gone   │  can be put back            │  has come            │
 *   ───────┴─────────────────────────────┴──────────────────────┘
 */
#ifndef PCAP_INTAKE_H
#define PCAP_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct intake {
	int fd;        /* owned, unless it is the standard input */
	bool waits;    /* a pipe: there may be nothing to read yet */
	bool follow;   /* the end of the file is no end */
	bool short_of; /* the stream has asked for more than there was, and more may come */
	bool shrunk;   /* the file has become shorter than what was read */
	int error;     /* errno of a read that failed, or 0 */
	FILE *stream;  /* unbuffered: its position is `at` */
	uint8_t *window;
	size_t capacity;
	size_t kept; /* in the window, as the others */
	size_t at;
	size_t end;
	uint64_t window_offset; /* of the window's first byte in the file */
};

/* Takes the descriptor, also on failure: false with errno. */
bool intake_init(struct intake *in, int fd, bool follow);
void intake_fini(struct intake *in);

/* A packet has been read: what is before it can be forgotten. */
static inline void intake_keep(struct intake *in)
{
	in->kept = in->at;
}

static inline uint64_t intake_offset(const struct intake *in)
{
	return in->window_offset + in->kept;
}

/* Puts the stream back to where the packet begins. */
void intake_again(struct intake *in);

/* Waits for more bytes, or until `stop_fd` can be read, or the file has shrunk: false if nothing
 * happened within the budget. */
bool intake_wait(struct intake *in, int stop_fd, int budget_ms);

#endif
