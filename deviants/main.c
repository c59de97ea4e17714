/* mqttspec-deviant: a broker or a client that breaks one rule, made out of one that keeps them all. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "deviants/agent.h"
#include "deviants/deviation.h"
#include "deviants/proxy.h"
#include "harness/launch/pki.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/tls_context.h"
#include "harness/transport/transport.h"

enum {
	EXIT_USAGE = 2,
	PORT_MAX = 65535,
	DECIMAL = 10,
};

static const char help[] =
	"Usage: mqttspec-deviant --target URL [--listen PORT] [--deviation NAME]\n"
	"       mqttspec-deviant --agent COMMAND [--deviation NAME]\n"
	"       mqttspec-deviant --list | --explain NAME | --pki FOLDER\n"
	"\n"
	"Stands before a broker, or around a client, that keeps the standard, and breaks one rule "
	"of\n"
	"it: everything else passes unchanged. Whether a test suite notices says what it is "
	"worth.\n"
	"\n"
	"Options:\n"
	"  --target URL      the broker to stand before. With mqtts:// or ws:// it stands below\n"
	"                    TLS or WebSocket, and hands on the bytes of TCP\n"
	"  --listen PORT     where, on 127.0.0.1 (default: a free port; it is printed)\n"
	"  --agent COMMAND   the agent of the client to stand around (AGENT.md); commands come "
	"from\n"
	"                    standard input, and are led to the deviant where they connect over "
	"IP\n"
	"  --pki FOLDER      certificates, for a deviation that is an end of TLS itself; alone: "
	"makes\n"
	"                    some there, and ends\n"
	"  --deviation NAME  what to break (default: nothing)\n"
	"  --list            all deviations: name, s(erver) or c(lient), chapter, statements\n"
	"  --explain NAME    what that one does, and which statements it breaks\n"
	"  -h, --help        this\n"
	"\n"
	"It ends at SIGTERM or SIGINT; with --agent, when the agent does. Exit code 2: it could "
	"not\n"
	"begin.\n"
	"\n"
	"Example:\n"
	"  mqttspec-broker -p 1883 &\n"
	"  mqttspec-deviant --target mqtt://127.0.0.1:1883 --listen 1884 \\\n"
	"      --deviation qos1_delivered_twice &\n"
	"  mqttspec run mqtt://127.0.0.1:1884 qos1\n";

struct request {
	const char *target, *agent, *name, *explain, *pki;
	long port;
	bool list;
};

static int complain(const char *what, const char *about)
{
	fprintf(stderr, "mqttspec-deviant: %s%s\nTry: mqttspec-deviant --help\n", what, about);
	return EXIT_USAGE;
}

/* ---- what there is -------------------------------------------------------------------------- */

static int list(void)
{
	for (size_t c = 0; deviation_chapters[c]; c++) {
		const struct deviation_chapter *chapter = deviation_chapters[c];

		for (size_t i = 0; i < chapter->count; i++)
			printf("%-44s  %c  %-16s  %s\n", chapter->list[i].name,
				chapter->client ? 'c' : 's', chapter->name,
				chapter->list[i].statements);
	}
	return 0;
}

static int explain(const char *name)
{
	const struct deviation_chapter *chapter;
	const struct deviation *d = deviation_find(name, &chapter);

	if (!d)
		return complain("there is no deviation ", name);
	printf("%s: a %s of chapter %s\n\n  %s\n\n", d->name, chapter->client ? "client" : "server",
		chapter->name, d->text);
	for (size_t i = 0; i < spec_statement_count; i++) {
		const struct spec_statement *s = &spec_statements[i];
		const char *at = strstr(d->statements, s->name);

		if (at && strchr(" ~", at[strlen(s->name)]))
			printf("  breaks %s: %s\n", s->name, s->summary);
	}
	return 0;
}

/* ---- before a broker ------------------------------------------------------------------------ */

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
	(void)signal_number;
	stopped = 1;
}

