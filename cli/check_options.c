#include "cli/check_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/moment.h"

const char check_help[] =
	"Usage: mqttspec check CAPTURE [OPTION...]\n"
	"       mqttspec check -i INTERFACE [OPTION...]\n"
	"\n"
	"Says who broke which statement at which packet, client and server, connection by\n"
	"connection. CAPTURE is a file of tcpdump or Wireshark (pcap, pcapng), or - for the\n"
	"standard input. MQTT is found on any port, also in WebSockets.\n"
	"\n"
	"What a capture cannot show accuses nobody: after a gap in it, and in connections that\n"
	"began before it, only what stands by itself is judged. What is told can be chosen;\n"
	"everything is judged all the same, and exit code and counts are of what is told.\n"
	"\n"
	"Options: what is read\n"
	"  -i INTERFACE        listen instead of reading a file (any: on all of them)\n"
	"  --follow            go on at the end of CAPTURE, which is still being written\n"
	"  --port N            what goes to this port is MQTT, also where no CONNECT was seen;\n"
	"                      1883 always is (several times: several ports)\n"
	"  --keylog FILE       secrets of TLS sessions, as SSLKEYLOGFILE has them; those that are\n"
	"                      in a pcapng are used anyway\n"
	"\n"
	"Options: what is told\n"
	"  --server ADDR       connections to this server: 10.0.0.1, 10.0.0.1:1883\n"
	"  --client-id P       clients whose ClientId matches P (shell wildcards)\n"
	"  --topic FILTER      connections that published, got or subscribed to topics of this\n"
	"                      Topic Filter, without findings at packets that name other topics\n"
	"                      alone (several times: several filters)\n"
	"  --from TIME         from this time on: seconds since the start of the capture, or\n"
	"                      2026-05-01T12:30:00, with Z or +02:00 where it is not local time\n"
	"  --to TIME           up to this time\n"
	"\n"
	"Options: how it is told\n"
	"  -q, --quiet         no line for a connection without findings\n"
	"  --summary           packets by type, topics by rate, how long answers and messages\n"
	"                      take, and the longest silences; with --out they are drawn\n"
	"                      by mqttspec report --html\n"
	"  --annotate F        a copy of the capture (pcapng) in which the findings are comments\n"
	"                      at their packets: Wireshark shows them there\n"
	"  --json              write records instead (docs/RECORDS.md): a run in which servers\n"
	"                      are judged, then one for clients, a case for each connection;\n"
	"                      where it listens two such runs for each connection, once it is "
	"over\n"
	"  --out DIR           write these records to DIR/server/run.jsonl and\n"
	"                      DIR/client/run.jsonl, for mqttspec report, diff and matrix\n"
	"  -h, --help          this\n"
	"\n"
	"Examples:\n"
	"  mqttspec check field.pcap\n"
	"  tcpdump -i eth0 -w - port 1883 | mqttspec check -\n"
	"  mqttspec check -i lo --port 1884\n"
	"  mqttspec check field.pcap --topic 'plant/+/level' --to 180\n"
	"  mqttspec check field.pcap --out found && mqttspec report found/server --html f.html\n"
	"\n"
	"Exit codes: 0 when nothing was found; 1 when a statement was broken; 2 for bad usage; 3\n"
	"when there was no MQTT, when the capture cannot be read or is damaged, or when the "
	"result\n"
	"cannot be written; 130 by SIGINT or SIGTERM, unless it listens: then that is its end.\n";

