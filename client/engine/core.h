/* What an engine consists of. Only for the files of this folder.
 *
 *   engine_publish ──▶ waiting ──▶ published ──▶ settled (PUBACK, a refusal)
 *                                      │
 *                                      └──PUBREC──▶ released ──PUBCOMP──▶ settled
 *
 * `published` is in the order of first transmission, `released` in that of the PUBRECs: the orders in
 * which a resumed session sends again. [MQTT-4.6.0-1] [MQTT-4.6.0-4]
 */
#ifndef CLIENT_ENGINE_CORE_H
#define CLIENT_ENGINE_CORE_H

#include "base/buf.h"
#include "client/engine/alias.h"
#include "client/engine/engine.h"
#include "client/engine/idset.h"
#include "client/engine/message.h"

enum engine_state {
	ENGINE_CLOSED,     /* no connection */
	ENGINE_CONNECTING, /* CONNECT is sent */
	ENGINE_UP,         /* CONNECT was accepted */
	ENGINE_ENDING,     /* only the output is still to be written */
};

struct request { /* a SUBSCRIBE or UNSUBSCRIBE under way */
	struct request *next;
	uint64_t tag;
	size_t count; /* of filters */
	uint16_t id;
	uint8_t answer; /* SUBACK or UNSUBACK */
};

struct engine {
	struct engine_config config;
	int64_t now_ms;
	uint8_t state; /* enum engine_state */

	/* What CONNECT says */
	struct buf connect_bytes;    /* as set, as a packet; `connect` points into it */
	struct mqtt_connect connect; /* as set */
	bool has_connect;
	bool clean;            /* the latest CONNECT had Clean Start */
	bool problem_info;     /* the server may send Reason Strings and User Properties anywhere */
	bool with_method;      /* the latest CONNECT named an Authentication Method */
	bool reauthenticating; /* an AUTH 0x19 waits for its end */
	bool challenged;       /* an AUTH of the server waits for engine_auth_send */
	uint16_t receive_maximum;
	uint32_t packet_bytes; /* largest packet taken */
	struct buf assigned;   /* Client Identifier that the server chose */

	/* The session */
	bool has_session;
	bool forgotten;            /* there was one: the server is to forget it too */
	bool session_ends;         /* it does not outlive its connection */
	uint32_t session_expiry_s; /* while there is no connection */
	int64_t session_until_ms;  /* while there is none: when it is over */
	struct messages waiting;   /* of QoS 1 and 2, not sent yet */
	struct messages waiting_qos0;
	struct messages published; /* PUBLISH sent; no answer */
	struct messages released;  /* PUBREL sent; no PUBCOMP */
	struct idset used;         /* Packet Identifiers of this side */
	struct idset received;     /* QoS 2 messages of the server, taken and not released */
	uint16_t last_id;

	/* The connection */
	struct engine_server server;
	struct message *resend;     /* next of `published` to be sent again; NULL: none */
	uint32_t outstanding;       /* PUBLISHes on this connection that count against the quota */
	struct idset received_here; /* of `received`: those that came on this connection */
	uint32_t received_count;    /* of them */
	struct alias_in alias_in;
	struct alias_out alias_out;
	struct request *requests;
	struct buf in, out;
	bool pumping;
	int64_t connack_due_ms;
	int64_t last_sent_ms, last_heard_ms;
	int64_t pingresp_due_ms; /* INT64_MAX: no PINGREQ is out */
	struct buf packet;       /* scratch: a packet on its way to the output */
	struct buf scratch;      /* of properties */
};

/* engine.c */
void engine_tell(struct engine *e, const struct engine_event *event);
/* The connection ends; without a packet. */
void engine_end(struct engine *e);
/* The server broke a rule, or something else makes it useless: DISCONNECT (5.0) and an end. */
void engine_break(struct engine *e, const struct mqtt_error *error);
/* Takes a packet to the output; false if it is too large for the server. */
bool engine_send(struct engine *e, const void *data, size_t len);
bool engine_send_packet(struct engine *e); /* e->packet */
/* False, after engine_break, if there was no room or memory for an answer that is due. */
bool engine_must_send(struct engine *e, bool sent);
/* The same for memory to keep what the server has sent. */
bool engine_must_keep(struct engine *e, bool kept);

/* open.c */
void engine_accept(struct engine *e, struct mqtt_view body);

/* auth.c */
void engine_auth(struct engine *e, struct mqtt_view body);
bool engine_auth_start(struct engine *e, struct buf *properties);
/* The server accepts: the callback has the last word. */
bool engine_auth_done(struct engine *e, const struct mqtt_properties *properties);

/* receive.c */
void engine_receive(struct engine *e, uint8_t flags, struct mqtt_view body);
void engine_release(struct engine *e, struct mqtt_view body);

/* acknowledge.c */
void engine_acknowledge(struct engine *e, enum packet_type type, struct mqtt_view body);

/* send.c */
bool engine_quota_left(const struct engine *e);
/* Size of the whole PUBLISH without a Topic Alias; SIZE_MAX: no packet can hold it. */
size_t engine_publish_size(
	const struct engine *e, uint8_t qos, uint32_t topic, uint32_t properties, uint32_t payload);
/* What the server has said it does not take. */
int engine_limits_check(const struct engine *e, uint8_t qos, bool retain, size_t size);
bool engine_release_send(struct engine *e, uint16_t id, uint8_t reason); /* PUBREL */
void engine_pump(struct engine *e); /* sends what may be sent */
void engine_resume(struct engine *e);
void engine_settle(struct engine *e, struct messages *list, struct message *m, int result,
	const struct mqtt_properties *properties);
uint16_t engine_new_id(struct engine *e); /* 0: none is free */
bool engine_is_congested(const struct engine *e);

/* request.c */
void engine_answer(struct engine *e, enum packet_type type, struct mqtt_view body);
void engine_requests_drop(struct engine *e);

/* Refuses Reason String and User Properties that were not asked for. */
bool engine_problem_check(
	const struct engine *e, const struct mqtt_properties *properties, struct mqtt_error *error);

#endif
