#include "cli/recipe.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "cli/interruption.h"
#include "harness/launch/program.h"

enum {
	STEP_MS = 200
}; /* the end of a script is noticed by its output, and by this at the latest */

/* True when something has come. */
static bool pass_on(int fd)
{
	char chunk[4096];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	if (n <= 0)
		return false;
	fwrite(chunk, 1, (size_t)n, stdout);
	fflush(stdout);
	return true;
}

static enum recipe_end judge(struct arena *a, int status, const char **error)
{
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return RECIPE_DONE;
	*error = WIFSIGNALED(status)
		? arena_printf(a, "the recipe was ended by signal %d", WTERMSIG(status))
		: arena_printf(a, "the recipe ended with exit code %d", WEXITSTATUS(status));
	return RECIPE_FAILED;
}

static enum recipe_end watch(
	struct arena *a, struct program *p, int signals, unsigned limit_s, const char **error)
{
	int64_t deadline_us = clock_now_us() + (int64_t)limit_s * 1000000;
	int status;

	while (!program_ended(p, &status)) {
		struct pollfd fds[] = {
			{ .fd = p->output_fd, .events = POLLIN },
			{ .fd = p->pid_fd, .events = POLLIN },
			{ .fd = signals, .events = POLLIN },
		};
		poll(fds, sizeof(fds) / sizeof(*fds), STEP_MS);
		if (interruption_came(signals))
			return RECIPE_INTERRUPTED;
		if (clock_now_us() > deadline_us) {
			*error = arena_printf(
				a, "the recipe took more than %u s (--deadline)", limit_s);
			return RECIPE_FAILED;
		}
		pass_on(p->output_fd);
	}
	while (pass_on(p->output_fd))
		;
	return judge(a, status, error);
}

enum recipe_end recipe_run(struct arena *a, const char *path, unsigned limit_s, const char **error)
{
	const char *const words[] = { path, NULL };
	const struct program_spec spec = { .words = words, .kept = true };
	enum recipe_end end = RECIPE_FAILED;
	struct program p;
	sigset_t before;
	int signals = interruption_catch(&before);

	if (program_start(a, &spec, &p, error))
		end = watch(a, &p, signals, limit_s, error);
	program_kill(&p);
	if (signals >= 0) {
		close(signals);
		sigprocmask(SIG_SETMASK, &before, NULL);
	}
	return end;
}
