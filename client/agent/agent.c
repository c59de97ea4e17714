#include "client/agent/agent.h"

#include <stdio.h>
#include <string.h>

#include "client/agent.h"
#include "client/agent/tell.h"

enum { EXIT_USAGE = 2 };

static const char help[] =
	"usage: mqttspec-client agent\n"
	"\n"
	"Lets mqttspec drive the reference client: reads commands from standard input and tells "
	"on\n"
	"standard output what comes of them, one JSON object a line, until the input ends.\n"
	"docs/AGENT.md has the contract.\n";

static void on_line(void *owner, const void *data, size_t len)
{
	commands_line(owner, data, len);
}

static void on_input_end(void *owner)
{
	struct agent *a = owner;

	input_close(&a->input);
	mqttspec_client_free(a->client);
}

static void agent_run(struct agent *a)
{
	uv_loop_init(&a->loop);
	input_init(&a->input, &a->loop, a);
	a->input.line = on_line;
	a->input.end = on_input_end;
	tell_hello();
	input_start(&a->input);
	uv_run(&a->loop, UV_RUN_DEFAULT);
	uv_loop_close(&a->loop);
	while (a->unanswered)
		unanswered_remove(a, a->unanswered);
	json_decref(a->connect_id);
	json_decref(a->disconnect_id);
}

int agent_main(int argc, char **argv)
{
	struct agent a = { 0 };

	if (argc && (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"))) {
		fputs(help, stdout);
		return 0;
	}
	if (argc) {
		fprintf(stderr, "mqttspec-client agent: what is \"%s\"?\n", argv[0]);
		fputs(help, stderr);
		return EXIT_USAGE;
	}
	agent_run(&a);
	return 0;
}
