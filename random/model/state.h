/* What the model knows, for its own files. */
#ifndef RANDOM_MODEL_STATE_H
#define RANDOM_MODEL_STATE_H

#include "base/arena.h"
#include "random/model/model.h"
#include "random/names.h"

enum {
	VARIANTS_MAX = 8,
	COPIES_MAX = 8,
	CANDIDATES_MAX = 8,
	OLDER_MAX = VARIANTS_MAX, /* as many make a due loose */
	STREAM_QOS = 3,
};

struct options {
	uint8_t qos, handling, identifier;
	bool no_local, as_published;
};

enum subscription_state {
	SUBSCRIBED_NOT,
	SUBSCRIBED,
	SUBSCRIBING, /* there was none */
	REPLACING,   /* there was one, with the options `before` */
	UNSUBSCRIBING,
	UNSURE, /* the connection broke meanwhile: it may be there, with either options */
};

struct subscription {
	enum subscription_state state;
	struct options now, before;
	struct options older[OLDER_MAX]; /* of a share: an earlier SUBSCRIBE had them ... */
	uint8_t older_count;             /* ... as far as they differ */
	bool unsure_before; /* REPLACING, SUBSCRIBING: nor was it known what there had been */
	bool ended;         /* there was one once ... */
	bool forgotten;     /* ... of an earlier session */
	bool draws;         /* SUBSCRIBING, REPLACING, UNSURE: what is retained comes, or may */
	bool replaced;      /* by options unlike those of `before` */
	bool was_local;     /* an earlier SUBSCRIBE had No Local */
	bool resumed;       /* made on an earlier connection of the session */
};

/* A message, or a Will that may become one. */
struct message {
	struct step_message what;
	uint8_t publisher;
	bool will;
	bool waits;   /* a Will: not published, so far as anybody can know */
	bool delayed; /* a Will that has a delay, which its publisher may have met */
	bool sure;    /* the server has it, or will have: it must be delivered */
	bool settled; /* it has found all whom it is for */
	bool refused;
	bool resent; /* by its publisher: its clock may have begun anew */
	bool drawn;  /* from the store, at least once */
	bool late; /* acknowledged after a settlement: when the server took it over is not known */
	uint8_t times;      /* that it may be taken for a new one */
	int64_t sent_us;    /* it was not there before ... */
	int64_t settled_us; /* ... and was there by then; 0: it has not settled */
	uint32_t batch;     /* between which settlements it was sent */
};

/* One of the subscriptions that bring a message. */
struct variant {
	struct options options;
	bool certain;
};

enum copy_state {
	COPY_SENT,
	COPY_RECEIVED, /* we have sent PUBREC */
	COPY_ANSWERED, /* we have sent PUBACK, or PUBCOMP */
	COPY_DONE,     /* and the server has read it */
};

enum resend { RESEND_NOTHING, RESEND_PUBLISH, RESEND_PUBREL, RESEND_EITHER };

struct copy {
	uint16_t id;
	uint8_t qos;
	enum copy_state state;
	bool fenced;   /* the state was settled */
	bool again;    /* the connection broke: it may come once more */
	bool released; /* PUBREL has come */
	bool rejected; /* answered by the code of an error */
	uint32_t turn; /* of its PUBREC among those of this connection, from 1; 0: none on it */
	enum resend resend; /* what is owed on this connection */
	uint64_t identifiers;
};

enum source { FROM_PUBLISHER, FROM_STORE, FROM_SHARE };

/* What a session is to get of one message from one source. */
struct due {
	uint32_t number;
	enum source source;
	uint8_t filter; /* FROM_STORE, FROM_SHARE */
	bool must;
	bool loose; /* too much has happened meanwhile to say what it looks like, or how often it comes */
	bool gone;    /* the session that it was for has ended */
	bool expired; /* before it could be delivered */
	bool offered; /* the session had a connection since, on which its delivery may have been started */
	bool resumed; /* by subscriptions of an earlier connection alone ... */
	bool waited;  /* ... and published while there was none */
	struct variant variants[VARIANTS_MAX];
	uint8_t variant_count;
	struct options local
		[VARIANTS_MAX]; /* of subscriptions that match, and whose No Local keeps it back */
	uint8_t local_count;
	struct copy copies[COPIES_MAX];
	uint8_t copy_count;
	uint32_t batch;
	int64_t since_us; /* its delivery may have been started since then */
};

enum existence { EXISTS_NOT, EXISTS, EXISTS_PERHAPS };

struct session {
	enum mqtt_version version;
	bool connected;
	bool holds;
	enum existence exists;
	bool keeps;         /* it outlives its connection */
	bool clean;         /* of the CONNECT under way */
	uint32_t session_s; /* Session Expiry Interval; of 3.1.1: UINT32_MAX, or 0 */
	uint32_t left_batch;
	int64_t left_us;    /* when its connection ended */
	int64_t leaving_us; /* its DISCONNECT has gone out; 0: none has */
	int64_t asked_us;   /* its last CONNECT has gone out */
	uint32_t will;      /* 0: none */
	uint32_t delay_s;   /* of the Will */
	uint32_t due_will;  /* of the connection before; 0: none. It may be on its way yet */
	uint32_t pending;   /* a Will whose delay runs; 0: none ... */
	int64_t pending_us; /* ... until then */
	struct subscription subscriptions[FILTER_COUNT + 1];
	struct due *dues;
	size_t due_count, due_capacity;
	size_t due_first; /* those before it are at rest */
	uint32_t queued;
	uint32_t turns; /* PUBRECs on this connection */
	/* The last that was sent again on this connection. */
	uint32_t last_again[SESSIONS][TOPIC_COUNT][STREAM_QOS][STREAM_QOS];
	/* The last that came of each publisher, topic, QoS published and QoS delivered. */
	uint32_t last[SESSIONS][TOPIC_COUNT][STREAM_QOS][STREAM_QOS];
};

