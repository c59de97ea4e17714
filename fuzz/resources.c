#include "fuzz/resources.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STAT_SIZE = 1024, PATH_SIZE = 96 };

static bool is_number(const char *name)
{
	return *name && !name[strspn(name, "0123456789")];
}

static uint64_t count_descriptors(const char *pid)
{
	char path[PATH_SIZE];
	uint64_t count = 0;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	DIR *folder = opendir(path);
	for (const struct dirent *e; folder && (e = readdir(folder));)
		count += is_number(e->d_name);
	if (folder)
		closedir(folder);
	return count;
}

/* The state of a process or thread, by proc(5), and where the rest of the line begins: the name in parentheses may hold
 * anything, what follows its last one are numbers. NULL: it is gone.
 */
static const char *read_stat(const char *path, char text[static STAT_SIZE])
{
	FILE *file = fopen(path, "re");
	size_t len = file ? fread(text, 1, STAT_SIZE - 1, file) : 0;

	if (file)
		fclose(file);
	text[len] = '\0';
	const char *rest = strrchr(text, ')');
	return rest && rest[1] == ' ' ? rest + 2 : NULL;
}

/* Running, or waiting for a processor: on a machine that others use, too, that is the same. */
static bool has_runnable_thread(const char *pid)
{
	char path[PATH_SIZE], text[STAT_SIZE];
	bool runnable = false;

	snprintf(path, sizeof(path), "/proc/%.16s/task", pid);
	DIR *folder = opendir(path);
	for (const struct dirent *e; folder && !runnable && (e = readdir(folder));) {
		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%.16s/task/%.16s/stat", pid, e->d_name);
		const char *state = read_stat(path, text);
		runnable = state && *state == 'R';
	}
	if (folder)
		closedir(folder);
	return runnable;
}

static void add_process(struct usage *u, const char *pid, pid_t group)
{
	char path[PATH_SIZE], text[STAT_SIZE];
	long pages;
	int pgrp;

	snprintf(path, sizeof(path), "/proc/%.16s/stat", pid);
	const char *rest = read_stat(path, text);
	if (!rest ||
		sscanf(rest,
			"%*c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
			"%*d %*u %*u %ld",
			&pgrp, &pages) != 2 ||
		pgrp != group)
		return;
	u->processes++;
	u->runs |= has_runnable_thread(pid);
	u->memory_kib += (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
	u->descriptors += count_descriptors(pid);
}

struct usage usage_of(pid_t group)
{
	struct usage u = { 0 };
	DIR *folder = group > 0 ? opendir("/proc") : NULL;

	for (const struct dirent *e; folder && (e = readdir(folder));)
		if (is_number(e->d_name))
			add_process(&u, e->d_name, group);
	if (folder)
		closedir(folder);
	return u;
}

void resources_forget(struct resources *r)
{
	r->count = 0;
}

enum leak resources_look(struct resources *r, struct usage now)
{
	bool memory = true, descriptors = true;

	if (r->count == RESOURCES_LOOKS)
		memmove(r->looks, r->looks + 1, (RESOURCES_LOOKS - 1) * sizeof(*r->looks));
	else
		r->count++;
	r->looks[r->count - 1] = now;
	if (r->count < RESOURCES_LOOKS)
		return LEAK_NONE;
	for (unsigned i = 1; i < RESOURCES_LOOKS; i++) {
		memory &= r->looks[i].memory_kib > r->looks[i - 1].memory_kib;
		descriptors &= r->looks[i].descriptors > r->looks[i - 1].descriptors;
	}
	if (descriptors && now.descriptors - r->looks[0].descriptors > r->descriptor_limit)
		return LEAK_DESCRIPTORS;
	if (memory && now.memory_kib - r->looks[0].memory_kib > r->memory_limit_kib)
		return LEAK_MEMORY;
	return LEAK_NONE;
}
