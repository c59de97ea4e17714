#include "harness/launch/strays.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { ENVIRONMENT_LIMIT_BYTES = 4 * 1024 * 1024 };

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

void strays_kill(const char *mark)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
			is_marked(entry->d_name, mark))
			kill((pid_t)atol(entry->d_name), SIGKILL);
	if (proc)
		closedir(proc);
}
