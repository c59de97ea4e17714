#include "pcap/recorder.h"

#include <errno.h>
#include <pcap.h> /* libpcap's: no header of this folder has that name */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "pcap/interface.h"

enum {
	BATCH_PACKETS = 1024,
	DRAIN_MS = 1000,
};

struct recorder {
	pcap_t *pcap;
	FILE *file;
	pcap_dumper_t *dump;
	unsigned long packets; /* flushed into the file */
};

static bool refuse(struct recorder_report *report, const char *path, const char *why)
{
	snprintf(report->problem, sizeof(report->problem), "%s: %s", path, why);
	return false;
}

static bool interface_listen(
	struct recorder *r, const struct recorder_job *job, struct recorder_report *report)
{
	char filter[32];

	snprintf(filter, sizeof(filter), "tcp port %u", (unsigned)job->port);
	r->pcap = interface_open(job->interface, filter, report->problem, sizeof(report->problem));
	return r->pcap != NULL;
}

/* Opens the file itself: libpcap would take the name "-" for the standard output. */
static bool file_open(
	struct recorder *r, const struct recorder_job *job, struct recorder_report *report)
{
	r->file = fopen(job->path, "wb");
	if (!r->file)
		return refuse(report, job->path, strerror(errno));
	r->dump = pcap_dump_fopen(r->pcap, r->file);
	if (!r->dump)
		return refuse(report, job->path, pcap_geterr(r->pcap));
	if (pcap_dump_flush(r->dump) != 0)
		return refuse(report, job->path, strerror(errno));
	return true;
}

/* Moves what has come into the file: the number of packets, or -1 when the interface or the file
 * is lost. A packet counts once it is with the system.
 */
static int recorder_take(struct recorder *r)
{
	int taken = pcap_dispatch(r->pcap, BATCH_PACKETS, pcap_dump, (unsigned char *)r->dump);

	if (taken <= 0)
		return taken;
	/* pcap_dump hides its errors; the stream remembers them. */
	if (pcap_dump_flush(r->dump) != 0 || ferror(r->file))
		return -1;
	r->packets += (unsigned long)taken;
	return taken;
}

/* What passed before the end was asked for is still in the kernel's ring, the last of it in a block
 * that is not handed over before its time.
 */
static void recorder_drain(struct recorder *r, struct pollfd wait)
{
	int64_t deadline_us = clock_now_us() + (int64_t)DRAIN_MS * 1000;

	while (clock_now_us() < deadline_us && poll(&wait, 1, 3 * INTERFACE_BLOCK_MS) > 0) {
		if (recorder_take(r) < 0)
			return;
	}
}

static void recorder_loop(struct recorder *r, int term_fd)
{
	struct pollfd wait[] = {
		{ .fd = term_fd, .events = POLLIN },
		{ .fd = pcap_get_selectable_fd(r->pcap), .events = POLLIN },
	};

	while (poll(wait, 2, -1) > 0) {
		if (wait[0].revents) {
			recorder_drain(r, wait[1]);
			return;
		}
		if (recorder_take(r) < 0)
			return;
	}
}

/* Blocks every signal, so that a Ctrl-C for the whole foreground ends the capture no sooner than the
 * run; SIGTERM, from the parent or for its death, is read from the descriptor returned.
 */
static int term_fd_open(pid_t parent)
{
	sigset_t all, term;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	return signalfd(-1, &term, 0);
}

static void report_send(int fd, const struct recorder_report *report)
{
	if (write(fd, report, sizeof(*report)) != (ssize_t)sizeof(*report))
		_exit(1);
}

_Noreturn void recorder_run(const struct recorder_job *job, int report_fd)
{
	enum { REPORT_FD = 3 };
	struct recorder_report report = { 0 };
	struct recorder r = { 0 };

	/* Connections and pipes of the parent must not stay open for the sake of the capture. */
	if (dup2(report_fd, REPORT_FD) < 0 || close_range(REPORT_FD + 1, ~0u, 0) != 0)
		_exit(1);
	int term_fd = term_fd_open(job->parent);
	if (term_fd < 0)
		_exit(1);
	report.listening = interface_listen(&r, job, &report) && file_open(&r, job, &report);
	report_send(REPORT_FD, &report);
	if (!report.listening)
		_exit(1);

	recorder_loop(&r, term_fd);
	struct pcap_stat stat = { 0 };
	if (pcap_stats(r.pcap, &stat) == 0)
		report.dropped = stat.ps_drop;
	report.packets = r.packets;
	report_send(REPORT_FD, &report);
	_exit(0);
}
