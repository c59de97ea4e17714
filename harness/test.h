/* One case run from the inside: what the verbs share. Not for cases, which see harness/case.h.
 *
 *   test ──▶ peers ──▶ pipe             every wait goes through test_pump, which reads from all open
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
#include "harness/agent/client.h"
#include "harness/client_case.h"
#include "harness/evidence/messages.h"
#include "harness/evidence/tape.h"
#include "harness/monitor/monitor.h"
#include "harness/peers/demands.h"
#include "harness/peers/guest.h"
#include "harness/peers/lateness.h"
#include "harness/peers/leavings.h"
#include "harness/peers/load.h"
#include "harness/play.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/tap.h"
#include "harness/transport/transport.h"

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

/* The PINGREQs of a connection, in order: those of the case, and those that keep a Server Keep Alive. */
struct pings {
	bool *kept; /* sent for the Server Keep Alive: the case does not see its PINGRESP */
	size_t sent, answered, capacity;
	bool keeping; /* the one on its way out is one of them */
};

/* What becomes of what the target sends. */
enum reading {
	READS,
	READS_NOTHING,   /* it stays where it is, until the connection ends */
	READS_FOR_NOBODY /* thrown away, to get at the end that follows it */
};

struct peer {
	struct test *test;
	struct tape_party *party;
	enum mqtt_version version; /* that it speaks: the run's, or the other one */
	const char *role;  /* the name that the case gave it: the same role has the same ClientId */
	struct pipe *pipe; /* NULL when the dial failed */
	const char *client_id;

	enum reading reading;
	size_t bytes_in;    /* received in all */
	struct buf in;      /* received, not yet parsed */
	bool lost;          /* what came can no longer be parsed ... */
	struct bytes noise; /* ... and this is it */
	struct arrival *arrivals;
	size_t arrival_first; /* those before it have been taken */
	size_t arrival_count, arrival_capacity;
	size_t settled_count; /* those before it are settled, as far as window_open could */
	enum ending ended;
	int64_t ended_us;
	bool closed; /* by us */
	bool left;   /* our DISCONNECT has gone out: nothing may follow it */

	struct buf building; /* the packet that is on its way out: it may lead to a verdict */
	struct buf corked;   /* SEGMENT_BATCH: sent by the case, not yet written ... */
	struct buf shown;    /* ... and the same, as the tape gets it */
	/* The last bytes went out between these two: what must not come too early is timed from the
	 * first, what must not come too late from the second.
	 */
	int64_t last_begun_us, last_sent_us;
	bool hangs; /* says nothing more, since some time between these two */
	int64_t hang_begun_us, hang_us;
	uint16_t last_id;    /* Packet Identifiers handed out by next_id */
	uint16_t last_fence; /* Packet Identifier of the last fence to a client */
	struct login login;  /* of whom it is, ... */
	bool is_somebody;    /* ... if it is not whoever the run is */
	struct scram *scram; /* the exchange under way, or the last one; NULL: none */
	struct tls *tls;     /* what it has shown of itself; NULL: what every peer shows */
	bool gathers;        /* what it sends waits, as with SEGMENT_BATCH */
	bool bytewise;       /* what it sends leaves as with SEGMENT_BYTES, whatever the run says */
	struct connect connect;
	struct packet connack;
	struct packet greeting; /* CONNECT of a client that was admitted */
	bool accepted;
	bool raw_filters; /* subscribed without the prefix: messages of others may come */
	bool misbehaves;  /* breaks rules on purpose, also the limits of the target */
	bool spells;      /* sends what the case has spelt: it may break rules, but no limits */
	struct pings pings;
	struct load_part *part;  /* that it has in the load; NULL: none */
	struct monitor *monitor; /* of what the target sends */
	struct monitor *conduct; /* of what the peer itself sends */
};

/* A statement on trial. */
struct claim {
	const char *name;
	bool open;    /* not judged so far */
	bool watched; /* not on trial: something else that was seen broke it */
	enum verdict verdict;
	unsigned breaches; /* that the monitor saw */
};

enum {
	CLAIMS_MAX = 32,
	PEERS_MAX = 256,
	/* From the target, in one case run: more is a flood. */
	PACKETS_MAX = 300000,
	RECEIVED_MAX = 128 * 1024 * 1024, /* bytes */
};

