/* The language of cases that judge a client: the peers play the server. What both sides share (sends,
 * expectations, checks) is in harness/case.h; a case file for clients includes this header and nothing
 * else.
 *
 *	CLIENT_CASE(publish_qos1_takes_its_puback,
 *	     .title = "A QoS 1 message is sent with an identifier, and is done with its PUBACK",
 *	     .refs = { "3.1.1:MQTT-4.3.2-1", "5.0:MQTT-4.3.2-1" },
 *	     .level = MUST, .versions = BOTH, .unaided = true)
 *	{
 *		struct peer *server = admit(t);
 *		do_publish(t, .topic = "a", .payload = "b", .qos = 1);
 *		struct packet m = expect(server, PUBLISH);
 *		send_ack(server, PUBACK, m.id);
 *		fence(server);
 *	}
 *
 * One client is judged in a case run, driven through its agent (docs/AGENT.md) by the do_ verbs; each
 * connection that it makes is a peer. Topics are not prefixed here.
 *
 * The fence is a PUBLISH at QoS 1, on a topic that the client has not asked for, and its PUBACK: a
 * client has to acknowledge whatever comes, and in order. [MQTT-4.5.0-2] So `fence`, `expect_no`
 * and `expect_violation_closed` mean the same as for a server. Commands reach the client by a way
 * of their own: to show that it does *not* send something that it was told to, first `synced`, then
 * the fence.
 */
#ifndef HARNESS_CLIENT_CASE_H
#define HARNESS_CLIENT_CASE_H

#include "harness/case.h"

#define CLIENT_CASE(case_id, ...) CASE(case_id, .role = ROLE_CLIENT, __VA_ARGS__)

/* What send_connack names a client that has no ClientId. */
#define ASSIGNED_ID "mqttspec-assigned"

/* Among the refs of a case that compares what a client sends with what it was asked for, or what it
 * tells its user with what came: the standard has no statement that demands it. `judging_as_asked`
 * puts it on trial.
 */
#define AS_ASKED            "3.1.1:UALL-AS-ASKED", "5.0:UALL-AS-ASKED"
#define judging_as_asked(t) (judging(t, "3.1.1:UALL-AS-ASKED"), judging(t, "5.0:UALL-AS-ASKED"))

/* A case that judges an agent: whether it keeps docs/AGENT.md. No statement of the standard is on trial. */
#define AGENT_CASE(case_id, ...) CASE(case_id, .role = ROLE_AGENT, .level = STATED, __VA_ARGS__)

/* ---- set-up verbs: a failure is `inconclusive` --------------------------------------------- */

/* The client is told to connect, does so, and is accepted: CONNECT, CONNACK, and the agent says
 * `connected`. Of struct connect: .resumed makes CONNACK say Session Present 1, .connack holds its
 * properties. All zero: Clean Start 1, keep alive off, the ClientId always the same.
 */
