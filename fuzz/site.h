/* What is under fuzz: whether it lives, what it says, and how it is launched anew when it has died. A server is
 * dialled (site_server.c), a client is told by its agent to come (site_client.c).
 *
 * A server at a URL is taken as it is: when nobody listens there any more, that is all that can be known.
 */
#ifndef FUZZ_SITE_H
#define FUZZ_SITE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "fuzz/allowance.h"
#include "fuzz/complaints.h"
#include "fuzz/player.h"
#include "fuzz/resources.h"
#include "fuzz/symptom.h"
#include "harness/case.h"

struct agency;
struct record_death;
struct site;
struct target;

struct site_ops {
	/* Reads what it says, and notes its death. */
	void (*look)(struct site *s);
	/* Whether it answers now, on a connection of its own; waits for a moment at most. *gone: nobody listens. */
	bool (*answers)(struct site *s, bool *gone);
	bool (*renew)(struct site *s);
	/* Lets it end by itself, and hears what it says at that: some errors are told only then. */
	void (*retire)(struct site *s);
	pid_t (*group)(const struct site *s);
	size_t (*poll)(const struct site *s, struct pollfd *fds, size_t count, size_t max);
};

struct site {
	const struct site_ops *ops;
	struct target *target; /* a server; or NULL */
	struct agency *agency; /* a client; or NULL */
	bool launched;         /* by us, so that it can be launched again */
	unsigned versions;     /* that it speaks: mask of V311 and V50 */
	struct complaints complaints;
	struct player_host host;
	struct allowance allowance; /* for the exchanges that are played with it */
	int stop_fd;                /* readable: give up whatever goes on; -1 */
	int64_t ask_us;             /* that it has to answer or to end, when it is asked */
	int64_t waited_us;          /* for connections to it, since somebody emptied this */
	unsigned launches;
	unsigned witnesses; /* so far: each has a name of its own */
	bool dead;
	struct symptom death; /* if it is dead */
	const char *error;    /* why it could not be launched again; or NULL */
	FILE *log;            /* a client's stderr is copied here; NULL: nowhere */
	size_t logged;        /* bytes */
};

/* A sanitizer takes its time to tell of an error and to end. */
enum { SITE_ASK_US = 8000000 };

/* The target is up. Both leave the allowance without a limit, and stop_fd at -1. */
void site_init_server(struct site *s, struct target *target, unsigned versions);

/* The agency is ready (agency.h). */
void site_init_client(struct site *s, struct agency *agency);

/* Reads what it says. False: it is dead. */
bool site_look(struct site *s);

/* The same, of one that may be about to die: it is asked on a new connection, and given some seconds to answer
 * or to end. False: it is dead. One that does neither is not well: *mute.
 */
bool site_ask(struct site *s, bool *mute);

/* Launches it anew, dead or not. False, with the error; always for a URL. */
bool site_renew(struct site *s);

/* Lets it end in order, where we have launched it, and hears what it has to say at that: it is dead then, and nothing
 * is wrong with that.
 */
void site_retire(struct site *s);

bool site_is_stopped(const struct site *s);

struct usage site_usage(const struct site *s);

/* Whether it is at work for most of a while, though nobody asks anything of it. Waits for that. */
bool site_is_busy(struct site *s);

/* One of those that it serves. */
enum mqtt_version site_version(const struct site *s, unsigned which);

/* For those that implement a site. */
void site_note_death(struct site *s, const struct record_death *death);

#endif
