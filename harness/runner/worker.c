#include "harness/runner/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* No report begins with one of these. */
enum { MARK_WAITS = '\1', MARK_WORKS = '\2' };

static _Noreturn void be_worker(
	int fd, void (*work)(void *user, FILE *out), void *user, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	FILE *out = fdopen(fd, "w");
	if (!out)
		_exit(1);
	work(user, out);
	fflush(stdout);
	_exit(fclose(out) ? 1 : 0);
}

bool worker_start(struct worker *w, void (*work)(void *user, FILE *out), void *user)
{
	int fds[2];
	pid_t parent = getpid();

	*w = (struct worker){ .fd = -1 };
	buf_init(&w->out, WORKER_OUTPUT_BYTES);
	if (pipe2(fds, O_CLOEXEC))
		return false;
	fflush(NULL); /* or both of us would write it */
	w->pid = fork();
	if (w->pid == 0)
		be_worker(fds[1], work, user, parent);
	int e = errno;
	close(fds[1]);
	if (w->pid < 0) {
		close(fds[0]);
		w->pid = 0;
		errno = e;
		return false;
	}
	w->fd = fds[0];
	fcntl(w->fd, F_SETFL, O_NONBLOCK);
	return true;
}

void worker_tell(FILE *out, bool waits)
{
	putc(waits ? MARK_WAITS : MARK_WORKS, out);
	fflush(out);
}

static void finish(struct worker *w)
{
	while (waitpid(w->pid, &w->status, 0) < 0 && errno == EINTR)
		;
	w->pid = 0;
	close(w->fd);
	w->fd = -1;
}

/* How many marks there are at the beginning of what came. */
static size_t take_marks(struct worker *w, const char *data, size_t len)
{
	size_t n = 0;

	for (; n < len && !w->out.len && (data[n] == MARK_WAITS || data[n] == MARK_WORKS); n++)
		w->waits = data[n] == MARK_WAITS;
	return n;
}

bool worker_read(struct worker *w)
{
	char chunk[16384];
	ssize_t n;

	if (!w->pid)
		return true;
	while ((n = read(w->fd, chunk, sizeof(chunk))) > 0) {
		size_t marks = take_marks(w, chunk, (size_t)n);
		if (!buf_add(&w->out, chunk + marks, (size_t)n - marks)) {
			w->flooded = true;
			worker_kill(w);
			return true;
		}
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	finish(w); /* its end of the pipe is closed by its death alone */
	return true;
}

void worker_kill(struct worker *w)
{
	if (!w->pid)
		return;
	kill(w->pid, SIGKILL);
	finish(w);
}

void worker_fini(struct worker *w)
{
	worker_kill(w);
	buf_fini(&w->out);
}
