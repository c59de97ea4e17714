/* Faults from below: preloaded into the broker, it lets calls upon the files of its store fail, and notes what a
 * loss of power would leave of them.
 *
 *      MQTTSPEC_FAULTS=FILE      a table of struct kind, shared with the test: which calls fail, and how
 *      MQTTSPEC_UNDER=FOLDER     only calls upon what is in this folder count
 *      MQTTSPEC_JOURNAL=FILE     each write to the store's files, and each sync, in their order: struct entry, and the bytes
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPEN, READ, WRITE, SYNC, GROW, MAP, NAME, KINDS };
enum { JOURNAL_WRITE = 1, JOURNAL_DURABLE, JOURNAL_SYNC, JOURNAL_SIZE, JOURNAL_NEW };
enum {
	SHORT = -1,
	KILL = -2
}; /* in the place of an error: half of it is written; the broker dies */

struct kind {
	uint64_t calls; /* so far */
	uint64_t from;  /* the first that fails, from 1 */
	uint64_t to;    /* the first that does not fail any more; 0: all do, from there */
	int64_t error;  /* errno; 0: none fails */
};

struct entry {
	uint32_t what, file; /* which one of the store */
	uint64_t offset, size;
};

/* The one global: there is nobody to hand it over. */
static struct {
	struct kind *kinds;
	int journal;
	bool ready;
} faults = { .journal = -1 };

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void begin(void)
{
	/* A sanitizer is at work before there is an environment. */
	if (faults.ready || !environ)
		return;
	const char *table = getenv("MQTTSPEC_FAULTS"), *journal = getenv("MQTTSPEC_JOURNAL");
	faults.ready = true;
	if (journal)
		faults.journal =
			NEXT(open)(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (!table)
		return;
	int fd = NEXT(open)(table, O_RDWR | O_CLOEXEC);
	void *map = NEXT(mmap)(
		NULL, KINDS * sizeof(struct kind), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || map == MAP_FAILED) {
		static const char text[] = "faults: MQTTSPEC_FAULTS cannot be mapped\n";
		NEXT(write)(2, text, sizeof(text) - 1);
		_exit(99);
	}
	faults.kinds = map;
}

static bool is_under(const char *path)
{
	const char *folder = getenv("MQTTSPEC_UNDER");

	return folder && !strncmp(path, folder, strlen(folder));
}

static bool is_store(int fd, const char *ending)
{
	char name[64], path[PATH_MAX];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	ssize_t len = readlink(name, path, sizeof(path) - 1);
	if (len < 0)
		return false;
	path[len] = '\0';
	size_t end = strlen(ending);
	return is_under(path) && (size_t)len >= end && !strcmp(path + len - end, ending);
}

/* 0: it goes on; else the error. */
static int fault(int kind)
{
	struct kind *k = faults.kinds ? &faults.kinds[kind] : NULL;

	if (!k)
		return 0;
	uint64_t call = __atomic_add_fetch(&k->calls, 1, __ATOMIC_SEQ_CST); /* of two threads */
	if (call < k->from || (k->to && call >= k->to))
		return 0;
	if (k->error == KILL)
		raise(SIGKILL);
	return (int)k->error;
}

/* As in power.py; -1: none of the store's. A new table has another name until it is whole. */
static int file_of(int fd)
{
	static const char *const names[] = { "/data.mdb", "/journal-0", "/journal-1", "/new.mdb" };

	for (int i = 0; i < 4; i++)
		if (is_store(fd, names[i]))
			return i % 3;
	return -1;
}

static void note(int fd, uint32_t what, off_t offset, const void *data, size_t size)
{
	int file = faults.journal < 0 ? -1 : file_of(fd);
	struct entry e = { what, (uint32_t)file, (uint64_t)offset, size };
	struct iovec parts[] = { { &e, sizeof(e) }, { (void *)(uintptr_t)data, data ? size : 0 } };

	if (file < 0)
		return;
	if (NEXT(writev)(faults.journal, parts, 2) != (ssize_t)(sizeof(e) + parts[1].iov_len))
		_exit(99);
}

static void note_write(int fd, off_t offset, const void *data, ssize_t size)
{
	int flags = fcntl(fd, F_GETFL);

	if (size > 0)
		note(fd, flags & O_DSYNC ? JOURNAL_DURABLE : JOURNAL_WRITE, offset, data,
			(size_t)size);
}

/* What was written under another name, and synced, is there all at once. */
static void note_whole(int folder, const char *name)
{
	uint8_t data[4096];
	off_t at = 0;
	ssize_t size;
	int fd = NEXT(openat)(folder, name, O_RDONLY | O_CLOEXEC);

	note(fd, JOURNAL_NEW, 0, NULL, 0);
	for (; (size = NEXT(pread)(fd, data, sizeof(data), at)) > 0; at += size)
		note(fd, JOURNAL_WRITE, at, data, (size_t)size);
	note(fd, JOURNAL_SYNC, 0, NULL, 0);
	close(fd);
}

/* ---- the calls ----------------------------------------------------------------------------- */

int open(const char *path, int flags, ...)
{
	va_list rest;

	va_start(rest, flags);
	int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;
	va_end(rest);
	begin();
	int e = is_under(path) ? fault(OPEN) : 0;
	if (e) {
		errno = e;
		return -1;
	}
	return NEXT(open)(path, flags, mode);
}

/* Files of the journal, by their folder. */
int openat(int folder, const char *name, int flags, ...)
{
	va_list rest;

	va_start(rest, flags);
	int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;
	va_end(rest);
	begin();
	int e = folder >= 0 && is_store(folder, "") ? fault(OPEN) : 0;
	if (e) {
		errno = e;
		return -1;
	}
	int fd = NEXT(openat)(folder, name, flags, mode);
	if (fd >= 0 && flags & O_CREAT)
		note(fd, JOURNAL_NEW, 0, NULL, 0);
	return fd;
}

ssize_t pread(int fd, void *to, size_t size, off_t offset)
{
	begin();
	int e = is_store(fd, "") ? fault(READ) : 0;
	if (e) {
		errno = e;
		return -1;
	}
	return NEXT(pread)(fd, to, size, offset);
}

/* What is written of `size` bytes; less than 0: nothing. */
static ssize_t writable(int fd, size_t size)
{
	begin();
	int e = is_store(fd, "") ? fault(WRITE) : 0;
	if (e == SHORT)
		return (ssize_t)(size / 2);
	errno = e;
	return e ? -1 : (ssize_t)size;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	ssize_t most = writable(fd, size);

	if (most < 0)
		return -1;
	ssize_t done = NEXT(pwrite)(fd, data, (size_t)most, offset);
	note_write(fd, offset, data, done);
	return done;
}

ssize_t write(int fd, const void *data, size_t size)
{
	ssize_t most = writable(fd, size);

	if (most < 0)
		return -1;
	off_t offset = lseek(fd, 0, SEEK_CUR);
	ssize_t done = NEXT(write)(fd, data, (size_t)most);
	note_write(fd, offset, data, done);
	return done;
}

ssize_t writev(int fd, const struct iovec *list, int count)
{
	size_t size = 0;

	for (int i = 0; i < count; i++)
		size += list[i].iov_len;
	ssize_t most = writable(fd, size);
	if (most < 0)
		return -1;
	if ((size_t)most < size)
		return NEXT(write)(fd, list[0].iov_base, list[0].iov_len / 2);
	off_t offset = lseek(fd, 0, SEEK_CUR);
	ssize_t done = NEXT(writev)(fd, list, count);
	ssize_t left = done;
	for (int i = 0; i < count && left > 0; i++) {
		ssize_t part = left < (ssize_t)list[i].iov_len ? left : (ssize_t)list[i].iov_len;
		note_write(fd, offset, list[i].iov_base, part);
		offset += part;
		left -= part;
	}
	return done;
}

static int sync_with(int fd, int (*next)(int))
{
	begin();
	int e = is_store(fd, "") ? fault(SYNC) : 0;
	if (e) {
		errno = e;
		return -1;
	}
	int done = next(fd);
	if (!done)
		note(fd, JOURNAL_SYNC, 0, NULL, 0);
	return done;
}

int fdatasync(int fd)
{
	return sync_with(fd, NEXT(fdatasync));
}

int fsync(int fd)
{
	return sync_with(fd, NEXT(fsync));
}

int posix_fallocate(int fd, off_t offset, off_t size)
{
	begin();
	int e = is_store(fd, "") ? fault(GROW) : 0;
	if (!e)
		e = NEXT(posix_fallocate)(fd, offset, size);
	if (!e)
		note(fd, JOURNAL_SIZE, offset + size, NULL, 0);
	return e;
}

int ftruncate(int fd, off_t size)
{
	begin();
	int e = is_store(fd, "") ? fault(GROW) : 0;
	if (e) {
		errno = e;
		return -1;
	}
	int done = NEXT(ftruncate)(fd, size);
	if (!done)
		note(fd, JOURNAL_SIZE, size, NULL, 0);
	return done;
}

void *mmap(void *at, size_t size, int access, int flags, int fd, off_t offset)
{
	begin();
	int e = fd >= 0 && is_store(fd, "") ? fault(MAP) : 0;
	if (e) {
		errno = e;
		return MAP_FAILED;
	}
	return NEXT(mmap)(at, size, access, flags, fd, offset);
}

int renameat(int from, const char *name, int to, const char *new_name)
{
	begin();
	int e = is_store(to, "") ? fault(NAME) : 0;
	if (e) {
		errno = e;
		return -1;
	}
	int done = NEXT(renameat)(from, name, to, new_name);
	if (!done && !strncmp(new_name, "journal-", 8))
		note_whole(to, new_name);
	return done;
}

/* The same for who asks for files of any size. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int folder, const char *name, int flags, ...) __attribute__((alias("openat")));
ssize_t pread64(int fd, void *to, size_t size, off_t offset) __attribute__((alias("pread")));
ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
	__attribute__((alias("pwrite")));
int posix_fallocate64(int fd, off_t offset, off_t size) __attribute__((alias("posix_fallocate")));
int ftruncate64(int fd, off_t size) __attribute__((alias("ftruncate")));
void *mmap64(void *at, size_t size, int access, int flags, int fd, off_t offset)
	__attribute__((alias("mmap")));
