#include "harness/launch/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/launch/strays.h"

static void wait_for_the_end(int fd)
{
	char c;
	ssize_t n;

	do
		n = read(fd, &c, 1);
	while (n > 0 || (n < 0 && errno == EINTR));
}

/* In a group of its own and deaf to every signal but SIGKILL, so that what ends mqttspec does not end the
 * keeper with it; with nothing open that somebody may be waiting to see closed.
 */
static _Noreturn void be_keeper(int fd, pid_t group, const char *mark)
{
	sigset_t all;

	setpgid(0, 0);
	prctl(PR_SET_NAME, "mqttspec-keeper");
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (dup2(fd, STDIN_FILENO) < 0)
		_exit(1);
	close_range(STDIN_FILENO + 1, ~0u, 0);
	wait_for_the_end(STDIN_FILENO);
	strays_kill_group(group);
	strays_kill(mark);
	_exit(0);
}

bool keeper_start(struct keeper *k, pid_t group, const char *mark)
{
	int fds[2];

	*k = (struct keeper)KEEPER_NONE;
	if (pipe2(fds, O_CLOEXEC))
		return false;
	pid_t pid = fork();
	if (pid == 0)
		be_keeper(fds[0], group, mark);
	int e = errno;
	close(fds[0]);
	if (pid < 0) {
		close(fds[1]);
		errno = e;
		return false;
	}
	*k = (struct keeper){ pid, fds[1] };
	return true;
}

void keeper_end(struct keeper *k)
{
	if (k->pid > 0) {
		kill(k->pid, SIGKILL);
		while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (k->fd >= 0)
		close(k->fd);
	*k = (struct keeper)KEEPER_NONE;
}
