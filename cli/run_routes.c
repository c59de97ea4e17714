/* What a run's case runs travel over. A broker offers what its file or its URL says. A client says itself what it
 * speaks: an agent in its hello, for a plain command line its file, or whoever calls us.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/run.h"
#include "harness/runner/target_install.h"
#include "harness/transport/transport.h"

static void add_route(struct run *run, const struct transport *transport)
{
	size_t count = run->routes.count;
	const struct transport **list = arena_alloc(&run->arena, (count + 1) * sizeof(*list));

	if (count)
		memcpy(list, run->routes.list, count * sizeof(*list));
	list[count] = transport;
	run->routes = (struct routes){ list, count + 1 };
}

/* ---- what there is ------------------------------------------------------------------------- */

static unsigned all(void)
{
	unsigned mask = 0;

	for (size_t i = 0; transports[i]; i++)
		mask |= transport_bit(transports[i]);
	return mask;
}

static unsigned of_server(const struct run *run)
{
	const struct target_file *file = run->has_file ? &run->file : NULL;
	const char *url = file && file->url ? file->url : run->target_word;
	unsigned mask = 0;

	for (size_t i = 0; transports[i]; i++)
		if (target_offers(file, url, transports[i]))
			mask |= transport_bit(transports[i]);
	return mask;
}

/* An agent on trial has to keep its word about each of them. */
static bool takes_all(const struct run *run)
{
	return run->options.all_transports || run->role == ROLE_AGENT;
}

/* Its word is asked for where it counts. False, with a sentence. */
static bool of_agent(struct run *run, unsigned *out, const char **error)
{
	const struct run_options *o = &run->options;
	struct client_facts facts;

	*out = transport_bit(transports[0]);
	if (!o->routes.count && (!takes_all(run) || (o->list && !o->all_transports)))
		return true;
	*error = run->has_file ? target_install_lack(&run->arena, &run->file) : NULL;
	if (*error)
		return false;
	if (!client_hello(&run->arena, &run->client, (int64_t)o->answer_ms * 1000, &facts, error)) {
		*error = run_not_launched(run, *error);
		return false;
	}
	*out = facts.transports;
	return true;
}

/* Without a word in its file it is up to the caller. */
static bool of_command_line(struct run *run, unsigned *out, const char **error)
{
	const struct routes *said = &run->file.transports;

	*out = said->count ? 0 : run->options.routes.count ? all() : transport_bit(transports[0]);
	for (size_t i = 0; i < said->count; i++)
		*out |= transport_bit(said->list[i]);
	*error = "--transports all: a command line does not say what it speaks; name the "
		 "transports";
	return said->count || !run->options.all_transports;
}

static bool find_offered(struct run *run, unsigned *out, const char **error)
{
	if (run->role == ROLE_SERVER) {
		*out = of_server(run);
		return true;
	}
	return run->client.agent ? of_agent(run, out, error) : of_command_line(run, out, error);
}

/* ---- what is taken of it ------------------------------------------------------------------- */

static const char *names(struct run *run, unsigned mask)
{
	const char *text = "";

	for (size_t i = 0; transports[i]; i++)
		if (mask & transport_bit(transports[i]))
			text = arena_printf(
				&run->arena, "%s%s%s", text, *text ? "," : "", transports[i]->name);
	return text;
}

static const char *not_offered(struct run *run, unsigned offered, const struct transport *transport)
{
	if (run->role == ROLE_SERVER)
		return arena_printf(&run->arena, "%s does not offer the transport %s",
			run->target_word, transport->name);
	return arena_printf(&run->arena,
		"the client does not speak %s; what it does: --transports %s", transport->name,
		names(run, offered));
}

/* Those asked for; with `all` those that there are; without a word the usual one. */
bool run_find_routes(struct run *run, int *code)
{
	const struct run_options *o = &run->options;
	const char *error;
	unsigned offered;

	if (!find_offered(run, &offered, &error))
		return run_complain(
			run, code, run->client.agent ? EXIT_NOTHING : EXIT_USAGE, error);
	for (size_t i = 0; i < o->routes.count; i++) {
		if (!(offered & transport_bit(o->routes.list[i])))
			return run_complain(run, code, EXIT_USAGE,
				not_offered(run, offered, o->routes.list[i]));
		add_route(run, o->routes.list[i]);
	}
	for (size_t i = 0; !o->routes.count && transports[i]; i++)
		if (offered & transport_bit(transports[i]) &&
			(takes_all(run) || !run->routes.count))
			add_route(run, transports[i]);
	if (!run->routes.count)
		add_route(run, transports[0]); /* of no known scheme: its URL will be refused */
	run->client.transport = run->routes.list[0];
	return true;
}
