/* The command line of pub and sub: options spelt and meant as in mosquitto_pub and mosquitto_sub. */
#ifndef CLIENT_TOOL_COMMAND_H
#define CLIENT_TOOL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "client/mqttspec_client.h"
#include "client/tool/option.h"

enum command_source {
	SOURCE_NONE,
	SOURCE_MESSAGE,
	SOURCE_FILE,
	SOURCE_LINES,
	SOURCE_STDIN,
	SOURCE_NULL
};

/* Exit codes besides 0 and the codes of CONNACK. */
enum { COMMAND_FAILED = 1, COMMAND_TIMED_OUT = 27 };

struct texts {
	const char **list;
	size_t count, capacity;
};

struct property_list {
	struct mqttspec_property *list;
	size_t count, capacity;
};

/* Which packets -D may name; those that neither command sends are read and ignored. */
enum property_place {
	PLACE_CONNECT,
	PLACE_WILL,
	PLACE_PUBLISH,
	PLACE_SUBSCRIBE,
	PLACE_UNSUBSCRIBE,
	PLACE_DISCONNECT,
	PLACE_OTHER,
	PLACES,
};

struct command {
	enum command_kind kind;
	struct arena *arena;
	const char *name;  /* for messages: "mqttspec-client pub" */
	const char *where; /* FILE:LINE while a default is read; else NULL */
	unsigned defaults; /* groups of options that a file has set */
	int64_t begun_ms;  /* of uv_hrtime: when the program began */
	uint32_t wait_s;   /* how long it may take from then on; 0: without end */

	/* connection */
	const char *host;
	const char *unix_path;
	const char *bind_address;
	const char *id, *id_prefix;
	const char *user_name, *password;
	size_t password_len;
	const char *auth_method; /* NULL: none */
	struct mqttspec_tls tls;
	bool tls_url;    /* -L says that there is TLS */
	bool ws_url;     /* ... or a WebSocket */
	bool tls_system; /* those are trusted whom the system trusts */
	uint16_t port;   /* 0: not given */
	bool ws;
	const char *ws_path; /* NULL: not given */
	struct texts ws_headers;
	uint16_t keep_alive_s;
	uint16_t inflight; /* 0: not given */
	uint8_t version;
	bool version_given;
	bool keep_session;
	bool expiry_given;
	uint32_t expiry_s;
	struct property_list properties[PLACES];
	const char *will_topic, *will_payload;
	uint8_t will_qos;
	bool will_retain, will_options; /* one of --will-qos, --will-retain was given */

	/* both */
	struct texts topics;
	uint8_t qos;
	bool retain;
	bool debug, quiet;

	/* pub */
	enum command_source source;
	const char *message; /* or the file's name */
	uint32_t repeat;
	uint32_t repeat_delay_ms;

	/* sub */
	struct texts filtered_out;
	struct texts unsubscribe;
	const char *format; /* NULL: none */
	uint32_t count;     /* of messages; 0: without end */
	bool verbose;
	bool no_newline;
	bool no_retained;
	bool retained_only;
	bool retain_as_published;
	bool remove_retained;
	bool end_when_subscribed;
};

/* The time that is left, at least 0; -1: there is no end. */
int64_t command_left_ms(const struct command *c);

/* What a complaint shows of a wrong value: in quotes, or nothing of it where it stands in a file, since
 * what somebody wrote there may be a secret.
 */
const char *command_shown(const struct command *c, const char *text);

/* A sentence to stderr, after the command's name. */
void command_complain(const struct command *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
