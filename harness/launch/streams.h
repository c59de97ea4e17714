/* The standard streams of a program that is launched: both ends of each. */
#ifndef HARNESS_STREAMS_H
#define HARNESS_STREAMS_H

#include <stdbool.h>

/* The ends of one side; -1: not open. */
struct streams {
	int in, out, err;
};

enum streams_kind {
	STREAMS_READ, /* stdin is empty; one pipe for both outputs */
	STREAMS_TALK, /* a pipe for each */
	STREAMS_SOCKET, /* the same, but stdin is one end of a Unix socket that keeps messages apart */
};

/* Ours do not block. False with errno; what is open by then is in the structs. */
bool streams_open(enum streams_kind kind, struct streams *ours, struct streams *theirs);
void streams_close(const struct streams *s);

#endif
