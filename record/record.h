/* The records of a run: plain data, written and read as JSON Lines, from which every report is made.
 *
 *   {"type":"run", ...}     once, first: tool, target, command, catalogue
 *   {"type":"case", ...}    once for each case run, when its verdict is final
 *   {"type":"death", ...}   whenever the target died
 *   {"type":"end", ...}     once, last: counts; missing when the run was cut off
 *
 * docs/RECORDS.md describes every field, record/record.schema.json checks them. All strings are
 * UTF-8 and belong to the arena that the record was read into, or to whoever made it. Those that
 * may be absent are then NULL, and say so below; of the others a reader never gets a NULL, and a
 * writer puts "" for one.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "record/traffic.h"
#include "record/verdict.h"

struct arena;

enum { RECORD_FORMAT = 1 }; /* of the JSON; grows when a reader must change */

/* One line of the transcript: a packet, or an event of the connection. */
struct record_event {
	int64_t at_us;    /* since the case run began */
	const char *peer; /* "subscriber"; "" for a remark of the case itself */
	char direction;   /* '>' peer to target, '<' target to peer, '-' neither */
	const char *text; /* "PUBLISH \"q2/t\" q1 id 7 \"once\"", "closed by the target" */
	const char *hex;  /* the packet's bytes, at most 1024 of them; NULL for events */
};

struct record_statement {
	const char *name; /* "5.0:MQTT-4.3.3-10" */
	enum verdict verdict;
	bool watched; /* not on trial: seen broken by the way */
};

/* Where and how a case run ended other than with a pass. */
struct record_failure {
	const char
		*step; /* "expect_ack(pub, PUBREC, 7)": the verb as the case spells it; or NULL */
	const char *file;       /* "cases/server/qos2.c"; NULL when no line of a case is to blame */
	int line;               /* 0 without a file */
	const char *statement;  /* the one that was judged; NULL when the set-up failed */
	const char *expected;   /* "PUBREC 7" */
	const char *actual;     /* "connection closed (no packet) after 2.1 ms" */
	const char *difference; /* in a word what was wrong with it: "missing", "dup"; or NULL */
};

/* A timing statement is judged over several phases and reported as a distribution. */
struct record_measurement {
	const char *name;     /* "close after the last packet" */
	const char *unit;     /* "ms" */
	const double *values; /* NAN: the event never came */
	size_t count;
	double least, most; /* the window allowed; NAN: open on that side */
};

/* How the target died. */
struct record_death {
	int signal;              /* 0: it exited by itself */
	int exit_code;           /* when signal is 0 */
	const char *stderr_tail; /* its last lines; "" if it said nothing */
	const char *
		during; /* ids of the case runs that were under way, or had ended before, blank between */
	const char *note; /* it lived, but served nobody: what it did ("went mute: ..."); or NULL */
};

struct record_case {
	const char *id;           /* "qos2_duplicate_publish" or, for a vector, "table/row" */
	const char *title;        /* one sentence */
	const char *chapter;      /* the case's file without folder and suffix: "qos2" */
	const char *version;      /* "3.1.1", "5.0" */
	const char *transport;    /* "tcp" */
	const char *segmentation; /* "whole", "bytes", "split:3", "batch" */
	int repeat;               /* 0 for the first run of it */
	enum level level;
	enum verdict verdict;
	const char *note; /* value of an info, reason of an inapplicable or inconclusive; or NULL */
	int64_t started_us; /* wall clock, since 1970 */
	int64_t duration_us;
	bool waited; /* it ended only because an answer, message or close did not come in time */
	const char *foreign; /* topic of a message of another case run that came; or NULL */

	bool expected;            /* the verdict is what the target's file foresees */
	bool foreseen;            /* the target's file has an entry for it ... */
	enum verdict foreseen_as; /* ... which says this ... */
	const char *reason;       /* ... for this reason; or NULL */
	const char *link;         /* to a report of the fault; or NULL */

	const struct record_statement *statements;
	size_t statement_count;
	const struct record_event *transcript;
	size_t transcript_count;
	const struct record_measurement *measurements;
	size_t measurement_count;
	const struct record_failure *failure; /* NULL unless there is something to explain */
	const struct record_death *death;     /* for VERDICT_CRASH */
	const char *target_said; /* last lines of a target of the case run's own; or NULL */
	const char *client_said; /* last lines of a client on stderr; NULL: none, or in `death` */
	const char *pcap;        /* path, relative to the record's folder; or NULL */
	const char *pcap_error;  /* why the capture could not be written; or NULL */
	const char *wire;        /* path of the capture of what was below; the same way; or NULL */
	const char *wire_error;  /* why there is none, although it was wanted; or NULL */
};

