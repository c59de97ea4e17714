#include "cli/out_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

static bool make_folder(struct arena *a, const char *path)
{
	char *copy = arena_text(a, path);

	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0777) && errno != EEXIST)
			return false;
		*slash = '/';
	}
	return mkdir(copy, 0777) == 0 || errno == EEXIST;
}

/* Emptied only when nobody else writes to it. */
static FILE *open_locked(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);

	if (fd < 0)
		return NULL;
	if (flock(fd, LOCK_EX | LOCK_NB) || ftruncate(fd, 0)) {
		close(fd);
		return NULL;
	}
	return fdopen(fd, "w");
}

/* Ours by their suffix, in a folder that is ours by its place. */
static void remove_captures(struct arena *a, const char *folder)
{
	static const char suffix[] = ".pcapng";
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);
		if (len >= sizeof(suffix) &&
			!strcmp(entry->d_name + len - (sizeof(suffix) - 1), suffix))
			unlink(arena_printf(a, "%s/%s", folder, entry->d_name));
	}
	if (dir)
		closedir(dir);
}

static bool can_write_into(const char *folder)
{
	return access(folder, W_OK | X_OK) == 0;
}

static const char *sentence(struct arena *a, const char *path)
{
	if (errno == EWOULDBLOCK)
		return arena_printf(a, "%s: another run writes to it; choose another --out", path);
	return arena_printf(a, "%s: %s", path, strerror(errno));
}

bool out_folder_open(struct arena *a, const char *path, struct out_folder *out, const char **error)
{
	const char *pcap = arena_printf(a, "%s/pcap", path);
	const char *record = arena_printf(a, "%s/run.jsonl", path);
	const char *log = arena_printf(a, "%s/target.log", path);
	const char *at = path;

	*out = (struct out_folder){ .path = path };
	bool ok = make_folder(a, path);
	if (ok)
		ok = make_folder(a, at = pcap) && can_write_into(pcap);
	if (ok)
		ok = (out->record = open_locked(at = record)) != NULL;
	if (ok)
		ok = (out->log = fopen(at = log, "we")) != NULL;
	if (ok) {
		remove_captures(a, pcap);
		return true;
	}
	*error = sentence(a, at);
	out_folder_close(out);
	return false;
}

bool out_folder_close(struct out_folder *out)
{
	int e = 0;

	if (out->record && fclose(out->record))
		e = errno;
	if (out->log)
		fclose(out->log);
	*out = (struct out_folder){ 0 };
	errno = e;
	return e == 0;
}
