/* One connection to the target while it is played on: what we send and what comes is read as packets, shown to a
 * monitor that judges the target, and put on a tape if there is one. Nothing here waits.
 */
#ifndef FUZZ_TALK_H
#define FUZZ_TALK_H

#include "base/arena.h"
#include "base/buf.h"
#include "harness/evidence/tape.h"
#include "harness/monitor/monitor.h"
#include "harness/transport/transport.h"
#include "harness/wire/wire.h"

enum { TALK_FINDINGS_MAX = 8 };

struct talk {
	struct arena *arena;  /* of pipe, monitor and findings */
	struct arena scratch; /* of one packet */
	enum side ours;
	enum mqtt_version version;
	struct pipe *pipe; /* NULL: we have closed it */
	bool ended;        /* by the target */
	bool was_reset;    /* so that it was no orderly end */
	bool damaged;      /* something was sent that no peer may send */
	bool flooded;      /* more came than anybody asked for: the rest is not read */

	struct buf out;          /* not yet written */
	struct buf shown;        /* the same, as it may be seen: without a password */
	struct buf said;         /* written, and no whole packet yet */
	struct buf in;           /* come, and no whole packet yet */
	bool said_lost, in_lost; /* what follows cannot be told apart any more */
	size_t bytes_in;

	struct monitor *monitor;
	struct finding findings[TALK_FINDINGS_MAX];
	size_t finding_count;
	const char
		*told[TALK_FINDINGS_MAX]; /* statements of those, and of those taken away since */
	size_t told_count;

	uint32_t came;         /* mask of the packet types since somebody emptied it */
	uint16_t last_id;      /* the Packet Identifier that came last */
	uint64_t signature;    /* of the version and what came: types and codes, and how it ended */
	uint64_t last_kind;    /* of the signature, so that a series counts once */
	unsigned signed_count; /* packets in the signature */
	uint64_t packets_in, packets_out;

	void (*heard)(void *user, const struct packet *packet); /* each that came; or NULL */
	void *user;

	struct tape *tape; /* or NULL */
	struct tape_party *party;
};

/* Takes the pipe. `before` is the monitor of an earlier connection, as monitor_new has it. `tape` may be NULL;
 * `name` is for it.
 */
void talk_init(struct talk *l, struct arena *a, struct pipe *pipe, enum mqtt_version version,
	enum side ours, const struct monitor *before, struct tape *tape, const char *name);

/* Gives everything back, and closes what is still open. */
void talk_fini(struct talk *l);

/* From here on what the line remembers does not grow, for connections that live long. `words` is a scratch arena. */
void talk_lean(struct talk *l, struct arena *words);

/* Bytes that the monitor hears of, whatever they are. What the pipe does not take is written in later turns. The last
 * `secret` of them are a password, which nobody is shown.
 */
void talk_send(struct talk *l, struct bytes bytes, size_t secret);
void talk_send_packet(struct talk *l, const struct packet *packet);

/* Writes and reads what can be, without waiting. */
void talk_turn(struct talk *l);

void talk_close(struct talk *l, bool reset);

static inline bool talk_is_open(const struct talk *l)
{
	return l->pipe && !l->ended;
}

#endif
