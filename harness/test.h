/* One case run from the inside: what the verbs share. Not for cases, which see harness/case.h.
 *
 *   test ──▶ peers ──▶ transport        every wait goes through test_pump, which reads from all open
 *     │        └─────▶ arrivals         peers, so that each event carries the time at which it came
 *     ├────▶ agent ──▶ hearings         (a client is judged)
 *     └────▶ tape, claims, findings, measurements
 */
#ifndef HARNESS_TEST_H
#define HARNESS_TEST_H

#include <setjmp.h>

#include "base/arena.h"
#include "base/buf.h"
#include "harness/agent/agent.h"
#include "harness/client_case.h"
#include "harness/monitor/monitor.h"
#include "harness/play.h"
#include "harness/tape.h"
#include "harness/transport.h"

/* A packet that came from the target. */
struct arrival {
	struct packet packet; /* as cases see it: topic without the prefix */
	int64_t at_us;
	bool taken; /* an expectation has had it, or it is another case run's */
};

/* What the agent said. */
struct hearing {
	struct told told;
	bool taken;
};

/* How the target ended its side of a connection. */
enum ending { NOT_ENDED, ENDED_FIN, ENDED_RESET };

struct peer {
	struct test *test;
	struct tape_party *party;
	const char *role; /* the name that the case gave it: the same role has the same ClientId */
	struct transport *transport; /* NULL when the dial failed */
	const char *client_id;

	struct buf in; /* received, not yet parsed */
	bool lost;     /* what came cannot be parsed any more */
	struct arrival *arrivals;
	size_t arrival_count, arrival_capacity;
	enum ending ended;
	int64_t ended_us;
	bool closed; /* by us */

	struct buf corked;    /* SEGMENT_BATCH: sent by the case, not yet written */
	int64_t last_sent_us; /* when the last byte went out */
	int64_t hang_us;      /* since when the peer says nothing; -1: it does not hang */
	uint16_t last_id;     /* Packet Identifiers handed out by next_id */
	uint16_t last_fence;  /* Packet Identifier of the last fence to a client */
	struct connect connect;
	struct packet connack;
	struct packet greeting; /* CONNECT of a client that was admitted */
	bool accepted;
	bool raw_filters; /* subscribed without the prefix: messages of others may come */
	struct monitor *monitor;
};

/* A statement on trial. */
struct claim {
	const char *name;
	bool open; /* not judged so far */
	enum verdict verdict;
};

enum { CLAIMS_MAX = 32, PEERS_MAX = 256 };

/* Of the fences to a client: identifiers that no case uses, and a topic that no case expects. */
enum { FENCE_ID_BASE = 60000 };
#define FENCE_TOPIC "mqttspec/fence"

struct distribution {
	struct record_measurement m;
	bool by_median; /* judged by it alone */
	double *values;
	size_t capacity;
	struct place at;
};

struct test {
	struct arena *arena;
	const struct play *play;
	const struct case_def *def;
	struct tape tape;
	jmp_buf out; /* where a verdict leaves the body to */
	uint64_t random;

	struct peer *peers[PEERS_MAX];
	size_t peer_count;
	struct peer *witness;

	unsigned setting_up; /* depth of set-up verbs */
	enum verdict verdict;
	const char *note;
	struct record_failure *failure;
	struct claim claims[CLAIMS_MAX];
	size_t claim_count;
	int judged; /* claim that `judging` named last; -1: the first that is open */

	struct distribution *distributions;
	size_t distribution_count, distribution_capacity;

	/* A client is judged. */
	int listener;        /* where it connects to; -1 */
	bool accepting;      /* a connection is waited for: else one that comes waits */
	struct agent *agent; /* NULL while it is not launched */
	struct agent_place place;
	struct tape_party agent_party;
	struct hearing *hearings;
	size_t hearing_count, hearing_capacity;
	unsigned commands;                /* given so far; the number of the last one */
	const char *fault;                /* the agent broke its contract: a sentence; or NULL */
	const struct record_death *death; /* the client has died, or ended without being asked to */

	/* What the case run leaves on the target, to be cleared behind it. */
	const char **retained;
	size_t retained_count, retained_capacity;
};

/* ---- test.c: verdicts ---------------------------------------------------------------------- */

void test_init(struct test *t, struct arena *a, const struct play *play);

/* Ends the run: `expected` against `actual`, as a fail, or what the level or a set-up makes of it. */
void test_fail(struct test *t, struct place at, const char *expected, const char *actual)
	__attribute__((noreturn));
void test_end(struct test *t, struct place at, enum verdict verdict, const char *note)
	__attribute__((noreturn));