struct record_run {
	const char *tool_version;
	const char *target; /* name of its file, the URL, "--client=COMMAND", "--exec=COMMAND" */
	const char *target_name;    /* "Eclipse Mosquitto"; or the URL */
	const char *target_version; /* "2.0.11"; NULL if unknown */
	const char *target_url;
	const char *role;    /* "server", "client" or "agent": what is judged */
	const char *command; /* the command line of the run */
	const char *again;   /* the same without what selects, orders or shows case runs; or NULL */
	const char *catalogue; /* digest of the catalogue */
	const char *shard;     /* "2/4" or NULL */
	uint64_t seed;
	int64_t started_us;    /* wall clock */
	int64_t round_trip_us; /* to the server and back, as a rule; 0: not measured, or a client */
	size_t planned;        /* case runs */
};

/* A cause that the target's file foresees, but that did not come up. */
struct record_unseen {
	const char *cause;  /* as the file names it: "5.0:MQTT-3.3.1-1 dup" */
	const char *reason; /* or NULL */
	const char *link;   /* or NULL */
};

struct record_end {
	size_t counts[VERDICT_COUNT];
	size_t unexpected;
	size_t not_run;    /* planned, but the run ended before their turn */
	size_t unrecorded; /* lines that could not be written: the disk was full */
	int64_t duration_us;
	size_t scenarios,
		steps; /* that `mqttspec random` has played, and the steps of all of them; or 0 */
	const char *stopped;  /* "interrupted", "deadline", ...; NULL: it ran to its end */
	const char *unjudged; /* most of it could not be judged: a sentence; or NULL */

	/* For a run of all cases, or a shard of one: entries to remove. One that another shard has
	 * seen stays.
	 */
	const struct record_unseen *unseen;
	size_t unseen_count;

	struct record_traffic traffic; /* of a capture */
};

/* Each writes one line and flushes it; false on a stream error (see errno), and then no part of the
 * line is left in a file, so that the next one can be tried. Bytes that are not UTF-8 become the
 * text \xHH, so no string can keep a record from being written. The line of a case that a child
 * process wrote to a memory stream is read with record_parse.
 */
bool record_write_run(FILE *to, const struct record_run *run);
bool record_write_case(FILE *to, const struct record_case *record);
bool record_write_death(FILE *to, const struct record_death *death);
bool record_write_end(FILE *to, const struct record_end *end);

/* What is worth knowing of a line that is passed on as it stands. */
struct record_brief {
	const char *id; /* in the line, without a NUL ... */
	size_t id_len;
	int64_t started_us, duration_us;
};

/* Whether the line, `len` bytes with its newline, is of a case run that passed, as expected, and of which
 * there is nothing to say besides: it is whole, it is JSON, and it has no note, no failure, and no mark of any
 * other kind. Such a line need not be read, but for this. False: perhaps not, so read it.
 */
bool record_skim(const char *line, size_t len, struct record_brief *out);

/* Writes such a line; with `pcap` and `wire`, unless they are NULL. The same promises as above. */
bool record_pass_on(FILE *to, const char *line, size_t len, const char *pcap, const char *wire);

/* One parsed line. */
enum record_kind { RECORD_RUN, RECORD_CASE, RECORD_DEATH, RECORD_END };

struct record_line {
	enum record_kind kind;
	struct record_run run;
	struct record_case result;
	struct record_death death;
	struct record_end end;
};

/* Reads one line of JSON, `len` bytes without the newline, into the arena. On bad input returns
 * false and leaves a sentence without a place ("`verdict`: no verdict is called \"ok\"") in *error.
 * Unknown fields are ignored, so that newer writers can be read.
 */
bool record_parse(
	struct arena *a, const char *line, size_t len, struct record_line *out, const char **error);

/* A whole file, or several joined by cat (the shards of one run). */
struct record_file {
	const struct record_run *runs; /* one for each "run" line */
	size_t run_count;
	const struct record_case *cases;
	size_t case_count;
	const struct record_death *deaths;
	size_t death_count;
	const struct record_end *ends; /* fewer than runs: a run was cut off */
	size_t end_count;
	const size_t *foreigns; /* numbers of the lines that are not records: torn, or not ours */
	size_t foreign_count;   /* all of them were left out */
	bool truncated; /* the last line has no newline and does not parse; it was left out */
};

/* On failure *error is a sentence with file and line ("out/run.jsonl:7: ..."). */
bool record_load(struct arena *a, const char *path, struct record_file *out, const char **error);

#endif
