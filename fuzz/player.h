/* Plays an exchange, step by step, beside others: nothing here waits, except for a connection that is opened.
 *
 *   player_begin ──▶ player_turn (whenever one of its descriptors is ready, or it is due) ──▶ PLAYER_DONE
 *
 * After the last step everything that is still open is asked for a sign of life (PINGREQ, where we are the
 * client), so that all of it has been read before it is closed.
 */
#ifndef FUZZ_PLAYER_H
#define FUZZ_PLAYER_H

#include <poll.h>

#include "base/arena.h"
#include "fuzz/exchange.h"
#include "fuzz/talk.h"
#include "harness/peers/demands.h"

enum player_state { PLAYER_IDLE, PLAYER_PLAYS, PLAYER_DRAINS, PLAYER_DONE };

enum opened { OPENED, OPENED_LATER, OPENED_NEVER };

/* Who opens its connections, and tells an agent what to do. */
struct player_host {
	enum side ours;
	struct demands demands; /* of the target: what each CONNECT gets that can be read */
	void *user;
	/* OPENED_LATER: ask again; OPENED_NEVER: *error has a sentence. */
	enum opened (*open)(void *user, struct arena *a, struct pipe **pipe, const char **error);
	void (*tell)(void *user, enum mqtt_version version, const char *what); /* or NULL */
};

struct player {
	const struct player_host *host;
	struct arena arena; /* of what is played at present */
	const struct exchange *exchange;
	unsigned stamp;
	struct tape *tape; /* or NULL */
	enum player_state state;
	size_t at;           /* the next step */
	int64_t due_us;      /* monotonic: when a wait is over; 0: it does not wait */
	bool damaged;        /* so far: what is waited for may never come */
	struct talk **talks; /* by number of the connection, from 1 on; NULL: not opened */
	unsigned talk_count;
	const char *unreached; /* why a connection could not be made; NULL: all were */
};

void player_init(struct player *p, const struct player_host *host);
void player_fini(struct player *p);

/* Both are borrowed until the next begin. */
void player_begin(struct player *p, const struct exchange *e, unsigned stamp, struct tape *tape);
enum player_state player_turn(struct player *p);

/* Ends it wherever it is. */
void player_stop(struct player *p);

/* Adds what to poll for; returns the new count. */
size_t player_poll(const struct player *p, struct pollfd *fds, size_t count, size_t max);

/* That were sent; to be asked when it is done, before the next begin. */
uint64_t player_packets(const struct player *p);

/* The first finding against this statement (NULL: any); NULL: there is none. */
const struct finding *player_finding(const struct player *p, const char *statement);

#endif
