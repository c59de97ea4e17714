#include "harness/launch/forked.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/launch/program.h"
#include "harness/launch/streams.h"

enum { SENT_FDS = 4 };

static bool wait_for(int fd, short events, int limit_ms)
{
	struct pollfd wait = { .fd = fd, .events = events };

	return poll(&wait, 1, limit_ms) > 0 && wait.revents & events;
}

static bool send_fds(int socket_fd, const int fds[static SENT_FDS], int limit_ms)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(SENT_FDS * sizeof(int))];
	} control = { 0 };
	char byte = 'f'; /* a message without a byte would be an end */
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(SENT_FDS * sizeof(int));
	memcpy(CMSG_DATA(c), fds, SENT_FDS * sizeof(int));
	while (sendmsg(socket_fd, &message, MSG_NOSIGNAL) != 1)
		if (errno != EAGAIN || !wait_for(socket_fd, POLLOUT, limit_ms))
			return false;
	return true;
}

bool forked_start(int socket_fd, int limit_ms, struct program *out)
{
	struct streams ours, theirs;
	int report[2] = { -1, -1 };
	int pid = 0;

	*out = (struct program)PROGRAM_NONE;
	bool ok = streams_open(STREAMS_TALK, &ours, &theirs) && !pipe2(report, O_CLOEXEC) &&
		!fcntl(report[0], F_SETFL, O_NONBLOCK) &&
		send_fds(socket_fd, (int[]){ theirs.in, theirs.out, theirs.err, report[1] },
			limit_ms);
	streams_close(&theirs);
	if (report[1] >= 0)
		close(report[1]);
	ok = ok && wait_for(report[0], POLLIN, limit_ms) &&
		read(report[0], &pid, sizeof(pid)) == sizeof(pid) && pid > 1;
	out->input_fd = ours.in;
	out->output_fd = ours.out;
	out->error_fd = ours.err;
	out->pid_fd = report[0];
	out->forked = true;
	out->pid = ok ? pid : 0;
	if (!ok)
		program_kill(out);
	return ok;
}

bool forked_ended(struct program *p, int *status)
{
	ssize_t n = p->pid > 0 && p->pid_fd >= 0 ? read(p->pid_fd, status, sizeof(*status)) : -1;

	if (n < 0)
		return false;
	close(p->pid_fd);
	p->pid_fd = -1;
	if (n != sizeof(*status))
		return false;   /* who should have told is gone: nobody will ever know */
	kill(-p->pid, SIGKILL); /* what it has left behind */
	p->pid = 0;
	return true;
}
