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

/* "qos2_duplicate_publish-5.0-tcp": no two case runs of a plan share a name. */
static const char *base_name(struct arena *a, const struct plan_item *item)
{
	const char *cut = cut_text(a, &item->cut);
	const char *repeat = item->repeat ? arena_printf(a, "-%d", item->repeat) : "";
	bool whole = item->cut.segmentation == SEGMENT_WHOLE;
	char *name = arena_printf(a, "%s-%s-%s%s%s%s", item->id, spec_version_name(item->version),
		item->transport->name, whole ? "" : "-", whole ? "" : cut, repeat);

	for (char *p = name; *p; p++)
		if (strchr("/: ", *p))
			*p = *p == '/' ? '.' : '-';
	return name;
}

static void file_close(struct runner_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/* Returns where the case run is to write it. */
static const char *file_open(
	const struct runner *r, struct runner_job *job, struct runner_file *f, const char *suffix)
{
	const struct runner_config *c = r->config;

	f->name = arena_printf(&job->arena, "%s%s", base_name(&job->arena, &job->item), suffix);
	f->path = arena_printf(&job->arena, "%s/pcap/%s", c->folder, f->name);
	if (c->pcap == PCAP_FAILURES)
		f->fd = memfd_create(f->name, MFD_CLOEXEC);
	if (f->fd > MEMORY_FD_MAX)
		file_close(f);
	return f->fd < 0 ? f->path : arena_printf(&job->arena, "/proc/self/fd/%d", f->fd);
}

void capture_open(struct runner *r, struct runner_job *job)
{
	const struct runner_config *c = r->config;

	job->capture.fd = job->wire.fd = -1;
	if (c->pcap == PCAP_NONE || r->no_captures)
		return;
	job->play.pcap_path = file_open(r, job, &job->capture, ".pcapng");
	if (c->wire && job->item.transport->below)
		job->play.wire_path = file_open(r, job, &job->wire, ".wire.pcapng");
}

/* What the first look at the target found has been captured by then, in the file. */
static bool is_in_memory(const struct runner_file *f)
{
	struct stat s;

	return f->fd >= 0 && fstat(f->fd, &s) == 0 && s.st_size;
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

/* *kept is its place for the record, unless there is none, or *error says why not. */
static void file_keep(
	struct arena *a, const struct runner_file *f, const char **kept, const char **error)
{
	if (!f->name || *error)
		return;
	if (is_in_memory(f) && !copy_out(f->fd, f->path))
		*error = arena_printf(a, "%s: %s", f->path, strerror(errno));
	else if (access(f->path, F_OK) == 0)
		*kept = arena_printf(a, "pcap/%s", f->name);
}

static void file_drop(const struct runner_file *f)
{
	if (f->name && f->fd < 0)
		unlink(f->path);
}

void capture_keep(struct runner *r, struct runner_job *job)
{
	struct record_case *c = &job->result;
	bool wanted =
		r->config->pcap != PCAP_FAILURES || !c->expected || !verdict_is_good(c->verdict);

	if (!wanted) {
		capture_drop(job);
		return;
	}
	file_keep(&job->arena, &job->capture, &c->pcap, &c->pcap_error);
	file_keep(&job->arena, &job->wire, &c->wire, &c->wire_error);
}

void capture_drop(struct runner_job *job)
{
	file_drop(&job->capture);
	file_drop(&job->wire);
}

void capture_close(struct runner_job *job)
{
	file_close(&job->capture);
	file_close(&job->wire);
}
