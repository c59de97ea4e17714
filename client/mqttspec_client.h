/* A client for MQTT 3.1.1 and 5.0 over TCP, TLS, WebSocket or Unix sockets.
 *
 * For scripts, each call waits for its end:
 *
 *      struct mqttspec_options o;
 *      mqttspec_options_default(&o);
 *      o.servers = (const char *const[]){ "localhost" };
 *      o.server_count = 1;
 *      struct mqttspec_client *c = mqttspec_client_new(&o, NULL, error, sizeof(error));
 *      mqttspec_connect(c, 5000);
 *      mqttspec_publish_wait(c, &(struct mqttspec_message){ .topic = "t", .qos = 1 }, 5000);
 *      mqttspec_disconnect_wait(c, 5000);
 *      mqttspec_client_free(c);
 *
 * For programs, everything happens in a libuv loop and is reported by callbacks: see
 * mqttspec_start. The same client may use both; only the blocking functions run the loop, and they
 * must not be called from a callback.
 *
 * The client reconnects with growing pauses, tries several servers in turn, keeps messages in a queue
 * while there is no connection, goes on with its session where the server still has it, and makes its
 * subscriptions again where it has not. Nothing here is thread safe; clients share nothing. What is
 * handed in is copied, what callbacks get is valid during the call. The process has to ignore SIGPIPE.
 */
#ifndef MQTTSPEC_CLIENT_H
#define MQTTSPEC_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mqttspec_client;
struct uv_loop_s;

/* How something ended. 0x80 to 0xFF: Reason Codes of MQTT 5.0, from the server, or where CONNACK has
 * announced that the server would answer so; 1 to 5: return codes of CONNACK in 3.1.1.
 */
enum mqttspec_result {
	MQTTSPEC_OK = 0,
	MQTTSPEC_INVALID = 0x100, /* the standard does not allow it: a topic, a property, ... */
	MQTTSPEC_NOT_CONNECTED,
	MQTTSPEC_FULL, /* the queue has reached its bound */
	MQTTSPEC_NO_MEMORY,
	MQTTSPEC_DROPPED,      /* made room for a newer message */
	MQTTSPEC_EXPIRED,      /* its Message Expiry Interval passed before it could be sent */
	MQTTSPEC_SESSION_LOST, /* the server forgot the session while the message was under way */
	MQTTSPEC_LOST,         /* the client was stopped, or the connection broke for good */
	MQTTSPEC_TIMEOUT,
	MQTTSPEC_UNREACHABLE, /* no server could be connected to */
	MQTTSPEC_BROKEN,      /* the server broke the rules, or fell silent */
	MQTTSPEC_UNTRUSTED, /* the server did not prove who it is: by its certificate, or by SCRAM */
};

/* "Not authorized", "the queue is full", ... */
const char *mqttspec_result_text(int result);

/* Properties of MQTT 5.0, by their identifiers. */
enum mqttspec_property_id {
	MQTTSPEC_PAYLOAD_FORMAT_INDICATOR = 0x01,
	MQTTSPEC_MESSAGE_EXPIRY_INTERVAL = 0x02,
	MQTTSPEC_CONTENT_TYPE = 0x03,
	MQTTSPEC_RESPONSE_TOPIC = 0x08,
	MQTTSPEC_CORRELATION_DATA = 0x09,
	MQTTSPEC_SUBSCRIPTION_IDENTIFIER = 0x0B,
	MQTTSPEC_SESSION_EXPIRY_INTERVAL = 0x11,
	MQTTSPEC_ASSIGNED_CLIENT_IDENTIFIER = 0x12,
	MQTTSPEC_SERVER_KEEP_ALIVE = 0x13,
	MQTTSPEC_AUTHENTICATION_METHOD = 0x15,
	MQTTSPEC_AUTHENTICATION_DATA = 0x16,
	MQTTSPEC_REQUEST_PROBLEM_INFORMATION = 0x17,
	MQTTSPEC_WILL_DELAY_INTERVAL = 0x18,
	MQTTSPEC_REQUEST_RESPONSE_INFORMATION = 0x19,
	MQTTSPEC_RESPONSE_INFORMATION = 0x1A,
	MQTTSPEC_SERVER_REFERENCE = 0x1C,
	MQTTSPEC_REASON_STRING = 0x1F,
	MQTTSPEC_RECEIVE_MAXIMUM = 0x21,
	MQTTSPEC_TOPIC_ALIAS_MAXIMUM = 0x22,
	MQTTSPEC_TOPIC_ALIAS = 0x23,
	MQTTSPEC_MAXIMUM_QOS = 0x24,
	MQTTSPEC_RETAIN_AVAILABLE = 0x25,
	MQTTSPEC_USER_PROPERTY = 0x26,
	MQTTSPEC_MAXIMUM_PACKET_SIZE = 0x27,
	MQTTSPEC_WILDCARD_SUBSCRIPTION_AVAILABLE = 0x28,
	MQTTSPEC_SUBSCRIPTION_IDENTIFIER_AVAILABLE = 0x29,
	MQTTSPEC_SHARED_SUBSCRIPTION_AVAILABLE = 0x2A,
};

