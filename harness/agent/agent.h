/* The client under test as a process: an agent that is told what to do in lines of JSON (docs/AGENT.md),
 * or a plain command line that does what it does.
 *
 *   agent_start ──▶ agent_tell * , agent_read (whenever a descriptor is ready) * ──▶ agent_stop
 */
#ifndef HARNESS_AGENT_H
#define HARNESS_AGENT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "harness/launch/program.h"
#include "harness/launch/tail.h"
#include "spec/spec.h"

struct arena;
struct client;
struct listener;

enum {
	CLIENT_START_ANSWERS = 6, /* answers' time that a program has to say hello or to connect */
	AGENT_LINE_BYTES = 16 * 1024 * 1024, /* of a command or an event */
	AGENT_POLLED = 4,                    /* descriptors of agent_poll */
};

struct agent {
	struct program program;
	struct buf in;    /* said, and not yet a whole line */
	struct buf out;   /* told, and not yet taken */
	struct tail tail; /* of its stderr; of a plain command line of stdout too */
	size_t line_len;  /* of the line handed out last, which still stands in `in` */
	bool plain;       /* no agent: what it says is no event */
	bool flooded;     /* a line was longer than AGENT_LINE_BYTES */
	bool stopped;     /* its input was closed: it is to exit */
	bool ended;       /* it has ended, with ... */
	int status;       /* ... this, as from waitpid */
};

/* Where the client is to connect to, and how. */
struct agent_place {
	const char *host; /* or the path of a Unix socket ... */
	uint16_t port;    /* ... and 0 */
	const char *url;
	const char *transport; /* "tcp", "wss" */
	const char *path;      /* of a WebSocket; NULL: it is none */
	const char *ca;        /* PEM file with whom to trust; NULL: it is no TLS ... */
	const char *cert,
		*key;        /* ... those of a certificate to show, if it is asked to; the same */
	const char *version; /* "3.1.1", "5.0" */
};

struct agent_place agent_place(struct arena *a, const struct client *client,
	const struct listener *listener, enum mqtt_version version);

/* False, with a sentence, when it cannot be launched. */
bool agent_start(struct agent *g, struct arena *a, const struct client *client,
	const struct agent_place *place, const char **error);

/* One line, without its newline; what the agent does not take now is written in later turns. */
void agent_tell(struct agent *g, const char *line);

/* What to poll for. `fds` has AGENT_POLLED places; unused ones are -1. */
void agent_poll(const struct agent *g, struct pollfd fds[static AGENT_POLLED]);

/* Writes what it takes, reads what is there, and sees whether it has ended. */
void agent_turn(struct agent *g);

/* The next whole line that it said, without newline; NULL: none yet. Valid until the next call. */
const char *agent_line(struct agent *g, size_t *len);

/* Closes its input, is patient for a while, then ends it. Afterwards `ended` says that it has ended
 * by itself. Harmless when nothing runs.
 */
void agent_stop(struct agent *g);

#endif
