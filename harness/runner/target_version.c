/* The version of a program, as it prints it itself. */
#include <errno.h>
#include <poll.h>
#include <regex.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "harness/runner/target.h"
#include "harness/runner/target_install.h"

enum { STEP_MS = 20, VERSION_LIMIT_US = 5000000, VERSION_LIMIT_BYTES = 65536 };

/* All that a command says until it ends, for a limited time. */
static void run_and_read(struct arena *a, const char *const *words, struct buf *out)
{
	struct program_spec spec = { .words = words };
	struct program p;
	const char *error;
	int64_t deadline_us = clock_now_us() + VERSION_LIMIT_US;
	bool more = program_start(a, &spec, &p, &error);

	while (more && clock_now_us() < deadline_us) {
		char chunk[4096];
		struct pollfd poll_fd = { .fd = p.output_fd, .events = POLLIN };
		poll(&poll_fd, 1, STEP_MS);
		ssize_t n = read(p.output_fd, chunk, sizeof(chunk));
		more = n > 0 ? buf_add(out, chunk, (size_t)n) : n < 0 && errno == EAGAIN;
	}
	program_kill(&p);
}

const char *target_file_version(struct arena *a, const struct target_file *file)
{
	struct buf out;
	regex_t pattern;
	regmatch_t match[2];
	const char *version = NULL;

	if (!file->version_command)
		return target_install_version(a, file);
	if (regcomp(&pattern, file->version_pattern, REG_EXTENDED))
		return NULL;
	buf_init(&out, VERSION_LIMIT_BYTES);
	run_and_read(a, file->version_command, &out);
	const char *text = buf_text(&out);
	if (regexec(&pattern, text, 2, match, 0) == 0 && match[1].rm_so >= 0)
		version = arena_printf(
			a, "%.*s", (int)(match[1].rm_eo - match[1].rm_so), text + match[1].rm_so);
	regfree(&pattern);
	buf_fini(&out);
	return version;
}
