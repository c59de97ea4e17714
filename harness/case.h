/* The language of cases. A case file for servers includes this header and nothing else, one for clients
 * harness/client_case.h.
 *
 *	CASE(pingreq_answered,
 *	     .title = "PINGREQ is answered by PINGRESP",
 *	     .refs = { "3.1.1:MQTT-3.12.4-1", "5.0:MQTT-3.12.4-1" },
 *	     .level = MUST, .versions = BOTH)
 *	{
 *		struct peer *client = join(t, "client");
 *		send_pingreq(client);
 *		expect(client, PINGRESP);
 *	}
 *
 * A case is a straight line: a verb that meets anything other than what it demands ends the case
 * run with a verdict, so there are no error paths and nothing to free. docs/WRITING-CASES.md
 * teaches it.
 *
 * Verbs come in two kinds:
 * - set-up verbs (join, subscribe, unsubscribe, publish, leave): what goes wrong in them says nothing
 *   about the statement, and ends the run as `inconclusive`;
 * - sends, expectations and checks: what goes wrong in them is a `fail` (for level SHOULD or MAY, a
 *   `nonstrict`).
 *
 * Topics and filters are given a prefix of the case run's own, which incoming topics lose again, so
 * that many case runs can share one target. A filter or topic that begins with `$` or is .raw stays
 * as it is. "$share/name/filter" gets the prefix before the filter, and at the end of the name too:
 * there are servers in which all filters of a name take turns. Incoming PUBLISH packets that belong to
 * other case runs (possible with raw filters) are skipped.
 *
 * Every PUBLISH, acknowledgement and so on that arrives is kept in order until an expectation asks
 * for it, in lanes between which the standard defines no order: PUBLISH; PUBREL; acknowledgements
 * of what the peer published; SUBACK; UNSUBACK; PINGRESP; CONNACK and AUTH. A DISCONNECT and the
 * end of the connection come after everything else.
 */
#ifndef HARNESS_CASE_H
#define HARNESS_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/capabilities.h"
#include "harness/load_case.h"
#include "harness/tls_case.h"
#include "harness/users_case.h"
#include "harness/websocket_case.h"
#include "harness/wire/wire.h"
#include "record/verdict.h"
#include "spec/spec.h"

struct test; /* one case run; `t` in the body of a case */
struct peer; /* one connection of a role, named in the transcript */

/* ---- the declaration of a case ------------------------------------------------------------- */

enum { V311 = 1, V50 = 2, BOTH = V311 | V50 };

enum { OVER_WEBSOCKET = 1, OVER_TLS = 2 };

enum { CASE_REFS = 12 };

/* What a case judges. */
enum role { ROLE_SERVER, ROLE_CLIENT, ROLE_AGENT };

struct case_def {
	const char *id;
	const char *file;            /* of the source; its name is the chapter */
	const char *title;           /* one sentence: what a good target does */
	const char *refs[CASE_REFS]; /* statements, the one that is judged first in each version */
	enum level level;
	enum role role;
	bool unaided;  /* of a client: it can also judge one that has no agent */
	unsigned over; /* OVER_...: planned only for transports with these layers; 0: for all */
	bool of_users; /* of a server: its clients are users of the target's file */
	bool of_certificates; /* the same, but they have certificates; it is OVER_TLS */
	/* Of a server: it is played with a target of its own, which it may restart. What is stored does not
	 * depend on how the packets came: it is planned for the first transport and segmentation only.
	 */
	bool restarts;
	/* Of an agent: it is played over each transport that the agent names, others over the first of them. */
	bool each_transport;
	bool surveyed; /* what it finds broken is broken on every connection (runner/survey.h) */
	unsigned versions;  /* V311, V50 or BOTH */
	unsigned budget_ms; /* how long the standard's own clocks make it last; 0: none */
	void (*play)(struct test *t);

	/* A table: the body is played once for each row, as a case run of its own. */
	const struct vector *rows;
	size_t row_count;
};

/* One row of a table of packets. */
struct vector {
	const char *id;       /* within its table */
	const char *template; /* harness/wire/template.h */
	const char *refs[6];  /* instead of the table's */
	const char *title;    /* instead of the table's; may be NULL */
	unsigned versions;    /* 0: the table's */
	uint8_t codes[6];     /* Reason Codes of 5.0 that fit, best first; unused ones 0 */
	bool incomplete;      /* the packet never ends, so nothing can be sent after it */
	bool in_pieces;       /* it leaves byte by byte, however the run cuts its packets */
	const void *extra;    /* for the table's own use */
};

/* CASE(id, fields...) { body } defines `case_<id>`, which the CHAPTER at the end of its file must
 * list: an unlisted case does not compile (-Wunused-const-variable).
 */
#define CASE(case_id, ...)                                                            \
	static void play_##case_id(struct test *t);                                   \
	static const struct case_def case_##case_id = {                               \
		.id = #case_id, .file = __FILE__, .play = play_##case_id, __VA_ARGS__ \
	};                                                                            \
	static void play_##case_id(struct test *t)

/* All cases of one file, listed once more in cases/list.c. */
struct chapter {
	const char *id; /* the file's name */
	const char *title;
	const struct case_def *const *cases;
	size_t case_count;
};