/* One property; its type decides which fields count. */
struct mqttspec_property {
	uint8_t id;       /* enum mqttspec_property_id */
	uint32_t number;  /* of the integer types */
	const char *text; /* strings and binary data; the value of a User Property */
	size_t len;       /* of `text`; 0: it ends with a NUL */
	const char *name; /* of a User Property */
	size_t name_len;  /* 0: it ends with a NUL */
};

/* Properties as they came, for mqttspec_properties_next. */
struct mqttspec_properties {
	const void *data;
	size_t len;
};

/* Steps over them, in order: `*at` starts at 0. False at the end. `text` and `name` have no NUL. */
bool mqttspec_properties_next(const struct mqttspec_properties *properties, size_t *at,
	struct mqttspec_property *property);

struct mqttspec_message {
	const char *topic;
	const void *payload; /* may be NULL when there is none */
	size_t payload_len;
	uint8_t qos;
	bool retain;
	bool dup; /* received messages only */
	const struct mqttspec_property *properties;
	size_t property_count;
	struct mqttspec_properties received; /* received messages only */
	uint16_t id;                         /* Packet Identifier; received messages only */
};

struct mqttspec_subscription {
	const char *filter;
	uint8_t qos;
	uint8_t retain_handling;
	bool no_local;
	bool retain_as_published;
};

enum mqttspec_reconnect {
	MQTTSPEC_RECONNECT_ALWAYS,
	MQTTSPEC_RECONNECT_AFTER_FIRST, /* give up if the first attempt fails at all servers */
	MQTTSPEC_RECONNECT_NEVER,
};

enum mqttspec_overflow {
	MQTTSPEC_REFUSE_NEW,  /* publishing returns MQTTSPEC_FULL */
	MQTTSPEC_DROP_OLDEST, /* what has waited longest ends as MQTTSPEC_DROPPED */
};

enum mqttspec_auth_phase { MQTTSPEC_AUTH_START, MQTTSPEC_AUTH_CONTINUE, MQTTSPEC_AUTH_DONE };

/* Called in the loop's thread; any may be NULL. `context` is that of the options. */
struct mqttspec_callbacks {
	/* CONNECT was accepted. */
	void (*connected)(
		void *context, bool session_present, const struct mqttspec_properties *properties);
	/* A connection ended, or could not be made; `text` is a sentence for people. Below 0x100
	 * `result` is the code of CONNACK or of a DISCONNECT of the server. Unless the client
	 * `will_retry`, it has stopped.
	 */
	void (*disconnected)(void *context, int result, const char *text, bool will_retry,
		const struct mqttspec_properties *properties);
	/* Returns 0, or the Reason Code to refuse the message with (5.0). If NULL, messages wait for
	 * mqttspec_receive.
	 */
	uint8_t (*message)(void *context, const struct mqttspec_message *message);
	void (*published)(void *context, uint64_t tag, int result,
		const struct mqttspec_properties *properties);
	/* A code for each filter: the QoS granted, or 0x80 and above. */
	void (*subscribed)(void *context, uint64_t tag, int result, const uint8_t *codes,
		size_t count, const struct mqttspec_properties *properties);
	void (*unsubscribed)(void *context, uint64_t tag, int result, const uint8_t *codes,
		size_t count, const struct mqttspec_properties *properties);
	/* Enhanced authentication, with the Authentication Method among the properties of CONNECT. At
	 * START `answer` is for CONNECT or re-authentication, at CONTINUE for the server's challenge,
	 * at DONE the server has accepted and `data` may prove who it is. At most `size` bytes; the
	 * number of them goes into *len. False ends the connection.
	 */
	bool (*auth)(void *context, enum mqttspec_auth_phase phase, const void *data,
		size_t data_len, void *answer, size_t size, size_t *len);
	/* In place of `auth`, if the answer cannot be given at once: the server sent AUTH with this
	 * Reason Code. 0x18 is a challenge, to be answered by mqttspec_auth_send.
	 */
	void (*challenge)(
		void *context, uint8_t reason, const struct mqttspec_properties *properties);
	void (*authenticated)(void *context);
	/* Each packet, whole. */
	void (*trace)(void *context, bool sent, const void *packet, size_t len);
};

