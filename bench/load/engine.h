/* A play under way: what the files of bench/load share. Nobody else includes it. */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include "bench/figures/ledger.h"
#include "bench/load/client.h"
#include "bench/load/host.h"
#include "bench/load/packets.h"
#include "bench/load/process.h"
#include "bench/load/result.h"
#include "bench/load/workload.h"

/* A message that shows, by its arrival, that an earlier one on the same way is lost. */
struct proof_mark {
	unsigned publisher, subscriber;
	uint64_t number; /* of the message that is missing, or of the first of them */
	bool came;
};

struct engine {
	const struct load_host *host;
	const struct load_plan *plan;
	const struct workload *workload;
	struct result *out;
	struct workload_names names;
	char prefix[32];
	uint32_t nonce; /* of this play, in each payload */
	struct packets_login login;
	struct packets_limits limits; /* of the broker, as its last CONNACK says */

	int epoll;
	struct client *clients; /* the publishers, then the subscribers */
	unsigned count;
	uint64_t serial; /* connections that were begun */
	unsigned ready;  /* clients that are through with their part of the beginning */
	uint8_t *chunk;

	uint64_t *numbers;      /* the next of each publisher; or of each pair, ADDRESS_ONE */
	struct ledger *ledgers; /* of each pair; NULL when nothing is delivered */
	uint64_t copies;        /* that one message has */
	uint64_t passed;        /* deliveries that came, or that a later one has left behind */
	uint64_t written_off;   /* messages that the window no longer waits for ... */
	int64_t written_off_us; /* ... and when that was last */
	unsigned turn;          /* the publisher whose turn it is */
	uint64_t pongs;
	int64_t began_us;    /* of publishing, or of the connections */
	int64_t progress_us; /* when something last went on */
	int64_t pinged_us;   /* when all were last kept alive, if the broker wants that */
	int64_t now_us;      /* when the bytes that are looked at were received */
	bool blocked;        /* no publisher has had room for what is due */
	bool measuring;
	struct process_use own_before, target_before; /* when that began */

	struct proof_mark *marks;
	unsigned mark_count;

	const char *doing;
	int64_t told_us; /* of progress */
	uint64_t told_done;
	int64_t looked_us; /* at the target's memory */
	bool failed;       /* or stopped: out->error says why */
};

/* ---- engine.c: turns ------------------------------------------------------------------------ */

/* Ends the play, with a sentence; the first one stays. */
void engine_fail(struct engine *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Lets things happen for up to so long; less if something does. False: it is over. */
bool engine_turn(struct engine *e, int64_t wait_us);

/* Something went on. */
void engine_progress(struct engine *e, int64_t now_us);

/* What is measured begins here. */
void engine_measure(struct engine *e);

/* And here is its end, as far as processors are concerned; memory is looked at once more when all is over. */
void engine_measured(struct engine *e);
void engine_weigh(struct engine *e);

bool engine_flush(struct engine *e, struct client *c);
unsigned engine_publishers(const struct engine *e);
struct client *engine_subscriber(struct engine *e, unsigned number);
struct ledger *engine_ledger(struct engine *e, unsigned publisher, unsigned subscriber);

/* The publisher's messages for this subscriber so far. */
uint64_t *engine_number(struct engine *e, unsigned publisher, unsigned subscriber);

/* ---- fleet.c: connections -------------------------------------------------------------------- */

/* Connects and makes ready those from `first` to before `end`. False: it is over. */
bool fleet_gather(struct engine *e, unsigned first, unsigned end);

/* Says hello; the session is kept, or not. */
bool fleet_hello(struct engine *e, struct client *c, bool kept);

/* Sends what the Server Keep Alive wants, if it is time for that. */
void fleet_keep_alive(struct engine *e, int64_t now_us);

/* CONNACK, SUBACK. */
bool fleet_take_connack(struct engine *e, struct client *c, const uint8_t *body, size_t len);
bool fleet_take_suback(struct engine *e, struct client *c);

/* The workloads of connections alone. */
void fleet_storm(struct engine *e);
void fleet_idle(struct engine *e);

/* ---- messages.c ----------------------------------------------------------------------------- */

/* Publishes all there is to publish, and sees it arrive, or not. */
void messages_play(struct engine *e);

/* Waits for what the subscribers that come now are owed. */
void messages_release(struct engine *e);

/* Whatever comes to a client. */
bool messages_take(void *user, struct client *c, uint8_t first, const uint8_t *body, size_t len);

/* Whether this publisher may send one more now. */
bool messages_have_room(const struct client *c);

/* One message more, beside the account: mark `mark`. */
void messages_put_mark(struct engine *e, unsigned mark);

/* ---- proof.c, sweep.c ------------------------------------------------------------------------ */

/* Sends marks after what has not come, and counts what they prove; fills in the account. */
void proof_seek(struct engine *e);

/* Removes what the play has left with the broker. */
void sweep(struct engine *e);

#endif
