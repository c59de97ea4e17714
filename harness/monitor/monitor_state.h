/* What the monitor remembers of a connection; shared by the files that hold its rules.
 *
 * What the other side says may not have been read yet when the judged side speaks, so it only ever
 * widens what is allowed: an acknowledgement frees an identifier at once, an UNSUBSCRIBE or a
 * smaller grant takes nothing away, and what a server says about its limits in CONNACK binds a
 * client only once the client has shown that it read on (limits_bind).
 *
 *	monitor.c                  the interface; the order of packets from CONNECT to the end
 *	monitor_rules.c            the rules and their statements
 *	monitor_fields.c           fixed header, Variable Byte Integers, strings
 *	monitor_properties.c       properties; monitor_codes.c: Reason Codes
 *	monitor_connect.c          CONNECT, CONNACK, AUTH, DISCONNECT
 *	monitor_publish.c          PUBLISH: topic, alias, QoS
 *	monitor_sent.c             what the judged side has under way: identifiers, quota
 *	monitor_owed.c             what it answers; monitor_queue.c: in what order
 *	monitor_subscriptions.c    requests, grants, and whom a message may reach
 *	monitor_topics.c           filters and topics
 *	monitor_ids.c              what is kept of a Packet Identifier or Topic Alias
 *	monitor_lean.c             for captures: without growing, and from the middle on
 */
#ifndef HARNESS_MONITOR_STATE_H
#define HARNESS_MONITOR_STATE_H

#include "base/arena.h"
#include "harness/monitor/monitor.h"
#include "harness/monitor/monitor_rules.h"

enum {
	QOS_NONE = -1, /* nothing is granted */
	NUMBER_OF_IDS = 65536,
	SUBSCRIPTIONS_MAX = 1024, /* that a lean monitor tells apart ... */
	REQUESTS_MAX = 1024,      /* ... and those that it waits for an answer to */
};

/* Properties that rules ask for by name. */
enum {
	PROP_PAYLOAD_FORMAT_INDICATOR = 0x01,
	PROP_MESSAGE_EXPIRY_INTERVAL = 0x02,
	PROP_RESPONSE_TOPIC = 0x08,
	PROP_SUBSCRIPTION_IDENTIFIER = 0x0B,
	PROP_SESSION_EXPIRY_INTERVAL = 0x11,
	PROP_ASSIGNED_CLIENT_IDENTIFIER = 0x12,
	PROP_AUTHENTICATION_METHOD = 0x15,
	PROP_AUTHENTICATION_DATA = 0x16,
	PROP_REQUEST_PROBLEM_INFORMATION = 0x17,
	PROP_REQUEST_RESPONSE_INFORMATION = 0x19,
	PROP_RESPONSE_INFORMATION = 0x1A,
	PROP_REASON_STRING = 0x1F,
	PROP_RECEIVE_MAXIMUM = 0x21,
	PROP_TOPIC_ALIAS_MAXIMUM = 0x22,
	PROP_TOPIC_ALIAS = 0x23,
	PROP_MAXIMUM_QOS = 0x24,
	PROP_RETAIN_AVAILABLE = 0x25,
	PROP_USER_PROPERTY = 0x26,
	PROP_MAXIMUM_PACKET_SIZE = 0x27,
	PROP_WILDCARD_AVAILABLE = 0x28,
	PROP_SUBSCRIPTION_ID_AVAILABLE = 0x29,
	PROP_SHARED_AVAILABLE = 0x2A,
};

/* One element for each Packet Identifier or Topic Alias that has come up: open addressing, with a
 * power of two of places.
 */
struct id_table {
	size_t element_size;
	uint32_t *keys; /* 1 above the identifier; 0: a free place */
	uint8_t *elements;
	uint32_t places;
	uint32_t count;
	/* Whether nothing is lost with an element but what it says of the past. NULL: all are kept. */
	bool (*at_rest)(const void *element);
	bool forgetful; /* some that were at rest are gone */
};

/* ---- the connection ------------------------------------------------------------------------ */

enum phase {
	PHASE_OPEN,     /* no CONNACK yet */
	PHASE_ACCEPTED, /* CONNACK 0 */
	PHASE_REFUSED,  /* CONNACK with any other code */
	PHASE_LOST, /* what the server sent in place of CONNACK cannot be read: anything may come */
	PHASE_OVER, /* the judged side sent DISCONNECT */
};

/* How far CONNECT can be taken at its word. */
enum greeting {
	GREETING_NONE,    /* not seen yet */
	GREETING_CLEAR,   /* read */
	GREETING_OBSCURE, /* cannot be read: answers in any version may follow */
	GREETING_FOREIGN, /* another protocol or version: nothing is judged */
};

/* What CONNECT said (GREETING_CLEAR). */
struct greeted {
	struct bytes client_id; /* later the one that the server assigned */
	bool unnamed;           /* the ClientId was empty */
	bool clean;             /* CleanSession, Clean Start */
	bool wants_response_information;
	bool wants_no_problem_information;
	bool expires;     /* Session Expiry Interval above 0 */
	bool has_will;    /* the next two count */
	uint8_t will_qos; /* 0 to 3 */
	bool will_retain;
	bool has_method; /* Authentication Method */
	struct bytes method;
};

