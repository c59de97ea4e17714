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
#include "pcap/intake.h"
#include "pcap/interface.h"
#include "pcap/secrets.h"

enum {
	PROBLEM_BYTES = PCAP_ERRBUF_SIZE + 512,
	SECONDS_LIMIT =
		INT32_MAX * 2u, /* of a time stamp: later ones would not fit into nanoseconds */
	SECOND_NS = 1000 * 1000 * 1000,
};

struct source {
	pcap_t *pcap;         /* NULL until the head of the file has come */
	struct intake intake; /* of a file */
	bool is_file;
	bool is_pcapng;
	bool ended;
	volatile sig_atomic_t stopped;
	int stop_fd;
	int link_type;
	bool nanoseconds; /* what the time stamps count, instead of microseconds */
	uint64_t packets;
	struct secrets secrets;
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
	secrets_init(&s->secrets);
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
	if (s->pcap) {
		pcap_close(s->pcap); /* and the stream of a file */
		s->intake.stream = NULL;
	}
	if (s->is_file)
		intake_fini(&s->intake);
	secrets_fini(&s->secrets);
	if (s->stop_fd >= 0)
		close(s->stop_fd);
	free(s->name);
	free(s);
}

/* What is not there any more has been read: only the blocks of pcapng are looked at. */
static void source_pass(struct source *s)
{
	struct intake *in = &s->intake;

	if (s->is_pcapng)
		secrets_look(&s->secrets, in->window + in->kept, in->at - in->kept);
	intake_keep(in);
}

static enum source_got head_fail(struct source *s, const char *words)
{
	const struct intake *in = &s->intake;
	const uint8_t *head = in->window;

	if (in->error)
		return source_fail(s, "%s", strerror(in->error));
	if (!in->end)
		return source_fail(s, "is empty");
	if (in->end > 1 && head[0] == 0x1f && head[1] == 0x8b)
		return source_fail(
			s, "is compressed; `zcat %.256s | mqttspec check -` reads it", s->name);
	return source_fail(s, "is no capture that libpcap can read: %s", words);
}

/* SOURCE_IDLE: the head of the file is not all there. SOURCE_PACKET: packets can be read. */
static enum source_got head_read(struct source *s)
{
	struct intake *in = &s->intake;
	char words[PCAP_ERRBUF_SIZE] = "";

	s->pcap = pcap_fopen_offline_with_tstamp_precision(
		in->stream, PCAP_TSTAMP_PRECISION_NANO, words);
	if (!s->pcap) {
		if (!in->short_of)
			return head_fail(s, words);
		intake_again(in);
		return SOURCE_IDLE;
	}
	s->nanoseconds = true;
	s->link_type = pcap_datalink(s->pcap);
	s->is_pcapng = secrets_possible(in->window, in->at);
	source_pass(s);
	return SOURCE_PACKET;
}

struct source *source_file(const char *path, bool follow, char *error, size_t error_size)
{
	bool input = !strcmp(path, "-");
	struct source *s = source_new(input ? "standard input" : path);
	int fd = !s || input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	if (!s || fd < 0 || !intake_init(&s->intake, fd, follow)) {
		snprintf(error, error_size, "%s: %s", input ? "standard input" : path,
			strerror(errno));
		source_close(s);
		return NULL;
	}
	s->is_file = true;
	if (!s->intake.waits && head_read(s) == SOURCE_END) {
		snprintf(error, error_size, "%s", s->problem);
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
	s->link_type = pcap_datalink(s->pcap);
	s->nanoseconds = pcap_get_tstamp_precision(s->pcap) == PCAP_TSTAMP_PRECISION_NANO;
	return s;
}

static int64_t time_of(const struct source *s, const struct timeval *stamp)
{
	int64_t seconds = stamp->tv_sec, part = stamp->tv_usec;

	if (seconds < 0 || seconds > SECONDS_LIMIT)
		seconds = SECONDS_LIMIT;
	if (!s->nanoseconds)
		part *= 1000;
	return seconds * SECOND_NS + (part >= 0 && part < SECOND_NS ? part : 0);
}

static enum source_got packet_set(struct source *s, const struct pcap_pkthdr *header,
	const uint8_t *data, struct captured *packet)
{
	*packet = (struct captured){
		.number = ++s->packets,
		.at_ns = time_of(s, &header->ts),
		.data = data,
		.size = header->caplen,
		.wire_size = header->len > header->caplen ? header->len : header->caplen,
		.link_type = s->link_type,
	};
	return SOURCE_PACKET;
}

/* What libpcap will not go past. */
static enum source_got file_fail(struct source *s)
{
	const struct intake *in = &s->intake;
	const char *words = pcap_geterr(s->pcap);

	if (in->error)
		return source_fail(s, "%s", strerror(in->error));
	if (strstr(words, "different from the type of the first interface"))
		return source_fail(s,
			"the packets from byte %" PRIu64 " on come from an interface of another "
							 "kind, and cannot be read together with "
			"those before; `tshark -r FILE -Y frame.interface_id==1 -w OTHER` sets "
			"them apart",
			intake_offset(in));
	return source_fail(s, "%s at byte %" PRIu64 ", after packet %" PRIu64 ": %s",
		!strncmp(words, "truncated", 9) ? "is cut off" : "is damaged", intake_offset(in),
		s->packets, words);
}

/* SOURCE_IDLE: there is nothing yet. */
static enum source_got file_read(struct source *s, struct captured *packet)
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int got = pcap_next_ex(s->pcap, &header, &data);

	if (got == 1) {
		source_pass(s);
		return packet_set(s, header, data, packet);
	}
	if (s->intake.short_of) {
		intake_again(&s->intake);
		return SOURCE_IDLE;
	}
	if (got == PCAP_ERROR_BREAK && !s->intake.error) {
		source_pass(s);
		s->ended = true;
		return SOURCE_END;
	}
	return file_fail(s);
}

static enum source_got interface_read(struct source *s, struct captured *packet)
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int got = pcap_next_ex(s->pcap, &header, &data);

	if (got == 1)
		return packet_set(s, header, data, packet);
	return got == 0 ? SOURCE_IDLE : source_fail(s, "%s", pcap_geterr(s->pcap));
}

static bool source_wait(struct source *s, int budget_ms)
{
	struct pollfd wait[] = {
		{ .fd = s->stop_fd, .events = POLLIN },
		{ .fd = s->is_file ? -1 : pcap_get_selectable_fd(s->pcap), .events = POLLIN },
	};

	return s->is_file ? intake_wait(&s->intake, s->stop_fd, budget_ms)
			  : poll(wait, 2, budget_ms) > 0;
}

static enum source_got source_read(struct source *s, struct captured *packet)
{
	if (!s->is_file)
		return interface_read(s, packet);
	enum source_got head = s->pcap ? SOURCE_PACKET : head_read(s);
	return head == SOURCE_PACKET ? file_read(s, packet) : head;
}

enum source_got source_next(struct source *s, int budget_ms, struct captured *packet)
{
	int64_t deadline_us = 0;

	while (!s->ended && !s->stopped) {
		enum source_got got = source_read(s, packet);
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
	uint64_t one = 1; /* wakes whoever waits */
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
	*size = s->secrets.key_log.len;
	return *size ? (const char *)s->secrets.key_log.data : "";
}

unsigned long source_dropped(const struct source *s)
{
	struct pcap_stat stat;

	return !s->is_file && pcap_stats(s->pcap, &stat) == 0 ? stat.ps_drop : 0;
}