/* Keeps a lesser finding and goes on. */
void test_note(struct test *t, struct place at, enum verdict verdict, const char *expected,
	const char *actual);

/* The same, of a statement of its own ("5.0:U50-ERR-SERVER"), whatever is on trial. */
void test_note_on(struct test *t, struct place at, enum verdict verdict, const char *statement,
	const char *expected, const char *actual);

/* The statement that a failure would now accuse; NULL when all have been judged. */
const char *test_on_trial(struct test *t);

/* A breach that the monitor saw. */
void test_finding(struct test *t, const struct finding *finding, const struct peer *p);

/* A remark in the transcript. */
void test_remark(struct test *t, const struct peer *p, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void test_settle(struct test *t); /* judges distributions, then closes the claims that are open */

/* Which side is judged, and which the peers play. */
enum side test_theirs(const struct test *t);
enum side test_ours(const struct test *t);

/* ---- peer.c: connections ------------------------------------------------------------------- */

struct peer *peer_new(struct test *t, const char *role);
bool peer_dial(struct peer *p, const char **error);
void peer_close(struct peer *p, bool reset);

/* Sends what has to be answered behind all that was sent before: PINGREQ, or a PUBLISH at QoS 1. */
void peer_send_fence(struct place at, struct peer *p);

/* The next connection that the client opens; NULL: none until the deadline, or it gave up. */
struct peer *peer_accept(struct test *t, const char *role, int64_t until_us);

/* Writes as the segmentation of the run says, and reads meanwhile. What cannot be delivered because
 * the connection has ended is dropped, with a remark.
 */
void peer_send(struct peer *p, struct bytes bytes);

/* Reads what is there on every open peer, waiting for the first of it until the deadline (on the
 * clock of the tape). False when the deadline came first.
 */
bool test_pump(struct test *t, int64_t until_us);

/* The oldest arrival not yet taken of these types (a mask); NULL if there is none. */
struct arrival *peer_arrival(struct peer *p, uint32_t types);

/* Waits for an arrival of these types, or the end of the connection; NULL: neither came in time, or
 * the end did (see p->ended).
 */
struct arrival *peer_wait(struct peer *p, uint32_t types, int64_t until_us);

/* The time by which an answer must have come that is asked for now. */
int64_t test_answer_deadline_us(const struct test *t);

/* Waits for the end of the connection. */
bool peer_wait_end(struct peer *p, int64_t until_us);

/* What there is instead of what was waited for: "DISCONNECT Protocol error, then closed", "nothing
 * for 5000 ms". `types` is the lane that was looked at.
 */
const char *peer_situation(struct peer *p, int64_t since_us);

/* A plain command line has done its work and took its leave before it could answer anything: ends the
 * run as `inapplicable`.
 */
void peer_check_leave(struct place at, struct peer *p);

/* ---- closes.c: what a violation leads to --------------------------------------------------- */

/* Packets that only come from a target that has taken no offence; a mask. */
uint32_t test_signs_of_life(const struct test *t);

/* By when it closes if it had answered what it had read before. */
int64_t test_still_closing_us(const struct test *t);

/* ---- told.c: the agent of a client ---------------------------------------------------------- */

/* Listens and launches the client, if it does not run by now. What goes wrong ends the run. */
void client_launch(struct place at, struct test *t);

/* Hands a command over, and puts it into the transcript. */
void client_tell(struct test *t, const char *line);

/* Takes what the agent has said by now; ends the run when there is no point in going on. */
void client_listen(struct test *t);

/* The oldest event not yet taken that answers this command (0: none) and is of these kinds (a mask of
 * 1 << kind; 0: any); waits for it until the deadline. NULL: it did not come.
 */
struct hearing *client_hear(struct test *t, unsigned command, unsigned kinds, int64_t until_us);

/* It has answered the last command by an error, so nothing more will come of it. */
bool client_gave_up(struct test *t);

/* "the agent said `error`: Invalid arguments"; in the arena. */
const char *client_last_word(struct test *t);

/* Ends it; a client that had died by then, or does so now, makes the run a `crash`. */
void client_end(struct test *t);

/* ---- topics.c: the prefix ------------------------------------------------------------------ */

const char *topic_prefixed(struct test *t, const char *topic, bool raw);
const char *filter_prefixed(struct test *t, const char *filter, bool raw);
struct bytes topic_stripped(const struct test *t, struct bytes topic);
bool topic_is_foreign(const struct peer *p, struct bytes topic);

/* ---- cleanup.c ----------------------------------------------------------------------------- */

void test_clean_target(struct test *t);

#endif