/* For fences to a client: identifiers that no case uses, and a topic that no case expects. */
enum { FENCE_ID_BASE = 60000 };
#define FENCE_TOPIC "mqttspec/fence"

struct distribution {
	struct record_measurement m;
	bool but_one; /* one value may be late */
	double *values;
	size_t capacity;
	struct place at;
};

struct test {
	struct arena *arena;
	const struct play *play;
	const struct case_def *def;
	const char *topics;     /* what those of the case are below, without the slash */
	const char *client_ids; /* what those of the case begin with */
	struct tape tape;
	struct tap tap;         /* of what is below TLS and WebSocket, if that is wanted ... */
	struct endpoint tapped; /* ... and where peers connect to, with it */
	bool showed_secret;     /* a password has gone out */
	jmp_buf out;            /* where a verdict goes when it leaves the body */
	uint64_t random;
	unsigned speaks;                /* enum mqtt_version of peers to come; 0: that of the run */
	const struct endpoint *through; /* where they connect to; NULL: where the run does */

	struct peer *peers[PEERS_MAX];
	size_t peer_count;
	struct peer *witness;

	unsigned setting_up; /* depth of set-up verbs */
	enum verdict verdict;
	const char *note;
	struct record_failure *failure;
	struct claim claims[CLAIMS_MAX];
	size_t claim_count;
	int judged;                /* claim that `judging` named last; -1: the first that is open */
	bool waited;               /* it ended because nothing came in time */
	int64_t question_until_us; /* an answer that comes later says nothing; 0: always open */

	struct messages messages; /* that our peers have published */
	struct load *load;        /* those of a load; NULL: there is none */
	struct lateness lateness; /* how late the machine has been */
	bool waits;               /* the runner was told that it does nothing else */
	const char *foreign; /* topic of a message of another case run that came first; or NULL */
	bool foreign_unanswered; /* one came at QoS 1 or 2, and may be in the way of others */
	const char *misconduct;  /* the first rule that we broke undeclared: a sentence; or NULL */
	size_t packets_in;       /* that the target has sent, on all connections ... */
	size_t bytes_in;         /* ... and what was read of it */
	int64_t unpaced_us;      /* what the process had waited before, for its turns to connect */
	int64_t held_us; /* the longest such wait with other connections of its own already there */

	struct distribution *distributions;
	size_t distribution_count, distribution_capacity;

	/* The target is the case run's own. */
	bool down;               /* it has been stopped, and not started again */
	const char *target_said; /* its last lines, once it has been ended; or NULL */

	/* A client is judged. */
	struct listener *listener; /* where it connects to; NULL */
	struct tls **shown;        /* what it finds there of the case's own, the last of them ... */
	size_t shown_count, shown_capacity; /* ... and before; 0: that of the run */
	bool entrance_late; /* a client's handshake did not end in time: in a quieter hour it may */
	bool accepting;     /* a connection is waited for: else one that comes waits */
	struct agent *agent; /* NULL while it is not launched */
	struct agent_place place;
	struct tape_party agent_party;
	struct hearing *hearings;
	size_t hearing_count, hearing_capacity;
	unsigned commands;    /* given so far; the number of the last one */
	const char *promised; /* what the agent must not call unsupported; NULL: it may */
	const char *fault;    /* the agent broke its contract: a sentence; or NULL */
	const struct record_death
		*death; /* the target or the client has died, or ended without being asked to */

	struct leavings
		*leavings; /* on the target, to be cleared after it; NULL: a client is judged */
};

/* How what came differs from what was demanded. */
struct difference {
	enum spec_difference kind; /* the likeliest */
	uint32_t kinds;    /* SPEC_SHOWS of all that it may be; 0: a check of the case's own */
	const char *about; /* what it concerns, in the words of spec_blamed; NULL: nothing known */
	bool waited;       /* nothing came in time: it may yet come */
	bool on_trial;     /* accuses the statement on trial, whatever shows its breach */
	bool legal;        /* by the standard; one of the case's own statements may forbid it */
	bool kept;         /* it may be a copy from the store; the one that is meant is still due */
};

#define DIFFERENCE(what, concerning) \
	((struct difference){ .kind = (what), .kinds = SPEC_SHOWS(what), .about = (concerning) })

/* ---- claims.c: which statement a failure accuses ------------------------------------------- */

struct claim *claim_find(struct test *t, const char *name);
struct claim *claim_add(struct test *t, const char *name); /* one too many ends the run */
struct claim *claim_try(struct test *t, const char *name); /* the same, and it is on trial */
bool claim_is_of_version(const struct test *t, const char *name);

