#include "deviants/agent.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "deviants/deviation.h"
#include "deviants/passing.h"
#include "deviants/proxy.h"
#include "harness/launch/pki.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/tls_context.h"
#include "harness/transport/transport.h"

enum {
	LINE_MAX_BYTES = 16 * 1024 * 1024 + 1, /* docs/AGENT.md, and its end */
	READ_SIZE = 64 * 1024,
	EXIT_TROUBLE = 2,
	EXIT_SIGNAL = 128,
};

/* What a connection may still have need of. */
struct dialled {
	struct dialled *next;
	struct tls *tls;
};

struct relay {
	struct arena *arena;
	const char *pki; /* a folder */
	const struct deviation *deviation;
	struct dialled *dialled;
	struct listener *listener;
	struct endpoint target; /* where the last `connect` led */
	struct buf in;          /* the beginning of a line */
	int commands;           /* the agent's standard input; -1: closed */
	pid_t pid;
	int ended; /* may be read once the process has ended (pidfd); -1: not to be had */
};

/* ---- lines --------------------------------------------------------------------------------- */

static bool write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* In the arena, like all that a connection may have need of. */
static const char *text_of(struct relay *r, const json_t *command, const char *name)
{
	const char *text = json_string_value(json_object_get(command, name));

	return text ? arena_text(r->arena, text) : NULL;
}

/* A TLS of our own towards where the client wants to go, which takes any certificate. The client, for its part, trusts us. */
static bool end_tls(struct relay *r, json_t *command)
{
	const struct tls_files files = {
		.sni = text_of(r, command, "server_name"),
		.cert = text_of(r, command, "cert"),
		.key = text_of(r, command, "key"),
		.insecure = true,
	};
	struct dialled *new = arena_new(r->arena, struct dialled);
	const char *error;

	new->tls = tls_new_dialling(r->arena, &files, &error);
	if (!new->tls)
		return false;
	new->next = r->dialled;
	r->dialled = new;
	r->target.tls = new->tls;
	json_object_set_new(command, "ca", json_string(pki_ca(r->arena, r->pki)));
	json_object_del(command, "server_name");
	json_object_del(command, "cert");
	json_object_del(command, "key");
	return true;
}

/* Where a `connect` over IP leads, as a URL; NULL: it is no such command. */
static const char *goal(struct relay *r, const json_t *command)
{
	const char *name = text_of(r, command, "do"), *host = text_of(r, command, "host"),
		   *by = text_of(r, command, "transport"), *path = text_of(r, command, "path");
	const struct transport *transport = by ? transport_find(by) : &transport_tcp;

	if (!name || strcmp(name, "connect") != 0 || !host || !transport || !transport->is_ip ||
		!json_integer_value(json_object_get(command, "port")) ||
		(r->listener->tls && transport != &transport_tls))
		return NULL;
	return arena_printf(r->arena, "%s://%s:%lld%s", transport->scheme, host,
		(long long)json_integer_value(json_object_get(command, "port")), path ? path : "");
}

/* Whether the deviation has a say in commands. */
static bool deviates(struct relay *r, json_t *command)
{
	struct passing it = { .arena = r->arena, .command = command };
	bool watched = passing_is_watched(r->deviation, TO_SERVER, EVENT_COMMAND);

	if (watched)
		passing_deviate(&it, r->deviation, EVENT_COMMAND);
	return watched;
}

/* A `connect` leads to us instead. Any other line is as it was, unless the deviation changes it: NULL. */
static char *redirected(struct relay *r, const char *line, size_t len)
{
	json_t *command = json_loadb(line, len, 0, NULL);
	const char *url = goal(r, command), *error = NULL;
	char *text = NULL;

	if (command && deviates(r, command))
		text = json_dumps(command, JSON_COMPACT);

	if (url && endpoint_parse(r->arena, url, &r->target, &error) &&
		(!r->listener->tls || end_tls(r, command))) {
		json_object_set_new(command, "host", json_string(r->listener->host));
		json_object_set_new(command, "port", json_integer(r->listener->port));
		free(text);
		text = json_dumps(command, JSON_COMPACT);
	}
	json_decref(command);
	return text;
}

