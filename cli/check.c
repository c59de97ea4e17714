#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/shell.h"
#include "check/check.h"
#include "check/records.h"
#include "check/remarks.h"
#include "check/report.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "pcap/source.h"
#include "spec/spec.h"

enum { PORTS_MAX = 64, IDLE_MS = 200, LOOK_EVERY = 4096, ERROR_SIZE = 1024 };

static const char help[] =
	"Usage: mqttspec check CAPTURE [OPTION...]\n"
	"       mqttspec check -i INTERFACE [OPTION...]\n"
	"\n"
	"Says who broke which statement at which packet, client and server, connection by\n"
	"connection. CAPTURE is a file of tcpdump or Wireshark (pcap, pcapng), or - for the\n"
	"standard input. MQTT is found on any port, also in WebSockets.\n"
	"\n"
	"What a capture cannot show accuses nobody: after a gap in it, and in connections that\n"
	"began before it, only what stands by itself is judged.\n"
	"\n"
	"Options:\n"
	"  -i INTERFACE        listen instead of reading a file (any: on all of them)\n"
	"      --follow        go on at the end of CAPTURE, which is still being written\n"
	"      --port N        what goes to this port is MQTT, also where no CONNECT was seen;\n"
	"                      1883 always is (several times: several ports)\n"
	"      --annotate F    a copy of the capture (pcapng) in which the findings are comments\n"
	"                      at their packets: Wireshark shows them there\n"
	"      --keylog FILE   secrets of TLS sessions, as SSLKEYLOGFILE has them; those that are\n"
	"                      in a pcapng are used anyway\n"
	"      --server ADDR   only connections to this server: 10.0.0.1, 10.0.0.1:1883\n"
	"      --client-id P   only clients whose ClientId matches P (shell wildcards)\n"
	"  -q, --quiet         no line for a connection without findings\n"
	"      --summary       packets by type, topics by rate, how long answers and messages\n"
	"                      take, and the longest silences\n"
	"      --json          write records instead (docs/RECORDS.md): a run in which servers\n"
	"                      are judged, then one for clients, a case for each connection\n"
	"      --out DIR       write these records to DIR/server/run.jsonl and\n"
	"                      DIR/client/run.jsonl, for mqttspec report, diff and matrix\n"
	"  -h, --help          this\n"
	"\n"
	"Examples:\n"
	"  mqttspec check field.pcap\n"
	"  tcpdump -i eth0 -w - port 1883 | mqttspec check -\n"
	"  mqttspec check -i lo --port 1884\n"
	"  mqttspec check field.pcap --out found && mqttspec report found/server --html f.html\n"
	"\n"
	"Exit codes: 0 when nothing was found; 1 when a statement was broken; 2 for bad usage; 3\n"
	"when there was no MQTT, when the capture cannot be read or is damaged, or when the "
	"result\n"
	"cannot be written; 130 by SIGINT or SIGTERM, unless it listens: then that is its end.\n";

struct wishes {
	const char *path;
	const char *interface;
	bool follow;
	bool quiet;
	bool json;
	bool summary;
	const char *out;
	const char *key_log;
	const char *annotate;
	struct check_options options;
	uint16_t ports[PORTS_MAX];
};

/* Signals are looked for between packets. Returns what has to be read for that, -1 without one: then they end the
 * program as usual.
 */
static int catch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd >= 0)
		sigprocmask(SIG_BLOCK, &set, NULL);
	return fd;
}

static bool is_interrupted(int signals)
{
	struct signalfd_siginfo info;

	return read(signals, &info, sizeof(info)) == sizeof(info);
}

static struct source *open_source(const struct wishes *w)
{
	char error[ERROR_SIZE];
	struct source *source =
		w->interface ? source_interface(
				       w->interface, "tcp or ip6 or ip", error, sizeof(error))
			     : source_file(w->path, w->follow, error, sizeof(error));

