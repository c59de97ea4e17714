/* mqttspec-client: the reference client on the command line. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/completion.h"
#include "client/agent.h"
#include "client/pub.h"
#include "client/sub.h"
#include "client/tool/completion.h"
#include "client/tool/help.h"

enum { EXIT_USAGE = 2 };

static const char help[] =
	"usage: mqttspec-client pub|sub|agent [OPTION]...\n"
	"\n"
	"The reference client of mqttspec: MQTT 3.1.1 and 5.0 over TCP, TLS, WebSocket and\n"
	"Unix sockets.\n"
	"\n"
	"  pub          publish messages, as mosquitto_pub does\n"
	"  sub          subscribe and print messages, as mosquitto_sub does\n"
	"  agent        be driven by mqttspec, with commands from standard input\n"
	"\n"
	"  --help       print this; pub --help and sub --help list the options\n"
	"  --version    print the version\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	enum command_kind kind; /* 0: without options */
} commands[] = {
	{ "pub", pub_main, COMMAND_PUB },
	{ "sub", sub_main, COMMAND_SUB },
	{ "agent", agent_main, 0 },
};

/* For shells: the words that may stand where the last of these is typed. */
static int complete(int count, char **words)
{
	struct completion c = { .to = stdout, .current = words[0], .prefix = "" };

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (count == 1)
			completion_offer(&c, commands[i].name, NULL);
		else if (commands[i].kind && !strcmp(words[0], commands[i].name))
			completion_print(commands[i].kind, words + 1, count - 1);
	}
	if (count == 1)
		completion_offer_words(&c, "--help --version");
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(name, commands[i].name))
			return commands[i].run(argc - 2, argv + 2);
	if (argc > 3 && !strcmp(name, "completion") && !strcmp(argv[2], "words"))
		return complete(argc - 3, argv + 3);
	if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
		fputs(help, stdout);
		return 0;
	}
	if (!strcmp(name, "--version")) {
		fputs(help_version(), stdout);
		return 0;
	}
	if (*name)
		fprintf(stderr,
			"mqttspec-client: there is no command \"%s\"; it takes pub, sub or agent\n",
			name);
	else
		fputs(help, stderr);
	return EXIT_USAGE;
}
