/* mqttspec-client: the reference client on the command line. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "client/agent.h"
#include "client/pub.h"
#include "client/sub.h"
#include "client/tool/help.h"

enum { EXIT_USAGE = 2 };

static const char help[] =
	"usage: mqttspec-client pub|sub|agent [OPTION]...\n"
	"\n"
	"The reference client of mqttspec: MQTT 3.1.1 and 5.0 over TCP and Unix sockets.\n"
	"\n"
	"  pub          publish messages, as mosquitto_pub does\n"
	"  sub          subscribe and print messages, as mosquitto_sub does\n"
	"  agent        be driven by mqttspec, with commands from standard input\n"
	"\n"
	"  --help       print this; pub --help and sub --help list the options\n"
	"  --version    print the version\n";

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = { { "pub", pub_main }, { "sub", sub_main }, { "agent", agent_main } };
	const char *name = argc > 1 ? argv[1] : "";

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(name, commands[i].name))
			return commands[i].run(argc - 2, argv + 2);
	if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
		fputs(help, stdout);
		return 0;
	}
	if (!strcmp(name, "--version")) {
		fputs(help_version(), stdout);
		return 0;
	}
	if (*name)
		fprintf(stderr, "mqttspec-client: what is \"%s\"?\n", name);
	fputs(help, stderr);
	return EXIT_USAGE;
}
