#include "pcap/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "pcap/recorder.h"

enum {
	START_MS = 10000, /* opening an interface may have to load a kernel module */
	STOP_MS = 5000,
};

struct capture {
	pid_t pid;
	int reports_fd; /* the reading end of the recorder's pipe */
};

/* False when the recorder ended without a report, or the time is over. */
static bool report_read(int fd, struct recorder_report *report, int budget_ms)
{
	int64_t deadline_us = clock_now_us() + (int64_t)budget_ms * 1000;
	size_t have = 0;

	while (have < sizeof(*report)) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int64_t left_us = deadline_us - clock_now_us();
		int ready = poll(&wait, 1, left_us > 0 ? (int)((left_us + 999) / 1000) : 0);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return false;
		ssize_t got = read(fd, (char *)report + have, sizeof(*report) - have);
		if (got <= 0)
			return false;
		have += (size_t)got;
	}
	return true;
}

static void capture_free(struct capture *c)
{
	int status;

	/* It has reported its end, or it never will. */
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	close(c->reports_fd);
	free(c);
}

/* Forks the recorder; false with errno. */
static bool recorder_fork(struct capture *c, struct recorder_job *job)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	job->parent = getpid();
	c->pid = fork();
	if (c->pid == 0)
		recorder_run(job, ends[1]);
	int error = errno;
	close(ends[1]);
	if (c->pid < 0) {
		close(ends[0]);
		errno = error;
		return false;
	}
	c->reports_fd = ends[0];
	return true;
}

struct capture *capture_start(
	const char *interface, uint16_t port, const char *path, char *error, size_t error_size)
{
	struct recorder_job job = { .interface = interface, .path = path, .port = port };
	struct recorder_report report;
	struct capture *c = malloc(sizeof(*c));

	if (!c || !recorder_fork(c, &job)) {
		snprintf(error, error_size, "the capture cannot start: %s", strerror(errno));
		free(c);
		return NULL;
	}
	if (!report_read(c->reports_fd, &report, START_MS))
		snprintf(error, error_size, "%s: the capture process gave no answer", interface);
	else if (!report.listening)
		snprintf(error, error_size, "%s", report.problem);
	else
		return c;
	capture_free(c);
	return NULL;
}

unsigned long capture_stop(struct capture *c, unsigned long *dropped)
{
	struct recorder_report report;

	*dropped = 0;
	if (!c)
		return 0;
	kill(c->pid, SIGTERM);
	if (!report_read(c->reports_fd, &report, STOP_MS))
		report = (struct recorder_report){ 0 };
	capture_free(c);
	*dropped = report.dropped;
	return report.packets;
}
