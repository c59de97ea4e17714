/* What a check says, in the form of the records of a run (record/record.h): one run in which the servers are judged
 * and one for the clients, with a case for each connection.
 *
 * Of a capture that ends they are kept in temporary files, and written at its end: check_records_write. Where it goes
 * on, each connection that is over is two runs of its own, which leave at once: check_records_stream.
 */
#ifndef CHECK_RECORDS_H
#define CHECK_RECORDS_H

#include <stdio.h>

#include "base/arena.h"
#include "check/check.h"
#include "record/record.h"

enum { CHECK_STREAMS = 2 };

struct check_records {
	struct record_run run; /* what both have in common; role, times and counts are filled in */
	struct arena arena;    /* of the case at hand */
	FILE *cases[2];        /* by the side that is judged: temporary files, or NULL */
	FILE *streams[CHECK_STREAMS][2]; /* to each of them, by the side that is judged */
	size_t stream_count;
	struct record_end ends[2];
	int64_t first_us, last_us;
	struct record_traffic traffic; /* what is said of it at the end; all 0: nothing */
	uint64_t *seen;                /* digests of ClientIds, with how often each came up */
	size_t seen_count, seen_places;
	bool failed; /* something could not be written: errno of then in `error` */
	int error;
};

/* `run` is borrowed: tool, target, command, catalogue. */
void check_records_init(struct check_records *r, const struct record_run *run);
void check_records_fini(struct check_records *r);

/* Before the first connection is over: one of these, the second up to CHECK_STREAMS times. The first returns false,
 * with errno, without room for temporary files.
 */
bool check_records_keep(struct check_records *r);
void check_records_stream(struct check_records *r, FILE *of_servers, FILE *of_clients);

/* Callback of struct check_listener, with a struct check_records. */
void check_records_over(void *to, const struct check_connection *connection,
	const struct check_finding *findings, size_t count);

/* Once all connections are over: what was kept, the run that judges `side`, whole. False, with errno. */
bool check_records_write(struct check_records *r, enum side side, FILE *to);

/* The same for streams: a last run, without cases, says what there is to say of the whole. False, with errno, if
 * anything could not be written.
 */
bool check_records_end_streams(struct check_records *r);

#endif