#define CHAPTER(chapter_id, chapter_title, ...)                                         \
	extern const struct chapter chapter_##chapter_id;                               \
	const struct chapter chapter_##chapter_id = {                                   \
		.id = #chapter_id,                                                      \
		.title = chapter_title,                                                 \
		.cases = (const struct case_def *const[]){ __VA_ARGS__ },               \
		.case_count = sizeof((const struct case_def *const[]){ __VA_ARGS__ }) / \
			sizeof(const struct case_def *),                                \
	}

/* In a CASE: the rows of a static const struct vector array. */
#define ROWS(array) .rows = (array), .row_count = sizeof(array) / sizeof(*(array))

/* ---- facts about the case run -------------------------------------------------------------- */

enum mqtt_version version(const struct test *t);
bool is_v5(const struct test *t);
const struct vector *row(const struct test *t);    /* of a table; NULL in a plain case */
unsigned random_below(struct test *t, unsigned n); /* from the seed of the run: 0 to n-1 */
int64_t now_us(const struct test *t);              /* since the case run began */
unsigned distance_ms(const struct test *t); /* to the target and back, at most; 0 next door */

/* What the target offers (CONNACK properties in 5.0, its file, or the standard's defaults). */
const struct capabilities *offers(const struct test *t);

/* The run has a user name and a password that the target knows; a CONNECT with neither .user_name nor
 * .password gets them.
 */
bool has_login(const struct test *t);

