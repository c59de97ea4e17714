/* A scenario: who is there, and a plain list of what they do, step by step. Nothing in it points into a run, so
 * it can be copied, cut and written down.
 */
#ifndef RANDOM_STEP_H
#define RANDOM_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/spec.h"

enum {
	SCENARIO_CLIENTS_MAX = 8,
	SCENARIO_STEPS_MAX = 2000,
	OBSERVER = SCENARIO_CLIENTS_MAX, /* who subscribes to everything, and does nothing else */
	SESSIONS = SCENARIO_CLIENTS_MAX + 1,
	WAIT_MS_MAX = 60000,
};

enum step_kind {
	STEP_CONNECT, /* of a client that is connected: it takes itself over */
	STEP_PUBLISH,
	STEP_SUBSCRIBE,
	STEP_UNSUBSCRIBE,
	STEP_LEAVE,     /* DISCONNECT */
	STEP_DROP,      /* the connection is closed without one ... */
	STEP_RESET,     /* ... or reset */
	STEP_HOLD,      /* from here on what comes is not acknowledged ... */
	STEP_HOLD_COMP, /* ... or only with PUBREC */
	STEP_RELEASE,   /* all that was held back is */
	STEP_REFUSE,    /* the next message of QoS 1 or 2 is refused, by a Reason Code of 5.0 */
	STEP_SETTLE,    /* everything that is under way arrives */
	STEP_WAIT,      /* the clocks run */
	STEP_KINDS,
};

/* Properties that a message may have: a mask. */
enum { WITH_TYPE = 1, WITH_RESPONSE = 2, WITH_USER = 4, WITH_ALL = 7 };

/* Of a Will: the same fields as of a message. */
struct step_message {
	uint8_t topic, qos;
	bool retain, empty;
	uint8_t properties; /* WITH_... */
	uint16_t size;      /* bytes of the payload beyond its number */
	uint16_t expiry_s;  /* 0: none */
};

struct step {
	uint8_t kind;   /* enum step_kind */
	uint8_t client; /* 0 to 7; not of STEP_SETTLE and STEP_WAIT */

	uint8_t way; /* CONNECT: over which transport (names.h); 0: the usual one */
	bool clean;  /* CONNECT: Clean Session, Clean Start */
	bool coded;  /* CONNECT of 5.0: its acknowledgements spell out their Reason Code */
	uint32_t
		session_s; /* Session Expiry Interval of 5.0; of LEAVE: a new one, if has_session */
	bool has_session;
	bool will;
	uint16_t delay_s;            /* of the Will */
	struct step_message message; /* of PUBLISH; the Will of CONNECT */
	bool half; /* PUBLISH at QoS 2: PUBREL waits for a release, or for the next connection */

	uint8_t filter, qos; /* SUBSCRIBE, UNSUBSCRIBE */
	bool no_local, as_published;
	uint8_t handling;
	uint8_t identifier; /* Subscription Identifier, 1 to 60; 0: none */

	uint8_t code; /* LEAVE: all but 0x00 lead to the Will */
	uint16_t ms;  /* WAIT */
};

struct scenario {
	uint64_t seed;
	bool careful; /* a settlement after each step, also where it is not among them */
	unsigned clients;
	enum mqtt_version versions[SESSIONS]; /* the observer's is the last */
	struct step *steps;                   /* in an arena */
	size_t count;
};

/* Milliseconds of the standard's clocks in it. */
unsigned scenario_wait_ms(const struct scenario *s);

#endif
