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
#include "deviants/proxy.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/transport.h"

enum {
	LINE_MAX_BYTES = 16 * 1024 * 1024 + 1, /* docs/AGENT.md, and its end */
	READ_SIZE = 64 * 1024,
	EXIT_TROUBLE = 2,
	EXIT_SIGNAL = 128,
};

struct relay {
	struct arena arena;
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

/* A `connect` over TCP leads to us instead. Any other line is as it was: NULL. */
static char *redirected(struct relay *r, const char *line, size_t len)
{
	json_t *command = json_loadb(line, len, 0, NULL);
	const char *name = json_string_value(json_object_get(command, "do"));
	const char *host = json_string_value(json_object_get(command, "host"));
	json_int_t port = json_integer_value(json_object_get(command, "port"));
	const char *error = NULL;
	char *text = NULL;

	if (name && !strcmp(name, "connect") && host && port &&
		!json_object_get(command, "transport") &&
		endpoint_parse(&r->arena,
			arena_printf(&r->arena, "mqtt://%s:%lld", host, (long long)port),
			&r->target, &error)) {
		json_object_set_new(command, "host", json_string(r->listener->host));
		json_object_set_new(command, "port", json_integer(r->listener->port));
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

int agent_play(const char *command, const struct deviation *d, const char **error)
{
	struct relay r = { .commands = -1, .ended = -1 };
	int status = EXIT_TROUBLE;

	arena_init(&r.arena);
	buf_init(&r.in, LINE_MAX_BYTES);
	signal(SIGPIPE, SIG_IGN);
	r.listener = transport_listen(&r.arena, &transport_tcp, NULL, error);
	if (r.listener && launch(&r, command)) {
		struct proxy *p = proxy_new(r.listener, &r.target, d);

		while (!has_ended(&r, &status))
			if (!proxy_turn(p, r.commands >= 0 ? STDIN_FILENO : r.ended) &&
				r.commands >= 0)
				read_commands(&r);
		proxy_free(p);
	} else if (r.listener) {
		*error = "the agent could not be launched";
	}
	if (r.listener)
		listener_close(r.listener);
	close_commands(&r);
	if (r.ended >= 0)
		close(r.ended);
	buf_fini(&r.in);
	arena_fini(&r.arena);
	return status;
}
