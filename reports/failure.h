/* A failure reads the same everywhere:
 *
 *   FAIL  qos2_duplicate_publish  5.0  tcp
 *         MQTT-4.3.3-10: what the statement demands, in our words
 *         cases/server/qos2.c:31  expected  PUBREC 7
 *                                 actual    connection closed (no packet) after 2.1 ms
 *         0.000 publisher > CONNECT id=c1f-publisher clean v5
 *         0.311 publisher < CONNACK success
 *         pcap  pcap/...     again  mqttspec run TARGET qos2_duplicate_publish --version 5.0
 *
 * The first word is the verdict: in capitals when it is not what was expected of the target.
 */
#ifndef REPORTS_FAILURE_H
#define REPORTS_FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "record/record.h"

struct buf;

struct report_style {
	bool color;
	size_t width;       /* of the screen, to break lines at; 0: never */
	const char *folder; /* of the record, put before the path of the capture; or NULL */
	bool brief;         /* without the transcript */
};

/* "FAIL  qos2_duplicate_publish  5.0  tcp", and what else tells this case run from its siblings.
 * The transport is left out if it is TCP and not `always`. No newline.
 */
void report_heading(
	FILE *to, const struct report_style *style, const struct record_case *record, bool always);

/* Expected, but nothing to be proud of. */
bool case_is_expected_failure(const struct record_case *record);

/* The statement that got the case run its verdict; NULL when the verdict says nothing of any. */
const char *case_blamed(const struct record_case *record);

/* Appends the command that plays this case run once more, as a shell takes it. `folder` is that of the record, or NULL. */
void case_again(struct buf *b, const struct record_run *run, const char *folder,
	const struct record_case *record);

/* Every verdict, expected or not. */
void report_failure_block(FILE *to, const struct report_style *style, const struct record_run *run,
	const struct record_case *record);

#endif