/* The one that `judging` named, else the first that is open; NULL: all have been judged. */
struct claim *claim_on_trial(struct test *t);

/* Whether any statement speaks of this difference: one of the case's own, or one that binds
 * everywhere.
 */
bool claim_is_known(struct test *t, const struct difference *d);

/* The one that this difference accuses; *own: the case named it. NULL: none is left. */
struct claim *claim_accused(struct test *t, const struct difference *d, bool *own);

/* Whether one of the case's own statements is broken by it. */
bool claim_forbids(struct test *t, const struct difference *d);

void claim_close(struct claim *c, enum verdict verdict);
void claims_close(struct test *t, enum verdict verdict); /* those that are open */

/* ---- test.c: verdicts ---------------------------------------------------------------------- */

void test_init(struct test *t, struct arena *a, const struct play *play);

/* For endpoints and listeners of this case run. NULL: there is nothing below, or nobody wants to see it. */
struct tap *test_tap(struct test *t);

/* Where peers connect to, whose bytes the tap gets; until the next call. Not where a client is judged. */
const struct endpoint *test_target(struct test *t);

/* Ends the run: `expected` against `actual`, as a fail, or as the level or a set-up has it. */
void test_fail(struct test *t, struct place at, const char *expected, const char *actual)
	__attribute__((noreturn));
void test_end(struct test *t, struct place at, enum verdict verdict, const char *note)
	__attribute__((noreturn));

/* Like test_fail, but the engine knows what differs, which decides on the statement. */
void test_differ(struct test *t, struct place at, struct difference d, const char *expected,
	const char *actual) __attribute__((noreturn));

/* Ends the run as `inconclusive`: what was too late was so by no more than the machine was. */
void test_late(struct test *t, struct place at) __attribute__((noreturn));

/* The same where a question had its time (only_until), and that is over: an answer says nothing. */
void test_check_question(struct test *t, struct place at);

/* Records a lesser finding and goes on. */
void test_note(struct test *t, struct place at, enum verdict verdict, const char *expected,
	const char *actual);

/* The same, for a statement of its own ("5.0:U50-ERR-SERVER"), whatever is on trial. */
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

/* The same with a connection that is made otherwise: NULL, with a sentence, where it is not. */
typedef struct pipe *(*peer_dialler)(
	struct peer *p, int64_t deadline_us, void *user, const char **error);
bool peer_dial_by(struct peer *p, peer_dialler by, void *user, const char **error);
void peer_close(struct peer *p, bool reset);

/* Sends what has to be answered after everything sent before it: PINGREQ, or a PUBLISH at QoS 1. */
void peer_send_fence(struct place at, struct peer *p);

/* The next connection that the client opens; NULL: none came by the deadline, or it gave up. */
struct peer *peer_accept(struct test *t, const char *role, int64_t until_us);

/* The same with a connection that is accepted otherwise; one that did come but to nothing ends the wait, with the rest
 * of a sentence in *fault, which is NULL otherwise.
 */
typedef struct pipe *(*peer_accepter)(
	struct test *t, int64_t deadline_us, void *user, const char **fault);
struct peer *peer_accept_by(struct test *t, const char *role, int64_t until_us, peer_accepter by,
	void *user, const char **fault);

/* Writes as the segmentation of the run says, and reads meanwhile. What cannot be delivered because
 * the connection has ended is dropped, with a remark. The target gets the last `secret` bytes as
 * they are, the tape only asterisks.
 */
void peer_send(struct peer *p, struct bytes bytes, size_t secret);

/* ---- output.c ------------------------------------------------------------------------------ */

/* Sends what a batch has held back. */
void peer_flush(struct peer *p);
void test_flush(struct test *t); /* of all peers */

/* How long this case run has waited for its turns to connect, which is not on its time. */
int64_t test_paced_us(const struct test *t);

/* ---- pump.c: waiting ----------------------------------------------------------------------- */

/* Waits until there is something to read, or room to write to `writer` (or NULL), then reads what
 * is there; true if anything came. Ends the run when the target floods.
 */
bool test_poll(struct test *t, const struct peer *writer, int64_t until_us);

/* Reads what is there on every open peer, waiting for the first of it until the deadline (on the
 * clock of the tape). False when the deadline has passed; what was there has been read all the
 * same, so whoever waits for something should look once more.
 */
