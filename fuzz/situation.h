/* Legal exchanges by chance, each of which brings a connection into a state where damage is worth most.
 *
 *	situation_make ──▶ legal exchange ──▶ damage_do ──▶ what is played
 */
#ifndef FUZZ_SITUATION_H
#define FUZZ_SITUATION_H

#include "fuzz/draw.h"
#include "fuzz/exchange.h"
#include "harness/monitor/monitor.h"

enum situation {
	SITUATION_NOTHING_YET, /* before CONNECT, or at it */
	SITUATION_CONNECTED,
	SITUATION_SUBSCRIBED,
	SITUATION_SENDING,   /* QoS 1 and 2 towards the target */
	SITUATION_RECEIVING, /* QoS 1 and 2 from the target */
	SITUATION_WILL,
	SITUATION_RESUMED,
	SITUATION_TAKEN_OVER,
	SITUATION_AUTHENTICATING, /* 5.0 */
	SITUATION_DISCONNECTED,   /* after DISCONNECT */
	SITUATION_COUNT,
};

const char *situation_name(enum situation s); /* "a session resumed" */

/* What a client may do to a server. Everything is in the arena. */
struct exchange situation_make(
	struct arena *a, struct draw *draw, enum situation s, enum mqtt_version version);

/* What a server may do to a client that has been told what to do; the same. */
struct exchange situation_make_client(
	struct arena *a, struct draw *draw, enum situation s, enum mqtt_version version);

/* Breaks it in one to three places: bytes of a packet; a packet twice, missing, too early, or one that does not
 * belong there; the end of the connection in the middle. `sender` is who sends: our side.
 */
void damage_do(struct arena *a, struct draw *draw, enum side sender, struct exchange *e);

#endif
