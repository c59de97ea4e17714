/* One direction of a connection: from bytes, cut anywhere, to MQTT packets. Those that lie whole in what came are
 * read where they lie.
 *
 *	bytes ─▶ | packet | packet | beginning of a packet |     kept until the rest comes
 */
#ifndef CHECK_WAY_H
#define CHECK_WAY_H

#include "base/buf.h"
#include "harness/wire/wire.h"

enum {
	WAY_PACKET_MAX = 4 * 1024 *
		1024, /* bytes of a packet that is kept to be read; of a longer one nothing is */
	WAY_KEPT_ROOM = 4096, /* bytes of memory that an empty way holds on to */
};

/* All 0: nothing has come. */
struct way {
	struct buf partial;
	size_t missing; /* bytes of it, as far as is known */
	uint64_t skip;  /* bytes of a packet that is too long */
	bool taken;     /* what is in `partial` has been given out */
};

enum way_got {
	WAY_NOTHING, /* all has been taken in */
	WAY_PACKET,  /* good until the next call */
	WAY_MALFORMED, /* `result` says how, `raw` has the bytes; if its end is unknown, no more can be read */
	WAY_TOO_LONG, /* a packet of `raw` bytes that is passed over */
};

struct way_packet {
	struct packet packet;
	struct wire_result result;
	struct bytes raw; /* WAY_TOO_LONG: only its first bytes are there */
};

/* The next one of `in`, which is shortened by what was taken. */
enum way_got way_next(struct way *w, struct arena *a, enum mqtt_version version, struct bytes *in,
	struct way_packet *out);

/* What was begun will not end. */
void way_reset(struct way *w);
void way_fini(struct way *w);

#endif