static bool hand_on_line(struct relay *r, const char *line, size_t len)
{
	char *text = redirected(r, line, len);
	bool ok = text
		? write_all(r->commands, text, strlen(text)) && write_all(r->commands, "\n", 1)
		: write_all(r->commands, line, len);

	free(text);
	return ok;
}

static void close_commands(struct relay *r)
{
	if (r->commands >= 0)
		close(r->commands);
	r->commands = -1;
}

static void read_commands(struct relay *r)
{
	char data[READ_SIZE];
	ssize_t n = read(STDIN_FILENO, data, sizeof(data));
	const char *end;

	if (n <= 0 || !buf_add(&r->in, data, (size_t)n)) {
		close_commands(r);
		return;
	}
	while (r->in.len && (end = memchr(r->in.data, '\n', r->in.len))) {
		size_t len = (size_t)(end - (const char *)r->in.data) + 1;

		if (!hand_on_line(r, (const char *)r->in.data, len)) {
			close_commands(r);
			return;
		}
		buf_consume(&r->in, len);
	}
}

/* ---- the agent's process ------------------------------------------------------------------- */

static bool launch(struct relay *r, const char *command)
{
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC))
		return false;
	r->pid = fork();
	if (!r->pid) {
		dup2(pipe_fds[0], STDIN_FILENO);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(EXIT_SIGNAL - 1);
	}
	close(pipe_fds[0]);
	r->commands = pipe_fds[1];
	r->ended = r->pid > 0 ? (int)syscall(SYS_pidfd_open, r->pid, 0) : -1;
	return r->pid > 0;
}

/* True: it has ended. */
static bool has_ended(const struct relay *r, int *status)
{
	int raw = 0;

	if (waitpid(r->pid, &raw, WNOHANG) != r->pid)
		return false;
	*status = WIFEXITED(raw) ? WEXITSTATUS(raw) : EXIT_SIGNAL + WTERMSIG(raw);
	return true;
}

static struct listener *listen_as(
	struct relay *r, const struct deviation *d, struct tls **tls, const char **error)
{
	struct tls_files files = { 0 };

	if (!deviation_trust(d))
		return transport_listen(r->arena, &transport_tcp, NULL, error);
	files.cert = pki_certificate(r->arena, r->pki, PKI_SERVER);
	files.key = pki_key(r->arena, r->pki, PKI_SERVER);
	*tls = tls_new_listening(r->arena, &files, error);
	return *tls ? transport_listen(r->arena, &transport_tls, *tls, error) : NULL;
}

static int relay_until_it_ends(struct relay *r, const struct deviation *d)
{
	struct proxy *p = proxy_new(r->listener, &r->target, d);
	int status = EXIT_TROUBLE;

	while (!has_ended(r, &status))
		if (!proxy_turn(p, r->commands >= 0 ? STDIN_FILENO : r->ended) && r->commands >= 0)
			read_commands(r);
	proxy_free(p);
	return status;
}

int agent_play(struct arena *a, const char *command, const struct deviation *d, const char *pki,
	const char **error)
{
	struct relay r = { .arena = a, .commands = -1, .ended = -1, .pki = pki, .deviation = d };
	struct tls *tls = NULL;
	int status = EXIT_TROUBLE;

	buf_init(&r.in, LINE_MAX_BYTES);
	signal(SIGPIPE, SIG_IGN);
	r.listener = listen_as(&r, d, &tls, error);
	if (r.listener && launch(&r, command))
		status = relay_until_it_ends(&r, d);
	else if (r.listener)
		*error = "the agent could not be launched";
	listener_close(r.listener);
	close_commands(&r);
	if (r.ended >= 0)
		close(r.ended);
	tls_free(tls);
	for (struct dialled *each = r.dialled; each; each = each->next)
		tls_free(each->tls);
	buf_fini(&r.in);
	return status;
}
