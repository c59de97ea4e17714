/* The bound that the disk sets to a durable broker: does again what one has written and synced, the same sizes to the
 * same places in the same order, and nothing else.
 *
 *   mqttspec-replay TAPE FOLDER [FROM-US TO-US]     the journal alone: what acknowledgements wait for
 *   mqttspec-replay -a TAPE FOLDER [FROM-US TO-US]  all of it, one call after another, also what a thread of the broker
 *                                                   brought into the table meanwhile
 *
 * TAPE is of the library mqttspec-witness; in FOLDER there are the files replay-table, replay-0 and replay-1 then. What began between FROM and TO, of the clock
 * that the load generator tells, is timed; what came before is done, too, so that the files are what they were. Reports one line of JSON;
 * `disk_seconds` is how long the same calls took when they were noted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/beside/tape.h"

enum { PIECES_MAX = 1024, GROUP_MAX = 64 << 20 };

struct replay {
	int files[TAPE_FILES], through[TAPE_FILES]; /* the same files, without and with O_DSYNC */
	bool all;
	uint8_t *bytes; /* GROUP_MAX of them, which no file system can shorten */
	struct tape_call *calls;
	uint64_t count;
};

struct sums {
	uint64_t writes, bytes, syncs, commits;
	double seconds, cpu_seconds, disk_seconds;
};

static void die(const char *what)
{
	fprintf(stderr, "mqttspec-replay: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void read_tape(struct replay *r, const char *path)
{
	struct tape_head head = { 0 };
	FILE *f = fopen(path, "re");

	if (!f)
		die(path);
	bool whole = fread(&head, sizeof(head), 1, f) == 1 && head.magic == TAPE_MAGIC &&
		!head.lost && head.count < TAPE_CALLS_MAX;
	r->calls = malloc((head.count % TAPE_CALLS_MAX + 1) * sizeof(*r->calls));
	if (!r->calls)
		die("memory");
	if (!whole || fread(r->calls, sizeof(*r->calls), head.count, f) != head.count) {
		fprintf(stderr, "mqttspec-replay: %s: it is no whole tape\n", path);
		exit(1);
	}
	r->count = head.count;
	fclose(f);
}

static void write_pieces(const struct replay *r, int fd, const struct tape_call *c)
{
	struct iovec pieces[PIECES_MAX];
	unsigned count = c->pieces && c->pieces <= PIECES_MAX ? c->pieces : 1;
	size_t each = c->len / count;

	for (unsigned i = 0; i < count; i++)
		pieces[i] = (struct iovec){ r->bytes + each * i,
			i + 1 < count ? each : c->len - each * i };
	if (pwritev(fd, pieces, (int)count, (off_t)c->at) != (ssize_t)c->len)
		die("write");
}

static void play(struct replay *r, const struct tape_call *c)
{
	if (c->len > GROUP_MAX && c->kind != TAPE_ALLOCATE)
		die("a write of that size");
	switch ((enum tape_kind)c->kind) {
	case TAPE_WRITE: write_pieces(r, r->files[c->file], c); break;
	case TAPE_WRITE_THROUGH: write_pieces(r, r->through[c->file], c); break;
	case TAPE_SYNC:
		if (fdatasync(r->files[c->file]))
			die("sync");
		break;
	case TAPE_ALLOCATE:
		errno = posix_fallocate(r->files[c->file], (off_t)c->at, (off_t)c->len);
		if (errno)
			die("allocate");
		break;
	}
}

static void add(struct sums *sums, const struct tape_call *c)
{
	bool writes = c->kind == TAPE_WRITE || c->kind == TAPE_WRITE_THROUGH;

	sums->writes += writes;
	sums->bytes += writes ? c->len : 0;
	sums->syncs += c->kind == TAPE_SYNC || c->kind == TAPE_WRITE_THROUGH;
	sums->commits += c->kind == TAPE_SYNC && c->file != TAPE_TABLE;
	sums->disk_seconds += c->took_ns / 1e9;
}

static double cpu_now_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void run(struct replay *r, struct sums *sums, uint64_t from_us, uint64_t to_us)
{
	double cpu_seconds = 0;
	int64_t began_us = 0;

	for (uint64_t i = 0; i < r->count && r->calls[i].began_us <= to_us; i++) {
		const struct tape_call *c = &r->calls[i];
		if (!began_us && c->began_us >= from_us) {
			cpu_seconds = cpu_now_seconds();
			began_us = clock_now_us();
		}
		if (c->file == TAPE_TABLE && !r->all)
			continue;
		play(r, c);
		if (began_us)
			add(sums, c);
	}
	if (!began_us)
		return;
	sums->seconds = (double)(clock_now_us() - began_us) / 1e6;
	sums->cpu_seconds = cpu_now_seconds() - cpu_seconds;
}

static void files_make(struct replay *r, const char *folder)
{
	static const char *const names[TAPE_FILES] = { "table", "0", "1" };

	for (unsigned i = 0; i < TAPE_FILES; i++) {
		char path[4096];
		snprintf(path, sizeof(path), "%s/replay-%s", folder, names[i]);
		r->files[i] = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		r->through[i] = open(path, O_RDWR | O_DSYNC | O_CLOEXEC);
		if (r->files[i] < 0 || r->through[i] < 0)
			die(path);
	}
}

int main(int argc, char **argv)
{
	static struct replay r;
	struct sums sums = { 0 };

	r.all = argc > 1 && !strcmp(argv[1], "-a");
	argv += r.all;
	argc -= r.all;
	if (argc != 3 && argc != 5) {
		fputs("usage: mqttspec-replay [-a] TAPE FOLDER [FROM-US TO-US]\n", stderr);
		return 2;
	}
	read_tape(&r, argv[1]);
	files_make(&r, argv[2]);
	r.bytes = malloc(GROUP_MAX);
	if (!r.bytes)
		die("memory");
	for (size_t i = 0; i < GROUP_MAX; i++)
		r.bytes[i] = (uint8_t)(i * 2654435761 >> 13);
	run(&r, &sums, argc == 5 ? strtoull(argv[3], NULL, 10) : 0,
		argc == 5 ? strtoull(argv[4], NULL, 10) : UINT64_MAX);
	printf("{\"seconds\":%.4f,\"cpu_seconds\":%.4f,\"disk_seconds\":%.4f,\"writes\":%llu,"
	       "\"bytes\":%llu,"
	       "\"syncs\":%llu,\"commits\":%llu}\n",
		sums.seconds, sums.cpu_seconds, sums.disk_seconds, (unsigned long long)sums.writes,
		(unsigned long long)sums.bytes, (unsigned long long)sums.syncs,
		(unsigned long long)sums.commits);
	return 0;
}