/* A message on its way to a share. */
struct share_due {
	uint32_t number;
	uint8_t filter;
	bool must, loose;
	uint8_t copies;
};

/* What is retained for a topic. */
struct kept {
	bool certain; /* it is `message`, 0: nothing ... */
	uint32_t message;
	uint32_t candidates[CANDIDATES_MAX]; /* ... or one of these */
	unsigned candidate_count;
	bool nothing;                     /* or nothing at all */
	bool unknown;                     /* or anything */
	uint32_t pending[CANDIDATES_MAX]; /* published since the last settlement */
	unsigned pending_count;
};

struct model {
	struct arena *arena;
	struct session sessions[SESSIONS];
	struct message *messages; /* the number of the first is 1 */
	size_t message_count, message_capacity;
	struct share_due *shares;
	size_t share_count, share_capacity, share_first;
	struct kept kept[TOPIC_COUNT];
	uint32_t batch;
	uint32_t queue;
	int64_t now_us;
};

struct message *message_of(const struct model *m, uint32_t number);
const char *message_text(const struct model *m, uint32_t number); /* "message 7 (q1 on a/b)" */

/* ---- clocks.c ------------------------------------------------------------------------------ */

/* A message that waits may have expired by now; it has expired for certain, wherever it waited. */
bool may_have_expired(const struct model *m, const struct message *x);
bool has_expired(const struct model *m, const struct message *x);
bool had_expired(const struct message *x, int64_t by_us);

/* Whether the session is there, by its Session Expiry Interval. */
enum existence existence_now(const struct model *m, const struct session *s);

/* A Message Expiry Interval is what is left of the one that was published [MQTT-3.3.2-6]. */
bool expiry_is_right(const struct model *m, const struct due *d, const struct arrived *a);

void will_waits(struct model *m, unsigned client, uint32_t number);
void will_meets(struct model *m, unsigned client, bool clean); /* a CONNECT while it waits */

/* ---- dues.c -------------------------------------------------------------------------------- */

/* NULL: there is none. */
struct due *due_find(struct session *s, uint32_t number, enum source source, unsigned filter);
/* That of the observer, who gets whatever is published; NULL: it was not to get this one. */
const struct due *due_of_observer(const struct model *m, uint32_t number);
struct due *due_add(
	struct model *m, struct session *s, uint32_t number, enum source source, unsigned filter);

/* A message for everyone whose subscriptions let it through. */
void dues_of_message(struct model *m, uint32_t number);

/* Messages that have not settled may come through a subscription that is younger. */
void dues_of_subscription(struct model *m, unsigned client, unsigned filter);

bool subscription_may(const struct subscription *s);

/* The QoS that a subscription lowers a message to. */
unsigned qos_through(const struct message *message, const struct options *o);

/* ---- fit.c --------------------------------------------------------------------------------- */

bool due_has_room(const struct model *m, const struct due *d); /* for one more copy */
bool due_fits(const struct model *m, const struct due *d, const struct arrived *a);

/* ---- copies.c ------------------------------------------------------------------------------ */

/* The one with this identifier that is not settled, of any message if `number` is 0. NULL: there is none. */
struct copy *copy_under_way(struct session *s, uint32_t number, uint16_t id);

/* One that its sender must know to be settled, although it comes with DUP 1. NULL: none is. */
const struct copy *copy_settled(const struct session *s, const struct arrived *a, uint32_t number);

/* The one that is sent again; NULL: it is a new one. */
struct copy *copy_again(
	const struct model *m, struct session *s, const struct arrived *a, uint32_t number);
bool copy_take_again(struct model *m, unsigned client, struct copy *c, uint32_t number,
	struct model_fault *out); /* false: it comes out of its turn */

/* ---- store.c ------------------------------------------------------------------------------- */

void store_publishes(struct model *m, uint32_t number);
void store_draws(struct model *m, unsigned client, unsigned filter);
void store_settles(struct model *m);

/* ---- publications.c ------------------------------------------------------------------------ */

uint32_t message_add(
	struct model *m, const struct step_message *what, unsigned publisher, bool will);
void message_goes(struct model *m, uint32_t number); /* to all whom it is for, and to the store */
void messages_break(struct model *m, unsigned client);

/* ---- faults.c ------------------------------------------------------------------------------ */

/* What a difference in a Will (PUBLISH/will) breaks. */
const char *blamed_for_will(
	const struct model *m, const struct message *x, enum spec_difference kind);

/* Each fills in *out and returns false. */
bool fault_unwanted(struct model *m, unsigned client, const struct arrived *a, uint32_t number,
	struct model_fault *out);
bool fault_sent_again(struct model *m, unsigned client, uint32_t number, const struct copy *c,
	struct model_fault *out);
bool fault_order(
	struct model *m, unsigned client, uint32_t number, uint32_t after, struct model_fault *out);
bool fault_expired(struct model *m, unsigned client, uint32_t number, struct model_fault *out);
bool fault_interval(struct model *m, unsigned client, const struct arrived *a, uint32_t number,
	struct model_fault *out);
bool fault_missing(
	struct model *m, unsigned client, const struct due *due, struct model_fault *out);
bool fault_in_field(struct model *m, unsigned client, const struct arrived *a,
	const struct due *due, struct model_fault *out);

#endif
