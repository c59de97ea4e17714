/* The client without its socket: the whole contract between the engine and the shell around it.
 *
 *   bytes in ──▶ engine_input ──▶ [ session: messages under way ] ──▶ engine_output ──▶ bytes out
 *   the time ──▶ engine_tick            │        ▲
 *                                 event, message │ engine_publish, engine_subscribe, ...
 *                                       ▼        │
 *                                     the program
 *
 * An engine is one session of one client, over as many connections as it takes:
 *
 *      engine_open(e);                             a connection is there: CONNECT goes out
 *      due = engine_tick(e, now_ms);               the time, once a turn; wake up at `due`
 *      engine_input(e, chunk, len);                whenever bytes come
 *      write(engine_output(e)), engine_written(e, n);
 *      if (engine_ends(e) && all is written) close
 *      engine_closed(e);                           when the connection is gone, for whatever reason
 *
 * What was published waits for a connection, and what was under way when it broke is sent again on the
 * next one, if the server still has the session. The engine reads no clock, opens nothing and keeps
 * nothing outside of `struct engine`. It is not thread safe. All times are milliseconds of a clock of
 * the host's choice that never goes backwards.
 *
 * Callbacks may call every function but engine_open, engine_input, engine_closed and engine_free.
 */
#ifndef CLIENT_ENGINE_ENGINE_H
#define CLIENT_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mqtt/connect.h"
#include "mqtt/error.h"
#include "mqtt/properties.h"
#include "mqtt/publish.h"
#include "mqtt/subscribe.h"
#include "mqtt/view.h"

struct buf;
struct engine;

/* How a request ended, or why it was not taken: a Reason Code of the server (below 0x80 it was
 * accepted; 3.1.1 knows 0 only), the same code where the engine knows by CONNACK that the server would
 * use it, or one of these.
 */
enum engine_result {
	ENGINE_OK = 0,
	ENGINE_INVALID = 0x100, /* no legal packet would come of it */
	ENGINE_NOT_CONNECTED,   /* needs an accepted CONNECT */
	ENGINE_FULL,            /* the queue, or the output, has reached its bound */
	ENGINE_NO_MEMORY,
	ENGINE_DROPPED,      /* made room for a newer message */
	ENGINE_EXPIRED,      /* its Message Expiry Interval passed before it could be sent */
	ENGINE_SESSION_LOST, /* the server forgot the session while the message was under way */
	ENGINE_LOST,         /* the connection broke before the answer came */
};

enum engine_event_type {
	ENGINE_CONNECTED,     /* session_present, properties: CONNACK; see engine_server */
	ENGINE_REFUSED,       /* result, properties: CONNACK; the connection ends */
	ENGINE_PUBLISHED,     /* tag, result, properties; at QoS 0 as soon as it is in the output */
	ENGINE_SUBSCRIBED,    /* tag, codes, properties: SUBACK; or result ENGINE_LOST */
	ENGINE_UNSUBSCRIBED,  /* tag, codes (5.0), properties: UNSUBACK; or result ENGINE_LOST */
	ENGINE_CHALLENGED,    /* result, properties: AUTH, where `auth_later` is set */
	ENGINE_AUTHENTICATED, /* properties: AUTH that ends a re-authentication */
	ENGINE_DISCONNECTED, /* result, properties: DISCONNECT of the server; the connection ends */
	ENGINE_BROKEN,       /* error: the server broke a rule, or the engine gave up on it */
};

/* Views and pointers are valid during the call. */
struct engine_event {
	uint8_t type; /* enum engine_event_type */
	bool session_present;
	int result;   /* enum engine_result or Reason Code */
	uint64_t tag; /* of the request */
	struct mqtt_view codes;
	struct mqtt_properties properties; /* empty where the packet has none */
	const struct mqtt_error *error;    /* its statement may be NULL */
};

enum engine_auth_phase {
	ENGINE_AUTH_START, /* `answer` goes into CONNECT, or into the AUTH of re-authentication */
	ENGINE_AUTH_CONTINUE, /* `answer` goes into AUTH */
	ENGINE_AUTH_DONE,     /* the server accepts; `answer` is not sent */
};

enum engine_overflow {
	ENGINE_REFUSE_NEW,  /* engine_publish returns ENGINE_FULL */
	ENGINE_DROP_OLDEST, /* the messages that have waited longest end as ENGINE_DROPPED */
};

struct engine_config {
	void *context; /* for all callbacks */

	/* Everything that happens, except messages. May be NULL. */
	void (*event)(void *context, const struct engine_event *event);

	/* A message, its topic filled in where an alias stood for it. Returns the Reason Code of the
	 * acknowledgement: 0, or 0x80 and above to refuse it (5.0). May be NULL.
	 */
	uint8_t (*message)(void *context, const struct mqtt_publish *message);

	/* Enhanced authentication with the Authentication Method in CONNECT's properties. False ends
	 * the connection. May be NULL: then the server must be content with CONNECT, or `auth_later`
	 * is set.
	 */
	bool (*auth)(void *context, enum engine_auth_phase phase, struct mqtt_view data,
		struct buf *answer);

	/* Each packet as it is read or written. May be NULL. */
	void (*trace)(void *context, bool sent, struct mqtt_view packet);

