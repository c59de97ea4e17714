/* One connection through a deviant: a client on one side, a server on the other, and a lane of bytes in each
 * direction.
 *
 *   client ── from ▶ in ─▶ (passing.h) ─▶ out ─ to ─▶ server        lane TO_SERVER
 *   client ◀─ to ── out ◀─ (passing.h) ◀─ in ◀ from ── server       lane TO_CLIENT
 *
 * Left alone it changes nothing: bytes, ends and resets go on as they come.
 */
#ifndef DEVIANTS_EXCHANGE_H
#define DEVIANTS_EXCHANGE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "deviants/course.h"
#include "deviants/world.h"
#include "harness/transport/opening.h"

struct pipe;

enum way { TO_SERVER, TO_CLIENT, WAYS };

enum layer { LAYER_NONE, LAYER_WEBSOCKET, LAYER_TLS }; /* that packets lie in (layer.h) */

static inline enum way way_back(enum way way)
{
	return way == TO_SERVER ? TO_CLIENT : TO_SERVER;
}

/* Bytes that wait for their time; they pass others that are not held. */
struct held {
	struct held *next;
	int64_t due_us; /* monotonic */
	struct bytes bytes;
};

enum {
	SWALLOWED = 16,
	CHANGED_IDS = 64,
};

struct lane {
	struct pipe *from, *to;
	struct buf in;   /* read, and not handed on: the beginning of a packet */
	size_t streamed; /* of it that has been handed on all the same */
	unsigned pieces; /* of it that have come so far, but for the latest */
	bool lost;       /* packets cannot be told apart any more */
	struct buf out;  /* waits until `to` takes it */
	struct held *held;
	int64_t still_until_us; /* until then nothing is written */

	struct buf kept; /* a packet that waits until the next one of its type has passed it */
	uint8_t kept_type;

	bool ended;          /* `from` sends no more */
	bool broken;         /* it was reset */
	int64_t break_at_us; /* when `to` is, if what came before is not through by then */
	bool kept_open;      /* `to` is not to hear of the end */
	bool silent;         /* nothing that comes goes on */
	int64_t cut_at_us;   /* not before */
	bool cut;            /* `to` has been told */

	unsigned count[16]; /* of packets by type, the present one included */
	struct bytes alias[COURSE_ALIASES];
	struct course_way course;
	struct property carried; /* of an earlier message ... */
	bool carries;            /* ... if there was one */
	long note[NOTES];

	/* in a layer: */
	bool opened;         /* the head of the handshake has passed; over TLS, some bytes have */
	bool in_pieces;      /* the head did not come as a whole */
	bool with_head;      /* the next frame came along with it */
	unsigned frames;     /* that have passed, the present one included */
	uint8_t last_opcode; /* of the one before */
};

/* An answer to a packet of the deviant's own, which the client must not see. */
struct swallowed {
	uint8_t type; /* enum packet_type; 0: free */
	uint16_t id;
};

struct exchange {
	struct exchange *next;
	struct world *world;
	struct session *session; /* NULL: no CONNECT yet */
	enum mqtt_version version;
	enum layer layer;
	bool shakes_hands; /* over TLS: the client has begun its first record, and not ended it */
	char key[OPENING_KEY_SIZE]; /* Sec-WebSocket-Key as the client had it; "": it was not changed */
	struct arena arena;
	struct pipe *client, *server;
	struct lane lane[WAYS];
	struct swallowed swallowed[SWALLOWED];
	bool clean;          /* of CONNECT */
	bool will;           /* it had one */
	bool disconnected;   /* the client has sent DISCONNECT */
	bool refused;        /* CONNACK said no */
	unsigned connection; /* which one it is of its session, from 1 */
	uint16_t changed_id
		[CHANGED_IDS]; /* what identifiers were before they were changed; a ring */
	unsigned changed_ids, changed_ids_done;
	unsigned in_flight
		[WAYS]; /* messages of QoS 1 and 2 that wait for their last acknowledgement */
	uint16_t keep_alive;
	int64_t pinged_us; /* when CONNECT or the latest PINGREQ came, monotonic */
	struct course course;
	bool over;
};

/* Takes both pipes, which have been made in `arena`, and the arena, too. */
struct exchange *exchange_new(struct world *w, struct arena arena, enum layer layer,
	struct pipe *client, struct pipe *server);
void exchange_free(struct exchange *x); /* closes what is open */

/* Hands bytes on, as what came from the other side. */
void exchange_write(struct exchange *x, enum way way, struct bytes bytes);
void exchange_write_later(struct exchange *x, enum way way, struct bytes bytes, int64_t ms);

/* Builds the packet and hands it on; `twist` may be NULL. */
void exchange_send(
	struct exchange *x, enum way way, const struct packet *p, const struct wire_twist *twist);

/* The same to the server, of the deviant's own: the client will not see the answer, which is of this type and has the
 * packet's identifier.
 */
void exchange_ask(struct exchange *x, const struct packet *p, enum packet_type answer);
bool exchange_swallows(struct exchange *x, const struct packet *p); /* once for each */

/* Ends the connection on both sides when what waits has been written; at once, with resets. */
void exchange_end(struct exchange *x);
void exchange_break(struct exchange *x);

/* ---- for the loop ---- */

/* Two entries, for the client's and the server's socket. Returns when it wants to be woken, monotonic; INT64_MAX:
 * not by time.
 */
int64_t exchange_poll(const struct exchange *x, struct pollfd fds[2]);

/* Reads what is there into the lane. True: there is something new, or its end. */
bool exchange_read(struct exchange *x, enum way way, short revents);

/* Writes what can be written, passes ends on, and sees whether it is over. */
void exchange_flush(struct exchange *x);

#endif
