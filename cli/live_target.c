#include "cli/live_target.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/login.h"
#include "cli/nearest.h"
#include "cli/target_path.h"
#include "harness/agent/client.h"
#include "harness/transport/address.h"
#include "harness/transport/transport.h"

static bool complain(
	const struct live_target *t, int *code, enum exit_code why, const char *sentence)
{
	fprintf(stderr, "mqttspec %s: %s\n", t->options->command->name, sentence);
	*code = why;
	return false;
}

/* ---- finding -------------------------------------------------------------------------------- */

static const char *read_file(struct live_target *t, const char *path)
{
	const char *error;
	struct client client;

	t->has_file = true;
	if (!target_file_read(t->arena, path, &t->file, &error))
		return error;
	t->is_client = target_file_client(t->arena, &t->file, &client);
	return NULL;
}

/* What was said of processes and transports fits what it is. */
static const char *fault_of(struct live_target *t, const char *url)
{
	const struct live_options *o = t->options;
	bool launched = t->has_file && t->file.command;

	if (o->ws_path && address_path_objection(o->ws_path))
		return arena_printf(t->arena, "--ws-path %s: %s", o->ws_path,
			address_path_objection(o->ws_path));
	if (launched && o->pid)
		return "--pid is for a target that is not launched";
	if (!launched && o->transport)
		return "--transport is for a launched target: a URL says itself how it is reached";
	if (launched && o->transport && !target_offers(&t->file, NULL, o->transport))
		return arena_printf(t->arena, "%s does not say how to reach it over %s",
			t->file.path, o->transport->name);
	return url ? endpoint_objection(t->arena, url) : NULL;
}

static const char *no_target(struct arena *a, const char *word)
{
	struct nearest n;
	char hint[NEAREST_TEXT];
	char *rest = arena_text(a, target_names(a));

	nearest_init(&n, word);
	for (char *name = strtok_r(rest, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
		nearest_offer(&n, name);
	return arena_printf(
		a, "\"%s\" is no target (%s)%s", word, target_choice(a), nearest_text(&n, hint));
}

bool live_target_find(struct live_target *t, struct arena *a, const struct live_options *o,
	const char *word, int *code)
{
	const char *found, *error = NULL, *url = NULL;

	*t = (struct live_target){ .arena = a, .options = o };
	switch (target_word(a, word, &found)) {
	case WORD_URL: url = found; break;
	case WORD_FILE: error = read_file(t, found); break;
	case WORD_NO_TARGET: error = no_target(a, word); break;
	}
	if (t->is_client && !error)
		return true;
	if (t->has_file && !error)
		url = t->file.url;
	if (!error)
		error = fault_of(t, url);
	if (!error)
		error = login_find(t->arena, o->user, o->password_file,
			t->has_file ? &t->file : NULL, &t->login);
	if (error)
		return complain(t, code, EXIT_USAGE, error);
	target_init(&t->target, t->has_file ? &t->file : NULL);
	t->ready = true;
	t->target.files = o->tls;
	t->target.path = o->ws_path;
	t->target.login = t->login.user_name ? &t->login : NULL;
	t->url = url;
	return true;
}

/* ---- starting ------------------------------------------------------------------------------- */

static bool is_here(const struct endpoint *e)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&e->address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&e->address;

	switch (e->address.ss_family) {
	case AF_UNIX: return true;
	case AF_INET: return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	case AF_INET6: return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	default: return false;
	}
}

bool live_target_start(struct live_target *t, int stop_fd, int *code)
{
	const struct live_options *o = t->options;
	const char *error = NULL;

	t->target.stop_fd = stop_fd;
	if (o->transport) {
		t->target.routes = &o->transport;
		t->target.route_count = 1;
	}
	if (!target_is_launched(&t->target)) {
		if (!target_use_url(&t->target, t->url, &error))
			return complain(t, code, EXIT_NOTHING, error);
		if (is_here(&t->target.endpoint) || o->anyway)
			return true;
		return complain(t, code, EXIT_USAGE,
			arena_printf(t->arena,
				"%s is not on this machine: %s a broker has to be meant by "
				"whoever runs it; if it is, say --anyway",
				t->target.endpoint.url, o->purpose));
	}
	switch (target_launch(&t->target, &error)) {
	case TARGET_UP: break;
	case TARGET_FAILED: return complain(t, code, EXIT_NOTHING, error);
	case TARGET_CANCELLED: return complain(t, code, EXIT_INTERRUPTED, "interrupted");
	}
	return true;
}

const struct endpoint *live_target_endpoint(const struct live_target *t)
{
	const struct transport *transport = t->options->transport;

	return transport ? target_endpoint(&t->target, transport) : &t->target.endpoint;
}

const char *live_target_death(struct live_target *t)
{
	struct record_death death;

	if (!target_is_launched(&t->target) || !target_died(&t->target, t->arena, &death))
		return NULL;
	if (death.signal)
		return arena_printf(t->arena,
			"the target died by signal %d (%s); its last words: %s", death.signal,
			strsignal(death.signal), death.stderr_tail);
	return arena_printf(t->arena, "the target ended with exit code %d; its last words: %s",
		death.exit_code, death.stderr_tail);
}

void live_target_stop(struct live_target *t)
{
	if (t->ready)
		target_fini(&t->target);
	t->ready = false;
}
