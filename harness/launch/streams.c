#include "harness/launch/streams.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

void streams_close(const struct streams *s)
{
	if (s->in >= 0)
		close(s->in);
	if (s->out >= 0)
		close(s->out);
	if (s->err >= 0 && s->err != s->out)
		close(s->err);
}

/* A pipe whose end on our side, fds[ours_end], does not block. */
static bool open_pipe(int fds[2], int ours_end)
{
	return !pipe2(fds, O_CLOEXEC) && !fcntl(fds[ours_end], F_SETFL, O_NONBLOCK);
}

static bool open_input(enum streams_kind kind, int in[2])
{
	switch (kind) {
	case STREAMS_READ: return (in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;
	case STREAMS_TALK: return open_pipe(in, 1);
	case STREAMS_SOCKET:
		return !socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, in) &&
			!fcntl(in[1], F_SETFL, O_NONBLOCK);
	}
	return false;
}

bool streams_open(enum streams_kind kind, struct streams *ours, struct streams *theirs)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 };
	bool talk = kind != STREAMS_READ;
	bool ok = open_pipe(out, 0) && open_input(kind, in) && (!talk || open_pipe(err, 0));

	*ours = (struct streams){ in[1], out[0], err[0] };
	*theirs = (struct streams){ in[0], out[1], talk ? err[1] : out[1] };
	return ok;
}
