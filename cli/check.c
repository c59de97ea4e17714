#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "check/report.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "pcap/source.h"

enum { PORTS_MAX = 64, IDLE_MS = 200, ERROR_SIZE = 1024 };

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
	"      --server ADDR   only connections to this server: 10.0.0.1, 10.0.0.1:1883\n"
	"      --client-id P   only clients whose ClientId matches P (shell wildcards)\n"
	"  -q, --quiet         no line for a connection without findings\n"
	"  -h, --help          this\n"
	"\n"
	"Examples:\n"
	"  mqttspec check field.pcap\n"
	"  tcpdump -i eth0 -w - port 1883 | mqttspec check -\n"
	"  mqttspec check -i lo --port 1884\n"
	"\n"
	"Exit codes: 0 when nothing was found; 1 when a statement was broken; 2 for bad usage; 3\n"
	"when there was no MQTT, when the capture cannot be read or is damaged, or when the result\n"
	"cannot be written; 130 by SIGINT or SIGTERM, unless it listens: then that is its end.\n";

struct wishes {
	const char *path;
	const char *interface;
	bool follow;
	bool quiet;
	struct check_options options;
	uint16_t ports[PORTS_MAX];
};

/* For the handler of signals, which gets nothing else. */
static struct source *stopped_source;
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
	source_stop(stopped_source);
}

static void catch_signals(struct source *source)
{
	struct sigaction action = { .sa_handler = on_signal };

	stopped_source = source;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static struct source *open_source(const struct wishes *w)
{
	char error[ERROR_SIZE];
	struct source *source = w->interface
		? source_interface(w->interface, "tcp or ip6 or ip", error, sizeof(error))
		: source_file(w->path, w->follow, error, sizeof(error));

	if (!source)
		fprintf(stderr, "mqttspec check: %s\n", error);
	return source;
}

static void read_all(struct check *check, struct source *source, struct check_report *report)
{
	struct captured packet;
	int64_t last_us = 0;

	for (;;) {
		switch (source_next(source, IDLE_MS, &packet)) {
		case SOURCE_PACKET: break;
		case SOURCE_IDLE:
			if (last_us)
				check_time(check, last_us += IDLE_MS * 1000);
			continue;
		case SOURCE_END: check_end(check); return;
		}
		last_us = packet.at_ns / 1000;
		if (!report->start_us)
			report->start_us = last_us;
		check_packet(check, &packet);
	}
}

static int judge_result(const struct check *check, const struct source *source, bool live)
{
	const struct check_count *n = check_counted(check);
	uint64_t mqtt = n->connections[CONNECTION_MQTT] + n->connections[CONNECTION_OLD] +
		n->connections[CONNECTION_FOREIGN];
	const char *problem = source_problem(source);

	if (problem)
		fprintf(stderr, "mqttspec check: %s\n", problem);
	if (interrupted && !live)
		return EXIT_INTERRUPTED;
	if (n->findings[SIDE_CLIENT] || n->findings[SIDE_SERVER])
		return EXIT_UNEXPECTED;
	return problem || !mqtt ? EXIT_NOTHING : EXIT_AS_EXPECTED;
}

static int check_source(const struct wishes *w)
{
	static const struct check_listener tells = { check_report_found, check_report_over };
	struct source *source = open_source(w);

	if (!source)
		return EXIT_NOTHING;
	bool live = w->interface || w->follow;
	struct check_report report = { .to = stdout,
		.live = live,
		.quiet = w->quiet,
		.name = w->interface ? w->interface : w->path };
	struct check *check = check_new(&w->options, &tells, &report);

	catch_signals(source);
	read_all(check, source, &report);
	check_report_end(&report, check);
	int code = judge_result(check, source, live);
	if (!output_is_whole(stdout)) {
		fprintf(stderr, "mqttspec check: standard output: %s\n", strerror(errno));
		code = EXIT_NOTHING;
	}
	check_free(check);
	source_close(source);
	return code;
}

static const struct option options[] = {
	{ "follow", no_argument, NULL, 'f' },
	{ "port", required_argument, NULL, 'p' },
	{ "server", required_argument, NULL, 's' },
	{ "client-id", required_argument, NULL, 'c' },
	{ "quiet", no_argument, NULL, 'q' },
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
