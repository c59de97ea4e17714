/* mqttspec-broker: the reference broker. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/completion.h"
#include "broker/main_passwd.h"
#include "broker/main_store.h"
#include "broker/shell/server.h"
#include "broker/shell/settings.h"
#include "broker/shell/settings_file.h"

#ifndef MQTTSPEC_VERSION
#error "the build names the version"
#endif

enum { EXIT_USAGE = 2 };

static const char help[] =
	"usage: mqttspec-broker [-p PORT] [-b ADDRESS] [-c FILE] [-v | -q] [--check-config]\n"
	"       mqttspec-broker passwd [-D] [-s] FILE USER\n"
	"       mqttspec-broker --dump FOLDER | --recover FOLDER\n"
	"\n"
	"The reference broker of mqttspec: MQTT 3.1, 3.1.1 and 5.0 over TCP, TLS, WebSocket and\n"
	"Unix sockets, in memory or with a durable store. Without a configuration it listens on\n"
	"127.0.0.1, port 1883, and keeps nothing.\n"
	"\n"
	"  -p, --port PORT      listen on this port of the loopback address; 0: any free one,\n"
	"                       which the first line on stdout names: \"port 40123\"\n"
	"  -b, --bind ADDRESS   with -p: listen on this address instead\n"
	"  -c, --config FILE    read a configuration, in mosquitto.conf's syntax\n"
	"      --check-config   read the configuration, say what is wrong with it, and end\n"
	"      --dump FOLDER    print what is stored there, as JSON lines; the broker may be "
	"running\n"
	"      --recover FOLDER make a new store of what can be read of a damaged one, and keep "
	"that\n"
	"  -v, --verbose        log everything\n"
	"  -q, --quiet          log errors only\n"
	"      --version        print the version\n"
	"  -h, --help           print this\n"
	"\n"
	"SIGTERM and SIGINT end it in order: clients of 5.0 get DISCONNECT 0x8B. SIGHUP reads\n"
	"passwords, rights, certificates, and what is logged, again. man mqttspec-broker lists\n"
	"the directives.\n"
	"\n"
	"Exit codes: 0 ended by a signal, or done; 1 it could not start, or read or save the "
	"store;\n"
	"2 bad usage or configuration.\n";

struct options {
	const char *config;
	const char *address;
	long port;                  /* -1: not given */
	const char *dump, *recover; /* folders */
	bool check;
	bool verbose, quiet;
};

