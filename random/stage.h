/* A scenario on its way through a case run, for the files that play it.
 *
 *	play.c      step by step
 *	client.c    connections, and what clients send
 *	incoming.c  what comes: told to the model, answered
 *	settle.c    everything that is under way arrives
 */
#ifndef RANDOM_STAGE_H
#define RANDOM_STAGE_H

#include "harness/test.h"
#include "random/model/model.h"
#include "random/row.h"
#include "random/step.h"

enum { OUTGOING_MAX = 16, INCOMING_MAX = 128, REQUESTS_MAX = 16, OLD_MAX = 16 };

/* A message of QoS 1 or 2 of a client's, until its handshake is over; it outlives the connection. */
struct outgoing {
	uint32_t number;
	uint16_t id;
	bool half;     /* PUBREL waits for a release */
	bool received; /* PUBREC has come ... */
	bool released; /* ... and PUBREL has gone out */
};

/* A message of QoS 1 or 2 to a client, on this connection, and the answer that is held back. */
struct incoming {
	uint16_t id;
	uint8_t qos;
	bool received;         /* PUBREC has gone out, and PUBREL has not come */
	bool rejected;         /* it was answered by the code of an error */
	enum packet_type owes; /* PUBACK, PUBREC, PUBCOMP; 0: nothing */
};

struct request {
	uint16_t id;
	bool subscribes;
	bool had; /* UNSUBSCRIBE: there is such a subscription for certain */
	uint8_t filter;
};

enum hold { HOLDS_NOTHING, HOLDS_ALL, HOLDS_COMP };

struct actor {
	unsigned client;
	struct peer *peer; /* NULL: never connected */
	const char *role;
	enum hold hold;
	bool coded;   /* its acknowledgements spell out their Reason Code */
	bool refuses; /* the next message of QoS 1 or 2 */
	bool leaves;  /* DISCONNECT has gone out, so nothing may follow */
	struct outgoing outgoing[OUTGOING_MAX];
	size_t outgoing_count;
	struct incoming incoming[INCOMING_MAX];
	size_t incoming_count;
	struct request requests[REQUESTS_MAX];
	size_t request_count;
	uint64_t
		late_ids; /* bit n: what had identifier n was answered on a connection that is no more */
	unsigned pings; /* not answered yet */
	uint16_t last_id;
};

/* One whose ClientId has been taken over. */
struct old_peer {
	struct peer *peer;
	unsigned client;
};

struct stage {
	struct test *t;
	const struct scenario *scenario;
	const struct random_row *row;
	struct model *model;
	struct actor actors[SESSIONS];
	struct old_peer old[OLD_MAX];
	size_t old_count;
	struct place at; /* the step that is being played */
};

/* ---- play.c -------------------------------------------------------------------------------- */

void stage_look_at_clock(struct stage *s);
void stage_accuse(struct stage *s, const struct model_fault *fault) __attribute__((noreturn));
const struct capabilities *stage_offers(const struct stage *s, unsigned client);

/* ---- payload.c ----------------------------------------------------------------------------- */

struct bytes payload_make(struct arena *a, uint32_t number, const struct step_message *m);
uint32_t payload_number(struct bytes payload); /* 0: none, or no payload of ours */
const struct properties *payload_properties(
	struct arena *a, uint32_t number, const struct step_message *m);
const struct properties *payload_will_properties(
	struct arena *a, uint32_t number, const struct step *step);

/* A Subscription Identifier as it travels, and back: one above 30 is large. 0: it is none of ours. */
uint32_t payload_identifier(unsigned identifier);
unsigned payload_identifier_of(uint32_t sent);

/* ---- client.c ------------------------------------------------------------------------------ */

void client_connect(struct stage *s, const struct step *step);
void client_publish(struct stage *s, const struct step *step);
void client_ask(struct stage *s, const struct step *step);
void client_depart(struct stage *s, const struct step *step);
void client_release(struct stage *s, struct actor *a);
void client_ack(struct stage *s, struct actor *a, enum packet_type type, uint16_t id);
void client_reject(struct stage *s, struct actor *a, enum packet_type type, uint16_t id);

/* ---- incoming.c ---------------------------------------------------------------------------- */

void incoming_take(struct stage *s, struct actor *a);
void incoming_take_late(struct stage *s, struct actor *a, struct peer *old);
void incoming_take_all(struct stage *s);

/* ---- settle.c ------------------------------------------------------------------------------ */

void settle(struct stage *s);

/* An answer that the client has not got yet: what it is. NULL: none is due. */
const char *stage_awaits(const struct stage *s, const struct actor *a);

#endif