bool test_pump(struct test *t, int64_t until_us);

/* Reads what is there, without waiting. */
void test_read_ready(struct test *t);

/* ---- arrivals.c: what comes ---------------------------------------------------------------- */

void peer_receive(struct peer *p); /* reads once, which must not block */

/* The connection is gone, but what the target said before that may still be there: reads all of it.
 * If the peer had stopped reading, it is thrown away: it is old, and by now the monitor may have
 * seen what came of it on another connection.
 */
void peer_drain(struct peer *p);

/* The oldest arrival of these types (a mask) that has not been taken; NULL if there is none. */
struct arrival *peer_arrival(struct peer *p, uint32_t types);

/* The same with this Packet Identifier. */
struct arrival *peer_arrival_of(struct peer *p, uint32_t types, unsigned id);

/* Waits for an arrival of these types, or the end of the connection; NULL: neither came in time, or
 * the end did (see p->ended).
 */
struct arrival *peer_wait(struct peer *p, uint32_t types, int64_t until_us);

/* The same with this Packet Identifier; a DISCONNECT does not end the wait, the end of the connection does. */
struct arrival *peer_wait_ack(struct peer *p, uint32_t types, unsigned id, int64_t until_us);

/* Until a new subscriber to the topic gets nothing that is kept, or for as long as an answer may take; says whether
 * it came to that, and demands nothing. settled.c
 */
bool removal_settled_at(struct place at, struct test *t, const char *topic);

/* How long an answer is waited for, with the patience of the run; and the time by which one that is asked
 * for now must have come.
 */
int64_t test_answer_wait_us(const struct test *t);
int64_t test_answer_deadline_us(const struct test *t);

/* Waits for the end of the connection. */
bool peer_wait_end(struct peer *p, int64_t until_us);

/* What came instead of what was waited for: "DISCONNECT Protocol error, then closed", "nothing for
 * 5000 ms".
 */
const char *peer_situation(struct peer *p, int64_t since_us);

/* What has come and makes no packet: the beginning of one, or bytes that are no MQTT. */
struct bytes peer_rest(const struct peer *p);
void peer_show_rest(struct peer *p); /* in the transcript, unless it is there */

/* Notes that the wait for a packet of this type (or CLOSED) lasted longer than an answer may take,
 * and that it came all the same: being late is no breach. In a set-up step it is no more than a
 * remark.
 */
void test_note_late(
	struct test *t, struct place at, unsigned type, int64_t since_us, int64_t at_us);

/* Messages may be missing. If the target's file says that few are kept for a client, and somebody
 * was due to get more than that, dropping them is its right, and the run is `inapplicable`.
 */
void queue_check(struct place at, struct test *t);

/* What a case wants of a message, for people: "PUBLISH "a" q1 retain 0"; begins with `what`. */
const char *test_describe_wanted(struct test *t, const char *what, const struct message *m);

/* A message did not come. If others have not been acknowledged yet, and it comes once they are, the
 * target keeps only a small window of messages in flight, which is its right, as a short queue is.
 * The run is then `inapplicable`.
 */
void window_check(struct place at, struct peer *p);

/* Settles what is under way to the peer, so that what waits for room in the target's window can come; false: nothing
 * is, or nothing can be sent. What has not come after that is not merely late in its turn.
 */
bool window_open(struct place at, struct peer *p);

/* If a plain command line has done its work and left before it could answer anything, ends the run
 * as `inapplicable`.
 */
void peer_check_leave(struct place at, struct peer *p);

/* ---- closes.c: what a violation leads to --------------------------------------------------- */

/* Sends a text made of the row's template, in the pieces that the row asks for. */
void test_send_row(struct place at, struct peer *p, const char *text);

/* Packets that only come from a target that has taken no offence; a mask. */
uint32_t test_signs_of_life(const struct test *t);

/* However closely a target has to look: once it has said DISCONNECT, it has to close. [5.0 MQTT-3.14.4-2] */
void test_close_after_notice(
	struct place at, struct peer *p, const char *expected, int64_t since_us);

/* By when it closes if it had answered what it had read before. */
int64_t test_still_closing_us(const struct test *t);

/* ---- told.c: the agent of a client ---------------------------------------------------------- */

