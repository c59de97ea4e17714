#include "harness/launch/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "harness/launch/forked.h"
#include "harness/launch/strays.h"
#include "harness/launch/streams.h"

extern char **environ;

static const char mark_name[] = "MQTTSPEC_PROGRAM";

/* Programs of our own are found beside this one, installed or in the build tree. */
static const char *own_folders(struct arena *a)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	while (len > 0 && self[len - 1] != '/')
		len--;
	if (len <= 0)
		return "";
	return arena_printf(a, "%.*s:%.*s../broker:%.*s../client:%.*s../targets/agents:", (int)len,
		self, (int)len, self, (int)len, self, (int)len, self);
}

/* A folder can be "executed", too, and targets/agents has one called java. */
static bool is_program(const char *file)
{
	struct stat st;

	return !stat(file, &st) && S_ISREG(st.st_mode) && !access(file, X_OK);
}

const char *program_find(struct arena *a, const char *name)
{
	const char *path = getenv("PATH");
	const char *folders = arena_printf(a, "%s%s:/usr/local/sbin:/usr/sbin:/sbin",
		own_folders(a), path ? path : "/usr/bin:/bin");

	if (strchr(name, '/'))
		return is_program(name) ? realpath(name, arena_alloc(a, PATH_MAX)) : NULL;
	while (*folders) {
		size_t len = strcspn(folders, ":");
		const char *file = arena_printf(a, "%.*s/%s", (int)len, folders, name);
		if (len && is_program(file))
			return file;
		folders += len + (folders[len] == ':');
	}
	return NULL;
}

/* ---- in the child -------------------------------------------------------------------------- */

static void set_environment(const struct program_spec *spec, const char *mark)
{
	putenv((char *)mark);
	for (const char *const *e = spec->environment; e && *e; e++)
		putenv((char *)*e);
}

/* Only returns when something failed, with errno. */
static void become(const char *path, const struct program_spec *spec, const char *mark,
	const struct streams *theirs, pid_t parent)
{
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (dup2(theirs->in, STDIN_FILENO) < 0 || dup2(theirs->out, STDOUT_FILENO) < 0 ||
		dup2(theirs->err, STDERR_FILENO) < 0)
		return;
	if (spec->folder && chdir(spec->folder))
		return;
	close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	set_environment(spec, mark);
	execv(path, (char *const *)spec->words);
}

/* ---- in the parent ------------------------------------------------------------------------- */

/* Learns through a pipe that closes on exec whether the exec succeeded: 0 or its errno. */
static int wait_for_exec(int fd)
{
	int e = 0;
	ssize_t n;

	do
		n = read(fd, &e, sizeof(e));
	while (n < 0 && errno == EINTR);
	return n == sizeof(e) ? e : 0;
}

static int fork_and_exec(const char *path, const struct program_spec *spec, struct program *p,
	const struct streams *theirs)
{
	int report[2], e;
	pid_t parent = getpid();

	if (pipe2(report, O_CLOEXEC))
		return errno;
	p->pid = fork();
	e = p->pid < 0 ? errno : 0;
	if (p->pid == 0) {
		become(path, spec, p->mark, theirs, parent);
		e = errno;
		_exit(write(report[1], &e, sizeof(e)) == sizeof(e) ? 127 : 126);
	}
	close(report[1]);
	if (!e && spec->kept && !keeper_start(&p->keeper, p->pid, p->mark))
		e = errno;
	if (!e)
		e = wait_for_exec(report[0]);
	close(report[0]);
	return e;
}

bool program_start(
	struct arena *a, const struct program_spec *spec, struct program *out, const char **error)
{
	const char *path = program_find(a, spec->words[0]);
	struct streams ours, theirs;

	*out = (struct program)PROGRAM_NONE;
	if (!path) {
		*error = arena_printf(a, "there is no program `%s`", spec->words[0]);
		return false;
	}
	out->mark =
		arena_printf(a, "%s=%d.%lld", mark_name, (int)getpid(), (long long)clock_wall_us());
	int e = streams_open(spec->streams, &ours, &theirs) ? 0 : errno;
	out->input_fd = ours.in;
	out->output_fd = ours.out;
	out->error_fd = ours.err;
	if (!e)
		e = fork_and_exec(path, spec, out, &theirs);
	streams_close(&theirs);
	if (out->pid > 0)
		out->pid_fd = pidfd_open(out->pid, 0);
	if (!e && out->pid_fd < 0)
		e = errno;
	if (!e)
		return true;
	*error = arena_printf(a, "%s cannot be started: %s", path, strerror(e));
	program_kill(out);
	return false;
}

/* ---- the end ------------------------------------------------------------------------------- */

static bool leader_has_ended(const struct program *p)
{
	siginfo_t info = { 0 };

	return p->pid > 0 && !waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
		info.si_pid;
}

bool program_is_over(const struct program *p)
{
	return leader_has_ended(p) && !strays_in_group(p->pid);
}

bool program_ended(struct program *p, int *status)
{
	if (p->forked)
		return forked_ended(p, status);
	if (!leader_has_ended(p))
		return false;
	keeper_end(&p->keeper);
	strays_kill_group(p->pid); /* before its number can be anybody else's */
	waitpid(p->pid, status, 0);
	close(p->pid_fd);
	p->pid_fd = -1;
	p->pid = 0;
	return true;
}

void program_kill(struct program *p)
{
	keeper_end(&p->keeper);
	if (p->pid > 0)
		kill(p->pid, SIGKILL); /* it may not have come as far as to lead a group */
	if (p->pid > 0 && p->forked) {
		kill(-p->pid, SIGKILL);
	} else if (p->pid > 0) {
		strays_kill_group(p->pid);
		waitpid(p->pid, NULL, 0);
	}
	if (p->mark)
		strays_kill(p->mark);
	if (p->pid_fd >= 0)
		close(p->pid_fd);
	streams_close(&(struct streams){ p->input_fd, p->output_fd, p->error_fd });
	*p = (struct program)PROGRAM_NONE;
}