	if (!source)
		fprintf(stderr, "mqttspec check: %s\n", error);
	return source;
}

struct reading {
	struct source *source;
	struct tls_secrets *secrets;
	size_t secrets_size; /* of those of the capture that have been taken */
	int signals;
	bool interrupted;
	int64_t first_us, last_us; /* times of packets */
};

/* Captures may have the secrets of their TLS sessions in them. */
static void take_secrets(struct reading *r)
{
	size_t size;
	const char *lines = source_secrets(r->source, &size);

	if (size <= r->secrets_size)
		return;
	if (tls_secrets_add(r->secrets, lines + r->secrets_size, size - r->secrets_size) < 0)
		abort();
	r->secrets_size = size;
}

static void read_all(struct reading *r, struct check *check, struct check_report *report)
{
	struct captured packet;
	uint64_t count = 0;

	for (;;) {
		enum source_got got = source_next(r->source, IDLE_MS, &packet);
		bool look = got == SOURCE_IDLE || ++count % LOOK_EVERY == 0;
		r->interrupted = look && is_interrupted(r->signals);
		if (got == SOURCE_END || r->interrupted)
			break;
		if (got == SOURCE_IDLE) {
			if (r->last_us)
				check_time(check, r->last_us += (int64_t)IDLE_MS * 1000);
			continue;
		}
		take_secrets(r);
		r->last_us = packet.at_ns / 1000;
		if (!r->first_us)
			report->start_us = r->first_us = r->last_us;
		check_packet(check, &packet);
	}
	check_end(check);
}

static int judge_result(const struct check *check, const struct reading *r, bool live)
{
	const struct check_count *n = check_counted(check);
	uint64_t mqtt = n->connections[CONNECTION_MQTT] + n->connections[CONNECTION_OLD] +
		n->connections[CONNECTION_FOREIGN];
	const char *problem = source_problem(r->source);

	if (problem)
		fprintf(stderr, "mqttspec check: %s\n", problem);
	if (r->interrupted && !live)
		return EXIT_INTERRUPTED;
	if (n->findings[SIDE_CLIENT] || n->findings[SIDE_SERVER])
		return EXIT_UNEXPECTED;
	return problem || !mqtt ? EXIT_NOTHING : EXIT_AS_EXPECTED;
}

/* ---- who hears of it ------------------------------------------------------------------------ */

struct audience {
	const struct wishes *wishes;
	struct check_report report;
	struct check_records records;
	struct remarks remarks;  /* for --annotate */
	struct arena names;      /* of the records */
	struct summary *summary; /* or NULL */
	struct tls_secrets *secrets;
	bool records_wanted;
};

static void on_found(
	void *to, const struct check_connection *connection, const struct check_finding *finding)
{
	struct audience *a = to;

	if (!a->wishes->json)
		check_report_found(&a->report, connection, finding);
}

static void on_over(void *to, const struct check_connection *connection,
	const struct check_finding *findings, size_t count)
{
	struct audience *a = to;

	if (!a->wishes->json)
		check_report_over(&a->report, connection, findings, count);
	if (a->wishes->annotate)
		remarks_add(&a->remarks, findings, count);
	if (a->records_wanted)
		check_records_over(&a->records, connection, findings, count);
}

static const char *name_of(const struct wishes *w)
{
	const char *slash = w->interface ? NULL : strrchr(w->path, '/');

	return w->interface ? w->interface : slash ? slash + 1 : w->path;
}

/* For a shell. */
static const char *again_of(struct audience *a, const char *target)
{
	struct buf words;

	buf_init(&words, SIZE_MAX / 2);
	buf_add_text(&words, a->wishes->interface ? "mqttspec check -i" : "mqttspec check");
	shell_add_word(&words, target);
	const char *text = arena_text(&a->names, buf_text(&words));
	buf_fini(&words);
	return text;
}