static const struct option longs[] = {
	{ "port", required_argument, NULL, 'p' },
	{ "bind", required_argument, NULL, 'b' },
	{ "config", required_argument, NULL, 'c' },
	{ "check-config", no_argument, NULL, 'C' },
	{ "dump", required_argument, NULL, 'D' },
	{ "recover", required_argument, NULL, 'R' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* For shells: the words that may stand where the last of these is typed. */
static int complete(int count, char **words)
{
	if (count > 1 && !strcmp(words[0], "passwd"))
		return main_passwd_complete(count - 1, words + 1);
	struct completion c = { .to = stdout, .current = words[count - 1], .prefix = "" };
	const struct option *o = completion_option(&c, longs, count > 1 ? words[count - 2] : "");

	if (!o && count == 1)
		completion_offer(&c, "passwd", "users of a password file");
	if (!o)
		completion_offer_options(&c, longs, help);
	else if (o->val == 'c' || o->val == 'D' || o->val == 'R')
		completion_offer(&c, "=files", NULL);
	else if (o->val == 'b')
		completion_offer_words(&c, "127.0.0.1 localhost ::1 0.0.0.0");
	return EXIT_SUCCESS;
}

/* 0 to go on, else the exit code plus one. */
static int read_options(int argc, char **argv, struct options *o)
{
	int c;

	if (argc > 3 && !strcmp(argv[1], "completion") && !strcmp(argv[2], "words"))
		return complete(argc - 3, argv + 3) + 1;

	while ((c = getopt_long(argc, argv, "p:b:c:vqh", longs, NULL)) >= 0) {
		char *end = NULL;
		switch (c) {
		case 'p':
			o->port = strtol(optarg, &end, 10);
			if (!*optarg || *end || o->port < 0 || o->port > 65535) {
				fprintf(stderr,
					"mqttspec-broker: -p takes 0 to 65535, not \"%s\"\n",
					optarg);
				return EXIT_USAGE + 1;
			}
			break;
		case 'b': o->address = optarg; break;
		case 'c': o->config = optarg; break;
		case 'C': o->check = true; break;
		case 'D': o->dump = optarg; break;
		case 'R': o->recover = optarg; break;
		case 'v': o->verbose = true; break;
		case 'q': o->quiet = true; break;
		case 'V': printf("mqttspec-broker " MQTTSPEC_VERSION "\n"); return EXIT_SUCCESS + 1;
		case 'h': fputs(help, stdout); return EXIT_SUCCESS + 1;
		default:
			fprintf(stderr, "mqttspec-broker --help shows the options\n");
			return EXIT_USAGE + 1;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "mqttspec-broker: what is \"%s\"? --help shows the options\n",
			argv[optind]);
		return EXIT_USAGE + 1;
	}
	if (o->address && o->port < 0)
		o->port = 1883;
	return 0;
}

/* False, with a sentence, if they cannot be used. */
static bool read_settings(
	struct settings *s, struct arena *a, const struct options *o, const char **error)
{
	settings_default(s);
	if (o->config && !settings_read(s, a, o->config, error))
		return false;
	if (o->address && !settings_address_valid(o->address)) {
		*error = arena_printf(a,
			"mqttspec-broker: -b takes an IP address or localhost, not \"%s\"",
			o->address);
		return false;
	}
	if (o->port >= 0) {
		if (s->listener_count == LISTENERS_MAX) {
			*error = "mqttspec-broker: no room for the listener of -p";
			return false;
		}
		bool first = !s->listener_count;
		s->listeners[s->listener_count++] =
			(struct listener_settings){ .address =
							    o->address ? o->address : "127.0.0.1",
				.port = (uint16_t)o->port,
				.access.allow_anonymous = first };
	}
	if (o->verbose)
		s->log_most = LOG_DEBUG;
	if (o->quiet)
		s->log_most = LOG_ERROR;
	return true;
}

struct reloading {
	const struct options *options;
	struct server *server;
	struct log *log;
};

static void reload(void *context)
{
	struct reloading *r = context;
	struct settings settings;
	struct arena a;
	const char *wrong = "";
	char error[512];

	arena_init(&a);
	if (!r->options->config) {
		log_line(r->log, LOG_NOTICE, "SIGHUP: there is no configuration to read again");
	} else if (!read_settings(&settings, &a, r->options, &wrong)) {
		log_line(r->log, LOG_ERROR, "SIGHUP: all stays as it was: %s", wrong);
	} else if (!server_apply(r->server, &settings, error, sizeof(error))) {
		log_line(r->log, LOG_ERROR, "SIGHUP: all stays as it was: %s", error);
	} else {
		log_line(r->log, LOG_NOTICE, "SIGHUP: %s read again", r->options->config);
	}
	arena_fini(&a);
}

static bool write_pid(const char *path)
{
	FILE *file = fopen(path, "we");
	bool ok = file && fprintf(file, "%d\n", (int)getpid()) > 0;

	if (file && fclose(file))
		ok = false;
	if (!ok)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return ok;
}

static void warn_of_nobody(const struct access_settings *a, struct log *log)
{
	if (a->allow_anonymous || a->password_file || a->scram_file)
		return;
	log_line(log, LOG_WARNING, "every client is refused: there are no users, and %s",
		a->allow_anonymous_given
			? "allow_anonymous is false"
			: "a file with a listener has to say allow_anonymous true");
}

static void announce(const struct settings *s, struct server *server, struct log *log)
{
	unsigned count = s->listener_count ? s->listener_count : 1;

	for (unsigned i = 0; i < count; i++) {
		if (s->listener_count && s->listeners[i].path) {
			log_line(log, LOG_NOTICE, "listening on %s", s->listeners[i].path);
			continue;
		}
		const char *address = s->listener_count ? s->listeners[i].address : "127.0.0.1";
		if (s->listener_count && s->listeners[i].port == 0)
			printf("port %u\n", server_port(server, i));
		log_line(log, LOG_NOTICE, "listening on %s port %u", address,
			server_port(server, i));
	}
	fflush(stdout);
	for (unsigned i = 0; i < s->listener_count; i++)
		if (s->listeners[i].tls.identity_as_user || s->listeners[i].tls.subject_as_user)
			return; /* clients bring their names */
	for (unsigned i = 0; i < (s->per_listener ? s->listener_count : 1); i++)
		warn_of_nobody(s->per_listener ? &s->listeners[i].access : &s->access, log);
}

static int check(const struct options *o, const struct settings *s, struct arena *a)
{
	const char *error;
	char why[512];

	bool ok = settings_check(s, a, &error);
	if (ok && !server_check(s, why, sizeof(why))) {
		ok = false;
		error = why;
	}
	if (!ok) {
		fprintf(stderr, "%s\n", error);
		return EXIT_USAGE;
	}
	printf("%s: fine\n", o->config ? o->config : "the configuration");
	return EXIT_SUCCESS;
}

static int serve(const struct options *o, const struct settings *s, struct log *log)
{
	char error[512];
	struct server *server =
		server_new(s, log, "mqttspec-broker " MQTTSPEC_VERSION, error, sizeof(error));

	if (!server) {
		fprintf(stderr, "mqttspec-broker: %s\n", error);
		return EXIT_FAILURE;
	}
	int code = EXIT_SUCCESS;
	if (!s->pid_file || write_pid(s->pid_file)) {
		struct reloading r = { o, server, log };
		server_on_reload(server, reload, &r);
		announce(s, server, log);
		server_run(server);
		log_line(log, LOG_NOTICE, "ended");
		if (s->pid_file)
			unlink(s->pid_file);
	} else {
		code = EXIT_FAILURE;
	}
	server_free(server);
	return code;
}

/* Every function of every library is found before the first secret comes, which the linker is told by the
 * environment alone: docs/decisions/0022-secrets-in-memory.md. Without /proc it goes on as it is.
 */
static void find_functions_first(char **argv)
{
	if (!getenv("LD_BIND_NOW") && !setenv("LD_BIND_NOW", "1", 0))
		execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
	struct options o = { .port = -1 };
	struct settings settings;
	struct arena a;

	if (argc > 1 && !strcmp(argv[1], "passwd"))
		return main_passwd(argc - 1, argv + 1);
	int code = read_options(argc, argv, &o);

	if (code)
		return code - 1;
	signal(SIGPIPE, SIG_IGN);
	if (o.dump)
		return main_dump(o.dump);
	if (o.recover)
		return main_recover(o.recover);
	find_functions_first(argv);
	signal(SIGHUP,
		SIG_IGN); /* until it is listened for: what is stored may take a while to read */
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is told as an error */
	arena_init(&a);
	const char *error;
	if (!read_settings(&settings, &a, &o, &error)) {
		fprintf(stderr, "%s\n", error);
		code = EXIT_USAGE;
	} else if (o.check) {
		code = check(&o, &settings, &a);
	} else {
		struct log log = { .to = stderr, .most = settings.log_most };
		if (settings.log_file && !(log.to = fopen(settings.log_file, "ae"))) {
			fprintf(stderr, "%s: %s\n", settings.log_file, strerror(errno));
			code = EXIT_FAILURE;
		} else {
			setvbuf(log.to, NULL, _IOLBF, 0);
			code = serve(&o, &settings, &log);
			if (settings.log_file)
				fclose(log.to);
		}
	}
	arena_fini(&a);
	return code;
}
