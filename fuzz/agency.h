/* The agent of a client under fuzz, and where that client is to connect: it is told what to do (docs/AGENT.md), and
 * each of its answers is noted.
 */
#ifndef FUZZ_AGENCY_H
#define FUZZ_AGENCY_H

#include "base/arena.h"
#include "harness/agent/agent.h"
#include "harness/agent/client.h"

struct listener;

struct agency {
	const struct client *client; /* its agent's words, and its transport */
	enum mqtt_version version;
	struct arena arena;   /* of the listener */
	struct arena scratch; /* of one command or event */
	struct listener *listener;
	struct agent agent;
	bool runs;
	unsigned last_id;                   /* of commands */
	unsigned connecting, disconnecting; /* commands that wait for their answers; 0: none */
	bool connected;                     /* its last word about that */
	size_t heard;                       /* bytes of its stderr */
	char fault[256];                    /* what it said against its contract; "" if nothing */
};

/* Listens, and launches the agent. False, with a sentence in the arena. */
bool agency_init(struct agency *g, const struct client *client, enum mqtt_version version,
	const char **error);
void agency_fini(struct agency *g);

/* Lets it end by itself, which it has to do at the end of its input. */
void agency_stop(struct agency *g);

/* One more process of it, the one before is ended. The same. */
bool agency_launch(struct agency *g, const char **error);

/* "connect", "subscribe", "publish-1", "publish-2", "disconnect" */
void agency_tell(struct agency *g, const char *what);

/* Reads and writes what can be, without waiting. */
void agency_turn(struct agency *g);

#endif
