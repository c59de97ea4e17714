#include "broker/store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "broker/store/journal.h"

static bool fail(char *error, unsigned error_size, const char *path, const char *why)
{
	snprintf(error, error_size, "%s: %s", path, why);
	return false;
}

bool folder_lock(struct folder *f, const char *path, char *error, unsigned error_size)
{
	*f = (struct folder){ path, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	if (f->fd < 0)
		return fail(error, error_size, path,
			errno == ENOENT ? "there is no such folder" : strerror(errno));
	bool taken = flock(f->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
	if (!taken && !faccessat(f->fd, ".", W_OK | X_OK, AT_EACCESS))
		return true;
	if (taken)
		fail(error, error_size, path, "another broker keeps its store there");
	else
		snprintf(error, error_size, "%s: it cannot be written: %s", path, strerror(errno));
	folder_unlock(f);
	return false;
}

void folder_tidy(const struct folder *f)
{
	unlinkat(f->fd, FOLDER_NEW, 0);
	unlinkat(f->fd, FOLDER_NEW "-lock", 0);
}

void folder_leave(const struct folder *f)
{
	unlinkat(f->fd, "data.mdb", 0);
	unlinkat(f->fd, "lock.mdb", 0);
	journal_drop(f->fd);
}

int folder_adopt(const struct folder *f)
{
	unlinkat(f->fd, FOLDER_NEW "-lock", 0);
	unlinkat(f->fd, "lock.mdb", 0);
	return renameat(f->fd, FOLDER_NEW, f->fd, "data.mdb") || fsync(f->fd) ? errno : 0;
}

void folder_unlock(struct folder *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}