/* What the receiver of the judged packets can take. */
struct limits {
	uint32_t packet_size;     /* UINT32_MAX: no limit */
	uint32_t receive_maximum; /* QoS 1 and 2 PUBLISH packets at a time */
	uint32_t topic_alias_maximum;
	uint8_t maximum_qos;
	bool retain;
	bool wildcards;
	bool subscription_ids;
	bool shared;
};

/* What is known of the session that this connection goes on with. */
enum session_kind {
	SESSION_UNKNOWN, /* before CONNACK; begun where the monitor did not see it; perhaps an old one */
	SESSION_NEW,
	SESSION_RESUMED, /* taken over from the previous monitor */
};

/* ---- packets in flight --------------------------------------------------------------------- */

enum sent_kind { SENT_NOTHING, SENT_QOS_1, SENT_QOS_2, SENT_SUBSCRIBE, SENT_UNSUBSCRIBE };

/* What the judged side has under way under one Packet Identifier of its own. Fields that are marked
 * "stays" outlive the exchange, for retransmissions that the answer has crossed.
 */
struct sent {
	uint8_t kind;          /* enum sent_kind */
	bool here;             /* sent on this connection; stays */
	bool inherited;        /* begun on an earlier connection and not yet sent again here */
	bool expires;          /* with a Message Expiry Interval */
	bool shared;           /* a share may have brought it */
	bool released;         /* PUBREL was sent; stays */
	bool refused;          /* a PUBREC of 0x80 or above has ended it */
	bool muddled;          /* answered against the rules: nothing is judged; stays */
	uint16_t releases_due; /* PUBRECs that PUBREL has not yet answered */
	uint32_t order;        /* of the first transmission, within the session */
	uint64_t content;      /* digest of topic and payload; stays */
};

/* What the judged side may still answer under one Packet Identifier of the other side. */
struct owed {
	bool open; /* QoS 2, from PUBLISH to PUBCOMP */
	bool here; /* some of it came on this connection, after CONNACK */
	uint16_t pubacks;
	uint16_t pubrecs;
	uint16_t pubcomps;
};

/* Identifiers in the order in which a client must answer, MQTT-4.6.0-2 to -4. */
struct order_entry {
	uint16_t id;
	bool passed; /* answered, or no longer in any order */
};

struct order_queue {
	struct order_entry *entries;
	size_t first; /* before it, all are passed */
	size_t count;
	size_t capacity;
};

/* ---- subscriptions ------------------------------------------------------------------------- */

/* A filter that the client subscribed to at any time of the session. */
struct subscription {
	struct bytes filter;
	int granted; /* highest QoS ever granted, or QOS_NONE */
	int lowest;  /* lowest QoS ever granted, or QOS_NONE */
	int asked;   /* highest QoS among the SUBSCRIBEs that are not answered yet, or QOS_NONE */
	unsigned pending; /* their number */
	uint32_t *ids;    /* Subscription Identifiers ever given for it */
	size_t id_count;
	size_t id_capacity;
};

/* A SUBSCRIBE or UNSUBSCRIBE that is not answered yet. */
struct request {
	uint8_t type;
	uint16_t id;
	size_t filter_count;
	size_t *subscriptions; /* SUBSCRIBE: index of the subscription of each filter */
};

/* ---- the monitor --------------------------------------------------------------------------- */

struct monitor {
	struct arena *arena;
	struct arena *words; /* for the sentences of findings */
	bool lean;           /* watches a capture: what it remembers is bounded */
	enum mqtt_version version;
	enum side judged;
	const struct monitor *before; /* of the earlier connection; may be NULL */

	struct finding *findings; /* of the packet at hand */
	size_t finding_count;
	size_t finding_capacity;

	enum phase phase;
	enum greeting greeting;
	struct greeted greeted;
	bool greeted_again; /* the client sent a second CONNECT */
	bool ended;         /* the judged side closed the connection */
	bool blurred;       /* something that cannot be read was sent: answers may be to that */
	bool late;   /* the other side spoke on after the end: who knows what was read of it */
	bool early;  /* the server sent more than AUTH before CONNACK */
	bool joined; /* what came before, CONNECT and CONNACK among it, is not known */

	struct limits limits;
	bool limits_bind;        /* the judged side knows of them */
	struct id_table aliases; /* of the judged side; struct bytes */

	enum session_kind session;
	struct id_table sent; /* struct sent */
	struct id_table owed; /* struct owed */
	uint32_t sent_count;  /* first transmissions in the session so far */
	uint32_t resent;      /* the latest `order` that was sent again here */
	uint32_t unsettled;   /* PUBLISH packets that count against the Receive Maximum */
	bool overfull;        /* more than that are under way, which has been reported */
	uint32_t odd_answers; /* acknowledgements of nothing, which may have raised the quota */
	bool unordered;       /* the other side sent a PUBLISH that a receiver may pass over */
	struct order_queue puback_order;
	struct order_queue pubrec_order;
	struct order_queue pubrel_order;

