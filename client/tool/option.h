/* The options of pub and sub: one table for reading them and for completing them in a shell. */
#ifndef CLIENT_TOOL_OPTION_H
#define CLIENT_TOOL_OPTION_H

#include <stdbool.h>
#include <stddef.h>

enum command_kind { COMMAND_PUB = 1, COMMAND_SUB = 2 }; /* a mask of those that know an option */

enum option_id {
	O_AUTH_METHOD,
	O_BIND,
	O_CLEAN,
	O_COUNT,
	O_DEBUG,
	O_PROPERTY,
	O_END,
	O_FILE,
	O_FORMAT,
	O_HOST,
	O_HELP,
	O_ID,
	O_ID_PREFIX,
	O_KEEP_ALIVE,
	O_LINES,
	O_URL,
	O_MESSAGE,
	O_INFLIGHT,
	O_NULL,
	O_NO_NEWLINE,
	O_PORT,
	O_PASSWORD,
	O_PASSWORD_FILE,
	O_QOS,
	O_QUIET,
	O_RETAIN,
	O_NO_RETAINED,
	O_RETAINED_ONLY,
	O_RETAIN_AS_PUBLISHED,
	O_REMOVE_RETAINED,
	O_REPEAT,
	O_REPEAT_DELAY,
	O_STDIN,
	O_TOPIC,
	O_FILTER_OUT,
	O_USER,
	O_UNSUBSCRIBE,
	O_UNIX,
	O_VERBOSE,
	O_VERSION,
	O_PROTOCOL,
	O_WAIT,
	O_EXPIRY,
	O_WILL_TOPIC,
	O_WILL_PAYLOAD,
	O_WILL_QOS,
	O_WILL_RETAIN,
	O_NODELAY,
	O_CA_FILE,
	O_CA_PATH,
	O_CERT,
	O_CIPHERS,
	O_INSECURE,
	O_KEY,
	O_OS_CERTS,
	O_SNI,
	O_TLS_ALPN,
	O_TLS_VERSION,
	O_WS,
	O_WS_HEADER,
	O_WS_PATH,
	O_MISSING, /* mosquitto's clients have it, these do not: `missing` */
};

struct option {
	const char *brief, *full; /* NULL: none */
	enum option_id id;
	bool takes_value;
	unsigned kinds;      /* mask of enum command_kind */
	const char *missing; /* what there is none of */
};

extern const struct option option_table[];
extern const size_t option_count;

/* NULL: `kind` has no such option. */
const struct option *option_find(enum command_kind kind, const char *text);

#endif
