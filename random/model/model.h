/* What the standard says must, may and must not reach each client, given what all have done and what has come.
 *
 * It has no sockets and no clock (model_now): it is told of every request before it goes out, of every answer, and of every
 * message that comes, and it says what is wrong with it. Steps between two settlements are under way at the same
 * time, and no order among them is known: what depends on it may come or not. At a settlement everything has been
 * answered, and a PINGREQ of each connection has gone to and fro.
 *
 *	model_publishes ──▶ dues of the sessions it is for ──▶ model_arrives: takes a due, or is a fault
 *	model_subscribes ─▶ dues of what is retained      ──▶ model_owes: a due that nothing has taken
 *
 * What is not decided is a choice, and accuses nobody: how many copies overlapping subscriptions bring, when a
 * server takes over a message of QoS 2, whether a QoS 0 message waits for a client, who of a share gets
 * a message, what comes of what was under way when a connection broke.
 */
#ifndef RANDOM_MODEL_MODEL_H
#define RANDOM_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "random/step.h"

struct arena;

/* What is wrong. */
struct model_fault {
	enum spec_difference kind;
	const char *about;     /* in the words of spec_blamed; or NULL, and then ... */
	const char *statement; /* ... "5.0:MQTT-3.3.1-11"; NULL: whatever `about` is blamed for */
	unsigned client;       /* whom it was sent to, or not */
	const char *expected, *actual; /* sentences, in the arena */
};

/* A PUBLISH that has come. */
struct arrived {
	uint32_t number; /* of the message, as its payload says; 0: the payload is empty */
	unsigned topic;  /* TOPIC_COUNT: none of ours */
	unsigned qos;
	bool retain, dup;
	uint16_t id;          /* Packet Identifier */
	uint64_t identifiers; /* Subscription Identifiers: bit n stands for n */
	bool expires;
	uint32_t expiry_s; /* Message Expiry Interval, if it has one */
};

enum presence { PRESENT_NO, PRESENT_YES, PRESENT_EITHER };

enum departure {
	LEFT,      /* by DISCONNECT 0x00 */
	LEFT_WILL, /* by DISCONNECT with any other Reason Code */
	BROKE,
	TAKEN_OVER,
};

struct model;

/* In the arena. `queue`: messages that wait for a client which is away; beyond that they may be dropped. */
struct model *model_new(struct arena *a, const struct scenario *s, uint32_t queue);

/* What time it is, before each request, each answer and each look: monotonic, and not 0. */
void model_now(struct model *m, int64_t now_us);

bool model_is_connected(const struct model *m, unsigned client);
bool model_holds(const struct model *m, unsigned client);

/* A CONNECT; the number that the payload of its Will says, or 0. Then its CONNACK with code 0. */
uint32_t model_connects(struct model *m, const struct step *s, enum presence *due);
void model_connected(struct model *m, unsigned client, bool present);

/* A DISCONNECT changes how long the session outlives its connection. */
void model_keeps(struct model *m, unsigned client, unsigned session_s);

/* `closed`: the server has ended its side, too, so it knows. */
void model_departs(struct model *m, unsigned client, enum departure how, bool closed);

/* Before that: its DISCONNECT goes out now, so from now on the server counts. */
void model_leaves(struct model *m, unsigned client);

/* Messages without a payload cannot be told apart: whether another one may be published on this topic now. */
bool model_may_be_empty(const struct model *m, unsigned topic);

/* Returns the number that its payload has to say, from 1. */
uint32_t model_publishes(struct model *m, const struct step *s);
void model_acknowledged(struct model *m, uint32_t number); /* its handshake is over */
void model_refused(struct model *m, uint32_t number);      /* by a code of 0x80 or more */
void model_repeats(struct model *m, uint32_t number);      /* sent once more, after a break */
const struct step_message *model_message(
	const struct model *m, uint32_t number, unsigned *publisher);
size_t model_message_count(const struct model *m);

/* False: a request about this filter is under way, so there has to be a settlement first. */
bool model_may_ask(const struct model *m, unsigned client, unsigned filter);
void model_subscribes(struct model *m, const struct step *s);
void model_granted(struct model *m, unsigned client, unsigned filter, unsigned code);
bool model_has(const struct model *m, unsigned client, unsigned filter); /* for certain */
void model_unsubscribes(struct model *m, const struct step *s);

/* False: *fault tells what is wrong with it. */
bool model_arrives(
	struct model *m, unsigned client, const struct arrived *a, struct model_fault *fault);

/* What the client does about a message that has come. */
void model_holds_back(struct model *m, unsigned client, bool holds);
void model_received(struct model *m, unsigned client, uint16_t id); /* PUBREC goes out */
void model_answered(struct model *m, unsigned client, uint16_t id); /* PUBACK or PUBCOMP does */
void model_rejects(struct model *m, unsigned client, uint16_t id);  /* the same, with an error */

/* PUBREL has come. False: *fault tells what is wrong with it. */
bool model_released(struct model *m, unsigned client, uint16_t id, struct model_fault *fault);

/* Whether something that must come has not; *fault tells what. */
bool model_owes(struct model *m, struct model_fault *fault);

/* The same of one client that is connected. */
bool model_owes_client(struct model *m, unsigned client, struct model_fault *fault);

/* Everything has come, and the fences: what was under way is settled. False: something is wrong. */
bool model_settles(struct model *m, struct model_fault *fault);

/* The number of the message that is retained for this topic since the last settlement; 0: nothing is. */
#define KEPT_UNKNOWN UINT32_MAX
uint32_t model_kept(const struct model *m, unsigned topic);

#endif
