/* What a program wrote to its disk, call by call, as witness.c notes it and replay.c does it again.
 *
 *      struct tape_head | struct tape_call | struct tape_call | ...        in the machine's own byte order
 */
#ifndef BENCH_TAPE_H
#define BENCH_TAPE_H

#include <stdint.h>

enum { TAPE_CALLS_MAX = 1 << 21 };

enum tape_kind {
	TAPE_WRITE,
	TAPE_WRITE_THROUGH, /* by a descriptor with O_DSYNC: a write and a sync in one */
	TAPE_SYNC,
	TAPE_ALLOCATE, /* posix_fallocate */
};

enum tape_file {
	TAPE_TABLE,
	TAPE_JOURNAL_0, /* what acknowledgements wait for */
	TAPE_JOURNAL_1,
	TAPE_FILES,
};

struct tape_call {
	uint64_t began_us; /* of CLOCK_MONOTONIC, as in base/clock.h */
	uint64_t at;       /* in the file */
	uint32_t took_ns;  /* UINT32_MAX: that, or longer */
	uint32_t kind : 4, file : 4,
		pieces : 24; /* enum tape_kind; the buffers that were written at once */
	uint64_t len;
};

#define TAPE_MAGIC UINT64_C(0x657061742d6d716d)

struct tape_head {
	uint64_t magic;
	uint64_t count; /* of the calls that follow */
	uint64_t lost;  /* calls that had no room */
};

#endif