/* For servers with mqtts:// and wss://. All files are PEM; they are read when the client is made. */
struct mqttspec_tls {
	/* Whom to trust: certificates in a file, in a directory as `openssl rehash` makes it. Both NULL:
	 * those whom the system trusts.
	 */
	const char *ca_file, *ca_path;
	const char *
		cert_file; /* who this client is, with the issuers in between; NULL: it does not say */
	const char *key_file; /* not encrypted */
	const char *
		server_name; /* asked for, and looked for in the server's certificate; NULL: the host */
	bool insecure;       /* a trusted certificate will do, whatever its name (false) */
	const char *version_min; /* "tlsv1.3", "tlsv1.2", "tlsv1.1"; NULL: tlsv1.2 */
	const char *ciphers; /* as in `openssl ciphers`, up to TLS 1.2; NULL: OpenSSL's default */
	const char *ciphers_tls13; /* the same for TLS 1.3 */
	const char *alpn;          /* protocol to ask for; NULL: none */
};

struct mqttspec_options {
	/* Tried in turn: "mqtt://host:port", "host", "host:port", "[::1]:port", and "unix:/path"; with TLS
	 * "mqtts://host:port"; over WebSocket "ws://host:port/path" and "wss://host:port/path". Without a
	 * port 1883, 8883, 80 or 443; without a path /mqtt.
	 */
	const char *const *servers;
	size_t server_count;
	const char *bind_address; /* of this side; NULL: any */
	struct mqttspec_tls tls;
	const char *const
		*headers; /* "Name: value", to be sent in the opening handshake of a WebSocket */
	size_t header_count;

	uint8_t version;       /* 5, or 4 for 3.1.1 (5) */
	const char *client_id; /* "": the server chooses ("") */
	bool keep_session;     /* Clean Start 0; in 5.0 a Session Expiry Interval among the
				  properties says how long the server keeps it (false) */
	bool adopt_session;    /* go on with a session of an earlier process, with what the server
				  has of it; if not, such a session is ended (true) */
	uint16_t keep_alive_s; /* (60) */
	const char *user_name; /* NULL: none */
	const void *password;  /* NULL: none */
	size_t password_len;
	/* "SCRAM-SHA-256" or "SCRAM-SHA-1" (5.0): user name and password are for enhanced
	 * authentication, and not in CONNECT; also in re-authentication. NULL: they are in CONNECT.
	 */
	const char *auth_method;
	const struct mqttspec_property *properties; /* of CONNECT */
	size_t property_count;
	const struct mqttspec_message *will; /* NULL: none */

	uint8_t reconnect;     /* enum mqttspec_reconnect (ALWAYS) */
	uint32_t pause_min_ms; /* after the first round of all servers (500) ... */
	uint32_t
		pause_max_ms; /* ... and doubled up to this (30,000), less a random part; also where
				  connections are accepted and lost within ten seconds */
	uint32_t connect_wait_ms;  /* for a connection, and for CONNACK (10,000) */
	uint32_t pingresp_wait_ms; /* (10,000) */
	uint32_t queue_messages;   /* that wait to be sent (10,000) ... */
	uint32_t queue_bytes;      /* ... and their size (64 MiB) */
	uint8_t overflow;          /* enum mqttspec_overflow (REFUSE_NEW) */
	uint16_t inflight;         /* unacknowledged messages, if the server allows more (1,000) */
	uint16_t topic_aliases;    /* used where the server allows them (16) */
	uint32_t inbox_messages;   /* waiting for mqttspec_receive before reading stops (1,000) */
	bool skip_qos0;            /* QoS 0 messages do not wait for a connection (false) */
	bool no_resubscribe;       /* subscriptions are not made again in a new session (false) */
	bool no_republish;         /* nor are messages that were under way; they end as
				      MQTTSPEC_SESSION_LOST (false) */

	struct mqttspec_callbacks callbacks;
	void *context;
};

void mqttspec_options_default(struct mqttspec_options *options);

/* A client in the host's loop, or with NULL in a loop of its own. NULL on failure, with a sentence in
 * `error`.
 */