	uint32_t connack_wait_ms;  /* from engine_open to CONNACK (10,000) */
	uint32_t pingresp_wait_ms; /* (10,000) */
	uint32_t packet_bytes;   /* largest packet taken (MQTT_PACKET_MAX); CONNECT may say less */
	uint32_t output_bytes;   /* to be written before messages wait and reading stops (16 MiB) */
	uint32_t queue_messages; /* that wait to be sent (10,000) ... */
	uint32_t queue_bytes;    /* ... and their size (64 MiB) */
	uint16_t inflight;       /* unacknowledged messages, if the server allows more (1,000) */
	uint16_t topic_alias_out; /* aliases used if the server allows them (16) */
	uint16_t
		first_id; /* Packet Identifiers begin after it in an adopted session, which may have
			      some in use that nobody here knows (0) */
	uint8_t overflow; /* enum engine_overflow (ENGINE_REFUSE_NEW) */
	uint8_t maximum_qos; /* of messages taken; a PUBLISH above it breaks a rule (2) */
	bool auth_later;     /* instead of `auth`: ENGINE_CHALLENGED and engine_auth_send (false) */
	bool queue_qos0;     /* QoS 0 messages wait for a connection too (true), or are refused */
	bool adopt_session;  /* go on with a session that another engine left; else the connection
			       ends, and the next CONNECT has Clean Start (false) */
	bool republish;      /* what was under way in a session that is lost is sent anew (true) */
	bool check_payload;  /* refuse payloads that are said to be UTF-8 and are not (false) */
};

/* What CONNACK said, or what holds if it said nothing. */
struct engine_server {
	struct mqtt_view client_id; /* in use, assigned or not */
	uint32_t packet_bytes;      /* Maximum Packet Size */
	uint32_t session_expiry_s;
	uint16_t receive_maximum;
	uint16_t topic_alias_maximum;
	uint16_t keep_alive_s; /* the server's own, else that of CONNECT */
	uint8_t maximum_qos;
	bool retain;
	bool wildcards;
	bool shared;
	bool subscription_ids;
};

void engine_config_default(struct engine_config *config);

/* NULL without memory. The config is copied. */
struct engine *engine_new(const struct engine_config *config, int64_t now_ms);
void engine_free(struct engine *e);

/* What to connect with; copied. Only between connections. False if it would not make a legal
 * CONNECT. Clean Start holds until a session has begun: a reconnect goes on with that session as
 * long as it lasts, unless engine_forget comes before it; and once a session has ended, until this
 * is called again. In 3.1.1 a session with Clean Session ends with its connection.
 */
bool engine_set_connect(struct engine *e, const struct mqtt_connect *connect);

/* Tells the time and does what is due. Returns the latest time at which to call it again;
 * INT64_MAX: never.
 */
int64_t engine_tick(struct engine *e, int64_t now_ms);

/* A connection was made. False if there is nothing to connect with, or authentication does not start.
 */
bool engine_open(struct engine *e);

/* Bytes from the server, however cut. What is not used up is copied. */
void engine_input(struct engine *e, const void *data, size_t len);

/* False while the connection should not be read from: too much waits to be written. */
bool engine_wants_input(const struct engine *e);

/* The bytes to be written; they stay valid until the engine is called again. */
struct mqtt_view engine_output(const struct engine *e);
void engine_written(struct engine *e, size_t bytes);

/* The connection is to be closed as soon as the output is written, or cannot be. */
bool engine_ends(const struct engine *e);

/* The connection is gone. */
void engine_closed(struct engine *e);

bool engine_is_connected(const struct engine *e); /* CONNECT was accepted, and nothing ended it */
const struct engine_server *engine_server(const struct engine *e);

/* Messages that are not settled: waiting, or under way. */
uint32_t engine_pending(const struct engine *e);

/* Publishes a message; its `id` and `dup` do not count. It is copied, and waits where it must: for a
 * connection, for the server's Receive Maximum. ENGINE_OK: the event ENGINE_PUBLISHED will follow, or
 * has come already. Topic Aliases are the engine's business; a Topic Alias among the properties is
 * obeyed if it is sent at once, and an empty topic then stands for what that alias was used for
 * before.
 */
int engine_publish(struct engine *e, const struct mqtt_publish *message, uint64_t tag);

/* `properties` as they stand in the packet; only 5.0 has any. */
int engine_subscribe(struct engine *e, struct mqtt_view properties,
	const struct mqtt_filter *filters, size_t count, uint64_t tag);
int engine_unsubscribe(struct engine *e, struct mqtt_view properties,
	const struct mqtt_view *filters, size_t count, uint64_t tag);

/* Begins re-authentication. */
int engine_authenticate(struct engine *e);

/* Sends AUTH: 0x18 in answer to a challenge, whenever the answer is there, or 0x19, which begins
 * re-authentication. `properties` as they stand in the packet; the Authentication Method is added
 * where they lack it.
 */
int engine_auth_send(struct engine *e, uint8_t reason, struct mqtt_view properties);

/* Sends DISCONNECT, if need be before CONNACK, and ends the connection; the session stays as long as its expiry says. */
int engine_disconnect(struct engine *e, uint8_t reason, struct mqtt_view properties);

/* Forgets the session: the next CONNECT is one with Clean Start. Only between connections. Messages
 * under way end as ENGINE_SESSION_LOST, unless they are to be sent anew.
 */
void engine_forget(struct engine *e);

#endif