static void catch_stop(void)
{
	struct sigaction action = { .sa_handler = stop };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Below all layers of the target, or as an end of TLS before a target without it. NULL, with a sentence. */
static struct listener *listen_for(struct arena *a, const struct request *r,
	const struct endpoint *target, enum trust trusts, struct tls **tls, const char **error)
{
	struct tls_files files = { 0 };

	*tls = NULL;
	if (!trusts)
		return transport_listen_at(a, &transport_tcp, (uint16_t)r->port, NULL, error);
	if (target->transport != &transport_tcp) {
		*error = "this deviation is an end of TLS itself, and stands before mqtt://";
		return NULL;
	}
	files.cert = pki_certificate(a, r->pki, PKI_SERVER);
	files.key = pki_key(a, r->pki, PKI_SERVER);
	if (trusts == TRUSTS_ITS_CA)
		files.ca = pki_ca(a, r->pki);
	*tls = tls_new_listening(a, &files, error);
	return *tls ? transport_listen_at(a, &transport_tls, (uint16_t)r->port, *tls, error) : NULL;
}

static void stand(const struct listener *l, struct proxy *p, const struct endpoint *target)
{
	const struct transport *transport =
		l->transport->is_secret ? l->transport : target->transport;

	printf("%s://%s:%u%s\n", transport->scheme, l->host, l->port,
		target->path ? target->path : "");
	fflush(stdout);
	while (!stopped)
		proxy_turn(p, -1);
	proxy_free(p);
}

static int stand_before(const struct request *r, const struct deviation *d)
{
	struct arena arena;
	struct endpoint target;
	const char *error = NULL;
	struct listener *listener = NULL;
	struct tls *tls = NULL;

	arena_init(&arena);
	catch_stop();
	if (endpoint_parse(&arena, r->target, &target, &error))
		listener = listen_for(&arena, r, &target, deviation_trust(d), &tls, &error);
	int code = listener ? 0 : complain(error, "");
	if (listener)
		stand(listener, proxy_new(listener, &target, d), &target);
	listener_close(listener);
	tls_free(tls);
	arena_fini(&arena);
	return code;
}

static int stand_around(const struct request *r, const struct deviation *d)
{
	struct arena arena;
	const char *error = NULL;

	arena_init(&arena);
	int status = agent_play(&arena, r->agent, d, r->pki, &error);
	int code = error ? complain(error, "") : status;
	arena_fini(&arena);
	return code;
}

static int make_pki(const char *folder)
{
	struct arena arena;
	const char *error = NULL;

	arena_init(&arena);
	int code = pki_write(&arena, folder, &error) ? 0 : complain(error, "");
	arena_fini(&arena);
	return code;
}

/* ---- the command line ----------------------------------------------------------------------- */

static bool read_port(const char *text, long *port)
{
	char *end;

	*port = strtol(text, &end, DECIMAL);
	return *text && !*end && *port >= 0 && *port <= PORT_MAX;
}

static int read_words(int argc, char **argv, struct request *r)
{
	enum { TARGET = 1, LISTEN, AGENT, DEVIATION, PKI, LIST, EXPLAIN };
	static const struct option options[] = {
		{ "target", required_argument, NULL, TARGET },
		{ "listen", required_argument, NULL, LISTEN },
		{ "agent", required_argument, NULL, AGENT },
		{ "deviation", required_argument, NULL, DEVIATION },
		{ "pki", required_argument, NULL, PKI },
		{ "list", no_argument, NULL, LIST },
		{ "explain", required_argument, NULL, EXPLAIN },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0)
		switch (option) {
		case TARGET: r->target = optarg; break;
		case LISTEN:
			if (!read_port(optarg, &r->port))
				return complain(
					"--listen takes a port from 0 to 65535, not ", optarg);
			break;
		case AGENT: r->agent = optarg; break;
		case DEVIATION: r->name = optarg; break;
		case PKI: r->pki = optarg; break;
		case LIST: r->list = true; break;
		case EXPLAIN: r->explain = optarg; break;
		case 'h': fputs(help, stdout); exit(0);
		default: fprintf(stderr, "Try: mqttspec-deviant --help\n"); return EXIT_USAGE;
		}
	return optind < argc ? complain("what is this? ", argv[optind]) : 0;
}

int main(int argc, char **argv)
{
	struct request r = { 0 };
	const struct deviation_chapter *chapter = NULL;
	int code = read_words(argc, argv, &r);

	if (code)
		return code;
	if (r.list)
		return list();
	if (r.explain)
		return explain(r.explain);
	const struct deviation *d = r.name ? deviation_find(r.name, &chapter) : NULL;
	if (r.name && !d)
		return complain("there is no deviation ", r.name);
	if (r.pki && !r.target && !r.agent)
		return make_pki(r.pki);
	if (!r.target == !r.agent)
		return complain("give either --target or --agent", "");
	if (d && chapter->client != !r.target)
		return complain(r.target ? "this deviation is a client's, and goes with --agent: "
					 : "this deviation is a server's, and goes with --target: ",
			r.name);
	if (deviation_trust(d) && !r.pki)
		return complain(
			"this deviation is an end of TLS itself, and needs --pki: ", r.name);
	return r.agent ? stand_around(&r, d) : stand_before(&r, d);
}
