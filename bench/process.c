#include "bench/process.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

static unsigned long long thread_ns(int pid, const char *thread)
{
	char path[300];
	unsigned long long ns = 0;

	/* in nanoseconds, where stat has ticks of 10 ms */
	snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, thread);
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	fclose(f);
	return ns;
}

double process_cpu_seconds(int pid)
{
	char path[64];
	unsigned long long ns = 0;
	const struct dirent *thread;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	DIR *threads = opendir(path);
	if (!threads)
		return 0;
	while ((thread = readdir(threads)))
		if (*thread->d_name != '.')
			ns += thread_ns(pid, thread->d_name);
	closedir(threads);
	return (double)ns / 1e9;
}

long long process_memory_bytes(int pid)
{
	char path[64];
	long long pages = 0, resident = 0;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%lld %lld", &pages, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}
