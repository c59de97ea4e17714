#include "cli/bench_target.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/bench_options.h"
#include "cli/cli.h"
#include "cli/nearest.h"
#include "cli/target_path.h"
#include "harness/agent/client.h"
#include "harness/runner/password.h"
#include "harness/transport/address.h"
#include "harness/transport/transport.h"

static bool complain(int *code, enum exit_code why, const char *sentence)
{
	fprintf(stderr, "mqttspec bench: %s\n", sentence);
	*code = why;
	return false;
}

/* ---- finding -------------------------------------------------------------------------------- */

/* The user name and the password: of the command line, the environment, or the file. */
static const char *find_login(struct bench_target *t)
{
	const struct bench_options *o = t->options;
	const char *user = o->user ? o->user : getenv("MQTTSPEC_USER");
	const char *password = getenv("MQTTSPEC_PASSWORD");
	const char *path = o->password_file, *error = NULL;

	if (user && *user)
		t->login.user_name = arena_text(t->arena, user);
	if (!path && password && *password)
		t->login.password = arena_text(t->arena, password);
	if (!t->login.user_name && t->has_file && t->file.user_name) {
		t->login.user_name = t->file.user_name;
		if (!path && !t->login.password) {
			path = t->file.password_file;
			t->login.password = t->file.password;
		}
	}
	if (path)
		t->login.password = password_read(t->arena, path, &error);
	if (error)
		return error;
	if (!t->login.user_name)
		return t->login.password ? "a password needs a user name: --user NAME" : NULL;
	size_t len = strlen(t->login.user_name);
	if (len > LOGIN_SIZE_MAX || utf8_check((const uint8_t *)t->login.user_name, len) != len)
		return "the user name must be UTF-8, of at most 65535 bytes";
	if (t->login.password && strlen(t->login.password) > LOGIN_SIZE_MAX)
		return "a password has at most 65535 bytes";
	return NULL;
}

static const char *read_file(struct bench_target *t, const char *path)
{
	const char *error;
	struct client client;

	t->has_file = true;
	if (!target_file_read(t->arena, path, &t->file, &error))
		return error;
	if (target_file_client(t->arena, &t->file, &client))
		return arena_printf(
			t->arena, "%s is a client: it is brokers that are measured", path);
	return NULL;
}

/* What was said of processes and transports fits what it is. */
static const char *fault_of(struct bench_target *t, const char *url)
{
	const struct bench_options *o = t->options;
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
	return arena_printf(a, "\"%s\" is no target (a URL, HOST:PORT, a file, or one of: %s)%s",
		word, target_names(a), nearest_text(&n, hint));
}

bool bench_target_find(struct bench_target *t, struct arena *a, const struct bench_options *o,
	const char *word, int *code)
{
	const char *found, *error = NULL, *url = NULL;

	*t = (struct bench_target){ .arena = a, .options = o };
	switch (target_word(a, word, &found)) {
	case WORD_URL: url = found; break;
	case WORD_FILE: error = read_file(t, found); break;
	case WORD_NO_TARGET: error = no_target(a, word); break;
	}
	if (t->has_file && !error)
		url = t->file.url;
	if (!error)
		error = fault_of(t, url);
	if (!error)
		error = find_login(t);
	if (error)
		return complain(code, EXIT_USAGE, error);
	target_init(&t->target, t->has_file ? &t->file : NULL);
	t->ready = true;
	t->target.files = o->tls;
	t->target.path = o->ws_path;
	t->target.login = t->login.user_name ? &t->login : NULL;
	t->endpoint.url = url;
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

bool bench_target_start(struct bench_target *t, int stop_fd, int *code)
{
	const struct bench_options *o = t->options;
	const char *error = NULL;

	t->target.stop_fd = stop_fd;
	if (o->transport) {
		t->target.routes = &o->transport;
		t->target.route_count = 1;
	}
	if (!target_is_launched(&t->target)) {
		if (!target_use_url(&t->target, t->endpoint.url, &error))
			return complain(code, EXIT_NOTHING, error);
		t->endpoint = t->target.endpoint;
		if (is_here(&t->endpoint) || o->anyway)
			return true;
		return complain(code, EXIT_USAGE,
			arena_printf(t->arena,
				"%s is not on this machine: a load test of a broker has to be "
				"meant by whoever runs it; if it is, say --anyway",
				t->endpoint.url));
	}
	switch (target_launch(&t->target, &error)) {
	case TARGET_UP: break;
	case TARGET_FAILED: return complain(code, EXIT_NOTHING, error);
	case TARGET_CANCELLED: return complain(code, EXIT_INTERRUPTED, "interrupted");
	}
	t->endpoint =
		o->transport ? *target_endpoint(&t->target, o->transport) : t->target.endpoint;
	return true;
}

struct book_target bench_target_entry(const struct bench_target *t, const char *word)
{
	bool launched = target_is_launched(&t->target);

	return (struct book_target){
		.word = word,
		.name = t->has_file ? t->file.name : word,
		.version = launched ? target_file_version(t->arena, &t->file) : NULL,
		.url = t->endpoint.url,
		.launched = launched,
	};
}

const char *bench_target_death(struct bench_target *t)
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

void bench_target_stop(struct bench_target *t)
{
	if (t->ready)
		target_fini(&t->target);
	t->ready = false;
}
