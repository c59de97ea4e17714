/* What a check says, in the form of the records of a run (record/record.h): one run in which the servers are judged
 * and one for the clients, with a case for each connection.
 */
#ifndef CHECK_RECORDS_H
#define CHECK_RECORDS_H

#include <stdio.h>

#include "base/arena.h"
#include "check/check.h"
#include "record/record.h"

struct check_records {
	struct record_run run; /* what both have in common; role, times and counts are filled in */
	struct arena arena;    /* of the case at hand */
	FILE *cases[2];        /* by the side that is judged: temporary files */
	struct record_end ends[2];
	int64_t first_us, last_us;
	uint64_t *seen; /* digests of ClientIds, with how often each came up */
	size_t seen_count, seen_places;
	bool failed; /* something could not be written: errno of then in `error` */
	int error;
};

/* False, with errno, without room for temporary files. `run` is borrowed: tool, target, command, catalogue. */
bool check_records_init(struct check_records *r, const struct record_run *run);
void check_records_fini(struct check_records *r);

/* Callback of struct check_listener, with a struct check_records. */
void check_records_over(void *to, const struct check_connection *connection,
	const struct check_finding *findings, size_t count);

/* Once all connections are over: the run that judges `side`, whole. False, with errno. */
bool check_records_write(struct check_records *r, enum side side, FILE *to);

#endif