struct mqttspec_client *mqttspec_client_new(const struct mqttspec_options *options,
	struct uv_loop_s *loop, char *error, size_t error_size);

/* The connection, if there is one, is cut without DISCONNECT. Not from a callback. In the host's loop
 * the memory goes when the loop has run once more.
 */
void mqttspec_client_free(struct mqttspec_client *client);

/* ---- asynchronous -------------------------------------------------------------------------- */

/* Begins to connect; may be called again once the client has stopped. From here on callbacks come
 * whenever the loop runs.
 */
void mqttspec_start(struct mqttspec_client *client);

/* What to connect with from the next mqttspec_start on: servers, bind_address, tls, headers, and all of
 * CONNECT but the version and whether there is an auth_method; the other options stay as they are. A client that keeps its session goes on with the
 * one it has, if the Client Identifier is the same; otherwise the session ends here, and messages that
 * were under way are treated as if the server had lost it. Only before the client is started, or
 * when it has stopped. False, with a sentence in `error`, and nothing changed.
 */
bool mqttspec_set_connect(struct mqttspec_client *client, const struct mqttspec_options *options,
	char *error, size_t error_size);

/* Runs the client's own loop for that long (-1: without end), or until the client has stopped.
 * Returns MQTTSPEC_OK when it has stopped, else MQTTSPEC_TIMEOUT.
 */
int mqttspec_run(struct mqttspec_client *client, int64_t wait_ms);

/* MQTTSPEC_OK: taken; the callback with this tag will tell how it ended (for publishing at QoS 0,
 * it may have come already). Without a connection everything waits for one.
 */
int mqttspec_publish(
	struct mqttspec_client *client, const struct mqttspec_message *message, uint64_t tag);
int mqttspec_subscribe(struct mqttspec_client *client,
	const struct mqttspec_subscription *subscriptions, size_t count,
	const struct mqttspec_property *properties, size_t property_count, uint64_t tag);
int mqttspec_unsubscribe(struct mqttspec_client *client, const char *const *filters, size_t count,
	const struct mqttspec_property *properties, size_t property_count, uint64_t tag);

int mqttspec_authenticate(struct mqttspec_client *client); /* again */

/* AUTH by a program that has the callback `challenge`: 0x18 answers, 0x19 begins re-authentication.
 * The Authentication Method need not be among the properties.
 */
int mqttspec_auth_send(struct mqttspec_client *client, uint8_t reason,
	const struct mqttspec_property *properties, size_t property_count);

/* DISCONNECT, and no new connection. What is in the output goes out before it, what waits does not. */
int mqttspec_disconnect(struct mqttspec_client *client, uint8_t reason,
	const struct mqttspec_property *properties, size_t property_count);

bool mqttspec_is_connected(const struct mqttspec_client *client);
const char *mqttspec_client_id(const struct mqttspec_client *client); /* assigned or not */
uint32_t mqttspec_pending(const struct mqttspec_client *client);      /* messages not settled yet */

/* ---- blocking ------------------------------------------------------------------------------ */

/* Waits until connected. MQTTSPEC_OK, or why not: how the latest attempt ended, and MQTTSPEC_TIMEOUT if
 * none has ended yet. Where `reconnect` says so the client still goes on trying.
 */
int mqttspec_connect(struct mqttspec_client *client, int64_t wait_ms);

/* Waits for the acknowledgement. After MQTTSPEC_TIMEOUT the message is still on its way. */
int mqttspec_publish_wait(
	struct mqttspec_client *client, const struct mqttspec_message *message, int64_t wait_ms);

/* Waits for SUBACK; `codes` (may be NULL) gets one for each subscription. The result is the first
 * code that is a refusal.
 */
int mqttspec_subscribe_wait(struct mqttspec_client *client,
	const struct mqttspec_subscription *subscriptions, size_t count, uint8_t *codes,
	int64_t wait_ms);
int mqttspec_unsubscribe_wait(
	struct mqttspec_client *client, const char *const *filters, size_t count, int64_t wait_ms);

/* The next message; it stays valid until the next call. */
int mqttspec_receive(
	struct mqttspec_client *client, const struct mqttspec_message **message, int64_t wait_ms);

/* Waits for the messages under way, sends DISCONNECT and waits until the connection is closed. */
int mqttspec_disconnect_wait(struct mqttspec_client *client, int64_t wait_ms);

#ifdef __cplusplus
}
#endif

#endif
