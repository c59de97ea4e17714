/* The MQTT of one connection, packet by packet in the order of the capture, and what is found of it.
 *
 * At one place everything an end has seen before it sends is there before what it sends: so it is known what the
 * monitors ask for. What an end has not seen yet although it is in the capture, they allow for.
 */
#ifndef CHECK_EXCHANGE_H
#define CHECK_EXCHANGE_H

#include "check/findings.h"
#include "check/judge.h"
#include "check/keep_alive.h"
#include "check/recent.h"
#include "check/tolerance.h"
#include "check/way.h"

struct exchange {
	struct judge *judge;
	struct check_connection *facts;
	struct session_place place;
	struct arena arena;          /* of the monitors, and of the names below */
	size_t taken_by_copy;        /* of the arena, when it was new */
	struct monitor *monitors[2]; /* by the side that each judges; NULL: no packet yet */
	enum mqtt_version version;
	bool is_judged;
	bool joined;      /* not all of it was seen */
	bool in_session;  /* the monitors are among the sessions */
	bool foreign;     /* it is of another ClientId than those that are asked for */
	bool concerned;   /* it has had to do with the topics that are asked for */
	enum about about; /* of the packet at hand */
	bool over[2];     /* the side has ended the connection */
	struct bytes client_id;
	uint32_t keep_alive_s; /* of CONNECT */
	struct recent recent;
	struct findings findings;
	struct keep_alive keep_alive;
	struct tolerance tolerance;
};

void exchange_init(struct exchange *x, struct judge *judge, struct check_connection *facts,
	const struct session_place *place);
void exchange_fini(struct exchange *x);

/* The version of a connection without CONNECT: from here on its packets are judged. */
void exchange_take_up(struct exchange *x, enum mqtt_version version);

/* Bytes have come, whatever they are. */
void exchange_heard(struct exchange *x, enum side from, const struct moment *moment, bool troubled);

void exchange_packet(struct exchange *x, enum side from, const struct way_packet *packet,
	const struct moment *moment);

/* What cannot be read; `accuse`: and that is certain. */
void exchange_malformed(struct exchange *x, enum side from, const struct way_packet *packet,
	const struct moment *moment, bool accuse);

/* Some of what `from` sent was not seen. */
void exchange_unseen(struct exchange *x, enum side from, const struct moment *moment);

void exchange_closed(struct exchange *x, enum side from, const struct moment *moment);

/* A breach that no packet makes: `statement` is without its version. */
void exchange_fault(struct exchange *x, enum side accused, const char *statement, const char *what,
	const struct moment *moment);

/* Whether it is among the connections that are told of, as far as is known by now. */
bool exchange_is_told(const struct exchange *x);

/* Hands out what waits for the next packet. */
void exchange_over(struct exchange *x);

#endif