	struct subscription *subscriptions;
	size_t subscription_count;
	size_t subscription_capacity;
	bool any_topic; /* a filter whose meaning is the server's own was subscribed to */
	struct request *requests;
	size_t request_count;
	size_t request_capacity;
};

/* Adds a finding, unless the rule does not bind in this version or on this side. */
void breach(struct monitor *m, enum monitor_rule rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* monitor_ids.c. A pointer holds until the next id_table_at of the table. */
void *id_table_at(struct arena *a, struct id_table *table, uint16_t id); /* made if need be */
const void *id_table_find(const struct id_table *table, uint16_t id);    /* or NULL */

/* The next element from the place *at on, which begins with 0; NULL after the last. */
const void *id_table_next(const struct id_table *table, uint32_t *at, uint16_t *id);
void id_table_copy(struct arena *a, struct id_table *to, const struct id_table *from);

struct bytes bytes_kept(struct arena *a, struct bytes b); /* a copy in the arena */
bool bytes_contain(struct bytes b, const char *any_of);
bool judges_server(const struct monitor *m);
void count_up(uint16_t *n); /* and stays at the highest */

/* Whether the judged side knows that no session goes on, so that nothing can be sent again. */
bool begins_afresh(const struct monitor *m);

/* A client that answers what came after CONNACK has read CONNACK. */
void show_limits_known(struct monitor *m);

/* The number of a property that occurs once; `absent` if there is none, `doubtful` if several. */
uint32_t properties_number(
	const struct properties *p, uint32_t id, uint32_t absent, uint32_t doubtful);

/* In what follows, `judge_` functions look at packets from the judged side, `note_` functions at
 * those from the other.
 */

/* monitor_fields.c, monitor_properties.c, monitor_codes.c */
void judge_fields(struct monitor *m, const struct packet *p);
void judge_text(struct monitor *m, enum monitor_rule ill_formed, enum monitor_rule nul,
	struct bytes text, const char *field);
void judge_properties(struct monitor *m, const struct packet *p);
void judge_codes(struct monitor *m, const struct packet *p);
bool code_may_be_sent(const struct monitor *m, const struct packet *p);

/* monitor_connect.c */
void judge_connect(struct monitor *m, const struct packet *p);
void note_connect(struct monitor *m, const struct packet *p);
void judge_connack(struct monitor *m, const struct packet *p);
void note_connack(struct monitor *m, const struct packet *p);
/* The form of 3.1.1, in which a server that knows no 5.0 refuses. */
bool connack_is_old_refusal(const struct monitor *m, const struct packet *p);
void judge_auth(struct monitor *m, const struct packet *p);
void judge_disconnect(struct monitor *m, const struct packet *p);

/* monitor_publish.c */
void judge_publish(struct monitor *m, const struct packet *p);

/* monitor_sent.c */
void judge_publish_id(struct monitor *m, const struct packet *p, struct bytes topic);
void sent_show_limits(struct monitor *m, const struct packet *p); /* PUBREL */
void judge_pubrel(struct monitor *m, const struct packet *p);
void judge_request_id(struct monitor *m, const struct packet *p);
void note_answer(struct monitor *m, const struct packet *p);
void note_request_answer(struct monitor *m, const struct packet *p); /* SUBACK, UNSUBACK */
void sent_inherit(struct monitor *m, const struct monitor *before);
bool sent_at_rest(const void *element);

/* monitor_owed.c */
void owed_show_limits(struct monitor *m, const struct packet *p); /* PUBACK, PUBREC, PUBCOMP */
void judge_answer(struct monitor *m, const struct packet *p);     /* PUBACK, PUBREC, PUBCOMP */
void note_publish(struct monitor *m, const struct packet *p);
void note_pubrel(struct monitor *m, const struct packet *p);
void owed_inherit(struct monitor *m, const struct monitor *before);
bool owed_at_rest(const void *element);

/* monitor_queue.c */
void order_expect(struct arena *a, struct order_queue *q, uint16_t id);
bool order_take(struct order_queue *q, uint16_t id); /* false: another one had to come first */
void order_copy(struct arena *a, struct order_queue *to, const struct order_queue *from);

/* monitor_subscriptions.c */
void judge_request(struct monitor *m, const struct packet *p); /* SUBSCRIBE, UNSUBSCRIBE */
void judge_request_answer(struct monitor *m, const struct packet *p);
void judge_delivery(struct monitor *m, const struct packet *p, struct bytes topic);
void note_request(struct monitor *m, const struct packet *p);
void subscriptions_inherit(struct monitor *m, const struct monitor *before);
void subscriptions_copy(struct monitor *to, const struct monitor *from);

/* Whether a share of this client's may bring a message on this topic. */
bool subscriptions_share(const struct monitor *m, struct bytes topic);

#endif