/* Listens, and launches the client if it is not running yet. Any failure ends the run. */
void client_launch(struct place at, struct test *t);
void client_open(struct place at, struct test *t); /* listens for it; it is not launched yet */

/* Hands over a command, and puts it into the transcript. */
void client_tell(struct test *t, const char *line);

/* The end of a check of an agent: what it says too much has been said. */
void client_settle(struct test *t);

/* Takes what the agent has said so far; ends the run when there is no point in going on. */
void client_listen(struct test *t);

/* The oldest event not yet taken that answers this command (0: none) and is of these kinds (a mask of
 * 1 << kind; 0: any); waits for it until the deadline. NULL: it did not come.
 */
struct hearing *client_hear(struct test *t, unsigned command, unsigned kinds, int64_t until_us);

/* The next event of this kind that answers no command and has not been taken; if none comes, the
 * run ends.
 */
struct hearing *client_event(struct place at, struct test *t, enum told_kind kind);

/* It has answered the last command with an error, so nothing more will come of it. */
bool client_gave_up(struct test *t);

/* "the agent said `error`: Invalid arguments"; in the arena. */
const char *client_last_word(struct test *t);

/* Ends it; a client that has died by then, or dies now, makes the run a `crash`. */
void client_end(struct test *t);

/* ---- client_setup.c: a client under test begins ----------------------------------------------- */

/* By when it has to connect, on the tape: it may have to load what it needs for that. */
int64_t client_connection_deadline_us(const struct test *t);

/* Ends the run: it did not connect, for this reason (NULL: its last word tells). It may yet, in a quieter hour. */
void client_did_not_connect(struct place at, struct test *t, const char *fault)
	__attribute__((noreturn));

/* A CONNECT as it came, to be looked at before anything else: a protocol or version other than the
 * one that the client was asked for ends the run.
 */
void client_greets(struct peer *p, struct bytes connect);

/* ---- told_message.c: whom it accuses ---------------------------------------------------------- */

/* Ends the run: what the user is told differs, which breaks UALL-AS-ASKED. */
void told_differs(struct test *t, struct place at, struct difference d, const char *expected,
	const char *actual) __attribute__((noreturn));
void told_missing(struct test *t, struct place at, const char *expected) __attribute__((noreturn));

/* The same as a lesser finding. */
void told_note(struct test *t, struct place at, const char *expected, const char *actual);

/* ---- messages.c: what our peers have published, and what comes of it -------------------------- */

/* A packet of ours, before it goes out; a publish that a client is told to do. */
void messages_sent(struct peer *p, const struct packet *packet);
bool messages_have_topic(
	const struct test *t, struct bytes topic); /* of a PUBLISH or Will that went out */
void messages_told(struct test *t, const struct publish *m);

/* A PUBLISH that has come, its topic as it is on the wire. */
void messages_arrived(struct peer *p, const struct packet *publish);
void messages_passed_on(struct test *t, const struct told *told); /* a client to its user */

/* The posting that this message may be; among equals, the first that this client has received less
 * often. NULL: nobody has published it.
 */
struct posting *posting_find(
	struct test *t, const char *client, struct bytes topic, struct bytes payload);
unsigned posting_times(const struct posting *m, const char *client); /* how often it had it */
bool posting_has(const struct posting *m, struct bytes payload);

/* The standard orders messages of one publisher on one topic at one QoS. [MQTT-4.6.0-5] */
bool postings_are_ordered(const struct posting *a, const struct posting *b);

/* How many of this client's subscriptions let the topic (as it is on the wire) through. */
unsigned messages_subscriptions(const struct peer *p, struct bytes topic);

/* A topic, without the prefix, that one of this client's subscriptions is for; NULL: none. */
const char *messages_topic(const struct peer *p);

/* expect_resumed() of a session that is subscribed to this topic, without the prefix; NULL: none is known, and the
 * flag is accused without a look.
 */
struct packet expect_resumed_by(struct place at, struct peer *p, const char *topic);

/* The same by the payload alone, where a case compares that by itself. */
struct difference messages_payload(struct test *t, struct bytes got, const char *expected);

/* Whether what came may be a copy from the store of retained messages. A target may look there
 * after it has acknowledged a SUBSCRIBE, and find what was published meanwhile:
 *
 *	subscriber                target                  publisher
 *	SUBSCRIBE            -->
 *	                     <--  SUBACK
 *	                                          <--  PUBLISH retain 1
 *	                     <--  PUBLISH retain 1        out of the store
 *	                     <--  PUBLISH retain 0        as it is published
 *
 * in either order. A SUBSCRIBE brings one copy for each topic, so what has come more often is not
 * one.
 */
