/* Legal exchanges by chance, each of which brings a connection into a state where damage is worth most.
 *
 *	scenario_make ──▶ legal exchange ──▶ damage_do ──▶ what is played
 */
#ifndef FUZZ_SCENARIO_H
#define FUZZ_SCENARIO_H

#include "fuzz/draw.h"
#include "fuzz/exchange.h"
#include "harness/monitor/monitor.h"

enum scenario {
	SCENARIO_NOTHING_YET, /* before CONNECT, or at it */
	SCENARIO_CONNECTED,
	SCENARIO_SUBSCRIBED,
	SCENARIO_SENDING,   /* QoS 1 and 2 towards the target */
	SCENARIO_RECEIVING, /* QoS 1 and 2 from the target */
	SCENARIO_WILL,
	SCENARIO_RESUMED,
	SCENARIO_TAKEN_OVER,
	SCENARIO_AUTHENTICATING, /* 5.0 */
	SCENARIO_DISCONNECTED,   /* after DISCONNECT */
	SCENARIO_COUNT,
};

const char *scenario_name(enum scenario s); /* "a session resumed" */

/* What a client may do to a server. Everything is in the arena. */
struct exchange scenario_make(
	struct arena *a, struct draw *draw, enum scenario s, enum mqtt_version version);

/* What a server may do to a client that has been told what to do; the same. */
struct exchange scenario_make_client(
	struct arena *a, struct draw *draw, enum scenario s, enum mqtt_version version);

/* Breaks it in one to three places: bytes of a packet; a packet twice, missing, too early, or one that does not
 * belong there; the end of the connection in the middle. `sender` is who sends: our side.
 */
void damage_do(struct arena *a, struct draw *draw, enum side sender, struct exchange *e);

#endif
