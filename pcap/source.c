#include "pcap/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pcap.h> /* libpcap's: no header of this folder has that name */
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "pcap/container.h"
#include "pcap/intake.h"
#include "pcap/interface.h"

enum {
	PROBLEM_BYTES = PCAP_ERRBUF_SIZE + 512,
	SECOND_NS = 1000 * 1000 * 1000,
};

struct source {
	pcap_t *pcap; /* of an interface; NULL for a file */
	struct intake intake;
	struct container container;
	bool ended;
	volatile sig_atomic_t stopped;
	int stop_fd;      /* wakes whoever waits */
	uint64_t packets; /* of an interface */
	char *name;
	char problem[PROBLEM_BYTES]; /* "" if there is none */
};

__attribute__((format(printf, 2, 3))) static enum source_got source_fail(
	struct source *s, const char *format, ...)
{
	va_list args;
	int len = snprintf(s->problem, sizeof(s->problem), "%.256s: ", s->name);

	va_start(args, format);
	vsnprintf(s->problem + len, sizeof(s->problem) - (size_t)len, format, args);
	va_end(args);
	s->ended = true;
	return SOURCE_END;
}

static struct source *source_new(const char *name)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->name = strdup(name);
	s->intake.fd = STDIN_FILENO;
	container_init(&s->container);
	if (s->stop_fd >= 0 && s->name)
		return s;
	int error = errno;
	source_close(s);
	errno = error;
	return NULL;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	if (s->pcap)
		pcap_close(s->pcap);
	intake_fini(&s->intake);
	container_fini(&s->container);
	if (s->stop_fd >= 0)
		close(s->stop_fd);
	free(s->name);
	free(s);
}

static enum source_got file_damaged(struct source *s)
{
	const struct intake *in = &s->intake;
	const uint8_t *head = in->window;

	if (s->container.kind != CONTAINER_UNKNOWN)
		return source_fail(s,
			"is damaged at byte %" PRIu64 ", after packet %" PRIu64 ": %s",
			intake_offset(in), s->container.packets, s->container.problem);
	if (in->end > 1 && head[0] == 0x1f && head[1] == 0x8b)
		return source_fail(
			s, "is compressed; `zcat %.256s | mqttspec check -` reads it", s->name);
	return source_fail(s, "not a capture: %s", s->container.problem);
}

static enum source_got file_ends(struct source *s)
{
	const struct intake *in = &s->intake;

	if (!intake_offset(in) && in->begin == in->end)
		return source_fail(s, "is empty");
	if (s->container.kind == CONTAINER_UNKNOWN)
		return source_fail(s, "not a capture: it has %zu bytes", in->end - in->begin);
	if (in->begin != in->end)
		return source_fail(s,
			"is cut off at byte %" PRIu64
			", in the middle of what follows packet %" PRIu64,
			in->window_offset + in->end, s->container.packets);
	s->ended = true;
	return SOURCE_END;
}

/* SOURCE_IDLE: there is nothing yet. */
static enum source_got file_read(struct source *s, struct captured *packet)
{
	struct intake *in = &s->intake;

	for (;;) {
		size_t consumed;
		enum container_got got = container_next(&s->container, in->window + in->begin,
			in->end - in->begin, &consumed, packet);
		in->begin += consumed;
		if (got == CONTAINER_PACKET)
			return SOURCE_PACKET;
		if (got == CONTAINER_DAMAGED)
			return file_damaged(s);
		if (got == CONTAINER_OTHER)
			continue;
		switch (intake_more(in)) {
		case INTAKE_MORE: continue;
		case INTAKE_NOTHING: return SOURCE_IDLE;
		case INTAKE_END: return file_ends(s);
		case INTAKE_ERROR: return source_fail(s, "%s", strerror(errno));
		}
	}
}

struct source *source_file(const char *path, bool follow, char *error, size_t error_size)
{
	bool input = !strcmp(path, "-");
	const char *name = input ? "standard input" : path;
	struct source *s = source_new(name);
	int fd = !s || input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	if (!s || fd < 0 || !intake_init(&s->intake, fd, follow)) {
		snprintf(error, error_size, "%s: %s", name, strerror(errno));
		if (s)
			s->intake = (struct intake){ .fd = STDIN_FILENO };
		source_close(s);
		return NULL;
	}
	return s;
}

struct source *source_interface(
	const char *interface, const char *filter, char *error, size_t error_size)
{
	struct source *s = source_new(interface);

	if (!s) {
		snprintf(error, error_size, "%s: %s", interface, strerror(errno));
		return NULL;
	}
	s->pcap = interface_open(interface, filter, error, error_size);
	if (!s->pcap) {
		source_close(s);
		return NULL;
	}
	return s;
}

static enum source_got interface_read(struct source *s, struct captured *packet)
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int got = pcap_next_ex(s->pcap, &header, &data);

	if (got == 0)
		return SOURCE_IDLE;
	if (got != 1)
		return source_fail(s, "%s", pcap_geterr(s->pcap));
	*packet = (struct captured){
		.number = ++s->packets,
		.at_ns = (int64_t)header->ts.tv_sec * SECOND_NS + header->ts.tv_usec * 1000,
		.data = data,
		.size = header->caplen,
		.wire_size = header->len,
		.link_type = pcap_datalink(s->pcap),
	};
	return SOURCE_PACKET;
}

static bool source_wait(struct source *s, int budget_ms)
{
	struct pollfd wait[] = {
		{ .fd = s->stop_fd, .events = POLLIN },
		{ .fd = s->pcap ? pcap_get_selectable_fd(s->pcap) : -1, .events = POLLIN },
	};

	return s->pcap ? poll(wait, 2, budget_ms) > 0
		       : intake_wait(&s->intake, s->stop_fd, budget_ms);
}

enum source_got source_next(struct source *s, int budget_ms, struct captured *packet)
{
	int64_t deadline_us = 0;

	while (!s->ended && !s->stopped) {
		enum source_got got = s->pcap ? interface_read(s, packet) : file_read(s, packet);
		if (got != SOURCE_IDLE)
			return got;
		int64_t now_us = clock_now_us();
		if (!deadline_us)
			deadline_us = now_us + (int64_t)budget_ms * 1000;
		if (!source_wait(s,
			    now_us < deadline_us ? (int)((deadline_us - now_us + 999) / 1000) : 0))
			return SOURCE_IDLE;
		if (s->intake.shrunk)
			return source_fail(s, "has become shorter while it was read");
	}
	return SOURCE_END;
}

void source_stop(struct source *s)
{
	uint64_t one = 1;
	int error = errno;

	s->stopped = 1;
	ssize_t written = write(s->stop_fd, &one, sizeof(one));

	(void)written; /* it can only say that the stop has been asked for before */
	errno = error;
}

const char *source_problem(const struct source *s)
{
	return *s->problem ? s->problem : NULL;
}

const char *source_secrets(const struct source *s, size_t *size)
{
	*size = s->container.secrets.len;
	return *size ? (const char *)s->container.secrets.data : "";
}

unsigned long source_dropped(const struct source *s)
{
	struct pcap_stat stat;

	return s->pcap && pcap_stats(s->pcap, &stat) == 0 ? stat.ps_drop : 0;
}