/* False, with a sentence. */
static bool read_key_log(struct audience *a)
{
	const char *path = a->wishes->key_log;
	FILE *file = path ? fopen(path, "re") : NULL;
	char *line = NULL;
	size_t room = 0;
	ssize_t size;

	a->secrets = tls_secrets_new();
	if (!a->secrets)
		abort();
	while (file && (size = getline(&line, &room, file)) > 0)
		if (tls_secrets_add(a->secrets, line, (size_t)size) < 0)
			abort();
	bool ok = !path || (file && !ferror(file));
	if (!ok)
		fprintf(stderr, "mqttspec check: %s: %s\n", path, strerror(errno));
	if (line)
		explicit_bzero(line, room);
	free(line);
	if (file)
		fclose(file);
	return ok;
}

static bool prepare_records(struct audience *a)
{
	const struct wishes *w = a->wishes;
	const char *target = w->interface ? w->interface : w->path;
	const struct record_run run = {
		.tool_version = tool_version,
		.target = target,
		.target_name = name_of(w),
		.target_url = "",
		.command = arena_printf(&a->names, "mqttspec check %s", target),
		.again = again_of(a, target),
		.catalogue = spec_digest,
	};

	a->records_wanted = w->json || w->out;
	if (!a->records_wanted || check_records_init(&a->records, &run))
		return true;
	fprintf(stderr, "mqttspec check: no temporary file: %s\n", strerror(errno));
	return false;
}

static bool write_side(struct audience *a, enum side side, const char *name)
{
	struct arena arena;

	arena_init(&arena);
	const char *folder = arena_printf(&arena, "%s/%s", a->wishes->out, name);
	const char *path = arena_printf(&arena, "%s/run.jsonl", folder);
	bool ok = output_make_folder(&arena, folder);
	if (!ok)
		fprintf(stderr, "mqttspec check: %s: %s\n", folder, strerror(errno));
	FILE *to = ok ? output_open(&command_check, path) : NULL;
	ok = to && check_records_write(&a->records, side, to);
	if (to && !ok)
		fprintf(stderr, "mqttspec check: %s: %s\n", path, strerror(errno));
	ok &= to && output_close(&command_check, path, to);
	arena_fini(&arena);
	return ok;
}

static bool write_records(struct audience *a)
{
	bool ok = true;

	if (a->wishes->json &&
		!(check_records_write(&a->records, SIDE_SERVER, stdout) &&
			check_records_write(&a->records, SIDE_CLIENT, stdout))) {
		fprintf(stderr, "mqttspec check: the records: %s\n", strerror(errno));
		ok = false;
	}
	if (a->wishes->out) {
		ok &= write_side(a, SIDE_SERVER, "server");
		ok &= write_side(a, SIDE_CLIENT, "client");
	}
	return ok;
}

static bool write_remarks(struct audience *a)
{
	const struct wishes *w = a->wishes;
	char error[ERROR_SIZE];

	if (remarks_write(&a->remarks, w->path, w->annotate, error, sizeof(error)))
		return true;
	fprintf(stderr, "mqttspec check: %s\n", error);
	return false;
}

static int listen_and_tell(struct audience *a, struct source *source, bool live)
{
	static const struct check_listener tells = { on_found, on_over };
	struct check_options wanted = a->wishes->options;
	wanted.summary = a->summary;
	wanted.secrets = a->secrets;
	struct check *check = check_new(&wanted, &tells, a);

	struct reading reading = {
		.source = source, .secrets = a->secrets, .signals = catch_signals()
	};
	read_all(&reading, check, &a->report);
	if (!a->wishes->json)
		check_report_end(&a->report, check);
	if (a->summary && !a->wishes->json)
		summary_print(a->summary, stdout, reading.last_us - reading.first_us);
	int code = judge_result(check, &reading, live);
	if (a->records_wanted && !write_records(a))
		code = EXIT_NOTHING;
	if (a->wishes->annotate && !write_remarks(a))
		code = EXIT_NOTHING;
	if (!output_is_whole(stdout)) {
		fprintf(stderr, "mqttspec check: standard output: %s\n", strerror(errno));
		code = EXIT_NOTHING;
	}
	check_free(check);
	close(reading.signals);
	return code;
}

