#include "bench/load/process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* In nanoseconds, where stat has ticks of 10 ms. */
static void add_thread(struct process_use *use, const char *pid, const char *thread)
{
	char path[600];
	unsigned long long work_ns = 0, wait_ns = 0;

	snprintf(path, sizeof(path), "/proc/%s/task/%s/schedstat", pid, thread);
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	if (fscanf(f, "%llu %llu", &work_ns, &wait_ns) == 2) {
		use->cpu_s += (double)work_ns / 1e9;
		use->wait_s += (double)wait_ns / 1e9;
	}
	fclose(f);
}

static void add_threads(struct process_use *use, const char *pid)
{
	char path[300];
	const struct dirent *thread;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	DIR *threads = opendir(path);
	if (!threads)
		return;
	while ((thread = readdir(threads)))
		if (*thread->d_name != '.')
			add_thread(use, pid, thread->d_name);
	closedir(threads);
}

static void add_memory(struct process_use *use, const char *pid)
{
	char path[300];
	long long pages, resident;

	snprintf(path, sizeof(path), "/proc/%s/statm", pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	if (fscanf(f, "%lld %lld", &pages, &resident) == 2)
		use->memory_bytes += resident * sysconf(_SC_PAGESIZE);
	fclose(f);
}

static void add(struct process_use *use, const char *pid)
{
	add_threads(use, pid);
	add_memory(use, pid);
}

static void add_group(struct process_use *use, pid_t group)
{
	const struct dirent *entry;
	DIR *all = opendir("/proc");

	if (!all)
		return;
	while ((entry = readdir(all))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (pid > 0 && getpgid(pid) == group)
			add(use, entry->d_name);
	}
	closedir(all);
}

struct process_use process_use(pid_t pid, bool is_group)
{
	struct process_use use = { 0 };
	char name[24];

	if (pid <= 0)
		return use;
	snprintf(name, sizeof(name), "%d", (int)pid);
	if (is_group)
		add_group(&use, pid);
	else
		add(&use, name);
	return use;
}
