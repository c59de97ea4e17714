/* The parts of a failure block that show what happened: transcript, measurements, death. */
#ifndef REPORTS_EVIDENCE_H
#define REPORTS_EVIDENCE_H

#include <stddef.h>
#include <stdio.h>

#include "record/record.h"

enum { EVIDENCE_INDENT = 6 }; /* columns before every line of a block but its heading */

/* One line per event; of a long transcript, only the beginning and the end. */
void evidence_transcript(FILE *to, const struct record_case *record, size_t width);

/* All of it. */
void evidence_whole_transcript(FILE *to, const struct record_case *record, size_t width);

/* "close after the last packet: 3.1 / 4.2 / 5.3 ms, allowed 2 to 3, 10 values" */
void evidence_measurement(FILE *to, const struct record_measurement *m, size_t width);

/* "died of signal 11 (Segmentation fault)", or its note. Returns `out`. */
enum { CAUSE_SIZE = 160 };
const char *evidence_cause(const struct record_death *death, char out[static CAUSE_SIZE]);

/* The last lines of what the target wrote to stderr; at most `most` of them. */
void evidence_stderr(FILE *to, const char *text, size_t most);

/* All that is kept of what the target wrote to stderr; "" when there is nothing. */
const char *evidence_said(const struct record_case *record);

#endif