static int check_source(const struct wishes *w)
{
	bool live = w->interface || w->follow;
	struct summary *summary = w->summary ? summary_new() : NULL;
	struct audience a = { .wishes = w,
		.summary = summary,
		.report = { .to = stdout, .live = live, .quiet = w->quiet, .name = name_of(w) } };
	struct source *source = open_source(w);

	if (!source) {
		summary_free(summary);
		return EXIT_NOTHING;
	}
	int code = EXIT_NOTHING;
	arena_init(&a.names);
	arena_init(&a.remarks.arena);
	if (read_key_log(&a) && prepare_records(&a))
		code = listen_and_tell(&a, source, live);
	if (a.records_wanted)
		check_records_fini(&a.records);
	arena_fini(&a.names);
	arena_fini(&a.remarks.arena);
	tls_secrets_free(a.secrets);
	summary_free(summary);
	source_close(source);
	return code;
}

static const struct option options[] = {
	{ "follow", no_argument, NULL, 'f' },
	{ "port", required_argument, NULL, 'p' },
	{ "server", required_argument, NULL, 's' },
	{ "client-id", required_argument, NULL, 'c' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "annotate", required_argument, NULL, 'a' },
	{ "keylog", required_argument, NULL, 'k' },
	{ "summary", no_argument, NULL, 'S' },
	{ "json", no_argument, NULL, 'j' },
	{ "out", required_argument, NULL, 'o' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static bool add_port(struct wishes *w, const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || !port || port > UINT16_MAX ||
		w->options.port_count == PORTS_MAX)
		return false;
	w->ports[w->options.port_count++] = (uint16_t)port;
	return true;
}

static int run(int argc, char **argv)
{
	struct wishes w = { 0 };
	int answer;

	w.options.ports = w.ports;
	opterr = 0;
	while ((answer = getopt_long(argc, argv, ":hqi:", options, NULL)) != -1) {
		switch (answer) {
		case 'i': w.interface = optarg; break;
		case 'f': w.follow = true; break;
		case 'q': w.quiet = true; break;
		case 'a': w.annotate = optarg; break;
		case 'k': w.key_log = optarg; break;
		case 'S': w.summary = true; break;
		case 'j': w.json = true; break;
		case 'o': w.out = optarg; break;
		case 's': w.options.server = optarg; break;
		case 'c': w.options.client_id = optarg; break;
		case 'p':
			if (!add_port(&w, optarg))
				return usage_error(&command_check,
					"\"%s\" is no port, or there are more than %d", optarg,
					PORTS_MAX);
			break;
		case 'h': fputs(help, stdout); return EXIT_AS_EXPECTED;
		default: return option_error(&command_check, answer, argv);
		}
	}
	if (argc - optind != (w.interface ? 0 : 1))
		return usage_error(&command_check,
			w.interface ? "it listens on %s, or reads a capture, and not both"
				    : "it takes one capture, or -i INTERFACE",
			w.interface);
	if (w.interface && w.follow)
		return usage_error(&command_check, "--follow is for files");
	w.path = argv[optind];
	if (w.annotate && (w.interface || w.follow || !strcmp(w.path, "-")))
		return usage_error(
			&command_check, "--annotate copies a file, which has to be whole");
	if (w.annotate && !strcmp(w.annotate, w.path))
		return usage_error(&command_check, "--annotate writes to another file");
	return check_source(&w);
}

const struct command command_check = {
	.name = "check",
	.synopsis = "CAPTURE | -i INTERFACE",
	.summary = "who broke which rule at which packet of a capture",
	.run = run,
	.options = options,
	.help = help,
};
