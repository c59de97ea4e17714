/* A library to be preloaded into a broker: it notes each call that writes to the file of its store, how long it took,
 * and hands it on. All stays in memory until the program ends, and goes into the file that MQTTSPEC_TAPE names.
 *
 * It knows the calls that LMDB 0.9 and broker/store make: one thread writes the journal, another the table.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "bench/beside/tape.h"

/* Zeroed pages cost nothing until they are written to. A preloaded library has no main to keep this in. */
static struct tape_call calls[TAPE_CALLS_MAX];
static atomic_uint_least64_t count, lost;
/* The file whose offset has been set, for the writev that follows. */
static _Thread_local int sought = -1;
static _Thread_local uint64_t sought_at;

/* The library's own function of this name. */
#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static enum tape_file file_of(int fd)
{
	static const char name[] = "/journal-";
	char link[64], path[4096];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, path, sizeof(path) - 1);
	path[len < 0 ? 0 : len] = '\0';
	const char *at = strstr(path, name);
	if (!at)
		return TAPE_TABLE;
	return at[sizeof(name) - 1] == '0' ? TAPE_JOURNAL_0 : TAPE_JOURNAL_1;
}

static void note(
	int fd, enum tape_kind kind, uint64_t began_ns, uint64_t at, uint64_t len, int pieces)
{
	uint64_t took_ns = now_ns() - began_ns;

	uint64_t at_call = count++;
	if (at_call >= TAPE_CALLS_MAX - 1) {
		count = TAPE_CALLS_MAX - 1;
		lost++;
		return;
	}
	calls[at_call] = (struct tape_call){ .began_us = began_ns / 1000,
		.at = at,
		.took_ns = took_ns < UINT32_MAX ? (uint32_t)took_ns : UINT32_MAX,
		.kind = kind,
		.file = file_of(fd),
		.pieces = (uint32_t)pieces & 0xffffff,
		.len = len };
}

static enum tape_kind kind_of(int fd)
{
	return fcntl(fd, F_GETFL) & O_DSYNC ? TAPE_WRITE_THROUGH : TAPE_WRITE;
}

off_t lseek(int fd, off_t offset, int whence)
{
	off_t at = NEXT(lseek)(fd, offset, whence);

	sought = at >= 0 ? fd : -1;
	sought_at = (uint64_t)at;
	return at;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
	enum tape_kind kind = kind_of(fd);
	uint64_t began_ns = now_ns();
	ssize_t n = NEXT(pwrite)(fd, data, len, offset);

	if (n > 0)
		note(fd, kind, began_ns, (uint64_t)offset, (uint64_t)n, 1);
	return n;
}

/* Sockets are not sought in. */
ssize_t writev(int fd, const struct iovec *pieces, int piece_count)
{
	if (fd != sought)
		return NEXT(writev)(fd, pieces, piece_count);
	enum tape_kind kind = kind_of(fd);
	uint64_t began_ns = now_ns();
	ssize_t n = NEXT(writev)(fd, pieces, piece_count);
	if (n > 0)
		note(fd, kind, began_ns, sought_at, (uint64_t)n, piece_count);
	sought = -1;
	return n;
}

int fdatasync(int fd)
{
	uint64_t began_ns = now_ns();
	int e = NEXT(fdatasync)(fd);

	note(fd, TAPE_SYNC, began_ns, 0, 0, 0);
	return e;
}

int fsync(int fd)
{
	uint64_t began_ns = now_ns();
	int e = NEXT(fsync)(fd);

	note(fd, TAPE_SYNC, began_ns, 0, 0, 0);
	return e;
}

int posix_fallocate(int fd, off_t offset, off_t len)
{
	uint64_t began_ns = now_ns();
	int e = NEXT(posix_fallocate)(fd, offset, len);

	if (!e)
		note(fd, TAPE_ALLOCATE, began_ns, (uint64_t)offset, (uint64_t)len, 0);
	return e;
}

/* As they are called where files are compiled for large offsets. */
off64_t lseek64(int fd, off64_t offset, int whence) __attribute__((alias("lseek")));
ssize_t pwrite64(int fd, const void *data, size_t len, off64_t offset)
	__attribute__((alias("pwrite")));
int posix_fallocate64(int fd, off64_t offset, off64_t len)
	__attribute__((alias("posix_fallocate")));

__attribute__((destructor)) static void witness_write(void)
{
	const struct tape_head head = { TAPE_MAGIC, count, lost };
	const char *path = getenv("MQTTSPEC_TAPE");
	FILE *f = path ? fopen(path, "we") : NULL;

	if (!f)
		return;
	fwrite(&head, sizeof(head), 1, f);
	fwrite(calls, sizeof(*calls), count, f);
	fclose(f);
}