/* Ends the run as `inapplicable` unless the condition holds; `why` is a sentence about the target. */
#define require(t, condition, why) \
	require_at(AT("require(" #t ", " #condition ", " #why ")"), (t), (condition), (why))

/* The same for what targets may do without, or may not allow: where it was refused, the reason has the
 * target's own word.
 */
#define require_offer(t, what) require_offer_at(AT("require_offer(" #t ", " #what ")"), (t), (what))
#define require_qos(t, qos)    require_qos_at(AT("require_qos(" #t ", " #qos ")"), (t), (qos))

/* The checks that follow judge this statement ("5.0:MQTT-3.3.1-13"; it need not be one of the
 * case's refs); what has passed before stays passed. Names of the other version are ignored, so two
 * calls in a row serve both. Without it, a failure accuses only the first of the case's refs, and
 * the others count as not judged.
 */
#define judging(t, statement) judging_at(AT("judging(" #t ", " #statement ")"), (t), (statement))

/* ---- making packets ------------------------------------------------------------------------ */

/* Properties of 5.0, ignored in 3.1.1: .props = PROPS(P_MESSAGE_EXPIRY(60), P_USER("a", "b")). */
#define PROPS(...)                                                                     \
	(&(const struct properties){ .list = (const struct property[]){ __VA_ARGS__ }, \
		.count = sizeof((const struct property[]){ __VA_ARGS__ }) /            \
			sizeof(struct property),                                       \
		.present = true })
#define P_NUMBER(i, t, n)                             \
	{                                             \
		.id = (i), .type = (t), .number = (n) \
	}
#define P_TEXT(i, t, s)                                   \
	{                                                 \
		.id = (i), .type = (t), .value = BYTES(s) \
	}
#define P_PAYLOAD_FORMAT(n)        P_NUMBER(0x01, PROPERTY_BYTE, n)
#define P_MESSAGE_EXPIRY(n)        P_NUMBER(0x02, PROPERTY_FOUR_BYTES, n)
#define P_CONTENT_TYPE(s)          P_TEXT(0x03, PROPERTY_STRING, s)
#define P_RESPONSE_TOPIC(s)        P_TEXT(0x08, PROPERTY_STRING, s)
#define P_CORRELATION_DATA(s)      P_TEXT(0x09, PROPERTY_BINARY, s)
#define P_SUBSCRIPTION_ID(n)       P_NUMBER(0x0B, PROPERTY_VARIABLE, n)
#define P_SESSION_EXPIRY(n)        P_NUMBER(0x11, PROPERTY_FOUR_BYTES, n)
#define P_AUTH_METHOD(s)           P_TEXT(0x15, PROPERTY_STRING, s)
#define P_AUTH_DATA(s)             P_TEXT(0x16, PROPERTY_BINARY, s)
#define P_REQUEST_PROBLEM_INFO(n)  P_NUMBER(0x17, PROPERTY_BYTE, n)
#define P_WILL_DELAY(n)            P_NUMBER(0x18, PROPERTY_FOUR_BYTES, n)
#define P_REQUEST_RESPONSE_INFO(n) P_NUMBER(0x19, PROPERTY_BYTE, n)
#define P_REASON_STRING(s)         P_TEXT(0x1F, PROPERTY_STRING, s)
#define P_RECEIVE_MAXIMUM(n)       P_NUMBER(0x21, PROPERTY_TWO_BYTES, n)
#define P_TOPIC_ALIAS_MAXIMUM(n)   P_NUMBER(0x22, PROPERTY_TWO_BYTES, n)
#define P_TOPIC_ALIAS(n)           P_NUMBER(0x23, PROPERTY_TWO_BYTES, n)
#define P_USER(n, v)                                                                          \
	{                                                                                     \
		.id = 0x26, .type = PROPERTY_STRING_PAIR, .name = BYTES(n), .value = BYTES(v) \
	}
#define P_MAXIMUM_PACKET_SIZE(n) P_NUMBER(0x27, PROPERTY_FOUR_BYTES, n)

/* A number that may be left out: .keep_alive = SET(0) differs from leaving .keep_alive alone only
 * where the comment says so.
 */
struct maybe {
	bool set;
	uint32_t value;
};
#define SET(n)            \
	{                 \
		true, (n) \
	}

struct will {
	const char *topic; /* NULL: no Will */
	const char *payload;
	struct bytes bytes; /* the payload, when it is not text */
	unsigned qos;
	bool retain;
	bool raw; /* the topic without the prefix */
	const struct properties *props;
};

/* What a CONNECT says. All zero: a new session that ends with the connection, keep alive 0. */
struct connect {
	const char *client_id; /* NULL: the case run's prefix and the peer's name; "": empty */
	unsigned keep_alive;   /* seconds; 0: off, or offers(t)->keep_alive where it must be on */
	bool kept;  /* the session outlives the connection: CleanSession 0 in 3.1.1; Clean Start
				* 0 and a Session Expiry Interval of 300 s in 5.0 */
	bool clean; /* with .kept: Clean Start 1 all the same (5.0) */
	/* join: it speaks the other of the two versions; where that one is not served, the run is `inapplicable`. What
	 * is judged is the version of the run: the other side of a message, or of a session, is to speak that.
	 */
	bool other_version;
	struct maybe expiry; /* 5.0: this Session Expiry Interval */
	struct will will;
	const char *user_name; /* both NULL: those that the target wants, or none */
	const char *password;
	const struct user *as; /* instead of both: this user; evidence hides its password */
	const struct properties *props; /* 5.0: in addition to those that the fields above make */
	bool resumed; /* join: CONNACK must say Session Present 1; admit: it does */
	const struct properties *connack; /* admit: what CONNACK carries */
	const char
		*server_name; /* a client, over TLS: whom to look for in the certificate, and to ask
				  * for; NULL: the host */
	bool shows_certificate; /* the same: with one of its own (PKI_CLIENT), if it is asked for it */
};

/* For a CONNECT: the user name and password that the target knows or, if there are none, any. */
#define SOME_LOGIN(t) \
	.user_name = has_login(t) ? NULL : "user", .password = has_login(t) ? NULL : "password"

struct publish {
	const char *topic;
	const char *payload;
	struct bytes bytes; /* the payload, when it is not text */
	unsigned qos;
	unsigned id; /* Packet Identifier; 0: the next free one of this peer (set-up verb only) */
	bool dup;
	bool retain;
	bool raw; /* the topic without the prefix */
	const struct properties *props;
};

struct subscribe {
	const char *filter;
	unsigned qos;
	unsigned id; /* 0: the next free one of this peer */
	bool no_local;
	bool retain_as_published;
	unsigned retain_handling;
	bool raw; /* the filter without the prefix */
	const struct subscribe
		*more; /* further filters of the same packet, ended by a NULL filter */
	const struct properties *props;
};

struct ack {
	struct maybe code; /* 5.0: with this Reason Code; else the short form */
	const struct properties *props;
};

struct disconnect {
	struct maybe code; /* 5.0: else the short form, which means 0 */
	const struct properties *props;
};

/* ---- set-up verbs: a failure is `inconclusive` --------------------------------------------- */

/* A connection with an accepted CONNECT. The same name twice gives the same ClientId: a take-over,
 * or the next connection of a session.
 */
#define join(t, name, ...)                                                    \
	join_at(AT("join(" #t ", " #name ", " #__VA_ARGS__ ")"), (t), (name), \
		(struct connect){ __VA_ARGS__ })

/* The second half of a join whose first was dial and send_connect: several can be under way at once, where
 * the distance would otherwise make them last longer than a clock of the target.
 */
#define need_accepted(peer) need_accepted_at(AT("need_accepted(" #peer ")"), (peer))

/* SUBSCRIBE, and a SUBACK that grants what was asked for; anything less makes the run
 * `inapplicable`.
 */
#define subscribe(peer, ...)                                               \
	subscribe_at(AT("subscribe(" #peer ", " #__VA_ARGS__ ")"), (peer), \
		(struct subscribe){ __VA_ARGS__ })
#define unsubscribe(peer, ...)                                                 \
	unsubscribe_at(AT("unsubscribe(" #peer ", " #__VA_ARGS__ ")"), (peer), \
		(struct subscribe){ __VA_ARGS__ })

/* PUBLISH with its whole handshake. */
#define publish(peer, ...)                                             \
	publish_at(AT("publish(" #peer ", " #__VA_ARGS__ ")"), (peer), \
		(struct publish){ __VA_ARGS__ })

/* PUBLISH with RETAIN 1 and its whole handshake, then a wait until a subscriber has received it,
 * and a new subscriber has got it from the store: what is acknowledged may still be on its way to
 * both. Neither is demanded. The payload has to differ from what was kept before.
 */
#define publish_retained(peer, ...)                                                      \
	publish_retained_at(AT("publish_retained(" #peer ", " #__VA_ARGS__ ")"), (peer), \
		(struct publish){ __VA_ARGS__ })

/* DISCONNECT, then the close of the connection. */
#define leave(peer, ...)                                           \
	leave_at(AT("leave(" #peer ", " #__VA_ARGS__ ")"), (peer), \
		(struct disconnect){ __VA_ARGS__ })

/* A well-behaved bystander. Once the body has run to its end, the engine demands that the witness
 * still gets its own messages and an answer to PINGREQ, and that nothing else has reached it.
 */
#define witness(t) witness_at(AT("witness(" #t ")"), (t))

/* ---- sends: nothing is demanded ------------------------------------------------------------ */

#define dial(t, name) \
	dial_at(AT("dial(" #t ", " #name ")"), (t), (name)) /* the TCP connection alone */
#define send_connect(peer, ...)                                                  \
	send_connect_at(AT("send_connect(" #peer ", " #__VA_ARGS__ ")"), (peer), \
		(struct connect){ __VA_ARGS__ })
#define send_publish(peer, ...)                                                  \
	send_publish_at(AT("send_publish(" #peer ", " #__VA_ARGS__ ")"), (peer), \
		(struct publish){ __VA_ARGS__ })
#define send_subscribe(peer, ...)                                                    \
	send_subscribe_at(AT("send_subscribe(" #peer ", " #__VA_ARGS__ ")"), (peer), \
		(struct subscribe){ __VA_ARGS__ })
#define send_unsubscribe(peer, ...)                                                      \
	send_unsubscribe_at(AT("send_unsubscribe(" #peer ", " #__VA_ARGS__ ")"), (peer), \
		(struct subscribe){ __VA_ARGS__ })
#define send_ack(peer, type, packet_id, ...)                                                \
	send_ack_at(AT("send_ack(" #peer ", " #type ", " #packet_id ", " #__VA_ARGS__ ")"), \
		(peer), (type), (packet_id), (struct ack){ __VA_ARGS__ })
#define send_pingreq(peer) send_pingreq_at(AT("send_pingreq(" #peer ")"), (peer))
#define send_disconnect(peer, ...)                                                     \
	send_disconnect_at(AT("send_disconnect(" #peer ", " #__VA_ARGS__ ")"), (peer), \
		(struct disconnect){ __VA_ARGS__ })
#define send_auth(peer, ...)                                               \
	send_auth_at(AT("send_auth(" #peer ", " #__VA_ARGS__ ")"), (peer), \
		(struct disconnect){ __VA_ARGS__ })
#define send_packet(peer, packet) \
	send_packet_at(AT("send_packet(" #peer ", " #packet ")"), (peer), (packet), NULL)
#define send_template(peer, text) \
	send_template_at(AT("send_template(" #peer ", " #text ")"), (peer), (text))
#define send_bytes(peer, bytes) \
	send_bytes_at(AT("send_bytes(" #peer ", " #bytes ")"), (peer), (bytes))

/* Sends the packet of the table's row. */
#define send_row(peer) send_row_at(AT("send_row(" #peer ")"), (peer))

/* From here on what the peer sends leaves in one write, up to the next wait. */
#define send_together(peer) send_together_at(AT("send_together(" #peer ")"), (peer))

/* From here on the peer breaks rules on purpose: what it sends is not held against the suite, and
 * what the target has announced does not bind it. Templates and rows need no such declaration,
 * unless they are meant to break a limit of the target; bytes never need one.
 */
#define misbehave(peer) misbehave_at(AT("misbehave(" #peer ")"), (peer))

#define drop(peer) drop_at(AT("drop(" #peer ")"), (peer)) /* closes without DISCONNECT: FIN */
#define abort_connection(peer) \
	abort_connection_at(AT("abort_connection(" #peer ")"), (peer)) /* closes with RST */
#define hang(peer) \
	hang_at(AT("hang(" #peer ")"), (peer)) /* says nothing from here on: timing windows begin */

/* From here on the peer reads nothing, and its side has little room for what the target sends. The
 * end of the connection is still noticed where it can be: after a reset, or when everything that
 * was sent found room. A target that has closed the connection answers anything sent to it
 * afterwards with a reset.
 */
#define stop_reading(peer) stop_reading_at(AT("stop_reading(" #peer ")"), (peer))

/* Reads what is there, up to this many bytes, and nothing more. */
#define read_some(peer, bytes) read_some_at(AT("read_some(" #peer ", " #bytes ")"), (peer), (bytes))

/* Reads again, like any other peer; or, once another connection has succeeded it, only to find the
 * end of the connection, throwing away what comes.
 */
#define read_on(peer)     read_on_at(AT("read_on(" #peer ")"), (peer))
#define read_to_end(peer) read_to_end_at(AT("read_to_end(" #peer ")"), (peer))

/* From here on the transcript and the capture leave out this peer's messages in both directions,
 * along with their acknowledgements, and nobody remembers them: for thousands of messages, or
 * megabytes. They can still be expected (expect), but not told apart from others (expect_message).
 */
#define off_the_record(peer) off_the_record_at(AT("off_the_record(" #peer ")"), (peer))

/* Lets the standard's clocks run; not to be used for anything else. All peers go on receiving. */
#define let_pass(t, ms) let_pass_at(AT("let_pass(" #t ", " #ms ")"), (t), (ms))

/* What follows asks a question that is good for a limited time: an answer tells something until
 * `ms` after `since_us` (from now_us, taken before the clock could start). A failure after that
 * makes the run `inconclusive`: the machine was late. 0 and 0: the limit is lifted.
 *
 * The distance to the target is taken into account.
 */
#define only_until(t, since_us, ms) \
	only_until_at(AT("only_until(" #t ", " #since_us ", " #ms ")"), (t), (since_us), (ms))

/* The same for what has been done by now: where the time is over, the run ends as `inconclusive`. */
#define in_time(t, since_us, ms) \
	in_time_at(AT("in_time(" #t ", " #since_us ", " #ms ")"), (t), (since_us), (ms))

/* ---- restarts ------------------------------------------------------------------------------- */

/* Whoever is still connected takes its leave. */
#define leave_all(t) leave_all_at(AT("leave_all(" #t ")"), (t))

/* In a case with .restarts: the target, which is this case run's alone, is stopped as its file says, and
 * started again, with the same store and in the same place; crash() kills it instead. All connections end by
 * that: what was sent before has been read. Whoever is to be there afterwards joins again. A target that
 * ends before it is up again is a failure of what is on trial; one that takes too long, by a clock of ours, is
 * `inconclusive`.
 *
 * halt() only stops it, resume() starts it again.
 */
#define restart(t) restart_at(AT("restart(" #t ")"), (t))
#define crash(t)   crash_at(AT("crash(" #t ")"), (t))
#define halt(t)    halt_at(AT("halt(" #t ")"), (t))
#define resume(t)  resume_at(AT("resume(" #t ")"), (t))

/* ---- expectations: a failure is `fail` ----------------------------------------------------- */

/* The next packet of this type; any other in its lane, or the end of the connection, fails. */
#define expect(peer, type) expect_at(AT("expect(" #peer ", " #type ")"), (peer), (type))
#define expect_ack(peer, type, packet_id)                                                     \
	expect_ack_at(AT("expect_ack(" #peer ", " #type ", " #packet_id ")"), (peer), (type), \
		(packet_id))

/* CONNACK with code 0. */
#define expect_accepted(peer) expect_accepted_at(AT("expect_accepted(" #peer ")"), (peer))

/* The same, with Session Present 1. If it is 0, something is published for a subscription of the
 * session, which shows what is wrong: that the session is gone, or only that CONNACK does not say
 * that it is there. For a session without subscriptions nothing can be shown, and the flag is
 * accused.
 */
#define expect_resumed(peer) expect_resumed_at(AT("expect_resumed(" #peer ")"), (peer))

/* What the next PUBLISH must look like; fields left NULL or unset are not compared. */
struct message {
	const char *topic;
	const char *payload;
	struct bytes bytes;
	struct maybe qos;
	struct maybe retain;
	struct maybe dup;
};

/* The next PUBLISH, with these fields; acknowledged to the end of its handshake. */
#define expect_message(peer, ...)                                                    \
	expect_message_at(AT("expect_message(" #peer ", " #__VA_ARGS__ ")"), (peer), \
		(struct message){ __VA_ARGS__ })

/* Nothing is kept for the topic: a new subscriber gets what `pub` publishes next, at QoS 0, and
 * nothing before it. What was acknowledged may still be on its way to the store, so new subscribers
 * keep coming, for as long as an answer may take, until one gets nothing else.
 */
#define expect_none_retained(pub, topic) \
	expect_none_retained_at(AT("expect_none_retained(" #pub ", " #topic ")"), (pub), (topic))

/* Proves that nothing more was sent to `peer`: a PINGREQ sent after everything else is answered
 * (the fence), and no packet of this type comes before the answer. For messages that have to pass
 * through the target, publish a marker on the same topic and expect that instead.
 */
#define expect_no(peer, type) expect_no_at(AT("expect_no(" #peer ", " #type ")"), (peer), (type))

/* The same where no statement forbids it: such a packet is `nonstrict`, with this sentence. */
#define prefer_no(peer, type, sentence) \
	prefer_no_at(                   \
		AT("prefer_no(" #peer ", " #type ", " #sentence ")"), (peer), (type), (sentence))

/* A fence alone: PINGREQ, PINGRESP. */
#define fence(peer) fence_at(AT("fence(" #peer ")"), (peer))

/* The target ends the connection; a DISCONNECT before it is fine in 5.0. `hi_ms` is stretched by
 * the slack of the run, and a case run in which it comes later is played once more when all the
 * others are done. Times count from hang(), or from the last byte that the peer sent.
 */
#define expect_closed(peer) expect_closed_at(AT("expect_closed(" #peer ")"), (peer))
#define expect_closed_between(peer, lo_ms, hi_ms)                                                \
	expect_closed_between_at(AT("expect_closed_between(" #peer ", " #lo_ms ", " #hi_ms ")"), \
		(peer), (lo_ms), (hi_ms))

/* After a packet that the target must not tolerate: the connection is closed. A PINGREQ is sent
 * after it (unless `incomplete`), which a target that tolerates the packet answers. In 3.1.1, and
 * in 5.0 where the statement on trial puts the duty on the receiver (spec/receivers-5.0.tsv), that
 * fails. Elsewhere in 5.0 it is `nonstrict` [MQTT-4.13.1-1], the case goes on, and is_open() tells
 * which it was: what the packet led to (expect_no_harm) may still be a `fail`.
 *
 * In 5.0 a DISCONNECT (before CONNACK: a CONNACK) may come first: one with a code on the list
 * passes, one with any other code is `nonstrict`, and its absence is `nonstrict` where the standard
 * says that it SHOULD be sent (after CONNACK). An acknowledgement before the close is `nonstrict`.
 */
#define expect_violation_closed(peer, ...)                                                     \
	expect_violation_closed_at(AT("expect_violation_closed(" #peer ", " #__VA_ARGS__ ")"), \
		(peer), (struct violation){ __VA_ARGS__ })

struct violation {
	uint8_t codes[6]; /* Reason Codes that fit, unused ones 0; none: those of the row, or any */
	bool incomplete;  /* nothing can be sent after the packet */
	bool quiet;       /* a missing DISCONNECT is no finding */
};

/* A subscriber to this filter if the row is a PUBLISH, which somebody might get; else NULL. */
#define watch_row(t, filter) watch_row_at(AT("watch_row(" #t ", " #filter ")"), (t), (filter))

/* After a bad packet: nobody else is affected by it. A message is published on this topic, by
 * `culprit` if it is still served, with the QoS of the row if that is a PUBLISH. It must reach
 * `watcher` (NULL: there is none), who had subscribed to it before the bad packet was sent.
 * Whatever comes before it is legal in itself, which the monitor sees to: an error that is passed
 * on is a `fail` of the statement that the server's own packet breaks. Returns how many messages
 * came before it.
 */
#define expect_no_harm(watcher, culprit, ...)                                                 \
	expect_no_harm_at(AT("expect_no_harm(" #watcher ", " #culprit ", " #__VA_ARGS__ ")"), \
		(watcher), (culprit), (struct publish){ __VA_ARGS__ })

/* What was sent has to make the target end the connection before the case can judge what comes of
 * that. If it does not, the statement was not on trial: `inapplicable`. A CONNACK or DISCONNECT
 * that came can still be looked at. gets_closed() only tells whether it ended.
 */
#define require_closed(peer) require_closed_at(AT("require_closed(" #peer ")"), (peer))
#define gets_closed(peer)    gets_closed_at(AT("gets_closed(" #peer ")"), (peer))

/* A CONNECT that must be refused. 3.1.1: a CONNACK with `return_code`, or, if `silent`, a close
 * without a word (0: only the close). 5.0: a close, either after a CONNACK with one of `codes` or
 * without one.
 */
#define expect_refused(peer, ...)                                                    \
	expect_refused_at(AT("expect_refused(" #peer ", " #__VA_ARGS__ ")"), (peer), \
		(struct refusal){ __VA_ARGS__ })

struct refusal {
	uint8_t return_code;
	bool silent;
	bool by_choice;   /* 5.0: letting it in is no breach in itself: `info`, and the run ends */
	uint8_t codes[6]; /* none: those of the row, or any */
};

/* Several outcomes, each with its verdict: whichever comes first decides. FAIL ends the run; after
 * NONSTRICT or INFO it goes on and keeps the worse verdict. Anything not listed fails.
 */
enum { CLOSED = 16 }; /* as the type of an outcome: the connection ends */

struct outcome {
	unsigned type;        /* enum packet_type, or CLOSED */
	struct maybe code;    /* only with this Reason Code (for SUBACK, UNSUBACK: the first) */
	enum verdict verdict; /* 0 is VERDICT_PASS */
	const char *says;     /* for all but a pass: what this means, in one sentence */
};

#define OUTCOMES(...)                            \
	(const struct outcome[]){ __VA_ARGS__ }, \
		sizeof((const struct outcome[]){ __VA_ARGS__ }) / sizeof(struct outcome)

/* The packet that came, its type CLOSED when the connection ended. */
#define expect_one_of(peer, outcomes) \
	expect_one_of_at(AT("expect_one_of(" #peer ", " #outcomes ")"), (peer), outcomes)

/* ---- checks -------------------------------------------------------------------------------- */

#define check(t, condition, expected, ...)                                               \
	((condition) ? (void)0                                                           \
		     : check_at(AT("check(" #t ", " #condition ", " #expected ")"), (t), \
			       (expected), __VA_ARGS__))

/* The same of something in a packet, which is shown as a whole. */
#define check_in(t, packet, condition, expected)                                                   \
	((condition) ? (void)0                                                                     \
		     : check_in_at(                                                                \
			       AT("check_in(" #t ", " #packet ", " #condition ", " #expected ")"), \
			       (t), &(packet), (expected)))

/* No packet of this type has arrived by now; if one has, it is shown. */
#define check_absent(peer, type, expected)                                                       \
	check_absent_at(AT("check_absent(" #peer ", " #type ", " #expected ")"), (peer), (type), \
		(expected))

/* Fields: the name of what differs, and the statement accused, come from the expression
 * (harness/language/naming.h): "puback.id", "m.payload".
 */
#define check_eq(t, actual, expected)                                                             \
	check_eq_at(AT("check_eq(" #t ", " #actual ", " #expected ")"), (t), (long long)(actual), \
		(long long)(expected), #actual)
#define check_text(t, actual_bytes, expected_text)                                          \
	check_text_at(AT("check_text(" #t ", " #actual_bytes ", " #expected_text ")"), (t), \
		(actual_bytes), (expected_text), #actual_bytes)

/* What has no name of that kind is given one: "messages that were handed on". */
#define check_number(t, what, actual, expected)                                                 \
	check_number_at(AT("check_number(" #t ", " #what ", " #actual ", " #expected ")"), (t), \
		(what), (long long)(actual), (long long)(expected))
#define check_words(t, what, actual_bytes, expected_text)                                         \
	check_words_at(                                                                           \
		AT("check_words(" #t ", " #what ", " #actual_bytes ", " #expected_text ")"), (t), \
		(what), (actual_bytes), (expected_text))

/* How often a property is there; that it is there with this number. */
#define check_properties(t, properties, id, count)                                                \
	check_properties_at(AT("check_properties(" #t ", " #properties ", " #id ", " #count ")"), \
		(t), (properties), (id), (count))
#define check_value(t, properties, id, number)                                                \
	check_value_at(AT("check_value(" #t ", " #properties ", " #id ", " #number ")"), (t), \
		(properties), (id), (number))

/* The properties of a PUBLISH that belong to the message: those of the list and no others, with the
 * same values, User Properties in the same order. Payload Format Indicator 0 may be left out, which
 * means the same. Those that a server changes or adds are not compared: Message Expiry Interval,
 * Topic Alias, Subscription Identifier.
 */
#define check_forwarded(t, packet, props) \
	check_forwarded_at(               \
		AT("check_forwarded(" #t ", " #packet ", " #props ")"), (t), &(packet), (props))

/* One value of a distribution, which is judged once the body has run to its end: every value must
 * lie within the window, whose upper end is stretched by the slack of the run. A value is NAN when
 * the event never came.
 */
#define measure(t, name, unit, value, least, most)                                                 \
	measure_at(AT("measure(" #t ", " #name ", " #unit ", " #value ", " #least ", " #most ")"), \
		(t), (name), (unit), (value), (least), (most))

/* The same, but of three values or more one may be late, by half of `most` at the utmost: for where a busy machine may
 * delay a value, but not several. One that never came is never forgiven, nor excused
 * unless we were later than that ourselves: so long it has to be waited for.
 */
#define measure_but_one(t, name, unit, value, least, most)                                        \
	measure_but_one_at(AT("measure_but_one(" #t ", " #name ", " #unit ", " #value ", " #least \
			      ", " #most ")"),                                                    \
		(t), (name), (unit), (value), (least), (most))

/* Records an observation; the verdict becomes `info` if it was a pass. */
#define observe(t, ...) observe_at(AT("observe(" #t ", " #__VA_ARGS__ ")"), (t), __VA_ARGS__)

/* The verdict becomes `nonstrict` if it was a pass, with this sentence. */
#define nonstrict(t, ...) nonstrict_at(AT("nonstrict(" #t ", " #__VA_ARGS__ ")"), (t), __VA_ARGS__)

#define fail(t, expected, ...) \
	fail_at(AT("fail(" #t ", " #expected ")"), (t), (expected), __VA_ARGS__)

/* ---- looking around without demanding ------------------------------------------------------ */

/* Waits up to `ms`, and a round trip, for the connection to end. Returns when it did, in ms since hang(), or NAN.
 * Several peers can be waited for one after another: events carry the time at which they came.
 */
double wait_closed_ms(struct peer *peer, unsigned ms);

/* Waits, for as long as an answer may take, until a new subscriber to .topic gets a retained
 * message with this .payload, or these .bytes, and says whether one did. It subscribes repeatedly,
 * on a connection of its own.
 */
#define retained_settled(t, ...)                                                   \
	retained_settled_at(AT("retained_settled(" #t ", " #__VA_ARGS__ ")"), (t), \
		(struct message){ __VA_ARGS__ })

/* Waits up to `ms`, and a round trip, for a packet of this type, which can still be expected afterwards. Returns when
 * it came, in ms since the case run began, or NAN.
 */
double wait_packet_ms(struct peer *peer, enum packet_type type, unsigned ms);
/* Whether a SUBACK or UNSUBACK has a code that refuses something. One without codes, which is the monitor's
 * to judge, refuses nothing.
 */
bool any_refused(const struct packet *ack);

bool has_packet(struct peer *peer, enum packet_type type); /* already arrived, not yet expected */
size_t packets_waiting(struct peer *peer, enum packet_type type);
bool is_open(struct peer *peer);
size_t bytes_read(struct peer *peer); /* since its connection began */
struct test *test_of(struct peer *peer);
const char *client_id(struct peer *peer);
struct packet connack(struct peer *peer); /* the CONNACK of this peer's join */
unsigned next_id(struct peer *peer);      /* a Packet Identifier that this peer has not used yet */
const char *prefixed(struct test *t, const char *topic);
const char *client_id_prefix(struct test *t); /* what each of the case run begins with */

/* A payload of this many bytes in which shifts and gaps show: it repeats only every 251. */
struct bytes filler(struct test *t, size_t len);

/* ---- behind the macros --------------------------------------------------------------------- */

/* Where a verb stands in a case file. */
struct place {
	const char *file;
	int line;
	const char *step; /* as the case spells it: "expect(pub, PUBACK)" */
};

#define AT(step) ((struct place){ __FILE__, __LINE__, step })

void require_at(struct place at, struct test *t, bool condition, const char *why);
void require_offer_at(struct place at, struct test *t, enum offer what);
void require_qos_at(struct place at, struct test *t, unsigned qos);
void judging_at(struct place at, struct test *t, const char *statement);
struct peer *join_at(struct place at, struct test *t, const char *name, struct connect c);
struct packet need_accepted_at(struct place at, struct peer *p);
struct packet subscribe_at(struct place at, struct peer *p, struct subscribe s);
struct packet unsubscribe_at(struct place at, struct peer *p, struct subscribe s);
void publish_at(struct place at, struct peer *p, struct publish m);
void publish_retained_at(struct place at, struct peer *p, struct publish m);
void leave_at(struct place at, struct peer *p, struct disconnect d);
struct peer *witness_at(struct place at, struct test *t);
struct peer *dial_at(struct place at, struct test *t, const char *name);
void send_connect_at(struct place at, struct peer *p, struct connect c);
void send_publish_at(struct place at, struct peer *p, struct publish m);
void send_subscribe_at(struct place at, struct peer *p, struct subscribe s);
void send_unsubscribe_at(struct place at, struct peer *p, struct subscribe s);
void send_ack_at(struct place at, struct peer *p, enum packet_type type, unsigned id, struct ack a);
void send_pingreq_at(struct place at, struct peer *p);
void send_disconnect_at(struct place at, struct peer *p, struct disconnect d);
void send_auth_at(struct place at, struct peer *p, struct disconnect d);
void send_packet_at(
	struct place at, struct peer *p, struct packet packet, const struct wire_twist *twist);
void send_template_at(struct place at, struct peer *p, const char *text);
void send_bytes_at(struct place at, struct peer *p, struct bytes bytes);
void send_row_at(struct place at, struct peer *p);
void send_together_at(struct place at, struct peer *p);
void misbehave_at(struct place at, struct peer *p);
void drop_at(struct place at, struct peer *p);
void abort_connection_at(struct place at, struct peer *p);
void hang_at(struct place at, struct peer *p);
void stop_reading_at(struct place at, struct peer *p);
void read_some_at(struct place at, struct peer *p, size_t bytes);
void read_on_at(struct place at, struct peer *p);
void read_to_end_at(struct place at, struct peer *p);
void off_the_record_at(struct place at, struct peer *p);
void let_pass_at(struct place at, struct test *t, unsigned ms);
void only_until_at(struct place at, struct test *t, int64_t since_us, unsigned ms);
void in_time_at(struct place at, struct test *t, int64_t since_us, unsigned ms);
void leave_all_at(struct place at, struct test *t);
void restart_at(struct place at, struct test *t);
void crash_at(struct place at, struct test *t);
void halt_at(struct place at, struct test *t);
void resume_at(struct place at, struct test *t);
struct packet expect_at(struct place at, struct peer *p, enum packet_type type);
struct packet expect_ack_at(struct place at, struct peer *p, enum packet_type type, unsigned id);
struct packet expect_accepted_at(struct place at, struct peer *p);
struct packet expect_resumed_at(struct place at, struct peer *p);
struct packet expect_message_at(struct place at, struct peer *p, struct message m);
void expect_no_at(struct place at, struct peer *p, enum packet_type type);
void prefer_no_at(struct place at, struct peer *p, enum packet_type type, const char *sentence);
void fence_at(struct place at, struct peer *p);
void expect_closed_at(struct place at, struct peer *p);
void expect_closed_between_at(struct place at, struct peer *p, unsigned lo_ms, unsigned hi_ms);
void expect_violation_closed_at(struct place at, struct peer *p, struct violation v);
struct peer *watch_row_at(struct place at, struct test *t, const char *filter);
size_t expect_no_harm_at(
	struct place at, struct peer *watcher, struct peer *culprit, struct publish marker);
void require_closed_at(struct place at, struct peer *p);
bool gets_closed_at(struct place at, struct peer *p);
void expect_refused_at(struct place at, struct peer *p, struct refusal r);
struct packet expect_one_of_at(
	struct place at, struct peer *p, const struct outcome *outcomes, size_t count);
void expect_none_retained_at(struct place at, struct peer *pub, const char *topic);
bool retained_settled_at(struct place at, struct test *t, struct message m);
void check_at(struct place at, struct test *t, const char *expected, const char *format, ...)
	__attribute__((format(printf, 4, 5), noreturn));
void check_in_at(struct place at, struct test *t, const struct packet *packet, const char *expected)
	__attribute__((noreturn));
void check_absent_at(struct place at, struct peer *p, enum packet_type type, const char *expected);
void check_number_at(
	struct place at, struct test *t, const char *what, long long actual, long long expected);
void check_words_at(struct place at, struct test *t, const char *what, struct bytes actual,
	const char *expected);
void check_properties_at(struct place at, struct test *t, const struct properties *properties,
	unsigned id, size_t expected);
void check_value_at(struct place at, struct test *t, const struct properties *properties,
	unsigned id, uint32_t expected);
void check_eq_at(
	struct place at, struct test *t, long long actual, long long expected, const char *what);
void check_text_at(struct place at, struct test *t, struct bytes actual, const char *expected,
	const char *what);
void check_forwarded_at(struct place at, struct test *t, const struct packet *packet,
	const struct properties *wanted);
void measure_at(struct place at, struct test *t, const char *name, const char *unit, double value,
	double least, double most);
void measure_but_one_at(struct place at, struct test *t, const char *name, const char *unit,
	double value, double least, double most);
void observe_at(struct place at, struct test *t, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void nonstrict_at(struct place at, struct test *t, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void fail_at(struct place at, struct test *t, const char *expected, const char *format, ...)
	__attribute__((format(printf, 4, 5), noreturn));

#endif