const struct option check_options[] = {
	{ "follow", no_argument, NULL, 'f' },
	{ "port", required_argument, NULL, 'p' },
	{ "server", required_argument, NULL, 's' },
	{ "client-id", required_argument, NULL, 'c' },
	{ "topic", required_argument, NULL, 't' },
	{ "from", required_argument, NULL, 'F' },
	{ "to", required_argument, NULL, 'T' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "annotate", required_argument, NULL, 'a' },
	{ "keylog", required_argument, NULL, 'k' },
	{ "summary", no_argument, NULL, 'S' },
	{ "json", no_argument, NULL, 'j' },
	{ "out", required_argument, NULL, 'o' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static bool add_port(struct check_wishes *w, const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || !port || port > UINT16_MAX ||
		w->options.port_count == CHECK_PORTS_MAX)
		return false;
	w->ports[w->options.port_count++] = (uint16_t)port;
	return true;
}

static const char *topic_fault(const char *text)
{
	struct bytes filter = { (const uint8_t *)text, strlen(text) };

	if (utf8_check(filter.data, filter.len) != filter.len)
		return "it is no UTF-8";
	switch (filter_check(filter, MQTT_50)) {
	case FILTER_GOOD: return NULL;
	case FILTER_EMPTY: return "it is empty";
	case FILTER_BAD_HASH: return "# is not a level of its own at its end";
	case FILTER_BAD_PLUS: return "+ is not a level of its own";
	case FILTER_NO_SHARE_NAME:
	case FILTER_BAD_SHARE: return "a shared subscription has a name and a filter";
	}
	return NULL;
}

/* True, or false after a sentence. */
static bool add_topic(struct check_wishes *w, const char *text)
{
	struct scope *scope = &w->options.scope;
	const char *fault = topic_fault(text);

	if (!fault && scope->topic_count == CHECK_TOPICS_MAX)
		fault = "there are too many";
	if (fault) {
		usage_error(&command_check, "--topic \"%s\" is no Topic Filter to look for: %s",
			text, fault);
		return false;
	}
	w->topics[scope->topic_count++] = text;
	return true;
}

static bool read_time(struct scope_time *time, const char *option, const char *text)
{
	if (moment_read(text, time))
		return true;
	usage_error(&command_check,
		"%s \"%s\" is no time: seconds since the start of the capture (12.5), or a date "
		"and "
		"time (2026-05-01T12:30:00Z)",
		option, text);
	return false;
}

/* True, or false after a sentence. */
static bool read_option(struct check_wishes *w, int answer, char **argv)
{
	struct scope *scope = &w->options.scope;

	switch (answer) {
	case 'i': w->interface = optarg; return true;
	case 'f': w->follow = true; return true;
	case 'q': w->quiet = true; return true;
	case 'a': w->annotate = optarg; return true;
	case 'k': w->key_log = optarg; return true;
	case 'S': w->summary = true; return true;
	case 'j': w->json = true; return true;
	case 'o': w->out = optarg; return true;
	case 's': scope->server = optarg; return true;
	case 'c': scope->client_id = optarg; return true;
	case 't': return add_topic(w, optarg);
	case 'F': return read_time(&scope->from, "--from", optarg);
	case 'T': return read_time(&scope->to, "--to", optarg);
	case 'p':
		if (add_port(w, optarg))
			return true;
		usage_error(&command_check, "\"%s\" is no port, or there are more than %d", optarg,
			CHECK_PORTS_MAX);
		return false;
	default: option_error(&command_check, answer, argv); return false;
	}
}

/* What is wrong with all of them together; NULL: nothing. */
static const char *contradiction(const struct check_wishes *w)
{
	const struct scope *s = &w->options.scope;

	if (w->interface && w->follow)
		return "--follow is for files";
	if (w->annotate && (w->interface || w->follow || !strcmp(w->path, "-")))
		return "--annotate copies a file, which has to be whole";
	if (w->annotate && !strcmp(w->annotate, w->path))
		return "--annotate writes to another file";
	if (s->from.from != SCOPE_OPEN && s->from.from == s->to.from && s->to.us < s->from.us)
		return "--to is before --from";
	return NULL;
}

bool check_options_read(struct check_wishes *w, int argc, char **argv, int *code)
{
	int answer;

	*w = (struct check_wishes){ 0 };
	w->options.ports = w->ports;
	w->options.scope.topics = w->topics;
	*code = EXIT_USAGE;
	opterr = 0;
	while ((answer = getopt_long(argc, argv, ":hqi:", check_options, NULL)) != -1) {
		if (answer == 'h') {
			fputs(check_help, stdout);
			*code = EXIT_AS_EXPECTED;
			return false;
		}
		if (!read_option(w, answer, argv))
			return false;
	}
	if (argc - optind != (w->interface ? 0 : 1)) {
		usage_error(&command_check,
			w->interface ? "it listens on %s, or reads a capture, and not both"
				     : "it takes one capture, or -i INTERFACE",
			w->interface);
		return false;
	}
	w->path = argv[optind];
	const char *wrong = contradiction(w);
	if (wrong)
		usage_error(&command_check, "%s", wrong);
	return !wrong;
}
