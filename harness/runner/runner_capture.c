/* The captures of case runs. Where only failures keep theirs, it is in memory until the verdict is final:
 * files that are made and deleted a thousand times are a third of what a run costs. Which ones will be
 * wanted nobody knows before: it may turn out later that a case run that passed has brought down the
 * target.
 */
#include "harness/runner/runner_job.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/transport/transport.h"

/* Descriptors are scarce, and each case run needs one for its record: beyond this one captures are files at once. */
enum { MEMORY_FD_MAX = 512 };

/* "qos2_duplicate_publish-5.0-tcp.pcapng": no two case runs of a plan share a name. */
static const char *capture_name(struct arena *a, const struct plan_item *item)
{
	const char *cut = cut_text(a, &item->cut);
	const char *repeat = item->repeat ? arena_printf(a, "-%d", item->repeat) : "";
	bool whole = item->cut.segmentation == SEGMENT_WHOLE;
	char *name =
		arena_printf(a, "%s-%s-%s%s%s%s.pcapng", item->id, spec_version_name(item->version),
			item->transport->name, whole ? "" : "-", whole ? "" : cut, repeat);

	for (char *p = name; *p; p++)
		if (strchr("/: ", *p))
			*p = *p == '/' ? '.' : '-';
	return name;
}

void capture_open(struct runner *r, struct runner_job *job)
{
	const struct runner_config *c = r->config;

	job->capture_fd = -1;
	if (c->pcap == PCAP_NONE || r->no_captures)
		return;
	job->capture = capture_name(&job->arena, &job->item);
	job->capture_path = arena_printf(&job->arena, "%s/pcap/%s", c->folder, job->capture);
	job->play.pcap_path = job->capture_path;
	if (c->pcap == PCAP_FAILURES)
		job->capture_fd = memfd_create(job->capture, MFD_CLOEXEC);
	if (job->capture_fd > MEMORY_FD_MAX)
		capture_close(job);
	if (job->capture_fd >= 0)
		job->play.pcap_path =
			arena_printf(&job->arena, "/proc/self/fd/%d", job->capture_fd);
}

/* What the first look at the target found has been captured by then, in the file. */
static bool is_in_memory(const struct runner_job *job)
{
	struct stat s;

	return job->capture_fd >= 0 && fstat(job->capture_fd, &s) == 0 && s.st_size;
}

/* False, with errno, if it is not all in the file. */
static bool copy_out(int from, const char *path)
{
	struct stat s;
	off_t at = 0;
	int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (to < 0)
		return false;
	bool good = fstat(from, &s) == 0;
	while (good && at < s.st_size)
		good = sendfile(to, from, &at, (size_t)(s.st_size - at)) > 0;
	int error = errno;
	if (close(to) < 0 && good) {
		good = false;
		error = errno;
	}
	if (!good)
		unlink(path);
	errno = error;
	return good;
}

void capture_keep(struct runner *r, struct runner_job *job)
{
	struct record_case *c = &job->result;
	bool wanted =
		r->config->pcap != PCAP_FAILURES || !c->expected || !verdict_is_good(c->verdict);

	if (!job->capture)
		return;
	if (!wanted && job->capture_fd < 0)
		unlink(job->capture_path);
	if (!wanted || c->pcap_error)
		return;
	if (is_in_memory(job) && !copy_out(job->capture_fd, job->capture_path))
		c->pcap_error =
			arena_printf(&job->arena, "%s: %s", job->capture_path, strerror(errno));
	else if (access(job->capture_path, F_OK) == 0)
		c->pcap = arena_printf(&job->arena, "pcap/%s", job->capture);
}

void capture_drop(struct runner_job *job)
{
	if (job->capture && job->capture_fd < 0)
		unlink(job->capture_path);
}

void capture_close(struct runner_job *job)
{
	if (job->capture_fd >= 0)
		close(job->capture_fd);
	job->capture_fd = -1;
}