#define admit(t, ...) \
	admit_at(AT("admit(" #t ", " #__VA_ARGS__ ")"), (t), (struct connect){ __VA_ARGS__ })

/* The same with this Keep Alive, or with none where the client refuses one so short. */
#define admit_pinging(t, seconds) \
	admit_pinging_at(AT("admit_pinging(" #t ", " #seconds ")"), (t), (seconds))

/* Lets the Keep Alive of its CONNECT run out once: a PINGREQ comes, and is answered. That is the
 * only clock that the standard gives a client with nothing to do. A Keep Alive of more than a few
 * seconds is not waited for.
 */
#define keep_alive_passes(server) \
	keep_alive_passes_at(AT("keep_alive_passes(" #server ")"), (server))

/* The CONNECT with which it was admitted. */
struct packet greeting_of(struct peer *server);

/* The next connection that the client makes; nothing is read from it or sent on it. */
#define accept_client(t) accept_client_at(AT("accept_client(" #t ")"), (t))

/* The next packet of this type, where it only leads up to what is judged. */
#define need(server, type) need_at(AT("need(" #server ", " #type ")"), (server), (type))

/* Whole exchanges: the command, the packets, and the agent's answer. Filters are granted as
 * requested. They return the SUBSCRIBE, UNSUBSCRIBE or PUBLISH as it came.
 */
#define client_subscribes(server, ...)                                                         \
	client_subscribes_at(AT("client_subscribes(" #server ", " #__VA_ARGS__ ")"), (server), \
		(struct subscribe){ __VA_ARGS__ })
#define client_unsubscribes(server, ...)                                                           \
	client_unsubscribes_at(AT("client_unsubscribes(" #server ", " #__VA_ARGS__ ")"), (server), \
		(struct subscribe){ __VA_ARGS__ })
#define client_publishes(server, ...)                                                        \
	client_publishes_at(AT("client_publishes(" #server ", " #__VA_ARGS__ ")"), (server), \
		(struct publish){ __VA_ARGS__ })

/* DISCONNECT, and the end of the connection. */
#define client_leaves(server, ...)                                                     \
	client_leaves_at(AT("client_leaves(" #server ", " #__VA_ARGS__ ")"), (server), \
		(struct disconnect){ __VA_ARGS__ })

/* The connection breaks without a word, and the client tells its user. */
#define client_loses(server) client_loses_at(AT("client_loses(" #server ")"), (server))

/* ---- commands: nothing is demanded --------------------------------------------------------- */

/* Each returns the command's number, for expect_answer. What the client cannot do makes the run
 * `inapplicable`. Fields that only a server's peer has (.id, .dup, .raw, .resumed) are ignored.
 */
#define do_connect(t, ...) \
	do_connect_at(     \
		AT("do_connect(" #t ", " #__VA_ARGS__ ")"), (t), (struct connect){ __VA_ARGS__ })
#define do_subscribe(t, ...)                                               \
	do_subscribe_at(AT("do_subscribe(" #t ", " #__VA_ARGS__ ")"), (t), \
		(struct subscribe){ __VA_ARGS__ })
#define do_unsubscribe(t, ...)                                                 \
	do_unsubscribe_at(AT("do_unsubscribe(" #t ", " #__VA_ARGS__ ")"), (t), \
		(struct subscribe){ __VA_ARGS__ })
#define do_publish(t, ...) \
	do_publish_at(     \
		AT("do_publish(" #t ", " #__VA_ARGS__ ")"), (t), (struct publish){ __VA_ARGS__ })
#define do_disconnect(t, ...)                                                \
	do_disconnect_at(AT("do_disconnect(" #t ", " #__VA_ARGS__ ")"), (t), \
		(struct disconnect){ __VA_ARGS__ })
#define do_authenticate(t, ...) \
	do_authenticate_at(     \
		AT("do_authenticate(" #t ", " #__VA_ARGS__ ")"), (t), (struct ack){ __VA_ARGS__ })

/* Waits until the client has been handed every command so far (set-up). */
#define synced(t) synced_at(AT("synced(" #t ")"), (t))

/* ---- sends of a server --------------------------------------------------------------------- */

struct connack {
	unsigned code;
	bool present; /* Session Present */
	const struct properties *props;
};

struct suback {
	unsigned id;
	struct bytes codes; /* CODES(1, 0x80) */
	const struct properties *props;
};

#define CODES(...)       \
	((struct bytes){ \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })

#define P_ASSIGNED_CLIENT_ID(s)         P_TEXT(0x12, PROPERTY_STRING, s)
#define P_SERVER_KEEP_ALIVE(n)          P_NUMBER(0x13, PROPERTY_TWO_BYTES, n)
#define P_RESPONSE_INFORMATION(s)       P_TEXT(0x1A, PROPERTY_STRING, s)
#define P_SERVER_REFERENCE(s)           P_TEXT(0x1C, PROPERTY_STRING, s)
#define P_MAXIMUM_QOS(n)                P_NUMBER(0x24, PROPERTY_BYTE, n)
#define P_RETAIN_AVAILABLE(n)           P_NUMBER(0x25, PROPERTY_BYTE, n)
#define P_WILDCARDS_AVAILABLE(n)        P_NUMBER(0x28, PROPERTY_BYTE, n)
#define P_SUBSCRIPTION_IDS_AVAILABLE(n) P_NUMBER(0x29, PROPERTY_BYTE, n)
#define P_SHARED_AVAILABLE(n)           P_NUMBER(0x2A, PROPERTY_BYTE, n)

#define send_connack(server, ...)                                                    \
	send_connack_at(AT("send_connack(" #server ", " #__VA_ARGS__ ")"), (server), \
		(struct connack){ __VA_ARGS__ })
#define send_suback(server, ...)                                                   \
	send_suback_at(AT("send_suback(" #server ", " #__VA_ARGS__ ")"), (server), \
		(struct suback){ __VA_ARGS__ })

/* A SUBACK that grants every filter as requested. */
#define send_grants(server, subscribe) \
	send_grants_at(AT("send_grants(" #server ", " #subscribe ")"), (server), (subscribe))

/* In 3.1.1 without codes. */
#define send_unsuback(server, ...)                                                     \
	send_unsuback_at(AT("send_unsuback(" #server ", " #__VA_ARGS__ ")"), (server), \
		(struct suback){ __VA_ARGS__ })
#define send_pingresp(server) send_pingresp_at(AT("send_pingresp(" #server ")"), (server))

/* For tables: brings the client to the point where a packet of the row's type may come, and sends
 * the row there. A CONNACK answers its CONNECT; an AUTH of 5.0 comes between CONNECT and CONNACK
 * (Authentication Method "mqttspec"); an acknowledgement comes in an exchange of its kind, with the
 * identifier of that exchange in place of m1; everything else comes once the client has been
 * admitted.
 */
#define play_row(t) play_row_at(AT("play_row(" #t ")"), (t))

/* ---- what the client does ------------------------------------------------------------------ */

/* Whether the client goes on after what was sent, as a fence shows, or has closed the connection;
 * either is fine, and neither is a failure.
 */
#define lives_on(server) lives_on_at(AT("lives_on(" #server ")"), (server))

/* The next PUBLISH, with these fields; not acknowledged. */
#define expect_publish(server, ...)                                                      \
	expect_publish_at(AT("expect_publish(" #server ", " #__VA_ARGS__ ")"), (server), \
		(struct message){ __VA_ARGS__ })

/* The messages that the client sends while none of them is acknowledged: up to `most`, or until it
 * sends no more.
 */
#define take_messages(server, messages, most)                                                  \
	take_messages_at(AT("take_messages(" #server ", " #messages ", " #most ")"), (server), \
		(messages), (most))

/* The answer to a publish whose message was in flight when a connection was lost: its completion,
 * or an error that was reported then.
 */
#define expect_done(t, command) \
	expect_done_at(AT("expect_done(" #t ", " #command ")"), (t), (command))

/* ---- what the client tells its user --------------------------------------------------------- */

enum told_kind {
	TOLD_NOTHING, /* the client has kept silent */
	TOLD_CONNECTED,
	TOLD_REFUSED,
	TOLD_ACKNOWLEDGED,
	TOLD_SYNCED,
	TOLD_DISCONNECTED,
	TOLD_MESSAGE,
	TOLD_CHALLENGE,
	TOLD_ERROR,
	TOLD_UNSUPPORTED,
	TOLD_HELLO,
};

/* An event of the agent; strings and bytes are in the arena. */
struct told {
	enum told_kind kind;
	unsigned command; /* that it answers; 0: none */
	unsigned place;   /* among all events: the first one is 0 */
	struct maybe code;
	struct bytes codes;
	struct maybe session_present;
	struct bytes topic, payload; /* of a message */
	unsigned qos;
	bool retain, dup;
	struct properties properties; /* those that the client told */
	const char *text;             /* of errors; else "" */
};

/* Waits for the answer to a command, whatever it is. For a client to keep silent is `nonstrict`,
 * since no statement says that its user is told; the answer is then TOLD_NOTHING.
 */
#define expect_answer(t, command) \
	expect_answer_at(AT("expect_answer(" #t ", " #command ")"), (t), (command))

/* The same, but any other answer than this one breaks UALL-AS-ASKED. To be used once the packets
 * have shown that the client has played its part in the exchange as it must.
 */
#define expect_acknowledged(t, command)                                                    \
	expect_success_at(AT("expect_acknowledged(" #t ", " #command ")"), (t), (command), \
		TOLD_ACKNOWLEDGED)
#define expect_connected(t, command) \
	expect_success_at(           \
		AT("expect_connected(" #t ", " #command ")"), (t), (command), TOLD_CONNECTED)

/* The next message that the client passed on, with these fields. A different one breaks
 * UALL-AS-ASKED, and a second copy of one that came at QoS 0 or 2 breaks the statement on that;
 * another order is `nonstrict`.
 */
#define expect_told(t, ...) \
	expect_told_at(     \
		AT("expect_told(" #t ", " #__VA_ARGS__ ")"), (t), (struct message){ __VA_ARGS__ })

/* The next event of this kind that answers no command. */
#define expect_event(t, kind) expect_event_at(AT("expect_event(" #t ", " #kind ")"), (t), (kind))

/* Whether the command has been answered by now; the answer can still be expected. */
bool has_answer(struct test *t, unsigned command);

/* Events of this kind that wait to be expected. */
size_t told_waiting(struct test *t, enum told_kind kind);

/* ---- judging an agent ----------------------------------------------------------------------- */

/* A line as it stands, even nonsense. Commands written this way have ids from 900 up, which do_
 * verbs do not use.
 */
#define tell_agent(t, line) tell_agent_at(AT("tell_agent(" #t ", " #line ")"), (t), (line))

/* From here on `unsupported` is a failure: the agent says that it can do this. Else it makes the run
 * `inapplicable`.
 */
#define must_support(t, what) must_support_at((t), (what))

/* The end of its input, whereupon it must exit with status 0. */
#define expect_agent_ends(t) expect_agent_ends_at(AT("expect_agent_ends(" #t ")"), (t))

/* ---- behind the macros --------------------------------------------------------------------- */

struct peer *admit_at(struct place at, struct test *t, struct connect c);
struct peer *admit_pinging_at(struct place at, struct test *t, unsigned seconds);
void keep_alive_passes_at(struct place at, struct peer *server);
struct peer *accept_client_at(struct place at, struct test *t);
struct packet need_at(struct place at, struct peer *server, enum packet_type type);
struct packet client_subscribes_at(struct place at, struct peer *server, struct subscribe s);
struct packet client_unsubscribes_at(struct place at, struct peer *server, struct subscribe s);
struct packet client_publishes_at(struct place at, struct peer *server, struct publish m);
void client_leaves_at(struct place at, struct peer *server, struct disconnect d);
void client_loses_at(struct place at, struct peer *server);
unsigned do_connect_at(struct place at, struct test *t, struct connect c);
unsigned do_subscribe_at(struct place at, struct test *t, struct subscribe s);
unsigned do_unsubscribe_at(struct place at, struct test *t, struct subscribe s);
unsigned do_publish_at(struct place at, struct test *t, struct publish m);
unsigned do_disconnect_at(struct place at, struct test *t, struct disconnect d);
unsigned do_authenticate_at(struct place at, struct test *t, struct ack a);
void synced_at(struct place at, struct test *t);
void send_connack_at(struct place at, struct peer *server, struct connack c);
void send_suback_at(struct place at, struct peer *server, struct suback s);
void send_grants_at(struct place at, struct peer *server, const struct packet *subscribe);
void send_unsuback_at(struct place at, struct peer *server, struct suback s);
void send_pingresp_at(struct place at, struct peer *server);
struct peer *play_row_at(struct place at, struct test *t);
bool lives_on_at(struct place at, struct peer *server);
struct packet expect_publish_at(struct place at, struct peer *server, struct message m);
size_t take_messages_at(struct place at, struct peer *server, struct packet *messages, size_t most);
void expect_done_at(struct place at, struct test *t, unsigned command);
struct told expect_answer_at(struct place at, struct test *t, unsigned command);
struct told expect_success_at(
	struct place at, struct test *t, unsigned command, enum told_kind kind);
struct told expect_told_at(struct place at, struct test *t, struct message m);
struct told expect_event_at(struct place at, struct test *t, enum told_kind kind);
void tell_agent_at(struct place at, struct test *t, const char *line);
void must_support_at(struct test *t, const char *what);
void expect_agent_ends_at(struct place at, struct test *t);

#endif
