#include "harness/agent/agent.h"

#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "harness/agent/client.h"
#include "harness/agent/preload.h"
#include "harness/launch/pki.h"
#include "harness/launch/words.h"
#include "harness/transport/transport.h"

enum {
	READ_SIZE = 64 * 1024,
	READ_TURNS = 64,        /* so that a flood of output leaves room for other work */
	STOP_LIMIT_US = 2000000 /* for its end, after the end of its input */
};

/* ---- launching ----------------------------------------------------------------------------- */

static const char *const *fill(
	struct arena *a, const char *const *words, const struct placeholder *values)
{
	size_t count = 0;

	while (words && words[count])
		count++;
	const char **filled = arena_alloc(a, (count + 1) * sizeof(*filled));
	for (size_t i = 0; i < count; i++)
		filled[i] = words_fill(a, words[i], values);
	filled[count] = NULL;
	return filled;
}

struct agent_place agent_place(struct arena *a, const struct client *client,
	const struct listener *listener, enum mqtt_version version)
{
	bool secret = listener->transport->is_secret;

	return (struct agent_place){
		.host = listener->host,
		.port = listener->port,
		.url = listener->url,
		.transport = listener->transport->name,
		.path = listener->path,
		.ca = secret ? pki_ca(a, client->pki) : NULL,
		.cert = secret ? pki_certificate(a, client->pki, PKI_CLIENT) : NULL,
		.key = secret ? pki_key(a, client->pki, PKI_CLIENT) : NULL,
		.version = spec_version_name(version),
	};
}

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

bool agent_start(struct agent *g, struct arena *a, const struct client *client,
	const struct agent_place *place, const char **error)
{
	const char *port = arena_printf(a, "%u", place->port);
	const struct placeholder values[] = {
		{ "host", place->host },
		{ "port", port },
		{ "url", place->url },
		{ "transport", place->transport },
		{ "path", or_nothing(place->path) },
		{ "ca", or_nothing(place->ca) },
		{ "cert", or_nothing(place->cert) },
		{ "key", or_nothing(place->key) },
		{ "version", place->version },
		{ "v", strcmp(place->version, "5.0") ? "311" : "5" },
		{ "here", client->here ? client->here : "." },
		{ "installed", client->installed ? client->installed : "" },
		{ NULL, NULL },
	};
	const struct program_spec spec = {
		.words = fill(a, client->words, values),
		.environment = fill(a, client->environment, values),
		.streams = STREAMS_TALK,
	};

	*g = (struct agent){ .plain = !client->agent, .program = PROGRAM_NONE };
	buf_init(&g->in, AGENT_LINE_BYTES + READ_SIZE);
	buf_init(&g->out, 2 * AGENT_LINE_BYTES);
	if (client->preload && preload_fork(client->preload, &g->program))
		return true;
	if (!program_start(a, &spec, &g->program, error))
		return false;
	if (g->plain) {
		close(g->program.input_fd);
		g->program.input_fd = -1;
	}
	return true;
}

/* ---- talking ------------------------------------------------------------------------------- */

static void write_some(struct agent *g)
{
	while (g->out.len && g->program.input_fd >= 0) {
		ssize_t n = write(g->program.input_fd, g->out.data, g->out.len);
		if (n <= 0)
			return; /* it takes no more now, or its end will tell that it never will */
		buf_consume(&g->out, (size_t)n);
	}
}

void agent_tell(struct agent *g, const char *line)
{
	buf_add_text(&g->out, line);
	buf_add_text(&g->out, "\n");
	write_some(g);
}

void agent_poll(const struct agent *g, struct pollfd fds[static AGENT_POLLED])
{
	const struct program *p = &g->program;

	fds[0] = (struct pollfd){ .fd = g->out.len ? p->input_fd : -1, .events = POLLOUT };
	fds[1] = (struct pollfd){ .fd = p->output_fd, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = p->error_fd, .events = POLLIN };
	fds[3] = (struct pollfd){ .fd = p->pid_fd, .events = POLLIN };
}

/* What is there on one of its streams. */
static void read_stream(struct agent *g, int *fd, bool is_said)
{
	char chunk[READ_SIZE];

	for (int i = 0; i < READ_TURNS && *fd >= 0; i++) {
		ssize_t n = read(*fd, chunk, sizeof(chunk));
		if (n < 0)
			return;
		if (n == 0) {
			close(*fd);
			*fd = -1;
			return;
		}
		if (!is_said || g->plain)
			tail_add(&g->tail, chunk, (size_t)n);
		else if (!buf_add(&g->in, chunk, (size_t)n))
			g->flooded = true;
	}
}

void agent_turn(struct agent *g)
{
	if (!g->ended)
		g->ended = program_ended(&g->program, &g->status);
	write_some(g);
	read_stream(g, &g->program.output_fd, true);
	read_stream(g, &g->program.error_fd, false);
}

const char *agent_line(struct agent *g, size_t *len)
{
	buf_consume(&g->in, g->line_len);
	g->line_len = 0;
	const char *text = (const char *)g->in.data;
	const char *newline = g->in.len ? memchr(text, '\n', g->in.len) : NULL;
	if (!newline) {
		g->flooded |= g->in.len > AGENT_LINE_BYTES;
		return NULL;
	}
	*len = (size_t)(newline - text);
	g->line_len = *len + 1;
	return text;
}

/* ---- the end ------------------------------------------------------------------------------- */

void agent_stop(struct agent *g)
{
	int64_t deadline_us = clock_now_us() + STOP_LIMIT_US;
	struct pollfd fds[AGENT_POLLED];

	if (g->program.input_fd >= 0)
		close(g->program.input_fd);
	g->program.input_fd = -1;
	g->stopped = true;
	agent_turn(g);
	while (!g->ended && !g->plain && g->program.pid > 0) {
		int64_t left_ms = (deadline_us - clock_now_us() + 999) / 1000;
		if (left_ms <= 0)
			break;
		agent_poll(g, fds);
		poll(fds, AGENT_POLLED, (int)left_ms);
		agent_turn(g);
	}
	program_kill(&g->program);
	buf_fini(&g->in);
	buf_fini(&g->out);
}
