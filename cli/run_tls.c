/* What a run brings along for TLS and WebSocket, or wants to see of them: whether it fits the routes, and whether
 * its files are of use. All of it is said before anything starts.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/run.h"
#include "harness/transport/address.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/tls_context.h"
#include "harness/transport/transport.h"

struct tls_files run_tls_files(const struct run_options *o)
{
	return (struct tls_files){
		.ca = o->ca,
		.cert = o->cert,
		.key = o->key,
		.sni = o->sni,
		.insecure = o->insecure,
	};
}

/* The first option of those that were given; NULL: none was. */
static const char *tls_option(const struct run_options *o)
{
	return o->ca          ? "--ca"
		: o->cert     ? "--cert"
		: o->key      ? "--key"
		: o->sni      ? "--sni"
		: o->insecure ? "--insecure"
			      : NULL;
}

bool run_any_secret(const struct run *run)
{
	for (size_t i = 0; i < run->routes.count; i++)
		if (run->routes.list[i]->is_secret)
			return true;
	return false;
}

static bool any_path(const struct run *run)
{
	for (size_t i = 0; i < run->routes.count; i++)
		if (run->routes.list[i]->has_path)
			return true;
	return false;
}

/* NULL: its files can be used, as far as can be told without the other side. */
static const char *files_fault(struct run *run)
{
	const struct run_options *o = &run->options;
	const struct tls_files files = run_tls_files(o);
	const char *option = tls_option(o), *error = NULL;

	if (option && run->role != ROLE_SERVER)
		return arena_printf(&run->arena, "%s is for brokers, not for a client", option);
	if (option && !run_any_secret(run))
		return arena_printf(&run->arena,
			"%s is for TLS (mqtts://, wss://, --transports tls,wss), and there is none",
			option);
	if (!o->cert != !o->key)
		return "--cert and --key need each other";
	if (option)
		tls_free(tls_new_dialling(&run->arena, &files, &error));
	return error;
}

/* That of a URL, as it is written; NULL: it has none. */
static const char *url_path(struct run *run)
{
	const char *url = run->has_file ? run->file.url : run->target_word, *rest;
	struct address at;

	if (!url || !transport_of_url(url, &rest))
		return NULL;
	return address_split(&run->arena, rest, 1, &at) ? at.path : NULL;
}

static const char *path_fault(struct run *run)
{
	const char *path = run->options.ws_path;

	if (!path)
		return NULL;
	if (run->role != ROLE_SERVER)
		return "--ws-path is for brokers, not for a client";
	if (!any_path(run))
		return "--ws-path is for WebSocket (ws://, wss://, --transports ws,wss), and there "
		       "is none";
	if (address_path_objection(path))
		return arena_printf(
			&run->arena, "--ws-path %s: %s", path, address_path_objection(path));
	const char *other = url_path(run);
	if (other && strcmp(other, path) != 0)
		return arena_printf(
			&run->arena, "--ws-path %s, and %s in the URL: which is it?", path, other);
	return NULL;
}

static const char *wire_fault(const struct run *run)
{
	for (size_t i = 0; i < run->routes.count; i++)
		if (run->routes.list[i]->below)
			return NULL;
	return run->options.wire
		? "--wire is for TLS and WebSocket (--transports tls,ws,wss), and there "
		  "is none; every other capture has the real bytes already"
		: NULL;
}

bool run_find_tls(struct run *run, int *code)
{
	const char *fault = files_fault(run);

	if (!fault)
		fault = path_fault(run);
	if (!fault)
		fault = wire_fault(run);
	if (!fault)
		return true;
	fprintf(stderr, "mqttspec %s: %s\n", run->options.command->name, fault);
	*code = EXIT_USAGE;
	return false;
}
