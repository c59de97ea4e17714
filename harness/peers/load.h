/* What passes when there is much of it: the messages of a load (harness/load_case.h), which publishers send as
 * fast as they are acknowledged, and hearers acknowledge as they come.
 *
 * A packet of a load never becomes an arrival: it is counted where it has been read, and answered there. So a
 * load goes on while a case does something else.
 *
 *	publisher ──▶ "3:17" ──▶ target ──▶ "3:17" ──▶ hearer      `passed` has a byte for each message
 *	          ◀── PUBACK                ◀── PUBACK
 */
#ifndef HARNESS_LOAD_H
#define HARNESS_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "harness/load_case.h"
#include "harness/wire/wire.h"

struct peer;
struct test;

enum {
	LOAD_PUBLISHERS_MAX = 16,
	LOAD_HEARERS_MAX = 8,
	LOAD_EACH_MAX =
		60000, /* messages of a publisher: each has a Packet Identifier of its own */
	LOAD_ROUNDS =
		16, /* of probes, one from each publisher, which show that nothing more comes */
	LOAD_OUT_MAX = 16 * 1024 * 1024, /* bytes that wait for a connection; nobody gets near */
};

/* What has become of a message. */
enum { LOAD_ACKNOWLEDGED = 1, LOAD_REFUSED = 2, LOAD_ARRIVED = 4 };

struct load_publisher {
	struct peer *peer;
	unsigned published, answered; /* in the order of their numbers, from 0 */
};

/* A client that hears, over all its connections. */
struct load_hearer {
	const char *role;
	struct peer *peer;                    /* its last connection */
	int64_t last[LOAD_PUBLISHERS_MAX];    /* of each publisher's messages; -1: none yet */
	unsigned probes[LOAD_PUBLISHERS_MAX]; /* that have come */
	uint8_t half[UINT16_MAX + 1];         /* identifiers that wait for their PUBREL */
};

/* Which part a peer has in it, and what it has yet to send. */
struct load_part {
	struct load *load;
	struct load_publisher *publisher; /* or NULL */
	struct load_hearer *hearer;       /* or NULL */
	struct buf out;
};

/* What is amiss with some of the messages. */
struct load_amiss {
	unsigned count;
	const char *first; /* which, for people, in the arena; NULL: none */
};

struct load {
	struct test *test;
	struct load_plan plan;
	const char *topic; /* as it is on the wire */
	unsigned each;     /* how many messages of a publisher are no probes */
	uint8_t *passed;   /* (each + LOAD_ROUNDS) for each publisher */
	struct load_publisher publishers[LOAD_PUBLISHERS_MAX];
	struct load_hearer *hearers[LOAD_HEARERS_MAX];
	unsigned hearer_count;
	bool begun;      /* something has been published */
	bool closing;    /* nothing more is, but for probes */
	bool waited;     /* in vain, for as long as an answer may take */
	unsigned rounds; /* of probes so far */
	int64_t begun_us, progress_us;
	int64_t longest_us; /* in which nothing came, and something did after it */
	unsigned published, acknowledged, refused, arrived;
	struct load_amiss doubled, misordered;
	struct load_amiss other_qos, other_retain, other_topic; /* than they must have */
	unsigned awaited;                                       /* acknowledged, and not arrived */
	unsigned unanswered; /* when no answer came any more, or all had come */
};

/* The packet is one of the load's, and has been dealt with; what follows from it is written by load_reply, once
 * all that was read has been taken.
 */
bool load_takes(struct peer *p, const struct packet *packet);
void load_reply(struct peer *p);

/* A new connection of a hearer's hears, too. */
void load_joins(struct peer *p);

/* A peer takes part: as this publisher, or as this hearer. The other is NULL. */
void load_take_part(struct load *load, struct peer *p, struct load_publisher *publisher,
	struct load_hearer *hearer);

void load_turn(struct load *load, int64_t until_us); /* once around: publish, write, wait, read */
void load_publish_probes(struct load *load);         /* one from each publisher */

unsigned load_unanswered(const struct load *load); /* of publishers that are still connected */

/* Probes have come from each publisher with a message amiss to each hearer, twice: no earlier one follows. */
bool load_is_proved(const struct load *load);

/* How many were acknowledged and have not arrived; the first of them, in the arena: "17 of publisher 3". NULL: there
 * is none.
 */
const char *load_missing(const struct load *load, unsigned *count);

void load_fini(struct load *load); /* NULL is fine */

#endif