bool messages_from_store(
	const struct peer *p, const struct packet *got, const struct posting *posting);

/* Or the reverse of it, which only a message with RETAIN 1 after it proves: it was published before the client
 * subscribed, and has found the subscription on its way to those that were there.
 */
bool messages_routed_late(
	const struct peer *p, const struct packet *got, const struct posting *posting);

/* The Retain Handling that forbids what came: it is out of the store, where no SUBSCRIBE has asked for it. 0:
 * none does.
 */
unsigned messages_handling_broken(
	const struct peer *p, const struct packet *got, const struct posting *posting);

/* How many of them this client's subscriptions let through. */
size_t messages_meant_for(const struct peer *p);

/* Why this message, though it came as awaited, proves nothing about those before it: it came
 * through a subscription that is younger than one of them, which may therefore still be on its way,
 * and arrive through it. NULL: there is no such reason.
 */
const char *messages_race(struct peer *p, const struct packet *marker);

/* ---- messages_differ.c: what the message is that came in place of another ----------------- */

/* How the message that came (its topic without the prefix) differs from the wanted one; false: it
 * does not. May wait for the wanted one, to tell whether it comes at all. Ends the run where the
 * case demands an order that the standard does not define.
 */
bool messages_differ(struct peer *p, const struct packet *got, const struct message *want,
	struct difference *out);

/* ---- conduct.c: we keep the rules that we judge by -------------------------------------------- */

/* A packet of ours, before it goes out. If it breaks a limit that the target has announced, the run
 * is `inapplicable`; if it breaks any other rule, and the case has not declared that, the run is an
 * `error`.
 */
void conduct_sent(struct peer *p, const struct packet *packet);
void conduct_malformed(struct peer *p, const struct wire_result *result, struct bytes bytes);
void conduct_came(struct peer *p, const struct packet *packet); /* of the target */

/* When the body has run to its end, or has met a difference that we may have caused ourselves. */
void conduct_settle(struct test *t);

/* ---- keeping.c: Server Keep Alive ------------------------------------------------------------- */

/* Sends a PINGREQ, when one is due, on each connection whose server set a Keep Alive of its own. */
void keeping_turn(struct test *t);

/* When a wait until then must be interrupted for that. */
int64_t keeping_slice_us(const struct test *t, int64_t until_us);

void keeping_sent(struct peer *p);     /* a PINGREQ goes out */
bool keeping_answered(struct peer *p); /* a PINGRESP has come: true if it is not the case's */

/* ---- topics.c: the prefix ------------------------------------------------------------------ */

/* Why a case that needs it is inapplicable: "the target has no retained messages", with the target's
 * own word where it has refused them.
 */
const char *offer_lacking(const struct test *t, enum offer what);

/* What whoever hosts the target asks of us; NULL: nothing. */
const struct guest *test_guest(const struct test *t);

const char *topic_prefixed(struct test *t, const char *topic, bool raw);
const char *filter_prefixed(struct test *t, const char *filter, bool raw);
struct bytes topic_stripped(const struct test *t, struct bytes topic);
bool topic_is_foreign(const struct peer *p, struct bytes topic); /* seen by a raw filter */
/* By a raw filter came a PUBLISH that nothing shows to be of this case run. */
bool message_is_foreign(const struct peer *p, const struct packet *publish);

bool filter_is_own(const struct test *t, struct bytes filter); /* has the prefix */

/* Of another case run of this run, though this one has subscribed to no topics but its own. */
bool topic_is_of_another(const struct peer *p, struct bytes topic);

/* ---- restarts.c: a target of the case run's own ------------------------------------------------- */

void instance_begin(struct test *t); /* launches it, if there is to be one; else the run ends */

/* Ends it; one that has died without being told to makes the run a `crash`. */
void instance_end(struct test *t);

/* ---- play.c ----------------------------------------------------------------------------------- */

void test_watch_lateness(struct test *t);

/* ---- users.c ------------------------------------------------------------------------------- */

void test_need_users(struct test *t); /* else the run is `inapplicable` */
void test_need_certificates(struct test *t);

/* ---- cleanup.c ----------------------------------------------------------------------------- */

void test_clean_target(struct test *t);

#endif
