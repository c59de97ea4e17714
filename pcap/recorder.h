/* The background process of a live capture (capture.h): one interface, one filter, one file. */
#ifndef PCAP_RECORDER_H
#define PCAP_RECORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct recorder_job {
	const char *interface;
	const char *path;
	uint16_t port;
	pid_t parent; /* the recorder ends with it */
};

/* What it tells its parent through the pipe: once when it listens or cannot, once at its end. Small
 * enough for a pipe to carry it in one piece.
 */
struct recorder_report {
	bool listening;
	unsigned long packets; /* that are in the file */
	unsigned long dropped; /* by the kernel, for want of room */
	char problem[1024];    /* if not listening: a sentence */
};

/* Records until SIGTERM; the whole life of the child process. */
_Noreturn void recorder_run(const struct recorder_job *job, int report_fd);

#endif
