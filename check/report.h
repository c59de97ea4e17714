/* What a check says, for people: a line for each connection, and its findings under it.
 */
#ifndef CHECK_REPORT_H
#define CHECK_REPORT_H

#include <stdio.h>

#include "check/check.h"

struct check_report {
	FILE *to;
	bool live;  /* findings are printed as they come, else under the line of their connection */
	bool quiet; /* no line for a connection without findings */
	const char *name; /* of the capture */
	int64_t start_us; /* of its first packet: times count from there */
};

/* Callbacks of struct check_listener, whose `to` is a struct check_report. */
void check_report_found(
	void *to, const struct check_connection *connection, const struct check_finding *finding);
void check_report_over(void *to, const struct check_connection *connection,
	const struct check_finding *findings, size_t count);

/* At the end: how many of what, and what there was instead of MQTT. */
void check_report_end(const struct check_report *r, const struct check *check);

#endif
