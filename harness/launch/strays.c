#include "harness/launch/strays.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

enum {
	ENVIRONMENT_LIMIT_BYTES = 4 * 1024 * 1024,
	END_LIMIT_US = 5000000, /* for all of them to be gone, once they are killed */
	STEP_MS = 2,            /* between two looks at a group */
};

static bool is_marked(const char *pid, const char *mark)
{
	char path[64];
	struct buf text;
	char chunk[4096];
	size_t n;

	snprintf(path, sizeof(path), "/proc/%.20s/environ", pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	buf_init(&text, ENVIRONMENT_LIMIT_BYTES);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0 && buf_add(&text, chunk, n))
		;
	fclose(file);
	bool found = text.len && memmem(text.data, text.len, mark, strlen(mark) + 1);
	buf_fini(&text);
	return found;
}

/* The first, the third and the eighteenth field after the name, which may have anything in it: the state, the group,
 * and how many threads there are. A process is gone, and its ports are free, when its last thread is; its first may
 * have ended long before.
 */
static bool is_alive_in(const char *pid, pid_t group)
{
	char path[64], text[1024], state;
	int its_group;
	long threads;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	size_t n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	const char *rest = strrchr(text, ')');
	return rest &&
		sscanf(rest + 1,
			" %c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld",
			&state, &its_group, &threads) == 3 &&
		its_group == group && ((state != 'Z' && state != 'X') || threads > 1);
}

static bool is_process(const struct dirent *entry)
{
	return entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
}

bool strays_in_group(pid_t group)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool any = false;

	while (proc && !any && (entry = readdir(proc)))
		any = is_process(entry) && is_alive_in(entry->d_name, group);
	if (proc)
		closedir(proc);
	return any;
}

void strays_kill_group(pid_t group)
{
	int64_t deadline_us = clock_now_us() + END_LIMIT_US;

	kill(-group, SIGKILL);
	while (strays_in_group(group) && clock_now_us() < deadline_us)
		poll(NULL, 0, STEP_MS);
}

/* Kills it; the wait is for its end, for the ports that it has are free only after that. */
static void kill_and_wait(pid_t pid, int64_t deadline_us)
{
	struct pollfd end = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int64_t left_us = deadline_us - clock_now_us();

	kill(pid, SIGKILL);
	if (end.fd < 0)
		return;
	if (left_us > 0)
		poll(&end, 1, (int)(left_us / 1000));
	close(end.fd);
}

void strays_kill(const char *mark)
{
	int64_t deadline_us = clock_now_us() + END_LIMIT_US;
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc)))
		if (is_process(entry) && is_marked(entry->d_name, mark))
			kill_and_wait((pid_t)atol(entry->d_name), deadline_us);
	if (proc)
		closedir(proc);
}
