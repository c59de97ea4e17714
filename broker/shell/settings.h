/* What the broker is told: by its configuration file, in mosquitto.conf's syntax for the directives
 * that both know, and by its command line. docs/mqttspec-broker.md lists the directives.
 */
#ifndef BROKER_SHELL_SETTINGS_H
#define BROKER_SHELL_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "broker/core/broker.h"

struct arena;

enum { LISTENERS_MAX = 32 };

struct listener_settings {
	const char *address; /* "127.0.0.1"; "0.0.0.0" and "::" for all of the machine's */
	uint16_t port;       /* 0: the system chooses, and the choice is printed */
};

struct settings {
	struct listener_settings listeners[LISTENERS_MAX];
	unsigned listener_count;
	struct broker_limits limits;
	uint32_t sys_interval_s;
	uint32_t connections_per_address; /* 0: no limit */
	/* False: every CONNECT is refused, there being no users yet. As in mosquitto, a file with a
	 * listener has to say true if it means it.
	 */
	bool allow_anonymous;
	bool allow_anonymous_given;
	bool log_connections;
	enum log_level log_most;
	bool log_types_given;
	const char *log_file; /* NULL: stderr */
	const char *pid_file; /* NULL: none */
};

void settings_default(struct settings *s);

/* Reads a file over what stands in `s`. On failure returns false, and *error is a sentence with file
 * and line. Strings are in the arena.
 */
bool settings_read(struct settings *s, struct arena *a, const char *path, const char **error);

/* What reading cannot see: whether the files that are to be written can be. Nothing is changed. */
bool settings_check(const struct settings *s, struct arena *a, const char **error);

/* An address that a listener can have: IPv4, IPv6, "localhost". */
bool settings_address_valid(const char *address);

#endif
